"""Signing in: our words, our addresses, a new session."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from tests.factories import make_firm, make_member

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


@pytest.fixture
def priya():
    cache.clear()
    return make_member(make_firm(), email="priya@alderfinch.test", name="Priya Raman").user


def sign_in(client, password=PASSWORD, **fields):
    return client.post(
        "/sign-in/", {"login": "priya@alderfinch.test", "password": password, **fields}
    )


def test_the_way_in_is_one_address():
    assert reverse("account_login") == "/sign-in/"


def test_a_page_asks_to_sign_in_and_is_shown_afterwards(client, priya):
    asked = client.get("/settings/team/")
    answer = sign_in(client, next="/settings/team/")

    assert asked["Location"] == "/sign-in/?next=/settings/team/"
    assert answer["Location"] == "/settings/team/"


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_signing_in_never_leads_to_another_host(client, priya, wanted):
    assert sign_in(client, next=wanted)["Location"] == "/"


@pytest.mark.parametrize(
    "wrong", [{"password": "nope"}, {"password": PASSWORD, "login": "x@y.test"}]
)
def test_a_wrong_pair_is_one_message_and_the_password_is_not_sent_back(client, priya, wrong):
    page = sign_in(client, **wrong).content.decode()

    assert "Email or password is wrong" in page
    assert "nope" not in page
    assert PASSWORD not in page


def test_a_person_who_was_switched_off_reads_the_same_message(client, priya):
    priya.is_active = False
    priya.save()

    page = sign_in(client, follow=True)
    text = page.content.decode() or client.get(page["Location"]).content.decode()

    assert "_auth_user_id" not in client.session
    assert "Email or password is wrong" in text or "inactive" in text.lower()


def test_after_five_failed_tries_it_says_for_how_long(client, priya):
    for _ in range(5):
        sign_in(client, password="nope")

    page = sign_in(client).content.decode()

    assert "Too many failed tries. Try again in 5 minutes." in page
    assert "_auth_user_id" not in client.session


def test_a_session_gets_a_new_id_at_sign_in(client, priya):
    session = client.session
    session["left"] = "behind"
    session.save()
    before = client.cookies["sessionid"].value if "sessionid" in client.cookies else None
    client.cookies["sessionid"] = session.session_key

    sign_in(client)

    assert client.cookies["sessionid"].value not in (before, session.session_key)


@pytest.mark.parametrize(("remember", "is_kept"), [({"remember": "on"}, True), ({}, False)])
def test_staying_signed_in_is_a_choice(client, priya, remember, is_kept):
    answer = sign_in(client, **remember)

    assert bool(answer.cookies["sessionid"]["max-age"]) is is_kept


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/email/"])
def test_nobody_signs_up_or_changes_their_address(client, priya, path):
    assert client.get(path).status_code == 404
    assert client.post(path, {"email": "new@x.test"}).status_code == 404


def test_a_forgotten_password_is_chosen_anew_through_a_mailed_link(client, priya):
    client.post("/accounts/password/reset/", {"email": priya.email})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)
    form = client.get(client.get(link[1])["Location"])

    answer = client.post(
        form.request["PATH_INFO"],
        {"password1": "another long pass", "password2": "another long pass"},
        follow=True,
    )

    assert "Password saved" in answer.content.decode()
    assert sign_in(client, password="another long pass")["Location"] == "/"


@pytest.mark.parametrize(
    "route",
    ["account_change_password", "mfa_index", "usersessions_list", "mfa_activate_totp"],
)
def test_the_pages_of_ones_own_account_are_in_our_frame(client, priya, route):
    sign_in(client)

    answer = client.get(reverse(route), follow=True)

    assert answer.status_code == 200
    assert 'class="skip"' in answer.content.decode()
    assert answer.content.decode().count("<h1") == 1
