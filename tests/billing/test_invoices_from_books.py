"""What QuickBooks holds of an invoice always lands, with the amounts it has there."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest

from billing.models import Invoice
from billing.services import invoices as services
from firms.permissions import Actor
from tests.factories import (
    NOW,
    make_contact,
    make_firm,
    make_invoice,
    make_line,
    make_service_item,
    make_tax_rate,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def sync(firm):
    return Actor.for_sync(firm_id=firm.pk)


def accept(sync, invoice=None, **values):
    return services.accept_from_books(
        actor=sync, invoice_id=invoice and invoice.pk, values=values, now=LATER
    )


def note(sync, invoice, *, line_ids=None, credits=None, lock_reason=None):
    return services.note_from_books(
        actor=sync,
        invoice_id=invoice.pk,
        line_ids=line_ids,
        credits=credits,
        lock_reason=lock_reason,
        now=LATER,
    )


def new(sync, firm, **values):
    dates = {"issued_on": date(2026, 11, 1), "due_on": date(2026, 12, 1)}
    if "contact_id" not in values:
        values["contact_id"] = make_contact(firm).pk
    return accept(sync, **{**dates, **values})


def test_an_invoice_of_quickbooks_lands_whole(firm, sync, heard):
    item, rate = make_service_item(firm), make_tax_rate(firm)
    head = {
        "contact_id": make_contact(firm).pk,
        "number": "1037",
        "po_number": "P-1",
        "issued_on": date(2026, 11, 1),
        "term_days": 30,
        "due_on": date(2026, 12, 1),
        "message": "Thanks",
        "private_note": "Odd",
        "emailed_to": "ada@example.test",
        "is_emailed_there": True,
        "currency": "USD",
        "lock_reason": "",
        "tax_rate_id": rate.pk,
        "is_discount_before_tax": False,
        "discount_percent": D(10),
        "discount_amount": None,
        "discount": D("36.25"),
        "other_amount": D("1.00"),
        "tax": D("29.01"),
        "total": D("356.26"),
    }
    line = {
        "books_id": "5",
        "kind": "item",
        "service_item_id": item.pk,
        "books_item": "7",
        "item_name": "Design",
        "description": "Fountain",
        "served_on": date(2026, 10, 31),
        "quantity": D("3.3333333"),
        "rate": D("99.99"),
        "amount": D("362.50"),  # not quantity x rate
        "is_taxable": True,
        "lock_reason": "",
    }
    tax = {"name": "State", "percent": D("8.0000000"), "base": D("362.50"), "amount": D("29.01")}

    made = accept(sync, **head, lines=[line], taxes=[tax])

    made.refresh_from_db()
    assert {name: getattr(made, name) for name in head} == head
    assert (made.status, made.origin, made.subtotal) == ("sent", "books", D("362.50"))
    assert (made.is_tax_given, made.is_numbered_here, made.is_out) == (True, False, False)
    kept = made.lines.get()
    assert {name: getattr(kept, name) for name in line} == line
    assert made.taxes.values(*tax).get() == tax
    assert heard == [(made.pk, 1, "QuickBooks")]


def test_no_rule_for_people_applies(firm, sync):
    make_invoice(firm, number="A-1")
    gone = make_contact(firm, is_archived=True)
    item = make_service_item(firm, is_archived=True)
    line = {"kind": "item", "service_item_id": item.pk, "amount": D("-5"), "quantity": D(1)}

    made = new(
        sync,
        firm,
        contact_id=gone.pk,
        number="A-1",
        due_on=date(2026, 1, 1),
        lines=[line],
        discount_amount=D(100),
        total=D("-5"),
    )

    assert (made.total, made.lines.get().rate) == (D("-5"), None)


def test_a_total_that_is_not_said_follows_from_the_rest(firm, sync):
    made = new(
        sync, firm, lines=[{"amount": D(10)}], tax=D(1), discount=D(2), other_amount=D("0.5")
    )

    assert made.total == D("9.5")


def test_an_edit_there_lands_and_raises_the_version_once(firm, sync, heard):
    made = new(sync, firm, lines=[{"books_id": "1", "amount": D(10)}], number="7")

    changed = accept(sync, made, message="New", number="8")

    assert (changed.version, changed.message, changed.number) == (2, "New", "8")
    assert changed.updated_at == LATER
    assert heard[-1] == (made.pk, 2, "QuickBooks")


def test_what_is_the_same_there_writes_nothing(firm, sync, heard):
    values = {
        "number": "7",
        "lines": [{"books_id": "1", "amount": D("10.00"), "quantity": D("1.0")}],
        "taxes": [{"name": "State", "amount": D(1)}],
        "tax": D(1),
        "total": D(11),
    }
    made = new(sync, firm, **values)

    assert accept(sync, made, **values).version == 1
    assert accept(sync, made, life="live").version == 1
    assert len(heard) == 1


def test_a_line_with_the_same_id_there_stays_the_same_row(firm, sync):
    made = new(
        sync,
        firm,
        lines=[{"books_id": "1", "amount": D(1)}, {"books_id": "2", "amount": D(2)}],
    )
    first, second = made.lines.all()

    changed = accept(
        sync,
        made,
        lines=[
            {"books_id": "2", "amount": D(20)},
            {"books_id": "3", "amount": D(3)},
            {"books_id": "1", "amount": D(1)},
        ],
    )

    lines = changed.lines.all()
    assert [(line.books_id, line.amount) for line in lines] == [("2", 20), ("3", 3), ("1", 1)]
    assert (lines[0].pk, lines[2].pk) == (second.pk, first.pk)
    assert changed.total == 24


def test_a_change_there_is_no_change_since_it_was_sent(firm, sync, actor):
    sent = make_invoice(firm)
    services.note_emailed(actor=actor, invoice=sent, to="ada@example.test", now=NOW)

    changed = accept(sync, sent, lines=[{"amount": D(7)}], issued_on=date(2026, 1, 1))

    assert (changed.total, changed.is_changed_since_sent) == (D(7), False)


@pytest.mark.parametrize(("is_emailed_there", "is_marked"), [(True, True), (False, False)])
def test_an_invoice_that_nobody_sent_does_not_change_since_it_was_sent(
    firm, sync, actor, is_emailed_there, is_marked
):
    made = new(sync, firm, lines=[{"amount": D(1)}], is_emailed_there=is_emailed_there)

    changed = services.update_invoice(
        actor=actor, invoice=made, version=1, changes={"term_days": 60}, now=LATER
    )

    assert changed.is_changed_since_sent is is_marked


# -- Tax that was given (18) -----------------------------------------------------------------------
TAXED = {
    "lines": [{"books_id": "1", "amount": D(100), "is_taxable": True}],
    "tax": D("8.71"),
    "taxes": [{"name": "Automated", "amount": D("8.71")}],
    "total": D("108.71"),
}


def edit(actor, invoice, **changes):
    return services.update_invoice(
        actor=actor, invoice=invoice, version=1, changes=changes, now=LATER
    )


def one_line(invoice, **values):
    line = invoice.lines.get()
    given = {"line_id": line.pk, "quantity": None, "rate": None, "amount": line.amount}
    return [make_line(**{**given, "is_taxable": line.is_taxable, **values})]


@pytest.mark.parametrize(
    "change",
    [
        lambda it: {"message": "Thanks"},
        lambda it: {"issued_on": date(2026, 11, 2)},
        lambda it: {"lines": one_line(it, description="Other words")},
    ],
)
def test_their_tax_stands_while_nothing_of_money_changes_here(firm, sync, actor, change):
    made = new(sync, firm, **TAXED)

    changed = edit(actor, made, **change(made))

    assert (changed.tax, changed.total, changed.is_tax_given) == (D("8.71"), D("108.71"), True)
    assert changed.taxes.get().name == "Automated"


@pytest.mark.parametrize(
    ("change", "tax"),
    [
        (lambda it, rate: {"lines": one_line(it, amount=D(200))}, D(20)),
        (lambda it, rate: {"lines": one_line(it, is_taxable=False)}, D(0)),
        (lambda it, rate: {"discount_amount": D(10)}, D(9)),
        (lambda it, rate: {"contact_id": make_contact(it.firm).pk}, D(10)),
        (lambda it, rate: {"tax_rate_id": make_tax_rate(it.firm, "20").pk}, D(20)),
        (lambda it, rate: {"tax_rate_id": None}, D(0)),
    ],
)
def test_lines_discount_rate_or_contact_changed_here_give_our_tax(firm, sync, actor, change, tax):
    rate = make_tax_rate(firm, "10")
    made = new(sync, firm, **TAXED, tax_rate_id=rate.pk)

    changed = edit(actor, made, **change(made, rate))

    assert (changed.tax, changed.is_tax_given) == (tax, False)
    assert sum(each.amount for each in changed.taxes.all()) == tax


def test_their_discount_and_other_amount_stand_while_nothing_of_money_changes(firm, sync, actor):
    made = new(
        sync,
        firm,
        lines=[{"amount": D("0.05")}],
        discount_percent=D(50),
        discount=D("0.02"),  # half down, there
        other_amount=D("3.00"),
        total=D("3.03"),
    )

    assert edit(actor, made, message="Thanks").total == D("3.03")
    again = services.update_invoice(
        actor=actor,
        invoice=made,
        version=2,
        changes={"lines": one_line(made, amount=D("0.06"))},
        now=LATER,
    )
    assert (again.discount, again.total) == (D("0.03"), D("3.03"))


def test_a_preview_of_their_invoice_shows_their_tax(firm, sync, actor):
    made = new(sync, firm, **TAXED)

    shown = services.preview(actor=actor, values={"lines": one_line(made)}, invoice=made)

    assert (shown.invoice.tax, [each.name for each in shown.taxes]) == (D("8.71"), ["Automated"])


def test_a_line_that_we_do_not_model_stays_as_it_is(firm, sync, actor):
    made = new(
        sync,
        firm,
        lines=[
            {
                "kind": "locked",
                "item_name": "Bundle",
                "amount": D(10),
                "lock_reason": "It is a bundle in QuickBooks",
            }
        ],
    )
    locked = made.lines.get()

    changed = edit(actor, made, lines=[make_line(), make_line(line_id=locked.pk)])

    assert [(it.kind, it.amount) for it in changed.lines.all()] == [("item", 150), ("locked", 10)]
    with pytest.raises(services.errors.LineNotPossible, match="bundle in QuickBooks: it cannot be"):
        services.update_invoice(
            actor=actor, invoice=made, version=2, changes={"lines": [make_line()]}, now=LATER
        )


# -- Its end ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("life", "by"), [("void", "books_void"), ("deleted", "books_delete")])
def test_voided_or_deleted_there_is_void_here_and_keeps_what_it_said(firm, sync, life, by):
    sent = make_invoice(firm, number="A-1")

    ended = accept(
        sync, sent, life=life, lines=[], total=D(0), tax=D(0), private_note="Voided", number=""
    )

    assert (ended.status, ended.voided_by, ended.voided_at) == ("void", by, LATER)
    assert (ended.total, ended.number, ended.private_note) == (D(150), "A-1", "")
    assert (ended.lines.count(), ended.version) == (1, 3)
    assert accept(sync, sent, life=life).version == 3


def test_what_ended_never_comes_back(firm, sync, actor):
    sent = make_invoice(firm)
    services.void_invoice(actor=actor, invoice=sent, now=NOW)

    again = accept(sync, sent, life="live", message="Late")

    assert (again.status, again.voided_by) == ("void", "here")
    assert accept(sync, sent, life="deleted").voided_by == "here"


def test_one_that_ended_before_it_came_lands_void(firm, sync):
    made = new(sync, firm, life="void", lines=[{"amount": D(0)}])

    assert (made.status, made.voided_by) == ("void", "books_void")


def test_a_number_typed_there_may_equal_one_of_ours(firm, sync):
    make_invoice(firm, number="A-1")
    sent = make_invoice(firm, number="A-2")

    changed = accept(sync, sent, number="A-1")

    assert (changed.number, changed.is_numbered_here) == ("A-1", False)


def test_a_number_that_is_the_same_there_stays_ours(firm, sync):
    sent = make_invoice(firm, number="A-2")

    assert accept(sync, sent, number="A-2", message="New").is_numbered_here


# -- What the books say beside it ------------------------------------------------------------------
CREDITS = [
    {"kind": "Credit memo", "number": "7", "dated_on": date(2026, 11, 1), "amount": D("5.00")},
    {"kind": "Other credit in QuickBooks", "amount": D("1.00")},
]


def test_notes_change_no_version_and_tell_nobody(firm, sync, heard):
    sent = make_invoice(firm, lines=[make_line(), make_line()])
    heard.clear()

    assert note(sync, sent, line_ids=["4", "9"], credits=CREDITS, lock_reason="Linked")

    before = (sent.version, sent.updated_at)
    sent.refresh_from_db()
    assert (sent.version, sent.updated_at, heard) == (*before, [])
    assert [line.books_id for line in sent.lines.all()] == ["4", "9"]
    assert [credit.amount for credit in sent.credits.all()] == [5, 1]
    assert sent.lock_reason == "Linked"


def test_the_same_notes_again_write_nothing(firm, sync, django_assert_num_queries):
    sent = make_invoice(firm)
    note(sync, sent, line_ids=["4"], credits=CREDITS, lock_reason="Linked")
    rows = list(sent.credits.values_list("pk", flat=True))

    assert not note(sync, sent, line_ids=["4"], credits=CREDITS, lock_reason="Linked")
    assert not note(sync, sent)

    assert list(sent.credits.values_list("pk", flat=True)) == rows


def test_notes_that_are_not_given_leave_things_and_empty_ones_take_them_away(firm, sync):
    sent = make_invoice(firm)
    note(sync, sent, credits=CREDITS, lock_reason="Linked")

    assert note(sync, sent, line_ids=["4"])
    sent.refresh_from_db()
    assert (sent.credits.count(), sent.lock_reason) == (2, "Linked")

    assert note(sync, sent, credits=[], lock_reason="")
    sent.refresh_from_db()
    assert (sent.credits.count(), sent.lock_reason) == (0, "")


# -- Who may ---------------------------------------------------------------------------------------
def test_only_the_sync_writes_what_the_books_hold(firm, actor):
    sent = make_invoice(firm)

    with pytest.raises(ValueError, match="Only the sync"):
        accept(actor, sent, message="New")
    with pytest.raises(ValueError, match="Only the sync"):
        note(actor, sent)


def test_the_sync_of_one_firm_cannot_write_an_invoice_of_another(sync):
    sent = make_invoice(make_firm())

    with pytest.raises(Invoice.DoesNotExist):
        accept(sync, sent, message="Mine")
    with pytest.raises(Invoice.DoesNotExist):
        note(sync, sent, lock_reason="Mine")


@pytest.mark.parametrize("values", [{"price": 1}, {"life": "asleep"}, {"lines": [{"price": 1}]}])
def test_a_value_that_no_invoice_has_is_a_mistake_of_ours(firm, sync, values):
    with pytest.raises(ValueError, match="price|asleep"):
        new(sync, firm, **values)
