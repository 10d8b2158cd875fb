"""Which event rings the outbox, what other pages show of the books, and what follows a merge."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations import outbox
        from integrations.entities import ENTITIES

        for spec in ENTITIES.values():
            outbox.listen(spec)

        from billing import periods
        from integrations.sync.rules import books_closed_until

        periods.register(books_closed_until)

        from contacts import followers
        from integrations.sync import merging

        followers.register(
            followers.Follower(foresee=merging.foresee, follow=merging.follow, hold=merging.hold)
        )

        from integrations.web import billing_panels, panels

        panels.install()
        billing_panels.install()

        from firms import remote_ids
        from integrations.api.remote_ids import ids_in_the_books

        remote_ids.register(ids_in_the_books)
