"""What holds for every list entity: sections 3.5, 3.7, 4.0, 5.1 to 5.8 and 8.5 of the reference."""

from typing import Any

import pytest

from qbo_emulator.entities import BY_NAME, ENTITIES, Entity, Field, Kind, Shape

from .conftest import Quick, fault
from .test_changes import cdc, now

SALES = {"IncomeAccountRef": {"value": "79"}}
# The least that makes one, and the property that names it.
LEAST: dict[str, dict[str, Any]] = {
    "Customer": {"DisplayName": "Zebra"},
    "Vendor": {"DisplayName": "Zebra"},
    "Employee": {"GivenName": "Zebra", "FamilyName": "Z"},
    "Item": {"Name": "Zebra", "Type": "Service", **SALES},
    "Account": {"Name": "Zebra", "AccountType": "Bank"},
    "Term": {"Name": "Zebra", "DueDays": 10},
    "PaymentMethod": {"Name": "Zebra"},
    "Class": {"Name": "Zebra"},
    "Department": {"Name": "Zebra"},
    "CompanyCurrency": {"Code": "SEK"},
}
# A property with a value, and what a full update without it leaves.
EMPTIED: list[tuple[str, str, Any, Any]] = [
    ("Customer", "Notes", "x", None),
    ("Vendor", "Notes", "x", None),
    ("Employee", "EmployeeNumber", "x", None),
    ("Item", "Description", "x", None),
    ("Item", "UnitPrice", 5, 0),
    ("Account", "Description", "x", None),
    ("Term", "DiscountPercent", 2, 0),
    ("PaymentMethod", "Type", "CREDIT_CARD", "CREDIT_CARD"),
    ("Class", "Active", True, True),
    ("Department", "Active", True, True),
]
LISTS = [entity for entity in ENTITIES if entity.shape is Shape.NAME_LIST]
NAMED = [pytest.param(BY_NAME[name], id=name) for name in LEAST]
MARKED = [pytest.param(BY_NAME[name], id=name) for name in LEAST if name != "CompanyCurrency"]
READ_ONLY = ["TaxCode", "TaxRate", "TaxAgency", "CustomerType"]


def writable(*kinds: Kind) -> list[Any]:
    """Every property of every list that an app can write."""
    return [
        pytest.param(entity, field, id=f"{entity.name}.{field.name}")
        for entity in LISTS
        for field in entity.fields
        if not field.read_only and not entity.read_only and (not kinds or field.kind in kinds)
    ]


@pytest.fixture
def books(qbo: Quick) -> Quick:
    """The sample company with several currencies, so that every list can be written."""
    several = {"CurrencyPrefs": {"MultiCurrencyEnabled": True}}
    qbo.act("update", "1", entity="Preferences", fields=several)
    return qbo


def make(books: Quick, entity: Entity, **fields: Any) -> dict[str, Any]:
    return books.create(entity.name, **{**LEAST[entity.name], **fields})


def wanted(entity: Entity) -> dict[str, Any]:
    """What any update of the entity must send."""
    return {name: LEAST[entity.name][name] for name in entity.required_in_updates}


def test_every_list_an_app_can_write_is_in_these_tests() -> None:
    assert set(LEAST) | set(READ_ONLY) == {entity.name for entity in LISTS}


@pytest.mark.parametrize("entity", NAMED)
def test_what_is_created_is_what_is_read_5_1(books: Quick, entity: Entity) -> None:
    made = make(books, entity)

    assert made["SyncToken"] == "0"
    assert made["Active"] is True
    for name, value in LEAST[entity.name].items():
        assert made[name] == value or made[name]["value"] == value["value"]
    assert books.read(made["Id"], entity.name) == made


@pytest.mark.parametrize("entity", NAMED)
def test_a_sparse_update_changes_only_what_is_sent_5_2(books: Quick, entity: Entity) -> None:
    made = make(books, entity)
    name = "Name" if entity.name == "CompanyCurrency" else entity.name_field

    after = books.update(made, entity.name, **{name: "Renamed"}).json()[entity.name]

    changed = {key for key in made if after[key] != made[key]} - {"MetaData"}
    follow = {"FullyQualifiedName"} & set(made)
    assert changed == {name, "SyncToken"} | follow
    assert set(after) == set(made)
    assert after["SyncToken"] == "1"


@pytest.mark.parametrize("entity", NAMED)
def test_an_update_that_changes_nothing_keeps_the_token_5_2(books: Quick, entity: Entity) -> None:
    made = make(books, entity)

    after = books.post({**made, "sparse": False}, entity.name).json()[entity.name]

    assert after == made


@pytest.mark.parametrize(("name", "field", "value", "left"), EMPTIED)
def test_a_full_update_empties_what_is_left_out_5_2(
    books: Quick, name: str, field: str, value: Any, left: Any
) -> None:
    made = make(books, BY_NAME[name], **{field: value})
    body = {key: each for key, each in made.items() if key not in {field, "sparse"}}

    after = books.post(body, name).json()[name]

    assert made[field] == value
    assert after.get(field) == left


@pytest.mark.parametrize("entity", NAMED)
def test_an_old_token_is_refused_with_5010_5_3(books: Quick, entity: Entity) -> None:
    made = make(books, entity)
    name = "Name" if entity.name == "CompanyCurrency" else entity.name_field
    assert books.update(made, entity.name, **{name: "First"}).status_code == 200

    error = fault(books.update(made, entity.name, **{name: "Second"}))

    assert error["code"] == "5010"
    assert books.read(made["Id"], entity.name)[name] == "First"


@pytest.mark.parametrize("entity", NAMED)
def test_an_unknown_property_is_refused_with_2010_6_3(books: Quick, entity: Entity) -> None:
    error = fault(books.post({**LEAST[entity.name], "Colour": "red"}, entity.name))

    assert error["code"] == "2010"
    assert f"com.intuit.schema.finance.v3.{entity.name}" in error["Detail"]


@pytest.mark.parametrize(("entity", "field"), writable(Kind.TEXT))
def test_a_text_over_its_limit_is_refused_with_2050_6_3(
    books: Quick, entity: Entity, field: Field
) -> None:
    if field.choices:
        code = "2170"
    else:
        assert field.limit, f"{entity.name}.{field.name} has no limit"
        code = "2050"

    error = fault(
        books.post({**LEAST[entity.name], field.name: "x" * (field.limit + 1)}, entity.name)
    )

    assert (error["code"], error["element"]) == (code, field.name)


@pytest.mark.parametrize(("entity", "field"), writable())
def test_a_wrong_type_is_refused_with_2010_6_3(books: Quick, entity: Entity, field: Field) -> None:
    wrong: Any = 5 if field.kind is Kind.LIST else [1]

    error = fault(books.post({**LEAST[entity.name], field.name: wrong}, entity.name))

    assert error["code"] == "2010"
    assert "failed to parse json object" in error["Detail"]


@pytest.mark.parametrize("entity", MARKED)
def test_an_inactive_one_is_hidden_from_queries_and_shown_by_id_5_6(
    books: Quick, entity: Entity
) -> None:
    made = make(books, entity)
    name = entity.name_field
    count = f"SELECT COUNT(*) FROM {entity.name}"
    before = books.query(count)["totalCount"]

    ended = books.update(made, entity.name, Active=False, **wanted(entity)).json()[entity.name]

    assert ended[name] == f"{made[name]} (deleted)"
    assert books.query(count)["totalCount"] == before - 1
    found = books.query(f"SELECT * FROM {entity.name} WHERE Active = false")
    assert [each["Id"] for each in found[entity.name]] == [made["Id"]]
    both = books.query(f"{count} WHERE Active IN (true, false)")["totalCount"]
    assert both == before
    assert books.read(made["Id"], entity.name)["Active"] is False


@pytest.mark.parametrize("entity", MARKED)
def test_it_comes_back_with_its_name_and_6240_when_that_was_taken_5_6(
    books: Quick, entity: Entity
) -> None:
    made = make(books, entity)
    name = {entity.name_field: made[entity.name_field]}
    ended = books.update(made, entity.name, Active=False, **wanted(entity)).json()[entity.name]
    other = make(books, entity)

    assert fault(books.update(ended, entity.name, Active=True, **name))["code"] == "6240"

    books.update(other, entity.name, Active=False, **wanted(entity))
    back = books.update(ended, entity.name, Active=True, **name).json()[entity.name]

    assert back[entity.name_field] == made[entity.name_field]
    assert back["Active"] is True


@pytest.mark.parametrize("entity", NAMED)
def test_a_name_that_is_taken_is_refused_with_6240_6_3(books: Quick, entity: Entity) -> None:
    made = make(books, entity)

    error = fault(books.post(LEAST[entity.name], entity.name))

    assert error["code"] == "6240"
    assert error["element"] == entity.name_field
    assert error["Detail"] == f"The name supplied already exists. : Id={made['Id']}"


@pytest.mark.parametrize(
    "entity", [pytest.param(BY_NAME[name], id=name) for name in LEAST if name != "Employee"]
)
def test_without_a_name_nothing_is_made_6_3(books: Quick, entity: Entity) -> None:
    body = {key: each for key, each in LEAST[entity.name].items() if key != entity.name_field}

    assert fault(books.post(body, entity.name))["code"] in {"2020", "6080"}


@pytest.mark.parametrize("entity", NAMED)
def test_a_list_cannot_be_deleted_5_4(books: Quick, entity: Entity) -> None:
    made = make(books, entity)

    error = fault(books.post(made, entity.name, operation="delete"))

    assert error["code"] == "500"
    assert books.read(made["Id"], entity.name) == made


@pytest.mark.parametrize("entity", [pytest.param(each, id=each.name) for each in LISTS])
def test_cdc_shows_a_list_or_does_not_support_it_5_8(books: Quick, entity: Entity) -> None:
    if entity.name in {"TaxCode", "TaxRate", "TaxAgency"}:
        params = {"entities": entity.name, "changedSince": now(books)}
        error = fault(books.api("GET", "cdc", params=params))
        assert error["Detail"].endswith(f"Invalid context declaration: {entity.name}")
        return
    start = now(books)
    books.advance(60)
    if entity.read_only:
        books.act("create", entity=entity.name, fields={"Name": "Zebra"})
        assert cdc(books, entity.name, start)[0][entity.name][0]["Name"] == "Zebra"
        return
    made = make(books, entity)
    ended = books.update(made, entity.name, Active=False, **wanted(entity)).json()[entity.name]

    assert cdc(books, entity.name, start)[0][entity.name] == [ended]  # not as Deleted


@pytest.mark.parametrize("name", READ_ONLY)
def test_what_apps_only_read_is_not_written_4_13(books: Quick, name: str) -> None:
    before = books.query(f"SELECT * FROM {name}")

    error = fault(books.post({"Name": "Zebra", "DisplayName": "Zebra"}, name))

    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert books.query(f"SELECT * FROM {name}") == before


# The operations that webhooks tell of (8.5).
EVENTS = {
    "Account": ("Create", "Update", "Delete", "Merge"),
    "Class": ("Create", "Update", "Delete", "Merge"),
    "Customer": ("Create", "Update", "Delete", "Merge"),
    "Employee": ("Create", "Update", "Delete", "Merge"),
    "Item": ("Create", "Update", "Delete", "Merge"),
    "Vendor": ("Create", "Update", "Delete", "Merge"),
    "Department": ("Create", "Update", "Update", "Merge"),
    "PaymentMethod": ("Create", "Update", "Update", "Merge"),
    "Term": ("Create", "Update", "Update"),
    "CompanyCurrency": ("Create", "Update", "Update"),
}


@pytest.mark.parametrize("entity", NAMED)
def test_what_happens_to_a_list_sends_the_events_of_the_table_8_5(
    books: Quick, entity: Entity
) -> None:
    first = make(books, entity)
    books.switch(webhook_hold=True)
    books.control("POST", "webhooks", {"url": "http://127.0.0.1:9/", "clear": True})
    other = {"Code": "MXN"} if entity.name == "CompanyCurrency" else {entity.name_field: "Other"}
    made = make(books, entity, **other)
    name = "Name" if entity.name == "CompanyCurrency" else entity.name_field
    changed = books.update(made, entity.name, **{name: "Changed"}).json()[entity.name]
    rest = wanted(entity) and {name: "Changed"}
    assert books.update(changed, entity.name, Active=False, **rest).status_code == 200
    if "Merge" in EVENTS[entity.name]:
        books.act("merge", made["Id"], entity=entity.name, into=first["Id"])

    pending = books.control("GET", "webhooks")["pending"]
    books.control("POST", "webhooks", {"url": "", "clear": True})

    spoken = "Currency" if entity.name == "CompanyCurrency" else entity.name
    assert [(each["entity"], each["operation"]) for each in pending] == [
        (spoken, operation) for operation in EVENTS[entity.name]
    ]


# Filter (f) and sort (s) flags of 3.7.
FLAGS = {
    "Account": "Name fs, FullyQualifiedName fs, AccountType fs, AccountSubType fs,"
    " Classification fs, CurrentBalance fs, CurrentBalanceWithSubAccounts fs, Active fs",
    "Item": "Name fs, Type fs, Active fs, Sku fs, UnitPrice fs, FullyQualifiedName fs, ParentRef f",
    "Term": "Name fs, Active f",
    "PaymentMethod": "Name fs, Active f",
    "Class": "Name fs, Active f, FullyQualifiedName f",
    "Department": "Name fs, Active f, FullyQualifiedName f",
    "TaxCode": "Name fs, Active f",
    "TaxRate": "Name fs, Active f",
}


@pytest.mark.parametrize("name", FLAGS)
def test_each_property_is_filtered_and_sorted_as_its_flags_say_3_7(qbo: Quick, name: str) -> None:
    flags = dict(each.split() for each in FLAGS[name].split(", "))
    flags |= {"Id": "fs", "MetaData.CreateTime": "fs", "MetaData.LastUpdatedTime": "fs"}
    values = {Kind.BOOL: "true", Kind.DATE: "'2026-01-01'"}
    for field in BY_NAME[name].by_lower_name.values():
        flag = flags.get(field.name, "")
        value = values.get(field.kind, "'1'")
        where = qbo.ask(f"SELECT * FROM {name} WHERE {field.name} = {value}")
        order = qbo.ask(f"SELECT * FROM {name} ORDERBY {field.name}")
        assert (where.status_code == 200) is ("f" in flag), field.name
        assert (order.status_code == 200) is ("s" in flag), field.name
        if "f" not in flag:
            assert fault(where)["Detail"].endswith(f"property '{field.name}' is not queryable")


@pytest.mark.parametrize("company", ["sample", "messy"])
@pytest.mark.parametrize("name", ["Item", "Account", "Term", "PaymentMethod", "Class", "TaxCode"])
def test_lists_come_by_name_and_are_counted_3_5(qbo: Quick, company: str, name: str) -> None:
    qbo.reset(company)

    found = [each["Name"] for each in qbo.query(f"SELECT * FROM {name}").get(name, [])]
    backwards = qbo.query(f"SELECT * FROM {name} ORDERBY Name DESC").get(name, [])

    assert found == sorted(found, key=str.casefold)
    assert [each["Name"] for each in backwards] == sorted(found, key=str.casefold, reverse=True)
    assert qbo.query(f"SELECT COUNT(*) FROM {name}") == {"totalCount": len(found)}
    assert not any(each.endswith("(deleted)") for each in found)


# --- Terms (4.14) ---


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"DueDays": 0}, "STANDARD"),
        ({"DueDays": 999, "DiscountPercent": 2, "DiscountDays": 10}, "STANDARD"),
        ({"DayOfMonthDue": 15, "DueNextMonthDays": 5, "DiscountDayOfMonth": 0}, "DATE_DRIVEN"),
    ],
)
def test_the_type_of_a_term_follows_from_what_is_set_4_14(
    qbo: Quick, sent: dict[str, int], kind: str
) -> None:
    made = qbo.create("Term", Name="Mine", Type="OTHER", **sent)

    assert made["Type"] == kind
    assert {name: made[name] for name in sent} == sent


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DueDays", 1000),
        ("DueDays", -1),
        ("DayOfMonthDue", 0),
        ("DayOfMonthDue", 32),
        ("DueNextMonthDays", 1000),
        ("DiscountPercent", "100.01"),
        ("DiscountDays", 1000),
        ("DiscountDayOfMonth", 32),
    ],
)
def test_a_number_of_a_term_out_of_its_range_is_refused_with_2240_4_14(
    qbo: Quick, name: str, value: Any
) -> None:
    error = fault(qbo.post({"Name": "Mine", "DueDays": 1, name: value}, "Term"))

    assert (error["code"], error["element"]) == ("2240", name)


def test_a_term_says_when_it_is_due_4_14(qbo: Quick) -> None:
    error = fault(qbo.post({"Name": "Mine"}, "Term"))

    assert error["Detail"] == (
        "Required parameter DueDays or DayOfMonthDue is missing in the request"
    )


def test_customers_point_at_terms_and_methods_that_are_there_6_3(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist", SalesTermRef={"value": "3"})
    term = qbo.read("2", "Term")
    qbo.update(term, "Term", Active=False)

    unknown = fault(qbo.update(made, SalesTermRef={"value": "99"}))
    ended = fault(qbo.update(made, SalesTermRef={"value": "2"}))

    assert unknown["Detail"] == "Invalid Reference Id : Terms element id 99 not found"
    assert ended["code"] == "2500"
    assert "has been made inactive" in ended["Detail"]
    assert fault(qbo.update(made, PaymentMethodRef={"value": "99"}))["code"] == "2500"


# --- Classes and departments (4.16, 4.17) ---


@pytest.mark.parametrize(
    ("name", "flag", "first"),
    [("Class", "SubClass", "5000000000000085682"), ("Department", "SubDepartment", "1")],
)
def test_classes_and_departments_have_five_levels_and_their_own_ids_4_16(
    qbo: Quick, name: str, flag: str, first: str
) -> None:
    above = qbo.create(name, Name="L1")
    assert (above["Id"], above[flag]) == (first, False)
    for level in range(2, 6):
        above = qbo.create(name, Name=f"L{level}", ParentRef={"value": above["Id"]})

    assert above["FullyQualifiedName"] == "L1:L2:L3:L4:L5"
    assert above[flag] is True
    deeper = {"Name": "L6", "ParentRef": {"value": above["Id"]}}
    assert fault(qbo.post(deeper, name))["code"] == "6180"
    assert qbo.post({"Name": "L5"}, name).status_code == 200  # under another parent


def test_a_class_moves_to_the_top_without_its_parent_5_2(qbo: Quick) -> None:
    top = qbo.create("Class", Name="Top")
    low = qbo.create("Class", Name="Low", ParentRef={"value": top["Id"]})

    body = {"Id": low["Id"], "SyncToken": "0", "Name": "Low"}
    after = qbo.post(body, "Class").json()["Class"]

    assert (after["SubClass"], after["FullyQualifiedName"]) == (False, "Low")
    assert "ParentRef" not in after


# --- Currencies ---


def test_currencies_need_the_preference_5030_6_3(qbo: Quick) -> None:
    rate = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-11-01", "Rate": 1}

    assert fault(qbo.post({"Code": "EUR"}, "CompanyCurrency"))["code"] == "5030"
    assert fault(qbo.post(rate, "ExchangeRate"))["code"] == "5030"
    assert qbo.query("SELECT * FROM CompanyCurrency") == {}


@pytest.mark.parametrize("code", ["EU", "eur", "E1R"])
def test_a_currency_is_three_capital_letters_2220_6_3(books: Quick, code: str) -> None:
    assert books.create("CompanyCurrency", Code="EUR")["Name"] == "Euro"
    assert fault(books.post({"Code": code}, "CompanyCurrency"))["code"] == "2220"


def test_an_ended_currency_keeps_its_code_5_6(books: Quick) -> None:
    made = books.create("CompanyCurrency", Code="EUR")
    ended = books.update(made, "CompanyCurrency", Active=False).json()["CompanyCurrency"]

    assert (ended["Code"], ended["Active"]) == ("EUR", False)
    assert books.query("SELECT * FROM CompanyCurrency") == {}
    assert fault(books.update(ended, "CompanyCurrency", Code="MXN"))["code"] == "2220"
    back = books.update(ended, "CompanyCurrency", Active=True).json()["CompanyCurrency"]
    assert back["Active"] is True


def test_the_rate_of_a_day_is_the_newest_that_is_not_younger(books: Quick) -> None:
    def rate(day: str) -> Any:
        params = {"sourcecurrencycode": "EUR", "asofdate": day}
        return books.api("GET", "exchangerate", params=params)

    body = {"SourceCurrencyCode": "EUR", "AsOfDate": "2026-11-01", "Rate": "1.1234567"}
    first = books.create("ExchangeRate", **body)
    books.create("ExchangeRate", **{**body, "AsOfDate": "2026-11-10", "Rate": 1.2})

    assert "Id" not in first
    assert (first["TargetCurrencyCode"], first["Rate"]) == ("USD", 1.1234567)
    assert rate("2026-11-01").json()["ExchangeRate"] == first
    assert rate("2026-11-09").json()["ExchangeRate"] == first
    assert rate("2026-12-01").json()["ExchangeRate"]["Rate"] == 1.2
    assert fault(rate("2026-10-31"))["code"] == "610"
    assert fault(rate("yesterday"))["code"] == "2070"
    assert fault(books.api("GET", "exchangerate"))["element"] == "SourceCurrencyCode"

    again = books.post({**body, "Rate": 1.3, "SyncToken": "0"}, "ExchangeRate")
    assert again.json()["ExchangeRate"]["SyncToken"] == "1"
    assert fault(books.post({**body, "SyncToken": "0"}, "ExchangeRate"))["code"] == "5010"
    found = books.query("SELECT * FROM ExchangeRate WHERE SourceCurrencyCode = 'EUR'")
    assert len(found["ExchangeRate"]) == 2
    day = "SELECT * FROM ExchangeRate WHERE AsOfDate = '2026-11-10'"
    assert [each["Rate"] for each in books.query(day)["ExchangeRate"]] == [1.2]


def test_customer_types_are_made_in_the_books_and_read_by_apps(qbo: Quick) -> None:
    kind = qbo.act("create", entity="CustomerType", fields={"Name": "Boat owners"})

    assert qbo.query("SELECT * FROM CustomerType")["CustomerType"] == [kind]
    made = qbo.create(DisplayName="Quist", CustomerTypeRef={"value": kind["Id"]})
    assert made["CustomerTypeRef"] == {"value": kind["Id"]}
    assert fault(qbo.update(made, CustomerTypeRef={"value": "77"}))["code"] == "2500"


# --- The messy company ---


def test_the_messy_company_has_odd_items_and_classes_10(qbo: Quick) -> None:
    qbo.reset("messy")

    items = {e["Id"]: e for e in qbo.query("SELECT * FROM Item MAXRESULTS 1000")["Item"]}
    assert items["6"]["FullyQualifiedName"] == "Marine:Moorings:Mooring hour"
    assert items["10"]["ItemGroupDetail"]["ItemGroupLine"][0] == {
        "ItemRef": {"value": "6", "name": "Mooring hour"},
        "Qty": 2,
    }
    assert {e["Type"] for e in items.values()} == {
        "Service",
        "NonInventory",
        "Inventory",
        "Category",
        "Group",
    }
    assert qbo.read("3", "Item")["Active"] is False
    paths = [e["FullyQualifiedName"] for e in qbo.query("SELECT * FROM Class")["Class"]]
    assert paths == ["North dock", "North dock:Pier 1", "South dock:Pier 1", "South dock"]
    bundle = qbo.read("10", "Item")
    assert fault(qbo.update(bundle, "Item", Name="Other"))["code"] == "500"
    assert qbo.act("inactivate", "10", entity="Item")["Name"] == "Berth package (deleted)"


@pytest.mark.parametrize("entity", [pytest.param(e, id=e.name) for e in LISTS if not e.read_only])
@pytest.mark.parametrize("company", ["sample", "messy"])
def test_whatever_a_company_starts_with_is_saved_as_it_is_5_2(
    qbo: Quick, company: str, entity: Entity
) -> None:
    qbo.reset(company)
    found = qbo.query(f"SELECT * FROM {entity.name} WHERE Active IN (true, false) MAXRESULTS 1000")
    for each in found.get(entity.name, []):
        if each.get("Type") == "Group":
            continue
        whole = qbo.read(each["Id"], entity.name)
        answer = qbo.post({**whole, "sparse": False}, entity.name)
        assert answer.status_code == 200, (each["Id"], answer.text)
        assert answer.json()[entity.name] == whole
