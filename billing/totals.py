"""
What an invoice comes to: lines, discount, tax, total, balance, status. Pure.

All money is Decimal, in the invoice's currency; results are whole cents. Half a cent is rounded
away from zero, as QuickBooks does. Nothing else in the product multiplies or rounds money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

from billing.errors import BillingError

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
DECIMALS = 7  # of a quantity, a rate, a percentage. Source: developer.intuit.com, Invoice
MOST = Decimal("99999999999")  # the largest amount. Source: developer.intuit.com, Item.UnitPrice
# The product of two numbers of 11 + 7 digits has 36, more than the usual 28.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


class NotAnAmount(BillingError):
    """The number is no number, too large, or has too many decimals."""


class DiscountTooLarge(BillingError):
    """The discount is negative, or more than the lines come to."""


class TotalBelowZero(BillingError):
    """An invoice cannot come to less than nothing."""


class Status(StrEnum):
    """What an invoice is shown as."""

    DRAFT = "draft"
    SENT = "sent"
    PART_PAID = "part_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its amount in cents (may be negative) and whether tax is due on it."""

    amount: Decimal
    is_taxable: bool = False

    def __post_init__(self) -> None:
        _check("The amount of a line", self.amount, decimals=2)

    @classmethod
    def typed(cls, *, quantity: Decimal, rate: Decimal, is_taxable: bool = False) -> Line:
        """A line as a person types it. One that is stored keeps its amount instead."""
        return cls(amount=line_amount(quantity=quantity, rate=rate), is_taxable=is_taxable)


@dataclass(frozen=True, kw_only=True)
class Discount:
    """
    A percentage of the subtotal (10 is 10 %), or an amount in cents: one of the two.

    Before tax it lowers what is taxed, in proportion; after tax it only lowers the total.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    is_before_tax: bool = False

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("A discount has a percentage or an amount, not both.")
        if self.percent is not None:
            _check("The discount", self.percent, decimals=DECIMALS)
        if self.amount is not None:
            _check("The discount", self.amount, decimals=2)


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    """One rate of a tax code; 8.7 % may be two of them, 2 and 6.7."""

    name: str
    percent: Decimal

    def __post_init__(self) -> None:
        _check("The tax rate", self.percent, decimals=DECIMALS)


@dataclass(frozen=True, kw_only=True)
class TaxOfRate:
    """What one rate comes to: `amount` in cents on `base` in cents."""

    rate: TaxRate
    base: Decimal
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Totals:
    """
    What an invoice comes to, in cents.

    `taxed_discount` and `untaxed_discount` are the shares of a discount before tax, and together
    the discount; both are 0 for one after tax. `taxes` is empty where the tax was given.
    """

    subtotal: Decimal
    discount: Decimal
    taxed_discount: Decimal
    untaxed_discount: Decimal
    taxable_base: Decimal
    taxes: tuple[TaxOfRate, ...]
    tax: Decimal
    total: Decimal


def line_amount(*, quantity: Decimal, rate: Decimal) -> Decimal:
    """
    Multiply quantity and rate (each up to 7 decimals), half up to the cent.

    Raises:
        NotAnAmount: one of them, or the product, is not possible.
    Source: developer.intuit.com, Invoice, error 6070: 128.350 x 14.50 is 1861.08.
    """
    _check("The quantity", quantity, decimals=DECIMALS)
    check_rate(rate)
    amount = _to_cents(EXACT.multiply(quantity, rate))
    _check("The amount of a line", amount, decimals=2)
    return amount


def check_rate(rate: Decimal) -> None:
    """
    Raises:
        NotAnAmount: it is no number, too large, or has more than 7 decimals.
    """
    _check("The rate", rate, decimals=DECIMALS)


def is_possible(value: Decimal, *, decimals: int) -> bool:
    """Say whether `value` could be a quantity or a rate (7 decimals), or money (2)."""
    try:
        _check("It", value, decimals=decimals)
    except NotAnAmount:
        return False
    return True


def compute_totals(
    lines: Sequence[Line],
    *,
    discount: Discount | None = None,
    rates: Sequence[TaxRate] = (),
    given_tax: Decimal | None = None,
    other: Decimal = ZERO,
) -> Totals:
    """
    Add up an invoice.

    Args:
        rates: of the invoice's tax code; none for a contact that is exempt.
        given_tax: the tax in cents that stands as it is, computed by somebody else.
        other: cents that the books add beside lines, discount and tax; part of the total only.
    Raises:
        DiscountTooLarge, TotalBelowZero, NotAnAmount: it cannot be an invoice.
    """
    subtotal = _sum(line.amount for line in lines)
    taxed = _sum(line.amount for line in lines if line.is_taxable)
    taken = _discount_amount(discount, subtotal)
    is_spread = discount is not None and discount.is_before_tax
    taxed_share, untaxed_share = _spread(taken, taxed, subtotal) if is_spread else (ZERO, ZERO)
    base = EXACT.subtract(taxed, taxed_share)
    taxes: tuple[TaxOfRate, ...] = ()
    if given_tax is None:
        taxes = tuple(_tax_of(rate, base) for rate in rates)
        tax = _sum(each.amount for each in taxes)
    else:
        _check("The tax", given_tax, decimals=2)
        tax = _to_cents(given_tax)
    _check("Other in QuickBooks", other, decimals=2)
    total = EXACT.add(EXACT.add(EXACT.subtract(subtotal, taken), tax), other)
    return Totals(
        subtotal=subtotal,
        discount=taken,
        taxed_discount=taxed_share,
        untaxed_discount=untaxed_share,
        taxable_base=base,
        taxes=taxes,
        tax=tax,
        total=_check_total(total),
    )


def compute_balance(*, total: Decimal, applied: Decimal, credits: Decimal) -> Decimal:
    """
    What is still owed, in cents: the total less payments applied and QuickBooks credits.

    Below 0 where the books hold more than was owed; what people enter is checked in services.
    """
    for name, value in (("The total", total), ("Payments", applied), ("Credits", credits)):
        _check(name, value, decimals=2)
    return _to_cents(EXACT.subtract(EXACT.subtract(total, applied), credits))


def derive_status(
    *, is_draft: bool, is_void: bool, total: Decimal, balance: Decimal, due_on: date, today: date
) -> Status:
    """
    Say what an invoice is shown as; `today` is the firm's date.

    A total of 0 is paid. Of an invoice that is part paid and late, overdue is said.
    """
    _check("The total", total, decimals=2)
    _check("The balance", balance, decimals=2)
    if is_void:
        return Status.VOID
    if is_draft:
        return Status.DRAFT
    if balance <= 0:
        return Status.PAID
    if due_on < today:
        return Status.OVERDUE
    return Status.PART_PAID if balance < total else Status.SENT


def _check_total(total: Decimal) -> Decimal:
    _check("The total", total, decimals=2)
    if total < 0:
        raise TotalBelowZero(
            f"This comes to {total}. An invoice cannot be below 0: that is a credit; "
            "make it in QuickBooks."
        )
    return total


def _discount_amount(discount: Discount | None, subtotal: Decimal) -> Decimal:
    if discount is None:
        return ZERO
    if discount.percent is not None:
        taken = _percent_of(discount.percent, subtotal)
    else:
        assert discount.amount is not None  # one of the two, see Discount
        taken = _to_cents(discount.amount)
    is_negative = taken < 0 or (discount.percent is not None and discount.percent < 0)
    if is_negative or (taken and taken > subtotal):
        raise DiscountTooLarge(
            f"The discount has to be between 0 and what the lines come to, {max(subtotal, ZERO)}."
        )
    return taken


def _spread(taken: Decimal, taxed: Decimal, subtotal: Decimal) -> tuple[Decimal, Decimal]:
    """Split a discount over taxed and untaxed lines in proportion. No cent is lost."""
    if not taken:  # and only then can the subtotal be 0
        return ZERO, ZERO
    share = _to_cents(EXACT.divide(EXACT.multiply(taken, taxed), subtotal))
    return share, EXACT.subtract(taken, share)


def _tax_of(rate: TaxRate, base: Decimal) -> TaxOfRate:
    return TaxOfRate(rate=rate, base=base, amount=_percent_of(rate.percent, base))


def _percent_of(percent: Decimal, amount: Decimal) -> Decimal:
    return _to_cents(EXACT.multiply(amount, percent).scaleb(-2, EXACT))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return _to_cents(total)


def _to_cents(amount: Decimal) -> Decimal:
    """Half up, away from zero; there is no minus nothing."""
    return EXACT.add(amount.quantize(CENT, context=EXACT), ZERO)


def _check(what: str, value: Decimal, *, decimals: int) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(f"{what} is money: a Decimal, not a {type(value).__name__}.")
    if not value.is_finite():
        raise NotAnAmount(f"{what} has to be a number.")
    if not -MOST <= value <= MOST:  # abs() would overflow at 1E+9999999
        raise NotAnAmount(f"{what} can be at most {MOST:,}.")
    if _count_decimals(value) > decimals:
        raise NotAnAmount(f"{what} can have at most {decimals} decimals.")


def _count_decimals(value: Decimal) -> int:
    """Of a finite value; zeros at the end don't count. Exact, however long the number is."""
    if not value:
        return 0
    _, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits))
    idle = len(text) - len(text.rstrip("0"))
    return max(0, -int(exponent) - idle)
