"""What a person writes by ending a customer or vendor with a balance: the form that makes it 0."""

from decimal import Decimal
from typing import Any

from .company import Company

NOTE = "Created by QB Online to adjust balance for deletion"
# (whose, do they have a positive balance): the entity that brings it to 0
KINDS = {
    ("Customer", True): "CreditMemo",
    ("Customer", False): "Invoice",
    ("Vendor", True): "VendorCredit",
    ("Vendor", False): "Bill",
}


def form(company: Company, entity: str, document: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The entity and the body of the form that brings the balance of a name to 0."""
    balance = Decimal(document["Balance"])
    line: dict[str, Any] = {"Amount": abs(balance)}
    if entity == "Customer":  # without an item: the company's default item
        line |= {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    else:
        detail = {"AccountRef": {"value": company.account("opening")["value"]}}
        line |= {
            "DetailType": "AccountBasedExpenseLineDetail",
            "AccountBasedExpenseLineDetail": detail,
        }
    whose = {f"{entity}Ref": {"value": document["Id"]}}
    return KINDS[entity, balance > 0], {**whose, "PrivateNote": NOTE, "Line": [line]}
