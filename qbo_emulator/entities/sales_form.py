"""
What the sales forms share (4.6, 4.8 to 4.10): the properties of their head and of their lines.

A form takes the groups it has, in the order of its answers.
"""

from .base import Field, Kind

MOST_LINES = 10_000  # and links, of one transaction
LINKED = Field(
    "LinkedTxn",
    Kind.LIST,
    limit=MOST_LINES,
    java_class="LinkedTxn",
    parts=(Field("TxnId", limit=20), Field("TxnType", limit=50), Field("TxnLineId", limit=20)),
)
SALES_ITEM = Field(
    "SalesItemLineDetail",
    Kind.OBJECT,
    java_class="SalesItemLineDetail",
    parts=(
        Field("ServiceDate", Kind.DATE),
        Field("ItemRef", Kind.REF),
        Field("ClassRef", Kind.REF),
        Field("UnitPrice", Kind.DECIMAL, places=7),
        Field("Qty", Kind.DECIMAL, places=7),
        Field("ItemAccountRef", Kind.REF, read_only=True),
        Field("TaxCodeRef", Kind.REF),
        Field("DiscountRate", Kind.DECIMAL, places=7),
        Field("DiscountAmt", Kind.DECIMAL),
        Field("TaxInclusiveAmt", Kind.DECIMAL, read_only=True),
        Field("MarkupInfo", Kind.OBJECT, read_only=True),
        Field("TaxClassificationRef", Kind.REF),
        Field("RatePercent", Kind.DECIMAL, read_only=True),
    ),
)
DISCOUNT = Field(
    "DiscountLineDetail",
    Kind.OBJECT,
    java_class="DiscountLineDetail",
    parts=(
        Field("PercentBased", Kind.BOOL),
        Field("DiscountPercent", Kind.DECIMAL, places=7),
        Field("DiscountAccountRef", Kind.REF),
        Field("DiscountRef", Kind.OBJECT, read_only=True),
        Field("ServiceDate", Kind.DATE, read_only=True),
        Field("TaxCodeRef", Kind.REF),
        Field("ClassRef", Kind.REF),
        Field("Discount", Kind.OBJECT, read_only=True),
    ),
)
DESCRIPTION = Field(
    "DescriptionLineDetail",
    Kind.OBJECT,
    java_class="DescriptionLineDetail",
    parts=(Field("ServiceDate", Kind.DATE), Field("TaxCodeRef", Kind.REF)),
)
LINE_HEAD = (
    Field("Id", limit=20),
    Field("LineNum", Kind.INTEGER),
    Field("Description", limit=4000),
    Field("Amount", Kind.DECIMAL),
    LINKED,
    Field("CustomField", Kind.LIST, read_only=True),
    Field("CustomExtensions", Kind.LIST, read_only=True),
    Field("LineEx", Kind.OBJECT, read_only=True),
    Field("Received", Kind.DECIMAL, read_only=True),
)
SALES_DETAILS = (
    "SalesItemLineDetail",
    "GroupLineDetail",
    "DescriptionOnly",
    "DiscountLineDetail",
    "SubTotalLineDetail",
)
INNER_LINE = (
    *LINE_HEAD,
    Field("DetailType", choices=SALES_DETAILS),
    SALES_ITEM,
    DESCRIPTION,
)
GROUP = Field(
    "GroupLineDetail",
    Kind.OBJECT,
    java_class="GroupLineDetail",
    parts=(
        Field("GroupItemRef", Kind.REF),
        Field("Quantity", Kind.DECIMAL, places=7),
        Field("ServiceDate", Kind.DATE),
        Field("Line", Kind.LIST, java_class="Line", parts=INNER_LINE),
    ),
)
LINES = Field(
    "Line",
    Kind.LIST,
    limit=MOST_LINES,
    java_class="Line",
    parts=(
        *INNER_LINE,
        GROUP,
        DISCOUNT,
        Field("SubTotalLineDetail", Kind.OBJECT, read_only=True),
    ),
)
PAID_LINES = Field(
    "Line", Kind.LIST, limit=MOST_LINES, java_class="Line", default=(), parts=LINE_HEAD
)
TAX_LINE = (
    Field("Amount", Kind.DECIMAL),
    Field("DetailType", choices=("TaxLineDetail",)),
    Field(
        "TaxLineDetail",
        Kind.OBJECT,
        java_class="TaxLineDetail",
        parts=(
            Field("TaxRateRef", Kind.REF),
            Field("PercentBased", Kind.BOOL),
            Field("TaxPercent", Kind.DECIMAL, places=7),
            Field("NetAmountTaxable", Kind.DECIMAL),
            Field("TaxInclusiveAmount", Kind.DECIMAL),
            Field("OverrideDeltaAmount", Kind.DECIMAL),
        ),
    ),
)
TAX = Field(
    "TxnTaxDetail",
    Kind.OBJECT,
    java_class="TxnTaxDetail",
    parts=(
        Field("TxnTaxCodeRef", Kind.REF),
        Field("TotalTax", Kind.DECIMAL),
        Field("TaxLine", Kind.LIST, java_class="Line", parts=TAX_LINE),
    ),
)
CUSTOM_FIELDS = Field(
    "CustomField",
    Kind.LIST,
    default=(),
    keeps=True,
    java_class="CustomField",
    parts=(
        Field("DefinitionId", limit=30),
        Field("Name", limit=100),
        Field("Type", limit=30),
        Field("StringValue", limit=31),
        Field("BooleanValue", Kind.BOOL),
        Field("DateValue", Kind.DATE),
        Field("NumberValue", Kind.DECIMAL),
    ),
)
NUMBER = Field("DocNumber", limit=21, filters=True, sorts=True)
DATE = Field("TxnDate", Kind.DATE, keeps=True, filters=True, sorts=True)
CUSTOMER = Field("CustomerRef", Kind.REF, refers_to="Customer", shows_name=True, filters=True)
TOTAL = Field("TotalAmt", Kind.DECIMAL, read_only=True, filters=True, sorts=True)
BALANCE = Field("Balance", Kind.DECIMAL, read_only=True, filters=True, sorts=True)
PAID_AT_ONCE = Field("Balance", Kind.DECIMAL, read_only=True)  # always 0, nothing to ask for
HEAD = (
    DATE,
    Field("DepartmentRef", Kind.REF, refers_to="Department", shows_name=True),
    Field("CurrencyRef", Kind.REF, keeps=True),
    Field("ExchangeRate", Kind.DECIMAL, places=7, keeps=True),
    Field("PrivateNote", limit=4000),
)
MAILING = (
    Field("PrintStatus", choices=("NotSet", "NeedToPrint", "PrintComplete"), default="NeedToPrint",
          keeps=True),
    Field("EmailStatus", choices=("NotSet", "NeedToSend", "EmailSent"), default="NotSet",
          keeps=True),
    Field("BillEmail", Kind.EMAIL, limit=100),
    Field("BillEmailCc", Kind.EMAIL, limit=200),
    Field("BillEmailBcc", Kind.EMAIL, limit=200),
    Field("DeliveryInfo", Kind.OBJECT, read_only=True),
)  # fmt: skip
ADDRESSES = (
    Field("CustomerMemo", Kind.MEMO, limit=1000),
    Field("BillAddr", Kind.ADDRESS, keeps=True),
    Field("ShipAddr", Kind.ADDRESS, keeps=True),
    Field("ShipFromAddr", Kind.ADDRESS, keeps=True),
    Field("FreeFormAddress", Kind.BOOL, default=True, read_only=True),
    Field("ShipMethodRef", Kind.REF, limit=30),
    Field("ShipDate", Kind.DATE),
    Field("TrackingNum", limit=31),
    Field("ClassRef", Kind.REF, refers_to="Class", shows_name=True),
    Field("ProjectRef", Kind.REF, refers_to="Customer"),
    Field("GlobalTaxCalculation", choices=("TaxExcluded", "TaxInclusive", "NotApplicable")),
    Field("TransactionLocationType", limit=50, read_only=True),
    Field("TaxExemptionRef", Kind.REF, read_only=True),
    Field("RecurDataRef", Kind.REF, read_only=True),
    Field("TxnSource", read_only=True),
    Field("HomeTotalAmt", Kind.DECIMAL, read_only=True),
    Field("ApplyTaxAfterDiscount", Kind.BOOL, keeps=True),
)
ONLINE = (
    Field("AllowIPNPayment", Kind.BOOL, default=False, read_only=True),
    Field("AllowOnlinePayment", Kind.BOOL, default=False, read_only=True),
    Field("AllowOnlineCreditCardPayment", Kind.BOOL, keeps=True),
    Field("AllowOnlineACHPayment", Kind.BOOL, keeps=True),
    Field("InvoiceLink", read_only=True),
    Field("EInvoiceStatus", read_only=True),
    Field("ECloudStatusTimeStamp", read_only=True),
)
RECEIVED = (
    Field("PaymentMethodRef", Kind.REF, refers_to="PaymentMethod", shows_name=True),
    Field("PaymentRefNum", limit=21),
    Field("DepositToAccountRef", Kind.REF, refers_to="Account", shows_name=True, keeps=True),
    Field("CreditCardPayment", Kind.OBJECT),
)
# The order of a form: TOP, what is its own, BODY, what is its own, END, what is its own.
TOP = (CUSTOM_FIELDS, NUMBER, *HEAD)
BODY = (LINKED, LINES, TAX, CUSTOMER, *ADDRESSES)
END = (TOTAL, *MAILING)
DUE = (
    Field("SalesTermRef", Kind.REF, refers_to="Term", filters=True),
    Field("DueDate", Kind.DATE, filters=True, sorts=True),
)
EVENTS = ("Create", "Update", "Delete", "Void", "Emailed")
