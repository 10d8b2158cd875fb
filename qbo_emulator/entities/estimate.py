"""Estimate (4.9): an offer. Not posted; closed by the invoice that is made from it."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
from .sales_form import BODY, DUE, END, TOP

ESTIMATE = Entity(
    name="Estimate",
    shape=Shape.TRANSACTION,
    noun="estimate",
    required=("CustomerRef",),
    party="CustomerRef",
    party_entity="Customer",
    needs_preference="SalesFormsPrefs.AllowEstimates",
    numbers="estimate",
    settle=sales.settle_estimate,
    settle_open=sales.settle_open_estimate,
    can_email=True,
    can_print=True,
    sends_events=("Create", "Update", "Delete", "Emailed"),
    system_before="CustomField",
    fields=(
        *TOP,
        Field(
            "TxnStatus",
            choices=("Pending", "Accepted", "Closed", "Rejected", "Converted"),
            default="Pending",
            keeps=True,
        ),
        *BODY,
        *DUE,
        *END,
        Field("ExpirationDate", Kind.DATE),
        Field("AcceptedBy", limit=100),
        Field("AcceptedDate", Kind.DATE),
    ),
)
