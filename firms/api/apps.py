"""The frame of the API as an app: the answers it keeps for repeated calls."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "firms.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
