"""Roles are made, changed and deleted, and what they allow counts from the next request."""

import pytest
from django.urls import reverse

from firms import roles, services
from firms.middleware import actor_of
from firms.models import AuditEntry, Role
from firms.permissions import ADMIN, STAFF, VIEWER, NotAllowed, Permission, WrongFirm
from tests.api.test_idempotency import at_once
from tests.factories import NOW, make_firm, make_member

pytestmark = pytest.mark.django_db

VIEW, CONTACTS, TEAM = Permission.VIEW_ONLY, Permission.MANAGE_CONTACTS, Permission.MANAGE_TEAM


@pytest.fixture
def firm():
    return make_firm()


@pytest.fixture
def admin(client, firm):
    member = make_member(firm)
    client.force_login(member.user)
    return member


def update(member, role, *permissions, name=None):
    return roles.update_role(
        actor=actor_of(member),
        role=role,
        name=name or role.name,
        permissions=permissions or role.permissions,
        now=NOW,
    )


def create(member, *permissions, name="Bookkeeper"):
    return roles.create_role(
        actor=actor_of(member), firm=member.firm, name=name, permissions=permissions, now=NOW
    )


def last_facts(firm):
    return AuditEntry.objects.filter(firm=firm).latest("pk").facts


# -- Services --------------------------------------------------------------------------------------
def test_a_role_is_made_with_its_permissions_in_our_order(firm, admin):
    role = create(admin, VIEW, CONTACTS, name=" Book  keeper ")

    assert (role.name, role.permissions) == ("Book keeper", [CONTACTS, VIEW])
    assert last_facts(firm) == ["Permissions: Manage Contacts, View Only", "Role: Book keeper"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "ADMIN"}, "name"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["everything"]}, "permissions"),
    ],
)
def test_what_is_no_role_is_refused(firm, admin, asked, field):
    values = {"name": "Bookkeeper", "permissions": [VIEW], **asked}

    with pytest.raises(roles.RoleRefused) as caught:
        roles.create_role(actor=actor_of(admin), firm=firm, now=NOW, **values)

    assert caught.value.field == field
    assert [role.name for role in firm.roles.all()] == ["Admin"]


def test_a_role_changes_and_the_log_says_from_what(firm, admin):
    role = create(admin, VIEW, CONTACTS)

    update(admin, role, VIEW, name="Reader")

    assert last_facts(firm) == [
        "Name: Bookkeeper to Reader",
        "Permissions: Manage Contacts, View Only to View Only",
        "Role: Reader",
    ]


def test_saving_what_is_so_is_no_change(firm, admin):
    role = create(admin, VIEW)

    update(admin, role)

    assert AuditEntry.objects.get().action == "Role made"


def test_the_last_role_that_manages_the_team_keeps_it(admin):
    with pytest.raises(services.LastAdmin):
        update(admin, admin.role, VIEW)

    assert set(Role.objects.get(pk=admin.role_id).permissions) == set(ADMIN)


def test_an_admin_who_was_switched_off_leaves_nobody_to_manage(firm, admin):
    lead = make_member(firm, role="Lead", permissions=[TEAM, VIEW])
    lead.user.is_active = False
    lead.user.save()

    with pytest.raises(services.LastAdmin):
        update(admin, admin.role, VIEW)


def test_with_a_second_manager_a_role_may_lose_it(firm, admin):
    make_member(firm, role="Lead", permissions=[TEAM, VIEW])

    assert update(admin, admin.role, VIEW).permissions == [VIEW]


def test_nobody_gives_a_role_what_they_have_not(firm, admin):
    lead = make_member(firm, role="Lead", permissions=[TEAM, VIEW])
    other = create(admin, CONTACTS, VIEW)

    with pytest.raises(NotAllowed):
        create(lead, CONTACTS, name="More")
    with pytest.raises(NotAllowed):
        update(lead, lead.role, TEAM, VIEW, CONTACTS)

    assert update(lead, other, CONTACTS, TEAM, VIEW).permissions == [TEAM, CONTACTS, VIEW]


def test_a_role_that_grew_since_the_page_was_opened_is_given_by_nobody_who_lacks_it(firm, admin):
    lead = make_member(firm, role="Lead", permissions=[TEAM, VIEW])
    tom = make_member(firm, role="Viewer", permissions=VIEWER)
    stale = create(admin, VIEW)
    update(admin, Role.objects.get(pk=stale.pk), VIEW, CONTACTS)

    with pytest.raises(NotAllowed):
        services.change_role(actor=actor_of(lead), membership=tom, role=stale, now=NOW)


def test_a_role_that_was_deleted_meanwhile_is_given_to_nobody(firm, admin):
    tom = make_member(firm, role="Viewer", permissions=VIEWER)
    stale = create(admin, VIEW)
    roles.delete_role(actor=actor_of(admin), role=Role.objects.get(pk=stale.pk), now=NOW)

    with pytest.raises(services.RoleGone):
        services.change_role(actor=actor_of(admin), membership=tom, role=stale, now=NOW)


def test_only_a_role_without_members_is_deleted(firm, admin):
    used = make_member(firm, role="Viewer", permissions=VIEWER).role
    unused = create(admin, VIEW)

    with pytest.raises(roles.RoleInUse):
        roles.delete_role(actor=actor_of(admin), role=used, now=NOW)
    roles.delete_role(actor=actor_of(admin), role=unused, now=NOW)

    assert {role.name for role in firm.roles.all()} == {"Admin", "Viewer"}


def test_roles_are_for_who_manages_the_team_of_that_firm(firm, admin):
    staff = make_member(firm, role="Staff", permissions=STAFF)
    stranger = make_member(make_firm())

    for member, error in ((staff, NotAllowed), (stranger, WrongFirm)):
        with pytest.raises(error):
            update(member, admin.role, VIEW)
        with pytest.raises(error):
            roles.delete_role(actor=actor_of(member), role=admin.role, now=NOW)
        with pytest.raises(error):
            roles.create_role(
                actor=actor_of(member), firm=firm, name="Mine", permissions=[VIEW], now=NOW
            )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["change_role", "remove_member", "update_role"])
def test_two_admins_who_act_at_the_same_time_leave_one(firm, how):
    first = make_member(firm, role="First", permissions=ADMIN)
    second = make_member(firm, role="Second", permissions=ADMIN)
    viewer = make_member(firm, role="Viewer", permissions=VIEWER).role

    def act(number):
        actor, other = [(first, second), (second, first)][number]
        given = {"actor": actor_of(actor), "now": NOW}
        try:
            if how == "change_role":
                services.change_role(**given, membership=other, role=viewer)
            elif how == "remove_member":
                services.remove_member(**given, membership=other)
            else:
                update(actor, other.role, VIEW)
        except services.LastAdmin:
            return "refused"
        return "done"

    assert sorted(at_once(2, act)) == ["done", "refused"]
    assert firm.memberships.filter(role__permissions__contains=[TEAM]).count() == 1


# -- Pages -----------------------------------------------------------------------------------------
def test_a_role_is_made_edited_and_deleted_on_its_pages(client, firm, admin):
    client.post(reverse("firms:role_new"), {"name": "Reader", "permissions": [VIEW]})
    role = firm.roles.get(name="Reader")
    client.post(reverse("firms:role_edit", args=[role.pk]), {"name": "R", "permissions": [VIEW]})
    assert "<bdi>R</bdi>" in client.get(reverse("firms:roles")).content.decode()

    client.post(reverse("firms:role_delete", args=[role.pk]))

    assert not firm.roles.filter(pk=role.pk).exists()


def test_a_change_counts_at_the_next_request(client, firm, admin):
    tom = make_member(firm, role="Staff", permissions=STAFF)
    client.force_login(tom.user)
    assert client.get("/contacts/new/").status_code == 200

    update(admin, tom.role, VIEW)

    assert client.get("/contacts/new/").status_code == 403


def test_refusals_are_said_beside_the_field_and_keep_what_was_typed(client, firm, admin):
    edit = reverse("firms:role_edit", args=[admin.role_id])
    for values, said in [
        ({"name": "Admin", "permissions": [VIEW]}, "Keep Manage Team in this role."),
        ({"name": "Typed"}, "Choose at least one permission"),
        ({"name": "", "permissions": [VIEW]}, "Enter a name"),
        ({"name": "Typed", "permissions": ["everything"]}, "There is a problem"),
    ]:
        page = client.post(edit, values).content.decode()
        assert said in page
        assert f'value="{values["name"]}"' in page or not values["name"]

    assert set(Role.objects.get(pk=admin.role_id).permissions) == set(ADMIN)


def test_a_role_in_use_says_why_it_stays(client, firm, admin):
    page = client.post(reverse("firms:role_delete", args=[admin.role_id])).content.decode()

    assert "1 member has this role." in page
    assert firm.roles.filter(pk=admin.role_id).exists()


@pytest.mark.parametrize("route", ["firms:role_edit", "firms:role_delete"])
def test_the_pages_are_for_who_manages_the_team_and_know_no_other_firm(client, firm, admin, route):
    foreign = make_member(make_firm()).role
    assert client.get(reverse(route, args=[foreign.pk])).status_code == 404
    assert client.post(reverse(route, args=[foreign.pk])).status_code == 404

    client.force_login(make_member(firm, role="Viewer", permissions=VIEWER).user)
    assert client.post(reverse(route, args=[admin.role_id])).status_code == 403
    assert client.get(reverse("firms:roles")).status_code == 403
    assert client.post(reverse("firms:role_new"), {"name": "x"}).status_code == 403
