"""Which event rings the outbox."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations import outbox
        from integrations.entities import ENTITIES

        for spec in ENTITIES.values():
            outbox.listen(spec)
