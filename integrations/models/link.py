"""The pair: our record and theirs belong together. And what is about to be written there."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from integrations.models.connection import Connection


class Link(models.Model):
    """
    The row about a pair; either id may still be empty. It is the unit of work.

    A pair is due when `wake_at` has come. It is never worked on before `not_before`.
    """

    class State(models.TextChoices):
        UNDECIDED = "undecided", "Not decided"  # one side only; nothing was created for it yet
        LEFT_OUT = "left_out", "Left out"  # a person said, or left, that it does not sync
        LINKED = "linked", "Linked"
        FORMER = "former", "Formerly linked"
        MERGED = "merged", "Merged in the books"  # waits for a person

    class Lane(models.IntegerChoices):
        PEOPLE = 0, "somebody waits"
        BULK = 1, "in bulk"

    class Rests(models.TextChoices):
        """Why it is not worked on, in words a person can act on. Blank: it is not resting."""

        ISSUE = "issue", "Needs a person"
        DEPENDENCY = "dependency", "Waits for another record"
        INTERNAL = "internal", "A fault of ours"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="links")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    entity = models.CharField(max_length=32)
    local_id = models.BigIntegerField(null=True)
    remote_id = models.CharField(max_length=64, null=True)  # noqa: DJ001  (absent, not blank)
    state = models.CharField(max_length=9, choices=State, default=State.UNDECIDED)
    label = models.CharField(max_length=600, blank=True)  # our name of it, else theirs
    remote_label = models.CharField(max_length=600, blank=True)

    base = models.JSONField(default=dict)  # field -> what both sides last agreed on
    seen = models.JSONField(default=dict)  # field -> their value where it differs from the base
    kept = models.JSONField(default=dict)  # what must go back whole
    remote_version = models.BigIntegerField(null=True)  # of the content in base + seen
    remote_changed_at = models.DateTimeField(null=True)  # the provider's clock
    local_version = models.BigIntegerField(null=True)  # of our record when last looked at
    sent_at = models.DateTimeField(null=True)  # our last write there
    decisions = models.JSONField(default=dict)  # group -> {"keep", "shown", "by"}
    # What the books say of it beside the synced fields: compared and shown, never copied.
    facts = models.JSONField(default=dict)
    options = models.JSONField(default=dict)  # what a person chose for this pair: sync/resolving.py
    is_read_only = models.BooleanField(default=False)  # theirs is: it only comes in
    may_create = models.BooleanField(default=False)  # a person said: create it over there

    wake_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    lane = models.PositiveSmallIntegerField(choices=Lane, default=Lane.PEOPLE)
    attempts = models.PositiveIntegerField(default=0)  # failures in a row
    rests = models.CharField(max_length=10, choices=Rests, blank=True)
    blocked_on = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="blocks"
    )
    merged_into = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection",
                "entity",
                "local_id",
                condition=~models.Q(state="former") & models.Q(local_id__isnull=False),
                name="one_pair_of_a_local_record",
            ),
            models.UniqueConstraint(
                "connection",
                "entity",
                "remote_id",
                condition=~models.Q(state__in=["former", "merged"])
                & models.Q(remote_id__isnull=False),
                name="one_pair_of_a_remote_record",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "lane", "wake_at"],
                condition=models.Q(wake_at__isnull=False),
                name="due_pairs",
            ),
            models.Index(fields=["connection", "entity", "remote_id"], name="pairs_by_remote_id"),
            models.Index(fields=["connection", "entity", "state", "id"], name="pairs_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.local_id} = {self.remote_id}"


class Intent(models.Model):
    """
    A write that is about to be sent: its exact bytes and its request id, stored before it is.

    While the row stands, its outcome is unknown and nothing else is planned for the pair.
    """

    link = models.OneToOneField(Link, models.CASCADE, related_name="intent")
    request_id = models.UUIDField(default=uuid.uuid4, unique=True)
    operation = models.CharField(max_length=8)
    body = models.TextField()
    params = models.JSONField(default=dict)  # what stands in the address beside it
    remote_id = models.CharField(max_length=64, blank=True)
    version = models.BigIntegerField(null=True)  # the version it was merged from
    values = models.JSONField()  # field -> what is sent; becomes the base when it is answered
    cause = models.CharField(max_length=200, blank=True)  # who made the change that goes out
    made_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)  # the last try
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.operation} {self.request_id}"
