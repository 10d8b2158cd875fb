"""Sales tax of a form: section 4.6.3 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import TUCSON, discount, form, invoice, item, preferences, ref, taxed


def rates(made: dict[str, Any]) -> list[Any]:
    lines = made["TxnTaxDetail"].get("TaxLine", [])
    return [(line["Amount"], line["TaxLineDetail"]["TaxPercent"]) for line in lines]


def test_tax_is_computed_on_what_is_marked_tax_4_6_3(qbo: Quick) -> None:
    made = invoice(qbo, item(300), item(50, "TAX"), discount(percent=10), **taxed())

    assert made["TotalAmt"] == 319  # 350 - 35 + 4, the example of 4.6.6
    assert made["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": 4,
        "TaxLine": [
            {
                "Amount": 4,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": 50,
                },
            }
        ],
    }


def test_each_rate_of_a_code_is_rounded_by_itself_4_6_3(qbo: Quick) -> None:
    made = invoice(qbo, item("10.25", "TAX"), **taxed(TUCSON))

    assert sorted(rates(made)) == [(0.21, 2), (0.73, 7.1)]  # 0.205 up; 0.72775
    assert made["TxnTaxDetail"]["TotalTax"] == 0.94


def test_a_discount_before_tax_is_spread_over_the_lines_4_6_1(qbo: Quick) -> None:
    made = invoice(
        qbo, item(50), item(50, "TAX"), discount(amount=10), ApplyTaxAfterDiscount=True, **taxed()
    )

    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (3.6, 93.6)


def test_the_default_of_discount_and_tax_is_a_switch_10(qbo: Quick) -> None:
    qbo.switch(apply_tax_after_discount=True)

    assert invoice(qbo)["ApplyTaxAfterDiscount"] is True


def test_nothing_sent_is_no_tax_or_the_customers_4_6_3(qbo: Quick) -> None:
    assert invoice(qbo, item(10, "TAX"))["TxnTaxDetail"] == {"TotalTax": 0}
    qbo.switch(tax_without_code="customer")
    assert invoice(qbo, item(10, "TAX"), customer="1")["TxnTaxDetail"]["TotalTax"] == 0.8


def test_an_unknown_tax_code_is_refused_6_3(qbo: Quick) -> None:
    assert fault(qbo.post(form(item(1, "TAX"), **taxed("99")), "Invoice"))["code"] == "6100"


def test_without_sales_tax_its_detail_is_dropped_silently_4_6_3(qbo: Quick) -> None:
    old = invoice(qbo, item(100, "TAX"), **taxed())
    preferences(qbo, "TaxPrefs", UsingSalesTax=False)

    made = invoice(qbo, item(100, "TAX"), **taxed())

    assert "TxnTaxDetail" not in made
    assert made["TotalAmt"] == 100
    after = qbo.update(old, "Invoice", PrivateNote="x").json()["Invoice"]
    assert (after["TotalAmt"], after["TxnTaxDetail"]["TotalTax"]) == (108, 8)


def test_a_payment_does_not_compute_the_tax_of_an_old_form_again_9(qbo: Quick) -> None:
    old = invoice(qbo, item(100, "TAX"), **taxed())
    preferences(qbo, "TaxPrefs", UsingSalesTax=False)
    line = {"Amount": 50, "LinkedTxn": [{"TxnId": old["Id"], "TxnType": "Invoice"}]}

    qbo.create("Payment", CustomerRef=ref("6"), TotalAmt=50, Line=[line])

    after = qbo.read(old["Id"], "Invoice")
    assert (after["TotalAmt"], after["Balance"]) == (108, 58)


@pytest.mark.parametrize(("sent", "tax"), [({}, 8), ({"TxnTaxCodeRef": {"value": "3"}}, 8)])
def test_automated_tax_chooses_its_own_code_4_6_3(
    qbo: Quick, sent: dict[str, Any], tax: float
) -> None:
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=True)

    made = invoice(qbo, item(100, "TAX"), customer="1", TxnTaxDetail=sent)

    assert made["TxnTaxDetail"]["TotalTax"] == tax
    assert made["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "2"}


def test_automated_tax_spares_an_exempt_customer_4_6_3(qbo: Quick) -> None:
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=True)

    assert invoice(qbo, item(100, "TAX"), customer="3")["TotalAmt"] == 100


def test_an_explicit_amount_stands_until_lines_change_10(qbo: Quick) -> None:
    preferences(qbo, "TaxPrefs", PartnerTaxEnabled=True)
    made = invoice(qbo, item(100, "TAX"), customer="1", TxnTaxDetail={"TotalTax": 7.5})
    assert made["TotalAmt"] == 107.5
    noted = qbo.update(made, "Invoice", PrivateNote="x").json()["Invoice"]
    assert noted["TotalAmt"] == 107.5

    qbo.switch(explicit_tax_after_edit="keep")
    kept = qbo.update(noted, "Invoice", Line=[item(200, "TAX")]).json()["Invoice"]
    assert kept["TotalAmt"] == 207.5
    qbo.switch(explicit_tax_after_edit="recompute")
    after = qbo.update(kept, "Invoice", Line=[item(300, "TAX")]).json()["Invoice"]
    assert after["TotalAmt"] == 324


def test_an_explicit_amount_in_classic_tax_is_a_switch_4_6_3(qbo: Quick) -> None:
    detail = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 1}
    assert invoice(qbo, item(100, "TAX"), TxnTaxDetail=detail)["TotalAmt"] == 108
    qbo.switch(explicit_tax="always")
    assert invoice(qbo, item(100, "TAX"), TxnTaxDetail=detail)["TotalAmt"] == 101
