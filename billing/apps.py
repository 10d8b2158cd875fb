"""What contacts' pages show of billing, and what moves when two contacts are merged."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import contact_panels
        from billing.services import moving
        from contacts import followers

        contact_panels.install()
        followers.register(followers.Follower(foresee=moving.foresee, follow=moving.follow))
