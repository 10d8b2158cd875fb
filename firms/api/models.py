"""What the frame keeps: answers, so that a repeated call is done once; how often who called."""

from __future__ import annotations

from django.db import models


class IdempotentCall(models.Model):
    """
    A POST with an Idempotency-Key. The row is taken before the call is done, in its transaction.

    So a repeat waits until the first is through, and a call that failed leaves no row.
    """

    firm = models.ForeignKey("firms.Firm", models.CASCADE, related_name="+")
    caller = models.CharField(max_length=64)  # "token:5", "user:7"
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, address and body
    made_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("firm", "caller", "key", name="one_call_an_idempotency_key")
        ]
        indexes = [models.Index(fields=["made_at"], name="idempotent_calls_by_age")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.key}"


class CallBucket(models.Model):
    """How often a caller may call yet; written by `rate_limit.count` alone."""

    firm = models.ForeignKey("firms.Firm", models.CASCADE, related_name="+")
    caller = models.CharField(max_length=64)  # "token:5", "user:7"
    full_at = models.DateTimeField()  # if it makes no call until then

    class Meta:
        constraints = [models.UniqueConstraint("firm", "caller", name="one_bucket_a_caller")]

    def __str__(self) -> str:
        return f"{self.caller}: full at {self.full_at}"
