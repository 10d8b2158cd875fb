"""The frame around every page."""

import pytest
from django.urls import reverse

from tests.factories import make_firm, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    membership = make_member(make_firm(name="Alder & Finch"), name="Priya Raman")
    client.force_login(membership.user)
    return membership


@pytest.mark.parametrize(
    "route", ["contacts:contacts", "firms:profile", "firms:team", "firms:plan", "firms:audit_log"]
)
def test_pages_name_the_firm_and_the_person(client, admin, route):
    page = client.get(reverse(route)).content.decode()

    assert "Alder &amp; Finch" in page
    assert "Priya Raman" in page
    assert page.count("<h1") == 1


def test_the_theme_of_the_cookie_is_set_by_the_server(client, admin):
    client.post(reverse("firms:theme"), {"theme": "dark", "next": "/contacts/"})

    assert '<html lang="en" data-theme="dark">' in client.get("/contacts/").content.decode()


@pytest.mark.parametrize("theme", ["", "blue", '"><script>'])
def test_any_other_theme_follows_the_system(client, admin, theme):
    client.post(reverse("firms:theme"), {"theme": "dark"})
    client.post(reverse("firms:theme"), {"theme": theme})

    assert '<html lang="en">' in client.get("/contacts/").content.decode()


def test_the_theme_form_never_leads_to_another_host(client, admin):
    answer = client.post(reverse("firms:theme"), {"theme": "dark", "next": "https://evil.test/"})

    assert answer["Location"] == "/"


def test_a_member_of_two_firms_switches_and_only_to_their_own(client, admin):
    other = make_firm(name="Second Street")
    stranger = make_firm(name="Not theirs")
    admin.user.memberships.create(firm=other, role=other.roles.create(name="Viewer"))

    client.post(reverse("firms:switch"), {"firm": other.pk})
    refused = client.post(reverse("firms:switch"), {"firm": stranger.pk})

    assert "<small>Second Street</small>" in client.get("/contacts/").content.decode()
    assert refused.status_code == 404
