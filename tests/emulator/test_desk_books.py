"""The books at the desk: a bookkeeper's day in lists, invoices, payments, deposits, preferences."""

import re
from html import unescape
from typing import Any

import pytest

from .conftest import Quick
from .test_desk import Desk

LISTS = (
    *("customers", "vendors", "employees", "items", "accounts", "terms", "paymentmethods"),
    *("classes", "departments", "customertypes", "companycurrencies", "taxcodes", "taxrates"),
    "taxagencies",
)


@pytest.fixture
def desk(qbo: Quick) -> Desk:
    return Desk(qbo)


def values(page: str) -> dict[str, str]:
    """What the main form of a page would send, as a browser does."""
    form = page.split('<form class="panel wide" method="post"')[1].split("</form>")[0]
    found: dict[str, str] = {}
    for field in re.findall(r"<input ([^>]*)>", form):
        name = re.search(r'name="([^"]+)"', field)
        value = re.search(r'value="([^"]*)"', field)
        if name and not ('type="checkbox"' in field and " checked" not in field):
            found[name[1]] = unescape(value[1]) if value else "on"
    for name_, text in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n?([^<]*)<', form):
        found[name_] = unescape(text)
    for name_, inner in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name_] = unescape(chosen[1]) if chosen else ""
    return found


def problem(page: str) -> str:
    """The sentence above a form; "" without one."""
    found = re.search(r'<p class="note bad" role="alert">(.*?)</p>', page, re.S)
    return unescape(found[1]) if found else ""


def alter(desk: Desk, page: str, **fields: str) -> Any:
    """Open a form, change some of its fields, press Save. A `.` in a name is written `__`."""
    typed = {name.replace("__", "."): value for name, value in fields.items()}
    return desk.post(page, **(values(desk.get(page).text) | typed))


# --- Lists ---


@pytest.mark.parametrize("slug", LISTS)
def test_every_list_and_each_of_its_entries_has_a_page(desk: Desk, slug: str) -> None:
    page = desk.get(slug)

    assert page.status_code == 200
    for address in re.findall(rf'<td[^>]*><a href="/books/({slug}/[^"]+)"', page.text)[:100]:
        assert desk.get(address).status_code == 200, address


def test_the_pseudo_tax_codes_have_pages_4_13(desk: Desk) -> None:
    assert "<bdi>TAX</bdi>" in desk.get("taxcodes/TAX").text
    assert "<bdi>NON</bdi>" in desk.get("taxcodes/NON").text


def test_a_list_that_is_only_read_takes_no_forms(desk: Desk) -> None:
    assert "New account" not in desk.get("accounts").text
    assert desk.get("accounts/new").status_code == 404
    assert desk.post("accounts/35", Name="x").status_code == 404


def test_an_item_is_made_changed_ended_and_brought_back_4_4(qbo: Quick, desk: Desk) -> None:
    fields = {"Name": "Pruning", "Type": "Service", "UnitPrice": "$1,040.50", "Sku": "P-1"}
    made = desk.post("items/new", **fields, **{"IncomeAccountRef.value": "79", "Taxable": "on"})
    assert "Saved." in made.text
    id = made.url.rsplit("/", 1)[1]
    item = qbo.read(id, "Item")
    assert (item["UnitPrice"], item["Sku"], item["Taxable"]) == (1040.5, "P-1", True)

    alter(desk, f"items/{id}", UnitPrice="45", Description="By the hour")
    after = qbo.read(id, "Item")
    assert (after["UnitPrice"], after["Description"], after["SyncToken"]) == (
        45,
        "By the hour",
        "1",
    )

    desk.post(f"items/{id}/inactivate")
    assert qbo.read(id, "Item")["Active"] is False
    desk.post(f"items/{id}/reactivate")
    assert (qbo.read(id, "Item")["Active"], qbo.read(id, "Item")["Name"]) == (True, "Pruning")


def test_saving_the_form_of_an_item_as_it_is_changes_nothing(qbo: Quick, desk: Desk) -> None:
    before = qbo.read("6", "Item")

    assert "Nothing was changed." in alter(desk, "items/6").text
    assert qbo.read("6", "Item") == before


def test_a_category_is_given_and_taken_away_4_4(qbo: Quick, desk: Desk) -> None:
    category = desk.post("items/new", Name="Outdoors", Type="Category").url.rsplit("/", 1)[1]

    alter(desk, "items/6", ParentRef__value=category)
    assert qbo.read("6", "Item")["FullyQualifiedName"] == "Outdoors:Gardening"
    alter(desk, "items/6", ParentRef__value="")
    assert qbo.read("6", "Item")["FullyQualifiedName"] == "Gardening"


def test_a_term_and_a_class_are_made(qbo: Quick, desk: Desk) -> None:
    term = desk.post("terms/new", Name="Net 45", DueDays="45").url.rsplit("/", 1)[1]
    found = desk.post("classes/new", Name="Garden").url.rsplit("/", 1)[1]

    assert qbo.read(term, "Term")["DueDays"] == 45
    assert qbo.read(found, "Class")["Name"] == "Garden"


def test_an_item_is_merged_into_another_9(qbo: Quick, desk: Desk) -> None:
    assert "Merged." in desk.post("items/6/merge", into="7").text
    assert desk.get("items/6").status_code == 404
    assert "Object Not Found" in problem(desk.post("items/7/merge", into="4711").text)


# --- Sales forms ---


def new_invoice(desk: Desk, *amounts: str, **fields: str) -> str:
    """Make an invoice of Dylan Sollfrank (6) with a line of Gardening (6) per amount; its id."""
    typed = values(desk.get("invoices/new").text) | {"CustomerRef.value": "6"}
    for place, amount in enumerate(amounts, 1):
        typed |= {f"line-{place}-item": "6", f"line-{place}-amount": amount}
    answer = desk.post("invoices/new", **(typed | fields))
    assert "Saved." in answer.text, problem(answer.text)
    return str(answer.url.rsplit("/", 1)[1])


def test_an_invoice_is_made_with_two_lines_and_a_discount_4_6_2(qbo: Quick, desk: Desk) -> None:
    typed = values(desk.get("invoices/new").text)
    typed |= {"CustomerRef.value": "6", "TxnDate": "2026-11-02", "SalesTermRef.value": "3"}
    typed |= {"line-1-item": "6", "line-1-quantity": "3", "line-1-rate": "33.335"}
    typed |= {"line-2-item": "7", "line-2-description": "Two days", "line-2-amount": "1,100"}
    typed |= {"discount": "10", "CustomerMemo.value": "Thank you."}

    id = desk.post("invoices/new", **typed).url.rsplit("/", 1)[1]

    made = qbo.read(id, "Invoice")
    assert [line.get("Amount") for line in made["Line"]] == [100.01, 1100, 1200.01, 120]
    assert made["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 33.335
    assert made["Line"][1]["Description"] == "Two days"
    assert (made["TotalAmt"], made["DueDate"]) == (1080.01, "2026-12-02")
    assert made["CustomerMemo"] == {"value": "Thank you."}
    page = desk.get("invoices").text
    assert "1,080.01" in page
    assert "Dylan Sollfrank" in page


def test_a_line_without_figures_takes_them_from_its_item(qbo: Quick, desk: Desk) -> None:
    price = qbo.read("7", "Item")["UnitPrice"]

    id = new_invoice(desk, **{"line-1-item": "7"})

    line = qbo.read(id, "Invoice")["Line"][0]
    assert (line["Amount"], line["SalesItemLineDetail"]["Qty"]) == (price, 1)


def test_more_lines_are_given_and_what_was_typed_stays(desk: Desk) -> None:
    typed = values(desk.get("invoices/new").text) | {"line-4-amount": "75", "more": "1"}

    page = desk.post("invoices/new", **typed)

    assert page.status_code == 200
    assert 'id="line-8-amount"' in page.text
    assert values(page.text)["line-4-amount"] == "75"


def test_saving_an_invoice_as_it_is_changes_nothing(qbo: Quick, desk: Desk) -> None:
    id = new_invoice(desk, "100", "20.50", discount="5")
    before = qbo.read(id, "Invoice")

    assert "Nothing was changed." in alter(desk, f"invoices/{id}").text
    assert qbo.read(id, "Invoice") == before


def test_an_edited_quantity_moves_the_amount_and_an_amount_the_rate(qbo: Quick, desk: Desk) -> None:
    id = new_invoice(desk, **{"line-1-item": "6", "line-1-quantity": "2", "line-1-rate": "30"})

    alter(desk, f"invoices/{id}", **{"line-1-quantity": "4"})
    assert qbo.read(id, "Invoice")["TotalAmt"] == 120
    alter(desk, f"invoices/{id}", **{"line-1-amount": "100"})
    line = qbo.read(id, "Invoice")["Line"][0]
    assert (line["Id"], line["Amount"]) == ("1", 100)
    assert line["SalesItemLineDetail"]["UnitPrice"] == 25


def test_an_emptied_line_and_discount_are_gone_from_the_invoice(qbo: Quick, desk: Desk) -> None:
    id = new_invoice(desk, "100", "50", discount="10", **{"discount-kind": "amount"})
    assert qbo.read(id, "Invoice")["TotalAmt"] == 140

    blank = {"line-1-item": "", "line-1-description": "", "line-1-amount": ""}
    alter(desk, f"invoices/{id}", discount="", **blank)

    after = qbo.read(id, "Invoice")
    assert [line.get("Id") for line in after["Line"]] == ["2", None]
    assert after["TotalAmt"] == 50


def test_a_later_date_moves_the_due_date_unless_it_is_typed_4_14(qbo: Quick, desk: Desk) -> None:
    id = new_invoice(desk, "100", TxnDate="2026-11-02", **{"SalesTermRef.value": "3"})

    alter(desk, f"invoices/{id}", TxnDate="2026-11-12")
    assert qbo.read(id, "Invoice")["DueDate"] == "2026-12-12"
    alter(desk, f"invoices/{id}", TxnDate="2026-11-13", DueDate="2026-11-20")
    assert qbo.read(id, "Invoice")["DueDate"] == "2026-11-20"


def test_lines_are_taxed_by_the_code_of_the_form_4_6_3(qbo: Quick, desk: Desk) -> None:
    rate = qbo.query("SELECT * FROM TaxCode WHERE Name = 'California'")["TaxCode"][0]["Id"]

    id = new_invoice(
        desk, "100", "50", **{"line-1-tax": "TAX", "TxnTaxDetail.TxnTaxCodeRef.value": rate}
    )
    assert qbo.read(id, "Invoice")["TotalAmt"] == 158
    assert "Nothing was changed." in alter(desk, f"invoices/{id}").text
    alter(desk, f"invoices/{id}", TxnTaxDetail__TxnTaxCodeRef__value="")
    assert qbo.read(id, "Invoice")["TotalAmt"] == 150


def test_an_invoice_is_voided_and_another_deleted_5_4_5_5(qbo: Quick, desk: Desk) -> None:
    void, gone = new_invoice(desk, "10"), new_invoice(desk, "20")

    assert "Voided." in desk.post(f"invoices/{void}/void").text
    assert "Deleted." in desk.post(f"invoices/{gone}/delete").text

    assert qbo.read(void, "Invoice")["TotalAmt"] == 0
    assert desk.get(f"invoices/{gone}").status_code == 404
    assert '<span class="tag r">Voided</span>' in desk.get(f"invoices/{void}").text


def test_versions_say_who_made_them(qbo: Quick, desk: Desk) -> None:
    id = new_invoice(desk, "10")
    qbo.update(qbo.read(id, "Invoice"), "Invoice", PrivateNote="by the app")

    page = desk.get(f"invoices/{id}").text.split("Versions, newest first")[1]

    assert re.findall(r"<td[^>]*>(create|update)</td>", page) == ["update", "create"]
    assert "Robin Carlson (ui)" in page


@pytest.mark.parametrize("slug", ["estimates", "salesreceipts", "creditmemos", "refundreceipts"])
def test_other_sales_forms_are_made_and_edited(qbo: Quick, desk: Desk, slug: str) -> None:
    typed = values(desk.get(f"{slug}/new").text) | {"CustomerRef.value": "6"}
    typed |= {"line-1-item": "6", "line-1-amount": "80", "DepositToAccountRef.value": "35"}

    made = desk.post(f"{slug}/new", **typed)
    assert "Saved." in made.text, problem(made.text)
    address = "/".join(made.url.rsplit("/", 2)[1:])
    alter(desk, address, **{"line-1-amount": "90"})

    assert "90.00" in desk.get(address).text
    assert "90.00" in desk.get(slug).text


# --- Money that comes in ---


def new_payment(desk: Desk, customer: str = "6", **fields: str) -> str:
    typed = values(desk.get(f"payments/new?customer={customer}").text)
    answer = desk.post("payments/new", **(typed | fields))
    assert "Saved." in answer.text, problem(answer.text)
    return str(answer.url.rsplit("/", 1)[1])


def new_deposit(desk: Desk, *payments: str) -> str:
    typed = values(desk.get("deposits/new").text) | {"DepositToAccountRef.value": "35"}
    answer = desk.post("deposits/new", **(typed | {f"take-Payment-{id}": "on" for id in payments}))
    assert "Saved." in answer.text, problem(answer.text)
    return str(answer.url.rsplit("/", 1)[1])


def test_one_payment_pays_two_invoices_and_keeps_the_rest_4_7(qbo: Quick, desk: Desk) -> None:
    first, second = new_invoice(desk, "100"), new_invoice(desk, "60")
    uses = {f"use-Invoice-{first}": "100", f"use-Invoice-{second}": "25.50"}

    id = new_payment(desk, TotalAmt="150", PaymentRefNum="Check 9", **uses)

    paid = qbo.read(id, "Payment")
    assert (paid["TotalAmt"], paid["UnappliedAmt"], paid["PaymentRefNum"]) == (150, 24.5, "Check 9")
    assert qbo.read(first, "Invoice")["Balance"] == 0
    assert qbo.read(second, "Invoice")["Balance"] == 34.5
    assert '<span class="tag g">Paid</span>' in desk.get(f"invoices/{first}").text
    assert f'href="/books/payments/{id}"' in desk.get(f"invoices/{first}").text


def test_an_amount_that_was_not_received_is_what_is_paid(qbo: Quick, desk: Desk) -> None:
    invoice = new_invoice(desk, "100")

    id = new_payment(desk, **{f"use-Invoice-{invoice}": "40"})

    assert qbo.read(id, "Payment")["TotalAmt"] == 40


def test_the_page_of_an_invoice_leads_to_its_payment(qbo: Quick, desk: Desk) -> None:
    invoice = new_invoice(desk, "100")
    link = re.search(r'href="/books/(payments/new[^"]+)"', desk.get(f"invoices/{invoice}").text)
    assert link

    typed = values(desk.get(unescape(link[1])).text)

    assert (typed["TotalAmt"], typed[f"use-Invoice-{invoice}"]) == ("100", "100")


def test_a_credit_memo_pays_an_invoice_4_8(qbo: Quick, desk: Desk) -> None:
    off = {"SalesFormsPrefs": {"AutoApplyCredit": False}}
    qbo.act("update", "1", entity="Preferences", fields=off)
    invoice = new_invoice(desk, "100")
    typed = values(desk.get("creditmemos/new").text) | {"CustomerRef.value": "6"}
    typed |= {"line-1-item": "6", "line-1-amount": "30"}
    credit = desk.post("creditmemos/new", **typed).url.rsplit("/", 1)[1]

    uses = {f"use-Invoice-{invoice}": "30", f"use-CreditMemo-{credit}": "30"}
    id = new_payment(desk, **uses)

    assert qbo.read(id, "Payment")["TotalAmt"] == 0
    assert qbo.read(invoice, "Invoice")["Balance"] == 70
    assert qbo.read(credit, "CreditMemo")["RemainingCredit"] == 0


def test_a_payment_is_edited_9(qbo: Quick, desk: Desk) -> None:
    invoice = new_invoice(desk, "100")
    id = new_payment(desk, **{f"use-Invoice-{invoice}": "40"})
    before = qbo.read(id, "Payment")

    assert "Nothing was changed." in alter(desk, f"payments/{id}").text
    assert qbo.read(id, "Payment") == before
    uses = {f"use-Invoice-{invoice}": "70"}
    alter(desk, f"payments/{id}", TotalAmt="75", TxnDate="2026-11-05", **uses)

    after = qbo.read(id, "Payment")
    assert (after["TotalAmt"], after["TxnDate"], after["UnappliedAmt"]) == (75, "2026-11-05", 5)
    assert qbo.read(invoice, "Invoice")["Balance"] == 30


def test_a_deposited_payment_is_locked_until_the_deposit_is_undone_9(
    qbo: Quick, desk: Desk
) -> None:
    invoice = new_invoice(desk, "100")
    payment = new_payment(desk, **{f"use-Invoice-{invoice}": "40"})
    deposit = new_deposit(desk, payment)
    assert qbo.read(deposit, "Deposit")["TotalAmt"] == 40
    assert f'id="take-Payment-{payment}"' not in desk.get("deposits/new").text

    locked = alter(desk, f"payments/{payment}", TotalAmt="41")
    assert locked.status_code == 400
    assert "(6540)" in problem(locked.text)
    assert "(6540)" in problem(desk.post(f"payments/{payment}/void").text)

    assert "Deleted." in desk.post(f"deposits/{deposit}/delete").text
    assert "Voided." in desk.post(f"payments/{payment}/void").text
    assert qbo.read(invoice, "Invoice")["Balance"] == 100


def test_a_deposit_is_moved_to_another_day(qbo: Quick, desk: Desk) -> None:
    deposit = new_deposit(desk, new_payment(desk, TotalAmt="40"))

    alter(desk, f"deposits/{deposit}", TxnDate="2026-11-20")

    assert qbo.read(deposit, "Deposit")["TxnDate"] == "2026-11-20"
    assert qbo.read(deposit, "Deposit")["TotalAmt"] == 40


# --- Preferences and merging ---


def test_saving_the_preferences_as_they_are_changes_nothing_4_12(qbo: Quick, desk: Desk) -> None:
    before = qbo.stored("1", "preferences")

    assert "Nothing was changed." in alter(desk, "preferences").text
    assert qbo.stored("1", "preferences") == before


def test_a_closing_date_stops_apps_and_is_taken_away_again_4_12(qbo: Quick, desk: Desk) -> None:
    close = "AccountingInfoPrefs__BookCloseDate"
    invoice = qbo.read(new_invoice(desk, "100", TxnDate="2026-11-02"), "Invoice")

    alter(desk, "preferences", **{close: "2026-11-10"})
    refused = qbo.update(invoice, "Invoice", PrivateNote="too late")
    assert refused.json()["Fault"]["Error"][0]["code"] == "6210"

    alter(desk, "preferences", **{close: ""})
    assert "BookCloseDate" not in qbo.stored("1", "preferences")["AccountingInfoPrefs"]
    assert qbo.update(invoice, "Invoice", PrivateNote="in time").status_code == 200


def test_default_terms_and_discount_account_are_picked_4_12(qbo: Quick, desk: Desk) -> None:
    fields = {"SalesFormsPrefs__DefaultTerms__value": "1"}
    alter(desk, "preferences", SalesFormsPrefs__DefaultDiscountAccount="79", **fields)

    after = qbo.stored("1", "preferences")["SalesFormsPrefs"]
    assert after["DefaultTerms"] == {"value": "1"}
    made = qbo.read(new_invoice(desk, "100", discount="10"), "Invoice")
    assert made["DueDate"] == made["TxnDate"]
    assert made["Line"][2]["DiscountLineDetail"]["DiscountAccountRef"]["value"] == "79"


def test_switches_of_forms_show_in_their_forms_4_12(qbo: Quick, desk: Desk) -> None:
    typed = values(desk.get("preferences").text)
    del typed["SalesFormsPrefs.AllowDiscount"], typed["TaxPrefs.UsingSalesTax"]
    desk.post("preferences", **typed, **{"SalesFormsPrefs.AllowDeposit": "on"})

    form = values(desk.get("invoices/new").text)

    assert "Deposit" in form
    assert not {"discount", "line-1-tax", "TxnTaxDetail.TxnTaxCodeRef.value"} & set(form)


def test_two_customers_are_merged_with_their_invoices_9(qbo: Quick, desk: Desk) -> None:
    invoice = new_invoice(desk, "100")

    assert "Merged into 3." in desk.post("customers/6/merge", into="3").text

    assert desk.get("customers/6").status_code == 404
    assert qbo.read(invoice, "Invoice")["CustomerRef"]["value"] == "3"


# --- What is refused ---


@pytest.mark.parametrize("text", ["many", "1e999", "12,x", "NaN", "--5", "9" * 30, "<script>", "٣"])
def test_an_amount_that_is_none_is_said_and_stays_in_the_form(desk: Desk, text: str) -> None:
    typed = values(desk.get("invoices/new").text) | {"CustomerRef.value": "6"}
    typed |= {"line-1-item": "6", "line-1-amount": text, "PrivateNote": "typed"}

    answer = desk.post("invoices/new", **typed)

    assert answer.status_code == 400
    assert problem(answer.text)
    assert values(answer.text)["line-1-amount"] == text
    assert values(answer.text)["PrivateNote"] == "typed"
    assert "<script" not in answer.text


ODD = ["", "x", "-1", "4711", "é", "\x00", "😀", "x" * 500, "<script>alert(1)</script>", "1e999"]
FORMS = (
    *("items", "terms", "paymentmethods", "classes", "departments", "customertypes"),
    *("invoices", "estimates", "salesreceipts", "creditmemos", "refundreceipts"),
    *("deposits", "payments"),
)


def base(desk: Desk, slug: str) -> dict[str, str]:
    """A form that would be taken, for one field of it to be odd."""
    page = desk.get(slug if slug == "preferences" else f"{slug}/new?customer=6").text
    typed = values(page)
    good = {
        "Name": "Odd",
        "Type": "Service",
        "DueDays": "5",
        "IncomeAccountRef.value": "79",
        "CustomerRef.value": "6",
        "DepositToAccountRef.value": "35",
        "TotalAmt": "100",
        "line-1-item": "6",
        "line-1-amount": "50",
    }
    good["Type"] = "CREDIT_CARD" if slug == "paymentmethods" else good["Type"]
    return typed | {name: value for name, value in good.items() if name in typed}


@pytest.mark.parametrize("slug", [*FORMS, "preferences"])
def test_no_field_of_a_form_makes_the_emulator_fail(desk: Desk, slug: str) -> None:
    new_payment(desk, TotalAmt="40", **{f"use-Invoice-{new_invoice(desk, '100')}": "40"})
    address = slug if slug == "preferences" else f"{slug}/new"
    typed = base(desk, slug)
    lines = {name for name in typed if re.match("line-[234]-", name)}
    for name in {*typed, "take-Payment-4711", "use-Invoice-x", "discount-kind"} - lines:
        for odd in ODD:
            answer = desk.post(address, **(typed | {name: odd}))
            assert answer.status_code < 500, (name, odd)
            assert "<script" not in answer.text


@pytest.mark.parametrize("odd", ODD)
def test_a_form_of_nothing_but_nonsense_is_refused_in_a_sentence(desk: Desk, odd: str) -> None:
    for slug in FORMS:
        answer = desk.post(f"{slug}/new", **dict.fromkeys(base(desk, slug), odd))
        assert answer.status_code < 500, slug
        assert problem(answer.text) or "Saved." in answer.text, slug


@pytest.mark.parametrize("odd", ["0", "4711", "é", "x" * 300, "1;2", "%00"])
@pytest.mark.parametrize("slug", FORMS)
def test_what_is_not_there_is_404(desk: Desk, slug: str, odd: str) -> None:
    assert desk.get(f"{slug}/{odd}").status_code == 404
    assert desk.post(f"{slug}/{odd}").status_code == 404
    for doing in ("void", "delete", "merge", "inactivate", "reactivate", "nonsense"):
        assert desk.post(f"{slug}/{odd}/{doing}").status_code == 404
