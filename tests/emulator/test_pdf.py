"""Printed forms (5.11)."""

import re
from typing import Any

import pytest

from .conftest import Quick, fault
from .test_transactions import invoice, item_line, payment


def form(qbo: Quick, entity: str) -> dict[str, Any]:
    """A sales form of one line of 10; money that goes back needs an account to leave."""
    account = {"DepositToAccountRef": {"value": "35"}} if entity == "RefundReceipt" else {}
    return qbo.create(entity, CustomerRef={"value": "6"}, Line=[item_line(10)], **account)


def pdf(qbo: Quick, entity: str, id: str) -> bytes:
    headers = {"Accept": "application/pdf"}
    answer = qbo.api("GET", f"{entity.lower()}/{id}/pdf", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    return answer.content


def texts(file: bytes) -> list[str]:
    """What a PDF shows, read through its table of objects as a viewer does."""
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", file)[1])  # type: ignore[index]
    assert file.startswith(b"xref\n", start)
    offsets = re.findall(rb"(\d{10}) 00000 n \n", file[start:])
    for number, offset in enumerate(offsets, 1):
        assert file.startswith(b"%d 0 obj\n" % number, int(offset))
    stream = re.search(rb"<< /Length (\d+) >>\nstream\n(.*?)\nendstream", file, re.DOTALL)
    assert stream is not None
    assert len(stream[2]) == int(stream[1])
    found = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", stream[2])
    return [re.sub(r"\\(.)", r"\1", each.decode("cp1252")) for each in found]


def test_an_invoice_prints_what_it_says_5_11(qbo: Quick) -> None:
    made = invoice(qbo, 1234.5, DueDate="2026-12-24", CustomerMemo={"value": "Thank (you) \\o/"})

    shown = texts(pdf(qbo, "Invoice", made["Id"]))

    assert "INVOICE" in shown
    assert made["DocNumber"] in shown
    assert "Dylan Sollfrank" in shown
    assert "2026-12-24" in shown
    assert "Gardening" in shown
    assert shown.count("1,234.50") == 3  # the line, the total, the balance
    assert "Thank (you) \\o/" in shown


def test_forty_lines_stay_on_one_page_5_11(qbo: Quick) -> None:
    lines = [item_line(1) for _ in range(40)]
    made = qbo.create("Invoice", CustomerRef={"value": "6"}, Line=lines)

    shown = texts(pdf(qbo, "Invoice", made["Id"]))

    assert "and 10 more lines" in shown


def test_letters_beyond_latin_do_not_break_the_page_5_11(qbo: Quick) -> None:
    made = invoice(qbo, 1, CustomerMemo={"value": "Grüße 東京"})

    assert "Grüße ??" in texts(pdf(qbo, "Invoice", made["Id"]))


@pytest.mark.parametrize("entity", ["Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt"])
def test_every_sales_form_has_a_pdf_5_11(qbo: Quick, entity: str) -> None:
    made = form(qbo, entity)

    assert "10.00" in texts(pdf(qbo, entity, made["Id"]))


def test_a_payment_has_a_pdf_5_11(qbo: Quick) -> None:
    paid = payment(qbo, 12)

    assert "12.00" in texts(pdf(qbo, "Payment", paid["Id"]))


def test_its_faults_are_json_or_xml_as_accepted_5_11(qbo: Quick) -> None:
    as_json = qbo.api("GET", "invoice/4711/pdf", headers={"Accept": "application/json"})
    as_xml = qbo.api("GET", "invoice/4711/pdf", headers={"Accept": "application/pdf"})

    assert fault(as_json)["code"] == "610"
    assert as_xml.status_code == 400
    assert as_xml.headers["Content-Type"].startswith("application/xml")
    assert 'code="610"' in as_xml.text
    assert fault(qbo.api("GET", "customer/6/pdf"))["code"] == "500"


def test_a_pdf_is_metered_7_4(qbo: Quick) -> None:
    made = invoice(qbo, 1)
    before = qbo.counts["metered"]

    pdf(qbo, "Invoice", made["Id"])

    assert qbo.counts["metered"] == before + 1
