"""Attachable (4.18): a file or a note, linked to transactions, names or items."""

from typing import Any

from .. import errors
from .base import Entity, Field, Find, Kind, Shape

CATEGORIES = (
    "Contact Photo",
    "Document",
    "Image",
    "Receipt",
    "Signature",
    "Sound",
    "Other",
)
CAN_HAVE_FILES = {
    *("Customer", "Vendor", "Employee", "Item"),
    *("Invoice", "Payment", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate", "Deposit"),
    *("Bill", "BillPayment", "VendorCredit", "Purchase", "PurchaseOrder", "JournalEntry"),
    *("Transfer", "TimeActivity"),
}


def check_links(attachable: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    """
    What it is attached to must be there (6000) and be of a kind that can have files (6050).

    Raises:
        Fault: 2020 too, for what is neither file nor note.
    """
    if not attachable.get("FileName") and not attachable.get("Note"):
        raise errors.required_missing("Note")
    for linked in attachable.get("AttachableRef", []):
        reference = linked.get("EntityRef") or {}
        kind, id = reference.get("type", ""), reference.get("value", "")
        if not kind or not id:
            raise errors.required_missing("EntityRef")
        if kind not in CAN_HAVE_FILES:
            raise errors.cannot_attach(kind)
        if linked not in current.get("AttachableRef", []) and find(kind, id) is None:
            raise errors.business_validation(
                f"The entity {kind} {id} that you are trying to link does not exist. {kind} {id}"
            )
        linked.setdefault("IncludeOnSend", False)


def name_its_file(attachable: dict[str, Any], realm: str, id: str) -> None:
    """Where its file can be asked for; a note has none."""
    if "Size" in attachable:
        attachable["FileAccessUri"] = f"/v3/company/{realm}/download/{id}"


LIST = "AttachableRef"
LINKS = Field(
    LIST,
    Kind.LIST,
    java_class="AttachableRef",
    parts=(
        Field(
            "EntityRef",
            Kind.OBJECT,
            java_class="ReferenceType",
            parts=(Field("value", limit=30), Field("type", limit=50), Field("name", limit=500)),
        ),
        Field("IncludeOnSend", Kind.BOOL),
        Field("LineInfo", limit=100),
        Field("Inactive", Kind.BOOL),
        Field("NoRefOnly", Kind.BOOL),
        Field("CustomField", Kind.LIST, read_only=True),
    ),
)

ATTACHABLE = Entity(
    name="Attachable",
    shape=Shape.ATTACHMENT,
    noun="attachment",
    counter="attachable",
    on_change=check_links,
    on_number=name_its_file,
    query_fields=(
        Field("AttachableRef.EntityRef.Type", filters=True, in_list=(LIST, "EntityRef.type")),
        Field("AttachableRef.EntityRef.value", filters=True, in_list=(LIST, "EntityRef.value")),
    ),
    system_before="AttachableRef",
    fields=(
        Field("FileName", limit=1000, filters=True, sorts=True),
        Field("FileAccessUri", read_only=True),
        Field("TempDownloadUri", read_only=True),
        Field("Size", Kind.INTEGER, read_only=True),
        Field("ContentType", limit=100, keeps=True),
        Field("Category", choices=CATEGORIES),
        Field("Note", limit=2000),
        Field("Tag", limit=2000),
        Field("Lat", limit=20),
        Field("Long", limit=20),
        Field("PlaceName", limit=2000),
        Field("ThumbnailFileAccessUri", read_only=True),
        Field("ThumbnailTempDownloadUri", read_only=True),
        LINKS,
    ),
)  # fmt: skip
