"""Item: sections 4.4, 5.6 and 6.3 of the API reference."""

from typing import Any

import pytest

from .conftest import Quick, fault

SALES, FEES, GOODS, STOCK, BANK = "79", "5", "80", "81", "35"  # accounts of the sample company


def ref(id: str) -> dict[str, str]:
    return {"value": id}


def stock_item(**fields: Any) -> dict[str, Any]:
    return {
        "Name": "Buoy",
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": 10,
        "InvStartDate": "2026-01-01",
        "IncomeAccountRef": ref(SALES),
        "ExpenseAccountRef": ref(GOODS),
        "AssetAccountRef": ref(STOCK),
        **fields,
    }


def service(**fields: Any) -> dict[str, Any]:
    return {"Name": "Mooring hour", "Type": "Service", "IncomeAccountRef": ref(SALES), **fields}


def test_a_service_is_answered_with_its_defaults_and_the_name_of_its_account_4_4(
    qbo: Quick,
) -> None:
    made = qbo.create("Item", **service(UnitPrice=75))

    assert made["Id"] == "19"  # items have their own counter
    assert {name: value for name, value in made.items() if name not in {"Id", "MetaData"}} == {
        "Name": "Mooring hour",
        "Active": True,
        "FullyQualifiedName": "Mooring hour",
        "Taxable": False,
        "UnitPrice": 75,
        "Type": "Service",
        "IncomeAccountRef": {"value": "79", "name": "Sales of Product Income"},
        "PurchaseCost": 0,
        "TrackQtyOnHand": False,
        "DeferredRevenue": False,
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
    }


@pytest.mark.parametrize("kind", ["Service", "NonInventory", "Inventory"])
def test_an_item_without_any_account_is_refused_with_2020_4_4(qbo: Quick, kind: str) -> None:
    error = fault(qbo.post({"Name": "Nothing", "Type": kind}, "Item"))

    assert error["code"] == "2020"
    assert error["Detail"] == (
        "Required parameter ExpenseAccountRef or IncomeAccountRef is missing in the request"
    )


def test_a_service_needs_an_income_account_a_bought_thing_does_not_4_4(qbo: Quick) -> None:
    body = {"Name": "Bought", "ExpenseAccountRef": ref("78")}

    refused = fault(qbo.post({**body, "Type": "Service"}, "Item"))

    assert (refused["code"], refused["element"]) == ("2020", "IncomeAccountRef")
    assert qbo.post({**body, "Type": "NonInventory"}, "Item").status_code == 200


@pytest.mark.parametrize(
    "name",
    ["IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate"],
)
def test_stock_needs_three_accounts_a_quantity_and_a_start_4_4(qbo: Quick, name: str) -> None:
    body = stock_item()
    del body[name]

    error = fault(qbo.post(body, "Item"))

    assert (error["code"], error["element"]) == ("2020", name)
    assert qbo.post(stock_item(), "Item").status_code == 200


@pytest.mark.parametrize(
    ("body", "name", "wrong"),
    [
        (service(), "IncomeAccountRef", BANK),
        (service(), "ExpenseAccountRef", SALES),
        (stock_item(), "IncomeAccountRef", FEES),  # income, but not of products
        (stock_item(), "ExpenseAccountRef", "78"),  # an expense, but not cost of goods
        (stock_item(), "AssetAccountRef", "3"),  # a current asset, but not of stock
    ],
)
def test_an_account_of_the_wrong_type_is_refused_with_6430_6_3(
    qbo: Quick, body: dict[str, Any], name: str, wrong: str
) -> None:
    error = fault(qbo.post({**body, name: ref(wrong)}, "Item"))

    assert (error["code"], error["element"]) == ("6430", name)
    assert error["Detail"].startswith("Invalid account type: You need to select a different type")


def test_an_account_that_is_not_there_is_refused_with_2500_6_3(qbo: Quick) -> None:
    error = fault(qbo.post(service(IncomeAccountRef=ref("5000")), "Item"))

    assert error["code"] == "2500"
    assert error["Detail"] == "Invalid Reference Id : Accounts element id 5000 not found"


def test_an_item_name_is_unique_among_items_only_with_6240_4_4(qbo: Quick) -> None:
    error = fault(qbo.post(service(Name="gardening"), "Item"))

    assert (error["code"], error["element"]) == ("6240", "Name")
    assert error["Detail"] == "The name supplied already exists. : Id=6"
    assert qbo.post(service(Name="Cool Cars"), "Item").status_code == 200  # a customer's name


def test_categories_make_levels_without_accounts_4_4(qbo: Quick) -> None:
    top = qbo.create("Item", Name="Dock", Type="Category", UnitPrice=5, IncomeAccountRef=ref(SALES))
    middle = qbo.create("Item", Name="Pier", Type="Category", ParentRef=ref(top["Id"]))
    low = qbo.create("Item", **service(SubItem=True, ParentRef=ref(middle["Id"])))

    assert "IncomeAccountRef" not in top
    assert "UnitPrice" not in top
    assert "SubItem" not in top
    assert middle["SubItem"] is True
    assert low["FullyQualifiedName"] == "Dock:Pier:Mooring hour"
    assert low["Level"] == 2
    assert low["ParentRef"] == {"value": middle["Id"]}


def test_only_a_category_can_be_a_parent_4_4(qbo: Quick) -> None:
    error = fault(qbo.post(service(SubItem=True, ParentRef=ref("6")), "Item"))

    assert (error["code"], error["element"]) == ("700", "ParentRef")
    assert fault(qbo.post(service(SubItem=True), "Item"))["code"] == "6150"


def test_a_renamed_category_renames_what_is_below_without_their_tokens_9(qbo: Quick) -> None:
    top = qbo.create("Item", Name="Dock", Type="Category")
    low = qbo.create("Item", **service(ParentRef=ref(top["Id"])))

    assert qbo.update(top, "Item", Name="Quay").status_code == 200

    after = qbo.read(low["Id"], "Item")
    assert (after["FullyQualifiedName"], after["SyncToken"]) == ("Quay:Mooring hour", "0")


def test_a_price_keeps_seven_decimals_rounded_half_up_9(qbo: Quick) -> None:
    made = qbo.create("Item", **service(UnitPrice="0.12345675", PurchaseCost="12.500"))
    text = qbo.api("GET", f"item/{made['Id']}").text

    assert '"UnitPrice":0.1234568,' in text
    assert '"PurchaseCost":12.5,' in text


@pytest.mark.parametrize("name", ["UnitPrice", "PurchaseCost"])
def test_a_price_has_an_end_4_4(qbo: Quick, name: str) -> None:
    assert qbo.post(service(**{name: 99999999999}), "Item").status_code == 200
    assert fault(qbo.post(service(Name="Dear", **{name: 100000000000}), "Item"))["code"] == "2090"


@pytest.mark.parametrize("change", [{"Type": "Service"}, {"TrackQtyOnHand": False}])
def test_stock_stays_stock_4_4(qbo: Quick, change: dict[str, Any]) -> None:
    made = qbo.create("Item", **stock_item())

    assert fault(qbo.update(made, "Item", **change))["code"] == "6000"
    assert qbo.read(made["Id"], "Item")["TrackQtyOnHand"] is True


def test_a_service_can_become_stock_when_all_is_sent_4_4(qbo: Quick) -> None:
    made = qbo.create("Item", **service())

    assert fault(qbo.update(made, "Item", Type="Inventory"))["code"] == "2020"
    after = qbo.update(made, "Item", **stock_item()).json()["Item"]

    assert (after["Type"], after["QtyOnHand"], after["TrackQtyOnHand"]) == ("Inventory", 10, True)


def test_without_a_type_it_is_a_service_or_stock_when_tracked_4_4(qbo: Quick) -> None:
    plain, tracked = service(), stock_item()
    del plain["Type"], tracked["Type"]

    assert qbo.create("Item", **plain)["Type"] == "Service"
    assert qbo.create("Item", **tracked)["Type"] == "Inventory"


def test_a_bundle_cannot_be_made_through_the_api_4_4(qbo: Quick) -> None:
    error = fault(qbo.post({"Name": "Bundle", "Type": "Group"}, "Item"))

    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")


def test_an_unknown_type_is_refused_with_2170_6_3(qbo: Quick) -> None:
    assert fault(qbo.post(service(Type="Assembly"), "Item"))["code"] == "2170"


def test_an_inactive_item_frees_its_name_and_leaves_the_queries_5_6(qbo: Quick) -> None:
    made = qbo.create("Item", **service())

    ended = qbo.update(made, "Item", Active=False).json()["Item"]

    assert ended["Name"] == ended["FullyQualifiedName"] == "Mooring hour (deleted)"
    assert "Item" not in qbo.query("SELECT * FROM Item WHERE Name LIKE 'Mooring%'")
    assert qbo.read(made["Id"], "Item")["Active"] is False
    assert qbo.post(service(), "Item").status_code == 200


def test_ending_stock_writes_its_quantity_off_and_it_stays_off_4_4(qbo: Quick) -> None:
    made = qbo.create("Item", **stock_item())
    ended = qbo.update(made, "Item", Active=False).json()["Item"]

    assert ended["QtyOnHand"] == 0
    assert fault(qbo.update(ended, "Item", QtyOnHand=4))["Detail"] == (
        "Business Validation Error: You need to activate this item before updating the quantity"
    )


def test_a_category_with_active_items_cannot_end_5_6(qbo: Quick) -> None:
    top = qbo.create("Item", Name="Dock", Type="Category")
    qbo.create("Item", **service(ParentRef=ref(top["Id"])))

    assert fault(qbo.update(top, "Item", Active=False))["code"] == "6000"


def test_python_quickbooks_asks_for_everything_and_sku_3_2(qbo: Quick) -> None:
    qbo.create("Item", **service(Sku="MH-1"))

    found = qbo.query("SELECT *, Sku FROM Item ORDERBY Id DESC MAXRESULTS 1")["Item"]

    assert (found[0]["Sku"], found[0]["Name"], found[0]["Type"]) == (
        "MH-1",
        "Mooring hour",
        "Service",
    )


def test_items_come_by_name_and_are_filtered_3_5(qbo: Quick) -> None:
    qbo.create("Item", Name="Zinc", Type="Category")
    category = qbo.create("Item", Name="Anchors", Type="Category")
    qbo.create("Item", **service(Name="Mast", Sku="M-1", UnitPrice=99, ParentRef={
        "value": category["Id"]
    }))  # fmt: skip

    names = [each["Name"] for each in qbo.query("SELECT * FROM Item")["Item"]]
    stock = qbo.query("SELECT * FROM Item WHERE Type = 'Inventory' ORDERBY UnitPrice DESC")["Item"]

    assert names == sorted(names, key=str.casefold)  # by name, not below their category
    assert [each["Name"] for each in stock] == [
        "Rock Fountain",
        "Pump",
        "Sprinkler Pipes",
        "Sprinkler Heads",
    ]
    for where in (
        "Sku = 'm-1'",
        "UnitPrice > 98 AND UnitPrice < 100",
        "FullyQualifiedName = 'Anchors:Mast'",
        f"ParentRef = '{category['Id']}'",
        "Type = 'Service' AND Name LIKE 'Mas%'",
    ):
        assert [e["Name"] for e in qbo.query(f"SELECT * FROM Item WHERE {where}")["Item"]] == [
            "Mast"
        ], where
    assert qbo.query("SELECT COUNT(*) FROM Item WHERE Type = 'Category'") == {"totalCount": 2}
    error = fault(qbo.ask("SELECT * FROM Item WHERE Description = 'x'"))
    assert error["Detail"] == "QueryValidationError: property 'Description' is not queryable"


def test_the_sample_company_has_the_eighteen_items_10(qbo: Quick) -> None:
    items = {e["Id"]: e for e in qbo.query("SELECT * FROM Item ORDERBY Id")["Item"]}

    assert list(items) == [str(number) for number in range(1, 19)]
    assert (items["4"]["Name"], items["4"]["UnitPrice"]) == ("Design", 75)
    assert items["15"]["PurchaseCost"] == 6.5
    assert items["8"]["IncomeAccountRef"] == {
        "value": "48",
        "name": "Landscaping Services:Job Materials:Fountains and Garden Lighting",
    }
    assert items["17"]["QtyOnHand"] == 31
    assert items["17"]["AssetAccountRef"] == {"value": "81", "name": "Inventory Asset"}
    assert [id for id, e in items.items() if e["Type"] == "Inventory"] == ["5", "11", "16", "17"]
