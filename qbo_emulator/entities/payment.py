"""Payment (4.7): money from a customer, used on invoices or not."""

from ..transactions import applied, payments
from .base import Entity, Field, Kind, Shape
from .sales_form import CUSTOMER, EVENTS, HEAD, LINKED, PAID_LINES, RECEIVED

PAYMENT = Entity(
    name="Payment",
    shape=Shape.TRANSACTION,
    noun="payment",
    required=("CustomerRef", "TotalAmt"),
    party="CustomerRef",
    party_entity="Customer",
    settle=payments.settle,
    settle_open=payments.settle_open,
    post=payments.post,
    links=applied.links_of,
    void="include",
    can_email=True,
    can_print=True,
    sends_events=EVENTS,
    system_before="TxnDate",
    fields=(
        CUSTOMER,
        *RECEIVED,
        Field("TotalAmt", Kind.DECIMAL, keeps=True, filters=True, sorts=True),
        Field("UnappliedAmt", Kind.DECIMAL, read_only=True),
        Field("ProcessPayment", Kind.BOOL, default=False),
        *HEAD,
        Field("ProjectRef", Kind.REF, refers_to="Customer", filters=True),
        Field("ARAccountRef", Kind.REF),
        LINKED,
        PAID_LINES,
        Field("TxnSource", read_only=True),
        Field("TxnStatus", read_only=True),
        Field("TaxExemptionRef", Kind.REF, read_only=True),
        Field("TransactionLocationType", limit=50, read_only=True),
    ),
)
