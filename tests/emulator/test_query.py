"""The query language: section 3 of the API reference."""

import pytest
import requests

from .conftest import Quick, fault


def test_get_and_post_answer_the_same_3_1(qbo: Quick) -> None:
    statement = "SELECT * FROM Customer WHERE Id = '5'"
    posted = qbo.ask(statement).json()["QueryResponse"]
    got = qbo.api("GET", "query", params={"query": statement}).json()["QueryResponse"]

    assert posted == got
    assert posted["Customer"][0]["DisplayName"] == "Dukes Basketball Camp"
    assert (posted["startPosition"], posted["maxResults"]) == (1, 1)


def test_a_post_of_another_content_type_fails_to_parse_3_1(qbo: Quick) -> None:
    answer = qbo.api(
        "POST",
        "query",
        data="select * from Customer",
        headers={"Content-Type": "application/json"},
    )

    assert fault(answer)["Detail"] == "QueryParserError: null"


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("DisplayName = 'amy\\'s bird sanctuary'", ["1"]),
        ("DisplayName LIKE '%ER%' AND Balance > '0' AND FamilyName LIKE 'k%'", []),
        ("GivenName like 'G%'", ["3", "10"]),
        ("DisplayName LIKE '55%'", ["9"]),
        ("Id IN ('5','6')", ["5", "6"]),
        ("id in (5, 6) and ACTIVE = True", ["5", "6"]),
        ("Balance > '900' AND Balance < 1000", ["18"]),
        ("PrimaryEmailAddr = 'surf@INTUIT.com'", ["2"]),
        ("PrimaryEmailAddr = ' '", ["6"]),
        ("FullyQualifiedName = 'Freeman Sporting Goods:55 Twin Lane'", ["9"]),
        ("CompanyName LIKE '%_%'", []),  # only % is a wildcard
        ("MetaData.CreateTime > '2099-01-01'", []),
    ],
)
def test_conditions_3_2(qbo: Quick, where: str, ids: list[str]) -> None:
    found = qbo.query(f"SELECT * FROM Customer WHERE {where} ORDERBY Id").get("Customer", [])

    assert [customer["Id"] for customer in found] == ids


@pytest.mark.parametrize(
    "name", ["It's", "Back\\slash", "100% _wild_", "a 'quoted' \\' name", "Ünï"]
)
def test_a_backslash_escapes_quote_and_backslash_3_3(qbo: Quick, name: str) -> None:
    made = qbo.create(DisplayName=name)
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")

    assert qbo.names(f"WHERE DisplayName = '{escaped}'") == [made["DisplayName"]]


def test_a_doubled_quote_is_not_understood_3_3(qbo: Quick) -> None:
    error = fault(qbo.ask("SELECT * FROM Customer WHERE DisplayName = 'Amy''s Bird Sanctuary'"))

    assert error["code"] == "4000"
    assert error["Message"] == "Error parsing query"
    assert error["Detail"].startswith('QueryParserError: Encountered " <STRING> "\'s Bird')


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "DELETE FROM Customer",
        "SELECT * FROM Customer WHERE",
        "SELECT * FROM Customer WHERE Id = 5 OR Id = 6",
        "SELECT * FROM Customer WHERE (Id = '5')",
        "SELECT * FROM Customer WHERE DisplayName IS NULL",
        "SELECT * FROM Customer WHERE DisplayName = 'open",
        "SELECT * FROM Customer WHERE Id IN ()",
        "SELECT * FROM Customer;",
        "SELECT * FROM Customer MAXRESULTS x",
        "SELECT * FROM Customer GROUP BY Id",
        "SELECT * FROM Customer, Vendor",
    ],
)
def test_what_the_grammar_does_not_know_is_4000_3_8(qbo: Quick, statement: str) -> None:
    assert fault(qbo.ask(statement))["code"] == "4000"


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        (
            "SELECT * FROM Customer WHERE Foo = 'x'",
            "QueryValidationError: Property Foo not found for Entity Customer",
        ),
        (
            "SELECT * FROM Customer WHERE Notes = 'x'",
            "QueryValidationError: property 'Notes' is not queryable",
        ),
        ("SELECT * FROM Check", "QueryValidationError: Invalid context declaration: Check"),
        (
            "SELECT * FROM Customer STARTPOSITION 0",
            "QueryValidationError: value 0 is too small. Min allowed value is 1",
        ),
        (
            "SELECT * FROM Customer MAXRESULTS 1001",
            "QueryValidationError: value 1001 is too large. Max allowed value is 1000",
        ),
    ],
)
def test_what_the_entity_does_not_know_is_4001_3_8(qbo: Quick, statement: str, detail: str) -> None:
    error = fault(qbo.ask(statement))

    assert (error["code"], error["Message"], error["Detail"]) == ("4001", "Invalid query", detail)


@pytest.mark.parametrize("operator", ["<", ">", "LIKE", "!="])
def test_ids_are_compared_by_equals_and_in_only_3_2(qbo: Quick, operator: str) -> None:
    error = fault(qbo.ask(f"SELECT * FROM Customer WHERE Id {operator} '5'"))

    assert error["code"] == "4001"


def test_inactive_ones_are_hidden_unless_active_is_named_3_5(qbo: Quick) -> None:
    qbo.act("inactivate", "6")

    assert qbo.query("SELECT COUNT(*) FROM Customer") == {"totalCount": 28}
    assert qbo.query("select count(*) from Customer where Active in (true, false)") == {
        "totalCount": 29
    }
    assert qbo.names("WHERE Active = false") == ["Dylan Sollfrank (deleted)"]
    assert qbo.names("WHERE Id = '6'") == []
    assert qbo.read("6")["Active"] is False


def test_names_come_sorted_children_after_their_parent_3_5(qbo: Quick) -> None:
    qbo.create(DisplayName="Freeman Sporting Goods 2")

    names = qbo.names()

    at = names.index("Freeman Sporting Goods")
    assert names[at : at + 4] == [
        "Freeman Sporting Goods",
        "0969 Ocean View Road",
        "55 Twin Lane",
        "Freeman Sporting Goods 2",
    ]
    assert names[0] == "Amy's Bird Sanctuary"


def test_order_and_paging_3_2_3_4(qbo: Quick) -> None:
    rows = qbo.query("SELECT * FROM Customer ORDERBY Id DESC STARTPOSITION 2 MAXRESULTS 3")
    other = qbo.query("SELECT * FROM Customer ORDER BY Id DESC MAXRESULTS 3 STARTPOSITION 2")

    assert [customer["Id"] for customer in rows["Customer"]] == ["28", "27", "26"]
    assert (rows["startPosition"], rows["maxResults"]) == (2, 3)
    assert rows == other


def test_ids_sort_as_numbers_3_4(qbo: Quick) -> None:
    ids = [c["Id"] for c in qbo.query("SELECT Id FROM Customer ORDERBY Id")["Customer"]]

    assert ids == [str(number) for number in range(1, 30)]


def test_nothing_found_is_an_empty_object_3_6(qbo: Quick) -> None:
    for rest in ("WHERE Id = '4711'", "STARTPOSITION 500"):
        answer = qbo.ask(f"SELECT * FROM Customer {rest}")
        assert answer.status_code == 200
        assert answer.json()["QueryResponse"] == {}


def test_a_page_says_where_it_starts_and_how_many_it_holds_3_6(qbo: Quick) -> None:
    found = qbo.query("SELECT * FROM Customer STARTPOSITION 28 MAXRESULTS 10")

    assert list(found) == ["Customer", "startPosition", "maxResults"]
    assert (found["startPosition"], found["maxResults"], len(found["Customer"])) == (28, 2, 2)
    assert list(qbo.query("SELECT COUNT(*) FROM Customer")) == ["totalCount"]


def test_an_ampersand_needs_percent_encoding_only_3_3(qbo: Quick) -> None:
    qbo.create(DisplayName="Quist & Sons")
    statement = "SELECT * FROM Customer WHERE DisplayName = 'Quist %26 Sons'"

    found = qbo.api("GET", f"query?query={statement}").json()["QueryResponse"]

    assert found["Customer"][0]["DisplayName"] == "Quist & Sons"


def test_a_hundred_by_default_a_thousand_at_most_3_4(qbo: Quick) -> None:
    qbo.reset("bulk:1500")

    assert qbo.query("SELECT * FROM Customer")["maxResults"] == 100
    assert qbo.query("SELECT * FROM Customer MAXRESULTS 1000")["maxResults"] == 1000


def test_a_projection_cuts_objects_down_and_marks_them_sparse_3_2(qbo: Quick) -> None:
    row = qbo.query("SELECT Id, DisplayName, MetaData.CreateTime FROM Customer WHERE Id = '5'")

    assert set(row["Customer"][0]) == {"Id", "DisplayName", "MetaData", "domain", "sparse"}
    assert set(row["Customer"][0]["MetaData"]) == {"CreateTime"}
    assert row["Customer"][0]["sparse"] is True
    assert len(qbo.query("SELECT *, Notes FROM Customer WHERE Id = '5'")["Customer"][0]) > 10


def test_rows_lack_the_tax_code_that_a_read_shows_3_6(qbo: Quick) -> None:
    row = qbo.query("SELECT * FROM Customer WHERE Id = '1'")["Customer"][0]
    read = qbo.read("1")

    assert read.pop("DefaultTaxCodeRef") == {"value": "2"}
    assert row == read


def test_times_are_compared_as_moments_whatever_the_offset_3_2(qbo: Quick) -> None:
    qbo.advance(100)
    made = qbo.create(DisplayName="Late")
    stamp = made["MetaData"]["LastUpdatedTime"]

    found = qbo.names(f"WHERE MetaData.LastUpdatedTime >= '{stamp}'")

    assert found == ["Late"]
    assert qbo.names(f"WHERE MetaData.LastUpdatedTime > '{stamp}'") == []


def test_company_info_names_plan_and_country_and_keeps_its_start_4_11(qbo: Quick) -> None:
    info = qbo.read("1", "CompanyInfo")
    pairs = {each["Name"]: each["Value"] for each in info["NameValue"]}
    assert (pairs["OfferingSku"], info["Country"]) == ("QuickBooks Online Plus", "US")

    sent = {**info, "CompanyName": "Craig's", "CompanyStartDate": "1999-01-01", "Country": "CA"}
    after = qbo.post(sent, "CompanyInfo").json()["CompanyInfo"]

    assert (after["CompanyName"], after["SyncToken"]) == ("Craig's", "1")
    assert (after["CompanyStartDate"], after["Country"]) == (info["CompanyStartDate"], "US")


def test_company_info_and_preferences_can_be_queried_4_11(qbo: Quick) -> None:
    info = qbo.query("select * from CompanyInfo")["CompanyInfo"][0]
    preferences = qbo.query("select * from Preferences")["Preferences"][0]

    assert info["Id"] == "1"
    assert preferences["SalesFormsPrefs"]["DefaultTerms"] == {"value": "3"}


def test_lists_lag_behind_writes_where_switched_9(qbo: Quick) -> None:
    qbo.switch(read_lag_seconds=30)
    made = qbo.create(DisplayName="Fresh")
    qbo.update(qbo.read("1"), Notes="fresh")

    assert qbo.read(made["Id"])["DisplayName"] == "Fresh"
    assert qbo.names("WHERE DisplayName = 'Fresh'") == []
    assert "Notes" not in qbo.query("SELECT * FROM Customer WHERE Id = '1'")["Customer"][0]
    assert len(qbo.names()) == 29
    qbo.advance(31)
    assert qbo.names("WHERE DisplayName = 'Fresh'") == ["Fresh"]
    assert qbo.query("SELECT * FROM Customer WHERE Id = '1'")["Customer"][0]["Notes"] == "fresh"


def test_a_long_answer_is_gzipped_when_asked_2_2(qbo: Quick) -> None:
    answer = qbo.ask("SELECT * FROM Customer")
    plain = requests.get(
        f"{qbo.base_url}/v3/company/{qbo.realm}/query",
        params={"query": "SELECT * FROM Customer"},
        headers={**qbo.headers, "Accept-Encoding": "identity"},
        timeout=5,
    )

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert answer.json()["QueryResponse"] == plain.json()["QueryResponse"]


def test_null_is_named_as_the_grammar_writes_it_6_3(qbo: Quick) -> None:
    error = fault(qbo.ask("SELECT * FROM NULL"))

    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")
    assert error["Detail"].startswith(
        'QueryParserError: Encountered " "null" "NULL "" at line 1, column 15.\nWas expecting:'
    )


def test_a_count_holds_no_objects_and_no_positions_3_4(qbo: Quick) -> None:
    assert qbo.query("SELECT COUNT(*) FROM Customer WHERE Balance > '0'") == {"totalCount": 17}


@pytest.mark.parametrize(("value", "found"), [("GivenName != 'Amy'", 0), ("GivenName <> 'Bo'", 1)])
def test_not_equal_works_where_equal_does_3_2(qbo: Quick, value: str, found: int) -> None:
    where = f"DisplayName = 'Amy\\'s Bird Sanctuary' AND {value}"

    assert len(qbo.names(f"WHERE {where}")) == found


def test_the_body_of_a_query_is_never_null_and_echoes_its_start_3_6(qbo: Quick) -> None:
    found = qbo.query("SELECT * FROM Customer STARTPOSITION 5 MAXRESULTS 2")

    assert (found["startPosition"], found["maxResults"]) == (5, 2)
    assert "totalCount" not in found


def test_other_readings_of_not_equal_and_of_asked_properties_3_2(qbo: Quick) -> None:
    qbo.switch(query_not_equal="refuse", query_projection="whole")

    error = fault(qbo.ask("SELECT * FROM Customer WHERE GivenName != 'Amy'"))
    (row,) = qbo.query("SELECT Id FROM Customer WHERE Id = '1'")["Customer"]

    assert error["code"] == "4001"
    assert (row["DisplayName"], row["sparse"]) == ("Amy's Bird Sanctuary", False)
