"""Numbers: ours are unique and follow each other, and stay once the client has them."""

from datetime import date
from threading import Thread

import pytest
from django.db import connection, transaction

from billing.licence import NotLicensed
from billing.models import Invoice, InvoiceNumbering
from billing.services import invoices, numbering
from firms.models import AuditEntry
from firms.permissions import VIEWER, Actor, NotAllowed
from tests.factories import NOW, make_actor, make_contact, make_firm, make_invoice

pytestmark = pytest.mark.django_db
errors = invoices.errors


def set_numbering(actor, prefix, next_number):
    return numbering.change_numbering(actor=actor, prefix=prefix, next_number=next_number, now=NOW)


def number_there(firm, number):
    """An invoice that QuickBooks numbered."""
    return invoices.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=None,
        values={
            "contact_id": make_contact(firm).pk,
            "number": number,
            "issued_on": date(2026, 11, 1),
            "due_on": date(2026, 11, 1),
        },
        now=NOW,
    )


def test_numbers_follow_each_other_in_a_firm(firm):
    other = make_firm()

    assert [make_invoice(firm).number for _ in range(2)] == ["INV-1001", "INV-1002"]
    assert make_invoice(other).number == "INV-1001"
    assert numbering.propose(firm) == "INV-1003"


def test_a_proposal_takes_nothing(firm):
    assert numbering.propose(firm) == numbering.propose(firm) == "INV-1001"
    assert not InvoiceNumbering.objects.exists()


def test_numbers_that_are_taken_are_left_out(firm):
    make_invoice(firm, number="inv-1001")
    number_there(firm, "INV-1002")
    number_there(firm, "INV-1004")

    assert [make_invoice(firm).number for _ in range(2)] == ["INV-1003", "INV-1005"]


def test_a_long_row_of_taken_numbers_costs_few_queries(firm, django_assert_max_num_queries):
    invoice = make_invoice(firm, number="INV-1001")
    copies = []
    for value in range(1002, 2500):
        copy = Invoice.objects.get(pk=invoice.pk)
        copy.pk, copy.number = None, f"INV-{value}"
        copies.append(copy)
    Invoice.objects.bulk_create(copies)

    with django_assert_max_num_queries(10):
        assert numbering.propose(firm) == "INV-2500"


@pytest.mark.parametrize("number", ["A-1", "a-1"])
def test_a_number_of_ours_is_given_once_and_the_next_is_proposed(firm, number):
    make_invoice(firm, number="A-1")

    with pytest.raises(errors.NumberTaken, match=r"Another invoice has the number .*INV-1001 is"):
        make_invoice(firm, number=number)


def test_a_number_that_quickbooks_gave_is_no_clash_here(firm):
    number_there(firm, "A-1")
    number_there(firm, "A-1")

    assert make_invoice(firm, number="A-1").number == "A-1"


def test_a_number_can_be_blank_only_where_quickbooks_left_it(firm, actor):
    theirs, ours = number_there(firm, ""), make_invoice(firm)

    assert theirs.number == ""
    edit = {"actor": actor, "now": NOW, "changes": {"number": " "}}
    with pytest.raises(errors.NumberMissing):
        invoices.update_invoice(invoice=ours, version=2, **edit)
    assert invoices.update_invoice(invoice=theirs, version=1, **edit).version == 1


def test_a_number_of_21_characters_is_the_longest(firm):
    assert make_invoice(firm, number="x" * 21).number == "x" * 21
    with pytest.raises(errors.NumberTooLong, match=r"at most 21 .* has 22"):
        make_invoice(firm, number="x" * 22)


@pytest.mark.django_db(transaction=True)
def test_two_invoices_saved_at_once_get_two_numbers(firm):
    contact, numbers = make_contact(firm), []

    def save():
        try:
            numbers.append(make_invoice(firm, contact=contact).number)
        finally:
            connection.close()

    other = Thread(target=save)
    with transaction.atomic():
        save_first = make_invoice(firm, contact=contact).number
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()  # it waits until the first is saved
    other.join(timeout=10)

    assert [save_first, *numbers] == ["INV-1001", "INV-1002"]


# -- Another number (15) ---------------------------------------------------------------------------
def test_before_it_went_out_the_next_free_number_is_given(firm, heard):
    sent = make_invoice(firm)

    changed = invoices.renumber(actor=Actor.for_sync(firm_id=firm.pk), invoice=sent, now=NOW)

    assert (changed.number, changed.version) == ("INV-1002", 3)
    assert heard[-1][:2] == (sent.pk, 3)


def test_once_the_client_has_it_a_number_changes_only_where_a_person_asks(firm, actor):
    sent = make_invoice(firm)
    invoices.note_emailed(actor=actor, invoice=sent, to="ada@example.test", now=NOW)

    with pytest.raises(errors.NumberIsOut, match="the number stays"):
        invoices.renumber(actor=Actor.for_sync(firm_id=firm.pk), invoice=sent, now=NOW)
    changed = invoices.renumber(actor=actor, invoice=sent, number="B-7", now=NOW)

    assert (changed.number, changed.is_changed_since_sent) == ("B-7", True)


def test_a_number_typed_here_is_ours_from_then_on(firm, actor):
    theirs = number_there(firm, "A-1")

    changed = invoices.renumber(actor=actor, invoice=theirs, number="A-2", now=NOW)

    assert changed.is_numbered_here
    with pytest.raises(errors.NumberTaken):
        make_invoice(firm, number="A-2")


def test_a_void_invoice_keeps_its_number(firm, actor):
    sent = make_invoice(firm)
    invoices.void_invoice(actor=actor, invoice=sent, now=NOW)

    with pytest.raises(errors.InvoiceIsVoid):
        invoices.renumber(actor=actor, invoice=sent, now=NOW)


# -- The sequence ----------------------------------------------------------------------------------
def test_prefix_and_next_number_are_set_and_audited(firm, actor):
    make_invoice(firm)

    set_numbering(actor, "2026-", 7)

    assert make_invoice(firm).number == "2026-7"
    entry = AuditEntry.objects.get()
    assert entry.facts == ["Next number: INV-1002 to 2026-7"]


def test_setting_what_is_set_is_no_change(actor):
    set_numbering(actor, "INV-", 1001)

    assert not AuditEntry.objects.exists()


def test_without_a_prefix_the_number_stands_alone(firm, actor):
    set_numbering(actor, "", 1)

    assert make_invoice(firm).number == "1"


@pytest.mark.parametrize(
    ("prefix", "next_number", "field", "words"),
    [
        ("x" * 13, 1, "prefix", "at most 12 characters; this has 13"),
        ("A\n", 1, "prefix", "cannot be printed"),
        ("A", 0, "next_number", "1 or more"),
        ("A", -1, "next_number", "1 or more"),
        ("x" * 12, 10**9, "next_number", "21 characters together; these have 22"),
        ("", 10**19, "next_number", "smaller number"),
    ],
)
def test_a_numbering_that_cannot_be_is_refused(actor, prefix, next_number, field, words):
    with pytest.raises(errors.NumberingNotPossible, match=words) as caught:
        set_numbering(actor, prefix, next_number)

    assert caught.value.field == field
    assert not InvoiceNumbering.objects.exists()


def test_a_sequence_that_grows_too_long_says_so(firm, actor):
    set_numbering(actor, "x" * 12, 10**9 - 1)

    assert len(make_invoice(firm).number) == 21
    with pytest.raises(errors.NumberTooLong):
        make_invoice(firm)


def test_numbering_needs_permission_and_licence(firm):
    with pytest.raises(NotAllowed):
        set_numbering(make_actor(firm, role="Viewer", permissions=VIEWER), "A", 1)
    with pytest.raises(NotLicensed):
        set_numbering(make_actor(make_firm(licences=[])), "A", 1)
