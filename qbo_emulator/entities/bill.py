"""Bill: what a vendor wants for goods and services; paid by bill payments."""

from ..transactions import purchases
from .base import Entity, Field, Kind, Shape
from .purchase_form import (
    DUE_DATE,
    EVENTS,
    LINES,
    NUMBER,
    PAYABLE,
    REGIONAL,
    TERM,
    VENDOR,
    VENDOR_ADDRESS,
)
from .sales_form import BALANCE, HEAD, LINKED, TOTAL

BILL = Entity(
    name="Bill",
    shape=Shape.TRANSACTION,
    noun="bill",
    required=("VendorRef", "Line"),
    required_in_updates=("VendorRef",),
    party="VendorRef",
    party_entity="Vendor",
    names_links=("PurchaseOrder",),
    settle=purchases.settle_bill,
    post=purchases.post_bill,
    open_amount="Balance",
    moves_stock=1,
    sends_events=EVENTS,
    fields=(
        TERM,
        DUE_DATE,
        BALANCE,
        NUMBER,
        *HEAD,
        LINKED,
        LINES,
        VENDOR,
        VENDOR_ADDRESS,
        PAYABLE,
        TOTAL,
        *REGIONAL,
        Field("AttachableRef", Kind.LIST, read_only=True),
    ),
)
