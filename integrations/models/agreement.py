"""What the comparison of both sides found: a run, and a row for each record and each contact."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection
from integrations.models.link import Link


class AgreementRun(models.Model):
    """
    One comparison of all that both sides hold. Works in chunks; `place` is where it goes on.

    A full one lists the books first (metered reads); the others compare with what was last seen.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Comparing"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="agreement_runs")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    is_full = models.BooleanField(default=False)
    asked_by = models.ForeignKey(  # null: the schedule, or somebody who left
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    why_stopped = models.CharField(max_length=500, blank=True)
    # {"step": "pairs", "entity": "invoice", "after": 512}, or "position" of a listing.
    place = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)  # entity -> {"agrees": 213, "differs": 2, ...}
    reads_expected = models.PositiveIntegerField(default=0)  # metered, as said before it began
    reads = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    worked_at = models.DateTimeField()  # the last chunk
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection",
                condition=models.Q(state="running"),
                name="one_agreement_run_at_a_time",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "-started_at"], name="agreement_runs_by_time")
        ]

    def __str__(self) -> str:
        return f"Agreement of {self.connection_id} at {self.started_at}"


class AgreementRow(models.Model):
    """
    One record, or what one contact owes on both sides.

    `ours`, `theirs`: what the record has open on each side: the balance of an invoice, of a payment
    what is unapplied (below 0). None: the side holds none.
    """

    class Result(models.TextChoices):
        AGREES = "agrees", "Agrees"
        DIFFERS = "differs", "Differs"
        MISSING = "missing", "Missing"
        LEFT_OUT = "left_out", "Left out"  # ours; by a person, or from before the sync began
        NOT_HELD = "not_held", "Not held here"  # theirs, for the same reasons
        LISTED = "listed", "Listed"  # while a full run goes on: told, not yet compared

    RECEIVABLE = "receivable"  # in place of an entity: a contact's sum

    run = models.ForeignKey(AgreementRun, models.CASCADE, related_name="rows")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    entity = models.CharField(max_length=32)
    link = models.ForeignKey(Link, models.SET_NULL, null=True, related_name="+")
    local_id = models.BigIntegerField(null=True)
    remote_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=600, blank=True)
    contact_id = models.BigIntegerField(null=True)  # ours, whom it concerns
    result = models.CharField(max_length=8, choices=Result)
    cause = models.CharField(max_length=20, blank=True)  # see sync/agreement.py
    sentence = models.CharField(max_length=600, blank=True)  # the cause, in words
    is_explained = models.BooleanField(default=True)
    issue_id = models.BigIntegerField(null=True)  # what a person has to settle
    # Fields that differ: [{"name", "label", "ours", "theirs"}]. While listed: what was told.
    detail = models.JSONField(default=dict)
    ours = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    theirs = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    not_held = models.DecimalField(max_digits=15, decimal_places=2, default=0)
    # Of a contact: the balance that the books tell of the customer itself, where it was told.
    told_balance = models.DecimalField(max_digits=15, decimal_places=2, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "entity", "result", "id"], name="agreement_rows_by_result"),
            models.Index(fields=["run", "contact_id"], name="agreement_rows_by_contact"),
            models.Index(fields=["run", "entity", "remote_id"], name="agreement_rows_by_remote"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.label}: {self.result}"
