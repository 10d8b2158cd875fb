"""CreditMemo (4.8): what a customer gets back as credit, used up by payments."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
from .sales_form import BALANCE, BODY, END, EVENTS, TOP

CREDIT_MEMO = Entity(
    name="CreditMemo",
    shape=Shape.TRANSACTION,
    noun="credit memo",
    required=("CustomerRef",),
    party="CustomerRef",
    party_entity="Customer",
    numbers="sales",
    settle=sales.settle_credit,
    settle_open=sales.settle_open_credit,
    post=sales.post_credit,
    open_amount="Balance",
    can_email=True,
    can_print=True,
    moves_stock=1,
    sends_events=EVENTS,
    system_before="CustomField",
    fields=(
        Field("RemainingCredit", Kind.DECIMAL, read_only=True),
        *TOP,
        *BODY,
        *END,
        BALANCE,
        Field("HomeBalance", Kind.DECIMAL, read_only=True),
        Field("PaymentMethodRef", Kind.REF, read_only=True),
        Field("InvoiceRef", Kind.REF),
        Field("SalesTermRef", Kind.REF, read_only=True),
        Field("DepositToAccountRef", Kind.REF, read_only=True),
    ),
)
