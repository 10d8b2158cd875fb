"""BillPayment: money to a vendor, used on bills or not."""

from ..transactions import applied, bill_payments
from .base import Entity, Field, Kind, Shape
from .purchase_form import EVENTS, NUMBER, PAYABLE, REGIONAL, VENDOR
from .sales_form import HEAD, PAID_LINES

BILL_PAYMENT = Entity(
    name="BillPayment",
    shape=Shape.TRANSACTION,
    noun="bill payment",
    required=("VendorRef", "PayType", "TotalAmt"),
    party="VendorRef",
    party_entity="Vendor",
    settle=bill_payments.settle,
    post=bill_payments.post,
    links=applied.links_of,
    void="include",
    sends_events=EVENTS,
    fields=(
        VENDOR,
        PAYABLE,
        Field("PayType", choices=("Check", "CreditCard"), keeps=True),
        Field(
            "CheckPayment",
            Kind.OBJECT,
            java_class="BillPaymentCheck",
            keeps=True,
            parts=(
                Field("BankAccountRef", Kind.REF),
                Field("PrintStatus", choices=("NotSet", "NeedToPrint", "PrintComplete")),
                Field("CheckDetail", Kind.OBJECT, read_only=True),
                Field("PayeeAddr", Kind.ADDRESS),
            ),
        ),
        Field(
            "CreditCardPayment",
            Kind.OBJECT,
            java_class="BillPaymentCreditCard",
            keeps=True,
            parts=(
                Field("CCAccountRef", Kind.REF),
                Field("CCDetail", Kind.OBJECT, read_only=True),
            ),
        ),
        Field("TotalAmt", Kind.DECIMAL, keeps=True, filters=True, sorts=True),
        Field("ProcessBillPayment", Kind.BOOL, default=False),
        NUMBER,
        *HEAD,
        PAID_LINES,
        *REGIONAL,
    ),
)
