"""Pages of the firm: who may see and do what; headers of every answer."""

import pytest
from django.urls import reverse

from firms.models import Membership
from firms.permissions import VIEWER
from tests.factories import make_firm, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return make_firm(name="Alder & Finch")


@pytest.fixture
def admin(client, firm):
    membership = make_member(firm, name="Priya Raman")
    client.force_login(membership.user)
    return membership


@pytest.fixture
def viewer(client, firm):
    membership = make_member(firm, role="Viewer", permissions=VIEWER, name="Vera")
    client.force_login(membership.user)
    return membership


def test_an_admin_changes_the_profile(client, admin, firm):
    client.post(
        reverse("firms:profile"),
        {"name": "Alder", "time_zone": "Europe/London", "home_currency": "GBP"},
    )

    firm.refresh_from_db()
    assert (firm.name, firm.time_zone, firm.home_currency) == ("Alder", "Europe/London", "GBP")


def test_a_refused_profile_keeps_the_values_and_says_what_is_wrong(client, admin):
    page = client.post(
        reverse("firms:profile"), {"name": "Alder", "time_zone": "Europe/London"}
    ).content.decode()

    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert 'value="Alder"' in page


@pytest.mark.parametrize("route", ["firms:profile", "firms:invite"])
def test_a_viewer_may_not_change_the_firm(client, firm, admin, viewer, route):
    answer = client.post(reverse(route), {"name": "Mine"})

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "It needs the Manage Team permission." in page
    assert "Priya Raman can give it to you" in page


@pytest.mark.parametrize("route", ["firms:member_role", "firms:member_remove"])
def test_a_viewer_may_not_change_members(client, admin, viewer, route):
    assert client.post(reverse(route, args=[admin.pk])).status_code == 403


@pytest.mark.parametrize("route", ["firms:member_role", "firms:member_remove"])
def test_members_of_another_firm_are_not_found(client, admin, route):
    stranger = make_member(make_firm())

    assert client.get(reverse(route, args=[stranger.pk])).status_code == 404
    assert client.post(reverse(route, args=[stranger.pk])).status_code == 404
    assert Membership.objects.filter(pk=stranger.pk).exists()


def test_a_role_of_another_firm_cannot_be_chosen(client, admin, firm):
    tom = make_member(firm, role="Viewer", permissions=VIEWER)
    foreign = make_member(make_firm()).role

    answer = client.post(reverse("firms:member_role", args=[tom.pk]), {"role": foreign.pk})

    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()


def test_the_last_admin_reads_why_they_cannot_go(client, admin):
    page = client.post(reverse("firms:member_remove", args=[admin.pk])).content.decode()

    assert "Priya Raman is the last who can manage the team." in page


def test_a_removed_member_is_out_at_the_next_click(client, admin, firm):
    tom = make_member(firm, role="Viewer", permissions=VIEWER)
    client.post(reverse("firms:member_remove", args=[tom.pk]))
    client.force_login(tom.user)

    answer = client.get("/contacts/")

    assert answer.status_code == 403
    assert "You belong to no firm yet" in answer.content.decode()


def test_the_audit_log_is_for_those_who_manage_the_team(client, admin, viewer):
    assert client.get(reverse("firms:audit_log")).status_code == 403


def test_the_audit_log_shows_only_the_own_firm(client, admin, firm):
    from firms import services
    from firms.middleware import actor_of
    from tests.factories import NOW

    services.write_audit(actor=actor_of(admin), firm_id=firm.pk, action="Ours", now=NOW)
    other = make_member(make_firm())
    services.write_audit(actor=actor_of(other), firm_id=other.firm_id, action="Theirs", now=NOW)

    page = client.get(reverse("firms:audit_log")).content.decode()

    assert "Ours" in page
    assert "Theirs" not in page


def test_hostile_names_are_shown_as_text(client, firm):
    membership = make_member(firm, name='<script>alert("x")</script>')
    client.force_login(membership.user)

    page = client.get(reverse("firms:team")).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_pages_of_signed_in_people_are_kept_by_no_cache(client, admin):
    assert "no-store" in client.get("/contacts/")["Cache-Control"]
    assert "no-store" in client.get("/nowhere/")["Cache-Control"]


def test_every_page_has_the_headers_that_browsers_guard_by(client, admin):
    headers = client.get("/contacts/").headers

    policy = headers["Content-Security-Policy"]
    script = next(each for each in policy.split("; ") if each.startswith("script-src"))
    assert "'unsafe-inline'" not in script
    assert "'unsafe-eval'" not in script
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_every_script_of_a_page_carries_the_nonce(client, admin):
    import re

    answer = client.get("/contacts/")

    nonce = re.search(r"'nonce-([^']+)'", answer["Content-Security-Policy"])[1]
    scripts = re.findall(r"<script[^>]*>", answer.content.decode())
    assert scripts
    assert all(f'nonce="{nonce}"' in each and "src=" in each for each in scripts)


@pytest.mark.parametrize("path", ["/nowhere/", "/contacts/nowhere/"])
def test_an_unknown_address_is_answered_in_the_frame(client, admin, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


def test_strangers_get_a_404_without_the_frame_of_a_firm(client):
    answer = client.get("/accounts/nowhere/")

    assert answer.status_code == 404
    assert "Settings" not in answer.content.decode()


@pytest.mark.parametrize("route", ["firms:theme", "firms:switch"])
def test_nothing_changes_by_get(client, admin, route):
    assert client.get(reverse(route)).status_code == 405
