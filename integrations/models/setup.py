"""The wizard's own rows: one run of set-up, what the import read, and what is proposed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection


class Setup(models.Model):
    """
    One walk through one half of the wizard. Progress is derived from these facts; each latches.

    `services_skipped_at` and `finished_at` are of the whole walk, and kept with the contacts.
    """

    class Half(models.TextChoices):
        """What a run reads and sets up; the names of entities.Half."""

        CONTACTS = "contacts", "Contacts"
        BILLING = "billing", "Service items and invoices"

    class Filter(models.TextChoices):
        ALL = "all", "All contacts"
        ACTIVE = "active", "Active contacts"
        INACTIVE = "inactive", "Inactive contacts"

    class Import(models.TextChoices):
        NOT_STARTED = "not_started", "Not started"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"  # will go on by itself at `import_retry_at`
        FAILED = "failed", "Stopped"
        DONE = "done", "Done"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="setups")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    half = models.CharField(max_length=8, choices=Half, default=Half.CONTACTS)
    is_current = models.BooleanField(default=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField()
    which = models.CharField(max_length=8, choices=Filter, blank=True)
    book_counts = models.JSONField(default=dict)  # filter -> customers, and "at", as last asked

    import_state = models.CharField(max_length=11, choices=Import, default=Import.NOT_STARTED)
    import_started_at = models.DateTimeField(null=True)
    import_started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    import_entity = models.CharField(max_length=32, blank=True)  # being read; "": not begun
    import_position = models.PositiveIntegerField(default=1)  # of the next page; 0: all are read
    import_rung_at = models.DateTimeField(null=True)  # a worker was asked to read on
    import_claimed_until = models.DateTimeField(null=True)  # somebody is reading, till then
    import_total = models.PositiveIntegerField(null=True)  # of the entity being read
    import_done = models.PositiveIntegerField(default=0)
    import_tries = models.PositiveIntegerField(default=0)  # failures in a row
    import_retry_at = models.DateTimeField(null=True)
    import_error = models.CharField(max_length=40, blank=True)  # code of our error classes
    import_message = models.CharField(max_length=500, blank=True)
    import_read_at = models.DateTimeField(null=True)  # the provider's clock when it began
    import_ended_at = models.DateTimeField(null=True)
    matched_at = models.DateTimeField(null=True)  # when the lists were last made

    matched_seen_at = models.DateTimeField(null=True)
    unmatched_seen_at = models.DateTimeField(null=True)
    duplicates_seen_at = models.DateTimeField(null=True)
    new_seen_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)  # list -> rows, kept in step with the proposals

    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    promised = models.JSONField(default=dict)  # what the dry run promised
    worked_off_at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)
    services_skipped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection",
                "half",
                condition=models.Q(is_current=True),
                name="one_current_setup_a_half",
            )
        ]

    def __str__(self) -> str:
        return f"Set-up of {self.connection_id}: {self.half}"

    @property
    def entity(self) -> str:
        """The entity whose lists a person reviews."""
        return "service_item" if self.half == self.Half.BILLING else "contact"


class ImportedRecord(models.Model):
    """
    What the provider last told of a record that no pair has taken in yet, whole.

    The import fills it, and so does the change feed; the engine reads it in place of another
    call, and deletes it once it is part of a link's base and `seen`.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="imported")
    entity = models.CharField(max_length=32)
    remote_id = models.CharField(max_length=64)
    version = models.BigIntegerField()
    raw = models.JSONField()
    label = models.CharField(max_length=600)
    path = models.CharField(max_length=3000, blank=True)  # "Parent:Child"
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    is_active = models.BooleanField(default=True)
    match_key = models.CharField(max_length=3000, blank=True)
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True)  # of a transaction
    dated_on = models.DateField(null=True)
    setup = models.ForeignKey(Setup, models.SET_NULL, null=True, related_name="imported")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connection", "entity", "remote_id", name="one_imported_row_a_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.remote_id}: {self.label}"


class MatchProposal(models.Model):
    """One row of a review list, with what a person decided about it."""

    class List(models.TextChoices):
        MATCHED = "matched", "Matched"
        UNMATCHED = "unmatched", "Unmatched"
        DUPLICATES = "duplicates", "Duplicates"
        NEW = "new", "New from QuickBooks"
        TAKEN = "taken", "Part of a pair"  # on no page: another row holds its record

    class Decision(models.TextChoices):
        """What Sync will do with the row."""

        LINK = "link", "Link"
        CREATE_THERE = "create_there", "Create in QuickBooks"
        CREATE_HERE = "create_here", "Create here"
        LEAVE_OUT = "leave_out", "Leave out"  # a person said so; does not sync
        NONE = "", "Not decided"  # does not sync either

    setup = models.ForeignKey(Setup, models.CASCADE, related_name="proposals")
    entity = models.CharField(max_length=32)
    list = models.CharField(max_length=10, choices=List)
    home = models.CharField(max_length=10, choices=List, default="")  # where matching put it
    sort_key = models.CharField(max_length=500)
    key = models.CharField(max_length=3000, blank=True)  # the match key; groups duplicates
    local_id = models.BigIntegerField(null=True)
    local_label = models.CharField(max_length=500, blank=True)
    local_email = models.CharField(max_length=320, blank=True)
    # Theirs is told here too: the engine deletes the imported record once it is taken in.
    imported = models.ForeignKey(
        ImportedRecord, models.SET_NULL, null=True, related_name="proposals"
    )
    remote_id = models.CharField(max_length=64, blank=True)
    remote_label = models.CharField(max_length=600, blank=True)
    remote_email = models.CharField(max_length=320, blank=True)
    remote_is_active = models.BooleanField(default=True)
    # What else a page shows of either side. Of an item "rate" and "sku", of theirs "category" too
    # (in an unmatched row of the suggested one);
    # of an invoice or payment "contact": the id of whose it is, on its own side.
    local_told = models.JSONField(default=dict)
    remote_told = models.JSONField(default=dict)
    # Of invoices and payments, whose rows no person reviews one by one: see wizard/ledger.py.
    amount = models.DecimalField(max_digits=15, decimal_places=2, null=True)
    dated_on = models.DateField(null=True)  # the day that go-live is held against
    is_open = models.BooleanField(default=False)  # something of it is unpaid there
    is_held = models.BooleanField(default=False)  # its contact does not sync
    is_due = models.BooleanField(default=False)  # it follows a pair, whatever its date
    # What linking the two will do: {"here": [field], "there": [field], "ask": [group]}; null:
    # not worked out. Made by the reconciler.
    plan = models.JSONField(null=True)
    has_differences = models.BooleanField(default=False)
    is_linked = models.BooleanField(default=False)  # a pair from before this run
    suggested = models.ForeignKey(
        ImportedRecord, models.SET_NULL, null=True, related_name="suggested_for"
    )
    suggestion_reason = models.CharField(max_length=200, blank=True)  # "Same email"
    decision = models.CharField(max_length=12, choices=Decision, blank=True, default="")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["setup", "entity", "list", "sort_key", "id"], name="proposals_of_entity"
            ),
            models.Index(fields=["setup", "entity", "local_id"], name="proposals_by_local_id"),
            models.Index(fields=["setup", "entity", "remote_id"], name="proposals_by_their_id"),
        ]

    def __str__(self) -> str:
        return f"{self.list}: {self.sort_key}"

    @property
    def is_sent_older(self) -> bool:
        """An older invoice of ours that a person ticked."""
        return self.list == self.List.UNMATCHED and self.decided_at is not None

    @property
    def is_left_older(self) -> bool:
        """An older unpaid invoice of theirs that a person unticked."""
        return self.list == self.List.NEW and self.decided_at is not None
