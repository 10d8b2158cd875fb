"""The audit log is only ever added to, and says who, from where, and what it was before."""

import csv
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from firms import services
from firms.middleware import actor_of
from firms.models import AuditEntry, Firm
from firms.permissions import VIEWER, Origin
from tests.factories import NOW, make_firm, make_member

LOG = "/settings/audit-log/"
CSV = "/settings/audit-log/export.csv"
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
        call_command("migrate", verbosity=0)  # what depends on it was taken back, too

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


# -- The page --------------------------------------------------------------------------------------
def shown(client, query=""):
    page = client.get(LOG + query)
    assert page.status_code == 200
    return [entry.action for entry in page.context["page"]]


@pytest.fixture
def log(client, admin):
    """Of an evening and the next morning as New York has them."""
    tom = make_member(admin.firm, name="Tom Okafor")
    write(admin, "Early", now=datetime(2026, 11, 23, 4, 59, tzinfo=UTC))
    write(tom, "Late", now=datetime(2026, 11, 23, 5, 0, tzinfo=UTC))
    write(make_member(make_firm(), name="Stranger"), "Theirs")
    client.force_login(admin.user)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Late", "Early"]),
        ("?who=Tom+Okafor", ["Late"]),
        ("?what=Early", ["Early"]),
        ("?who=Tom+Okafor&what=Early", []),
        ("?since=2026-11-23", ["Late"]),  # a day begins at the firm's midnight
        ("?until=2026-11-22", ["Early"]),
        ("?since=2026-11-22&until=2026-11-23", ["Late", "Early"]),
        ("?since=2026-11-24", []),
    ],
)
def test_the_log_is_narrowed_by_who_what_and_days(client, log, query, found):
    assert shown(client, query) == found


@pytest.mark.parametrize(
    "query",
    [
        "?since=yesterday",
        "?until=2026-02-30",
        "?who=Nobody",
        "?who=Stranger",
        "?what=%00",
        "?since=0001-01-01&until=9999-12-31&page=x&who=%F0%9F%98%80",
    ],
)
def test_a_filter_that_cannot_be_read_narrows_nothing_and_says_so(client, log, query):
    assert shown(client, query) == ["Late", "Early"]
    assert "There is a problem" in client.get(LOG + query).content.decode()


@pytest.mark.parametrize("query", ["?since=9999-12-31", "?until=0001-01-01"])
def test_the_ends_of_the_calendar_are_days_too(client, log, query):
    assert shown(client, query) == []


def test_the_filters_offer_what_is_in_the_own_log(client, log):
    page = client.get(LOG).content.decode()

    assert '<option value="Tom Okafor">' in page
    assert "Stranger" not in page


def test_the_csv_holds_what_the_filters_say(client, log):
    answer = client.get(CSV + "?what=Early")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, *rows = csv.reader(text.splitlines())
    assert heading[:2] == ["Time", "Who"]
    assert [row[:2] for row in rows] == [["2026-11-22T23:59:00-05:00", "Priya Raman"]]


def test_a_spreadsheet_runs_nothing_of_the_csv(client, admin):
    evil = make_member(admin.firm, name="=HYPERLINK(1)")
    write(evil, "-1+1", detail={"about": "x"}, actor=actor_of(evil, origin=Origin(user_agent="@A")))
    client.force_login(admin.user)

    text = b"".join(client.get(CSV).streaming_content).decode("utf-8-sig")

    row = list(csv.reader(text.splitlines()))[1]
    assert row[1:5] == ["'=HYPERLINK(1)", "", "'@A", "'-1+1"]


def test_the_csv_is_for_those_who_manage_the_team(client, admin):
    client.force_login(make_member(admin.firm, role="Viewer", permissions=VIEWER).user)

    assert client.get(CSV).status_code == 403
