"""
References into the company's short lists, which are no pairs: tax codes, terms, payment methods.

What the books call by an id is a rate, a number of days or a name here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.entities.base import id_of_theirs, theirs
from integrations.errors import SetUpNeeded
from integrations.models import Connection, TaxCode
from integrations.reconcile.record import UNKNOWN, Ref, Unknown
from integrations.sync.rules import lists_of, rules_of


def to_local(connection: Connection, ref: Ref) -> Any:
    """What an id of a short list means here; UNKNOWN where the list as last read has no such id."""
    return TABLES[ref.entity](connection, ref.remote_id)


def to_remote(connection: Connection, entity: str, value: Any) -> Any:
    """
    Our value as the mapping takes it: days and names as they are, a tax rate as its code.

    Raises:
        SetUpNeeded: no tax code of the books means our rate.
    """
    if entity != "tax_code":
        return value
    code_id = id_of_theirs(value)
    if code_id is not None:
        return Ref(entity, code_id)
    code = TaxCode.objects.filter(connection=connection, tax_rate_id=value).first()
    if code is None:
        raise SetUpNeeded(
            "No tax code of QuickBooks is chosen for its tax rate.",
            what_to_do="Choose the tax code under Rules, then retry.",
        )
    return Ref(entity, code.remote_id)


def _tax_rate(connection: Connection, code_id: str) -> Any:
    """Our rate; their code where none of ours means it; nothing where tax is automated."""
    if rules_of(connection).is_tax_automated:
        return None
    code = TaxCode.objects.filter(connection=connection, remote_id=code_id).first()
    if code is None or code.tax_rate_id is None:
        return theirs(code_id)
    return code.tax_rate_id


def _days(connection: Connection, term_id: str) -> int | None | Unknown:
    """None for terms by the day of a month."""
    terms = {str(each["id"]): each.get("days") for each in lists_of(connection, "terms")}
    return terms.get(term_id, UNKNOWN)


def _method(connection: Connection, method_id: str) -> str | Unknown:
    methods = {str(each["id"]): str(each["name"]) for each in lists_of(connection, "methods")}
    return methods.get(method_id, UNKNOWN)


TABLES: Mapping[str, Callable[[Connection, str], Any]] = {
    "tax_code": _tax_rate,
    "term": _days,
    "payment_method": _method,
}
