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
