"""Estimates: sections 4.9 and 4.6.5 of the API reference."""

from typing import Any

import pytest

from tests.emulator.conftest import Quick, fault
from tests.emulator.sales import delete, form, invoice, preferences


def of(*estimates: dict[str, Any]) -> dict[str, Any]:
    return {"LinkedTxn": [{"TxnId": each["Id"], "TxnType": "Estimate"} for each in estimates]}


def test_an_estimate_is_pending_and_owes_nothing_4_9(qbo: Quick) -> None:
    made = qbo.create("Estimate", **form(), ExpirationDate="2026-12-22")

    assert (made["TxnStatus"], made["TotalAmt"]) == ("Pending", 100)
    assert "Balance" not in made
    assert qbo.read("6")["Balance"] == 0


def test_an_estimate_counts_its_numbers_for_itself_and_is_deleted_4_9(qbo: Quick) -> None:
    first, second = (qbo.create("Estimate", **form()) for _ in range(2))

    assert int(second["DocNumber"]) == int(first["DocNumber"]) + 1
    assert delete(qbo, "Estimate", first).json()["Estimate"]["status"] == "Deleted"
    assert fault(qbo.api("GET", f"estimate/{first['Id']}"))["code"] == "610"


@pytest.mark.parametrize("status", ["Accepted", "Closed", "Rejected", "Converted"])
def test_its_status_can_be_set_4_9(qbo: Quick, status: str) -> None:
    made = qbo.create("Estimate", **form(TxnStatus=status))

    assert made["TxnStatus"] == status
    assert fault(qbo.update(made, "Estimate", TxnStatus="Maybe"))["code"] == "2170"


def test_an_invoice_made_from_it_closes_it_and_its_deletion_reopens_it_9(qbo: Quick) -> None:
    estimate = qbo.create("Estimate", **form())
    made = invoice(qbo, **of(estimate))

    closed = qbo.read(estimate["Id"], "Estimate")
    assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "1")
    assert closed["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Invoice"}]
    assert made["LinkedTxn"] == [{"TxnId": estimate["Id"], "TxnType": "Estimate"}]
    delete(qbo, "Invoice", made)
    reopened = qbo.read(estimate["Id"], "Estimate")
    assert (reopened["TxnStatus"], reopened["LinkedTxn"]) == ("Pending", [])


def test_an_invoice_is_made_from_one_free_estimate_of_its_customer_4_6_5(qbo: Quick) -> None:
    one, two = (qbo.create("Estimate", **form()) for _ in range(2))
    other = qbo.create("Estimate", **form(customer="4"))
    assert fault(qbo.post(form(**of(one, two)), "Invoice"))["code"] == "620"
    assert fault(qbo.post(form(**of(other)), "Invoice"))["code"] == "620"
    invoice(qbo, **of(one))
    assert fault(qbo.post(form(**of(one)), "Invoice"))["code"] == "620"


def test_a_deleted_estimate_is_gone_from_its_invoice_9(qbo: Quick) -> None:
    estimate = qbo.create("Estimate", **form())
    made = invoice(qbo, **of(estimate))

    delete(qbo, "Estimate", qbo.read(estimate["Id"], "Estimate"))

    assert qbo.read(made["Id"], "Invoice")["LinkedTxn"] == []


def test_an_estimate_cannot_be_voided_4_9(qbo: Quick) -> None:
    head = {"Id": qbo.create("Estimate", **form())["Id"], "SyncToken": "0"}
    answer = qbo.api("POST", "estimate", params={"operation": "void"}, json=head)

    assert fault(answer)["code"] == "500"


def test_estimates_need_their_preference_5030_4_12(qbo: Quick) -> None:
    made = qbo.create("Estimate", **form())
    preferences(qbo, "SalesFormsPrefs", AllowEstimates=False)

    assert fault(qbo.post(form(), "Estimate"))["code"] == "5030"
    assert qbo.read(made["Id"], "Estimate")["TxnStatus"] == "Pending"


def test_an_estimate_keeps_who_accepted_it_and_when_it_ends_4_9(qbo: Quick) -> None:
    facts = {
        "ExpirationDate": "2026-12-22",
        "AcceptedDate": "2026-12-01",
        "AcceptedBy": "Nora Quist",
        "TxnStatus": "Accepted",
    }

    made = qbo.create("Estimate", **form(**facts))

    assert {name: made[name] for name in facts} == facts
    assert "Balance" not in made
