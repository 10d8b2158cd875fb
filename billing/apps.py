"""What contacts' pages show of billing."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import contact_panels

        contact_panels.install()
