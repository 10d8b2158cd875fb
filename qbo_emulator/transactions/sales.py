"""Sales forms: invoice, estimate, sales receipt, credit memo, refund receipt (4.6, 4.8 to 4.10)."""

import calendar
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import CURRENCY_NAMES, cents, home_currency, rounded
from . import lines, numbers, stock, tax
from .company import Company
from .form import Form


def settle(form: Form) -> None:
    """Complete a sales form: head, lines, tax, total, number."""
    settle_head(form)
    _fill_from_customer(form)
    form.document.setdefault(
        "ApplyTaxAfterDiscount", form.company.switches.apply_tax_after_discount
    )
    lines.settle(form)
    sales_tax = tax.settle(form)
    discount, _ = lines.discount_of(form.document)
    total = lines.sum_of(form) - discount + sales_tax
    if total < 0:
        raise errors.negative_amount("TotalAmt")
    form.set_money("TotalAmt", total)
    _check_email(form)
    numbers.settle(form)


def settle_invoice(form: Form) -> None:
    _settle_due_date(form)
    settle(form)
    if not form.company.preference("SalesFormsPrefs", "AllowDeposit"):
        form.document.pop("Deposit", None)
    pays_online = bool(form.company.preference("SalesFormsPrefs", "ETransactionPaymentEnabled"))
    for name in ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"):
        form.document.setdefault(name, pays_online)
    form.set_money("Balance", form.money("TotalAmt") - form.money("Deposit") - form.used)


def settle_estimate(form: Form) -> None:
    """Closed while an invoice is made from it; open again when that is gone."""
    settle(form)
    if any(each["TxnType"] == "Invoice" for each in form.get("LinkedTxn", [])):
        form.document["TxnStatus"] = "Closed"
    elif form.was("LinkedTxn") and form.get("TxnStatus") == "Closed":
        form.document["TxnStatus"] = "Pending"


def settle_credit(form: Form) -> None:
    """A credit memo: what is not used up yet is its balance and its remaining credit."""
    settle(form)
    left = form.money("TotalAmt") - form.used
    form.set_money("Balance", left)
    form.set_money("RemainingCredit", left)


def settle_receipt(form: Form) -> None:
    """Paid at once: the money is in an account, nothing stays open."""
    settle(form)
    settle_deposit_account(form)
    form.document["Balance"] = 0


def settle_deposit_account(form: Form) -> None:
    account = form.ref("DepositToAccountRef") or form.company.account("undeposited")["value"]
    form.document["DepositToAccountRef"] = form.company.account_named(account)


# --- Stations ---


def settle_head(form: Form) -> None:
    """What every transaction has: a date and a currency."""
    form.document.setdefault("TxnDate", form.company.today)
    _settle_currency(form)


def _settle_currency(form: Form) -> None:
    """Home currency, unless the company uses several: then the customer's (2220, 2020)."""
    company = form.company
    home = home_currency(company.preferences)
    if not company.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        form.document["CurrencyRef"] = home
        form.document.pop("ExchangeRate", None)
        return
    kind, _, id = form.party.partition(":")
    party = (company.find(kind, id) if id else None) or {}
    theirs = party.get("CurrencyRef", home)["value"]
    sent = form.ref("CurrencyRef")
    if not sent and form.before is None and not form.is_person:
        raise errors.required_missing("CurrencyRef")
    if sent and sent != theirs:
        raise errors.invalid_currency(sent)
    form.document["CurrencyRef"] = {
        "value": theirs,
        "name": CURRENCY_NAMES.get(theirs, theirs),
    }
    form.document.setdefault("ExchangeRate", 1 if theirs == home["value"] else rate_of(form))


def rate_of(form: Form) -> Any:
    """The company's rate of the form's currency; 1 where none is kept."""
    found = form.company.store.db.execute(
        "SELECT json_extract(doc, '$.Rate') FROM object WHERE realm = ? AND entity = 'ExchangeRate'"
        " AND json_extract(doc, '$.SourceCurrencyCode') = ? ORDER BY id_number DESC LIMIT 1",
        (form.company.realm, form.ref("CurrencyRef")),
    ).fetchone()
    return rounded(Decimal(str(found[0])), 7) if found else 1


def _fill_from_customer(form: Form) -> None:
    """The customer's addresses where the form has none (4.6.1)."""
    customer = form.company.find("Customer", form.ref("CustomerRef")) if form.party else None
    if customer is None or form.before is not None:
        return
    payer = customer
    if customer.get("BillWithParent") and customer.get("ParentRef"):
        payer = form.company.find("Customer", customer["ParentRef"]["value"]) or customer
    for name, source in (("BillAddr", payer), ("ShipAddr", customer)):
        if name not in form.document and source.get(name):
            form.document[name] = dict(source[name])


def _settle_due_date(form: Form) -> None:
    """TxnDate plus the days of the term on the form, else of the company's default term."""
    form.document.setdefault("TxnDate", form.company.today)
    if form.get("DueDate"):
        return
    default = form.company.preference("SalesFormsPrefs", "DefaultTerms") or {}
    term = form.company.find("Term", form.ref("SalesTermRef") or default.get("value", ""))
    form.document["DueDate"] = due_date(form.document["TxnDate"], term or {"DueDays": 30})


def due_date(day: str, term: dict[str, Any]) -> str:
    """
    When a form of this day is due (4.14): so many days later, or on a day of a month.

    Raises:
        Fault: 2070 where the calendar ends before that.
    """
    try:
        return _due_date(day, term)
    except (OverflowError, ValueError):
        raise errors.invalid_date("TxnDate", day) from None


def _due_date(day: str, term: dict[str, Any]) -> str:
    issued = date.fromisoformat(day)
    if "DayOfMonthDue" not in term:
        return (issued + timedelta(days=int(term.get("DueDays", 0)))).isoformat()
    due_day = int(term["DayOfMonthDue"])
    year, month = issued.year, issued.month
    due = _day_of(year, month, due_day)
    if due < issued or (due - issued).days < int(term.get("DueNextMonthDays", 0)):
        due = _day_of(year + month // 12, month % 12 + 1, due_day)
    return due.isoformat()


def _day_of(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _check_email(form: Form) -> None:
    if form.get("EmailStatus") == "NeedToSend" and not form.get("BillEmail"):
        raise errors.email_required()
    is_direct = form.get("EmailStatus") == "EmailSent" and "EmailStatus" in form.sent
    if is_direct and form.company.switches.email_sent_directly == "ignore":
        form.document["EmailStatus"] = form.was("EmailStatus") or "NotSet"


# --- The ledger ---


def post_invoice(form: Form) -> list[Posting]:
    """Receivable against income, discount and sales tax; a deposit on the form is money at once."""
    owed, deposit = cents(form.money("TotalAmt")), cents(form.money("Deposit"))
    return [
        Posting(receivable(form.company), owed - deposit, form.party),
        Posting(form.company.account("undeposited")["value"], deposit),
        *_sold(form, 1),
    ]


def post_credit(form: Form) -> list[Posting]:
    owed = cents(form.money("TotalAmt"))
    return [Posting(receivable(form.company), -owed, form.party), *_sold(form, -1)]


def post_sales_receipt(form: Form) -> list[Posting]:
    account = form.ref("DepositToAccountRef")
    return [Posting(account, cents(form.money("TotalAmt"))), *_sold(form, 1)]


def post_refund(form: Form) -> list[Posting]:
    account = form.ref("DepositToAccountRef")
    return [Posting(account, -cents(form.money("TotalAmt"))), *_sold(form, -1)]


def receivable(company: Company) -> str:
    return str(company.account("receivable")["value"])


def _sold(form: Form, sign: int) -> list[Posting]:
    """Income per line, the discount against it, sales tax; sign -1 for what goes back."""
    found = [
        Posting(form.account_of(line)["value"], -sign * cents(line["Amount"]), form.party)
        for line in form.items
    ]
    for charge in form.charges:
        income = form.company.account("billable")["value"]
        found.append(Posting(income, -sign * cents(charge["Amount"]), form.party))
    discount, account = lines.discount_of(form.document)
    if account:
        found.append(Posting(account, sign * cents(discount), form.party))
    return [*found, *_taxed(form, sign), *stock.post_sold(form, sign)]


def _taxed(form: Form, sign: int) -> list[Posting]:
    """Sales tax per rate, owed to the rate's agency."""
    detail = form.get("TxnTaxDetail") or {}
    left, found = cents(detail.get("TotalTax", 0)), []
    for line in detail.get("TaxLine", []):
        account = form.company.tax_account(line["TaxLineDetail"]["TaxRateRef"]["value"])
        found.append(Posting(account, -sign * cents(line["Amount"])))
        left -= cents(line["Amount"])
    if left:
        found.append(Posting(form.company.account("sales tax")["value"], -sign * left))
    return found
