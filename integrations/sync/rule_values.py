"""The values that a connection's rules can have: what may be chosen, and what is chosen now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from billing.models import TaxRate
from integrations.models import Connection, Link, TaxCode
from integrations.reconcile.policy import Direction, OnConflict
from integrations.sync.rules import lists_of

Entry = Mapping[str, str]  # {"id", "label"}: a record of the books

FIXED: Mapping[str, Sequence[Any]] = {
    "on_conflict": tuple(each.value for each in OnConflict),
    "syncs_notes": (False, True),
    "syncs_private_notes": (False, True),
    "invoices_direction": (Direction.TWO_WAY.value, Direction.PUSH.value),
    "number_rule": tuple(Connection.NumberRule.values),
    "void_rule": tuple(Connection.VoidRule.values),
}
DEFAULTS = ("service_item", "income_account", "deposit_account")
TAX_CODES = "tax_codes"
NAMES = (*FIXED, *DEFAULTS, TAX_CODES)
# Of push_only, where nothing ever comes in.
PUSHED: Mapping[str, Any] = {
    "invoices_direction": Direction.PUSH.value,
    "number_rule": Connection.NumberRule.THEIRS.value,
    "void_rule": Connection.VoidRule.DELETE.value,
}
BOTH_WAYS: Mapping[str, Any] = {
    "invoices_direction": Direction.TWO_WAY.value,
    "number_rule": Connection.NumberRule.OURS.value,
    "void_rule": Connection.VoidRule.VOID.value,
}


class RuleNotPossible(ValueError):
    """It cannot be chosen. `str()` is a sentence for the person."""

    def __init__(self, sentence: str, *, field: str) -> None:
        self.field = field
        super().__init__(sentence)


def current(connection: Connection) -> dict[str, Any]:
    """Every rule as it is: columns, ids of the books ("" for none), code by tax rate."""
    chosen = connection.defaults or {}
    return {
        **{name: getattr(connection, name) for name in FIXED},
        **{name: str((chosen.get(name) or {}).get("id") or "") for name in DEFAULTS},
        TAX_CODES: _mapped(connection),
    }


def version(rules: Mapping[str, Any]) -> int:
    """A number that differs where rules (see `current`) do; below 2 to the 29th."""
    told = json.dumps({**rules, TAX_CODES: sorted(rules[TAX_CODES].items())}, sort_keys=True)
    return crc32(told.encode()) >> 3


def _mapped(connection: Connection) -> dict[int, str]:
    codes = TaxCode.objects.filter(connection=connection, tax_rate_id__isnull=False)
    return {
        rate_id: remote_id
        for rate_id, remote_id in codes.values_list("tax_rate_id", "remote_id")
        if rate_id is not None
    }


# -- What may be chosen --------------------------------------------------------------------------


def choices(connection: Connection, name: str) -> list[Entry]:
    """The records of the books that may be the default `name`, with the one chosen now."""
    found = _service_items(connection) if name == "service_item" else _accounts(connection, name)
    now = (connection.defaults or {}).get(name) or {}
    if now.get("id") and all(each["id"] != now["id"] for each in found):
        found = [{"id": str(now["id"]), "label": str(now.get("label") or now["id"])}, *found]
    return found


def _accounts(connection: Connection, name: str) -> list[Entry]:
    return [
        {"id": str(each["id"]), "label": str(each["label"])}
        for each in lists_of(connection, f"{name}s")
    ]


def _service_items(connection: Connection) -> list[Entry]:
    """Those that were read with the lists, and those linked with service items of ours."""
    told = {str(each["id"]): str(each["label"]) for each in lists_of(connection, "items")}
    linked = Link.objects.filter(
        connection=connection,
        entity="service_item",
        state=Link.State.LINKED,
        remote_id__isnull=False,
    )
    told |= {str(key): label for key, label in linked.values_list("remote_id", "remote_label")}
    by_name = sorted(told.items(), key=lambda each: each[1].casefold())
    return [{"id": key, "label": label} for key, label in by_name]


def is_bank(connection: Connection, account_id: str) -> bool:
    """Whether money that is received would stand on a bank account at once (ledger rule 22)."""
    lists = connection.company_facts.get("lists") or {}
    return account_id in [str(each) for each in lists.get("bank_ids") or []]


def has_lists(connection: Connection) -> bool:
    """Whether accounts, terms and tax codes of the company were ever read."""
    return bool(connection.company_facts.get("lists"))


# -- What is wanted, checked ---------------------------------------------------------------------


def checked(connection: Connection, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """
    `wanted` in the shape of `current`; None and "" are no default.

    Raises:
        RuleNotPossible: one of them cannot be chosen.
    """
    return {name: _checked(connection, name, value) for name, value in wanted.items()}


def _checked(connection: Connection, name: str, value: Any) -> Any:
    if name in FIXED:
        return _one_of(connection, name, value)
    if name in DEFAULTS:
        return _default(connection, name, value)
    if name == TAX_CODES:
        return _codes(connection, value)
    raise RuleNotPossible("There is no such rule.", field=name)


def _one_of(connection: Connection, name: str, value: Any) -> Any:
    plain = getattr(value, "value", value)
    if plain not in FIXED[name] or isinstance(plain, bool) != isinstance(FIXED[name][0], bool):
        raise RuleNotPossible("Choose one of the values that are offered.", field=name)
    is_one_way = connection.profile == Connection.Profile.PUSH_ONLY
    if name == "invoices_direction" and is_one_way and plain != Direction.PUSH:
        raise RuleNotPossible("This connection goes to QuickBooks only.", field=name)
    return plain


LABELS = {
    "service_item": "a product or service",
    "income_account": "an income account",
    "deposit_account": "an account",
}


def _default(connection: Connection, name: str, value: Any) -> str:
    wanted = str(value or "")
    if wanted and all(each["id"] != wanted for each in choices(connection, name)):
        raise RuleNotPossible(f"Choose {LABELS[name]} of the list.", field=name)
    return wanted


def _codes(connection: Connection, value: Mapping[int, str]) -> dict[int, str]:
    rates = set(TaxRate.objects.for_firm(connection.firm_id).values_list("pk", flat=True))
    codes = set(TaxCode.objects.filter(connection=connection).values_list("remote_id", flat=True))
    found = {rate: str(code) for rate, code in value.items() if code}
    if not set(found) <= rates or not set(found.values()) <= codes:
        raise RuleNotPossible("Choose a tax code of the list.", field=TAX_CODES)
    if len(set(found.values())) < len(found):
        raise RuleNotPossible(
            "A tax code can mean one tax rate only. Choose another for one of the two.",
            field=TAX_CODES,
        )
    return found


def default_entry(connection: Connection, name: str, value: str) -> dict[str, str] | None:
    """As kept in `Connection.defaults`."""
    found = [each for each in choices(connection, name) if each["id"] == value]
    return dict(found[0]) if found else None


def needs_billing(name: str) -> bool:
    """Whether a rule is about invoices and payments."""
    return name not in ("on_conflict", "syncs_notes")


# -- In words, for the activity ------------------------------------------------------------------


def told(connection: Connection, values: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as the activity keeps them: names in place of ids."""
    return {name: _told(connection, name, value) for name, value in values.items()}


def _told(connection: Connection, name: str, value: Any) -> Any:
    if name in DEFAULTS:
        entry = default_entry(connection, name, value)
        return entry["label"] if entry else ""
    if name != TAX_CODES:
        return value
    rates = dict(TaxRate.objects.for_firm(connection.firm_id).values_list("pk", "name"))
    codes = dict(TaxCode.objects.filter(connection=connection).values_list("remote_id", "name"))
    return ", ".join(
        f"{rates.get(rate, rate)}: {codes.get(code, code)}" for rate, code in sorted(value.items())
    )
