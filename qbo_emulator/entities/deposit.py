"""Deposit: money brought to the bank. What it holds is locked until it is deleted."""

from ..transactions import deposits
from .base import Entity, Field, Kind, Shape
from .sales_form import HEAD, LINE_HEAD, MOST_LINES, TOTAL

DETAIL = Field(
    "DepositLineDetail",
    Kind.OBJECT,
    java_class="DepositLineDetail",
    parts=(
        Field("Entity", Kind.REF, refers_to_any=("Customer", "Vendor", "Employee")),
        Field("AccountRef", Kind.REF),
        Field("PaymentMethodRef", Kind.REF),
        Field("CheckNum", limit=21),
        Field("ClassRef", Kind.REF),
        Field("TxnType", limit=50),
    ),
)
CASH_BACK = Field(
    "CashBack",
    Kind.OBJECT,
    java_class="CashBackInfo",
    parts=(
        Field("AccountRef", Kind.REF),
        Field("Amount", Kind.DECIMAL),
        Field("Memo", limit=4000),
    ),
)

DEPOSIT = Entity(
    name="Deposit",
    shape=Shape.TRANSACTION,
    noun="deposit",
    required=("DepositToAccountRef", "Line"),
    settle=deposits.settle,
    post=deposits.post,
    links=deposits.links_of,
    sends_events=("Create", "Update", "Delete"),
    fields=(
        Field("DepositToAccountRef", Kind.REF, refers_to="Account", keeps=True),
        TOTAL,
        *HEAD,
        Field(
            "Line",
            Kind.LIST,
            limit=MOST_LINES,
            java_class="Line",
            parts=(*LINE_HEAD, Field("DetailType", choices=("DepositLineDetail",)), DETAIL),
        ),
        CASH_BACK,
        Field("DocNumber", read_only=True),
        Field("HomeTotalAmt", Kind.DECIMAL, read_only=True),
        Field("GlobalTaxCalculation", read_only=True),
        Field("TxnStatus", read_only=True),
        Field("TxnSource", read_only=True),
        Field("AttachableRef", Kind.LIST, read_only=True),
        Field("RecurDataRef", Kind.REF, read_only=True),
    ),
)
