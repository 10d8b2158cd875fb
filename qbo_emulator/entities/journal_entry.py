"""JournalEntry: debits and credits to any accounts."""

from ..transactions import journal
from .base import Entity, Field, Kind, Shape
from .purchase_form import BILLABLE, REGIONAL
from .sales_form import DESCRIPTION, HEAD, LINE_HEAD, NUMBER, TOTAL

NAMES = ("Customer", "Vendor", "Employee")
DETAIL = Field(
    "JournalEntryLineDetail",
    Kind.OBJECT,
    java_class="JournalEntryLineDetail",
    parts=(
        Field("PostingType", choices=("Debit", "Credit")),
        Field(
            "Entity",
            Kind.OBJECT,
            java_class="EntityTypeRef",
            parts=(
                Field("Type", choices=NAMES),
                Field("EntityRef", Kind.REF, refers_to_any=NAMES),
            ),
        ),
        Field("AccountRef", Kind.REF),
        Field("ClassRef", Kind.REF),
        Field("DepartmentRef", Kind.REF),
        Field("TaxCodeRef", Kind.REF),
        Field("TaxApplicableOn", read_only=True),
        Field("TaxAmount", Kind.DECIMAL, read_only=True),
        Field("TaxInclusiveAmt", Kind.DECIMAL, read_only=True),
        Field("BillableStatus", choices=BILLABLE),
        Field("JournalCodeRef", Kind.REF, read_only=True),
    ),
)

JOURNAL_ENTRY = Entity(
    name="JournalEntry",
    shape=Shape.TRANSACTION,
    noun="journal entry",
    required=("Line",),
    numbers="journal",
    settle=journal.settle,
    post=journal.post,
    sends_events=("Create", "Update", "Delete"),
    fields=(
        Field("Adjustment", Kind.BOOL, default=False),
        NUMBER,
        *HEAD,
        Field(
            "Line",
            Kind.LIST,
            java_class="Line",
            parts=(
                *LINE_HEAD,
                Field("DetailType", choices=("JournalEntryLineDetail", "DescriptionOnly")),
                DETAIL,
                DESCRIPTION,
            ),
        ),
        TOTAL,
        *REGIONAL,
    ),
)
