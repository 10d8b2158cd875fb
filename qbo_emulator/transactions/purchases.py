"""Purchase forms: bill, vendor credit, purchase (paid at once), purchase order."""

from .. import errors
from ..ledger import Posting
from ..money import cents
from . import expense_lines, numbers, references
from .form import Form
from .sales import due_date, settle_head

# The accounts that each kind of purchase can be paid from (6430).
PAID_FROM = {
    "Check": ("Bank",),
    "CreditCard": ("Credit Card",),
    "Cash": ("Bank", "Other Current Asset"),
}


def _settle(form: Form) -> None:
    """What all have: head, the vendor's address, lines, total."""
    settle_head(form)
    vendor = form.company.find("Vendor", form.ref("VendorRef")) or {}
    if form.before is None and "VendorAddr" in form.entity.by_name and vendor.get("BillAddr"):
        form.document.setdefault("VendorAddr", dict(vendor["BillAddr"]))
    total = expense_lines.settle(form)
    if total < 0:
        raise errors.negative_amount("TotalAmt")
    form.set_money("TotalAmt", total)


def settle_payable(form: Form) -> None:
    """The payable account a form names (6430), else the company's own."""
    id = form.ref("APAccountRef") or form.company.account("payable")["value"]
    references.check_account(form, id, (references.PAYABLE,), "APAccountRef")
    form.document["APAccountRef"] = form.company.account_named(id)


def settle_bill(form: Form) -> None:
    """A bill: due by its term, else by the vendor's, else at once; open until it is paid."""
    _settle(form)
    settle_payable(form)
    _check_orders(form)
    if form.before is None and not form.ref("SalesTermRef"):
        vendor = form.company.find("Vendor", form.ref("VendorRef")) or {}
        if vendor.get("TermRef"):
            form.document["SalesTermRef"] = vendor["TermRef"]
    if not form.get("DueDate"):
        term = form.company.find("Term", form.ref("SalesTermRef")) or {}
        form.document["DueDate"] = due_date(form.document["TxnDate"], term)
    form.set_money("Balance", form.money("TotalAmt") - form.used)
    _spell_payments(form)


def settle_vendor_credit(form: Form) -> None:
    _settle(form)
    settle_payable(form)
    form.set_money("Balance", form.money("TotalAmt") - form.used)
    _spell_payments(form)


def settle_purchase(form: Form) -> None:
    """Paid at once, from an account that fits how it was paid; only a card gives money back."""
    if form.get("EntityRef"):
        form.document["EntityRef"] = references.settle_name(
            form, form.document["EntityRef"], "EntityRef"
        )
    kind = form.document.get("PaymentType", "")
    references.check_account(form, form.ref("AccountRef"), PAID_FROM[kind], "AccountRef")
    if form.get("Credit") and kind != "CreditCard":
        raise errors.business_validation("Only a credit card purchase can be a credit.", "Credit")
    _settle(form)
    _check_orders(form)


def settle_order(form: Form) -> None:
    """Closed by the bill or purchase that is made from it; open again when that is gone."""
    _settle(form)
    settle_payable(form)
    if form.get("LinkedTxn"):
        form.document["POStatus"] = "Closed"
    elif form.was("LinkedTxn"):
        form.document["POStatus"] = "Open"
    if form.get("EmailStatus") == "NeedToSend" and not form.get("POEmail"):
        raise errors.email_required()
    numbers.settle(form)


def _check_orders(form: Form) -> None:
    """A purchase order that is linked is the same vendor's (620)."""
    for linked in form.get("LinkedTxn", []):
        order = form.company.find("PurchaseOrder", linked["TxnId"])
        if order is not None and form.party != f"Vendor:{order['VendorRef']['value']}":
            raise errors.cannot_link(
                f"Txn Id {linked['TxnId']} cannot be linked: it is of another vendor."
            )


def _spell_payments(form: Form) -> None:
    """Links to bill payments say how it was paid: BillPaymentCheck, BillPaymentCreditCard."""
    for linked in form.get("LinkedTxn", []):
        if linked["TxnType"] == "BillPayment":
            payment = form.company.find("BillPayment", linked["TxnId"]) or {}
            linked["TxnType"] += payment.get("PayType", "Check")


# --- The ledger ---


def post_bill(form: Form) -> list[Posting]:
    owed = cents(form.money("TotalAmt"))
    return [
        Posting(form.ref("APAccountRef"), -owed, form.party),
        *expense_lines.post(form, 1),
    ]


def post_vendor_credit(form: Form) -> list[Posting]:
    owed = cents(form.money("TotalAmt"))
    return [
        Posting(form.ref("APAccountRef"), owed, form.party),
        *expense_lines.post(form, -1),
    ]


def post_purchase(form: Form) -> list[Posting]:
    sign = -1 if form.get("Credit") else 1
    paid = Posting(form.ref("AccountRef"), -sign * cents(form.money("TotalAmt")))
    return [paid, *expense_lines.post(form, sign)]
