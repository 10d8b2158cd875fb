"""Estimate (4.9): an offer. Not posted; closed by the invoice that is made from it."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
from .sales_form import (
    ADDRESSES,
    CUSTOM_FIELDS,
    CUSTOMER,
    HEAD,
    LINES,
    LINKED,
    MAILING,
    NUMBER,
    TAX,
    TOTAL,
)

ESTIMATE = Entity(
    name="Estimate",
    shape=Shape.TRANSACTION,
    noun="estimate",
    required=("CustomerRef",),
    party="CustomerRef",
    party_entity="Customer",
    numbers="estimate",
    settle=sales.settle_estimate,
    settle_open=sales.settle_open_estimate,
    can_email=True,
    can_print=True,
    sends_events=("Create", "Update", "Delete", "Emailed"),
    fields=(
        CUSTOM_FIELDS,
        NUMBER,
        *HEAD,
        Field(
            "TxnStatus",
            choices=("Pending", "Accepted", "Closed", "Rejected", "Converted"),
            default="Pending",
            keeps=True,
        ),
        LINKED,
        LINES,
        TAX,
        CUSTOMER,
        *ADDRESSES,
        Field("SalesTermRef", Kind.REF, refers_to="Term", filters=True),
        Field("DueDate", Kind.DATE, filters=True, sorts=True),
        TOTAL,
        *MAILING,
        Field("ExpirationDate", Kind.DATE),
        Field("AcceptedBy", limit=100),
        Field("AcceptedDate", Kind.DATE),
    ),
)
