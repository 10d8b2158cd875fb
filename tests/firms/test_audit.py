"""The audit log is only ever added to, and says who, from where, and what it was before."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from firms import services
from firms.middleware import actor_of
from firms.models import AuditEntry, Firm
from firms.permissions import Origin
from tests.factories import NOW, make_firm, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return make_member(make_firm(name="Alder & Finch"), name="Priya Raman")


def write(member, action="Rules changed", **more):
    services.write_audit(
        actor=more.pop("actor", None) or actor_of(member),
        firm_id=member.firm_id,
        action=action,
        now=more.pop("now", NOW),
        **more,
    )
    return AuditEntry.objects.latest("pk")


@transaction.atomic
def execute(*statements):
    with connection.cursor() as cursor:
        for each in statements:
            cursor.execute(each)


# -- The database keeps it -------------------------------------------------------------------------
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE firms_auditentry SET action = 'Nothing'",
        "UPDATE firms_auditentry SET user_id = NULL",
        "UPDATE firms_auditentry SET id = id + 1",
        "DELETE FROM firms_auditentry",
        "TRUNCATE firms_auditentry",
    ],
)
def test_the_database_refuses_to_change_an_entry(admin, statement):
    write(admin)

    with pytest.raises(IntegrityError, match="only ever added to"):
        # Checks that wait for the end would be in the way of TRUNCATE.
        execute("SET CONSTRAINTS ALL IMMEDIATE", statement)

    assert AuditEntry.objects.get().action == "Rules changed"


def test_a_table_that_stands_in_for_the_firms_opens_nothing(admin):
    write(admin)

    with pytest.raises(IntegrityError, match="only ever added to"):
        execute(
            "CREATE TEMPORARY TABLE firms_firm (id bigint)", "DELETE FROM public.firms_auditentry"
        )


def test_entries_go_with_their_firm_and_only_with_it(admin):
    write(admin)
    other = write(make_member(make_firm()))

    admin.delete()
    Firm.objects.get(pk=admin.firm_id).delete()

    assert list(AuditEntry.objects.all()) == [other]


def test_an_entry_keeps_the_name_of_a_person_who_is_gone(admin):
    entry = write(admin)

    admin.user.delete()

    entry.refresh_from_db()
    assert (entry.user, entry.actor_label) == (None, "Priya Raman")


@pytest.mark.django_db(transaction=True)
def test_the_refusal_can_be_migrated_away_and_back(admin):
    write(admin, before={"role": "Admin"}, after={"role": "Viewer"})

    call_command("migrate", "firms", "0002", verbosity=0)
    try:
        joined = AuditEntry.objects.get().detail
        AuditEntry.objects.update(before={}, after={})
    finally:
        call_command("migrate", "firms", verbosity=0)

    assert joined == {"role": ["Admin", "Viewer"]}
    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after, entry.detail) == ({"role": "Admin"}, {"role": "Viewer"}, {})
    with pytest.raises(IntegrityError):
        AuditEntry.objects.all().update(action="Nothing")


# -- What it says ----------------------------------------------------------------------------------
def test_an_entry_says_what_it_was_before(admin):
    entry = write(
        admin,
        detail={"member": "tom@x.test"},
        before={"permissions": ["View Only", "Manage Team"], "notes": True},
        after={"permissions": [], "notes": False},
    )

    assert entry.facts == [
        "Member: tom@x.test",
        "Notes: yes to no",
        "Permissions: View Only, Manage Team to nothing",
    ]


def test_an_entry_says_from_where(client, admin):
    client.force_login(admin.user)

    client.post(
        reverse("firms:profile"),
        {"name": "Alder", "time_zone": "Europe/London", "home_currency": "USD"},
        headers={"user-agent": "Browser/1.0 " + "x" * 300},
        REMOTE_ADDR="203.0.113.7",
    )

    entry = AuditEntry.objects.get()
    assert entry.from_ip == "203.0.113.7"
    assert entry.user_agent.startswith("Browser/1.0 x")
    assert entry.before == {"name": "Alder & Finch", "time_zone": "America/New_York"}


def test_an_address_that_is_none_is_not_kept(client, admin):
    client.force_login(admin.user)

    client.post(
        reverse("firms:profile"),
        {"name": "Alder", "time_zone": "Europe/London", "home_currency": "USD"},
        REMOTE_ADDR="",
    )

    assert AuditEntry.objects.get().from_ip is None


def test_an_origin_is_not_needed(admin):
    entry = write(admin, actor=actor_of(admin, origin=Origin()))

    assert (entry.from_ip, entry.user_agent) == (None, "")
