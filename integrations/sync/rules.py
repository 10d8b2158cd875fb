"""What a connection's rules, and its company's preferences, mean for its records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.dateparse import parse_date

from integrations.entities import EntitySpec, Local
from integrations.entities.base import Rules, theirs
from integrations.entities.contact import fold
from integrations.entities.invoice import is_po_field
from integrations.models import Connection, Link
from integrations.reconcile.policy import Direction, OnConflict, Policy


def rules_of(connection: Connection, options: Mapping[str, Any] | None = None) -> Rules:
    """`options`: what a person chose for one pair (Link.options)."""
    preferences = preferences_of(connection)
    default_items = frozenset((options or {}).get("default_items") or ())
    return Rules(
        profile=connection.profile,
        syncs_notes=connection.syncs_notes,
        syncs_private_notes=connection.syncs_private_notes,
        sends_numbers=(
            preferences.get("own_numbers") is True
            and connection.number_rule == Connection.NumberRule.OURS
        ),
        is_tax_automated=preferences.get("automated_sales_tax") is True,
        has_po_field=po_field(preferences) is not None,
        deletes_voided=connection.void_rule == Connection.VoidRule.DELETE,
        invoices_direction=Direction(connection.invoices_direction),
        uses_default_item=(
            connection.profile == Connection.Profile.PUSH_ONLY
            or bool(options and options.get("use_default_item"))
        ),
        number_there=str((options or {}).get("number_there") or ""),
        default_items=default_items,
        default_item=_default_item(connection) if default_items else None,
        methods=frozenset(fold(each["name"]) for each in lists_of(connection, "methods")),
    )


def _default_item(connection: Connection) -> int | str | None:
    """The default service as a line of ours tells of it."""
    remote_id = ((connection.defaults or {}).get("service_item") or {}).get("id")
    if not remote_id:
        return None
    link = Link.objects.filter(
        connection=connection,
        entity="service_item",
        remote_id=remote_id,
        state=Link.State.LINKED,
    ).first()
    return theirs(str(remote_id)) if link is None else link.local_id


def policy_of(
    connection: Connection,
    spec: EntitySpec,
    local: Local | None = None,
    *,
    options: Mapping[str, Any] | None = None,
) -> Policy:
    """
    Which way this entity flows, and which groups stay out of it for `local`.

    `options`: what a person chose for the pair; numbers it has apart stay so: numbers_apart.py.
    """
    rules = rules_of(connection, options)
    kept_out = set(spec.kept_out(rules, local))
    if options and (options.get("number_there") or options.get("numbers")):
        kept_out.add("number")
    return Policy(
        direction=spec.direction(rules),
        on_conflict=OnConflict(connection.on_conflict),
        without=frozenset(kept_out),
        leaves_ends=bool(options and options.get("leave")),
    )


def takes_transactions(connection: Connection) -> bool:
    """Outside the US taxes work another way: contacts and service items only (ledger rule 41)."""
    country = str(connection.company_facts.get("country") or "")
    return country in ("", "US", "USA", "United States")


def books_closed_until(firm_id: int) -> date | None:
    """The last closed day of the firm's books, once its invoices sync; None where none is."""
    connection = Connection.objects.filter(firm_id=firm_id, billing_synced_at__isnull=False).first()
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return None
    return parse_date(str(preferences_of(connection).get("books_closed_on") or ""))


def preferences_of(connection: Connection) -> Mapping[str, Any]:
    """Of the company, as last read; {} where never."""
    return connection.company_facts.get("preferences") or {}


def lists_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    """A list of the company, as last read: "terms", "methods", "tax_codes", accounts."""
    lists = connection.company_facts.get("lists") or {}
    return list(lists.get(name) or [])


def po_field(preferences: Mapping[str, Any]) -> str | None:
    """The name of the custom field there that is for PO numbers; None where there is none."""
    names = preferences.get("custom_fields") or []
    return next((str(name) for name in names if is_po_field(str(name))), None)
