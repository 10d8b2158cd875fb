"""Account (4.5): the chart of accounts. The balances are set by `books`, never by an app."""

from typing import Any

from .. import errors
from ..money import home_currency
from .account_types import CLASSIFICATION, SUB_TYPES, TYPE_OF
from .base import Entity, Field, Find, Hierarchy, Kind, Shape

NO_ACCOUNT_NAME_CHARACTERS = '":\t\n\r'
# QuickBooks posts to these by itself.
SYSTEM_SUB_TYPES = {
    "UndepositedFunds",
    "RetainedEarnings",
    "OpeningBalanceEquity",
    "AccountsReceivable",
}


def fill_from_company(account: dict[str, Any], preferences: dict[str, Any]) -> None:
    account.setdefault("CurrencyRef", home_currency(preferences))


def settle_type(account: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    """Type, sub type and classification fit together: one of the first two tells the rest."""
    kind, sub = account.get("AccountType"), account.get("AccountSubType")
    if current and kind != current["AccountType"] and sub == current["AccountSubType"]:
        sub = None
    elif current and kind == current["AccountType"] and sub != current["AccountSubType"] and sub:
        kind = None
    if kind is None:
        if sub is None:
            raise errors.invalid_account_type("AccountType", "")
        kind = TYPE_OF.get(sub, "")
    if kind not in SUB_TYPES:
        raise errors.invalid_account_type("AccountType", kind or str(sub))
    if sub is None:
        sub = SUB_TYPES[kind][0]
    if sub not in SUB_TYPES[kind]:
        raise errors.invalid_account_type("AccountSubType", sub)
    account |= {
        "AccountType": kind,
        "AccountSubType": sub,
        "Classification": CLASSIFICATION[kind],
    }
    ends = current.get("Active") and not account["Active"]
    if ends and current["AccountSubType"] in SYSTEM_SUB_TYPES:
        raise errors.business_validation(
            "This account is used by QuickBooks itself and cannot be made inactive.", "Active"
        )


ACCOUNT = Entity(
    name="Account",
    shape=Shape.NAME_LIST,
    noun="account",
    counter="account",
    name_field="Name",
    name_space="accounts",
    unique_within_parent=True,
    required=("Name",),
    required_in_updates=("Name",),
    reference_kind="Accounts",
    balance="CurrentBalance",
    balance_with_children="CurrentBalanceWithSubAccounts",
    hierarchy=Hierarchy(flag="SubAccount", level=""),
    default_order="name_key",
    sends_events=("Create", "Update", "Delete", "Merge"),
    on_create=fill_from_company,
    on_change=settle_type,
    fields=(
        Field("Name", limit=100, forbidden=NO_ACCOUNT_NAME_CHARACTERS, filters=True, sorts=True),
        Field("SubAccount", Kind.BOOL, default=False, read_only=True),
        Field("ParentRef", Kind.REF, refers_to="Account"),
        Field("Description", limit=100),
        Field("FullyQualifiedName", read_only=True, filters=True, sorts=True),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True, sorts=True),
        Field("Classification", read_only=True, filters=True, sorts=True),
        Field("AccountType", limit=100, keeps=True, filters=True, sorts=True),
        Field("AccountSubType", limit=100, keeps=True, filters=True, sorts=True),
        Field("AcctNum", limit=7, forbidden=":"),
        Field("CurrentBalance", Kind.DECIMAL, default=0, read_only=True, filters=True, sorts=True),
        Field(
            "CurrentBalanceWithSubAccounts",
            Kind.DECIMAL,
            default=0,
            read_only=True,
            filters=True,
            sorts=True,
        ),
        Field("CurrencyRef", Kind.REF, keeps=True, fixed=True),
        Field("TaxCodeRef", Kind.REF, refers_to="TaxCode"),
    ),
)
