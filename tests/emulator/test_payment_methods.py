"""Payment methods (4.15)."""

import pytest

from .conftest import Quick, fault


def test_a_payment_method_is_no_card_unless_it_says_so_4_15(qbo: Quick) -> None:
    plain = qbo.create("PaymentMethod", Name="Barter")
    card = qbo.create("PaymentMethod", Name="Diners", Type="CREDIT_CARD")

    assert (plain["Type"], plain["Active"]) == ("NON_CREDIT_CARD", True)
    assert card["Type"] == "CREDIT_CARD"
    assert qbo.read(card["Id"], "PaymentMethod") == card


def test_the_sample_company_has_the_usual_payment_methods_4_15(qbo: Quick) -> None:
    found = qbo.query("SELECT * FROM PaymentMethod")["PaymentMethod"]

    assert {"Cash", "Check", "Visa"} <= {each["Name"] for each in found}
    assert {each["Name"]: each["Type"] for each in found}["Visa"] == "CREDIT_CARD"
    assert qbo.read("2", "PaymentMethod")["Name"] == "Check"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "2020"),
        ({"Type": "CREDIT_CARD"}, "2020"),
        ({"Name": "x" * 32}, "2050"),
        ({"Name": "check"}, "6240"),
        ({"Name": "Barter", "Type": "GOLD"}, "2170"),
        ({"Name": "Barter", "Colour": "red"}, "2010"),
    ],
)
def test_a_payment_method_that_breaks_a_rule_is_refused_4_15(
    qbo: Quick, sent: dict[str, str], code: str
) -> None:
    assert fault(qbo.post(sent, "PaymentMethod"))["code"] == code


def test_an_ended_payment_method_leaves_lists_and_frees_its_name_4_15(qbo: Quick) -> None:
    made = qbo.create("PaymentMethod", Name="Barter")

    ended = qbo.update(made, "PaymentMethod", Active=False).json()["PaymentMethod"]

    assert ended["Name"] == "Barter (deleted)"
    assert qbo.query("SELECT * FROM PaymentMethod WHERE Name LIKE 'Barter%'") == {}
    assert qbo.create("PaymentMethod", Name="Barter")["Id"] != made["Id"]


def test_a_payment_shows_the_name_of_its_method_4_15(qbo: Quick) -> None:
    made = qbo.create(
        "Payment", CustomerRef={"value": "6"}, TotalAmt=10, PaymentMethodRef={"value": "2"}
    )

    assert made["PaymentMethodRef"] == {"value": "2", "name": "Check"}
