"""The mappings by the key of our entity; the files are named as those of `entities/`."""

from integrations.providers.quickbooks.mapping.base import EntityMapping
from integrations.providers.quickbooks.mapping.contact import ContactMapping
from integrations.providers.quickbooks.mapping.invoice import InvoiceMapping
from integrations.providers.quickbooks.mapping.payment import PaymentMapping
from integrations.providers.quickbooks.mapping.service_item import ServiceItemMapping

MAPPINGS: dict[str, EntityMapping] = {
    each.entity: each
    for each in (
        ContactMapping(),
        ServiceItemMapping(),
        InvoiceMapping(),
        PaymentMapping(),
    )
}
BY_RESOURCE: dict[str, EntityMapping] = {each.resource: each for each in MAPPINGS.values()}

__all__ = ["BY_RESOURCE", "MAPPINGS", "EntityMapping"]
