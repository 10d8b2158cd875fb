"""Purchase: an expense that is paid at once, in cash, by check or by credit card."""

from ..transactions import purchases
from .base import Entity, Field, Kind, Shape
from .purchase_form import EVENTS, LINES, NUMBER, REGIONAL
from .sales_form import HEAD, LINKED, TOTAL

PURCHASE = Entity(
    name="Purchase",
    shape=Shape.TRANSACTION,
    noun="purchase",
    required=("PaymentType", "AccountRef", "Line"),
    required_in_updates=("PaymentType",),
    party="EntityRef",
    party_entity="Vendor",
    names_links=("PurchaseOrder",),
    settle=purchases.settle_purchase,
    post=purchases.post_purchase,
    moves_stock=1,
    sends_events=EVENTS,
    fields=(
        Field("AccountRef", Kind.REF, refers_to="Account", shows_name=True),
        Field("PaymentMethodRef", Kind.REF, refers_to="PaymentMethod", shows_name=True),
        Field("PaymentType", choices=("Cash", "Check", "CreditCard"), filters=True),
        Field("CheckPayment", Kind.OBJECT, read_only=True),
        Field("CreditCardPayment", Kind.OBJECT, read_only=True),
        Field(
            "EntityRef",
            Kind.REF,
            refers_to_any=("Customer", "Vendor", "Employee"),
            shows_name=True,
        ),
        Field("RemitToAddr", Kind.ADDRESS, keeps=True),
        Field("Credit", Kind.BOOL, default=False),
        TOTAL,
        Field(
            "PrintStatus",
            choices=("NotSet", "NeedToPrint", "PrintComplete"),
            default="NotSet",
            keeps=True,
        ),
        Field("PurchaseEx", Kind.OBJECT, read_only=True),
        NUMBER,
        *HEAD,
        LINKED,
        LINES,
        *REGIONAL,
    ),
)
