"""What an invoice comes to. Sections are of the rules for lines (6070), tax and discounts."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import date
from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing.totals import (
    Discount,
    DiscountTooLarge,
    Line,
    NotAnAmount,
    Status,
    TaxRate,
    TotalBelowZero,
    compute_balance,
    compute_totals,
    derive_status,
    line_amount,
)

EIGHT = TaxRate(name="California", percent=D("8"))


def line(amount: str, *, is_taxable: bool = False) -> Line:
    return Line(amount=D(amount), is_taxable=is_taxable)


# -- Lines -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("quantity", "rate", "amount"),
    [
        ("4", "75", "300.00"),
        ("4", "12.5", "50.00"),
        ("128.350", "14.50", "1861.08"),  # 1861.075: QuickBooks refuses 1861.07
        ("1", "0.005", "0.01"),
        ("1", "0.0049999", "0.00"),
        ("-1", "0.005", "-0.01"),  # away from zero
        ("-2", "10", "-20.00"),
        ("2", "-10", "-20.00"),
        ("0", "75", "0.00"),
        ("-0", "75", "0.00"),
        ("0.3333333", "3", "1.00"),
        ("99999999999", "0.9999999", "99999989999.00"),
        ("1234567.1234567", "1234.1234567", "1523608245.93"),
    ],
)
def test_a_line_is_quantity_times_rate_half_up_to_the_cent(quantity, rate, amount):
    found = line_amount(quantity=D(quantity), rate=D(rate))

    assert str(found) == amount
    assert Line.typed(quantity=D(quantity), rate=D(rate)).amount == found


def test_a_stored_amount_stands_though_no_product_makes_it():
    assert compute_totals([line("1861.07")]).subtotal == D("1861.07")


@pytest.mark.parametrize(
    ("quantity", "rate", "words"),
    [
        ("1.00000001", "1", "The quantity can have at most 7 decimals"),
        ("1", "0.00000001", "The rate can have at most 7 decimals"),
        ("NaN", "1", "The quantity has to be a number"),
        ("1", "Infinity", "The rate has to be a number"),
        ("1E+12", "1", "The quantity can be at most 99,999,999,999"),
        ("1E+11", "0", "The quantity can be at most"),
        ("-1E+9999999", "0", "The quantity can be at most"),
        ("1E-9999999", "0", "The quantity can have at most 7 decimals"),
        ("1", "1." + "0" * 90 + "1", "The rate can have at most 7 decimals"),
        ("99999999999", "2", "The amount of a line can be at most"),
    ],
)
def test_an_impossible_line_is_refused_in_words(quantity, rate, words):
    with pytest.raises(NotAnAmount, match=words):
        line_amount(quantity=D(quantity), rate=D(rate))


def test_zeros_at_the_end_are_not_decimals():
    assert line_amount(quantity=D("0E-20"), rate=D("10E+2")) == 0
    assert line_amount(quantity=D("1.000000000"), rate=D("2.50000000000")) == D("2.50")


def test_a_stored_amount_has_whole_cents():
    with pytest.raises(NotAnAmount, match="at most 2 decimals"):
        line("1.005")


FLOATS = [
    lambda: line_amount(quantity=1.5, rate=D("1")),
    lambda: line_amount(quantity=D("1"), rate=1.5),
    lambda: Line(amount=1.5),
    lambda: Line(amount=2),
    lambda: Discount(percent=10.0),
    lambda: Discount(amount=10.0),
    lambda: TaxRate(name="x", percent=8.7),
    lambda: compute_totals([line("1")], given_tax=0.1),
    lambda: compute_balance(total=1.0, applied=D("0"), credits=D("0")),
    lambda: compute_balance(total=D("1"), applied=0.5, credits=D("0")),
    lambda: compute_balance(total=D("1"), applied=D("0"), credits=0.5),
    lambda: status(total=1.0),
    lambda: status(balance=1.0),
]


@pytest.mark.parametrize("attempt", FLOATS)
def test_anything_but_a_decimal_is_refused(attempt):
    with pytest.raises(TypeError, match="a Decimal, not a"):
        attempt()


# -- Discount, tax, total --------------------------------------------------------------------------
TWO_LINES = (line("300"), line("50", is_taxable=True))


def test_a_discount_after_tax_leaves_the_tax_as_it_is():
    found = compute_totals(TWO_LINES, discount=Discount(percent=D("10")), rates=[EIGHT])

    assert (found.subtotal, found.discount, found.taxable_base) == (D("350"), D("35"), D("50"))
    assert (found.tax, found.total) == (D("4.00"), D("319.00"))
    assert (found.taxed_discount, found.untaxed_discount) == (D("0"), D("0"))


@pytest.mark.parametrize("discount", [{"percent": D("10")}, {"amount": D("35")}])
def test_a_discount_before_tax_is_spread_in_proportion(discount):
    found = compute_totals(
        TWO_LINES, discount=Discount(**discount, is_before_tax=True), rates=[EIGHT]
    )

    assert (found.taxed_discount, found.untaxed_discount) == (D("5"), D("30"))
    assert (found.taxable_base, found.tax, found.total) == (D("45"), D("3.60"), D("318.60"))


def test_a_share_of_the_discount_is_rounded_once_and_the_rest_is_the_other_share():
    lines = [line("10", is_taxable=True), line("20")]

    found = compute_totals(lines, discount=Discount(amount=D("0.10"), is_before_tax=True))

    assert (found.taxed_discount, found.untaxed_discount) == (D("0.03"), D("0.07"))


def test_tax_is_rounded_per_rate_of_the_code():
    rates = [TaxRate(name="City", percent=D("2")), TaxRate(name="State", percent=D("6.7"))]

    found = compute_totals([line("10.25", is_taxable=True)], rates=rates)

    # 0.205 and 0.68675; in one sum it would be 0.89175, so 0.89.
    assert [each.amount for each in found.taxes] == [D("0.21"), D("0.69")]
    assert [each.base for each in found.taxes] == [D("10.25"), D("10.25")]
    assert (found.tax, found.total) == (D("0.90"), D("11.15"))


def test_tax_is_of_the_sum_of_the_taxed_lines_not_line_by_line():
    found = compute_totals([line("0.05", is_taxable=True)] * 3, rates=[EIGHT])

    assert found.tax == D("0.01")  # 0.012; each line alone would give 0.00


@pytest.mark.parametrize("discount", [None, Discount(amount=D("5"), is_before_tax=True)])
def test_a_tax_that_is_given_stands(discount):
    found = compute_totals(TWO_LINES, discount=discount, rates=[EIGHT], given_tax=D("4.01"))

    assert (found.tax, found.taxes) == (D("4.01"), ())
    assert found.total == found.subtotal - found.discount + D("4.01")


def test_without_rates_there_is_no_tax():
    assert compute_totals(TWO_LINES).tax == 0


def test_no_lines_come_to_nothing():
    found = compute_totals([], discount=Discount(percent=D("10"), is_before_tax=True))

    assert {str(getattr(found, each.name)) for each in fields(found)} == {"0.00", "()"}


def test_a_negative_line_lowers_the_total_and_its_tax():
    found = compute_totals(
        [line("100", is_taxable=True), line("-25", is_taxable=True)], rates=[EIGHT]
    )

    assert (found.taxable_base, found.tax, found.total) == (D("75"), D("6.00"), D("81.00"))


def test_a_total_of_nothing_is_possible():
    assert compute_totals([line("25"), line("-25")]).total == 0


def test_a_total_below_0_is_refused_as_a_credit():
    with pytest.raises(TotalBelowZero, match=r"-0\.01.*that is a credit; make it in QuickBooks"):
        compute_totals([line("25"), line("-25.01")])


@pytest.mark.parametrize(
    "discount",
    [{"amount": D("350.01")}, {"amount": D("-1")}, {"percent": D("101")}, {"percent": D("-1")}],
)
@pytest.mark.parametrize("is_before_tax", [False, True])
def test_a_discount_is_between_nothing_and_the_lines(discount, is_before_tax):
    with pytest.raises(DiscountTooLarge, match=r"between 0 and .* 350\.00"):
        compute_totals(TWO_LINES, discount=Discount(**discount, is_before_tax=is_before_tax))


def test_a_discount_may_take_everything():
    whole = Discount(percent=D("100"), is_before_tax=True)

    assert compute_totals(TWO_LINES, discount=whole, rates=[EIGHT]).total == 0


@pytest.mark.parametrize("both", [{}, {"percent": D("1"), "amount": D("1")}])
def test_a_discount_is_a_percentage_or_an_amount(both):
    with pytest.raises(ValueError, match="not both"):
        Discount(**both)


# -- Balance, status -------------------------------------------------------------------------------
def test_the_balance_is_the_total_less_payments_and_credits():
    found = compute_balance(total=D("319"), applied=D("100.50"), credits=D("18.50"))

    assert str(found) == "200.00"


DUE = date(2026, 12, 22)


def status(**changes: object) -> Status:
    usual = {
        "is_draft": False,
        "is_void": False,
        "total": D("319"),
        "balance": D("319"),
        "due_on": DUE,
        "today": DUE,
    }
    return derive_status(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Status.SENT),  # due today is not late
        ({"today": date(2026, 12, 23)}, Status.OVERDUE),
        ({"balance": D("318.99")}, Status.PART_PAID),
        ({"balance": D("1"), "today": date(2026, 12, 23)}, Status.OVERDUE),
        ({"balance": D("0")}, Status.PAID),
        ({"balance": D("0"), "today": date(2027, 1, 1)}, Status.PAID),
        ({"balance": D("-1")}, Status.PAID),
        ({"total": D("0"), "balance": D("0")}, Status.PAID),  # not void
        ({"is_draft": True, "today": date(2027, 1, 1)}, Status.DRAFT),
        ({"is_void": True, "total": D("0"), "balance": D("0")}, Status.VOID),
        ({"is_void": True, "balance": D("1")}, Status.VOID),
    ],
)
def test_the_status_is_derived(changes, expected):
    assert status(**changes) == expected


# -- Laws ------------------------------------------------------------------------------------------
seven = st.decimals(-10_000, 10_000, places=7)
cents = st.decimals(-100_000, 100_000, places=2)
lines_of_sales = st.lists(st.builds(Line, amount=cents, is_taxable=st.booleans()), max_size=12)
percents = st.decimals(0, 100, places=4)
rates_of_tax = st.lists(st.builds(TaxRate, name=st.just("t"), percent=percents), max_size=3)


def in_cents(exact: Fraction) -> D:
    """Half up, away from zero, in whole numbers: another way than the code's own."""
    scaled = abs(exact) * 100
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return D(whole if exact >= 0 else -whole).scaleb(-2)


@given(seven, seven)
def test_law_a_line_is_the_exact_product_half_up(quantity, rate):
    assert line_amount(quantity=quantity, rate=rate) == in_cents(
        Fraction(quantity) * Fraction(rate)
    )


@given(st.integers(-100_000, 100_000))
def test_law_half_a_cent_goes_away_from_zero(number):
    halves = D(2 * number + 1).scaleb(-3) * 5  # 0.005, 0.015, ...

    assert line_amount(quantity=D("1"), rate=halves) == in_cents(Fraction(halves))


@given(lines_of_sales, st.randoms(use_true_random=False))
def test_law_the_order_of_lines_does_not_matter(lines, rng: random.Random):
    assume(sum(each.amount for each in lines) >= 0)
    shuffled = rng.sample(lines, len(lines))

    assert compute_totals(lines) == compute_totals(shuffled)
    assert compute_totals(lines).subtotal == sum(each.amount for each in lines)


@st.composite
def sales(draw):
    """Lines that come to something, a discount that fits, rates."""
    lines = draw(lines_of_sales)
    subtotal = sum((each.amount for each in lines), D("0.00"))
    if subtotal < 0:
        lines.append(Line(amount=-subtotal, is_taxable=draw(st.booleans())))
        subtotal = D("0.00")
    kind = draw(st.sampled_from(["percent", "amount"]))
    value = draw(percents if kind == "percent" else st.decimals(0, subtotal, places=2))
    discount = Discount(**{kind: value}, is_before_tax=draw(st.booleans()))
    return lines, discount, draw(rates_of_tax)


@given(sales())
def test_law_sums_conserve_and_spreading_loses_no_cent(sale):
    lines, discount, rates = sale
    try:
        found = compute_totals(lines, discount=discount, rates=rates)
    except TotalBelowZero:
        # Only tax on returns can do that: the discount is never more than the lines.
        taxed = sum((each.amount for each in lines if each.is_taxable), D(0))
        assert taxed < 0
        return

    assert found.total == found.subtotal - found.discount + found.tax
    assert found.tax == sum((each.amount for each in found.taxes), D(0))
    assert all(each.amount == in_cents(share(each)) for each in found.taxes)
    taxed = sum((each.amount for each in lines if each.is_taxable), D(0))
    assert found.taxable_base == taxed - found.taxed_discount
    if discount.is_before_tax:
        assert found.taxed_discount + found.untaxed_discount == found.discount
        if found.discount:
            exact = Fraction(found.discount) * Fraction(taxed) / Fraction(found.subtotal)
            assert found.taxed_discount == in_cents(exact)
    else:
        assert found.taxed_discount == found.untaxed_discount == 0


def share(tax) -> Fraction:
    return Fraction(tax.base) * Fraction(tax.rate.percent) / 100


@given(sales())
def test_law_every_result_is_a_decimal_of_whole_cents(sale):
    lines, discount, rates = sale
    try:
        found = compute_totals(lines, discount=discount, rates=rates)
    except TotalBelowZero:
        return

    for each in fields(found):
        value = getattr(found, each.name)
        if each.name != "taxes":
            assert type(value) is D
            assert value.as_tuple().exponent == -2
