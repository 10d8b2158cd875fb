"""Invoices are written by services only: one transaction, one version, one event."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction

from billing import events
from billing.licence import NotLicensed
from billing.models import Invoice, InvoiceCredit, Payment, PaymentPart
from billing.queries import with_unapplied
from billing.services import invoices as services
from billing.services import service_items, tax_rates
from contacts import services as contact_services
from firms.models import Licence
from firms.permissions import VIEWER, Actor, NotAllowed, Permission, WrongFirm
from tests.factories import (
    NOW,
    make_actor,
    make_contact,
    make_firm,
    make_invoice,
    make_line,
    make_service_item,
    make_tax_rate,
)

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
errors = services.errors


def create(actor, form_key=None, **values):
    if "contact_id" not in values:
        values["contact_id"] = make_contact(firm_of(actor)).pk
    defaults = {"issued_on": date(2026, 11, 20), "term_days": 30, "lines": [make_line()]}
    return services.create_draft(
        actor=actor, values={**defaults, **values}, form_key=form_key, now=NOW
    )


def update(actor, invoice, version=None, **changes):
    return services.update_invoice(
        actor=actor,
        invoice=invoice,
        version=version or Invoice.objects.get(pk=invoice.pk).version,
        changes=changes,
        now=LATER,
    )


def firm_of(actor):
    return Invoice._meta.get_field("firm").related_model.objects.get(pk=actor.firm_id)


def pay(invoice, amount, **fields):
    """A payment of `amount` to the invoice, and nothing else."""
    payment = Payment.objects.create(
        firm_id=invoice.firm_id,
        contact_id=invoice.contact_id,
        received_on=date(2026, 11, 21),
        amount=fields.pop("received", D(amount)),
        created_at=NOW,
        updated_at=NOW,
        **fields,
    )
    PaymentPart.objects.create(payment=payment, position=1, invoice=invoice, amount=D(amount))
    return payment


def sums(invoice):
    invoice.refresh_from_db()
    return invoice.subtotal, invoice.discount, invoice.tax, invoice.total


def inputs_of(invoice):
    """Its lines as the form gives them back."""
    return [
        services.LineInput(
            line_id=line.pk,
            kind=line.kind,
            service_item_id=line.service_item_id,
            description=line.description,
            served_on=line.served_on,
            quantity=line.quantity,
            rate=line.rate,
            amount=line.amount,
            is_taxable=line.is_taxable,
        )
        for line in invoice.lines.all()
    ]


# -- A draft ---------------------------------------------------------------------------------------
def test_a_draft_keeps_what_it_was_given_and_is_told_of(firm, actor, heard):
    contact, item = make_contact(firm), make_service_item(firm, name="Advice")
    rate = make_tax_rate(firm, "2", "6.7")
    line = make_line(
        service_item_id=item.pk,
        description="Loan review",
        served_on=date(2026, 11, 1),
        quantity=D("1.5"),
        rate=D("99.9999999"),
        is_taxable=True,
    )
    values = {
        "contact_id": contact.pk,
        "number": "A-1",
        "po_number": "TB-2291",
        "issued_on": date(2026, 11, 20),
        "term_days": 15,
        "discount_percent": D(10),
        "discount_amount": None,
        "is_discount_before_tax": True,
        "tax_rate_id": rate.pk,
        "message": "Thank you",
        "private_note": "Ask again",
    }

    made = create(actor, **values, lines=[line, make_line(kind="text", description="Note")])

    made.refresh_from_db()
    assert services.values_of(made) == {**values, "due_on": date(2026, 12, 5)}
    assert (made.status, made.origin, made.currency, made.version) == ("draft", "here", "USD", 1)
    first, second = made.lines.all()
    assert (first.item_name, first.served_on, first.amount) == ("Advice", line.served_on, D(150))
    assert (second.kind, second.description, second.amount) == ("text", "Note", None)
    assert sums(made) == (D(150), D(15), D("11.75"), D("146.75"))
    assert list(made.taxes.values_list("name", "percent", "base", "amount")) == [
        ("Part 1", D(2), D(135), D("2.70")),
        ("Part 2", D("6.7"), D(135), D("9.05")),
    ]
    assert heard == [(made.pk, 1, actor.label)]


def test_the_event_is_part_of_the_transaction(actor):
    def fail(**facts):
        raise RuntimeError("The outbox is full.")

    events.invoice_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            create(actor)
    finally:
        events.invoice_changed.disconnect(fail)

    assert not Invoice.objects.exists()


def test_a_due_date_of_its_own_has_no_terms(actor):
    made = create(actor, term_days=None, due_on=date(2026, 11, 20))

    assert (made.term_days, made.due_on) == (None, date(2026, 11, 20))


def test_with_terms_the_due_date_follows_the_issue_date(actor):
    made = create(actor, term_days=10)

    assert update(actor, made, issued_on=date(2026, 2, 25)).due_on == date(2026, 3, 7)
    assert update(actor, made, term_days=0).due_on == date(2026, 2, 25)


def test_a_double_click_makes_one_invoice(actor, heard):
    key = uuid4()

    first, second = create(actor, form_key=key), create(actor, form_key=key, po_number="Other")

    assert (first.pk, second.po_number) == (second.pk, "")
    assert (Invoice.objects.count(), len(heard)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_invoice(actor):
    key, made = uuid4(), []
    contact = make_contact(firm_of(actor))

    def click():
        try:
            made.append(create(actor, form_key=key, contact_id=contact.pk))
        finally:
            connection.close()

    other = Thread(target=click)
    with transaction.atomic():
        first = create(actor, form_key=key, contact_id=contact.pk)
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()  # it waits until the first is saved
    other.join(timeout=10)

    assert [each.pk for each in made] == [first.pk]


def test_a_draft_can_be_deleted_and_then_its_number_is_free(actor):
    draft = create(actor, number="A-1")

    services.delete_draft(actor=actor, invoice=draft)

    assert create(actor, number="a-1").number == "a-1"


def test_what_was_sent_is_never_deleted(firm, actor):
    sent = make_invoice(firm)

    with pytest.raises(errors.InvoiceNotDraft, match="Void it instead"):
        services.delete_draft(actor=actor, invoice=sent)

    assert Invoice.objects.filter(pk=sent.pk).exists()


# -- Edits -----------------------------------------------------------------------------------------
def test_an_edit_of_the_version_that_was_seen_raises_it_once(actor, heard):
    draft = create(actor)

    changed = update(actor, draft, version=1, message="New", lines=[make_line(rate=D(80))])

    assert (changed.version, changed.message, changed.total) == (2, "New", D(160))
    assert changed.updated_at == LATER
    assert [each[1] for each in heard] == [1, 2]


def test_of_two_people_the_second_is_refused_and_sees_the_invoice_as_it_is_now(actor):
    draft = create(actor)
    update(actor, draft, version=1, message="First")

    with pytest.raises(services.InvoiceChanged, match="somebody else") as caught:
        update(actor, draft, version=1, message="Second")

    assert (caught.value.invoice.message, caught.value.invoice.version) == ("First", 2)


def test_an_edit_that_changes_nothing_raises_no_version_and_tells_nobody(actor, heard):
    draft = create(actor)

    same = update(actor, draft, po_number="", lines=inputs_of(draft), term_days=30)

    assert (same.version, len(heard)) == (1, 1)


def test_lines_are_added_removed_and_moved(actor):
    draft = create(actor, lines=[make_line(description=name) for name in "abc"])
    a, b, c = inputs_of(draft)

    update(actor, draft, lines=[c, make_line(description="new"), replace(a, description="A")])

    lines = draft.lines.all()
    assert [line.description for line in lines] == ["c", "new", "A"]
    assert [line.position for line in lines] == [1, 2, 3]
    assert (lines[0].pk, lines[2].pk) == (c.line_id, a.line_id)
    assert b.line_id not in {line.pk for line in lines}


def test_a_thousand_lines_are_saved_and_changed_with_few_queries(
    actor, django_assert_max_num_queries
):
    lines = [make_line(description=str(number), rate=D("0.01")) for number in range(1000)]

    with django_assert_max_num_queries(30):
        draft = create(actor, lines=lines)
    assert (draft.total, draft.lines.count()) == (D(20), 1000)

    with django_assert_max_num_queries(40):
        update(actor, draft, lines=inputs_of(draft)[::-1])
    assert draft.lines.first().description == "999"


def test_more_lines_than_quickbooks_holds_are_refused(actor):
    with pytest.raises(errors.TooManyLines, match="at most 10,000 lines; these are 10,001"):
        create(actor, lines=[make_line()] * 10_001)


def test_a_line_of_another_invoice_is_not_continued(actor):
    other = create(actor)
    draft = create(actor)

    update(actor, draft, lines=inputs_of(other))

    assert other.lines.count() == draft.lines.count() == 1
    assert draft.lines.get().pk != other.lines.get().pk


# -- Amounts (17, 18, 19) --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("quantity", "rate", "amount"),
    [
        (D("128.350"), D("14.50"), D("1861.08")),
        (D("0.3333333"), D("0.0150000"), D("0.00")),
        (D(1), D("0.005"), D("0.01")),
        (D(0), D(75), D(0)),
    ],
)
def test_an_amount_is_quantity_times_rate_half_up_to_the_cent(actor, quantity, rate, amount):
    made = create(actor, lines=[make_line(quantity=quantity, rate=rate)])

    line = made.lines.get()
    assert (line.quantity, line.rate, line.amount) == (quantity, rate, amount)
    assert made.total == amount


def test_a_negative_line_is_allowed_and_a_total_below_0_is_not(actor):
    credit = make_line(quantity=D(-1), rate=D(100))

    assert create(actor, lines=[make_line(), credit]).total == D(50)
    with pytest.raises(errors.TotalNotPossible, match="that is a credit; make it in QuickBooks"):
        create(actor, lines=[make_line(), credit, credit])


def test_a_line_of_an_amount_alone_keeps_it_until_quantity_and_rate_are_typed(actor):
    draft = create(actor, lines=[make_line(quantity=None, rate=None, amount=D("12.34"))])
    (line,) = inputs_of(draft)

    update(actor, draft, lines=[replace(line, amount=D(20))])
    assert draft.lines.get().amount == D(20)

    update(actor, draft, lines=[replace(line, quantity=D(3), rate=D(5))])
    assert draft.lines.get().amount == D(15)


def test_an_items_new_name_and_rate_never_change_a_line(firm, actor):
    item = make_service_item(firm, name="Old", rate=D(75))
    draft = create(actor, lines=[make_line(service_item_id=item.pk)])
    service_items.update_service_item(
        actor=actor, item=item, version=1, changes={"name": "New", "rate": D(90)}, now=NOW
    )

    (line,) = inputs_of(draft)
    update(actor, draft, lines=[replace(line, description="Edited")])

    kept = draft.lines.get()
    assert (kept.item_name, kept.rate, kept.amount) == ("Old", D(75), D(150))


@pytest.mark.parametrize(("before_tax", "tax"), [(True, D("8.70")), (False, D("17.40"))])
def test_a_discount_before_tax_lowers_what_is_taxed(firm, actor, before_tax, tax):
    made = create(
        actor,
        lines=[make_line(quantity=D(2), rate=D(100), is_taxable=True)],
        tax_rate_id=make_tax_rate(firm, "8.7").pk,
        discount_amount=D(100),
        is_discount_before_tax=before_tax,
    )

    assert sums(made) == (D(200), D(100), tax, D(100) + tax)


def test_a_tax_exempt_contact_pays_no_tax_whatever_rate_is_named(firm, actor):
    contact, rate = make_contact(firm, is_tax_exempt=True), make_tax_rate(firm, "10")
    line = make_line(is_taxable=True)
    wanted = {"contact_id": contact.pk, "tax_rate_id": rate.pk, "lines": [line]}

    shown = services.preview(actor=actor, values=wanted).invoice
    made = create(actor, **wanted)

    assert (shown.tax, shown.total) == (made.tax, made.total) == (0, 150)
    assert made.tax_rate_id is None
    assert update(actor, made, tax_rate_id=rate.pk).tax == 0


@pytest.mark.parametrize("status", ["draft", "sent"])
def test_a_tax_exempt_contact_is_billed_without_tax_once_it_is_chosen(firm, actor, status):
    contact, rate = make_contact(firm, is_tax_exempt=True), make_tax_rate(firm, "10")
    invoice = make_invoice(
        firm, status=status, tax_rate_id=rate.pk, lines=[make_line(is_taxable=True)]
    )
    assert invoice.total == 165

    changed = update(actor, invoice, contact_id=contact.pk)

    assert (changed.tax_rate_id, changed.tax, changed.total) == (None, 0, 150)


def test_what_was_sent_keeps_its_tax_when_its_contact_becomes_exempt(firm, actor):
    contact, rate = make_contact(firm), make_tax_rate(firm, "10")
    line = make_line(is_taxable=True)
    invoice = make_invoice(firm, contact=contact, tax_rate_id=rate.pk, lines=[line])
    draft = make_invoice(firm, status="draft", contact=contact, tax_rate_id=rate.pk, lines=[line])
    contact_services.update_contact(
        actor=actor, contact=contact, version=1, changes={"is_tax_exempt": True}, now=NOW
    )
    assert {each.total for each in Invoice.objects.all()} == {165}

    longer = update(actor, invoice, lines=[line, line])
    saved = update(actor, draft, message="Thank you")

    assert (longer.tax, longer.total) == (30, 330)
    assert (saved.tax_rate_id, saved.tax) == (None, 0)
    assert services.duplicate_invoice(actor=actor, invoice=longer, now=NOW).total == 300


def test_without_a_rate_there_is_no_tax(actor):
    assert create(actor, lines=[make_line(is_taxable=True)]).tax == 0


# -- What cannot be saved --------------------------------------------------------------------------
BAD_LINES = [
    ({"quantity": D("1.00000001")}, "quantity", "quantity can have at most 7 decimals"),
    ({"rate": D("1.00000001")}, "rate", "rate can have at most 7 decimals"),
    ({"quantity": D("NaN")}, "quantity", "has to be a number"),
    ({"rate": D("NaN")}, "rate", "has to be a number"),
    ({"rate": D("-Infinity")}, "rate", "has to be a number"),
    ({"quantity": D("1E+9999999")}, "quantity", "at most 99,999,999,999"),
    ({"rate": D("100000000000")}, "rate", "at most 99,999,999,999"),
    ({"quantity": D(1_000_000), "rate": D(1_000_000)}, "quantity", "at most 99,999,999,999"),
    ({"quantity": None}, "quantity", "enter a quantity"),
    ({"rate": None}, "rate", "enter a rate"),
    ({"quantity": None, "rate": None}, "rate", "enter a rate"),
    ({"quantity": None, "rate": None, "amount": D("0.001")}, "amount", "at most 2 decimals"),
    ({"description": "x" * 4001}, "description", "at most 4000 characters; this has 4001"),
    ({"service_item_id": 0}, "service_item_id", "choose a service item"),
    ({"kind": "locked"}, "", "came from QuickBooks"),
]


@pytest.mark.parametrize(("values", "column", "words"), BAD_LINES)
def test_a_line_that_cannot_be_is_refused_and_named(actor, heard, values, column, words):
    draft = create(actor)
    heard.clear()
    lines = [make_line(), make_line(**values)]

    for write in (
        lambda: create(actor, lines=lines),
        lambda: update(actor, draft, lines=lines),
        lambda: services.preview(actor=actor, values={"lines": lines}),
    ):
        with pytest.raises(errors.LineNotPossible, match=f"^Line 2: .*{words}") as caught:
            write()
        assert (caught.value.field, caught.value.line) == ("lines", 2)
        assert caught.value.column == column

    assert heard == []
    assert list(Invoice.objects.values_list("version", "total")) == [(1, D(150))]


@pytest.mark.parametrize("value", [1.5, "1.5"])
def test_an_amount_is_a_decimal(actor, value):
    with pytest.raises(TypeError, match="a Decimal"):
        create(actor, lines=[make_line(rate=value)])


@pytest.mark.parametrize(
    ("values", "error", "field", "words"),
    [
        ({"number": "x" * 22}, errors.NumberTooLong, "number", "at most 21 characters"),
        ({"po_number": "x" * 32}, errors.TextTooLong, "po_number", "PO number: at most 31"),
        ({"message": "x" * 1001}, errors.TextTooLong, "message", "at most 1000 .*are 1001"),
        ({"private_note": "x" * 4001}, errors.TextTooLong, "private_note", "at most 4000"),
        ({"issued_on": None}, errors.DateNotPossible, "issued_on", "Enter the issue date"),
        ({"issued_on": date(1, 1, 1)}, errors.DateNotPossible, "issued_on", "1900 and 2199"),
        ({"issued_on": date.max}, errors.DateNotPossible, "issued_on", "1900 and 2199"),
        (
            {"term_days": None, "due_on": None},
            errors.DateNotPossible,
            "due_on",
            "Enter the due date",
        ),
        (
            {"term_days": None, "due_on": date(2026, 11, 19)},
            errors.DateNotPossible,
            "due_on",
            "before the issue date",
        ),
        ({"term_days": -1}, errors.TermsNotPossible, "term_days", "0 to 999 days"),
        ({"term_days": 1000}, errors.TermsNotPossible, "term_days", "0 to 999 days"),
        ({"discount_percent": D("-1")}, errors.DiscountNotPossible, "discount_percent", "between"),
        ({"discount_percent": D(101)}, errors.DiscountNotPossible, "discount_percent", "between"),
        ({"discount_percent": D("NaN")}, errors.DiscountNotPossible, "discount_percent", "number"),
        (
            {"discount_percent": D("0.00000001")},
            errors.DiscountNotPossible,
            "discount_percent",
            "7 decimals",
        ),
        (
            {"discount_amount": D("150.01")},
            errors.DiscountNotPossible,
            "discount_amount",
            "150.00",
        ),
        ({"discount_amount": D("0.001")}, errors.DiscountNotPossible, "discount_amount", "2 deci"),
        (
            {"discount_percent": D(1), "discount_amount": D(1)},
            errors.DiscountNotPossible,
            "discount_percent",
            "percentage or an amount",
        ),
        ({"tax_rate_id": 0}, errors.TaxRateNotPossible, "tax_rate_id", "Choose a tax rate"),
        ({"contact_id": None}, errors.ContactMissing, "contact_id", "Choose a contact"),
        ({"contact_id": 0}, errors.ContactMissing, "contact_id", "Choose a contact"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_what_to_do(actor, heard, values, error, field, words):
    draft = create(actor)
    heard.clear()

    for write in (lambda: create(actor, **values), lambda: update(actor, draft, **values)):
        with pytest.raises(error, match=words) as caught:
            write()
        assert caught.value.field == field

    assert heard == []
    assert list(Invoice.objects.values_list("version", "total")) == [(1, D(150))]


def test_the_longest_texts_are_kept_as_they_are(actor):
    values = {"number": "x" * 21, "po_number": "x" * 31, "message": "x" * 1000}

    made = create(actor, **values, private_note="x" * 4000)

    made.refresh_from_db()
    assert {name: getattr(made, name) for name in values} == values


def test_a_value_that_no_invoice_has_is_a_mistake_of_ours(actor):
    with pytest.raises(ValueError, match="has no total"):
        create(actor, total=D(1))


def test_an_archived_contact_is_refused(firm, actor):
    gone = make_contact(firm, display_name="Gone Ltd", is_archived=True)
    draft = create(actor)

    for write in (
        lambda: create(actor, contact_id=gone.pk),
        lambda: update(actor, draft, contact_id=gone.pk),
    ):
        with pytest.raises(errors.ContactArchived, match="Gone Ltd is archived. Restore"):
            write()


def test_a_draft_of_a_contact_archived_since_can_be_edited_and_not_sent(firm, actor):
    contact = make_contact(firm)
    draft = create(actor, contact_id=contact.pk)
    contact_services.archive_contact(actor=actor, contact=contact, now=NOW)

    assert update(actor, draft, message="Later").version == 2
    with pytest.raises(errors.ContactArchived):
        services.send_invoice(actor=actor, invoice=draft, now=NOW)


def test_an_archived_item_is_refused_on_a_new_line_and_when_it_is_sent(firm, actor):
    item = make_service_item(firm, name="Faxing")
    draft = create(actor, lines=[make_line(service_item_id=item.pk)])
    service_items.archive_service_item(actor=actor, item=item, now=NOW)

    with pytest.raises(errors.LineNotPossible, match="Line 1: Faxing is archived. Restore it, or"):
        create(actor, lines=[make_line(service_item_id=item.pk)])
    with pytest.raises(errors.LineNotPossible, match="Line 1: Faxing is archived"):
        services.mark_as_sent(actor=actor, invoice=draft, now=NOW)
    (line,) = inputs_of(draft)
    assert update(actor, draft, lines=[replace(line, description="Kept")]).version == 2


def test_an_archived_tax_rate_is_refused_and_stays_where_it_is(firm, actor):
    rate = make_tax_rate(firm)
    draft = create(actor, tax_rate_id=rate.pk, lines=[make_line(is_taxable=True)])
    tax_rates.archive_tax_rate(actor=actor, rate=rate, now=NOW)

    with pytest.raises(errors.TaxRateNotPossible, match="is archived"):
        create(actor, tax_rate_id=rate.pk)
    update(actor, draft, lines=[make_line(rate=D(100), is_taxable=True)])
    assert sums(draft) == (D(200), D(0), D("17.40"), D("217.40"))


@pytest.mark.parametrize("name", ["contact_id", "tax_rate_id"])
def test_what_belongs_to_another_firm_is_not_found(actor, name):
    other = make_firm()
    make = {"contact_id": make_contact, "tax_rate_id": make_tax_rate}[name]

    with pytest.raises((errors.ContactMissing, errors.TaxRateNotPossible)):
        create(actor, **{name: make(other).pk})
    with pytest.raises(errors.LineNotPossible, match="choose a service item"):
        create(actor, lines=[make_line(service_item_id=make_service_item(other).pk)])


# -- Leaving draft ---------------------------------------------------------------------------------
@pytest.mark.parametrize("send", [services.send_invoice, services.mark_as_sent])
def test_a_draft_is_sent_once(actor, heard, send):
    draft = create(actor)

    sent = send(actor=actor, invoice=draft, version=1, now=LATER)

    assert (sent.status, sent.sent_at, sent.version) == ("sent", LATER, 2)
    assert not sent.is_changed_since_sent
    assert heard[-1] == (draft.pk, 2, actor.label)
    with pytest.raises(errors.InvoiceNotDraft):
        send(actor=actor, invoice=draft, now=LATER)


def test_a_draft_that_somebody_changed_meanwhile_is_not_sent(actor):
    draft = create(actor)
    update(actor, draft, message="Wait")

    with pytest.raises(services.InvoiceChanged):
        services.mark_as_sent(actor=actor, invoice=draft, version=1, now=NOW)


@pytest.mark.parametrize("lines", [[], [make_line(kind="text")]])
def test_an_invoice_of_nothing_stays_a_draft(actor, lines):
    draft = create(actor, lines=lines)

    with pytest.raises(errors.LinesMissing, match="needs a line with an amount"):
        services.send_invoice(actor=actor, invoice=draft, now=NOW)


def test_a_total_of_0_can_be_sent(actor):
    draft = create(actor, lines=[make_line(rate=D(0))])

    assert services.send_invoice(actor=actor, invoice=draft, now=NOW).total == 0


# -- After it was sent (28, 34, 6) -----------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "is_marked"),
    [
        ({"lines": [make_line(rate=D(80))]}, True),
        ({"lines": [make_line(description="Other words")]}, True),
        ({"discount_percent": D(10)}, True),
        ({"issued_on": date(2026, 11, 21)}, True),
        ({"term_days": 60}, True),
        ({"message": "Thanks"}, False),
        ({"po_number": "7"}, False),
        ({"private_note": "7"}, False),
    ],
)
def test_money_dates_and_lines_are_marked_as_changed_since_sent(firm, actor, changes, is_marked):
    sent = make_invoice(firm)

    assert update(actor, sent, **changes).is_changed_since_sent is is_marked


def test_sending_it_again_takes_the_mark_away(firm, actor):
    sent = make_invoice(firm)
    update(actor, sent, term_days=60)

    mailed = services.note_emailed(actor=actor, invoice=sent, to="ada@example.test", now=LATER)

    assert (mailed.is_changed_since_sent, mailed.is_out) == (False, True)
    assert (mailed.emailed_to, mailed.emailed_at) == ("ada@example.test", LATER)


def test_an_edit_of_a_draft_is_not_a_change_since_it_was_sent(actor):
    assert not update(actor, create(actor), term_days=60).is_changed_since_sent


def test_a_draft_was_not_emailed(actor):
    with pytest.raises(errors.InvoiceNotSent):
        services.note_emailed(actor=actor, invoice=create(actor), to="a@example.test", now=NOW)


def test_a_sent_invoice_keeps_a_line_with_an_amount(firm, actor):
    with pytest.raises(errors.LinesMissing):
        update(actor, make_invoice(firm), lines=[])


def settled_by_payment(invoice):
    pay(invoice, "50")


def settled_by_credit(invoice):
    InvoiceCredit.objects.create(invoice=invoice, kind="Credit memo", amount=D(50))


@pytest.mark.parametrize("settle", [settled_by_payment, settled_by_credit])
def test_with_a_payment_or_credit_the_total_and_the_contact_stay(firm, actor, settle):
    sent = make_invoice(firm)
    settle(sent)
    (line,) = inputs_of(sent)

    with pytest.raises(errors.TotalFixed, match=r"stay 150.00; this comes to 160.00"):
        update(actor, sent, lines=[replace(line, rate=D(80))])
    with pytest.raises(errors.TotalFixed):
        update(actor, sent, discount_percent=D(1))
    with pytest.raises(errors.ContactFixed, match="Void the payments first"):
        update(actor, sent, contact_id=make_contact(firm).pk)

    words = [replace(line, description="Other words", quantity=D(1), rate=D(150))]
    changed = update(actor, sent, lines=words, message="Thanks", term_days=60)
    assert (changed.version, changed.total) == (3, D(150))


def test_a_void_payment_frees_total_and_contact(firm, actor):
    sent, contact = make_invoice(firm), make_contact(firm)
    pay(sent, "50", is_void=True, voided_by="here")

    assert update(actor, sent, contact_id=contact.pk, lines=[make_line(rate=D(1))]).total == D(2)


def test_without_payments_the_contact_can_change(firm, actor):
    contact = make_contact(firm)

    assert update(actor, make_invoice(firm), contact_id=contact.pk).contact_id == contact.pk


@pytest.mark.parametrize(
    ("changes", "is_possible"),
    [
        ({"lines": [make_line(rate=D(80))]}, False),
        ({"discount_percent": D(1)}, False),
        ({"issued_on": date(2026, 11, 21)}, True),
        ({"term_days": 60}, True),
        ({"number": "N-1"}, True),
        ({"message": "Thanks"}, True),
    ],
)
def test_an_invoice_linked_to_an_estimate_has_lines_and_contact_locked(
    firm, actor, changes, is_possible
):
    sent = make_invoice(firm)
    services.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=sent.pk,
        line_ids=None,
        credits=None,
        lock_reason="It is linked to an estimate",
        now=NOW,
    )

    if is_possible:
        assert update(actor, sent, **changes).version == 3
        return
    with pytest.raises(errors.InvoiceLocked, match="linked to an estimate: lines and contact"):
        update(actor, sent, **changes)


def test_of_a_void_one_nothing_changes(firm, actor):
    sent = make_invoice(firm)
    services.void_invoice(actor=actor, invoice=sent, now=NOW)

    with pytest.raises(errors.InvoiceIsVoid, match="Nothing of it can be changed"):
        update(actor, sent, message="Thanks")


def test_a_download_fixes_the_number_and_is_no_version(firm, actor, heard):
    sent = make_invoice(firm)
    heard.clear()

    services.note_downloaded(actor=actor, invoice=sent)

    sent.refresh_from_db()
    assert (sent.is_out, sent.version, heard) == (True, 2, [])


# -- Void ------------------------------------------------------------------------------------------
def void(actor, invoice, **options):
    return services.void_invoice(actor=actor, invoice=invoice, now=LATER, **options)


def test_a_void_invoice_keeps_all_it_says_and_the_reason(firm, actor):
    sent = make_invoice(firm, number="A-1")

    ended = void(actor, sent, reason="Sent to the wrong client")

    assert (ended.status, ended.voided_by, ended.voided_at) == ("void", "here", LATER)
    assert (ended.number, ended.total, ended.void_reason) == (
        "A-1",
        D(150),
        "Sent to the wrong client",
    )
    assert ended.version == 3


def test_payments_of_a_void_invoice_are_kept_as_credit(firm, actor, heard_of_payments):
    sent, other = make_invoice(firm), make_invoice(firm)
    payment = pay(sent, "50", received=D(80))
    PaymentPart.objects.create(payment=payment, position=2, invoice=other, amount=D(30))

    void(actor, sent)

    payment.refresh_from_db()
    assert (payment.is_void, payment.amount, payment.version) == (False, D(80), 2)
    row = with_unapplied(Payment.objects.filter(pk=payment.pk)).get()
    assert (row.applied, row.unapplied) == (D(30), D(50))
    assert heard_of_payments == [(payment.pk, 2)]


def test_payments_of_a_void_invoice_can_be_voided_with_it(firm, actor, heard_of_payments):
    sent = make_invoice(firm)
    payment = pay(sent, "50")
    earlier = pay(sent, "20", is_void=True, voided_by="here")

    void(actor, sent, payments="void", reason="All wrong")

    payment.refresh_from_db()
    assert (payment.is_void, payment.voided_by, payment.void_reason) == (True, "here", "All wrong")
    assert payment.parts.count() == 1  # it keeps its amount and parts
    assert heard_of_payments == [(payment.pk, 2)]
    earlier.refresh_from_db()
    assert earlier.version == 1


def test_a_deposited_payment_is_not_voided_and_then_nothing_is(firm, actor):
    sent = make_invoice(firm)
    free = pay(sent, "20")
    pay(sent, "50", lock_reason="It is part of a bank deposit")

    with pytest.raises(errors.PaymentsInTheWay, match=r"50.00 .* It is part of a bank deposit"):
        void(actor, sent, payments="void")

    sent.refresh_from_db()
    free.refresh_from_db()
    assert (sent.status, free.is_void) == ("sent", False)


def test_a_payment_of_several_invoices_is_not_voided_with_one(firm, actor):
    sent, other = make_invoice(firm), make_invoice(firm)
    payment = pay(sent, "50", received=D(80))
    PaymentPart.objects.create(payment=payment, position=2, invoice=other, amount=D(30))

    with pytest.raises(errors.PaymentsInTheWay, match="pays other invoices, too"):
        void(actor, sent, payments="void")


def test_voiding_the_payments_needs_the_permission_of_payments(firm):
    sent = make_invoice(firm)
    pay(sent, "50")
    biller = make_actor(firm, role="Biller", permissions=[Permission.EDIT_INVOICES])

    with pytest.raises(NotAllowed, match="Record Payments"):
        void(biller, sent, payments="void")
    assert void(biller, sent).is_void


def test_a_draft_is_not_voided_and_a_void_one_not_twice(firm, actor):
    sent = make_invoice(firm)
    void(actor, sent)

    with pytest.raises(errors.InvoiceNotSent, match="void already"):
        void(actor, sent)
    with pytest.raises(errors.InvoiceNotSent, match="Delete it instead"):
        void(actor, create(actor))


def test_a_reason_that_is_too_long_is_refused(firm, actor):
    with pytest.raises(errors.ReasonTooLong, match="at most 500"):
        void(actor, make_invoice(firm), reason="x" * 501)


# -- Duplicate -------------------------------------------------------------------------------------
def test_a_duplicate_is_a_draft_of_today_with_the_next_number(firm, actor):
    source = make_invoice(
        firm,
        issued_on=date(2026, 1, 1),
        term_days=15,
        po_number="TB-1",
        discount_percent=D(10),
        message="Thanks",
        lines=[make_line(), make_line(kind="text", description="Note")],
    )

    copy = services.duplicate_invoice(actor=actor, invoice=source, now=NOW)

    assert (copy.status, copy.version, copy.number) == ("draft", 1, "INV-1002")
    assert (copy.issued_on, copy.due_on) == (date(2026, 11, 22), date(2026, 12, 7))
    assert (copy.po_number, copy.message, copy.total) == ("", "Thanks", D(135))
    assert [line.description for line in copy.lines.all()] == ["Bookkeeping", "Note"]


def test_a_duplicate_is_made_once_by_one_form(firm, actor):
    source, key = make_invoice(firm), uuid4()

    first, second = (
        services.duplicate_invoice(actor=actor, invoice=source, form_key=key, now=NOW)
        for _ in range(2)
    )

    assert first.pk == second.pk != source.pk


def test_a_duplicate_takes_no_locked_line_along(firm, actor):
    source = services.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=None,
        values={
            "contact_id": make_contact(firm).pk,
            "issued_on": date(2026, 11, 1),
            "due_on": date(2026, 11, 11),
            "lines": [
                {
                    "books_id": "1",
                    "kind": "locked",
                    "item_name": "Bundle",
                    "amount": D(10),
                    "lock_reason": "It is a bundle in QuickBooks",
                }
            ],
        },
        now=NOW,
    )

    copy = services.duplicate_invoice(actor=actor, invoice=source, now=NOW)

    line = copy.lines.get()
    assert (line.kind, line.description, line.amount, line.books_id) == ("item", "Bundle", 10, "")
    assert (copy.due_on - copy.issued_on).days == 10


# -- Preview ---------------------------------------------------------------------------------------
def test_a_preview_comes_to_the_same_as_the_saved_invoice_and_saves_nothing(firm, actor):
    values = {
        "lines": [make_line(is_taxable=True), make_line(rate=D("33.335"))],
        "discount_percent": D("12.5"),
        "tax_rate_id": make_tax_rate(firm, "2", "6.7").pk,
    }

    shown = services.preview(actor=actor, values=values)

    assert not Invoice.objects.exists()
    made = create(actor, **values)
    assert sums(made) == (
        shown.invoice.subtotal,
        shown.invoice.discount,
        shown.invoice.tax,
        shown.invoice.total,
    )
    assert [line.amount for line in shown.lines] == [line.amount for line in made.lines.all()]


# -- Who may ---------------------------------------------------------------------------------------
WRITES = [
    lambda actor, it: create(actor, contact_id=it.contact_id),
    lambda actor, it: update(actor, it, message="New"),
    lambda actor, it: services.delete_draft(actor=actor, invoice=it),
    lambda actor, it: services.send_invoice(actor=actor, invoice=it, now=NOW),
    lambda actor, it: services.mark_as_sent(actor=actor, invoice=it, now=NOW),
    lambda actor, it: services.note_emailed(actor=actor, invoice=it, to="a@b.test", now=NOW),
    lambda actor, it: services.duplicate_invoice(actor=actor, invoice=it, now=NOW),
    lambda actor, it: services.renumber(actor=actor, invoice=it, number="7", now=NOW),
    void,
]


@pytest.mark.parametrize("write", WRITES)
def test_writing_needs_the_permission(firm, write, heard):
    draft = make_invoice(firm, status="draft")
    heard.clear()

    with pytest.raises(NotAllowed, match="Create & Edit Invoices"):
        write(make_actor(firm, role="Viewer", permissions=VIEWER), draft)

    assert heard == []
    assert list(Invoice.objects.values_list("pk", "version")) == [(draft.pk, 1)]


@pytest.mark.parametrize("write", WRITES)
def test_writing_needs_the_licence(firm, write):
    draft = make_invoice(firm, status="draft")
    firm.licences = [Licence.TRANSCRIPTS_AND_NOTICES]
    firm.save()

    with pytest.raises(NotLicensed, match="invoices and payments need the Time & Billing licence"):
        write(make_actor(firm), draft)


@pytest.mark.parametrize("write", WRITES[1:])
def test_an_invoice_of_another_firm_cannot_be_written(actor, write):
    draft = make_invoice(make_firm(), status="draft")

    with pytest.raises(WrongFirm):
        write(actor, draft)
