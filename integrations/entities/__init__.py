"""What is kept equal: every entity by its key, in the order in which they depend on one another."""

from integrations.entities.base import EntitySpec, Local, LocalRefused, LocalStore
from integrations.entities.contact import CONTACT

ENTITIES: dict[str, EntitySpec] = {spec.key: spec for spec in (CONTACT,)}

__all__ = ["CONTACT", "ENTITIES", "EntitySpec", "Local", "LocalRefused", "LocalStore"]
