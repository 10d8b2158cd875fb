"""The desk: what a person does in the books, without JavaScript."""

import re

import pytest
import requests

from .conftest import Quick
from .test_oauth import sign_in


class Desk:
    """A browser without JavaScript, signed in."""

    def __init__(self, qbo: Quick) -> None:
        self.base_url = qbo.base_url
        self.browser = sign_in(qbo)

    def get(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.base_url}/books/{path}", timeout=5)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.browser.post(f"{self.base_url}/books/{path}", data=form, timeout=5)


@pytest.fixture
def desk(qbo: Quick) -> Desk:
    return Desk(qbo)


def form_of(page: str) -> dict[str, str]:
    """The named fields of the page's edit form with their values."""
    fields = re.findall(r'name="([\w.]+)" type="text" value="([^"]*)"', page)
    fields += re.findall(r'name="(SyncToken)" value="([^"]*)"', page)
    fields += re.findall(r'name="(Notes)">([^<]*)</textarea>', page)
    return {name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in fields}


def test_the_books_ask_for_a_sign_in_and_come_back(qbo: Quick) -> None:
    answer = requests.get(f"{qbo.base_url}/books/customers/8", allow_redirects=False, timeout=5)

    assert answer.headers["Location"] == "/sign-in?next=%2Fbooks%2Fcustomers%2F8"


def test_a_wrong_password_is_said_so(qbo: Quick) -> None:
    form = {"email": "sam.park@example.test", "password": "guess"}
    answer = requests.post(f"{qbo.base_url}/sign-in", data=form, timeout=5)

    assert answer.status_code == 400
    assert "The email or password is not right." in answer.text


def test_the_list_shows_searches_and_hides_inactive_ones(qbo: Quick, desk: Desk) -> None:
    qbo.act("inactivate", "6")

    page = desk.get("customers").text
    assert "Amy&#39;s Bird Sanctuary" in page
    assert "Freeman Sporting Goods:0969 Ocean View Road" in page
    assert "Dylan Sollfrank" not in page
    assert "Dylan Sollfrank (deleted)" in desk.get("customers?inactive=1").text
    found = desk.get("customers?q=BIRDS%40intuit").text
    assert "Amy&#39;s Bird Sanctuary" in found
    assert "Cool Cars" not in found


def test_a_customer_is_made_changed_ended_and_brought_back(qbo: Quick, desk: Desk) -> None:
    made = desk.post("customers/new", DisplayName="Quist Boats", PrimaryEmailAddr="n@quist.example")
    assert "Saved." in made.text
    assert qbo.stored("58")["PrimaryEmailAddr"] == {"Address": "n@quist.example"}

    form = form_of(desk.get("customers/58").text)
    desk.post("customers/58", **(form | {"PrimaryPhone": "555 0100", "BillAddr.City": "Tucson"}))
    after = qbo.stored("58")
    assert after["PrimaryPhone"] == {"FreeFormNumber": "555 0100"}
    assert after["BillAddr"]["City"] == "Tucson"
    assert after["SyncToken"] == "1"

    desk.post("customers/58/inactivate")
    assert qbo.stored("58")["DisplayName"] == "Quist Boats (deleted)"
    desk.post("customers/58/reactivate")
    assert qbo.stored("58")["DisplayName"] == "Quist Boats"


def test_saving_a_form_as_it_is_changes_nothing(qbo: Quick, desk: Desk) -> None:
    before = qbo.stored("8")

    desk.post("customers/8", **form_of(desk.get("customers/8").text))

    assert qbo.stored("8") == before


def test_a_form_that_is_out_of_date_is_not_saved(qbo: Quick, desk: Desk) -> None:
    form = form_of(desk.get("customers/3").text)
    qbo.act("update", "3", fields={"Notes": "meanwhile"})

    answer = desk.post("customers/3", **(form | {"Notes": "mine"}))

    assert answer.status_code == 400
    assert "Somebody else changed this" in answer.text
    assert qbo.stored("3")["Notes"] == "meanwhile"


def test_a_refused_name_is_said_and_the_form_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.post("customers/new", DisplayName="Cool Cars", Notes="typed")

    assert answer.status_code == 400
    assert "The name supplied already exists. : Id=3 (6240)" in answer.text
    assert ">typed</textarea>" in answer.text


def test_markup_in_a_name_is_harmless(qbo: Quick, desk: Desk) -> None:
    qbo.create(DisplayName="<script>alert(1)</script>")

    page = desk.get("customers").text

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_person_may_end_a_customer_who_owes_money_9(qbo: Quick, desk: Desk) -> None:
    desk.post("customers/1/inactivate")

    after = qbo.stored("1")
    assert (after["Active"], after["Balance"]) == (False, 0)


def test_the_other_name_in_5010_is_the_person_at_the_desk_5_3(qbo: Quick, desk: Desk) -> None:
    mine = qbo.read("3")
    desk.post("customers/3", **(form_of(desk.get("customers/3").text) | {"Notes": "x"}))

    answer = qbo.update(mine, Notes="y")

    assert "Robin Carlson finished before you did" in answer.json()["Fault"]["Error"][0]["Detail"]


def test_preferences_are_changed(qbo: Quick, desk: Desk) -> None:
    desk.post(
        "preferences", **{"SalesFormsPrefs.CustomTxnNumbers": "on", "TaxPrefs.UsingSalesTax": "on"}
    )

    after = qbo.stored("1", "preferences")
    assert after["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert after["SalesFormsPrefs"]["AllowDiscount"] is False
    assert after["SalesFormsPrefs"]["DefaultTerms"] == {"value": "3"}
    assert after["SyncToken"] == "1"


def test_an_app_is_disconnected(qbo: Quick, desk: Desk) -> None:
    page = desk.get("apps").text
    number = re.search(r"/books/apps/(\d+)/disconnect", page)
    assert number

    desk.post(f"apps/{number[1]}/disconnect")

    assert qbo.api("GET", "customer/1").status_code == 401


def test_the_log_shows_calls_with_request_and_answer(qbo: Quick, desk: Desk) -> None:
    qbo.create(DisplayName="Logged One")

    page = desk.get("log").text
    number = re.search(r"/books/log/(\d+)", page)
    assert number
    call = desk.get(f"log/{number[1]}").text
    assert "create Customer 58" in page
    assert "Logged One" in call


@pytest.mark.parametrize(
    ("fault", "status"), [("throttle", 429), ("expire", 401), ("revoke", 401), ("down", 500)]
)
def test_a_fault_is_armed_with_one_click(qbo: Quick, desk: Desk, fault: str, status: int) -> None:
    page = desk.post("faults/quick", fault=fault, back="/books/customers")

    assert "<h1>Customers</h1>" in page.text
    assert qbo.api("GET", "customer/1").status_code == status


def test_the_reply_is_dropped_and_the_write_stays(qbo: Quick, desk: Desk) -> None:
    desk.post("faults/quick", fault="lost", back="/books/faults")

    with pytest.raises(requests.ConnectionError):
        qbo.create(DisplayName="Dropped")

    assert qbo.names("WHERE DisplayName = 'Dropped'") == ["Dropped"]


def test_any_fault_is_armed_with_the_form(qbo: Quick, desk: Desk) -> None:
    desk.post("faults", kind="fault", operation="create", times="", code="6190", message="Over")

    for _ in range(2):
        answer = qbo.post({"DisplayName": "x"})
        assert answer.json()["Fault"]["Error"][0]["code"] == "6190"
    assert "Armed" in desk.get("faults").text
    desk.post("faults/clear")
    assert qbo.post({"DisplayName": "x"}).status_code == 200


def test_a_thousand_customers_are_made_at_once(qbo: Quick, desk: Desk) -> None:
    assert "Made 1,000 customers." in desk.post("customers/make").text

    assert qbo.query("SELECT COUNT(*) FROM Customer") == {"totalCount": 1029}
    assert "101 to 200 of 1,029" in desk.get("customers?page=2").text


@pytest.mark.parametrize("path", ["customers/4711", "nonsense", "log/4711"])
def test_what_does_not_exist_is_404(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_no_page_loads_anything_from_elsewhere_or_runs_scripts(desk: Desk) -> None:
    for path in ("customers", "customers/1", "preferences", "apps", "log", "faults"):
        page = desk.get(path)
        assert "<script" not in page.text
        assert not re.search(r'(src|href)="(https?:)?//', page.text)
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
