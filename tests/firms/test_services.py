"""Firms, members and roles are written by services, each with an entry in the audit log."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command

from firms import services
from firms.models import AuditEntry, Firm, Membership, User
from firms.permissions import STAFF, VIEWER, NotAllowed, Permission, WrongFirm
from tests.factories import NOW, make_actor, make_firm, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return services.create_firm(
        name="Alder & Finch",
        admin_email="priya@x.test",
        admin_name="Priya Raman",
        password="correct horse battery",
        now=NOW,
    )


@pytest.fixture
def admin(firm):
    from firms.middleware import actor_of

    return actor_of(Membership.objects.select_related("user", "role").get(firm=firm))


def last_entry(firm):
    return AuditEntry.objects.filter(firm=firm).latest("pk")


def test_a_firm_starts_with_an_admin_a_staff_and_a_viewer_role(firm):
    roles = {role.name: set(role.permissions) for role in firm.roles.all()}

    assert roles == {"Admin": set(Permission), "Staff": set(STAFF), "Viewer": set(VIEWER)}


def test_the_operator_makes_a_firm_whose_admin_chooses_a_password(
    client, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        call_command("create_firm", "Birch", admin_email="a@birch.test", admin_name="Ann")

    assert Firm.objects.get(name="Birch").memberships.get().role.name == "Admin"
    link = next(word for word in mail.outbox[0].body.split() if "/accounts/password/" in word)
    form = client.get("/accounts/" + link.split("/accounts/")[1], follow=True)
    assert "Choose a password" in form.content.decode()


def test_an_invited_person_is_a_member_and_is_mailed_a_link(
    firm, admin, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        services.invite_member(
            actor=admin,
            firm=firm,
            email="Tom@X.test",
            name="Tom",
            role=firm.roles.get(name="Staff"),
            now=NOW,
        )

    assert Membership.objects.get(user__email="tom@x.test").role.name == "Staff"
    assert mail.outbox[0].to == ["tom@x.test"]
    assert "/accounts/password/reset/key/" in mail.outbox[0].body
    assert last_entry(firm).facts == ["Email: tom@x.test", "Role: Staff"]


def test_inviting_somebody_with_an_account_adds_them_and_keeps_their_password(
    firm, admin, django_capture_on_commit_callbacks
):
    user = make_member(make_firm(), email="geeta@x.test").user

    with django_capture_on_commit_callbacks(execute=True):
        services.invite_member(
            actor=admin,
            firm=firm,
            email="geeta@x.test",
            name="Else",
            role=firm.roles.get(name="Viewer"),
            now=NOW,
        )

    assert user.memberships.count() == 2
    assert User.objects.get(pk=user.pk).password == user.password
    assert "password" not in mail.outbox[0].body


def test_a_member_is_not_invited_twice(firm, admin):
    with pytest.raises(services.AlreadyMember):
        services.invite_member(
            actor=admin,
            firm=firm,
            email="priya@x.test",
            name="P",
            role=firm.roles.get(name="Staff"),
            now=NOW,
        )


def test_nobody_gives_a_role_that_may_do_more_than_they_may(firm):
    manager = make_actor(firm, role="Lead", permissions=[Permission.MANAGE_TEAM])

    with pytest.raises(NotAllowed) as caught:
        services.invite_member(
            actor=manager,
            firm=firm,
            email="new@x.test",
            name="New",
            role=firm.roles.get(name="Admin"),
            now=NOW,
        )

    assert caught.value.permission is Permission.MANAGE_INTEGRATIONS


def test_a_role_of_another_firm_is_refused(firm, admin):
    foreign = make_member(make_firm()).role

    with pytest.raises(WrongFirm):
        services.change_role(actor=admin, membership=firm.memberships.get(), role=foreign, now=NOW)


def test_the_last_admin_stays_an_admin_and_stays(firm, admin):
    membership = firm.memberships.get()

    with pytest.raises(services.LastAdmin):
        services.change_role(
            actor=admin, membership=membership, role=firm.roles.get(name="Staff"), now=NOW
        )
    with pytest.raises(services.LastAdmin):
        services.remove_member(actor=admin, membership=membership, now=NOW)

    assert firm.memberships.get().role.name == "Admin"


def test_an_admin_who_was_switched_off_does_not_count_as_one(firm, admin):
    second = make_member(firm, role="Admin")
    second.user.is_active = False
    second.user.save()

    with pytest.raises(services.LastAdmin):
        services.remove_member(
            actor=admin, membership=firm.memberships.get(user_id=admin.user_id), now=NOW
        )


def test_with_a_second_admin_a_role_changes_and_the_log_says_from_what(firm, admin):
    second = make_member(firm, role="Admin", email="second@x.test")

    services.change_role(
        actor=admin, membership=second, role=firm.roles.get(name="Viewer"), now=NOW
    )

    assert last_entry(firm).facts == ["Member: second@x.test", "Role: Admin to Viewer"]
    assert last_entry(firm).actor_label == "Priya Raman"


def test_the_profile_changes_and_the_log_says_from_what(firm, admin):
    changed = services.update_firm(
        actor=admin,
        firm=firm,
        name="Alder",
        time_zone="Europe/London",
        home_currency="USD",
        now=NOW,
    )

    assert (changed.name, changed.time_zone) == ("Alder", "Europe/London")
    assert "Name: Alder & Finch to Alder" in last_entry(firm).facts


def test_an_unknown_time_zone_is_refused(firm, admin):
    with pytest.raises(services.TimeZoneUnknown):
        services.update_firm(
            actor=admin,
            firm=firm,
            name="Alder",
            time_zone="Mars/Olympus",
            home_currency="USD",
            now=NOW,
        )


def test_asking_mails_the_other_admins_three_times_an_hour_at_most(
    firm, django_capture_on_commit_callbacks
):
    tom = make_actor(firm, role="Staff", name="Tom\nOkafor")

    def ask(now):
        with django_capture_on_commit_callbacks(execute=True):
            services.ask_admin(actor=tom, firm=firm, about="Connect QuickBooks", now=now)

    for _ in range(3):
        ask(NOW)
    with pytest.raises(services.AskedTooOften):
        ask(NOW + timedelta(minutes=59))
    ask(NOW + timedelta(minutes=61))

    assert [each.to for each in mail.outbox] == [["priya@x.test"]] * 4
    assert mail.outbox[0].subject == "Tom Okafor asks: Connect QuickBooks"


def test_the_only_admin_has_nobody_to_ask(firm, admin):
    with pytest.raises(services.NobodyToAsk):
        services.ask_admin(actor=admin, firm=firm, about="Anything", now=NOW)
