"""What the heads of transactions share (4.0), and what waits for a preference (4.6.1, 4.16)."""

from typing import Any

import pytest

from .buying import bill, pay_bill
from .conftest import Quick, fault
from .sales import form, invoice, item, paying, preferences, ref

CREW = {"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}


@pytest.fixture
def with_classes(qbo: Quick) -> Quick:
    on = ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine", "TrackDepartments")
    preferences(qbo, "AccountingInfoPrefs", **dict.fromkeys(on, True))
    return qbo


def changed_by(qbo: Quick, made: dict[str, Any], entity: str = "Invoice") -> str:
    return str(qbo.read(made["Id"], entity)["MetaData"]["LastModifiedByRef"]["value"])


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("Invoice", form()),
        ("CreditMemo", form()),
        ("Payment", paying(10)),
        ("BillPayment", pay_bill(10)),
        ("Transfer", {"FromAccountRef": ref("35"), "ToAccountRef": ref("36"), "Amount": 1}),
    ],
)
def test_a_transaction_says_who_changed_it_last_4_0(
    qbo: Quick, entity: str, body: dict[str, Any]
) -> None:
    made = qbo.create(entity, **body)

    assert list(made["MetaData"]) == ["CreateTime", "LastModifiedByRef", "LastUpdatedTime"]
    assert made["MetaData"]["LastModifiedByRef"]["value"].isdigit()


def test_the_last_who_changed_it_is_named_by_a_number_of_their_own_4_0(qbo: Quick) -> None:
    made = invoice(qbo)
    mine = changed_by(qbo, made)

    qbo.act("update", made["Id"], entity="Invoice", fields={"PrivateNote": "x"}, user="Sam Park")
    theirs = changed_by(qbo, made)
    qbo.update(qbo.read(made["Id"], "Invoice"), "Invoice", PrivateNote="y")

    assert theirs != mine
    assert changed_by(qbo, made) == mine


def test_names_and_lists_do_not_say_who_changed_them_4_0(qbo: Quick) -> None:
    for entity in ("Customer", "Vendor", "Item", "Term"):
        assert set(qbo.read("1" if entity != "Vendor" else "30", entity)["MetaData"]) == {
            "CreateTime",
            "LastUpdatedTime",
        }


def test_what_came_with_the_company_was_changed_by_its_owner_4_0(qbo: Quick) -> None:
    seeded = qbo.query("SELECT * FROM Invoice MAXRESULTS 1")["Invoice"][0]

    assert seeded["MetaData"]["LastModifiedByRef"]["value"] == changed_by(qbo, invoice(qbo))


def test_a_custom_field_is_shown_empty_and_takes_a_value_4_0(qbo: Quick) -> None:
    made = invoice(qbo)
    assert made["CustomField"] == [CREW]

    sent = [{"DefinitionId": "1", "Name": "No such name", "StringValue": "7"}]
    after = qbo.update(made, "Invoice", CustomField=sent).json()["Invoice"]

    assert after["CustomField"] == [{**CREW, "StringValue": "7"}]
    kept = qbo.update(after, "Invoice", PrivateNote="x").json()["Invoice"]
    assert kept["CustomField"] == after["CustomField"]


def test_a_company_without_custom_fields_shows_none_4_0(qbo: Quick) -> None:
    preferences(qbo, "SalesFormsPrefs", CustomField=[])

    assert invoice(qbo)["CustomField"] == []


def test_a_custom_field_that_is_not_defined_is_3000_4_0(qbo: Quick) -> None:
    sent = [{"DefinitionId": "4", "Type": "StringType", "StringValue": "x"}]

    assert fault(qbo.post(form(CustomField=sent), "Invoice"))["code"] == "3000"
    long = [{"DefinitionId": "1", "StringValue": "x" * 32}]
    assert fault(qbo.post(form(CustomField=long), "Invoice"))["code"] == "2050"


def test_classes_and_locations_are_kept_while_their_preference_is_on_4_16(
    with_classes: Quick,
) -> None:
    qbo = with_classes
    kind, place = qbo.create("Class", Name="Boats"), qbo.create("Department", Name="Harbour")
    sent = {"ClassRef": ref(kind["Id"]), "DepartmentRef": ref(place["Id"])}

    made = invoice(qbo, item(10, ClassRef=ref(kind["Id"])), **sent)

    shown = {"value": kind["Id"], "name": "Boats"}
    assert made["ClassRef"] == shown
    assert made["DepartmentRef"] == {"value": place["Id"], "name": "Harbour"}
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == shown


def test_classes_and_locations_are_ignored_while_their_preference_is_off_4_16(
    qbo: Quick,
) -> None:
    kind, place = qbo.create("Class", Name="Boats"), qbo.create("Department", Name="Harbour")
    sent = {"ClassRef": ref(kind["Id"]), "DepartmentRef": ref(place["Id"])}

    made = invoice(qbo, item(10, ClassRef=ref(kind["Id"])), **sent)
    bought = bill(qbo, DepartmentRef=ref(place["Id"]))

    assert not {"ClassRef", "DepartmentRef"} & {*made, *bought}
    assert "ClassRef" not in made["Line"][0]["SalesItemLineDetail"]


def test_a_form_keeps_its_class_when_classes_are_switched_off_4_16(with_classes: Quick) -> None:
    qbo = with_classes
    kind = qbo.create("Class", Name="Boats")
    made = invoice(qbo, ClassRef=ref(kind["Id"]))
    preferences(qbo, "AccountingInfoPrefs", ClassTrackingPerTxn=False)

    after = qbo.update(made, "Invoice", ClassRef=ref("999"), PrivateNote="x").json()["Invoice"]

    assert after["ClassRef"] == {"value": kind["Id"], "name": "Boats"}


def test_an_unknown_class_on_a_sales_line_is_2500_4_16(with_classes: Quick) -> None:
    error = fault(with_classes.post(form(item(10, ClassRef=ref("999999"))), "Invoice"))

    assert error["code"] == "2500"
    assert error["Detail"] == "Invalid Reference Id : Klasses element id 999999 not found"


def test_copies_go_to_whom_the_preferences_say_4_6_1(qbo: Quick) -> None:
    here = {"Address": "copies@craig.test"}
    preferences(qbo, "SalesFormsPrefs", SalesEmailCc=here, SalesEmailBcc={"Address": "b@c.test"})

    made = invoice(qbo)
    own = invoice(qbo, BillEmailCc={"Address": "own@craig.test"})

    assert (made["BillEmailCc"], made["BillEmailBcc"]) == (here, {"Address": "b@c.test"})
    assert own["BillEmailCc"] == {"Address": "own@craig.test"}
    cleared = qbo.update(made, "Invoice", BillEmailCc={"Address": ""}).json()["Invoice"]
    assert "BillEmailCc" not in cleared


@pytest.mark.parametrize(
    ("written", "shown"),
    [("US", "USA"), ("United States", "USA"), ("usa", "USA"), ("Canada", "CAN"), ("Peru", "Peru")],
)
def test_a_country_of_the_companys_address_is_three_letters_4_0(
    qbo: Quick, written: str, shown: str
) -> None:
    info = qbo.read("1", "CompanyInfo")
    address = {"Line1": "1 Pier", "Country": written}

    after = qbo.update(info, "CompanyInfo", CompanyName="Craig's", CompanyAddr=address)

    assert after.json()["CompanyInfo"]["CompanyAddr"]["Country"] == shown


@pytest.mark.parametrize(
    ("entity", "before", "after"),
    [  # the recorded examples of 4.1 to 4.18; "" where nothing stands there
        ("Customer", "IsProject", "FullyQualifiedName"),
        ("Vendor", "CurrencyRef", "DisplayName"),
        ("Employee", "BillableTime", "GivenName"),
        ("Item", "TrackQtyOnHand", ""),
        ("Account", "CurrencyRef", ""),
        ("Invoice", "AllowOnlineACHPayment", "CustomField"),
        ("Payment", "ProcessPayment", "TxnDate"),
        ("CreditMemo", "RemainingCredit", "CustomField"),
        ("Estimate", "", "CustomField"),
        ("SalesReceipt", "", "CustomField"),
        ("Term", "DueDays", ""),
    ],
)
def test_what_every_object_has_stands_where_it_was_recorded_4_0(
    qbo: Quick, entity: str, before: str, after: str
) -> None:
    for found in qbo.query(f"SELECT * FROM {entity} MAXRESULTS 5")[entity]:
        names = ["", *found, ""]
        at = names.index("domain")

        assert names[at : at + 5] == ["domain", "sparse", "Id", "SyncToken", "MetaData"]
        assert not before or before in names[:at]
        assert before or at == 1
        assert not after or after in names[at:]
        assert after or names[at + 5] == ""
