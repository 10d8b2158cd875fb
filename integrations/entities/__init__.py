"""What is kept equal: every entity by its key, in the order in which they depend on one another."""

from integrations.entities.base import EntitySpec, Half, Local, LocalRefused, LocalStore
from integrations.entities.contact import CONTACT
from integrations.entities.invoice import INVOICE
from integrations.entities.payment import PAYMENT
from integrations.entities.service_item import SERVICE_ITEM

ENTITIES: dict[str, EntitySpec] = {
    spec.key: spec for spec in (CONTACT, SERVICE_ITEM, INVOICE, PAYMENT)
}


def entities_of(profile: str, *, with_billing: bool) -> list[str]:
    """Keys of what a connection of this profile keeps equal; the half of billing only if on."""
    return [
        key
        for key, spec in ENTITIES.items()
        if spec.directions[profile] and (with_billing or spec.half is Half.CONTACTS)
    ]


__all__ = [
    "CONTACT",
    "ENTITIES",
    "INVOICE",
    "PAYMENT",
    "SERVICE_ITEM",
    "EntitySpec",
    "Half",
    "Local",
    "LocalRefused",
    "LocalStore",
    "entities_of",
]
