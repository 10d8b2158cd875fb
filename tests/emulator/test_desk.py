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

    def post(self, page: str, **form: str) -> requests.Response:
        return self.browser.post(f"{self.base_url}/books/{page}", data=form, timeout=5)


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
    assert qbo.control("GET", "ledger/" + qbo.realm)["in_balance"] is True


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


def test_the_log_is_filtered_by_operation_answer_and_words(qbo: Quick, desk: Desk) -> None:
    qbo.create(DisplayName="Findable")
    qbo.post({"DisplayName": "Findable"}, requestid="needle")
    qbo.read("1")

    def numbers(query: str) -> list[str]:
        return re.findall(
            r'<tr><td[^>]*><a href="/books/log/(\d+)">', desk.get(f"log?{query}").text
        )

    assert numbers("") == ["3", "2", "1"]
    assert numbers("kind=create") == ["2", "1"]
    assert numbers("outcome=refused") == ["2"]
    assert numbers("outcome=ok&writes=1") == ["1"]
    assert numbers("q=NEEDLE") == ["2"]
    assert numbers("q=findable") == ["2", "1"]
    assert "No call fits." in desk.get("log?q=nothing-like-it").text


def test_a_batch_and_its_items_are_linked_in_the_log(qbo: Quick, desk: Desk) -> None:
    items = [{"bId": "b1", "operation": "create", "Customer": {"DisplayName": "Linked"}}]
    qbo.api("POST", "batch", json={"BatchItemRequest": items})

    assert 'href="/books/log/2"' in desk.get("log/1").text
    assert "bId b1" in desk.get("log/2").text


def test_a_rule_is_armed_with_all_its_conditions(qbo: Quick, desk: Desk) -> None:
    desk.post(
        "faults",
        kind="status",
        status="503",
        operation="read",
        entity="Customer",
        path="/2$",
        nth="2",
        times="",
        until_seconds="60",
        probability="1",
        seed="7",
    )

    (rule,) = qbo.control("GET", "faults")["armed"]
    expected = {"status": 503, "entity": "Customer", "path": "/2$", "nth": 2, "seed": 7}
    assert expected.items() <= rule.items()
    assert [qbo.api("GET", f"customer/{id}").status_code for id in (2, 1, 2)] == [200, 200, 503]


def test_a_rule_that_makes_no_sense_is_said_and_the_form_keeps_it(desk: Desk) -> None:
    page = desk.post("faults", kind="delay", seconds="9999", entity="Vendor")

    assert page.status_code == 400
    assert "seconds is 0 to 600." in page.text
    assert 'name="entity" type="text" value="Vendor"' in page.text
    assert desk.post("faults/port", way="refuse", seconds="x").status_code == 400


def test_switches_are_shown_and_set(qbo: Quick, desk: Desk) -> None:
    page = desk.get("settings").text
    names = re.findall(r'<(?:select|input) class="in" id="s-(\w+)"', page)
    assert set(names) == set(qbo.control("GET", "switches")["switches"])
    usual = {name: str(value) for name, value in qbo.control("GET", "switches")["switches"].items()}
    form = {name: {"True": "on", "False": "off"}.get(text, text) for name, text in usual.items()}

    desk.post("settings", **{**form, "limits": "on", "read_lag_seconds": "2.5"})

    switches = qbo.control("GET", "switches")["switches"]
    assert (switches["limits"], switches["read_lag_seconds"]) == (True, 2.5)
    assert {name for name in usual if str(switches[name]) != usual[name]} == {
        "limits",
        "read_lag_seconds",
    }
    refused = desk.post("settings", **{**form, "limit_at_once": "many"})
    assert refused.status_code == 400
    assert "limit_at_once is a number, 0 or more." in refused.text


def test_the_clock_is_moved_stopped_and_set_right(qbo: Quick, desk: Desk) -> None:
    desk.post("settings/clock", do="step", seconds="86400")
    assert abs(qbo.control("GET", "clock")["offset_seconds"] - 86400) < 1
    desk.post("settings/clock", do="set", now="2026-03-08T09:59:59Z")
    desk.post("settings/clock", do="freeze")
    assert qbo.control("GET", "clock")["now"].startswith("2026-03-08T09:59:59")
    assert qbo.control("GET", "clock")["frozen"] is True
    desk.post("settings/clock", do="right")
    clock = qbo.control("GET", "clock")
    assert (clock["offset_seconds"], clock["frozen"]) == (0.0, False)
    assert desk.post("settings/clock", do="set", now="soon").status_code == 400


def test_a_company_is_locked_out_and_put_back_at_the_desk(qbo: Quick, desk: Desk) -> None:
    then = qbo.control("GET", "clock")["now"]
    qbo.advance(60)
    qbo.create(DisplayName="Since Then")

    assert "0 put back, 1 removed." in desk.post("settings/company", do="restore", moment=then).text
    desk.post("settings/company", state="locked_out")
    assert qbo.api("GET", "customer/1").status_code == 400
    desk.post("settings/company", state="")
    assert qbo.names("WHERE DisplayName = 'Since Then'") == []


def test_webhooks_that_wait_are_shown_and_sent(qbo: Quick, desk: Desk) -> None:
    desk.post("webhooks/settings", url="http://127.0.0.1:9/hook", format="legacy", copies="1")
    desk.post("webhooks", do="hold", back="/books/webhooks")
    qbo.act("update", "2", fields={"Notes": "x"})
    assert "Customer 2 Update" in desk.get("webhooks").text

    page = desk.post("webhooks", do="now", back="/books/webhooks").text

    assert "What waited was sent." in page
    assert '<span class="tag r">none</span>' in page  # nobody listens there
    assert "eventNotifications" in page


def test_a_thousand_customers_are_made_at_once(qbo: Quick, desk: Desk) -> None:
    assert "Made 1,000 customers." in desk.post("customers/make").text

    assert qbo.query("SELECT COUNT(*) FROM Customer") == {"totalCount": 1029}
    assert "101 to 200 of 1,029" in desk.get("customers?page=2").text


@pytest.mark.parametrize("path", ["customers/4711", "nonsense", "log/4711"])
def test_what_does_not_exist_is_404(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code == 404


def test_no_page_loads_anything_from_elsewhere_or_runs_scripts(desk: Desk) -> None:
    for path in (
        *("customers", "customers/1", "preferences", "apps", "log", "faults", "webhooks"),
        "settings",
    ):
        page = desk.get(path)
        assert "<script" not in page.text
        assert not re.search(r'(src|href)="(https?:)?//', page.text)
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("page", ["log/{}", "apps/{}/disconnect", "faults/{}/remove"])
def test_a_number_that_nobody_gave_is_not_found(desk: Desk, page: str) -> None:
    url = f"{desk.base_url}/books/{page.format('9' * 5000)}"

    answers = [desk.browser.get(url, timeout=10), desk.browser.post(url, timeout=10)]

    assert {answer.status_code for answer in answers} <= {404, 405}
