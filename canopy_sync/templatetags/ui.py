"""Small tags that every template may use without loading them."""

from __future__ import annotations

from decimal import Decimal

from django.forms import BoundField
from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.money import write_money, write_number

register = Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a symbol of components/icons.html. Says nothing aloud: the word stands beside it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Draw the control of a form field in the look of ui.css. Its label says what it is for."""
    field.field.widget.attrs.pop("placeholder", None)  # django-allauth repeats the label there
    is_box = getattr(field.field.widget, "input_type", "") in ("checkbox", "radio", "file")
    return field.as_widget(attrs={} if is_box else {"class": "in"})


@register.filter
def rate(value: Decimal) -> str:
    """Write a rate with at least 2 decimals and no idle zeros: 1,234.50, 0.0000001."""
    whole, _, decimals = f"{value:,.7f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


@register.filter
def percent(value: Decimal) -> str:
    """Write a percentage without idle zeros: 5, 6.25."""
    return f"{value.normalize():f}"


@register.filter
def rate_typed(value: Decimal) -> str:
    """Write a rate as it is typed into a field: 1234.50, 0.0000001."""
    return rate(value).replace(",", "")


@register.filter
def money(amount: Decimal, currency: str = "") -> str:
    """Write an amount: {{ invoice.total|money:invoice.currency }} is $1,234.50, below 0 (63.75)."""
    return write_money(amount, currency)


@register.filter
def quantity(value: Decimal) -> str:
    """Write a quantity without idle zeros: 2, 2.25."""
    return write_number(value)
