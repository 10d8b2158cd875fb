"""The QuickBooks card in each of its states, and what the server refuses whatever it shows."""

from __future__ import annotations

import pytest
from django.urls import reverse

from firms.models import BillingPlan, Licence
from firms.permissions import STAFF
from integrations.models import Connection, ConsentRequest
from tests.factories import make_contact, make_firm, make_member
from tests.integrations.web.rows import make_connection, make_link

pytestmark = pytest.mark.django_db
LIST = "/settings/integrations/"
GREYED = '<button type="button" class="btn primary" aria-disabled="true"'


def test_an_admin_of_a_paid_firm_may_connect(client, text_of):
    page = text_of(client.get(LIST))

    assert '<button class="btn primary">Connect</button>' in page
    assert "Keeps contacts, service items, invoices and payments the same" in page
    assert "You can't connect" not in page


def test_without_the_permission_connect_is_greyed_with_the_reason(staff_client, text_of):
    page = text_of(staff_client.get(LIST))

    assert GREYED in page
    assert "Your role, <b>Staff accountant</b>, doesn't have the <b>Manage Integrations</b>" in page
    assert "Ask an admin" in page
    assert "Integrations need a paid plan" not in page


@pytest.mark.parametrize(
    ("plan", "name"), [(BillingPlan.FREE, "Free"), (BillingPlan.LEGACY, "Legacy")]
)
def test_on_a_free_or_legacy_plan_connect_is_greyed_with_the_remedy(sign_in, text_of, plan, name):
    admin = make_member(make_firm(name="Alder", billing_plan=plan))

    page = text_of(sign_in(admin).get(LIST))

    assert GREYED in page
    assert f"Alder is on the <b>{name}</b> plan. Integrations need a paid plan." in page
    assert "See plans" in page
    assert "Ask an admin" not in page


def test_both_reasons_are_told_at_once(sign_in, text_of):
    firm = make_firm(billing_plan=BillingPlan.FREE)
    page = text_of(sign_in(make_member(firm, role="Staff", permissions=STAFF)).get(LIST))

    assert "Manage Integrations" in page
    assert "Integrations need a paid plan." in page


@pytest.mark.parametrize("reason", ["permission", "plan"])
def test_a_direct_post_is_refused_whatever_the_page_shows(sign_in, reason):
    plan = BillingPlan.PAID if reason == "permission" else BillingPlan.FREE
    permissions = STAFF if reason == "permission" else None
    firm = make_firm(billing_plan=plan)
    person = make_member(firm, **({"permissions": permissions} if permissions else {}))

    answer = sign_in(person).post(reverse("integrations:connect"))

    assert answer.status_code == 403
    assert ConsentRequest.objects.count() == 0


def test_before_the_contacts_are_synced_setup_goes_on(client, firm, text_of):
    make_connection(firm, contacts_synced_at=None, setup={"confirmed_at": None})

    page = text_of(client.get(LIST))

    assert "Continue setup" in page
    assert "Setup isn't finished" in page


def test_after_the_contacts_next_and_the_task_list_are_shown(client, firm, text_of):
    make_link(make_connection(firm), make_contact(firm))

    page = text_of(client.get(LIST))

    assert ">Next</a>" in page
    assert "1 synced. 0 unmatched and 0 duplicate contacts were left out." in page
    assert "Download the report" in page
    assert "Not started" in page
    assert "Can't start yet" in page


def test_a_firm_that_is_set_up_manages(client, firm, text_of):
    connection = make_connection(firm)
    connection.setups.update(services_skipped_at=connection.connected_at)

    page = text_of(client.get(LIST))

    assert ">Manage</a>" in page
    assert "Connected to Alder &amp; Finch Accounting LLC. Last synced" in page
    assert ">Next</a>" not in page


def test_a_firm_without_time_and_billing_has_no_third_step(sign_in, text_of):
    firm = make_firm(licences=[Licence.TRANSCRIPTS_AND_NOTICES])
    make_connection(firm)

    page = text_of(sign_in(make_member(firm)).get(LIST))

    assert ">Manage</a>" in page
    assert "Service items and invoices</span>" not in page
    assert "doesn't include service items and invoices" in page


def test_a_revoked_access_offers_reconnect_and_counts_what_waits(client, firm, text_of):
    connection = make_connection(firm, state=Connection.State.RECONNECT)
    make_link(connection, make_contact(firm), wake_at=connection.connected_at)

    page = text_of(client.get(LIST))

    assert '<button class="btn primary">Reconnect</button>' in page
    assert "Access was revoked in QuickBooks on" in page
    assert "waiting" in page


def test_the_names_of_quickbooks_are_harmless(client, firm, text_of):
    make_connection(firm, company_name="<script>alert(1)</script>")

    page = text_of(client.get(LIST))

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_admin_is_asked_once_the_button_is_pressed(staff_client, admin, mailoutbox):
    answer = staff_client.post(reverse("integrations:ask_admin"), follow=True)

    assert "asked by email" in answer.content.decode()


@pytest.mark.parametrize("number", [0, 40])
def test_the_number_of_queries_does_not_depend_on_the_rows(
    client, firm, django_assert_num_queries, number
):
    connection = make_connection(firm)
    for _ in range(number):
        make_link(connection, make_contact(firm))
    client.get(LIST)

    with django_assert_num_queries(10):
        client.get(LIST)


def test_service_items_can_be_skipped_and_then_the_firm_is_set_up(client, firm, text_of):
    make_connection(firm)
    page = text_of(client.get(reverse("setup:services")))
    assert "Skip Service Items &amp; Invoices" in page

    client.post(reverse("setup:services_skip"))

    page = text_of(client.get(LIST))
    assert ">Next</a>" not in page
    assert "Skipped" in page


def test_service_items_are_not_skipped_before_the_contacts_are_synced(client, firm):
    connection = make_connection(firm, contacts_synced_at=None, setup={"worked_off_at": None})

    client.post(reverse("setup:services_skip"))

    assert connection.setups.get().services_skipped_at is None
