"""Invoices under the rules and preferences of a company: numbers, tax, discounts, closed books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Invoice
from billing.periods import PeriodClosed
from billing.services import invoices, payments, tax_rates
from billing.services.invoices import LineInput
from contacts import services
from firms.models import SyncMark
from integrations.models import Issue, TaxCode
from integrations.providers.quickbooks.mapping import MAPPINGS
from integrations.providers.quickbooks.values import json_ready
from integrations.reconcile.policy import Side
from integrations.sync import pairs, resolving, rule_changes, snapshots
from tests.integrations.sync.test_invoices import draft, edit, linked, make_item, pay, sent
from tests.world import World


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    world.read_company()
    return world


def open_kinds() -> list[str]:
    return list(Issue.objects.filter(state="open").values_list("kind", flat=True))


# -- Numbers (ledger rules 14 to 16) -------------------------------------------------------------


def test_with_custom_numbers_off_quickbooks_numbers_and_ours_stays(books: World):
    invoice = linked(books)

    assert books.theirs(invoice)["DocNumber"] == "1038"
    assert "DocNumber" not in books.quickbooks.writes[-1]["request"]
    assert Invoice.objects.get(pk=invoice.pk).number == invoice.number


def test_with_custom_numbers_on_ours_is_sent_and_one_typed_there_arrives(books: World):
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    invoice = linked(books)
    assert books.theirs(invoice)["DocNumber"] == invoice.number

    books.act(invoice, "update", DocNumber="B-77")
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert invoice.number == "B-77"


@pytest.mark.parametrize(
    ("option", "value", "number"),
    [("same_number", True, "1037"), ("number_there", "1037-B", "1037-B")],
)
def test_a_number_that_is_taken_there_is_for_a_person(books: World, option, value, number):
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    invoice = sent(books, number="1037")
    books.sync()
    issue = books.open_issue()
    assert issue.kind == Issue.Kind.DUPLICATE_NUMBER

    resolving.choose(actor=books.actor, issue=issue, option=option, value=value, now=books.now)
    books.sync()
    books.sync(feed=True)

    assert books.theirs(invoice)["DocNumber"] == number
    assert Invoice.objects.get(pk=invoice.pk).number == "1037"
    assert open_kinds() == []


def test_a_number_changed_later_that_is_taken_there_gets_another_there(books: World):
    """The choice did nothing for an invoice that was linked already."""
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    invoice = linked(books)
    edit(books, invoice, number="1037")
    books.sync()
    issue = books.open_issue()
    assert issue.kind == Issue.Kind.DUPLICATE_NUMBER

    resolving.choose(
        actor=books.actor, issue=issue, option="number_there", value="1037-B", now=books.now
    )
    books.sync()
    assert books.theirs(invoice)["DocNumber"] == "1037-B"
    writes = books.writes()
    books.act(invoice, "update", CustomerMemo={"value": "Hello"})
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.number, invoice.message) == ("1037", "Hello")
    assert books.writes() == writes
    assert open_kinds() == []


@pytest.mark.parametrize("is_rule", [False, True], ids=["preference", "rule"])
def test_old_pairs_keep_both_numbers_when_ours_begin_to_be_sent(books: World, is_rule):
    """Each of them became a conflict about its number."""
    if is_rule:
        books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
        books.switch_billing_on(number_rule="theirs")
    invoice = linked(books, number="INV-1")
    if is_rule:
        books.act(invoice, "update", DocNumber="B-7")
        books.sync(feed=True)
    there = books.theirs(invoice)["DocNumber"]

    if is_rule:
        books.switch_billing_on(number_rule="ours")
    else:
        books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)
    writes = books.writes()
    books.act(invoice, "update", CustomerMemo={"value": "Hello"})
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.number, books.theirs(invoice)["DocNumber"]) == ("INV-1", there)
    assert invoice.message == "Hello"
    assert books.writes() == writes
    assert open_kinds() == []


@pytest.mark.parametrize("is_here", [True, False])
def test_a_number_of_an_old_pair_flows_once_a_person_changes_it(books: World, is_here):
    invoice = linked(books, number="INV-1")
    books.prefer("SalesFormsPrefs", CustomTxnNumbers=True)

    if is_here:
        edit(books, invoice, number="INV-9")
    else:
        books.act(invoice, "update", DocNumber="INV-9")
    books.sync(feed=True)
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.number, books.theirs(invoice)["DocNumber"]) == ("INV-9", "INV-9")
    assert open_kinds() == []


# -- Tax (ledger rule 18) ------------------------------------------------------------------------


def taxed(
    world: World, percent: str = "8", *, is_mapped: bool = True, is_tax_exempt: bool = False
) -> Invoice:
    rate = tax_rates.create_tax_rate(
        actor=world.actor,
        name="California",
        parts=[tax_rates.Part(name="California", percent=Decimal(percent))],
        now=world.now,
    )
    if is_mapped:
        TaxCode.objects.create(
            connection=world.connection,
            firm=world.firm,
            remote_id="2",
            name="California",
            tax_rate_id=rate.pk,
            read_at=world.now,
        )
    contact = world.create("Quist Boats", is_tax_exempt=is_tax_exempt)
    item = make_item(world)
    line = LineInput(
        service_item_id=item.pk, quantity=Decimal(4), rate=Decimal(75), is_taxable=True
    )
    made = draft(world, contact, item, lines=[line], tax_rate_id=rate.pk)
    return invoices.mark_as_sent(actor=world.actor, invoice=made, now=world.now)


def test_a_mapped_rate_is_the_code_there_and_both_come_to_the_same(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True)
    invoice = taxed(books)

    books.sync()
    books.sync(feed=True)

    theirs = books.theirs(invoice)
    assert theirs["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] == "2"
    assert (theirs["TotalAmt"], invoice.total) == (324, Decimal("324.00"))
    assert open_kinds() == []


def test_a_rate_that_no_code_means_is_for_a_person_and_nothing_is_sent(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True)
    taxed(books, is_mapped=False)

    books.sync()

    assert open_kinds() == [Issue.Kind.SET_UP]
    assert "Invoice" not in books.quickbooks.counts()["creates"]


def test_a_cent_between_the_two_totals_is_an_issue_with_both(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True)
    invoice = taxed(books, "8.01")

    books.sync()
    books.sync(feed=True)

    issue = books.open_issue()
    assert issue.kind == Issue.Kind.TOTALS_DIFFER
    assert (issue.detail["local_total"], issue.detail["remote_total"]) == ("324.03", "324")
    assert Invoice.objects.get(pk=invoice.pk).total == Decimal("324.03")


def test_a_taxed_invoice_is_refused_where_sales_tax_is_off(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=False)
    taxed(books)

    books.sync()

    assert "switched off" in books.open_issue().sentence
    assert "Invoice" not in books.quickbooks.counts()["creates"]


def test_with_automated_tax_our_amount_is_sent(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True, PartnerTaxEnabled=True)
    taxed(books)

    books.sync()

    assert '"TxnTaxDetail":{"TotalTax":24.00}' in books.quickbooks.writes[-1]["request"]


# -- Terms (ledger rules 13, 39) -----------------------------------------------------------------


def test_terms_that_are_cleared_here_are_cleared_there(books: World):
    invoice = linked(books)
    assert books.theirs(invoice)["SalesTermRef"]["value"] == "3"

    edit(books, invoice, due_on=date(2026, 12, 31), term_days=None)
    books.sync()
    books.sync(feed=True)

    assert "SalesTermRef" not in books.theirs(invoice)
    assert books.theirs(invoice)["DueDate"] == "2026-12-31"
    assert open_kinds() == []


def test_terms_by_the_day_of_a_month_stay_there(books: World):
    fields = {"Name": "On the 15th", "Type": "DATE_DRIVEN", "DayOfMonthDue": 15}
    made = books.quickbooks.act("create", entity="Term", fields=fields)
    books.read_company(lists=True)
    invoice = linked(books)
    books.act(invoice, "update", SalesTermRef={"value": made["Id"]}, DueDate="2026-12-15")
    books.sync(feed=True)

    edit(books, invoice, due_on=date(2026, 12, 16))
    books.sync()

    assert books.theirs(invoice)["SalesTermRef"]["value"] == made["Id"]


def test_what_is_newer_than_the_lists_has_them_read_and_arrives(books: World):
    """It was taken for blank, and ours was wiped."""
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()
    method = books.quickbooks.act("create", entity="PaymentMethod", fields={"Name": "Wire"})
    term = books.quickbooks.act("create", entity="Term", fields={"Name": "Net 90", "DueDays": 90})
    reads = books.quickbooks.counts()["metered"]

    books.act(payment, "update", PaymentMethodRef={"value": method["Id"]})
    books.act(invoice, "update", SalesTermRef={"value": term["Id"]}, DueDate="2027-02-18")
    books.sync(feed=True)

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert payment.method == "Wire"
    assert (invoice.term_days, invoice.due_on) == (90, date(2027, 2, 18))
    assert books.quickbooks.counts()["metered"] == reads + 6  # the feed, and the lists once
    assert open_kinds() == []


def test_what_the_lists_do_not_tell_changes_nothing_here(books: World):
    payment = pay(books, linked(books))
    books.sync()
    method = books.quickbooks.act("create", entity="PaymentMethod", fields={"Name": "Wire"})
    books.quickbooks.fault("fault", operation="query", code="2010", status=400)

    books.act(payment, "update", PaymentMethodRef={"value": method["Id"]}, PaymentRefNum="77")
    books.sync(feed=True)

    payment.refresh_from_db()
    assert (payment.method, payment.reference) == ("Check", "77")


def test_a_tax_exempt_contact_is_not_taxable_there_and_the_other_way_round(books: World):
    contact = books.linked("Quist Boats")

    books.edit(contact, is_tax_exempt=True)
    books.sync()
    assert books.customer(contact)["Taxable"] is False
    books.edit_there(contact, Taxable=True)
    books.sync(feed=True)

    contact.refresh_from_db()
    assert contact.is_tax_exempt is False
    assert not Issue.objects.exists()


@pytest.mark.parametrize("is_automated", [False, True])
def test_an_invoice_of_a_tax_exempt_contact_goes_out_without_tax(books: World, is_automated: bool):
    books.prefer("TaxPrefs", UsingSalesTax=True, PartnerTaxEnabled=is_automated)
    invoice = taxed(books, is_tax_exempt=True)

    books.sync()
    books.sync(feed=True)

    theirs = books.theirs(invoice)
    assert (invoice.tax_rate_id, invoice.total, theirs["TotalAmt"]) == (None, 300, 300)
    assert theirs["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "NON"
    assert not theirs["TxnTaxDetail"].get("TxnTaxCodeRef")
    assert open_kinds() == []


def test_an_invoice_that_exists_keeps_its_tax_when_its_contact_becomes_exempt(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True)
    invoice = taxed(books)
    books.sync()

    books.edit(invoice.contact, is_tax_exempt=True)
    books.sync()
    edit(books, invoice, message="Thank you")
    books.sync()
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.total, books.theirs(invoice)["TotalAmt"]) == (Decimal("324.00"), 324)
    assert open_kinds() == []


def test_quickbooks_tax_stands_on_an_invoice_made_there_for_a_tax_exempt_contact(books: World):
    books.prefer("TaxPrefs", UsingSalesTax=True)
    contact = books.linked("Quist Boats", is_tax_exempt=True)
    detail = {"ItemRef": {"value": "6"}, "TaxCodeRef": {"value": "TAX"}}
    line = {"Amount": 300, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    books.quickbooks.act(
        "create",
        entity="Invoice",
        fields={
            "CustomerRef": {"value": books.link(contact).remote_id},
            "Line": [line],
            "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "2"}},
        },
    )

    books.sync(feed=True)

    assert (Invoice.objects.get().tax, Invoice.objects.get().total) == (24, 324)
    assert open_kinds() == []


# -- PO numbers, and terms that go out (ledger rule 39) -----------------------------------------


@pytest.mark.parametrize(
    ("days", "term"),
    [
        (30, "Net 30"),
        (0, "Due on receipt"),
        (90, "Net 90"),  # by its name, where two have these days
        (45, "Late"),  # by its days alone
        (20, None),  # none fits
    ],
)
def test_terms_match_by_days_then_by_name_and_none_is_made(
    books: World, days: int, term: str | None
):
    for name, due in (("A quarter", 90), ("Net 90", 90), ("Late", 45)):
        books.quickbooks.act("create", entity="Term", fields={"Name": name, "DueDays": due})
    rule_changes.read_lists(actor=books.actor, connection=books.connection, now=books.now)
    terms = {each["Id"]: each["Name"] for each in books.quickbooks.objects("Term")}
    invoice = sent(books, term_days=days)

    books.sync()

    theirs = books.theirs(invoice)
    assert terms.get((theirs.get("SalesTermRef") or {}).get("value", "")) == term
    assert theirs["DueDate"] == invoice.due_on.isoformat()
    assert len(books.quickbooks.objects("Term")) == len(terms)
    assert open_kinds() == []


def name_custom_fields(books: World, *names: str) -> None:
    """The fields 1 to 3 of sales forms; "" for one that is not in use."""
    prefix = "SalesFormsPrefs."
    uses = [
        {"Name": f"{prefix}UseSalesCustom{n}", "Type": "BooleanType", "BooleanValue": bool(name)}
        for n, name in enumerate(names, start=1)
    ]
    called = [
        {"Name": f"{prefix}SalesCustomName{n}", "Type": "StringType", "StringValue": name}
        for n, name in enumerate(names, start=1)
        if name
    ]
    books.prefer("SalesFormsPrefs", CustomField=[{"CustomField": uses}, {"CustomField": called}])


def test_a_po_number_goes_into_the_custom_field_that_is_named_for_it(books: World):
    """It went into the second field where the first was not in use, which is refused."""
    name_custom_fields(books, "", "Crew", "P.O. Number")
    invoice = sent(books, po_number="TB-7")

    books.sync()
    fields = {each["Name"]: each.get("StringValue") for each in custom_fields(books, invoice)}
    assert fields == {"Crew": None, "P.O. Number": "TB-7"}
    field = {"DefinitionId": "3", "Type": "StringType", "StringValue": "TB-8"}
    books.act(invoice, "update", CustomField=[field])
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert invoice.po_number == "TB-8"
    assert open_kinds() == []


def test_a_po_number_stays_here_where_no_custom_field_is_named_for_it(books: World):
    name_custom_fields(books, "Crew #", "Depot")
    invoice = sent(books, po_number="TB-7")

    books.sync()
    books.sync(feed=True)

    assert not any(each.get("StringValue") for each in custom_fields(books, invoice))
    assert Invoice.objects.get().po_number == "TB-7"
    assert open_kinds() == []


def custom_fields(books: World, invoice: Invoice) -> list[dict[str, Any]]:
    return list(books.theirs(invoice).get("CustomField") or [])


# -- Notes (ledger rule 11) ----------------------------------------------------------------------


def rule(books: World, **values: Any) -> None:
    rule_changes.set_rules(actor=books.actor, connection=books.connection, now=books.now, **values)
    books.sync()


def test_private_notes_go_nowhere_unless_a_rule_says_so(books: World):
    invoice = linked(books, private_note="Never pays in time")
    books.act(invoice, "update", PrivateNote="Statement of May")
    books.sync(feed=True)
    assert books.theirs(invoice)["PrivateNote"] == "Statement of May"
    assert Invoice.objects.get().private_note == "Never pays in time"

    rule(books, syncs_private_notes=True)
    edit(books, invoice, private_note="Ask Nora")
    books.sync()
    decide_for_ours(books, "private_note")
    assert books.theirs(invoice)["PrivateNote"] == "Ask Nora"
    books.act(invoice, "update", PrivateNote="Nora said yes")
    books.sync(feed=True)
    assert Invoice.objects.get().private_note == "Nora said yes"

    rule(books, syncs_private_notes=False)
    edit(books, invoice, private_note="Only for us")
    books.sync()
    books.act(invoice, "update", PrivateNote="Only for them")
    books.sync(feed=True)
    assert books.theirs(invoice)["PrivateNote"] == "Only for them"
    assert Invoice.objects.get().private_note == "Only for us"
    assert open_kinds() == []


def test_the_notes_of_contacts_go_nowhere_unless_a_rule_says_so(books: World):
    contact = books.linked("Quist Boats", notes="Never pays in time")
    assert "Notes" not in books.customer(contact)
    books.edit_there(contact, Notes="Owner: Nora")
    books.sync(feed=True)
    contact.refresh_from_db()
    assert contact.notes == "Never pays in time"

    rule(books, syncs_notes=True)
    books.edit(contact, notes="Ask Nora")
    books.sync()
    decide_for_ours(books, "notes")
    assert books.customer(contact)["Notes"] == "Ask Nora"
    books.edit_there(contact, Notes="Nora said yes")
    books.sync(feed=True)
    contact.refresh_from_db()
    assert contact.notes == "Nora said yes"

    rule(books, syncs_notes=False)
    books.edit(contact, notes="Only for us")
    books.sync()
    books.edit_there(contact, Notes="Only for them")
    books.sync(feed=True)
    contact.refresh_from_db()
    assert (contact.notes, books.customer(contact)["Notes"]) == ("Only for us", "Only for them")
    assert open_kinds() == []


def decide_for_ours(books: World, group: str) -> None:
    """The two differed when the rule was switched on: a person says which stays."""
    issue = books.open_issue()
    resolving.decide(actor=books.actor, issue=issue, keep={group: Side.LOCAL}, now=books.now)
    books.sync(after=60)


# -- Discounts (ledger rule 19) ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("discount", "total"),
    [
        ({"discount_percent": Decimal(10)}, 270),
        ({"discount_amount": Decimal("12.50")}, Decimal("287.50")),
    ],
)
def test_a_discount_is_the_same_on_both_sides_and_goes_again(books: World, discount, total):
    invoice = linked(books, **discount)
    assert books.theirs(invoice)["TotalAmt"] == float(total)
    books.sync(feed=True)

    edit(books, invoice, **dict.fromkeys(discount))
    books.sync()
    books.sync(feed=True)

    assert books.theirs(invoice)["TotalAmt"] == 300
    assert Invoice.objects.get(pk=invoice.pk).total == 300
    assert open_kinds() == []


def test_a_discount_is_refused_where_they_are_off(books: World):
    books.prefer("SalesFormsPrefs", AllowDiscount=False)
    sent(books, discount_percent=Decimal(10))

    books.sync()

    assert open_kinds() == [Issue.Kind.SET_UP]
    assert "Invoice" not in books.quickbooks.counts()["creates"]


# -- Closed books (ledger rule 26) ---------------------------------------------------------------


def test_a_date_in_closed_books_is_refused_at_save_with_the_first_open_day(books: World):
    made = draft(books, books.create("Quist Boats"), make_item(books))
    books.prefer("AccountingInfoPrefs", BookCloseDate="2026-11-22")

    with pytest.raises(PeriodClosed, match="first open day is Nov 23, 2026"):
        invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)


def test_a_closing_date_in_the_future_counts_too(books: World):
    books.prefer("AccountingInfoPrefs", BookCloseDate="2027-12-31")
    made = draft(books, books.create("Quist Boats"), make_item(books))

    with pytest.raises(PeriodClosed, match="Jan 1, 2028"):
        invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)


def test_a_void_that_closed_books_refuse_is_no_void(books: World):
    """We did not know yet: the closing date was set a moment ago."""
    invoice = linked(books)
    fields = {"AccountingInfoPrefs": {"BookCloseDate": "2026-11-22"}}
    books.quickbooks.act("update", "1", entity="Preferences", fields=fields)
    invoice.refresh_from_db()

    invoices.void_invoice(actor=books.actor, invoice=invoice, now=books.now)
    books.sync()

    invoice.refresh_from_db()
    assert (invoice.status, invoice.voided_by) == ("sent", "")
    assert open_kinds() == [Issue.Kind.PERIOD_CLOSED]
    books.sync()
    assert open_kinds() == [Issue.Kind.PERIOD_CLOSED]

    fields = {"AccountingInfoPrefs": {"BookCloseDate": ""}}
    books.quickbooks.act("update", "1", entity="Preferences", fields=fields)
    resolving.retry(actor=books.actor, issue=books.open_issue(), now=books.now)
    books.sync()
    invoice.refresh_from_db()
    assert (invoice.status, books.theirs(invoice)["TotalAmt"]) == ("void", 0)
    assert open_kinds() == []


# -- Deposits (ledger rule 22) -------------------------------------------------------------------


def test_a_deposited_payment_is_locked_here_before_anyone_presses_void(books: World):
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()
    books.quickbooks.act(
        "make_deposit",
        entity="Deposit",
        fields={"payments": [books.link_of(payment).remote_id], "account": "35"},
    )
    books.sync(feed=True)

    payment.refresh_from_db()
    assert "bank deposit" in payment.lock_reason


def test_voiding_a_payment_that_was_just_deposited_is_taken_back(books: World):
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()
    books.quickbooks.act(
        "make_deposit",
        entity="Deposit",
        fields={"payments": [books.link_of(payment).remote_id], "account": "35"},
    )
    payment.refresh_from_db()
    payments.void_payment(
        actor=books.actor, payment=payment, version=payment.version, now=books.now
    )

    books.sync()

    payment.refresh_from_db()
    assert payment.is_void is False
    assert open_kinds() != []


# -- Ends against edits --------------------------------------------------------------------------


def test_deleted_there_while_edited_here_is_a_conflict_and_is_not_made_again(books: World):
    invoice = linked(books)
    books.act(invoice, "delete")
    edit(books, invoice, due_on=date(2026, 12, 31), term_days=None)
    books.sync(feed=True)
    books.sync()

    issue = books.open_issue()
    assert issue.kind == Issue.Kind.CONFLICT
    resolving.decide(actor=books.actor, issue=issue, keep={"life": Side.REMOTE}, now=books.now)
    books.sync(after=11)

    invoice.refresh_from_db()
    assert invoice.voided_by == "books_delete"
    assert books.quickbooks.counts()["creates"]["Invoice"] == 1


def test_a_payment_changed_there_changes_here(books: World):
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()
    told = books.theirs(payment)
    line = {"Amount": 100, "LinkedTxn": told["Line"][0]["LinkedTxn"]}

    books.act(payment, "update", TotalAmt=120, Line=[line], PaymentRefNum="77")
    books.sync(feed=True)

    payment.refresh_from_db()
    assert (payment.amount, payment.reference) == (Decimal(120), "77")
    assert payment.parts.get().amount == 100


def test_a_long_reference_goes_whole_into_the_memo(books: World):
    payment = pay(books, linked(books), reference="Wire 2026-11-25 from the harbour office")

    books.sync()
    books.sync(feed=True)

    assert books.theirs(payment)["PrivateNote"] == payment.reference
    payment.refresh_from_db()
    assert payment.reference == "Wire 2026-11-25 from the harbour office"


def test_a_method_unknown_there_is_sent_blank_and_stays_here(books: World):
    payment = pay(books, linked(books), method="Barter")

    books.sync()
    books.sync(feed=True)

    assert "PaymentMethodRef" not in books.theirs(payment)
    payment.refresh_from_db()
    assert payment.method == "Barter"


# -- What we do not model ------------------------------------------------------------------------


def test_a_thousand_lines_go_there_and_one_edit_keeps_all_their_ids(books: World):
    item = make_item(books)
    line = LineInput(service_item_id=item.pk, quantity=Decimal(1), rate=Decimal("0.01"))
    many = [replace(line, description=f"Hour {n}") for n in range(1000)]
    made = draft(books, books.create("Quist Boats"), item, lines=many)
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()
    before = [each.get("Id") for each in books.theirs(invoice)["Line"]]

    again = [
        replace(line, line_id=row.pk, description="First" if place == 0 else row.description)
        for place, row in enumerate(invoice.lines.all())
    ]
    edit(books, invoice, lines=again)
    books.sync()

    after = books.theirs(invoice)["Line"]
    assert [each.get("Id") for each in after] == before
    assert (after[0]["Description"], books.theirs(invoice)["TotalAmt"]) == ("First", 10)


def test_a_line_whose_item_does_not_sync_holds_the_invoice(books: World):
    from integrations.models import Link

    item = make_item(books)
    Link.objects.create(
        connection=books.connection,
        firm=books.firm,
        entity="service_item",
        local_id=item.pk,
        label=item.name,
        state=Link.State.LEFT_OUT,
    )
    made = draft(books, books.create("Quist Boats"), item)
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)

    books.sync()
    books.sync()

    issue = books.open_issue()
    assert (issue.kind, issue.link.local_id) == (Issue.Kind.HELD, invoice.pk)
    mark = SyncMark.objects.get(entity="invoice", local_id=invoice.pk)
    assert mark.state == "failed"  # it said Queued, though nothing would move it but a person
    resolving.choose(actor=books.actor, issue=issue, option="default_items", now=books.now)
    books.sync()
    told: dict[str, Any] = books.theirs(invoice)["Line"][0]["SalesItemLineDetail"]
    assert told["ItemRef"]["value"] == "6"
    mark.refresh_from_db()
    assert mark.state == "synced"


def test_only_lines_whose_item_does_not_sync_go_on_the_default_service(books: World):
    """All lines went, and what was sold was lost there."""
    from integrations.models import Link

    linked_item, held = make_item(books), make_item(books, "Dock fee")
    default = make_item(books, "Gardening")
    for item, there in ((held, None), (default, "6")):
        Link.objects.create(
            connection=books.connection,
            firm=books.firm,
            entity="service_item",
            local_id=item.pk,
            remote_id=there,
            label=item.name,
            state=Link.State.LINKED if there else Link.State.LEFT_OUT,
        )
    lines = [
        LineInput(service_item_id=item.pk, quantity=Decimal(1), rate=Decimal(75))
        for item in (linked_item, held, default)
    ]
    made = draft(books, books.create("Quist Boats"), linked_item, lines=lines)
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()

    issue = books.open_issue()
    resolving.choose(actor=books.actor, issue=issue, option="default_items", now=books.now)
    books.sync()
    books.sync(feed=True)

    def items_there() -> list[str]:
        told = [each.get("SalesItemLineDetail") for each in books.theirs(invoice)["Line"]]
        return [each["ItemRef"]["name"] for each in told if each]

    assert items_there() == ["Mooring hour", "Gardening", "Gardening"]
    writes = books.writes()
    told = books.theirs(invoice)["Line"][:3]
    more = {**told[0], "Id": None, "Description": "One more"}
    books.act(invoice, "update", Line=[*told, {k: v for k, v in more.items() if k != "Id"}])
    books.sync(feed=True)
    ours = list(invoice.lines.order_by("position").values_list("service_item_id", flat=True))
    assert ours == [linked_item.pk, held.pk, default.pk, linked_item.pk]
    assert books.writes() == writes
    assert open_kinds() == []


# -- Bounded harm (P16) --------------------------------------------------------------------------


def test_a_ledger_that_empties_there_does_not_empty_ours(books: World):
    contact, item = books.create("Quist Boats"), make_item(books)
    made = [draft(books, contact, item) for _ in range(24)]
    for each in made:
        invoices.mark_as_sent(actor=books.actor, invoice=each, now=books.now)
    books.sync()
    for each in made:
        books.act(each, "delete")

    books.sync(feed=True)

    books.connection.refresh_from_db()
    assert "stopped" in books.connection.held_reason
    assert Invoice.objects.filter(status="void").count() == 20
    assert Invoice.objects.filter(status="sent").count() == 4


def test_a_discount_taken_off_there_while_edited_here_is_off_here_once_decided(books: World):
    discounted = {"discount_percent": Decimal(10), "is_discount_before_tax": True}
    invoice = linked(books, **discounted)
    told = books.theirs(invoice)["Line"]
    line = next(each for each in told if each["DetailType"] == "SalesItemLineDetail")
    row = invoice.lines.get()
    again = LineInput(
        line_id=row.pk, service_item_id=row.service_item_id, description="Edited here",
        quantity=row.quantity, rate=row.rate,
    )  # fmt: skip
    edit(books, invoice, lines=[again])
    books.act(invoice, "update", Line=[{**line, "Description": "Edited there"}])
    books.sync(feed=True)
    issue = Issue.objects.get(kind=Issue.Kind.CONFLICT, state="open")

    resolving.decide(actor=books.actor, issue=issue, keep={"money": Side.REMOTE}, now=books.now)
    books.sync(after=12)
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert (invoice.discount, invoice.total) == (0, 300)
    assert not Issue.objects.filter(state="open").exists()


def test_archiving_a_contact_who_owes_is_held_and_the_open_invoices_are_named(books: World):
    invoice = linked(books)
    books.sync(feed=True)
    contact = invoice.contact

    services.archive_contact(actor=books.actor, contact=contact, now=books.now)
    books.sync()

    issue = Issue.objects.get(kind=Issue.Kind.HAS_BALANCE, state="open")
    assert issue.sentence.endswith(f"Open here: {invoice.number}.")


def test_an_invoice_in_another_currency_comes_in_locked_and_is_never_sent(books: World):
    books.prefer("CurrencyPrefs", MultiCurrencyEnabled=True)
    books.quickbooks.act("create", entity="CompanyCurrency", fields={"Code": "EUR", "Name": "Euro"})
    made = books.quickbooks.create("Quist Harbour", CurrencyRef={"value": "EUR"})
    line = {
        "Amount": 100,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    fields = {
        "CustomerRef": {"value": made["Id"]},
        "CurrencyRef": {"value": "EUR"},
        "ExchangeRate": 1.1,
        "Line": [line],
    }
    books.quickbooks.act("create", entity="Invoice", fields=fields)
    books.sync(feed=True)
    books.sync(feed=True)
    invoice = Invoice.objects.get()
    writes = books.writes()

    assert (invoice.currency, invoice.total) == ("EUR", 100)
    assert "EUR" in invoice.lock_reason
    edit(books, invoice, due_on=date(2027, 2, 1), term_days=None)
    books.sync()
    assert books.writes() == writes


def test_of_a_company_outside_the_us_contacts_and_items_sync_and_invoices_do_not(books: World):
    facts = {**books.connection.company_facts, "country": "CA"}
    type(books.connection).objects.filter(pk=books.connection.pk).update(company_facts=facts)
    books.connection.refresh_from_db()
    invoice = sent(books)

    books.sync()

    creates = books.quickbooks.counts()["creates"]
    assert (creates.get("Customer"), creates.get("Item"), creates.get("Invoice")) == (1, 1, None)
    assert books.link_of(invoice).remote_id is None
    assert open_kinds() == []


# -- What a reviewer broke -----------------------------------------------------------------------


def test_a_refused_void_waits_for_its_own_retry_and_for_no_other(books: World):
    """An unrelated Retry all voided it months later."""
    invoice = linked(books)
    fields = {"AccountingInfoPrefs": {"BookCloseDate": "2026-11-22"}}
    books.quickbooks.act("update", "1", entity="Preferences", fields=fields)
    invoice.refresh_from_db()
    invoices.void_invoice(actor=books.actor, invoice=invoice, now=books.now)
    books.sync()
    books.act(invoice, "update", CustomerMemo={"value": "Looked at again"})
    books.sync(feed=True)
    issue = Issue.objects.get(kind=Issue.Kind.PERIOD_CLOSED)
    assert issue.state == Issue.State.OPEN  # a look at something else mended nothing

    resolving.ignore(actor=books.actor, issue=issue, reason="It stands", now=books.now)
    resolving.retry_all(actor=books.actor, connection=books.connection, now=books.now)
    books.sync()

    invoice.refresh_from_db()
    assert invoice.status == "sent"


def test_ids_of_lines_are_not_put_on_other_lines_while_both_differ(books: World):
    """By their place, one line went out on what was kept of another."""
    invoice = linked(books)
    row = invoice.lines.get()
    ours = LineInput(
        line_id=row.pk,
        service_item_id=row.service_item_id,
        description="Ours",
        quantity=row.quantity,
        rate=row.rate,
    )
    first = LineInput(service_item_id=row.service_item_id, quantity=Decimal(1), rate=Decimal(9))
    edit(books, invoice, lines=[first, ours])
    told = books.theirs(invoice)["Line"][0]
    books.act(invoice, "update", Line=[{**told, "Description": "Theirs"}])

    books.sync(feed=True)

    assert open_kinds() == [Issue.Kind.CONFLICT]
    ids = list(invoice.lines.order_by("position").values_list("books_id", flat=True))
    assert ids == ["", told["Id"]]


def test_under_automated_tax_an_edit_there_keeps_our_rate(books: World):
    """The rate was lost, and the next edit here made the tax nothing on both sides."""
    books.prefer("TaxPrefs", UsingSalesTax=True, PartnerTaxEnabled=True)
    invoice = taxed(books)
    books.sync()
    told = books.theirs(invoice)["Line"][0]

    books.act(invoice, "update", Line=[{**told, "Description": "Edited there"}])
    books.sync(feed=True)

    invoice.refresh_from_db()
    assert invoice.tax_rate is not None
    assert invoice.lines.get().description == "Edited there"


def test_a_payment_set_to_nothing_there_is_no_fault_of_ours(books: World):
    invoice = linked(books)
    payment = pay(books, invoice)
    books.sync()

    books.act(payment, "update", TotalAmt=0, Line=[])
    books.sync(feed=True)

    assert Issue.Kind.INTERNAL not in open_kinds()


def test_an_older_version_that_is_told_late_compares_no_totals(books: World):
    """It opened "Totals differ", which nothing but another look at the newest could close."""
    invoice = linked(books)
    link = books.link_of(invoice)
    old = json_ready(books.theirs(invoice))
    row = invoice.lines.get()
    more = LineInput(
        line_id=row.pk, service_item_id=row.service_item_id, quantity=Decimal(5), rate=row.rate
    )
    edit(books, invoice, lines=[more])
    books.sync()
    late = MAPPINGS["invoice"].snapshot(old)
    snapshots.remember(books.connection, [late], now=books.now)
    pairs.wake(type(link).objects.filter(pk=link.pk), now=books.now)

    books.sync()

    assert open_kinds() == []
