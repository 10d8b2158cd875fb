"""The invoice on paper, read back from the PDF as a client's reader would."""

from datetime import date, timedelta
from decimal import Decimal as D

import pypdfium2
import pytest

from billing.models import InvoiceLine
from billing.paper import Row, read_paper
from billing.pdf import draw_invoice
from billing.pdf.layout import BOTTOM, RIGHT, Text, lay_out
from billing.pdf.text import REGULAR, clip, prepare_fonts, printable, width_of, wrap
from billing.services import invoices
from firms.permissions import Actor
from tests.factories import (
    NOW,
    make_contact,
    make_invoice,
    make_line,
    make_service_item,
    make_tax_rate,
)

TODAY = NOW.date()


def paper_of(invoice):
    return read_paper(invoice.firm, invoice.pk, today=TODAY)


def pages_of(invoice):
    """The text of each page, in single lines."""
    document = pypdfium2.PdfDocument(draw_invoice(paper_of(invoice), now=NOW))
    return [
        page.get_textpage().get_text_range().replace("\r\n", "\n").replace("\ufffe", "-")
        for page in document
    ]


def note_credits(invoice, *credits):
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=invoice.firm_id),
        invoice_id=invoice.pk,
        line_ids=None,
        credits=list(credits),
        lock_reason=None,
        now=NOW,
    )


def accept(invoice, **values):
    return invoices.accept_from_books(
        actor=Actor.for_sync(firm_id=invoice.firm_id),
        invoice_id=invoice.pk,
        values=values,
        now=NOW,
    )


# -- What is on it ---------------------------------------------------------------------------------
def test_a_client_reads_who_bills_whom_for_what_and_how_it_adds_up(firm):
    contact = make_contact(
        firm,
        display_name="Cobalt Classic Cars",
        billing_line1="412 Depot Rd",
        billing_city="Bayshore",
        billing_region="CA",
        billing_postal_code="94326",
    )
    rate = make_tax_rate(firm, "2", "6.7")
    item = make_service_item(firm, name="Payroll, up to 10 staff")
    payroll = make_line(
        service_item_id=item.pk,
        description="August",
        quantity=D("2.25"),
        rate=D(180),
        is_taxable=True,
        served_on=date(2026, 8, 31),
    )
    invoice = make_invoice(
        firm,
        contact=contact,
        lines=[make_line(quantity=D(1), rate=D("95.1234567")), payroll],
        tax_rate_id=rate.pk,
        discount_percent=D(10),
        po_number="PO 7",
        message="Pay by check.\nThank you.",
    )
    note_credits(
        invoice,
        {"kind": "Credit memo", "number": "73", "dated_on": date(2026, 11, 3), "amount": D("9.50")},
    )

    (page,) = pages_of(invoice)

    for words in (
        firm.name, invoice.number, "Cobalt Classic Cars", "412 Depot Rd", "Bayshore, CA 94326",
        "Issued", "Nov 20, 2026", "Net 30", "Dec 20, 2026", "PO number", "PO 7",
        "Payroll, up to 10 staff", "August", "Aug 31, 2026", "2.25", "180.00", "405.00",
        "95.1234567", "95.12", "Discount, 10%", "(50.01)", "Part 1, 2% of $364.50", "7.29",
        "Part 2, 6.7% of $364.50", "24.42", "$481.82", "Credit memo 73, Nov 3, 2026", "(9.50)",
        "$472.32", "Pay by check.", "Thank you.", "Page 1 of 1",
    ):  # fmt: skip
        assert words in page
    assert "VOID" not in page


def test_the_rows_of_a_paper_add_up_to_its_total_and_balance(firm):
    rate = make_tax_rate(firm, "6.25")
    line = make_line(is_taxable=True)
    invoice = make_invoice(firm, lines=[line], tax_rate_id=rate.pk, discount_amount=D("12.34"))
    note_credits(invoice, {"kind": "Deposit", "amount": D(20)})

    paper = paper_of(invoice)

    *parts, total = paper.adding_up
    *settled, due = paper.settling
    assert sum(row.amount for row in parts) == total.amount == invoice.total
    assert total.amount + sum(row.amount for row in settled) == due.amount == paper.invoice.balance


def test_tax_and_amounts_of_quickbooks_that_have_no_rows_here_are_one_row_each(firm):
    invoice = make_invoice(firm)
    invoice = accept(
        invoice, taxes=[], tax=D("8.25"), other_amount=D("15.00"), total=D("173.25"), discount=D(0)
    )

    paper = paper_of(invoice)

    assert Row(label="Tax", amount=D("8.25")) in paper.adding_up
    assert Row(label="Other in QuickBooks", amount=D("15.00")) in paper.adding_up
    assert "QuickBooks" not in pages_of(invoice)[0]  # a client has nothing to do with it


def test_a_void_invoice_is_stamped_on_each_page_and_nothing_is_due(firm, actor):
    lines = [make_line(description=f"Hour {hour}") for hour in range(60)]
    invoice = make_invoice(firm, lines=lines)
    invoices.void_invoice(actor=actor, invoice=invoice, now=NOW)

    pages = pages_of(invoice)

    assert len(pages) > 1
    assert all("VOID" in page for page in pages)
    assert "Balance due" in pages[-1]
    assert "$0.00" in pages[-1]


def test_a_draft_says_so(firm):
    assert "DRAFT" in pages_of(make_invoice(firm, status="draft"))[0]


def test_where_a_parent_is_billed_its_address_is_used_for_a_child_without_one(firm):
    parent = make_contact(firm, billing_line1="1 Main St", billing_city="Reno")
    child = make_contact(firm, parent_id=parent.pk, bill_with_parent=True)
    other = make_contact(firm, parent_id=parent.pk)

    assert "1 Main St" in paper_of(make_invoice(firm, contact=child)).bill_to
    assert paper_of(make_invoice(firm, contact=other)).bill_to == [other.display_name]


# -- Many lines, long texts ------------------------------------------------------------------------
def test_a_thousand_lines_go_over_many_pages_each_with_its_columns_and_number(firm):
    lines = [make_line(description=f"Entry {number}.") for number in range(1000)]

    pages = pages_of(make_invoice(firm, lines=lines))

    text = "\n".join(pages)
    assert all(f"Entry {number}." in text for number in range(1000))
    for place, page in enumerate(pages, start=1):
        assert f"Page {place} of {len(pages)}" in page
    assert all("Quantity" in page for page in pages[:-1])  # the last may hold the totals alone
    assert "continued" in pages[1]
    assert "$150,000.00" in pages[-1]


@pytest.mark.parametrize("number", range(15, 40))
def test_nothing_is_printed_over_the_foot_or_past_the_margin(firm, number):
    lines = [
        make_line(description="word " * (7 * place), rate=D("99999.1234567"))
        for place in range(number)
    ]
    invoice = make_invoice(firm, lines=lines, message="Thank you. " * 60)

    layout = lay_out(paper_of(invoice))

    for page in layout.pages:
        *marks, _, _, _ = page  # the foot: a rule, two texts
        assert all(mark.y <= BOTTOM + 1 for mark in marks)
        for mark in page:
            if isinstance(mark, Text) and mark.align == "left":
                assert mark.x + width_of(mark.text, mark.font, mark.size) <= RIGHT + 0.5


def test_a_description_longer_than_a_page_goes_on_on_the_next(firm):
    long = "\n".join(f"Step {number}." for number in range(300))
    invoice = make_invoice(firm, lines=[make_line(description=long[:3900])])

    pages = pages_of(invoice)

    assert len(pages) >= 2
    assert all(f"Step {number}." in "\n".join(pages) for number in range(300))


def test_numbers_never_overlap_the_columns_beside_them(firm):
    biggest = make_line(quantity=D("1"), rate=D("99999999998.1234567"))
    layout = lay_out(paper_of(make_invoice(firm, lines=[biggest])))

    rate = next(
        mark
        for mark in layout.pages[0]
        if isinstance(mark, Text) and mark.text == "99,999,999,998.1234567"
    )
    assert width_of(rate.text, rate.font, rate.size) <= 82.5


# -- Letters ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Zażółć gęślą jaźń", "Ωμέγα Άλφα", "Żubrówka & Söhne", "Жук и Сын", "Nguyễn Thị Ánh"]
)
def test_names_of_europe_and_vietnam_are_printed_as_they_are(firm, name):
    (page,) = pages_of(make_invoice(firm, contact=make_contact(firm, display_name=name)))

    assert name in page


@pytest.mark.parametrize("name", ["你好", "שלום", "شركة", "🦊", "\u202eabc", "a\x07b", "W" * 500])
def test_what_the_font_lacks_is_visible_and_breaks_nothing(firm, name):
    contact = make_contact(firm)
    type(contact).objects.filter(pk=contact.pk).update(display_name=name)

    (page,) = pages_of(make_invoice(firm, contact=contact))

    assert "Balance due" in page


def test_letters_are_joined_hidden_signs_dropped_and_unknown_ones_replaced():
    assert printable("e\u0301\u200b\u202ea\tb\x00\r\nc") == "éa b \nc"
    assert printable("你 a") == "\ufffd a"


def test_wrapped_lines_are_narrow_enough_and_lose_no_letter():
    prepare_fonts()
    text = "Reconciliation of " + "W" * 200 + " and three more accounts"

    lines = wrap(text, 120, REGULAR, 9.5)

    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width_of(line, REGULAR, 9.5) <= 120 for line in lines)
    assert clip(text, 120, REGULAR, 9.5).endswith("...")


# -- The file --------------------------------------------------------------------------------------
def test_the_same_invoice_at_the_same_time_gives_the_same_bytes(firm):
    paper = paper_of(make_invoice(firm))
    first = draw_invoice(paper, now=NOW)

    assert draw_invoice(paper, now=NOW) == first
    assert draw_invoice(paper, now=NOW + timedelta(seconds=1)) != first
    assert pypdfium2.PdfDocument(first).get_metadata_dict()["CreationDate"] == (
        "D:20261122100000+00'00'"
    )


def test_reading_a_paper_takes_the_same_number_of_queries_for_one_line_and_many(
    firm, django_assert_num_queries
):
    one = make_invoice(firm)
    many = make_invoice(firm, lines=[make_line() for _ in range(50)])
    assert InvoiceLine.objects.filter(invoice=many).count() == 50

    for invoice in (one, many):
        with django_assert_num_queries(6):
            read_paper(firm, invoice.pk, today=TODAY)
