"""Sales forms: invoice, estimate, sales receipt, credit memo, refund receipt (4.6, 4.8 to 4.10)."""

import calendar
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from .. import errors
from ..ledger import Posting
from ..money import CURRENCY_NAMES, cents, home_currency, rounded
from . import custom_fields, lines, numbers, stock, tax
from .company import Company
from .form import Form
from .links import Links

HOLDS_MONEY = ("Bank", "Other Current Asset")


def settle(form: Form) -> None:
    """Complete a sales form: head, lines, tax, total, number."""
    settle_head(form)
    custom_fields.settle(form)
    _fill_from_customer(form)
    _fill_copies(form)
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
    _settle_home_amount(form, "TotalAmt", "HomeTotalAmt")
    _check_email(form)
    numbers.settle(form)


def settle_invoice(form: Form) -> None:
    _settle_due_date(form)
    settle(form)
    _settle_deposit(form)
    pays_online = bool(form.company.preference("SalesFormsPrefs", "ETransactionPaymentEnabled"))
    for name in ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment"):
        form.document.setdefault(name, pays_online)
    _check_estimates(form)
    settle_open_invoice(form)


def settle_open_invoice(form: Form) -> None:
    form.set_money("Balance", form.money("TotalAmt") - form.money("Deposit") - form.used)
    _settle_home_amount(form, "Balance", "HomeBalance")


def _settle_deposit(form: Form) -> None:
    """What was paid with the form itself; only while the preference is on."""
    is_on = bool(form.company.preference("SalesFormsPrefs", "AllowDeposit"))
    if not is_on and (form.before is None or "Deposit" in form.sent):
        form.document.pop("Deposit", None)
    if form.money("Deposit") < 0:
        raise errors.negative_amount("Deposit")
    if form.money("Deposit") > form.money("TotalAmt"):
        raise errors.business_validation("The deposit is more than the total.", "Deposit")
    if form.ref("DepositToAccountRef"):
        settle_deposit_account(form)


def _check_estimates(form: Form) -> None:
    """An invoice is made from one estimate of its customer that no other was made from (620)."""
    named = [each["TxnId"] for each in form.get("LinkedTxn", []) if each["TxnType"] == "Estimate"]
    if "LinkedTxn" not in form.sent or not named:
        return
    if len(named) > 1:
        raise errors.cannot_link("An invoice can be linked to one estimate.")
    estimate = form.company.find("Estimate", named[0]) or {}
    others = Links(form.company.store).on(form.company.realm, "Estimate", named[0])
    is_taken = any(each.id != form.id for each in others)
    if is_taken or estimate.get("CustomerRef", {}).get("value") != form.ref("CustomerRef"):
        raise errors.cannot_link(f"Txn Id {named[0]} cannot be linked.")


def settle_estimate(form: Form) -> None:
    settle(form)
    settle_open_estimate(form)


def settle_open_estimate(form: Form) -> None:
    """Closed while an invoice is made from it; open again when that is gone."""
    if any(each["TxnType"] == "Invoice" for each in form.get("LinkedTxn", [])):
        form.document["TxnStatus"] = "Closed"
    elif form.was("LinkedTxn") and form.get("TxnStatus") == "Closed":
        form.document["TxnStatus"] = "Pending"


def settle_credit(form: Form) -> None:
    """A credit memo: what is not used up yet is its balance and its remaining credit."""
    settle(form)
    settle_open_credit(form)


def settle_open_credit(form: Form) -> None:
    left = form.money("TotalAmt") - form.used
    _settle_home_amount(form, "Balance", "HomeBalance", left)
    form.set_money("Balance", left)
    form.set_money("RemainingCredit", left)


def settle_receipt(form: Form) -> None:
    """Paid at once: the money is in an account, nothing stays open."""
    settle(form)
    settle_deposit_account(form)
    form.document["Balance"] = 0


def settle_open_receipt(form: Form) -> None:
    """Nothing of it is open: only what is shown of a deposit moves."""


def settle_deposit_account(form: Form) -> None:
    """
    Where the money is: Undeposited Funds unless an account is named.

    Raises:
        Fault: 6430 for an account that holds no money.
    """
    id = form.ref("DepositToAccountRef") or form.company.account("undeposited")["value"]
    account = form.company.find("Account", id) or {}
    if account.get("AccountType") not in HOLDS_MONEY and "DepositToAccountRef" in form.sent:
        raise errors.wrong_account_type("DepositToAccountRef")
    form.document["DepositToAccountRef"] = form.company.account_named(id)


def _settle_home_amount(
    form: Form, name: str, home_name: str, amount: Decimal | None = None
) -> None:
    """The amount in the company's own currency, where it uses several (4.6.1)."""
    if not form.company.preference("CurrencyPrefs", "MultiCurrencyEnabled"):
        form.document.pop(home_name, None)
        return
    rate = Decimal(form.get("ExchangeRate") or 1)
    form.set_money(home_name, (form.money(name) if amount is None else amount) * rate)


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
    if form.before is not None:
        for name in ("BillAddr", "ShipAddr"):
            _free_lines(form, name, customer or {})
        return
    _fill_ship_from(form)
    if customer is None:
        return
    payer = customer
    if customer.get("BillWithParent") and customer.get("ParentRef"):
        payer = form.company.find("Customer", customer["ParentRef"]["value"]) or customer
    for name, source in (("BillAddr", payer), ("ShipAddr", customer)):
        if name not in form.document and source.get(name):
            form.document[name] = dict(source[name])


def _fill_copies(form: Form) -> None:
    """Who gets copies of a new form's mail, unless it says so itself: as in Preferences (4.6.1)."""
    if form.before is not None:
        return
    for name, source in (("BillEmailCc", "SalesEmailCc"), ("BillEmailBcc", "SalesEmailBcc")):
        address = form.company.preference("SalesFormsPrefs", source)
        if address and name not in form.sent:
            form.document[name] = dict(address)


def _fill_ship_from(form: Form) -> None:
    """The company's own address, as free lines."""
    address = (form.company.find("CompanyInfo", "1") or {}).get("CompanyAddr")
    if address and "ShipFromAddr" not in form.document:
        form.document["ShipFromAddr"] = _as_lines([], address)


def _free_lines(form: Form, name: str, customer: dict[str, Any]) -> None:
    """An address that was edited on the form comes back as free lines (4.0)."""
    address, before = form.get(name), form.was(name) or {}
    if name not in form.sent or not address:
        return
    if all(address.get(part) == before.get(part) for part in {*address, *before} - {"Id"}):
        return
    if any(address.get(part) for part in CITY_PARTS):
        whose = [customer.get("DisplayName"), customer.get("CompanyName")]
        address = _as_lines([each for each in dict.fromkeys(whose) if each], address)
    form.document[name] = {part: text for part, text in address.items() if part != "Id"}


CITY_PARTS = ("City", "CountrySubDivisionCode", "PostalCode", "Country")


def _as_lines(above: list[str], address: dict[str, Any]) -> dict[str, Any]:
    """Names, street and city as Line1 to Line5; what is too many stands in the last one."""
    street = [address[f"Line{number}"] for number in range(1, 6) if address.get(f"Line{number}")]
    city, *rest = (address.get(part, "") for part in CITY_PARTS)
    last = ", ".join(part for part in (city, " ".join(each for each in rest if each)) if part)
    texts = [each for each in (*above, *street, last) if each]
    texts = [*texts[:4], " ".join(texts[4:])[:500]]
    return {f"Line{number}": text for number, text in enumerate(texts, 1) if text}


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
        Posting(
            form.ref("DepositToAccountRef") or form.company.account("undeposited")["value"], deposit
        ),
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
