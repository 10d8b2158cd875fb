"""Lines of sales forms: section 4.6.2 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import discount, form, invoice, item, preferences, ref


def test_an_amount_is_quantity_times_price_half_up_6070_4_6_2(qbo: Quick) -> None:
    line = {"Qty": "128.350", "UnitPrice": "14.50"}
    error = fault(qbo.post(form(item("1861.07", **line)), "Invoice"))

    assert error["code"] == "6070"
    assert error["Detail"] == "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07"
    assert invoice(qbo, item("1861.08", **line))["TotalAmt"] == 1861.08


@pytest.mark.parametrize(("automated", "refused"), [(True, False), (False, True)])
def test_the_price_wins_in_automated_tax_where_switched_4_6_2(
    qbo: Quick, automated: bool, refused: bool
) -> None:
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=automated)
    body = form(item(50, Qty=3, UnitPrice=10))
    assert fault(qbo.post(body, "Invoice"))["code"] == "6070"

    qbo.switch(wrong_amount="recompute")
    answer = qbo.post(body, "Invoice")

    assert answer.status_code == (400 if refused else 200)
    assert refused or answer.json()["Invoice"]["TotalAmt"] == 30


def test_zero_for_both_is_not_given_4_6_2(qbo: Quick) -> None:
    detail = invoice(qbo, item(7, Qty=0, UnitPrice=0))["Line"][0]["SalesItemLineDetail"]

    assert not {"Qty", "UnitPrice"} & set(detail)


def test_a_price_keeps_seven_decimals_4_6_2(qbo: Quick) -> None:
    made = invoice(qbo, item("1.23", Qty=1, UnitPrice="1.2345678"))

    assert made["Line"][0]["SalesItemLineDetail"]["UnitPrice"] == 1.2345678


def test_a_line_sent_without_its_id_gets_the_next_one_4_6_2(qbo: Quick) -> None:
    made = invoice(qbo, *[item(1) for _ in range(5)])
    lines = [line for line in made["Line"] if "Id" in line]
    assert [line["Id"] for line in lines] == ["1", "2", "3", "4", "5"]
    lines[4].pop("Id")

    after = qbo.update(made, "Invoice", Line=lines).json()["Invoice"]

    assert [line.get("Id") for line in after["Line"]] == ["1", "2", "3", "4", "6", None]


def test_an_unknown_line_id_is_a_new_line_4_6_2(qbo: Quick) -> None:
    made = invoice(qbo)

    after = qbo.update(made, "Invoice", Line=[{**item(5), "Id": "77"}]).json()["Invoice"]

    assert after["Line"][0]["Id"] == "2"


def test_lines_not_sent_are_gone_in_a_sparse_update_too_4_6_2(qbo: Quick) -> None:
    made = invoice(qbo, item(10), item(20))

    after = qbo.update(made, "Invoice", Line=[made["Line"][1]]).json()["Invoice"]

    assert (after["TotalAmt"], after["Line"][0]["Id"]) == (20, "2")
    assert [line["Amount"] for line in after["Line"]] == [20, 20]


def test_the_subtotal_is_computed_whatever_is_sent_4_6_2(qbo: Quick) -> None:
    made = invoice(
        qbo, item(10), {"Amount": 999, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    )

    assert made["Line"][1] == {
        "Amount": 10,
        "DetailType": "SubTotalLineDetail",
        "SubTotalLineDetail": {},
    }


def test_text_lines_carry_no_amount_4_6_2(qbo: Quick) -> None:
    text = {"DetailType": "DescriptionOnly", "Description": "Thanks", "Amount": 50}
    made = invoice(qbo, item(10), {**text, "DescriptionLineDetail": {}})

    assert made["TotalAmt"] == 10
    assert "Amount" not in made["Line"][1]
    assert made["Line"][1]["Description"] == "Thanks"


def test_a_line_without_an_item_gets_the_default_item_4_6_2(qbo: Quick) -> None:
    line = {"Amount": 9, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}

    made = invoice(qbo, line)

    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "1"


def test_shipping_is_a_line_of_its_own_item_4_6_2(qbo: Quick) -> None:
    preferences(qbo, "SalesFormsPrefs", AllowShipping=True)

    made = invoice(qbo, item(9, id="SHIPPING_ITEM_ID"))

    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "SHIPPING_ITEM_ID"}


def test_the_account_of_the_item_is_shown_4_6_2(qbo: Quick) -> None:
    detail = invoice(qbo, item(9, id="4"))["Line"][0]["SalesItemLineDetail"]

    assert detail["ItemAccountRef"] == {"value": "82", "name": "Design income"}
    assert detail["ItemRef"] == {"value": "4", "name": "Design"}


def test_negative_lines_pass_and_a_negative_total_does_not_4_6_2(qbo: Quick) -> None:
    assert invoice(qbo, item(10), item(-4, Qty=-1, UnitPrice=4))["TotalAmt"] == 6
    assert fault(qbo.post(form(item(10), item(-11)), "Invoice"))["code"] == "2290"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}, "2020"),
        ({"Amount": 1, "SalesItemLineDetail": {}}, "2020"),
        ({"Amount": 1, "DetailType": "SalesItemLineDetail"}, "2020"),
        ({"Amount": 1, "DetailType": "Nonsense"}, "2170"),
        ({"Amount": "much", **{k: v for k, v in item(1).items() if k != "Amount"}}, "2010"),
        (item(1, id="999"), "2500"),
        (item(1, code="7"), "6100"),
        ({**item(1), "Nonsense": 1}, "2010"),
        ({**item(1), "Description": "x" * 4001}, "2050"),
        ({"DetailType": "GroupLineDetail", "GroupLineDetail": {}}, "2020"),
        ({"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": ref("6")}}, "2500"),
        (discount(), "2020"),
    ],
)
def test_a_line_that_lacks_or_breaks_something_is_refused_6_3(
    qbo: Quick, line: dict[str, Any], code: str
) -> None:
    assert fault(qbo.post(form(line), "Invoice"))["code"] == code


def test_an_ended_item_cannot_be_sold_and_stays_on_old_forms_9(qbo: Quick) -> None:
    made = invoice(qbo)
    qbo.act("inactivate", "6", entity="Item")

    assert fault(qbo.post(form(item(1)), "Invoice"))["code"] == "2500"
    lines = [{**made["Line"][0], "Amount": 60}]
    after = qbo.update(made, "Invoice", Line=lines).json()["Invoice"]
    assert after["TotalAmt"] == 60
    qbo.switch(inactive_item_on_update="refuse")
    assert fault(qbo.update(after, "Invoice", PrivateNote="x"))["code"] == "2500"


# --- Bundles ---


def test_a_bundle_brings_its_own_lines_4_6_2(qbo: Quick) -> None:
    qbo.reset("messy")
    detail = {"GroupItemRef": ref("10"), "Quantity": 2}

    made = invoice(qbo, {"DetailType": "GroupLineDetail", "GroupLineDetail": detail}, customer="1")

    group = made["Line"][0]
    assert group["Amount"] == made["TotalAmt"] == 340  # 2 times (2 hours of 75 and a buoy of 20)
    inner = group["GroupLineDetail"]["Line"]
    assert [line["SalesItemLineDetail"]["Qty"] for line in inner] == [4, 2]
    again = qbo.update(made, "Invoice", Line=made["Line"]).json()["Invoice"]
    assert again == made


def test_text_inside_a_bundle_is_not_sold_4_6_2(qbo: Quick) -> None:
    qbo.reset("messy")
    inner = [item(5, id="6"), {"DetailType": "DescriptionOnly", "Description": "note"}]
    detail = {"GroupItemRef": ref("10"), "Quantity": 1, "Line": inner}

    made = invoice(qbo, {"DetailType": "GroupLineDetail", "GroupLineDetail": detail}, customer="1")

    assert made["TotalAmt"] == 5


# --- Discounts ---


def test_a_discount_in_percent_and_one_in_money_4_6_2(qbo: Quick) -> None:
    percent = invoice(qbo, item(305), discount(percent=10))
    money = invoice(qbo, item(305), discount(amount=5))

    assert (percent["TotalAmt"], percent["Line"][2]["Amount"]) == (274.5, 30.5)
    assert percent["Line"][2]["DiscountLineDetail"] == {
        "PercentBased": True,
        "DiscountPercent": 10,
        "DiscountAccountRef": {"value": "86", "name": "Discounts given"},
    }
    assert money["TotalAmt"] == 300


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([discount()], "6090"),
        ([discount(amount=1), discount(amount=1)], "6000"),
        ([discount(amount=-1)], "2290"),
        ([discount(percent=101)], "2290"),
    ],
)
def test_a_discount_needs_a_sound_value_6_3(qbo: Quick, lines: list[Any], code: str) -> None:
    assert fault(qbo.post(form(item(10), *lines), "Invoice"))["code"] == code


def test_discounts_need_their_preference_and_old_ones_stay_4_12(qbo: Quick) -> None:
    made = invoice(qbo, item(10), discount(amount=1))
    preferences(qbo, "SalesFormsPrefs", AllowDiscount=False)

    assert fault(qbo.post(form(item(10), discount(amount=1)), "Invoice"))["code"] == "5030"
    after = qbo.update(made, "Invoice", PrivateNote="still there").json()["Invoice"]
    assert after["TotalAmt"] == 9


def test_shipping_needs_its_preference_4_12(qbo: Quick) -> None:
    error = fault(qbo.post(form(item(9, id="SHIPPING_ITEM_ID")), "Invoice"))

    assert (error["code"], error["element"]) == ("5030", "Line")


def test_a_service_date_is_kept_while_its_preference_is_on_4_12(qbo: Quick) -> None:
    lines = [
        item(9, ServiceDate="2026-05-01"),
        {
            "DetailType": "DescriptionOnly",
            "Description": "by hand",
            "DescriptionLineDetail": {"ServiceDate": "2026-05-02"},
        },
    ]

    def dates(lines: list[dict[str, Any]]) -> list[Any]:
        details = [line.get(line["DetailType"]) or line.get("DescriptionLineDetail") or {}
                   for line in lines]  # fmt: skip
        return [detail.get("ServiceDate") for detail in details[:2]]

    assert dates(invoice(qbo, *lines)["Line"]) == [None, None]
    preferences(qbo, "SalesFormsPrefs", AllowServiceDate=True)
    made = invoice(qbo, *lines)
    assert dates(made["Line"]) == ["2026-05-01", "2026-05-02"]
    preferences(qbo, "SalesFormsPrefs", AllowServiceDate=False)
    after = qbo.update(made, "Invoice", PrivateNote="x").json()["Invoice"]
    assert dates(after["Line"]) == ["2026-05-01", "2026-05-02"]


def test_a_category_cannot_be_sold_and_the_text_says_why_4_4(qbo: Quick) -> None:
    category = qbo.create("Item", Name="Ropes", Type="Category")

    error = fault(qbo.post(form(item(9, id=category["Id"])), "Invoice"))

    assert error["code"] == "2500"
    assert "is set up as a category" in error["Detail"]


def test_positions_are_counted_from_1_whatever_is_sent_4_6_2(qbo: Quick) -> None:
    made = invoice(qbo, {**item(1), "LineNum": 7}, {**item(2), "LineNum": 7})

    assert [line.get("LineNum") for line in made["Line"]] == [1, 2, None]
    assert "Id" not in made["Line"][-1]  # the subtotal has neither


def test_quantity_and_price_are_left_out_where_only_an_amount_was_sent_4_6_2(qbo: Quick) -> None:
    detail = invoice(qbo, item(9))["Line"][0]["SalesItemLineDetail"]

    assert not {"Qty", "UnitPrice"} & set(detail)


def test_every_line_has_custom_extensions_4_0(qbo: Quick) -> None:
    lines = invoice(qbo, item(9), item(3))["Line"]

    assert [line.get("CustomExtensions") for line in lines] == [[], [], None]
