"""What needs a person of invoices and payments: the cards, and their buttons pressed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, Payment
from billing.services import invoices
from billing.services.invoices import LineInput
from firms.permissions import STAFF
from integrations.models import Activity, Connection, Issue, Link
from tests.factories import make_contact, make_firm, make_invoice, make_member, make_payment
from tests.integrations.sync.test_doubles import received_there
from tests.integrations.sync.test_invoices import draft, edit, linked, make_item, pay, sent
from tests.integrations.sync.test_push_only import pushed, void
from tests.integrations.sync.test_voids import close_books_there
from tests.integrations.web.billed import (
    browser_of,
    left_out,
    make_there,
    number_clash,
    press,
    words,
)
from tests.integrations.web.rows import make_connection, make_issue, make_link
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


@pytest.fixture
def one_way(world: World) -> World:
    world.switch_billing_on(
        profile=Connection.Profile.PUSH_ONLY,
        void_rule="delete",
        number_rule="theirs",
        invoices_direction="push",
    )
    return world


def numbers_there(world: World, invoice: Invoice) -> str:
    return str(world.theirs(invoice)["DocNumber"])


def open_kinds() -> list[str]:
    return list(Issue.objects.filter(state="open").values_list("kind", flat=True))


# -- A number that is taken ------------------------------------------------------------------------


def test_a_taken_number_may_be_used_all_the_same(books):
    invoice = number_clash(books)
    browser = browser_of(books)
    page = words(browser)
    assert "Same number anyway" in page
    assert "though another form there has this number" in page
    assert reverse("billing:invoice_edit", args=[invoice.pk]) in page

    press(browser, "choose", books.open_issue(), option="same_number")
    books.sync(after=60)

    assert numbers_there(books, invoice) == invoice.number
    assert not open_kinds()


def test_a_suffix_is_proposed_and_used_in_quickbooks_only(books):
    invoice = number_clash(books)
    browser = browser_of(books)
    assert f'value="{invoice.number}-2" maxlength="21"' in words(browser)

    press(browser, "choose", books.open_issue(), option="number_there", number="Q-17 ")
    books.sync(after=60)

    assert numbers_there(books, invoice) == "Q-17"
    invoice.refresh_from_db()
    assert invoice.number != "Q-17"
    assert not open_kinds()


@pytest.mark.parametrize(
    ("number", "answer"),
    [("", "Enter the number it gets in QuickBooks."), ("1" * 22, "at most 21 characters")],
)
def test_a_number_that_quickbooks_cannot_take_is_refused(books, number, answer):
    number_clash(books)
    browser = browser_of(books)

    press(browser, "choose", books.open_issue(), option="number_there", number=number)

    assert answer in words(browser)
    assert open_kinds() == [Issue.Kind.DUPLICATE_NUMBER]


@pytest.mark.parametrize("option", ["delete_anyway", "", "void_here", "\x00"])
def test_what_the_issue_does_not_ask_is_refused(books, option):
    number_clash(books)
    browser = browser_of(books)

    press(browser, "choose", books.open_issue(), option=option)

    assert "Choose one of the buttons that the issue shows." in words(browser)
    assert open_kinds() == [Issue.Kind.DUPLICATE_NUMBER]


# -- The same payment ------------------------------------------------------------------------------


@pytest.fixture
def entered_twice(books: World) -> Payment:
    invoice = linked(books)
    received_there(books, invoice, 300)
    payment = pay(books, invoice, received_on=books.today_there)
    books.sync(feed=True)
    assert Issue.Kind.SAME_PAYMENT in open_kinds()
    return payment


def asked() -> Issue:
    """The question that names a candidate."""
    found = Issue.objects.filter(state="open", kind=Issue.Kind.SAME_PAYMENT)
    return next(each for each in found if each.detail["candidates"])


def test_candidates_are_listed_with_date_and_amount_and_one_is_linked(books, entered_twice):
    browser = browser_of(books)
    issue = asked()
    page = words(browser, reverse("integrations:issue", args=[issue.pk]))
    assert "Record both" in page
    today = books.today_there
    assert f"{today:%b} {today.day}, {today.year}, 300.00</span>" in page

    candidate = issue.detail["candidates"][0]["id"]
    press(browser, "same_payment", issue, other_id=str(candidate))
    books.sync(after=60)
    books.sync(after=60)

    assert books.link_of(entered_twice).state == Link.State.LINKED
    assert Payment.objects.get() == entered_twice
    assert not open_kinds()


def test_a_payment_that_is_no_candidate_is_not_linked(books, entered_twice):
    browser = browser_of(books)
    issue = asked()

    press(browser, "same_payment", issue, other_id="999999")

    assert "Choose one of the payments that the issue shows." in words(browser)
    assert books.link_of(entered_twice).remote_id is None


# -- Billed twice ----------------------------------------------------------------------------------


def test_a_bill_that_looks_like_ours_can_be_said_to_be_right(books):
    invoice = linked(books)
    customer = books.theirs(invoice)["CustomerRef"]["value"]
    make_there(books, customer, TxnDate="2026-11-21")
    books.sync(feed=True)
    browser = browser_of(books)
    page = words(browser)
    assert f"Open {invoice.number}</a>" in page
    assert "Both invoices stay and sync as they are." in page

    press(browser, "choose", books.open_issue(), option="both_right")
    books.sync(after=60)
    books.sync(feed=True)

    assert not open_kinds()
    assert Invoice.objects.count() == 2


# -- Totals ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_both_computations_stand_side_by_side(client: Client, firm):
    invoice = make_invoice(firm, discount_amount=Decimal(10))
    connection = make_connection(firm)
    link = make_link(
        connection, entity="invoice", local_id=invoice.pk, label=invoice.number, state="linked"
    )
    make_issue(
        link,
        kind=Issue.Kind.TOTALS_DIFFER,
        sentence="It comes to 140.00 here and to 150.01 in QuickBooks.",
        detail={"local_total": "140.00", "remote_total": "150.01", "remote_tax": "10.01"},
    )

    page = words(client)

    assert '<th scope="row">Subtotal</th><td class="l num">150.00</td>' in page
    assert '<th scope="row">Discount</th><td class="l num">(10.00)</td>' in page
    assert '<span class="d">140.00</span>' in page
    assert '<span class="d">150.01</span>' in page
    assert "Not told" in page
    assert "Compare again" in page


# -- Held ------------------------------------------------------------------------------------------


def test_an_invoice_held_by_a_service_item_can_go_on_the_default_service(books):
    item = make_item(books)
    left_out(books, "service_item", item.pk, item.name)
    made = draft(books, books.linked("Quist Boats"), item)
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()
    browser = browser_of(books)
    page = words(browser)
    assert "Match Mooring hour" in page
    assert reverse("integrations:find", args=["service_item", item.pk]) in page
    assert "Mooring hour: in QuickBooks its line goes out on Gardening." in page

    press(browser, "choose", books.open_issue(), option="default_items")
    books.sync(after=60)

    line = books.theirs(invoice)["Line"][0]["SalesItemLineDetail"]
    assert line["ItemRef"]["name"] == "Gardening"
    assert not open_kinds()


def test_an_invoice_held_by_its_contact_offers_no_default_service(books):
    contact = books.create("Quist Boats")
    left_out(books, "contact", contact.pk, "Quist Boats")
    made = draft(books, contact, make_item(books))
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()
    browser = browser_of(books)
    page = words(browser)
    assert "Match Quist Boats" in page
    assert "default service" not in page

    browser.post(reverse("integrations:create_there", args=["contact", contact.pk]))
    books.sync(after=60)
    books.sync(after=60)

    assert books.link_of(invoice).state == Link.State.LINKED
    assert not open_kinds()


def test_a_payment_held_by_an_older_invoice_takes_it_along(books):
    contact = books.linked("Quist Boats")
    item = make_item(books)
    made = draft(books, contact, item)
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    left_out(books, "invoice", invoice.pk, invoice.number)
    payment = pay(books, invoice)
    books.sync()
    browser = browser_of(books)
    assert f"Match {invoice.number}" in words(browser)

    browser.post(reverse("integrations:create_there", args=["invoice", invoice.pk]))
    books.sync(after=60)
    books.sync(after=60)

    assert books.link_of(payment).state == Link.State.LINKED
    assert books.theirs(invoice)["Balance"] == 0
    assert not open_kinds()


def test_a_service_item_is_found_by_asking_quickbooks_and_matched(books):
    item = make_item(books, "Gardening")
    left_out(books, "service_item", item.pk, item.name)
    browser = browser_of(books)
    find = reverse("integrations:find", args=["service_item", item.pk])

    page = words(browser, f"{find}?ask=1")
    assert 'name="remote_id" value="6"' in page
    assert "Same name" in page

    browser.post(reverse("integrations:match", args=["service_item", item.pk]), {"remote_id": "6"})
    books.sync(after=60)

    assert books.link_of(item).remote_id == "6"


@pytest.mark.parametrize("entity", ["nothing", "tax_code", "CONTACT"])
def test_only_records_that_sync_can_be_looked_for(books, entity):
    browser = browser_of(books)

    assert browser.get(f"/settings/integrations/qbo/{entity}/1/find/").status_code == 404


# -- One way ---------------------------------------------------------------------------------------


def test_one_of_several_customers_is_chosen_and_the_invoice_goes_out(one_way):
    for name in ("Pier One", "Pier Two"):
        one_way.quickbooks.create(name, PrimaryEmailAddr={"Address": "pier@quist.test"})
    contact = one_way.create("Pier", email="pier@quist.test")
    invoice = invoices.mark_as_sent(
        actor=one_way.actor, invoice=draft(one_way, contact, make_item(one_way)), now=one_way.now
    )
    one_way.sync()
    browser = browser_of(one_way)
    page = words(browser)
    assert "Pier One" in page
    assert "Pier Two" in page
    [issue] = Issue.objects.filter(state="open", kind=Issue.Kind.SEVERAL_MATCHES)

    press(browser, "pick", issue, remote_id="1")
    assert "Choose one of the records that the issue shows." in words(browser)
    second = one_way.quickbooks.named("Pier Two")[0]["Id"]
    press(browser, "pick", issue, remote_id=second)
    one_way.sync(after=60)
    one_way.sync(after=60)

    assert one_way.theirs(invoice)["CustomerRef"]["value"] == second
    assert not open_kinds()


@pytest.mark.parametrize(
    ("option", "total"), [("void_there", 0), ("leave", 300), ("delete_anyway", None)]
)
def test_a_held_delete_is_decided_by_its_button(one_way, option, total):
    invoice = pushed(one_way)
    remote_id = one_way.link_of(invoice).remote_id or ""
    one_way.quickbooks.act(
        "receive_payment", entity="Payment", fields={"invoices": [remote_id], "amount": 10}
    )
    void(one_way, invoice)
    one_way.sync()
    browser = browser_of(one_way)
    page = words(browser)
    for label in ("Void there", "Leave", "Delete anyway"):
        assert f"{label}</button>" in page

    press(browser, "choose", one_way.open_issue(), option=option)
    one_way.sync(after=60)

    kept = {each["Id"]: each["TotalAmt"] for each in one_way.quickbooks.objects("Invoice")}
    assert kept.get(remote_id) == total
    assert not open_kinds()


def test_deleted_there_is_voided_here_by_its_button(one_way):
    invoice = pushed(one_way)
    one_way.act(invoice, "delete")
    one_way.sync(feed=True)
    browser = browser_of(one_way)
    assert "Void here, too</button>" in words(browser)

    press(browser, "choose", one_way.open_issue(), option="void_here")
    one_way.sync(after=60)
    one_way.sync(feed=True)

    invoice.refresh_from_db()
    assert invoice.status == "void"
    assert not open_kinds()


def test_a_payment_deleted_there_is_voided_here_by_its_button(one_way):
    payment = pay(one_way, pushed(one_way))
    one_way.sync()
    one_way.act(payment, "delete")
    one_way.sync(feed=True)
    browser = browser_of(one_way)

    press(browser, "choose", one_way.open_issue(), option="void_here")
    one_way.sync(after=60)
    one_way.sync(feed=True)

    payment.refresh_from_db()
    assert payment.is_void
    assert not open_kinds()


def test_voiding_here_needs_the_permission_of_what_is_voided(one_way):
    invoice = pushed(one_way)
    one_way.act(invoice, "delete")
    one_way.sync(feed=True)
    manager = make_member(
        one_way.firm, role="Integrations only", permissions=["manage_integrations"]
    )
    browser = Client()
    browser.force_login(manager.user)

    answer = press(browser, "choose", one_way.open_issue(), option="void_here")

    assert answer.status_code == 403
    invoice.refresh_from_db()
    assert invoice.status == "sent"
    assert open_kinds() == [Issue.Kind.DELETED_THERE]


# -- Conflicts and the history in words ------------------------------------------------------------


def test_a_conflict_over_lines_shows_them_as_people_read_them(books):
    invoice = linked(books)
    told = books.theirs(invoice)["Line"][:1]
    told[0]["SalesItemLineDetail"]["Qty"] = 6
    told[0]["Amount"] = 450
    books.act(invoice, "update", Line=told)
    line = invoice.lines.get()
    edit(
        books,
        invoice,
        lines=[
            LineInput(
                line_id=line.pk,
                service_item_id=line.service_item_id,
                quantity=Decimal(5),
                rate=Decimal(75),
            )
        ],
    )
    books.sync(feed=True)
    browser = browser_of(books)

    page = words(browser)

    assert "5 × 75.00 Mooring hour = 375.00" in page
    assert "6 × 75.00 Mooring hour = 450.00" in page
    assert "Lines here become 6 × 75.00 Mooring hour = 450.00" in page
    assert "{'" not in page


def test_the_activity_tells_of_an_invoice_in_words(books):
    invoice = sent(books)
    books.sync()
    entry = Activity.objects.get(entity="invoice", title="Created in QuickBooks")
    page = words(browser_of(books), reverse("integrations:activity_entry", args=[entry.id]))

    assert "4 × 75.00 Mooring hour = 300.00" in page
    assert "Quist Boats" in page
    assert "Nov 20, 2026" in page
    assert "Net 30" in page
    assert f">{invoice.contact_id}<" not in page
    assert "{'" not in page


def test_a_payment_in_the_activity_names_the_invoice_it_pays(books):
    invoice = linked(books)
    pay(books, invoice)
    books.sync()
    entry = Activity.objects.get(entity="payment", title="Created in QuickBooks")
    page = words(browser_of(books), reverse("integrations:activity_entry", args=[entry.id]))

    assert f"300.00 to invoice {invoice.number}" in page


# -- The number of queries -------------------------------------------------------------------------

KINDS_OF_INVOICES = [
    (Issue.Kind.TOTALS_DIFFER, {"local_total": "1", "remote_total": "2"}),
    (Issue.Kind.DUPLICATE_NUMBER, {"code": "6140"}),
    (Issue.Kind.DELETE_HELD, {}),
    (Issue.Kind.SET_UP, {"element": "ItemRef"}),
]


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 12])
def test_cards_of_invoices_take_the_same_queries_however_many(
    client: Client, firm, django_assert_max_num_queries, number
):
    connection = make_connection(firm)
    for _ in range(number):
        invoice = make_invoice(firm)
        payment = make_payment(invoice, "10.00")
        link = make_link(
            connection, entity="invoice", local_id=invoice.pk, label=invoice.number, state="linked"
        )
        blocked = make_link(connection, make_contact(firm), state="left_out")
        for kind, detail in KINDS_OF_INVOICES:
            make_issue(link, kind=kind, detail=detail)
        make_issue(link, kind=Issue.Kind.HELD, detail={"blocked_on": blocked.pk})
        theirs = make_link(connection, entity="payment", state="undecided", local_id=None)
        make_issue(
            theirs,
            kind=Issue.Kind.SAME_PAYMENT,
            detail={
                "candidates": [{"id": payment.pk, "label": str(payment), "dated_on": "2026-11-25"}]
            },
        )
    words(client)  # what is read once a process

    with django_assert_max_num_queries(40):
        words(client)


@pytest.mark.django_db
def test_who_may_only_look_sees_the_buttons_but_cannot_press_them(firm):
    connection = make_connection(firm)
    link = make_link(connection, entity="invoice", local_id=7, label="1047", state="linked")
    issue = make_issue(link, kind=Issue.Kind.DELETE_HELD, detail={})
    member = make_member(firm, role="Staff accountant", permissions=STAFF)
    browser = Client()
    browser.force_login(member.user)

    page = words(browser)

    assert 'aria-describedby="look-only">Void there</button>' in page
    assert press(browser, "choose", issue, option="leave").status_code == 403


@pytest.mark.django_db
def test_what_quickbooks_says_is_harmless_on_every_card(client: Client, firm):
    connection = make_connection(firm)
    hostile = "<script>alert(1)</script>"
    link = make_link(connection, entity="invoice", local_id=7, label=hostile, state="linked")
    line = {"kind": "item", "item": "theirs:9", "item_name": hostile, "amount": "1", "id": "1"}
    fields = [{"name": "lines", "label": "Lines", "local": [], "remote": [line]}]
    groups = [{"group": "money", "label": "Lines", "local": {}, "remote": {}, "fields": fields}]
    make_issue(link, kind=Issue.Kind.CONFLICT, detail={"groups": groups})
    payment = make_link(connection, entity="payment", state="undecided", local_id=9)
    make_issue(
        payment,
        kind=Issue.Kind.SAME_PAYMENT,
        detail={"candidates": [{"id": "5", "label": hostile, "dated_on": hostile}]},
    )

    page = client.get("/settings/integrations/qbo/").content.decode()

    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 3


def test_a_missing_income_account_leads_to_where_it_is_chosen(world):
    world.switch_billing_on(defaults={})
    make_item(world)
    world.sync()

    page = words(browser_of(world))

    assert f'href="{reverse("integrations:rules")}#id_income_account"' in page
    assert "Choose the income account" in page


def test_a_closed_period_leads_with_the_first_open_day_and_to_the_date(books):
    """We did not know yet that the books were closed."""
    invoice = linked(books)
    close_books_there(books, "2026-11-22")

    edit(books, invoice, issued_on=date(2026, 11, 21), due_on=date(2026, 12, 21))
    books.sync()

    page = words(browser_of(books))
    assert "closed up to Nov 22, 2026 in QuickBooks. The first open day is Nov 23, 2026." in page
    assert f'href="{reverse("billing:invoice_edit", args=[invoice.pk])}#id_issued_on"' in page


def test_what_is_said_of_a_service_item_speaks_of_no_contact(books):
    """Cards said customer and contact, whatever it was about."""
    taken = make_item(books, "Gardening")
    books.sync()

    page = words(browser_of(books))

    assert f"QuickBooks already has a product or service called {taken.name}." in page
    assert "Link to the existing product or service, or rename the service item." in page
    assert "Rename service item" in page
    assert "Rename contact" not in page


def test_another_firm_sees_no_issue_of_this_one(books):
    number_clash(books)
    other = make_firm()
    make_connection(other)
    browser = Client()
    browser.force_login(make_member(other).user)

    answer = press(browser, "choose", books.open_issue(), option="same_number")

    assert answer.status_code == 404
    assert timezone.now() >= books.open_issue().opened_at
