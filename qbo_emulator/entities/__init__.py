"""The entities the emulator knows, a short file each. To add one: describe it, list it here."""

from .account import ACCOUNT
from .base import Entity, Field, Find, Kind, Shape
from .company_info import COMPANY_INFO
from .customer import CUSTOMER
from .employee import EMPLOYEE
from .item import ITEM
from .payment_method import PAYMENT_METHOD
from .preferences import PREFERENCES
from .tax import TAX_AGENCY, TAX_CODE, TAX_RATE
from .term import TERM
from .vendor import VENDOR

ENTITIES: tuple[Entity, ...] = (
    CUSTOMER,
    VENDOR,
    EMPLOYEE,
    ITEM,
    ACCOUNT,
    TERM,
    PAYMENT_METHOD,
    TAX_CODE,
    TAX_RATE,
    TAX_AGENCY,
    COMPANY_INFO,
    PREFERENCES,
)
BY_NAME = {entity.name: entity for entity in ENTITIES}
BY_PATH = {entity.path: entity for entity in ENTITIES}

__all__ = ["BY_NAME", "BY_PATH", "ENTITIES", "Entity", "Field", "Find", "Kind", "Shape"]
