"""PurchaseOrder: what was ordered from a vendor. Not posted; closed by the bill made from it."""

from ..transactions import purchases
from .base import Entity, Field, Kind, Shape
from .purchase_form import (
    DUE_DATE,
    LINES,
    NUMBER,
    PAYABLE,
    REGIONAL,
    TERM,
    VENDOR,
    VENDOR_ADDRESS,
)
from .sales_form import CUSTOM_FIELDS, HEAD, LINKED, TOTAL

PURCHASE_ORDER = Entity(
    name="PurchaseOrder",
    shape=Shape.TRANSACTION,
    noun="purchase order",
    required=("VendorRef", "Line"),
    party="VendorRef",
    party_entity="Vendor",
    numbers="purchase order",
    settle=purchases.settle_order,
    can_email=True,
    sends_events=("Create", "Update", "Delete", "Emailed"),
    fields=(
        CUSTOM_FIELDS,
        NUMBER,
        *HEAD,
        LINKED,
        LINES,
        VENDOR,
        VENDOR_ADDRESS,
        PAYABLE,
        TERM,
        DUE_DATE,
        Field("POStatus", choices=("Open", "Closed"), default="Open", keeps=True),
        Field("POEmail", Kind.EMAIL, limit=100),
        Field(
            "EmailStatus",
            choices=("NotSet", "NeedToSend", "EmailSent"),
            default="NotSet",
            keeps=True,
        ),
        Field("DeliveryInfo", Kind.OBJECT, read_only=True),
        Field("Memo", limit=4000),
        Field("ShipTo", Kind.REF, refers_to="Customer"),
        Field("ShipAddr", Kind.ADDRESS, keeps=True),
        Field("ShipMethodRef", Kind.REF),
        Field("ClassRef", Kind.REF, refers_to="Class", shows_name=True),
        Field("TaxCodeRef", Kind.REF),
        TOTAL,
        *REGIONAL,
        Field("AttachableRef", Kind.LIST, read_only=True),
    ),
)
