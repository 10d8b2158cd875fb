"""SalesReceipt (4.10): a sale paid at once; a customer need not be named."""

from ..transactions import sales
from .base import Entity, Shape
from .sales_form import (
    ADDRESSES,
    BALANCE,
    CUSTOM_FIELDS,
    CUSTOMER,
    EVENTS,
    HEAD,
    LINES,
    LINKED,
    MAILING,
    NUMBER,
    RECEIVED,
    TAX,
    TOTAL,
)

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
    fields=(
        CUSTOM_FIELDS,
        NUMBER,
        *HEAD,
        LINKED,
        LINES,
        TAX,
        CUSTOMER,
        *ADDRESSES,
        TOTAL,
        *MAILING,
        BALANCE,
        *RECEIVED,
    ),
)
