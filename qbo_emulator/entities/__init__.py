"""The entities the emulator knows, a short file each. To add one: describe it, list it here."""

from .base import Entity, Field, Kind, Shape
from .company_info import COMPANY_INFO
from .customer import CUSTOMER
from .employee import EMPLOYEE
from .preferences import PREFERENCES
from .vendor import VENDOR

ENTITIES: tuple[Entity, ...] = (CUSTOMER, VENDOR, EMPLOYEE, COMPANY_INFO, PREFERENCES)
BY_NAME = {entity.name: entity for entity in ENTITIES}
BY_PATH = {entity.path: entity for entity in ENTITIES}

__all__ = ["BY_NAME", "BY_PATH", "ENTITIES", "Entity", "Field", "Kind", "Shape"]
