"""Transfers: money from one account of the balance sheet to another."""

from .. import errors
from ..ledger import Posting
from ..money import cents
from . import references
from .form import Form
from .sales import settle_head

TYPES = (
    "Bank",
    "Other Current Asset",
    "Fixed Asset",
    "Other Asset",
    "Credit Card",
    "Other Current Liability",
    "Long Term Liability",
    "Equity",
)


def settle(form: Form) -> None:
    """
    Complete a transfer.

    Raises:
        Fault: 2290 for a negative amount, 6430 for accounts money cannot be moved between, 6000
            for an account and itself.
    """
    settle_head(form)
    if form.money("Amount") < 0:
        raise errors.negative_amount("Amount")
    for name in ("FromAccountRef", "ToAccountRef"):
        references.check_account(form, form.ref(name), TYPES, name)
    if form.ref("FromAccountRef") == form.ref("ToAccountRef"):
        raise errors.business_validation(
            "Money cannot be transferred to the account it comes from.", "ToAccountRef"
        )


def post(form: Form) -> list[Posting]:
    amount = cents(form.money("Amount"))
    return [
        Posting(form.ref("FromAccountRef"), -amount),
        Posting(form.ref("ToAccountRef"), amount),
    ]
