"""Firms, the people in them, and what each may do. Knows nothing of the apps above."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from firms.marks import SyncMark, SyncState
from firms.permissions import Permission

__all__ = [
    "ApiToken",
    "AuditEntry",
    "BillingPlan",
    "Firm",
    "Licence",
    "Membership",
    "Role",
    "SyncMark",
    "SyncState",
    "User",
]


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do is said by their role in each firm."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)  # the operator's admin pages
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in (words[0], *words[1:][-1:])).upper()


class BillingPlan(models.TextChoices):
    FREE = "free", "Free"
    LEGACY = "legacy", "Legacy"
    PAID = "paid", "Paid"


class Licence(models.TextChoices):
    TIME_AND_BILLING = "time_and_billing", "Time & Billing"
    TRANSCRIPTS_AND_NOTICES = "transcripts_and_notices", "Transcripts and Notices"


class Firm(models.Model):
    """A tenant. Every business row belongs to exactly one."""

    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    home_currency = models.CharField(max_length=3, default="USD")
    billing_plan = models.CharField(max_length=6, choices=BillingPlan, default=BillingPlan.PAID)
    licences = ArrayField(
        models.CharField(max_length=32, choices=Licence), default=list, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_paying(self) -> bool:
        return self.billing_plan == BillingPlan.PAID

    @property
    def has_billing(self) -> bool:
        return Licence.TIME_AND_BILLING in self.licences


class Role(models.Model):
    """A name and a set of permissions, of one firm."""

    firm = models.ForeignKey(Firm, models.CASCADE, related_name="roles")
    name = models.CharField(max_length=80)
    permissions = ArrayField(
        models.CharField(max_length=32, choices=Permission), default=list, blank=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("firm", "name", name="role_names_are_unique_in_a_firm")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in a firm."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    firm = models.ForeignKey(Firm, models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "firm", name="one_membership_a_person_and_firm")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.firm}"


class ApiToken(models.Model):
    """What a program signs in with: some of its maker's permissions in one firm, for a while."""

    firm = models.ForeignKey(Firm, models.CASCADE, related_name="api_tokens")
    made_by = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)  # finds the row; no secret
    secret_hash = models.CharField(max_length=64)  # SHA-256 in hex
    permissions = ArrayField(models.CharField(max_length=32, choices=Permission))
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)  # to the minute
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A form that is sent twice makes one.
            models.UniqueConstraint(
                "firm",
                "made_by",
                "name",
                condition=models.Q(revoked_at=None),
                name="names_of_a_persons_tokens_are_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class AuditEntry(models.Model):
    """
    Who did what of note: settings, roles, connections, decisions.

    Only ever added to: a trigger refuses every change. An entry goes with its firm alone.
    """

    # By the database, after the firm and the person are gone: this the trigger lets through.
    firm = models.ForeignKey(Firm, models.DB_CASCADE, related_name="+")
    user = models.ForeignKey(User, models.DB_SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    actor_label = models.CharField(max_length=200)
    from_ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=80)
    before = models.JSONField(default=dict)  # what changed: name -> value
    after = models.JSONField(default=dict)
    detail = models.JSONField(default=dict)  # what else is worth knowing

    class Meta:
        indexes = [models.Index(fields=["firm", "-at"], name="audit_by_time")]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action}"

    @property
    def facts(self) -> list[str]:
        """What was done in words: "Email: tom@x.test", "Role: Admin to Viewer"."""
        told = {name: _told(value) for name, value in self.detail.items()}
        for name in {**self.before, **self.after}:
            was, became = _told(self.before.get(name)), _told(self.after.get(name))
            told[name] = f"{was or 'nothing'} to {became or 'nothing'}"
        return [f"{_words(name)}: {value}" for name, value in sorted(told.items())]

    @property
    def before_told(self) -> str:
        return _listed(self.before)

    @property
    def after_told(self) -> str:
        return _listed(self.after)

    @property
    def detail_told(self) -> str:
        return _listed(self.detail)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _listed(values: dict[str, Any]) -> str:
    return "; ".join(f"{_words(name)}: {_told(value)}" for name, value in sorted(values.items()))


def _told(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_told(each) for each in value)
    return str(value)
