"""One company we are connected to, its tokens, who works on it, and how far its feed was read."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models

from integrations.models.encrypted import EncryptedTextField
from integrations.reconcile.policy import Direction, OnConflict


class Connection(models.Model):
    """A firm's link to one company of an accounting system. One a firm."""

    class Profile(models.TextChoices):
        TWO_WAY = "two_way", "Both ways"
        PUSH_ONLY = "push_only", "To QuickBooks only"

    class NumberRule(models.TextChoices):
        """Whose invoice number counts there, where QuickBooks takes one at all."""

        OURS = "ours", "Send our numbers"
        THEIRS = "theirs", "Leave numbering to QuickBooks"

    class VoidRule(models.TextChoices):
        """What becomes of an invoice there that is voided here."""

        VOID = "void", "Void there"
        DELETE = "delete", "Delete there"

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        RECONNECT = "reconnect", "Disconnected"  # consent revoked or expired
        UNAVAILABLE = "unavailable", "Company unavailable"
        DISCONNECTED = "disconnected", "Not connected"  # by us; links are kept

    firm = models.OneToOneField("firms.Firm", models.PROTECT, related_name="+")
    provider = models.CharField(max_length=32, default="quickbooks")
    company_id = models.CharField(max_length=64)
    company_name = models.CharField(max_length=1024)
    profile = models.CharField(max_length=9, choices=Profile, default=Profile.TWO_WAY)
    state = models.CharField(max_length=12, choices=State, default=State.CONNECTED)
    state_reason = models.CharField(max_length=500, blank=True)
    state_changed_at = models.DateTimeField()
    is_paused = models.BooleanField(default=False)
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    connected_at = models.DateTimeField()
    company_facts = models.JSONField(default=dict)  # preferences as last read
    facts_read_at = models.DateTimeField(null=True)

    # Rules
    on_conflict = models.CharField(
        max_length=6, choices=[(each.value, each.value) for each in OnConflict], default="ask"
    )
    syncs_notes = models.BooleanField(default=False)
    syncs_private_notes = models.BooleanField(default=False)  # of invoices
    invoices_direction = models.CharField(
        max_length=7,
        choices=[(each.value, each.value) for each in (Direction.TWO_WAY, Direction.PUSH)],
        default=Direction.TWO_WAY,
    )
    number_rule = models.CharField(max_length=6, choices=NumberRule, default=NumberRule.OURS)
    void_rule = models.CharField(max_length=6, choices=VoidRule, default=VoidRule.VOID)
    # What set-up asked for: "income_account", "service_item", "deposit_account" -> {"id", "label"},
    # ids of the books.
    defaults = models.JSONField(default=dict)

    # Resting: nothing is sent or read before `not_before`.
    not_before = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    held_reason = models.CharField(max_length=500, blank=True)  # the brake: asks before going on

    brake_from = models.DateTimeField(null=True)  # harm before this was confirmed by a person

    # The contacts half of set-up is done; until then bells are answered with nothing.
    contacts_synced_at = models.DateTimeField(null=True)
    # The other half: its records began to be read, and since when they sync.
    billing_started_at = models.DateTimeField(null=True)
    billing_synced_at = models.DateTimeField(null=True)
    go_live_on = models.DateField(null=True)  # invoices before are left alone; null: all of them
    last_synced_at = models.DateTimeField(null=True)
    last_webhook_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "provider",
                "company_id",
                condition=~models.Q(state="disconnected"),
                name="one_firm_a_company",
            )
        ]

    def __str__(self) -> str:
        return f"{self.company_name} ({self.company_id})"

    def syncs_since(self, half: str) -> datetime | None:
        """Since when this half of set-up ("contacts", "billing") is done; None: not yet."""
        return self.billing_synced_at if half == "billing" else self.contacts_synced_at

    @property
    def is_connected(self) -> bool:
        return self.state == self.State.CONNECTED

    @property
    def may_work(self) -> bool:
        return self.is_connected and not self.is_paused and not self.held_reason


class Credential(models.Model):
    """The tokens of a connection, encrypted. One refresh at a time, by its own short lease."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="credential")
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField()
    access_ends_at = models.DateTimeField()
    refresh_ends_at = models.DateTimeField()
    hard_ends_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)
    refresh_number = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Tokens of {self.connection_id}"


class Lease(models.Model):
    """
    Who drains a connection. Taken by conditional update; `fence` rises each time.

    The final transaction of each step reads the row FOR SHARE and checks the fence, so that a
    drain that lost its lease writes nothing any more.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="lease")
    fence = models.BigIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    holder = models.CharField(max_length=120, blank=True)  # "host:pid", for people and the watch
    is_rung = models.BooleanField(default=False)  # an unclaimed doorbell waits in the queue
    rung_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Lease of {self.connection_id}: {self.fence}"


class Cursor(models.Model):
    """How far the change feed was read: the provider's clock, never moved back."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="cursor")
    value = models.DateTimeField(null=True)
    wanted_at = models.DateTimeField(null=True)  # read the feed at this time; null: no need
    listing = models.JSONField(null=True)  # a full listing under way: entity, position, since
    read_at = models.DateTimeField(null=True)  # ours
    reads_failed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Feed of {self.connection_id} to {self.value}"


class CallBudget(models.Model):
    """What a company's calls may use, shared by all processes: one row, one statement."""

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="budget")
    next_at = models.DateTimeField(null=True)  # the database's clock
    rests_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Calls of {self.connection_id}"


class CallSlot(models.Model):
    """One of the ten calls that may be under way at once. Expires by itself."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="slots")
    number = models.PositiveSmallIntegerField()
    taken_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", "number", name="call_slots_are_numbered")
        ]

    def __str__(self) -> str:
        return f"Slot {self.number} of {self.connection_id}"


class CallCount(models.Model):
    """Calls by minute, for the tiles: all of them, and the metered ones."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="call_counts")
    minute = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    metered = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("connection", "minute", name="one_count_a_minute")]

    def __str__(self) -> str:
        return f"{self.minute}: {self.calls}"


class ConsentRequest(models.Model):
    """A person on the way to the provider's consent page and back. Used once, for ten minutes."""

    state_hash = models.CharField(max_length=64, unique=True)
    firm = models.ForeignKey("firms.Firm", models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session_hash = models.CharField(max_length=64)
    provider = models.CharField(max_length=32)
    profile = models.CharField(max_length=9, choices=Connection.Profile)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Consent asked by {self.user_id}"


class PendingConsent(models.Model):
    """Tokens of another company than the one connected before: kept until a person decides."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    firm = models.OneToOneField("firms.Firm", models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    provider = models.CharField(max_length=32)
    profile = models.CharField(max_length=9, choices=Connection.Profile)
    company_id = models.CharField(max_length=64)
    company_name = models.CharField(max_length=1024)
    company_facts = models.JSONField(default=dict)
    tokens = EncryptedTextField()  # JSON of a TokenSet
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.company_name}, undecided"


class TaxCode(models.Model):
    """
    A tax code of the books, and our tax rate that means the same.

    `parts`: [{"name", "percent"}], as the books told. A code without a rate of ours brings its
    tax in as an amount; an invoice with a rate that no code means is not sent.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="tax_codes")
    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    parts = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    tax_rate_id = models.BigIntegerField(null=True)  # billing.TaxRate
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("connection", "remote_id", name="one_row_a_tax_code"),
            models.UniqueConstraint(
                "connection",
                "tax_rate_id",
                condition=models.Q(tax_rate_id__isnull=False),
                name="one_tax_code_a_rate",
            ),
        ]

    def __str__(self) -> str:
        return self.name
