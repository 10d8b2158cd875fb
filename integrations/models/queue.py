"""Bells: an id and a reason. Append-only; deleted by the ids that were read. Never the truth."""

from __future__ import annotations

from django.db import models

from integrations.models.connection import Connection
from integrations.models.link import Link


class OutboxEntry(models.Model):
    """Our record may differ from theirs."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="outbox")
    entity = models.CharField(max_length=32)
    local_id = models.BigIntegerField()
    version = models.BigIntegerField()  # of our record when the bell rang
    cause = models.CharField(max_length=200)  # who changed it
    is_ours = models.BooleanField(default=False)  # rung by a write of the sync itself
    link = models.ForeignKey(Link, models.CASCADE, null=True, related_name="outbox")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=models.Q(link__isnull=True),
                name="outbox_not_yet_paired",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.local_id} at {self.version}"


class InboxEntry(models.Model):
    """Their record may differ from ours."""

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        FEED = "feed", "Change feed"
        LISTING = "listing", "Full listing"
        ANSWER = "answer", "Answer to a write"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="inbox")
    entity = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=64)
    source = models.CharField(max_length=7, choices=Source)
    operation = models.CharField(max_length=16, blank=True)
    merged_from = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField(null=True)  # the provider's clock
    link = models.ForeignKey(Link, models.CASCADE, null=True, related_name="inbox")
    needs_read = models.BooleanField(default=False)  # the feed has not yet told its content
    made_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=models.Q(link__isnull=True),
                name="inbox_not_yet_paired",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.remote_id} ({self.source})"
