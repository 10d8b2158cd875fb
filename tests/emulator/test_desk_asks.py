"""The desk asks before a void, a delete and a save into a closed period; estimates, preferences."""

import re
from html import unescape
from typing import Any

import pytest

from .conftest import Quick
from .sales import CALIFORNIA, bring, form, invoice, item, link, pay, preferences, taxed
from .sales import discount as off
from .test_desk import Desk
from .test_desk_books import alter, new_invoice, problem, values

CLOSED = "2026-01-31"


@pytest.fixture
def desk(qbo: Quick) -> Desk:
    return Desk(qbo)


def effects(page: str) -> list[str]:
    """What a page says it will do."""
    told = page.split('<ul class="effects">')[1].split("</ul>")[0]
    return [unescape(each) for each in re.findall(r"<li[^>]*>(.*?)</li>", told)]


def note(page: str) -> str:
    """The warning about closed books; "" without one."""
    found = re.search(r'<p class="note" role="alert">(.*?)</p>', page, re.S)
    return unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""


def confirm(desk: Desk, page: str) -> Any:
    """Press the button of a page that asks."""
    asked = desk.get(page).text
    token = re.search(r'name="SyncToken" value="(\d+)"', asked)
    assert token is not None
    return desk.post(page, SyncToken=token[1])


# --- Void and delete ---


@pytest.mark.parametrize("doing", ["void", "delete"])
def test_looking_at_the_question_changes_nothing(qbo: Quick, desk: Desk, doing: str) -> None:
    made = invoice(qbo)

    assert f'href="/books/invoices/{made["Id"]}/{doing}"' in desk.get(f"invoices/{made['Id']}").text
    assert desk.get(f"invoices/{made['Id']}/{doing}").status_code == 200
    assert qbo.read(made["Id"], "Invoice") == made


def test_a_void_says_what_becomes_of_the_form_and_its_payment_5_5(qbo: Quick, desk: Desk) -> None:
    made = invoice(qbo)
    paid = pay(qbo, 40, link(made["Id"], 40))

    told = effects(desk.get(f"invoices/{made['Id']}/void").text)

    assert told == [
        "Every amount of it becomes 0.00. Its number, date and lines stay.",
        "Its memo begins with “Voided”. This cannot be undone.",
        f"The payment with the Id {paid['Id']} stays: 40.00 of it is not applied any more.",
        "Dylan Sollfrank owes 100.00 less.",
    ]
    assert "Voided." in confirm(desk, f"invoices/{made['Id']}/void").text
    assert qbo.read(made["Id"], "Invoice")["TotalAmt"] == 0
    assert qbo.read(paid["Id"], "Payment")["UnappliedAmt"] == 40


def test_a_delete_says_what_becomes_of_what_it_paid_5_4(qbo: Quick, desk: Desk) -> None:
    made = invoice(qbo)
    paid = pay(qbo, 40, link(made["Id"], 40))

    told = effects(desk.get(f"payments/{paid['Id']}/delete").text)

    assert told == [
        "It is gone for good; apps that ask for it hear that it does not exist.",
        f"The invoice {made['DocNumber']} stays: 40.00 of it is open again.",
        "Dylan Sollfrank owes 40.00 more.",
    ]
    assert "Deleted." in confirm(desk, f"payments/{paid['Id']}/delete").text
    assert qbo.read(made["Id"], "Invoice")["Balance"] == 100


def test_undoing_a_deposit_is_asked_for_too(qbo: Quick, desk: Desk) -> None:
    paid = pay(qbo, 40)
    made = bring(qbo, paid["Id"])

    page = desk.get(f"deposits/{made['Id']}/delete").text

    assert "Undo the deposit" in page
    told = f"The payment with the Id {paid['Id']} is no longer linked with it."
    assert told in effects(page)
    confirm(desk, f"deposits/{made['Id']}/delete")
    assert qbo.read(paid["Id"], "Payment").get("LinkedTxn", []) == []


def test_what_was_changed_since_the_question_is_not_deleted(qbo: Quick, desk: Desk) -> None:
    made = invoice(qbo)
    qbo.update(made, "Invoice", PrivateNote="in between")

    answer = desk.post(f"invoices/{made['Id']}/delete", SyncToken="0")

    assert "Somebody else changed this" in problem(answer.text)
    assert qbo.read(made["Id"], "Invoice")["PrivateNote"] == "in between"


@pytest.mark.parametrize("page", ["estimates/{}/void", "invoices/{}/merge", "invoices/{}/nonsense"])
def test_what_cannot_be_done_is_not_asked(qbo: Quick, desk: Desk, page: str) -> None:
    entity = "Estimate" if page.startswith("estimates") else "Invoice"
    made = qbo.create(entity, **form())

    assert desk.get(page.format(made["Id"])).status_code == 404


# --- Closed books ---


def close(qbo: Quick) -> None:
    preferences(qbo, "AccountingInfoPrefs", BookCloseDate=CLOSED)


def test_a_save_into_the_closed_period_warns_first_and_then_saves_6_3(
    qbo: Quick, desk: Desk
) -> None:
    made = invoice(qbo, TxnDate=CLOSED)
    close(qbo)
    page = f"invoices/{made['Id']}"

    warned = alter(desk, page, PrivateNote="corrected")

    assert note(warned.text).startswith(f"The books are closed up to {CLOSED}.")
    assert qbo.read(made["Id"], "Invoice") == made
    typed = values(warned.text)
    assert typed["PrivateNote"] == "corrected"
    assert "Saved." in desk.post(page, **typed, **{"into-closed": "1"}).text
    assert qbo.read(made["Id"], "Invoice")["PrivateNote"] == "corrected"


def test_a_new_form_and_a_move_into_the_closed_period_warn_6_3(qbo: Quick, desk: Desk) -> None:
    close(qbo)
    typed = values(desk.get("invoices/new").text) | {
        "CustomerRef.value": "6",
        "line-1-item": "6",
        "line-1-amount": "5",
        "TxnDate": CLOSED,
    }

    assert note(desk.post("invoices/new", **typed).text)
    open_one = new_invoice(desk, "10")
    assert note(alter(desk, f"invoices/{open_one}", TxnDate="2026-01-02").text)
    assert qbo.read(open_one, "Invoice")["SyncToken"] == "0"


def test_what_touches_no_closed_period_is_saved_at_once_6_3(qbo: Quick, desk: Desk) -> None:
    close(qbo)
    estimate = qbo.create("Estimate", **form(TxnDate=CLOSED))
    new_invoice(desk, "10")

    assert "Saved." in alter(desk, f"estimates/{estimate['Id']}", PrivateNote="x").text
    assert "Saved." in alter(desk, "items/6", Description="x").text


def test_the_question_before_a_void_names_the_closed_period_6_3(qbo: Quick, desk: Desk) -> None:
    made = invoice(qbo, TxnDate=CLOSED)
    assert note(desk.get(f"invoices/{made['Id']}/void").text) == ""
    close(qbo)

    page = desk.get(f"invoices/{made['Id']}/void").text

    assert note(page).startswith(f"The books are closed up to {CLOSED}.")
    assert "Void anyway" in page
    assert "Voided." in confirm(desk, f"invoices/{made['Id']}/void").text


# --- An invoice of an estimate ---


def test_an_invoice_is_made_from_an_estimate_4_6_5(qbo: Quick, desk: Desk) -> None:
    lines = (item(100, "TAX", Qty=4, UnitPrice=25), item(30), off(percent=10))
    estimate = qbo.create(
        "Estimate", **form(*lines), **taxed(CALIFORNIA), CustomerMemo={"value": "Thank you"}
    )

    answer = desk.post(f"estimates/{estimate['Id']}/invoice")

    assert "Made from the estimate." in answer.text
    made = qbo.read(answer.url.rsplit("/", 1)[1], "Invoice")
    assert made["TotalAmt"] == estimate["TotalAmt"] == made["Balance"]
    assert made["LinkedTxn"] == [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    assert made["Line"][0]["LinkedTxn"][0]["TxnId"] == estimate["Id"]
    assert made["CustomerMemo"] == {"value": "Thank you"}
    assert made["DocNumber"] != estimate["DocNumber"]
    closed = qbo.read(estimate["Id"], "Estimate")
    assert closed["TxnStatus"] == "Closed"
    assert {"TxnId": made["Id"], "TxnType": "Invoice"}.items() <= closed["LinkedTxn"][0].items()
    assert "Make an invoice" not in desk.get(f"estimates/{estimate['Id']}").text
    again = desk.post(f"estimates/{estimate['Id']}/invoice")
    assert "(620)" in problem(again.text)


def test_only_estimates_become_invoices(qbo: Quick, desk: Desk) -> None:
    made = invoice(qbo)

    assert desk.post(f"invoices/{made['Id']}/invoice").status_code == 404
    assert desk.post("estimates/4711/invoice").status_code == 404


# --- Preferences ---


def stored(qbo: Quick) -> dict[str, Any]:
    return qbo.stored("1", "preferences")


def test_the_item_of_a_line_without_one_is_chosen_and_taken_away_4_12(
    qbo: Quick, desk: Desk
) -> None:
    def named() -> dict[str, str]:
        return {each["Name"]: each["Value"] for each in stored(qbo)["OtherPrefs"]["NameValue"]}

    before = named()
    bare = {"Amount": 9, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}

    alter(desk, "preferences", DefaultItem="4")
    assert named() == before | {"SalesFormsPrefs.DefaultItem": "4"}
    assert invoice(qbo, bare)["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "4"

    alter(desk, "preferences", DefaultItem="")
    assert "SalesFormsPrefs.DefaultItem" not in named()
    refused = qbo.post(form(bare), "Invoice").json()["Fault"]["Error"][0]
    assert (refused["code"], refused["element"]) == ("2020", "ItemRef")


def test_custom_fields_are_named_and_taken_away_4_12(qbo: Quick, desk: Desk) -> None:
    def names() -> list[str]:
        return [each["Name"] for each in invoice(qbo)["CustomField"]]

    assert names() == ["Crew #"]
    alter(desk, "preferences", CustomName3="Boat")
    assert names() == ["Crew #", "Boat"]
    alter(desk, "preferences", CustomName1="")
    assert names() == ["Boat"]


def test_copies_of_mails_and_messages_are_set_4_12(qbo: Quick, desk: Desk) -> None:
    alter(
        desk, "preferences", SalesFormsPrefs__SalesEmailCc__Address="copy@tidewater.test",
        SalesFormsPrefs__EstimateMessage="Valid for a month",
        SalesFormsPrefs__EmailCopyToCompany="on",
    )  # fmt: skip

    sales = stored(qbo)["SalesFormsPrefs"]
    assert sales["SalesEmailCc"] == {"Address": "copy@tidewater.test"}
    assert (sales["EstimateMessage"], sales["EmailCopyToCompany"]) == ("Valid for a month", True)
    assert invoice(qbo)["BillEmailCc"] == {"Address": "copy@tidewater.test"}


def test_the_account_of_shipping_is_chosen_and_that_of_discounts_stays_4_12(
    qbo: Quick, desk: Desk
) -> None:
    alter(desk, "preferences", SalesFormsPrefs__DefaultShippingAccount="79")

    assert stored(qbo)["SalesFormsPrefs"]["DefaultShippingAccount"] == "79"
    assert stored(qbo)["SalesFormsPrefs"]["DefaultDiscountAccount"] == "86"
