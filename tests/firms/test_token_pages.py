"""Pages of API tokens: shown once, own ones for everybody, all for who manages the team."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from firms.api_tokens import authenticate_token, create_token
from firms.middleware import actor_of
from firms.models import ApiToken
from firms.permissions import VIEWER, Permission
from tests.factories import make_firm, make_member

pytestmark = pytest.mark.django_db

LIST, NEW = "/settings/api-tokens/", "/settings/api-tokens/new/"
GOOD = {"name": "Payroll", "days": "90", "permissions": [Permission.VIEW_ONLY]}


@pytest.fixture
def admin(client):
    member = make_member(make_firm())
    client.force_login(member.user)
    return member


def token_of(member, name):
    token, text = create_token(
        actor=actor_of(member),
        firm=member.firm,
        name=name,
        permissions=[Permission.VIEW_ONLY],
        expires_at=timezone.now() + timedelta(days=1),
        now=timezone.now(),
    )
    return token, text


def test_a_token_is_shown_once(client, admin):
    answer = client.post(NEW, GOOD)

    text = answer.context["text"]
    assert text in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert authenticate_token(text, timezone.now()).permissions == {Permission.VIEW_ONLY}
    later = client.get(LIST).content.decode()
    assert f"canopy_{ApiToken.objects.get().prefix}" in later
    assert text.split("_", 2)[2] not in later


def test_sending_the_form_twice_makes_one(client, admin):
    client.post(NEW, GOOD)

    page = client.post(NEW, GOOD).content.decode()

    assert "You have a token called Payroll already" in page
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\0b"},
        {"days": "100000"},
        {"days": "-1"},
        {"days": "soon"},
        {"permissions": []},
        {"permissions": ["everything"]},
    ],
)
def test_a_refused_form_says_what_is_wrong_and_makes_nothing(client, admin, wrong):
    page = client.post(NEW, {**GOOD, **wrong}).content.decode()

    assert "<title>Error: " in page
    assert "There is a problem" in page
    assert not ApiToken.objects.exists()


def test_only_what_ones_role_has_is_offered_and_taken(client, admin):
    client.force_login(make_member(admin.firm, role="Viewer", permissions=VIEWER).user)

    page = client.get(NEW).content.decode()
    client.post(NEW, {**GOOD, "permissions": [Permission.MANAGE_TEAM]})

    assert "View Only" in page
    assert "Manage Team" not in page
    assert not ApiToken.objects.exists()


def test_members_see_and_revoke_their_own_and_managers_all(client, admin):
    viewer = make_member(admin.firm, role="Viewer", permissions=VIEWER)
    (admins, text), (own, _) = token_of(admin, "Of the admin"), token_of(viewer, "Of the viewer")
    client.force_login(viewer.user)
    page = client.get(LIST).content.decode()
    assert "Of the viewer" in page
    assert "Of the admin" not in page
    assert client.post(reverse("firms:token_revoke", args=[admins.pk])).status_code == 404
    assert authenticate_token(text, timezone.now()) is not None

    client.force_login(admin.user)
    client.post(reverse("firms:token_revoke", args=[own.pk]))

    own.refresh_from_db()
    assert own.revoked_at is not None
    assert "Revoked" in client.get(LIST).content.decode()


def test_a_token_of_another_firm_is_as_if_absent(client, admin):
    token, text = token_of(make_member(make_firm()), "Theirs")

    assert "Theirs" not in client.get(LIST).content.decode()
    assert client.get(reverse("firms:token_revoke", args=[token.pk])).status_code == 404
    assert client.post(reverse("firms:token_revoke", args=[token.pk])).status_code == 404
    assert authenticate_token(text, timezone.now()) is not None
