"""Which entity sends which webhook events (8.5): the one table of it."""

_LIST = ("Create", "Update", "Delete", "Merge")
_SHORT_LIST = ("Create", "Update", "Merge")
_SALE = ("Create", "Update", "Delete", "Void", "Emailed")
_OFFER = ("Create", "Update", "Delete", "Emailed")
_EXPENSE = ("Create", "Update", "Delete", "Void")
_PLAIN = ("Create", "Update", "Delete")
_SETTING = ("Create", "Update")

EVENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Account", "Class", "Customer", "Employee", "Item", "Vendor"), _LIST),
    **dict.fromkeys(("Department", "PaymentMethod"), _SHORT_LIST),
    **dict.fromkeys(("Invoice", "CreditMemo", "Payment", "SalesReceipt", "RefundReceipt"), _SALE),
    **dict.fromkeys(("Estimate", "PurchaseOrder"), _OFFER),
    **dict.fromkeys(("Bill", "BillPayment", "Purchase", "Transfer"), _EXPENSE),
    **dict.fromkeys(("Deposit", "JournalEntry", "TimeActivity", "VendorCredit"), _PLAIN),
    **dict.fromkeys(("Budget", "Currency", "JournalCode", "TaxAgency", "Term"), _SETTING),
    "Preferences": ("Update",),
}


def is_sent(entity: str, operation: str) -> bool:
    return operation in EVENTS.get(entity, ())
