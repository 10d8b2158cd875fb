"""Customer: sections 4.1, 5.1 to 5.3 and 5.6 of the API reference."""

from typing import Any

import pytest

from .conftest import Quick, fault
from .sales import delete, invoice, preferences


def test_a_create_answers_200_with_the_defaults_quickbooks_fills_in_4_1(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist Boats", GivenName="Nora", FamilyName="Quist")

    assert made["Id"] == "58"  # names share one counter; the sample company ends at 57
    assert made["SyncToken"] == "0"
    assert made["sparse"] is False
    assert made["domain"] == "QBO"
    assert made["FullyQualifiedName"] == "Quist Boats"
    assert made["PrintOnCheckName"] == "Nora Quist"
    assert made["Active"] is True
    assert made["Taxable"] is True
    assert made["Job"] is False
    assert made["Balance"] == 0
    assert made["PreferredDeliveryMethod"] == "Print"
    assert made["CurrencyRef"] == {"value": "USD", "name": "United States Dollar"}
    assert made["DefaultTaxCodeRef"] == {"value": "2"}
    assert "ShipAddr" not in made


def test_customers_vendors_and_employees_share_one_id_counter_10(qbo: Quick) -> None:
    first = qbo.create(DisplayName="A")
    second = qbo.create("Vendor", DisplayName="B")
    third = qbo.create("Employee", GivenName="C", FamilyName="D")

    assert [first["Id"], second["Id"], third["Id"]] == ["58", "59", "60"]


def test_a_display_name_is_built_from_the_parts_of_the_name_4_1(qbo: Quick) -> None:
    made = qbo.create(Title="Dr.", GivenName="Ann", FamilyName="Lee", Suffix="Jr.")

    assert made["DisplayName"] == "Dr. Ann Lee Jr."


def test_a_customer_without_any_name_is_refused_with_6080_4_1(qbo: Quick) -> None:
    assert fault(qbo.post({"CompanyName": "Only a company"}))["code"] == "6080"


@pytest.mark.parametrize("character", [":", "\t", "\n"])
@pytest.mark.parametrize("name", ["DisplayName", "GivenName", "PrintOnCheckName"])
def test_colon_tab_and_newline_are_refused_in_names_4_1(
    qbo: Quick, name: str, character: str
) -> None:
    body = {"DisplayName": "Fine", name: f"a{character}b"}

    error = fault(qbo.post(body))

    assert (error["code"], error["element"]) == ("2040", name)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("DisplayName", 500),
        ("GivenName", 100),
        ("CompanyName", 100),
        ("Title", 16),
        ("Notes", 2000),
    ],
)
def test_a_text_over_its_limit_is_refused_with_2050_4_1(qbo: Quick, name: str, limit: int) -> None:
    fits = qbo.post({"DisplayName": "Fits", name: "x" * limit})
    error = fault(qbo.post({"DisplayName": "Too long", name: "y" * (limit + 1)}))

    assert fits.status_code == 200
    assert error["code"] == "2050"
    assert error["Detail"].endswith(f"Min:0 Max:{limit} supported. Supplied length:{limit + 1}")


@pytest.mark.parametrize("address", ["nobody", "no@dots", "@x.org", "a b@x.org", "a@x.org, b"])
def test_a_malformed_email_is_refused_with_2210_4_1(qbo: Quick, address: str) -> None:
    body = {"DisplayName": "Mail", "PrimaryEmailAddr": {"Address": address}}

    assert fault(qbo.post(body))["code"] == "2210"


def test_several_emails_in_one_field_are_accepted_4_0(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Two", PrimaryEmailAddr={"Address": "a@x.org, b@x.org"})

    assert made["PrimaryEmailAddr"] == {"Address": "a@x.org, b@x.org"}


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_a_name_is_unique_over_the_three_lists_with_6240_4_1(qbo: Quick, entity: str) -> None:
    taken = qbo.create(entity, DisplayName="Taken Name", GivenName="T")

    error = fault(qbo.post({"DisplayName": "tAKEN nAME"}))

    assert error["code"] == "6240"
    assert error["Detail"] == f"The name supplied already exists. : Id={taken['Id']}"


def test_the_name_of_an_inactive_one_is_free_its_deleted_name_is_taken_5_6(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Fees Billed")
    ended = qbo.update(made, Active=False).json()["Customer"]
    again = qbo.create(DisplayName="Fees Billed")

    assert ended["DisplayName"] == "Fees Billed (deleted)"
    assert ended["FullyQualifiedName"] == "Fees Billed (deleted)"
    assert ended["PrintOnCheckName"] == "Fees Billed"
    assert fault(qbo.post({"DisplayName": "Fees Billed (deleted)"}))["code"] == "6240"

    second = qbo.update(again, Active=False).json()["Customer"]

    assert second["DisplayName"] == "Fees Billed (deleted 2)"


def test_reactivation_with_the_name_works_and_meets_6240_when_it_is_taken_5_6(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Back Again")
    ended = qbo.update(made, Active=False).json()["Customer"]
    squatter = qbo.create("Vendor", DisplayName="Back Again")

    refused = fault(qbo.update(ended, Active=True, DisplayName="Back Again"))
    assert refused["code"] == "6240"
    assert squatter["Id"] in refused["Detail"]

    qbo.act("update", squatter["Id"], entity="Vendor", fields={"DisplayName": "Elsewhere"})
    back = qbo.update(ended, Active=True, DisplayName="Back Again").json()["Customer"]
    assert (back["DisplayName"], back["Active"]) == ("Back Again", True)


def test_reactivation_alone_keeps_the_suffix_unless_switched_5_6(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Suffix")
    ended = qbo.update(made, Active=False).json()["Customer"]
    back = qbo.update(ended, Active=True).json()["Customer"]
    assert back["DisplayName"] == "Suffix (deleted)"

    qbo.switch(reactivation_strips_suffix=True)
    made = qbo.create(DisplayName="Other")
    ended = qbo.update(made, Active=False).json()["Customer"]
    back = qbo.update(ended, Active=True).json()["Customer"]
    assert back["DisplayName"] == "Other"


def test_a_customer_with_a_balance_cannot_be_made_inactive_6220_5_6(qbo: Quick) -> None:
    amy = qbo.read("1")

    error = fault(qbo.update(amy, Active=False))

    assert error["code"] == "6220"
    assert "non-zero balance" in error["Detail"]
    assert qbo.read("1")["Active"] is True


def test_a_sparse_update_changes_only_what_is_sent_5_2(qbo: Quick) -> None:
    before = qbo.read("2")

    after = qbo.update(before, Notes="new").json()["Customer"]

    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"Notes", "SyncToken", "MetaData"}
    assert after["SyncToken"] == "1"


def test_a_sparse_update_empties_texts_and_objects_but_ignores_null_2_4(qbo: Quick) -> None:
    before = qbo.read("1")

    after = qbo.update(
        before,
        CompanyName="",
        PrimaryEmailAddr={},
        PrimaryPhone={"FreeFormNumber": ""},
        BillAddr=None,
    ).json()["Customer"]

    assert {"CompanyName", "PrimaryEmailAddr", "PrimaryPhone"}.isdisjoint(after)
    assert after["BillAddr"] == before["BillAddr"]
    assert (
        qbo.update(after, DisplayName="").json()["Customer"]["DisplayName"] == after["DisplayName"]
    )


def test_a_full_update_empties_what_is_left_out_and_keeps_defaults_5_2(qbo: Quick) -> None:
    before = qbo.read("1")

    after = qbo.post(
        {"Id": "1", "SyncToken": before["SyncToken"], "DisplayName": "Amy", "Notes": "n"}
    ).json()["Customer"]

    assert {"GivenName", "CompanyName", "PrimaryEmailAddr", "BillAddr"}.isdisjoint(after)
    assert after["Active"] is True
    assert after["PreferredDeliveryMethod"] == "Print"
    assert after["Balance"] == before["Balance"]  # read only


def test_an_update_without_a_change_keeps_token_and_time_5_2(qbo: Quick) -> None:
    before = qbo.read("3")
    qbo.advance(60)

    after = qbo.update(before, Active=True, DisplayName=before["DisplayName"]).json()["Customer"]

    assert after == before
    assert qbo.counts["writes"] == 0


def test_a_stale_token_is_refused_with_5010_and_the_others_name_5_3(qbo: Quick) -> None:
    mine = qbo.read("4")
    qbo.act("update", "4", fields={"Notes": "theirs"}, user="Sam Park")

    error = fault(qbo.update(mine, Notes="mine"))

    assert error["code"] == "5010"
    assert "You and Sam Park were working on this at the same time." in error["Detail"]
    assert qbo.read("4")["Notes"] == "theirs"


def test_an_update_without_a_token_is_refused_with_2020_5_1(qbo: Quick) -> None:
    error = fault(qbo.post({"Id": "4", "sparse": True, "Notes": "x"}))

    assert (error["code"], error["element"]) == ("2020", "SyncToken")
    assert error["Detail"] == "Required parameter SyncToken is missing in the request"


def test_an_unknown_property_is_refused_with_2010_2_4(qbo: Quick) -> None:
    error = fault(qbo.post({"DisplayName": "x", "BadJson": 1}))

    assert error["code"] == "2010"
    assert error["Detail"].startswith(
        'Property Name:Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Customer)'
    )


def test_read_only_properties_are_ignored_2_4(qbo: Quick) -> None:
    before = qbo.read("5")

    after = qbo.update(before, Balance=999, FullyQualifiedName="No", Level=3, Notes="y").json()

    assert after["Customer"]["Balance"] == before["Balance"]
    assert after["Customer"]["FullyQualifiedName"] == before["FullyQualifiedName"]


def test_sub_customers_have_level_job_and_a_full_name_4_1(qbo: Quick) -> None:
    top = qbo.create(DisplayName="Quist Boats")
    hull = qbo.create(DisplayName="Hull 7", ParentRef={"value": top["Id"]}, Job=True)

    assert hull["FullyQualifiedName"] == "Quist Boats:Hull 7"
    assert (hull["Job"], hull["Level"], hull["ParentRef"]) == (True, 1, {"value": top["Id"]})


def test_a_renamed_parent_renames_the_full_names_below_without_their_tokens_9(qbo: Quick) -> None:
    top = qbo.create(DisplayName="Top")
    child = qbo.create(DisplayName="Child", ParentRef={"value": top["Id"]}, Job=True)
    grand = qbo.create(DisplayName="Grand", ParentRef={"value": child["Id"]}, Job=True)

    qbo.update(top, DisplayName="Peak")

    after = qbo.read(grand["Id"])
    assert after["FullyQualifiedName"] == "Peak:Child:Grand"
    assert after["SyncToken"] == "0"


def test_a_moved_parent_takes_its_children_along_9(qbo: Quick) -> None:
    old = qbo.create(DisplayName="Old")
    new = qbo.create(DisplayName="New")
    child = qbo.create(DisplayName="Child", ParentRef={"value": old["Id"]}, Job=True)
    grand = qbo.create(DisplayName="Grand", ParentRef={"value": child["Id"]}, Job=True)

    moved = qbo.update(child, ParentRef={"value": new["Id"]}).json()["Customer"]
    assert moved["FullyQualifiedName"] == "New:Child"
    assert qbo.read(grand["Id"])["FullyQualifiedName"] == "New:Child:Grand"

    top = qbo.update(moved, Job=False).json()["Customer"]
    assert top["FullyQualifiedName"] == "Child"
    assert "Level" not in top
    assert qbo.read(grand["Id"])["Level"] == 1


def test_five_levels_at_most_6180_4_1(qbo: Quick) -> None:
    parent = qbo.create(DisplayName="L0")
    for level in range(1, 5):
        parent = qbo.create(DisplayName=f"L{level}", ParentRef={"value": parent["Id"]}, Job=True)

    error = fault(
        qbo.post({"DisplayName": "L5", "ParentRef": {"value": parent["Id"]}, "Job": True})
    )

    assert parent["Level"] == 4
    assert error["code"] == "6180"


def test_a_missing_parent_is_refused_with_2500_and_counted_6_3(qbo: Quick) -> None:
    error = fault(qbo.post({"DisplayName": "Lost", "ParentRef": {"value": "583"}, "Job": True}))

    assert error["code"] == "2500"
    assert error["Detail"] == "Invalid Reference Id : Names element id 583 not found"
    assert qbo.counts["unknown_references"] == 1


def test_job_without_a_parent_is_refused_with_6150_6_3(qbo: Quick) -> None:
    assert fault(qbo.post({"DisplayName": "Orphan", "Job": True}))["code"] == "6150"


def test_a_child_cannot_become_the_parent_of_its_parent_900_6_3(qbo: Quick) -> None:
    freeman, ocean = qbo.read("7"), qbo.read("8")

    error = fault(qbo.update(freeman, ParentRef={"value": ocean["Id"]}, Job=True))

    assert error["code"] == "900"


def test_names_of_sub_customers_are_unique_everywhere_unless_switched_4_1(qbo: Quick) -> None:
    first, second = qbo.create(DisplayName="P1"), qbo.create(DisplayName="P2")
    qbo.create(DisplayName="Roof", ParentRef={"value": first["Id"]}, Job=True)
    roof = {"DisplayName": "Roof", "ParentRef": {"value": second["Id"]}, "Job": True}

    assert fault(qbo.post(roof))["code"] == "6240"
    qbo.switch(sub_names="within_parent")
    assert qbo.post(roof).status_code == 200
    assert fault(qbo.post(roof))["code"] == "6240"


def test_a_parent_with_active_children_cannot_be_made_inactive_5_6(qbo: Quick) -> None:
    top = qbo.create(DisplayName="Top")
    qbo.create(DisplayName="Child", ParentRef={"value": top["Id"]}, Job=True)

    assert fault(qbo.update(top, Active=False))["code"] == "6000"


def test_an_opening_balance_counts_for_the_parent_4_1(qbo: Quick) -> None:
    top = qbo.create(DisplayName="Top", Balance=100)
    qbo.create(DisplayName="Child", ParentRef={"value": top["Id"]}, Job=True, Balance="60.25")

    after = qbo.read(top["Id"])

    assert (after["Balance"], after["BalanceWithJobs"]) == (100, 160.25)
    assert after["SyncToken"] == "0"  # balances move without the token (5.3)


def test_a_customer_that_does_not_exist_is_400_610_5_12(qbo: Quick) -> None:
    assert fault(qbo.api("GET", "customer/99999"))["code"] == "610"
    assert fault(qbo.post({"Id": "99999", "SyncToken": "0", "sparse": True}))["code"] == "610"


def test_an_id_that_is_no_number_is_400_2030_5_12(qbo: Quick) -> None:
    answer = qbo.api("GET", "customer/1.5")

    assert fault(answer)["Detail"] == "Id should be a valid number. Supplied value:1.5"
    assert fault(answer)["element"] == "Id"
    assert "time" not in answer.json()


def test_a_name_list_entity_cannot_be_deleted_5_4(qbo: Quick) -> None:
    answer = qbo.post({"Id": "2", "SyncToken": "0"}, operation="delete")

    assert fault(answer)["code"] == "500"
    assert qbo.read("2")["Active"] is True


def test_blanks_around_a_text_are_cut_9(qbo: Quick) -> None:
    assert qbo.create(DisplayName="  Trim me ")["DisplayName"] == "Trim me"


def test_the_sample_company_is_as_recorded_10(qbo: Quick) -> None:
    ocean, amy = qbo.read("8"), qbo.read("1")

    assert ocean["FullyQualifiedName"] == "Freeman Sporting Goods:0969 Ocean View Road"
    assert amy["DisplayName"] == "Amy's Bird Sanctuary"
    assert amy["Balance"] == 239
    assert qbo.query("SELECT COUNT(*) FROM Customer") == {"totalCount": 29}
    assert qbo.query("SELECT COUNT(*) FROM Vendor") == {"totalCount": 26}
    assert qbo.query("SELECT COUNT(*) FROM Employee") == {"totalCount": 2}


def test_a_name_cannot_be_cleared_by_a_sparse_update_4_1(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist Boats")

    after = qbo.update(made, DisplayName="", Notes="still here").json()["Customer"]

    assert (after["DisplayName"], after["Notes"]) == ("Quist Boats", "still here")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"CompanyName": "Quist Ltd", "GivenName": "Nora"}, "Quist Ltd"),
        ({"GivenName": "Nora", "FamilyName": "Quist"}, "Nora Quist"),
        ({}, "Quist Boats"),
    ],
)
def test_the_name_on_checks_is_the_company_then_the_person_then_the_name_4_1(
    qbo: Quick, fields: dict[str, str], name: str
) -> None:
    assert qbo.create(DisplayName="Quist Boats", **fields)["PrintOnCheckName"] == name


def test_the_billing_address_is_not_copied_to_the_shipping_address_4_1(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist", BillAddr={"Line1": "12 Pier Road"})

    assert "ShipAddr" not in made
    assert "Level" not in made
    assert made["IsProject"] is False


def test_what_quickbooks_computes_of_a_customer_is_ignored_when_sent_4_1(qbo: Quick) -> None:
    made = qbo.create(
        DisplayName="Quist", IsProject=True, BalanceWithJobs=7, Level=3, FullyQualifiedName="A:B",
        ClientEntityId="1", V4IDPseudonym="x",
    )  # fmt: skip

    assert (made["IsProject"], made["BalanceWithJobs"]) == (False, 0)
    assert made["FullyQualifiedName"] == "Quist"
    assert not {"Level", "ClientEntityId", "V4IDPseudonym"} & set(made)


def sub_customer(qbo: Quick, **fields: object) -> dict[str, Any]:
    return qbo.create(DisplayName="Hull", Job=True, ParentRef={"value": "1"}, **fields)


def test_who_is_billed_cannot_change_once_there_are_invoices_6130_4_1(qbo: Quick) -> None:
    made = sub_customer(qbo, BillWithParent=True)
    loose = qbo.update(made, BillWithParent=False).json()["Customer"]
    assert loose["BillWithParent"] is False
    invoice(qbo, customer=made["Id"])

    error = fault(qbo.update(loose, BillWithParent=True))

    assert (error["code"], error["element"]) == ("6130", "BillWithParent")
    assert qbo.update(loose, Notes="a note").status_code == 200
    qbo.switch(bill_with_parent_change="allow")
    again = qbo.update(qbo.read(made["Id"]), BillWithParent=True).json()["Customer"]
    assert again["BillWithParent"] is True


def test_a_customer_with_invoices_cannot_leave_the_parent_who_pays_6130_4_1(qbo: Quick) -> None:
    made = sub_customer(qbo, BillWithParent=True)
    invoice(qbo, customer=made["Id"])

    assert fault(qbo.update(made, Job=False))["code"] == "6130"
    assert qbo.read(made["Id"])["ParentRef"] == {"value": "1"}


def test_a_customer_with_unbilled_time_cannot_be_made_inactive_6280_6_3(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist")
    customer = {"value": made["Id"]}
    activity = qbo.create(
        "TimeActivity", NameOf="Employee", EmployeeRef={"value": "55"}, CustomerRef=customer,
        BillableStatus="Billable", HourlyRate=20, Hours=1,
    )  # fmt: skip

    assert fault(qbo.update(made, Active=False))["code"] == "6280"
    assert delete(qbo, "TimeActivity", activity).status_code == 200
    assert qbo.update(made, Active=False).status_code == 200


def test_an_exemption_needs_automated_tax_and_then_ends_taxable_4_1(qbo: Quick) -> None:
    classic = qbo.create(DisplayName="Classic", TaxExemptionReasonId="9")
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=True)
    automated = qbo.create(DisplayName="Automated", TaxExemptionReasonId="9")

    assert classic["Taxable"] is True
    assert "TaxExemptionReasonId" not in classic
    assert (automated["Taxable"], automated["TaxExemptionReasonId"]) == (False, "9")


def test_automated_tax_sets_the_code_of_a_customer_by_itself_4_1(qbo: Quick) -> None:
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=True)
    made = qbo.create(DisplayName="Quist", DefaultTaxCodeRef={"value": "3"})

    after = qbo.update(made, DefaultTaxCodeRef={"value": "3"}, Notes="x").json()["Customer"]

    assert made["DefaultTaxCodeRef"] == {"value": "2"}
    assert (after["DefaultTaxCodeRef"], after["Notes"]) == ({"value": "2"}, "x")


def test_the_currency_of_a_customer_cannot_change_4_1(qbo: Quick) -> None:
    made = qbo.create(DisplayName="Quist")

    assert fault(qbo.update(made, CurrencyRef={"value": "EUR"}))["code"] == "2220"
    assert qbo.update(made, CurrencyRef={"value": "USD"}, Notes="x").status_code == 200


def test_new_accounts_classes_and_attachables_have_long_ids_4_0(qbo: Quick) -> None:
    made = [
        qbo.create("Account", Name="Till", AccountType="Bank"),
        qbo.create("Class", Name="North"),
        qbo.create("Attachable", Note="x"),
    ]

    assert all(len(each["Id"]) >= 10 for each in made)
