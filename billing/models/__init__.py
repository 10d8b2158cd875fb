"""What is sold and what is owed. May know contacts; knows nothing of sync."""

from billing.models.service_item import ServiceItem

__all__ = ["ServiceItem"]
