"""CreditMemo (4.8): what a customer gets back as credit, used up by payments."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
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
    TAX,
    TOTAL,
)

CREDIT_MEMO = Entity(
    name="CreditMemo",
    shape=Shape.TRANSACTION,
    noun="credit memo",
    required=("CustomerRef",),
    party="CustomerRef",
    party_entity="Customer",
    numbers="sales",
    settle=sales.settle_credit,
    post=sales.post_credit,
    open_amount="Balance",
    can_email=True,
    can_print=True,
    moves_stock=1,
    sends_events=EVENTS,
    fields=(
        Field("RemainingCredit", Kind.DECIMAL, read_only=True),
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
        Field("PaymentMethodRef", Kind.REF, read_only=True),
        Field("InvoiceRef", Kind.REF),
        Field("SalesTermRef", Kind.REF, read_only=True),
        Field("DepositToAccountRef", Kind.REF, read_only=True),
    ),
)
