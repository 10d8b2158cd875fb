"""What the project itself keeps: whether the background worker answers."""

from __future__ import annotations

from django.db import models


class Beat(models.Model):
    """A question put through the queue. A cluster that takes it and does not answer is frozen."""

    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=120)  # "host:pid" of a supervisor
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(answered_at__isnull=True),
                name="beats_without_answer",
            ),
            models.Index(fields=["-answered_at"], name="beats_by_answer"),
        ]

    def __str__(self) -> str:
        return f"Beat {self.pk} of {self.asked_by}"
