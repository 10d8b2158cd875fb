"""The project itself as an app: its one model, and its checks."""

from django.apps import AppConfig


class CanopySyncConfig(AppConfig):
    name = "canopy_sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from canopy_sync import production  # noqa: F401  (registers its check)
        from canopy_sync.api import schema  # noqa: F401  (registers how callers show themselves)
