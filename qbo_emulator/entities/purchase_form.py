"""
What bills, vendor credits, purchases and purchase orders share: their head and their lines.

A form takes the groups it has, in the order of its answers.
"""

from .base import Field, Kind
from .sales_form import LINE_HEAD, MOST_LINES

BILLABLE = ("Billable", "NotBillable", "HasBeenBilled")
FOR_WHOM = (
    Field("CustomerRef", Kind.REF),
    Field("BillableStatus", choices=BILLABLE),
    Field("ClassRef", Kind.REF),
    Field("TaxCodeRef", Kind.REF),
    Field("TaxAmount", Kind.DECIMAL, read_only=True),
    Field("TaxInclusiveAmt", Kind.DECIMAL, read_only=True),
    Field(
        "MarkupInfo",
        Kind.OBJECT,
        java_class="MarkupInfo",
        parts=(
            Field("PercentBased", Kind.BOOL),
            Field("Value", Kind.DECIMAL),
            Field("Percent", Kind.DECIMAL),
            Field("PriceLevelRef", Kind.REF),
            Field("MarkUpIncomeAccountRef", Kind.REF),
        ),
    ),
)
LINES = Field(
    "Line",
    Kind.LIST,
    limit=MOST_LINES,
    java_class="Line",
    parts=(
        *LINE_HEAD,
        Field(
            "DetailType",
            choices=("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"),
        ),
        Field(
            "AccountBasedExpenseLineDetail",
            Kind.OBJECT,
            java_class="AccountBasedExpenseLineDetail",
            parts=(Field("AccountRef", Kind.REF), *FOR_WHOM),
        ),
        Field(
            "ItemBasedExpenseLineDetail",
            Kind.OBJECT,
            java_class="ItemBasedExpenseLineDetail",
            parts=(
                Field("ItemRef", Kind.REF),
                Field("UnitPrice", Kind.DECIMAL, places=7),
                Field("Qty", Kind.DECIMAL, places=7),
                Field("ItemAccountRef", Kind.REF, read_only=True),
                Field("PriceLevelRef", Kind.REF),
                *FOR_WHOM,
            ),
        ),
    ),
)
NUMBER = Field("DocNumber", limit=21, filters=True, sorts=True)
VENDOR = Field("VendorRef", Kind.REF, refers_to="Vendor", shows_name=True, filters=True)
PAYABLE = Field("APAccountRef", Kind.REF, refers_to="Account", shows_name=True, keeps=True)
VENDOR_ADDRESS = Field("VendorAddr", Kind.ADDRESS, keeps=True)
TERM = Field("SalesTermRef", Kind.REF, refers_to="Term", filters=True)
DUE_DATE = Field("DueDate", Kind.DATE, filters=True, sorts=True)
REGIONAL = (
    Field("GlobalTaxCalculation", choices=("TaxExcluded", "TaxInclusive", "NotApplicable")),
    Field("TransactionLocationType", limit=50, read_only=True),
    Field("TxnTaxDetail", Kind.OBJECT, read_only=True),
    Field("IncludeInAnnualTPAR", Kind.BOOL, read_only=True),
    Field("RecurDataRef", Kind.REF, read_only=True),
    Field("TxnSource", read_only=True),
    Field("HomeTotalAmt", Kind.DECIMAL, read_only=True),
    Field("HomeBalance", Kind.DECIMAL, read_only=True),
)
EVENTS = ("Create", "Update", "Delete", "Void")
