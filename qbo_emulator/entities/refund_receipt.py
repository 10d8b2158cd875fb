"""RefundReceipt: money given back at once, out of the account that is named."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
from .sales_form import BODY, END, EVENTS, PAID_AT_ONCE, RECEIVED, TOP

REFUND_RECEIPT = Entity(
    name="RefundReceipt",
    shape=Shape.TRANSACTION,
    noun="refund receipt",
    required=("DepositToAccountRef",),
    party="CustomerRef",
    party_entity="Customer",
    numbers="sales",
    settle=sales.settle_receipt,
    settle_open=sales.settle_open_receipt,
    post=sales.post_refund,
    void="include",
    can_email=True,
    can_print=True,
    moves_stock=1,
    sends_events=EVENTS,
    system_before="CustomField",
    fields=(
        *TOP,
        *BODY,
        *END,
        PAID_AT_ONCE,
        *RECEIVED,
        Field("PaymentType", read_only=True),
        Field("CheckPayment", Kind.OBJECT, read_only=True),
    ),
)
