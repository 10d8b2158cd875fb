"""Service items, invoices, payments, tax rates and terms over the API."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core import mail

from billing.models import Invoice, InvoiceMail, Payment
from billing.services import sending
from firms.marks import SyncMark, SyncState
from integrations.models import Connection, Link
from tests.api.test_frame import problem
from tests.factories import (
    NOW,
    make_contact,
    make_firm,
    make_invoice,
    make_payment,
    make_service_item,
    make_tax_rate,
)

pytestmark = pytest.mark.django_db
LINE = {"description": "Bookkeeping", "quantity": "2", "rate": "75.5"}


@pytest.fixture
def contact(firm):
    return make_contact(firm, email="ada@example.com")


def draft(program, contact, **values):
    body = {"contact_id": contact.pk, "term_days": 30, "lines": [LINE], **values}
    return program.post("/invoices/", body)


# -- Invoices ------------------------------------------------------------------------------------


def test_a_post_makes_a_draft_with_its_lines(program, firm, contact):
    item, rate = make_service_item(firm), make_tax_rate(firm, "2", "6.7")

    response = draft(
        program,
        contact,
        issued_on="2026-11-22",
        tax_rate_id=rate.pk,
        discount_percent="10",
        lines=[
            {**LINE, "service_item_id": item.pk, "is_taxable": True},
            {"kind": "text", "description": "Thank you"},
            {"amount": "9.00"},
        ],
    )
    told = response.json()

    assert (response.status_code, told["status"], told["due_on"]) == (201, "draft", "2026-12-22")
    assert response["Location"].endswith(f"/api/v1/invoices/{told['id']}/")
    assert [each["amount"] for each in told["lines"]] == ["151.00", None, "9.00"]
    assert (told["subtotal"], told["discount"], told["tax"]) == ("160.00", "16.00", "11.83")
    assert (told["total"], told["balance"]) == ("155.83", "155.83")
    assert [(each["percent"], each["amount"]) for each in told["taxes"]] == [
        ("2", "2.72"),
        ("6.7", "9.11"),
    ]
    assert program.get(f"/invoices/{told['id']}/").json() == told


def test_a_rate_of_seven_decimals_stays_exact(program, contact):
    told = draft(program, contact, lines=[{"quantity": "1", "rate": "0.1234567"}]).json()

    assert (told["lines"][0]["rate"], told["lines"][0]["amount"]) == ("0.1234567", "0.12")


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ({"quantity": 2, "rate": "1"}, "lines[0].quantity"),
        ({"quantity": "2", "rate": 0.1}, "lines[0].rate"),
        ({"quantity": "1e5", "rate": "1"}, "lines[0].quantity"),
        ({"quantity": "1,000", "rate": "1"}, "lines[0].quantity"),
        ({"quantity": "NaN", "rate": "1"}, "lines[0].quantity"),
        ({"quantity": "٢", "rate": "1"}, "lines[0].quantity"),
        ({"quantity": "1", "rate": "0.12345678"}, "lines[0].rate"),
        ({"amount": "1.005"}, "lines[0].amount"),
        ({"amount": "99999999999999"}, "lines[0].amount"),
        ({"quantity": "1"}, "lines[0].rate"),
        ({"service_item_id": 10**15, "amount": "1.00"}, "lines[0].service_item_id"),
        ({"kind": "bundle"}, "lines[0].kind"),
        ({"price": "1.00"}, "lines[0].price"),
        ({"amount": "1.00", "served_on": "22.11.2026"}, "lines[0].served_on"),
        ("one", "lines[0]"),
    ],
    ids=str,
)
def test_a_line_that_is_not_possible_is_named(program, contact, line, path):
    response = draft(program, contact, lines=[line])

    assert response.status_code == 422
    assert path in problem(response)["errors"], problem(response)
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    ("values", "code", "path"),
    [
        ({"contact_id": 10**15}, "contact_missing", "contact_id"),
        ({"number": "x" * 22}, "number_too_long", "number"),
        ({"due_on": "2026-12-01"}, "fields_not_possible", "due_on"),
        ({"term_days": None}, "date_not_possible", "due_on"),
        ({"term_days": None, "due_on": "2020-01-01"}, "date_not_possible", "due_on"),
        ({"tax_rate_id": 10**15}, "tax_rate_not_possible", "tax_rate_id"),
        ({"discount_amount": "200.00"}, "discount_not_possible", "discount_amount"),
        ({"total": "1.00"}, "fields_not_possible", "total"),
        ({"status": "sent"}, "fields_not_possible", "status"),
    ],
    ids=str,
)
def test_what_an_invoice_cannot_be_is_said_beside_its_field(program, contact, values, code, path):
    response = draft(program, contact, issued_on="2026-11-22", **values)

    assert (response.status_code, problem(response)["code"]) == (422, code)
    assert list(problem(response)["errors"]) == [path]


def test_records_of_another_firm_cannot_be_named(program, contact):
    other = make_firm()
    item, rate = make_service_item(other), make_tax_rate(other)

    answers = [
        draft(program, make_contact(other)),
        draft(program, contact, tax_rate_id=rate.pk),
        draft(program, contact, lines=[{**LINE, "service_item_id": item.pk}]),
        program.post("/contacts/", {"display_name": "A", "parent_id": make_contact(other).pk}),
        program.post("/payments/", {"contact_id": make_contact(other).pk, "amount": "1.00",
                                    "received_on": "2026-11-25"}),
    ]  # fmt: skip

    assert [each.status_code for each in answers] == [422] * 5


def test_ten_thousand_lines_are_kept_and_one_more_is_refused(program, contact):
    line = {"amount": "0.01"}

    made = draft(program, contact, lines=[line] * 10_000)
    refused = draft(program, contact, lines=[line] * 10_001)

    assert (made.status_code, made.json()["total"]) == (201, "100.00")
    assert (refused.status_code, list(problem(refused)["errors"])) == (422, ["lines"])


@pytest.mark.parametrize(
    "wrong",
    [{"rate": "1e5"}, {"amount": 7}, {"kind": "gift"}, {"service_item_id": 10**12}, {"colour": 1}],
    ids=str,
)
def test_one_line_that_is_wrong_leaves_nothing_half_written(program, contact, wrong):
    refused = draft(program, contact, lines=[LINE] * 50 + [{**LINE, **wrong}])
    made = draft(program, contact)

    assert refused.status_code == 422
    assert [path.partition(".")[0] for path in problem(refused)["errors"]] == ["lines[50]"]
    assert Invoice.objects.get().number == made.json()["number"] == "INV-1001"


def test_lines_that_are_named_go_on_and_others_go(program, contact):
    made = draft(program, contact, lines=[LINE, {"amount": "9.00"}]).json()
    first = made["lines"][0]["id"]

    response = program.patch(
        f"/invoices/{made['id']}/",
        {"lines": [{"id": first, "quantity": "3", "rate": "10"}]},
        headers={"If-Match": f'"{made["version"]}"'},
    )

    assert response.status_code == 200
    assert [(each["id"], each["amount"]) for each in response.json()["lines"]] == [(first, "30.00")]


def test_a_due_date_that_is_chosen_ends_the_terms(program, contact):
    made = draft(program, contact, issued_on="2026-11-22").json()

    told = program.patch(
        f"/invoices/{made['id']}/", {"due_on": "2026-12-05"}, headers={"If-Match": "*"}
    ).json()

    assert (told["term_days"], told["due_on"]) == (None, "2026-12-05")


def test_an_invoice_goes_its_way(program, contact):
    made = draft(program, contact).json()
    address = f"/invoices/{made['id']}/"

    sent = program.post(address + "mark-sent/", headers={"If-Match": '"1"'})
    paid = program.post(address + "payments/", {"amount": "51.00", "received_on": "2026-11-25"})
    part = program.get(address).json()
    listed = program.get(address + "payments/").json()["data"]
    void = program.post(address + "void/", {"reason": "Billed twice"})

    assert (sent.status_code, sent.json()["status"]) == (200, "sent")
    assert (part["status"], part["applied"], part["balance"]) == ("part_paid", "51.00", "100.00")
    assert [each["id"] for each in listed] == [paid.json()["id"]]
    assert (void.json()["status"], void.json()["void_reason"]) == ("void", "Billed twice")
    assert program.get(f"/payments/{paid.json()['id']}/").json()["unapplied"] == "51.00"


@pytest.mark.parametrize(
    ("action", "code"),
    [("mark-sent/", "invoice_not_draft"), ("void/", None), ("send/", None)],
)
def test_what_its_state_forbids_is_a_conflict(program, firm, action, code):
    sent = make_invoice(firm, contact=make_contact(firm, email="ada@example.com"))

    response = program.post(f"/invoices/{sent.pk}/{action}")

    if code:
        assert (response.status_code, problem(response)["code"]) == (409, code)
    else:
        assert response.status_code < 300


def test_an_action_on_another_version_is_not_done(program, firm):
    invoice = make_invoice(firm)

    response = program.post(f"/invoices/{invoice.pk}/void/", headers={"If-Match": '"1"'})

    assert (response.status_code, problem(response)["code"]) == (412, "invoice_changed")
    invoice.refresh_from_db()
    assert not invoice.is_void


def test_an_invoice_is_sent_once_by_email(program, firm, contact):
    made = draft(program, contact).json()
    address = f"/invoices/{made['id']}/send/"

    for _ in range(2):
        response = program.post(address, headers={"Idempotency-Key": "a"})
    told = response.json()
    sending.deliver(InvoiceMail.objects.get().pk, clock=lambda: datetime.now(UTC))

    assert response.status_code == 202
    assert (told["status"], told["email"]["to"]) == ("sent", "ada@example.com")
    assert told["email"]["state"] == "waiting"
    assert [each.to for each in mail.outbox] == [["ada@example.com"]]
    assert program.get(f"/invoices/{made['id']}/").json()["email"]["state"] == "sent"


def test_a_contact_without_an_address_is_said(program, firm):
    made = draft(program, make_contact(firm)).json()

    response = program.post(f"/invoices/{made['id']}/send/")

    assert (response.status_code, problem(response)["code"]) == (422, "letter_not_possible")
    assert list(problem(response)["errors"]) == ["to"]


def test_its_pdf_is_a_pdf(program, firm):
    response = program.get(f"/invoices/{make_invoice(firm, number='Ü-1').pk}/pdf/")

    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response.content.startswith(b"%PDF-")


def test_a_draft_can_be_deleted_and_a_sent_one_not(program, firm):
    sent, new = make_invoice(firm), make_invoice(firm, status="draft")
    headers = {"If-Match": "*"}

    answers = [program.delete(f"/invoices/{each.pk}/", headers=headers) for each in (new, sent)]

    assert [each.status_code for each in answers] == [204, 409]
    assert program.delete(f"/invoices/{sent.pk}/").status_code == 428


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "draft open late paid"),
        ({"status": "draft"}, "draft"),
        ({"status": "open"}, "open late"),
        ({"status": "overdue"}, "late"),
        ({"status": "paid"}, "paid"),
        ({"number": "OPEN"}, "open"),
        ({"q": "late"}, "late"),
        ({"issued_from": "2026-11-01"}, "draft open paid"),
        ({"issued_to": "2026-10-31"}, "late"),
        ({"sync_state": "synced"}, "open"),
        ({"sync_state": "not_synced"}, "draft late paid"),
        ({"updated_since": "2100-01-01T00:00:00Z"}, ""),
    ],
    ids=str,
)
def test_invoices_are_found_by_each_filter(program, firm, asked, found):
    far = {"due_on": datetime(2099, 1, 1).date()}  # noqa: DTZ001
    make_invoice(firm, number="draft", status="draft", **far)
    opened = make_invoice(firm, number="open", **far)
    day = datetime(2026, 10, 1).date()  # noqa: DTZ001
    make_invoice(firm, number="late", issued_on=day, due_on=day)
    make_payment(make_invoice(firm, number="paid", **far), "150.00")
    SyncMark.objects.create(
        firm=firm, entity="invoice", local_id=opened.pk, state=SyncState.SYNCED, changed_at=NOW
    )

    page = program.get("/invoices/", asked).json()

    assert {each["number"] for each in page["data"]} == set(found.split())


@pytest.mark.parametrize("kind", ["contacts", "service-items", "invoices", "payments", "tax-rates"])
def test_a_list_takes_as_many_queries_however_long(
    program, firm, kind, django_assert_max_num_queries
):
    for _ in range(4):
        make_payment(make_invoice(firm), "10.00")
        make_service_item(firm)
        make_tax_rate(firm)

    with django_assert_max_num_queries(9):
        assert len(program.get(f"/{kind}/").json()["data"]) == 4


# -- Payments ------------------------------------------------------------------------------------


def test_a_payment_is_split_and_changed_and_voided(program, firm, contact):
    first, second = make_invoice(firm, contact=contact), make_invoice(firm, contact=contact)
    parts = [
        {"invoice_id": first.pk, "amount": "150.00"},
        {"invoice_id": second.pk, "amount": "20.00"},
    ]
    body = {"contact_id": contact.pk, "amount": "200.00", "received_on": "2026-11-25"}

    made = program.post("/payments/", {**body, "parts": parts})
    address = f"/payments/{made.json()['id']}/"
    changed = program.patch(address, {"parts": parts[:1]}, headers={"If-Match": made["ETag"]})
    lost = program.patch(address, {"reference": "1"}, headers={"If-Match": made["ETag"]})
    void = program.post(address + "void/", {"reason": "Bounced"})
    again = program.post(address + "void/")

    assert (made.json()["applied"], made.json()["unapplied"]) == ("170.00", "30.00")
    assert changed.json()["unapplied"] == "50.00"
    assert (lost.status_code, problem(lost)["code"]) == (412, "payment_changed")
    assert (void.json()["is_void"], void.json()["void_reason"]) == (True, "Bounced")
    assert (again.status_code, problem(again)["code"]) == (409, "payment_is_void")


@pytest.mark.parametrize("amount", ["150.01", "0.00", "-1.00"])
def test_never_more_is_paid_than_is_owed(program, firm, amount):
    invoice = make_invoice(firm)

    response = program.post(
        f"/invoices/{invoice.pk}/payments/", {"amount": amount, "received_on": "2026-11-25"}
    )

    assert response.status_code == 422
    assert not Payment.objects.exists()


# -- Items, rates, terms, sync -------------------------------------------------------------------


def test_a_service_item_is_changed_archived_and_restored(program):
    made = program.post("/service-items/", {"name": "Bookkeeping", "rate": "75.1234567"})
    address = f"/service-items/{made.json()['id']}/"
    taken = program.post("/service-items/", {"name": "BOOKKEEPING"})
    program.post(address + "archive/", headers={"If-Match": made["ETag"]})
    lost = program.post(address + "restore/", headers={"If-Match": made["ETag"]})
    restored = program.post(address + "restore/")

    assert made.json()["rate"] == "75.1234567"
    assert (taken.status_code, problem(taken)["code"]) == (422, "name_taken")
    assert (lost.status_code, problem(lost)["code"]) == (412, "service_item_changed")
    assert (restored.json()["is_archived"], restored["ETag"]) == (False, '"3"')


def test_a_tax_rate_is_renamed_and_keeps_its_percentages(program):
    made = program.post("/tax-rates/", {"name": "State", "parts": [{"percent": "8.7"}]}).json()
    address = f"/tax-rates/{made['id']}/"

    renamed = program.patch(address, {"name": "State 2027"}, headers={"If-Match": "*"})
    refused = program.patch(address, {"parts": []}, headers={"If-Match": "*"})

    assert renamed.json()["name"] == "State 2027"
    assert renamed.json()["parts"] == [{"name": "State", "percent": "8.7"}]
    assert refused.status_code == 422


def test_terms_are_listed(program):
    data = program.get("/terms/").json()["data"]

    assert {"days": 0, "name": "Due on receipt"} in data
    assert {"days": 30, "name": "Net 30"} in data


def test_a_record_says_how_it_stands_with_quickbooks(program, firm, contact):
    connection = Connection.objects.create(
        firm=firm, company_id="1", company_name="Sample", state_changed_at=NOW, connected_at=NOW
    )
    Link.objects.create(
        connection=connection, firm=firm, entity="contact", local_id=contact.pk, remote_id="58",
        state=Link.State.LINKED,
    )  # fmt: skip
    SyncMark.objects.create(
        firm=firm, entity="contact", local_id=contact.pk, state=SyncState.SYNCED,
        remote_label="Ada L.", changed_at=NOW,
    )  # fmt: skip
    alone = make_contact(firm)

    assert program.get(f"/contacts/{contact.pk}/").json()["sync"] == {
        "state": "synced",
        "quickbooks_id": "58",
        "quickbooks_label": "Ada L.",
    }
    assert program.get(f"/contacts/{alone.pk}/").json()["sync"] == {
        "state": "not_synced",
        "quickbooks_id": None,
        "quickbooks_label": None,
    }


def test_money_never_becomes_a_float(program, firm):
    make_invoice(firm)
    [told] = program.get("/invoices/").json()["data"]

    money = ("subtotal", "discount", "tax", "total", "applied", "credited", "balance")
    assert all(isinstance(told[name], str) for name in money)
    assert Decimal(told["total"]) == Decimal("150.00")
