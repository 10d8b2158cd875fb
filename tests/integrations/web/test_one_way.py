"""A one-way connection in the browser: added, turned on, tested, moved. The real emulator."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Invoice
from firms.permissions import STAFF
from integrations.models import Connection, Cursor, ImportedRecord, Link
from integrations.sync import rule_changes, trial
from tests.factories import make_invoice, make_member, make_payment
from tests.integrations.sync.test_turn_on import go_on
from tests.integrations.web.billed import HOME, browser_of, words
from tests.integrations.web.rows import make_connection, make_link
from tests.integrations.web.test_rules import LISTS
from tests.world import DEFAULTS, World

ADD = "/settings/integrations/add/"
TURN_ON = "/settings/integrations/qbo/turn-on/"
ON = {"service_item": "6", "deposit_account": "", "number_rule": "theirs"}
ONE_WAY = {"profile": "push_only", "invoices_direction": "push", "void_rule": "delete"}
SINCE = "2026-11-01T00:00Z"


@pytest.fixture
def fresh(world: World) -> World:
    Connection.objects.update(profile="push_only", contacts_synced_at=None)
    Cursor.objects.update(value=None)
    world.connection.refresh_from_db()
    return world


# -- Adding it -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_may_add_it_leaves_for_quickbooks_with_the_one_way_profile(firm, client: Client):
    page = words(client, ADD)

    assert 'name="profile" value="push_only"' in page
    assert ">Add</button>" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"billing_plan": "free"}, "Integrations need a paid plan."),
        ({"licences": ["transcripts_and_notices"]}, "doesn't include invoices"),
    ],
)
def test_it_says_why_it_cannot_be_added(firm, client: Client, changes, why):
    for name, value in changes.items():
        setattr(firm, name, value)
    firm.save()

    page = words(client, ADD)

    assert why in page
    assert 'aria-disabled="true" aria-describedby="why">Add</button>' in page


@pytest.mark.django_db
def test_beside_a_connection_of_both_ways_it_leads_to_the_rules(firm, client: Client):
    make_connection(firm)

    page = words(client, ADD)

    assert "is connected for both ways" in page
    assert reverse("integrations:rules") in page
    assert "push_only" not in page


@pytest.mark.django_db
def test_staff_is_told_which_permission_is_missing(firm, staff_client: Client):
    assert "Manage Integrations" in words(staff_client, ADD)


# -- Turning it on ---------------------------------------------------------------------------------


def test_the_one_page_reads_asks_and_turns_on(fresh):
    browser = browser_of(fresh)
    assert "It isn't turned on yet." in words(browser, HOME)
    assert "Read from QuickBooks</button>" in words(browser, TURN_ON)

    answer = browser.post(reverse("integrations:read_lists"), {"next": "turn_on"})
    assert answer.url == TURN_ON
    page = words(browser, TURN_ON)
    assert '<option value="6">Gardening</option>' in page
    assert "The company has no service called Sales." in page
    assert "Checking" in page.partition("a bank account")[0]

    answer = browser.post(TURN_ON, ON)

    assert answer.url == HOME
    fresh.connection.refresh_from_db()
    assert fresh.connection.billing_synced_at is not None
    page = words(browser, HOME)
    assert "On. What is sent from now on goes to QuickBooks." in page
    assert "To QuickBooks only: what is billed here goes there, nothing comes back." in page
    assert "Not synced: lines go out on Gardening" in page
    assert browser.get(TURN_ON).url == HOME


def test_sales_is_made_there_and_chosen(fresh):
    rule_changes.read_lists(actor=fresh.actor, connection=fresh.connection, now=fresh.now)
    browser = browser_of(fresh)

    page = browser.post(
        reverse("integrations:new_service"), {"name": "Sales", "income_account": ""}
    ).content.decode()
    assert "Choose an income account" in page

    answer = browser.post(
        reverse("integrations:new_service"), {"name": "Sales", "income_account": "1"}
    )
    page = words(browser, answer.url)
    [made] = [each for each in fresh.quickbooks.objects("Item") if each["Name"] == "Sales"]
    assert f'<option value="{made["Id"]}" selected>Sales</option>' in page


def test_what_quickbooks_says_against_a_service_is_told(fresh):
    rule_changes.read_lists(actor=fresh.actor, connection=fresh.connection, now=fresh.now)

    page = browser_of(fresh).post(
        reverse("integrations:new_service"), {"name": "A:B", "income_account": "1"}
    )

    assert "The name holds a colon" in page.content.decode()
    assert fresh.writes() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "posted",
    [
        {},
        {**ON, "service_item": "999"},
        {**ON, "number_rule": "x"},
        {**ON, "deposit_account": "\x00"},
        {**ON, "service_item": ""},
    ],
)
def test_what_cannot_be_chosen_is_refused_beside_its_field(firm, client: Client, posted):
    connection = make_connection(firm, **ONE_WAY, company_facts=LISTS, contacts_synced_at=None)

    page = client.post(TURN_ON, posted).content.decode()

    assert "There is a problem" in page
    connection.refresh_from_db()
    assert connection.billing_synced_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("get", "turn_on"),
        ("post", "turn_on"),
        ("post", "new_service"),
        ("post", "read_lists"),
        ("post", "make_test_invoice"),
        ("get", "go_two_way"),
        ("post", "go_two_way"),
        ("get", "go_one_way"),
        ("post", "go_one_way"),
    ],
)
def test_staff_can_do_none_of_it(firm, staff_client: Client, method, name):
    profile = "two_way" if name == "go_one_way" else "push_only"
    connection = make_connection(firm, profile=profile, company_facts=LISTS)

    answer = getattr(staff_client, method)(reverse(f"integrations:{name}"), ON)

    assert answer.status_code == 403
    before = connection.profile
    connection.refresh_from_db()
    assert connection.profile == before
    assert connection.billing_synced_at is None
    assert not Invoice.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["new_service", "read_lists", "make_test_invoice"])
def test_nothing_is_done_by_looking(firm, client: Client, name):
    make_connection(firm, **ONE_WAY)

    assert client.get(reverse(f"integrations:{name}")).status_code == 405


# -- The test invoice ------------------------------------------------------------------------------


def test_the_test_invoice_is_followed_on_its_page(fresh):
    rule_changes.read_lists(actor=fresh.actor, connection=fresh.connection, now=fresh.now)
    browser = browser_of(fresh)
    browser.post(TURN_ON, ON)
    here = reverse("integrations:test_invoice")
    assert "No test was made yet." in words(browser, here)

    browser.post(reverse("integrations:make_test_invoice"))
    page = words(browser, here)
    assert "Under way." in page
    assert 'hx-trigger="every 1s"' in page
    part = browser.get(here, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.content.decode()

    go_on(fresh)

    page = words(browser, here)
    assert "The connection works." in page
    assert "It was deleted in QuickBooks" in page
    assert "every 1s" not in page
    assert browser.get(here, headers={"HX-Request": "true"}).status_code == 286
    assert trial.last(fresh.connection).is_gone  # type: ignore[union-attr]


# -- Both ways and back ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_moving_to_one_way_asks_first_and_then_wants_to_be_turned_on(firm, client: Client):
    connection = make_connection(firm, billing_synced_at=SINCE)
    page = words(client, reverse("integrations:go_one_way"))
    assert "Nothing that happens in QuickBooks comes here any more." in page
    connection.refresh_from_db()
    assert connection.profile == "two_way"

    answer = client.post(reverse("integrations:go_one_way"))

    assert answer.url == TURN_ON
    connection.refresh_from_db()
    assert connection.profile == "push_only"


@pytest.mark.django_db
def test_moving_to_both_ways_asks_first_and_starts_the_wizard(firm, client: Client):
    connection = make_connection(firm, **ONE_WAY, billing_synced_at=SINCE)
    assert "Until you click Sync contacts" in words(client, reverse("integrations:go_two_way"))

    answer = client.post(reverse("integrations:go_two_way"))

    assert answer.url == reverse("setup:contacts")
    connection.refresh_from_db()
    assert connection.profile == "two_way"


# -- What the home and the card count --------------------------------------------------------------


@pytest.fixture
def counted(db, firm) -> Connection:
    connection = make_connection(firm, billing_synced_at=SINCE, defaults=DEFAULTS)
    for state in ("linked", "left_out", "left_out"):
        invoice = make_invoice(firm)
        make_link(
            connection,
            entity="invoice",
            local_id=invoice.pk,
            label=invoice.number,
            state=state,
            remote_id=f"i{invoice.pk}" if state == "linked" else None,
        )
    payment = make_payment(make_invoice(firm), "20.00")
    make_link(
        connection,
        entity="payment",
        local_id=payment.pk,
        label="Payment of 20.00",
        state="left_out",
        remote_id=None,
    )
    return connection


def test_the_home_counts_every_kind_with_the_money_left_out(counted, client: Client):
    page = words(client, HOME)

    assert '<b>Invoices</b> <span class="muted tiny">both ways</span>' in page
    left_out = f"{reverse('integrations:left_out')}?kind=invoice"
    assert f'1 synced, <a class="link" href="{left_out}">2 left out</a> (300.00)' in page
    assert "1 left out</a> (20.00)" in page


def test_the_card_counts_every_kind(counted, client: Client):
    Connection.objects.update(profile="push_only")

    page = words(client, "/settings/integrations/")

    assert "<b>1</b> invoices synced, 2 left out (300.00)" in page
    assert "to QuickBooks only" in page


def test_what_was_left_out_there_is_counted_with_its_money(counted, client: Client):

    make_link(counted, entity="invoice", remote_id="77", remote_label="2044", state="left_out")
    ImportedRecord.objects.create(
        connection=counted,
        entity="invoice",
        remote_id="77",
        version=0,
        raw={},
        label="2044",
        amount="1250.00",
        read_at=counted.connected_at,
    )

    assert "1 in QuickBooks left out</a> (1,250.00)" in words(client, HOME)


def test_left_out_records_are_listed_by_kind(counted, client: Client):
    page = words(client, "/settings/integrations/qbo/left-out/?kind=payment")

    assert "Payment of 20.00" in page
    assert "INV-" not in page
    link = Link.objects.get(entity="payment")
    assert reverse("integrations:find", args=["payment", link.local_id]) in page


@pytest.mark.parametrize("number", [1, 12])
def test_the_home_takes_the_same_queries_however_many_invoices(
    counted, firm, client: Client, django_assert_num_queries, number
):
    for _ in range(number):
        invoice = make_invoice(firm)
        make_link(
            counted,
            entity="invoice",
            local_id=invoice.pk,
            label=invoice.number,
            state="left_out",
            remote_id=None,
        )
    client.get(HOME)

    with django_assert_num_queries(26):
        client.get(HOME)


@pytest.mark.django_db
def test_staff_may_look_at_rules_and_test_but_not_press(firm):
    make_connection(firm, **ONE_WAY, billing_synced_at=SINCE, company_facts=LISTS)
    browser = Client()
    browser.force_login(make_member(firm, role="Staff accountant", permissions=STAFF).user)

    rules = words(browser, reverse("integrations:rules"))
    test = words(browser, reverse("integrations:test_invoice"))

    assert 'aria-describedby="look-only">Save rules</button>' in rules
    assert 'aria-describedby="look-only">Make a test invoice</button>' in test
