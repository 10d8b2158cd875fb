"""
US sales tax of a form (4.6.3), classic and automated.

Classic: one tax code for the form, lines flagged TAX or NON; per rate of the code, half up on the
summed taxable base. Automated: QuickBooks chooses the code; an explicit amount may stand.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from .. import errors
from ..money import rounded, to_cents
from .company import Company
from .form import Form
from .lines import discount_of, sum_of

# What changes the tax of a form; without any of it a stored form keeps what it has.
MOVES_TAX = {"Line", "TxnTaxDetail", "CustomerRef", "ApplyTaxAfterDiscount", "LinkedTxn"}


def settle(form: Form) -> Decimal:
    """Write TxnTaxDetail; returns the tax of the form."""
    company = form.company
    if form.before is not None and not form.sent & MOVES_TAX:
        return Decimal((form.get("TxnTaxDetail") or {}).get("TotalTax", 0))
    if not company.preference("TaxPrefs", "UsingSalesTax"):
        form.document.pop("TxnTaxDetail", None)  # dropped silently
        return Decimal(0)
    asked = form.get("TxnTaxDetail") or {}
    is_automated = bool(company.preference("TaxPrefs", "PartnerTaxEnabled"))
    code_id = _automated_code(form) if is_automated else _classic_code(form, asked)
    base = taxable_base(form)
    lines = _tax_lines(company, code_id, base) if code_id and base else []
    total = sum((Decimal(line["Amount"]) for line in lines), Decimal(0))
    explicit = _explicit_amount(form, asked, is_automated)
    if explicit is not None and code_id:
        lines, total = _spread(lines, explicit), explicit
    detail: dict[str, Any] = {}
    if code_id and (lines or total):
        detail["TxnTaxCodeRef"] = {"value": code_id}
    detail["TotalTax"] = rounded(total)
    if lines:
        detail["TaxLine"] = lines
    form.document["TxnTaxDetail"] = detail
    return total


def _classic_code(form: Form, asked: dict[str, Any]) -> str:
    """The code that was sent; without one no tax, or the customer's (`tax_without_code`)."""
    code = str((asked.get("TxnTaxCodeRef") or {}).get("value", ""))
    if not code and form.company.switches.tax_without_code == "customer":
        customer = form.company.find("Customer", form.ref("CustomerRef")) or {}
        code = str((customer.get("DefaultTaxCodeRef") or {}).get("value", ""))
    if not code or code in {"TAX", "NON"}:
        return ""
    form.known("TaxCode", code, lambda: errors.invalid_tax_code(code))
    return code


def _automated_code(form: Form) -> str:
    """The engine's own choice: the company's code, nothing for an exempt customer."""
    customer = form.company.find("Customer", form.ref("CustomerRef")) or {}
    if customer.get("Taxable") is False:
        return ""
    code = form.company.preference("TaxPrefs", "TaxGroupCodeRef") or {}
    return str(code.get("value", ""))


def taxable_base(form: Form) -> Decimal:
    """What is taxed: lines and charges marked TAX, less their share of a discount before tax."""
    lines = sum(
        (
            Decimal(line["Amount"])
            for line in form.items
            if line["SalesItemLineDetail"].get("TaxCodeRef", {}).get("value") == "TAX"
        ),
        Decimal(0),
    )
    charges = [each for each in form.charges if each.get("TaxCodeRef", {}).get("value") == "TAX"]
    base = lines + sum((Decimal(each["Amount"]) for each in charges), Decimal(0))
    discount, _ = discount_of(form.document)
    subtotal = sum_of(form)
    if discount and subtotal and form.get("ApplyTaxAfterDiscount"):
        base -= discount * base / subtotal
    return to_cents(base)


def _tax_lines(company: Company, code_id: str, base: Decimal) -> list[dict[str, Any]]:
    code = company.find("TaxCode", code_id) or {}
    lines = []
    for part in code.get("SalesTaxRateList", {}).get("TaxRateDetail", []):
        rate_id = part["TaxRateRef"]["value"]
        percent = Decimal((company.find("TaxRate", rate_id) or {}).get("RateValue", 0))
        detail = {
            "TaxRateRef": {"value": rate_id},
            "PercentBased": True,
            "TaxPercent": rounded(percent, 7),
            "NetAmountTaxable": rounded(base),
        }
        amount = rounded(to_cents(base * percent / 100))
        lines.append({"Amount": amount, "DetailType": "TaxLineDetail", "TaxLineDetail": detail})
    return lines


def _explicit_amount(form: Form, asked: dict[str, Any], is_automated: bool) -> Decimal | None:
    """
    A TotalTax that stands against the computed one (`explicit_tax`).

    After an edit of the lines it goes or stays as `explicit_tax_after_edit` says.
    """
    switches = form.company.switches
    if switches.explicit_tax == "never":
        return None
    if switches.explicit_tax == "automated" and not is_automated:
        return None
    if "TxnTaxDetail" in form.sent:
        total = asked.get("TotalTax")
        return None if total is None else Decimal(total)
    if "Line" in form.sent and switches.explicit_tax_after_edit == "recompute":
        return None
    return _stood_before(form)


def _stood_before(form: Form) -> Decimal | None:
    """The stored tax, where it is not what its lines come to: then somebody set it."""
    if form.before is None or not form.was("TxnTaxDetail"):
        return None
    old = replace(form, document=form.before, before=None)
    stored = Decimal(form.before["TxnTaxDetail"].get("TotalTax", 0))
    computed = _tax_lines(form.company, _automated_code(old), taxable_base(old))
    is_own = stored != sum((Decimal(line["Amount"]) for line in computed), Decimal(0))
    return stored if is_own else None


def _spread(lines: list[dict[str, Any]], total: Decimal) -> list[dict[str, Any]]:
    """The same rates with amounts that add up to `total`; the last one takes the rest."""
    computed = sum((Decimal(line["Amount"]) for line in lines), Decimal(0))
    left, spread = total, []
    for line in lines:
        is_last = line is lines[-1]
        share = to_cents(total * Decimal(line["Amount"]) / computed) if computed else Decimal(0)
        amount = left if is_last else share
        left -= amount
        spread.append({**line, "Amount": rounded(amount)})
    return spread
