"""How an entity of ours becomes a payload of QuickBooks, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from integrations.providers.base import Operation, Snapshot


class EntityMapping(Protocol):
    entity: str  # ours: "contact"
    resource: str  # theirs: "Customer"; in paths it is written small
    name_property: str  # "DisplayName"
    is_transaction: bool  # it is voided and deleted, never made inactive
    where: str  # what of the resource is ours, for a listing; "": all of it

    def snapshot(self, payload: Mapping[str, Any]) -> Snapshot:
        """Read an object of an answer. `payload` is JSON-ready: see values.json_ready."""

    def payload(
        self,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        remote_id: str,
        version: int | None,
        kept: Mapping[str, Any],
        company: Mapping[str, Any],
    ) -> dict[str, Any]:
        """
        Build the object of a write. `company`: see Books.compose.

        Raises:
            InvalidValue: a value is outside what QuickBooks takes; the limit is named.
        """

    def params(self, operation: Operation, company: Mapping[str, Any]) -> dict[str, str]:
        """What stands in the address of a write beside its body."""

    def spellings(self, name: str) -> list[str]:
        """The spellings under which QuickBooks may list `name`, inactive ones among them."""
