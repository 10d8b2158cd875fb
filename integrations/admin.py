"""The operator's pages: the sync's rows to look at. Nothing changes here; no token is shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from integrations import models


class LookOnly(admin.ModelAdmin):
    """A list and a page of each row. A service writes them, and nobody else."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.Connection)
class ConnectionAdmin(LookOnly):
    list_display = ("company_name", "firm", "state", "is_paused", "last_synced_at")
    list_filter = ("state", "is_paused", "profile")
    search_fields = ("company_name", "company_id")


@admin.register(models.Link)
class LinkAdmin(LookOnly):
    list_display = ("label", "entity", "remote_id", "state", "rests", "wake_at", "attempts")
    list_filter = ("state", "rests", "entity")
    search_fields = ("label", "remote_label", "remote_id")
    show_full_result_count = False


@admin.register(models.Issue)
class IssueAdmin(LookOnly):
    list_display = ("kind", "link", "state", "tries", "opened_at", "closed_at")
    list_filter = ("state", "kind")


@admin.register(models.Setup)
class SetupAdmin(LookOnly):
    list_display = ("connection", "half", "is_current", "import_state", "worked_off_at")


@admin.register(models.Intent)
class IntentAdmin(LookOnly):
    list_display = ("request_id", "operation", "link", "tries", "made_at", "sent_at")
    exclude = ("body", "values")


@admin.register(models.Lease)
class LeaseAdmin(LookOnly):
    list_display = ("connection", "fence", "holder", "held_until", "is_rung")
