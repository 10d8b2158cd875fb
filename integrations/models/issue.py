"""Something that needs a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection
from integrations.models.link import Link


class Issue(models.Model):
    """One open issue a pair and kind. Closed by what mends it, or by a person."""

    class Kind(models.TextChoices):
        CONFLICT = "conflict", "Changed on both sides"
        REFUSED = "refused", "Refused by QuickBooks"
        DUPLICATE_NAME = "duplicate_name", "Name already used in QuickBooks"
        INACTIVE_REFERENCE = "reference_inactive", "Inactive in QuickBooks"
        HAS_BALANCE = "has_balance", "Open balance in QuickBooks"
        PERIOD_CLOSED = "period_closed", "Books closed"
        SEVERAL_MATCHES = "several_matches", "Several possible matches"
        MERGED_THERE = "merged_there", "Merged in QuickBooks"
        DELETED_THERE = "deleted_there", "Deleted in QuickBooks"
        NO_ANSWER = "no_answer", "QuickBooks isn't answering"
        DUPLICATE_NUMBER = "duplicate_number", "Number already used in QuickBooks"
        TOTALS_DIFFER = "totals_differ", "Totals differ"
        SAME_PAYMENT = "same_payment", "Same payment?"
        BILLED_TWICE = "billed_twice", "Billed twice?"
        DELETE_HELD = "delete_held", "Changed in QuickBooks before it was deleted"
        DEPOSITED = "deposited", "Part of a bank deposit"
        SET_UP = "set_up", "Something to choose first"
        HELD = "held", "Waits for a record that is left out"
        INTERNAL = "internal", "A fault of ours"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="issues")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    link = models.ForeignKey(Link, models.CASCADE, related_name="issues")
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    sentence = models.TextField()  # what happened, in plain words
    what_to_do = models.TextField(blank=True)
    # Conflict: {"groups": [{"group","fields":[{"name","label","local","remote"}]}], "local_by",
    # "remote_by"}. Others: {"code","message","element","trace","other_id","request"}.
    detail = models.JSONField(default=dict)
    tries = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    closing_note = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True)  # a decision waits until it is sent

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "link", "kind", condition=models.Q(state="open"), name="one_open_issue_a_kind"
            )
        ]
        indexes = [
            models.Index(fields=["connection", "state", "-opened_at"], name="issues_by_state")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.link_id}"

    @property
    def is_conflict(self) -> bool:
        return self.kind == self.Kind.CONFLICT
