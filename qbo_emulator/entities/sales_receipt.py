"""SalesReceipt (4.10): a sale paid at once; a customer need not be named."""

from ..transactions import sales
from .base import Entity, Shape
from .sales_form import BODY, END, EVENTS, PAID_AT_ONCE, RECEIVED, TOP

SALES_RECEIPT = Entity(
    name="SalesReceipt",
    shape=Shape.TRANSACTION,
    noun="sales receipt",
    party="CustomerRef",
    party_entity="Customer",
    numbers="sales",
    settle=sales.settle_receipt,
    settle_open=sales.settle_open_receipt,
    post=sales.post_sales_receipt,
    void="include",
    can_email=True,
    can_print=True,
    moves_stock=-1,
    sends_events=EVENTS,
    system_before="CustomField",
    fields=(
        *TOP,
        *BODY,
        *END,
        PAID_AT_ONCE,
        *RECEIVED,
    ),
)
