"""To QuickBooks' consent page and back, on good days and bad ones, with the emulator."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from firms.models import AuditEntry, Firm
from firms.permissions import STAFF
from integrations.errors import ReconnectNeeded
from integrations.models import (
    Activity,
    Connection,
    ConsentRequest,
    Credential,
    Link,
    PendingConsent,
    Setup,
)
from integrations.providers import get_provider
from integrations.sync import consent
from integrations.web.views.consent import IN_POPUP
from tests.factories import make_contact, make_firm, make_member
from tests.integrations.web.bookkeeper import answer_consent
from tests.integrations.web.rows import make_connection, make_link

pytestmark = pytest.mark.django_db
LIST = "/settings/integrations/"
FILTER_STEP = "/settings/integrations/qbo/setup/contacts/"
UNFINISHED = "The sign-in at QuickBooks didn&#x27;t finish. Nothing was changed. Try again."


@pytest.fixture
def realm(qbo) -> str:
    return qbo.access["realm_id"]


def leave(client: Client, **posted: str) -> str:
    """Press Connect; return the address of the consent page."""
    return client.post(reverse("integrations:connect"), posted).url


def local(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def come_back(client: Client, realm: str, **choice: str):
    """Connect, answer the consent page, and follow it back."""
    return client.get(local(answer_consent(leave(client), company=realm, **choice)))


def shown(client: Client, url: str = LIST) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_a_consent_connects_the_company_and_goes_on_to_the_filter_step(client, realm, firm, admin):
    answer = come_back(client, realm)

    connection = Connection.objects.get(firm=firm)
    assert answer.url == FILTER_STEP
    assert f"Connected to {escape(connection.company_name)}" in shown(client)
    assert (connection.company_id, connection.connected_by) == (realm, admin.user)
    assert connection.company_facts["home_currency"] == "USD"
    assert connection.lease.fence == 0
    assert connection.cursor.value is None
    assert connection.budget.rests_until is None
    assert connection.credential.access_token != ""
    assert Setup.objects.get(connection=connection).is_current
    assert AuditEntry.objects.filter(firm=firm, action="QuickBooks: Connected").count() == 1
    assert Activity.objects.get(connection_id=connection.pk).title == "Connected"


def test_tokens_are_stored_encrypted_and_the_state_hashed(client, realm):
    url = leave(client)
    state = parse_qs(urlsplit(url).query)["state"][0]
    client.get(local(answer_consent(url, company=realm)))
    credential = Credential.objects.get()

    with database.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM integrations_credential")
        stored = str(cursor.fetchone())

    assert credential.access_token not in stored
    assert credential.refresh_token not in stored
    assert len(state) >= 43
    assert not ConsentRequest.objects.filter(state_hash=state).exists()
    assert ConsentRequest.objects.get().used_at is not None


def test_a_consent_that_was_refused_changes_nothing_and_says_so(client, realm):
    answer = come_back(client, realm, decision="cancel")

    assert answer.url == LIST
    assert "QuickBooks was not connected. You cancelled at QuickBooks." in shown(client)
    assert Connection.objects.count() == 0


@pytest.mark.parametrize("query", ["", "?code=x&realmId=1", "?state=&code=x&realmId=1"])
def test_a_callback_without_a_state_is_refused(client, qbo, query):
    client.get(f"{reverse('integrations:callback')}{query}")

    assert UNFINISHED in shown(client)
    assert Connection.objects.count() == 0


def test_a_state_counts_once(client, realm, firm):
    back = local(answer_consent(leave(client), company=realm))
    client.get(back)
    Connection.objects.all().delete()

    client.get(back)

    assert UNFINISHED in shown(client)
    assert Connection.objects.count() == 0


def test_a_state_of_another_session_is_refused(client, realm, admin, sign_in):
    back = local(answer_consent(leave(client), company=realm))
    other = sign_in(admin)

    other.get(back)

    assert UNFINISHED in shown(other)
    assert Connection.objects.count() == 0


def test_a_state_of_another_person_of_the_firm_is_refused(client, realm, firm, sign_in):
    back = local(answer_consent(leave(client), company=realm))
    other = sign_in(make_member(firm))

    other.get(back)

    assert UNFINISHED in shown(other)
    assert Connection.objects.count() == 0


def test_a_state_ends_after_ten_minutes(client, realm):
    back = local(answer_consent(leave(client), company=realm))
    asked = ConsentRequest.objects.get()
    asked.made_at -= timedelta(minutes=10, seconds=1)
    asked.save()

    client.get(back)

    assert UNFINISHED in shown(client)
    assert Connection.objects.count() == 0


def test_a_person_who_lost_the_permission_meanwhile_is_refused(client, realm, admin):
    back = local(answer_consent(leave(client), company=realm))
    admin.role.permissions = list(STAFF)
    admin.role.save()

    assert client.get(back).status_code == 403
    assert Connection.objects.count() == 0


def test_a_code_that_was_used_is_refused(client, realm, qbo):
    url = leave(client)
    back = answer_consent(url, company=realm)
    code = parse_qs(urlsplit(back).query)["code"][0]
    client.get(local(back))
    Connection.objects.all().delete()
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]

    client.get(f"{reverse('integrations:callback')}?state={state}&code={code}&realmId={realm}")

    assert UNFINISHED in shown(client)
    assert Connection.objects.count() == 0


def test_a_one_way_consent_goes_on_to_the_page_that_turns_it_on(client, realm, firm):
    answer = client.get(local(answer_consent(leave(client, profile="push_only"), company=realm)))

    assert answer.url == reverse("integrations:turn_on")
    connection = Connection.objects.get(firm=firm)
    assert connection.profile == Connection.Profile.PUSH_ONLY
    assert connection.billing_synced_at is None


def test_the_company_is_read_before_anything_is_stored(client, realm, qbo):
    other = qbo.ask("companies", {"company": "empty"})["realm_id"]
    url = leave(client)
    back = answer_consent(url, company=realm).replace(realm, other)

    client.get(local(back))

    assert Connection.objects.count() == 0
    assert UNFINISHED in shown(client)


def test_a_silent_quickbooks_is_told_in_words(client, realm, qbo):
    url = leave(client)
    back = answer_consent(url, company=realm)
    qbo.fault("status", status=500, times=9)

    client.get(local(back))

    assert "Nothing was changed. Try again." in shown(client)
    assert Connection.objects.count() == 0


def test_a_company_of_another_firm_is_refused_by_its_name(client, realm, qbo):
    taken = make_connection(make_firm(name="Secret Rivals"), company_id=realm)

    come_back(client, realm)

    page = shown(client)
    name = re.escape(escape(qbo.ask("companies")["companies"][0]["name"]))
    assert re.search(f"{name}[^<]* is already connected to another firm", page)
    assert "Secret Rivals" not in page
    assert Connection.objects.get() == taken
    granted = qbo.ask("tokens")["connections"]
    assert [each["ended"] for each in granted if each["realm"] == realm][-1] is None


def test_another_home_currency_stops_the_connecting(client, realm, firm):
    Firm.objects.filter(pk=firm.pk).update(home_currency="EUR")

    come_back(client, realm)

    assert "keeps its books in USD" in shown(client)
    assert Connection.objects.count() == 0


def test_the_same_company_again_keeps_every_link_and_the_queue(client, realm, firm):
    connection = make_connection(firm, company_id=realm, state=Connection.State.RECONNECT)
    link = make_link(connection, make_contact(firm), wake_at=connection.connected_at)
    before = connection.credential.refresh_token

    answer = come_back(client, realm)

    connection.refresh_from_db()
    assert answer.url == reverse("integrations:home")
    assert connection.is_connected
    assert Link.objects.get() == link
    assert Link.objects.get().wake_at is not None
    assert Credential.objects.get().refresh_token != before
    assert connection.cursor.wanted_at is not None


def test_another_company_than_before_stops_and_asks(client, realm, firm):
    connection = make_connection(firm, company_id="9341000000000001", company_name="The old one")
    make_link(connection, make_contact(firm))

    answer = come_back(client, realm)

    page = shown(client, answer.url)
    assert answer.url == reverse("integrations:other_company")
    assert "The old one" in page
    assert "the 1 link to The old one" in page
    assert Connection.objects.get().company_id == "9341000000000001"
    assert Link.objects.count() == 1
    assert Credential.objects.get().access_token == "access"
    assert "You signed in to another company" in shown(client)


def test_the_other_company_is_used_once_a_person_says_so(client, realm, firm, qbo):
    old = make_connection(firm, company_id="9341000000000001")
    contact = make_contact(firm)
    make_link(old, contact)
    asked = come_back(client, realm)

    answer = client.post(asked.url, {"decision": "use"})

    connection = Connection.objects.get()
    assert answer.url == FILTER_STEP
    assert connection.company_id == realm
    assert Link.objects.count() == 0
    assert PendingConsent.objects.count() == 0
    assert connection.contacts_synced_at is None
    contact.refresh_from_db()
    assert not contact.is_archived


def test_the_other_company_is_refused_and_its_consent_ended(client, realm, firm, qbo):
    make_link(make_connection(firm, company_id="9341000000000001"), make_contact(firm))
    asked = come_back(client, realm)
    tokens = consent._tokens_of(PendingConsent.objects.get())

    client.post(asked.url, {"decision": "keep"})

    assert Connection.objects.get().company_id == "9341000000000001"
    assert Link.objects.count() == 1
    assert PendingConsent.objects.count() == 0
    with pytest.raises(ReconnectNeeded):
        get_provider("quickbooks").refresh(refresh_token=tokens.refresh_token, now=timezone.now())


def test_an_old_connection_without_links_gives_way_unasked(client, realm, firm):
    make_connection(firm, company_id="9341000000000001", contacts_synced_at=None)

    come_back(client, realm)

    assert Connection.objects.get().company_id == realm


def test_a_pop_up_ends_on_a_page_that_tells_the_other_window(client, realm):
    back = local(answer_consent(leave(client, popup="1"), company=realm))

    answer = client.get(back)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'href="{FILTER_STEP}" data-consent-done' in page
    assert "Connected to" not in page  # the toast waits for the other window
    assert not client.session.get(IN_POPUP)


def test_nothing_of_a_consent_is_kept_by_a_cache(client, realm):
    answer = come_back(client, realm)

    assert "no-store" in answer.headers["Cache-Control"]


def test_two_people_who_connect_the_same_company_make_one_connection(client, realm, firm, sign_in):
    other = sign_in(make_member(firm))
    first = local(answer_consent(leave(client), company=realm))
    second = local(answer_consent(leave(other), company=realm))

    client.get(first)
    other.get(second)

    assert Connection.objects.get().company_id == realm
    assert "already connected to another firm" not in shown(other)
