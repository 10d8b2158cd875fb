"""VendorCredit: what a vendor gives back as credit, used up by bill payments."""

from ..transactions import purchases
from .base import Entity, Field, Kind, Shape
from .purchase_form import LINES, NUMBER, PAYABLE, REGIONAL, VENDOR, VENDOR_ADDRESS
from .sales_form import BALANCE, HEAD, LINKED, TOTAL

VENDOR_CREDIT = Entity(
    name="VendorCredit",
    shape=Shape.TRANSACTION,
    noun="vendor credit",
    required=("VendorRef", "Line"),
    party="VendorRef",
    party_entity="Vendor",
    settle=purchases.settle_vendor_credit,
    post=purchases.post_vendor_credit,
    open_amount="Balance",
    moves_stock=-1,
    sends_events=("Create", "Update", "Delete"),
    fields=(
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
        Field("FromAccountRef", Kind.REF, read_only=True),
        Field("ToAccountRef", Kind.REF, read_only=True),
    ),
)
