"""What lists and pages show of the sync. Integrations writes it; contacts and billing read it."""

from __future__ import annotations

from django.db import models


class SyncState(models.TextChoices):
    SYNCED = "synced", "Synced"
    QUEUED = "queued", "Queued"
    SYNCING = "syncing", "Syncing"
    FAILED = "failed", "Failed"
    CONFLICT = "conflict", "Conflict"
    NOT_SYNCED = "not_synced", "Not synced"
    PAUSED = "paused", "Paused"


class SyncMark(models.Model):
    """The sync state of one of our records. No row means: not connected, or never looked at."""

    firm = models.ForeignKey("firms.Firm", models.CASCADE, related_name="+")
    entity = models.CharField(max_length=32)  # "contact", "invoice"
    local_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=SyncState)
    remote_label = models.CharField(max_length=600, blank=True)  # its name or number there
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("firm", "entity", "local_id", name="one_sync_mark_a_record")
        ]
        indexes = [models.Index(fields=["firm", "entity", "state"], name="sync_marks_by_state")]

    def __str__(self) -> str:
        return f"{self.entity} {self.local_id}: {self.get_state_display()}"
