"""Invoice (4.6)."""

from ..transactions import sales
from .base import Entity, Field, Kind, Shape
from .sales_form import BALANCE, BODY, DUE, END, EVENTS, ONLINE, TOP

INVOICE = Entity(
    name="Invoice",
    shape=Shape.TRANSACTION,
    noun="invoice",
    required=("CustomerRef",),
    party="CustomerRef",
    party_entity="Customer",
    numbers="sales",
    names_links=("Estimate", "StatementCharge", "ReimburseCharge", "TimeActivity", "ChargeCredit"),
    settle=sales.settle_invoice,
    settle_open=sales.settle_open_invoice,
    post=sales.post_invoice,
    open_amount="Balance",
    void="operation",
    can_email=True,
    can_print=True,
    moves_stock=-1,
    sends_events=EVENTS,
    query_fields=(Field("ProjectRef", Kind.REF, filters=True),),  # of the sales forms here alone
    system_before="CustomField",
    fields=(
        *ONLINE,
        *TOP,
        *BODY,
        *DUE,
        *END,
        BALANCE,
        Field("HomeBalance", Kind.DECIMAL, read_only=True),
        Field("Deposit", Kind.DECIMAL),
        Field("DepositToAccountRef", Kind.REF, refers_to="Account", shows_name=True),
    ),
)
