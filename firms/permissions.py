"""Who may do what: the permission names, in one list, and the actor that services ask."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import PermissionDenied
from django.db import models


class Permission(models.TextChoices):
    MANAGE_INTEGRATIONS = "manage_integrations", "Manage Integrations"
    MANAGE_TEAM = "manage_team", "Manage Team"
    MANAGE_CONTACTS = "manage_contacts", "Manage Contacts"
    MANAGE_SERVICE_ITEMS = "manage_service_items", "Manage Service Items"
    EDIT_INVOICES = "edit_invoices", "Create & Edit Invoices"
    RECORD_PAYMENTS = "record_payments", "Record Payments"
    VIEW_ONLY = "view_only", "View Only"


ADMIN = tuple(Permission)
STAFF = (
    Permission.MANAGE_CONTACTS,
    Permission.MANAGE_SERVICE_ITEMS,
    Permission.EDIT_INVOICES,
    Permission.RECORD_PAYMENTS,
    Permission.VIEW_ONLY,
)
VIEWER = (Permission.VIEW_ONLY,)


class ActorKind(StrEnum):
    PERSON = "person"
    TOKEN = "token"
    SYNC = "sync"


class NotAllowed(PermissionDenied):
    """Your role lacks the permission this needs."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission
        super().__init__(
            f"This needs the {permission.label} permission. "
            "An admin can give it to you in Team and roles."
        )


class WrongFirm(PermissionDenied):
    """The record belongs to another firm."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a request came from, as the audit log keeps it; nothing of it is proof."""

    ip: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks a service for something: a person, a token, or the sync, in one firm."""

    kind: ActorKind
    firm_id: int
    label: str  # "Priya Raman", "QuickBooks"
    permissions: Set[str]
    user_id: int | None = None
    token_id: int | None = None  # of an API token
    made_by_id: int | None = None  # the person who made that token
    origin: Origin = Origin()

    @classmethod
    def for_sync(cls, *, firm_id: int, label: str = "QuickBooks") -> Actor:
        """The sync itself: writes what QuickBooks holds, bound by no role."""
        return cls(
            kind=ActorKind.SYNC, firm_id=firm_id, label=label, permissions=frozenset(Permission)
        )

    @property
    def person_id(self) -> int | None:
        """The person who stands behind it: they ask themselves, or made the token that does."""
        return self.user_id if self.user_id is not None else self.made_by_id

    @property
    def is_sync(self) -> bool:
        return self.kind is ActorKind.SYNC

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions

    def must_be_of(self, firm_id: int) -> None:
        """
        Raises:
            WrongFirm: the record is of another firm.
        """
        if firm_id != self.firm_id:
            raise WrongFirm("This record belongs to another firm.")

    def must(self, permission: Permission, *, in_firm: int) -> None:
        """
        Raises:
            WrongFirm: the record is of another firm.
            NotAllowed: the actor's role lacks `permission`.
        """
        self.must_be_of(in_firm)
        if not self.can(permission):
            raise NotAllowed(permission)
