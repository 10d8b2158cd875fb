"""
Preferences (4.12): one per company, in groups. A sent group is laid over the stored one.

Many are read only for apps and change in the books alone.
"""

from .base import Entity, Field, Kind, Shape


def on(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Kind.BOOL) for name in names)


def only_in_ui(*fields: Field | str) -> tuple[Field, ...]:
    """Apps read these; plain names are texts."""
    return tuple(
        Field(each, only_in_ui=True)
        if isinstance(each, str)
        else Field(each.name, each.kind, only_in_ui=True)
        for each in fields
    )


def message(name: str) -> Field:
    return Field(name, Kind.OBJECT, parts=(Field("Subject", limit=1000), Field("Message")))


GROUPS: dict[str, tuple[Field, ...]] = {
    "AccountingInfoPrefs": (
        Field("BookCloseDate", Kind.DATE),
        *on("ClassTrackingPerTxn", "ClassTrackingPerTxnLine", "TrackDepartments"),
        Field("CustomerTerminology", limit=100),
        Field("DepartmentTerminology", limit=100),
        *only_in_ui("FirstMonthOfFiscalYear", "TaxYearMonth", "TaxForm"),
        *only_in_ui(*on("UseAccountNumbers")),
    ),
    "ProductAndServicesPrefs": (
        *on("ForSales", "ForPurchase", "QuantityWithPriceAndRate", "QuantityOnHand"),
        *on("RevenueRecognition"),
        Field("RevenueRecognitionFrequency", limit=100),
    ),
    "SalesFormsPrefs": (
        *on("CustomTxnNumbers", "AllowDeposit", "AllowDiscount", "AllowEstimates"),
        *on("AllowServiceDate", "AllowShipping", "AutoApplyCredit", "AutoApplyPayments"),
        *on("EmailCopyToCompany", "UsingPriceLevels", "UsingProgressInvoicing"),
        *on("ETransactionAttachPDF", "ETransactionPaymentEnabled", "IPNSupportEnabled"),
        Field("ETransactionEnabledStatus", limit=100),
        Field("DefaultDiscountAccount", limit=100),
        Field("DefaultShippingAccount", limit=100),
        Field("DefaultTerms", Kind.REF),
        Field("DefaultCustomerMessage", limit=1000),
        Field("EstimateMessage", limit=1000),
        Field("SalesEmailCc", Kind.EMAIL, limit=100),
        Field("SalesEmailBcc", Kind.EMAIL, limit=100),
        Field("CustomField", Kind.LIST),
    ),
    "EmailMessagesPrefs": tuple(
        message(f"{form}Message") for form in ("Invoice", "Estimate", "SalesReceipt", "Statement")
    ),
    "VendorAndPurchasesPrefs": (
        *on("BillableExpenseTracking", "TrackingByCustomer", "TPAREnabled"),
        Field("DefaultTerms", Kind.REF),
        Field("DefaultMarkup", Kind.DECIMAL),
        Field("DefaultMarkupAccount", Kind.REF),
        Field("POCustomField", Kind.LIST),
    ),
    "TimeTrackingPrefs": (
        *on("UseServices", "BillCustomers", "ShowBillRateToAll", "MarkTimeEntriesBillable"),
        Field("WorkWeekStartDate", limit=100),
    ),
    "TaxPrefs": only_in_ui(
        *on("UsingSalesTax", "PartnerTaxEnabled"), Field("TaxGroupCodeRef", Kind.REF)
    ),
    "CurrencyPrefs": only_in_ui(*on("MultiCurrencyEnabled"), Field("HomeCurrency", Kind.REF)),
    "ReportPrefs": (
        Field("ReportBasis", choices=("Accrual", "Cash")),
        *only_in_ui(*on("CalcAgingReportFromTxnDate")),
    ),
    "OtherPrefs": (Field("NameValue", Kind.LIST, only_in_ui=True),),
}

PREFERENCES = Entity(
    name="Preferences",
    shape=Shape.SINGLE,
    noun="preferences",
    can_create=False,
    sends_events=("Update",),
    fields=tuple(
        Field(group, Kind.OBJECT, parts=parts, laid_over=True, keeps=True)
        for group, parts in GROUPS.items()
    ),
)
