"""What happened: one entry a send, receive, merge and decision. Only ever added to."""

from __future__ import annotations

import uuid

from django.db import models


class Activity(models.Model):
    """
    One thing that happened. The table is partitioned by month of `at` (see its migration).

    `link_id` is no foreign key: an entry outlives the pair it tells of.
    """

    class Direction(models.TextChoices):
        SENT = "sent", "Sent"
        RECEIVED = "received", "Received"
        HERE = "here", "Here"  # decisions, pauses, connects

    class Result(models.TextChoices):
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CONFLICT = "conflict", "Conflict"
        WAITING = "waiting", "Waiting"

    pk = models.CompositePrimaryKey("at", "id")
    id = models.UUIDField(default=uuid.uuid4)
    at = models.DateTimeField()
    connection_id = models.BigIntegerField()
    firm_id = models.BigIntegerField()
    entity = models.CharField(max_length=32, blank=True)
    link_id = models.BigIntegerField(null=True)
    local_id = models.BigIntegerField(null=True)
    remote_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=600, blank=True)
    direction = models.CharField(max_length=8, choices=Direction)
    result = models.CharField(max_length=8, choices=Result)
    title = models.CharField(max_length=300)  # "Phone updated from QuickBooks"
    cause = models.CharField(max_length=200, blank=True)  # who or what
    before = models.JSONField(default=dict)  # field -> value
    after = models.JSONField(default=dict)
    duration_ms = models.PositiveIntegerField(null=True)
    trace = models.CharField(max_length=120, blank=True)  # QuickBooks' id of the answer
    is_harmful = models.BooleanField(default=False)  # ended a record or replaced a value: brake
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["connection_id", "-at"], name="activity_by_time"),
            models.Index(fields=["link_id", "-at"], name="activity_of_a_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.title}"
