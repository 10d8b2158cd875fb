"""Bodies of sales forms for the tests of transactions, and the short ways to send them."""

from typing import Any

import requests

from tests.emulator.conftest import Quick

GARDENING, DESIGN, PUMP = "6", "4", "11"  # items of the sample company
CALIFORNIA, TUCSON = "2", "3"  # its tax codes: 8 %, and 7.1 % with 2 %
DYLAN = "6"  # a customer without transactions
UNDEPOSITED, CHECKING = "4", "35"


def ref(id: str) -> dict[str, str]:
    return {"value": id}


def item(amount: Any, code: str = "NON", id: str = GARDENING, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": ref(id), "TaxCodeRef": ref(code), **detail},
    }


def discount(amount: Any = None, percent: Any = None) -> dict[str, Any]:
    detail = {"PercentBased": percent is not None, "DiscountPercent": percent}
    return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def taxed(code: str = CALIFORNIA) -> dict[str, Any]:
    return {"TxnTaxDetail": {"TxnTaxCodeRef": ref(code)}}


def form(*lines: dict[str, Any], customer: str = DYLAN, **fields: Any) -> dict[str, Any]:
    return {"CustomerRef": ref(customer), "Line": list(lines) or [item(100)], **fields}


def invoice(qbo: Quick, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return qbo.create("Invoice", **form(*lines, **fields))


def link(id: str, amount: Any, kind: str = "Invoice") -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def paying(total: Any, *lines: dict[str, Any], customer: str = DYLAN, **fields: Any) -> Any:
    return {"CustomerRef": ref(customer), "TotalAmt": total, "Line": list(lines), **fields}


def pay(qbo: Quick, total: Any, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return qbo.create("Payment", **paying(total, *lines, **fields))


def bring(qbo: Quick, id: str, kind: str = "Payment") -> dict[str, Any]:
    """Bring a payment to the bank."""
    line = {"LinkedTxn": [{"TxnId": id, "TxnType": kind, "TxnLineId": "0"}]}
    return qbo.create("Deposit", DepositToAccountRef=ref(CHECKING), Line=[line])


def delete(qbo: Quick, entity: str, object: dict[str, Any]) -> requests.Response:
    head = {"Id": object["Id"], "SyncToken": object["SyncToken"]}
    return qbo.api("POST", entity.lower(), params={"operation": "delete"}, json=head)


def void(qbo: Quick, entity: str, object: dict[str, Any]) -> requests.Response:
    head = {"Id": object["Id"], "SyncToken": object["SyncToken"], "sparse": True}
    ways = (
        {"operation": "void"}
        if entity == "Invoice"
        else {
            "operation": "update",
            "include": "void",
        }
    )
    return qbo.api("POST", entity.lower(), params=ways, json=head)


def preferences(qbo: Quick, group: str, **values: Any) -> None:
    """A person changes preferences."""
    qbo.act("update", "1", entity="Preferences", fields={group: values})
