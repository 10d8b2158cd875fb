"""People and companies a firm works for. Knows nothing of billing or sync."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Upper


class ContactQuerySet(models.QuerySet["Contact"]):
    def for_firm(self, firm: models.Model | int) -> ContactQuerySet:
        return self.filter(firm=firm)

    def active(self) -> ContactQuerySet:
        return self.filter(is_archived=False)

    def standing(self) -> ContactQuerySet:
        """Those that were not merged into another one."""
        return self.filter(merged_into=None)


class Contact(models.Model):
    """
    A person or company. Two may share a display name; QuickBooks allows that to none.

    Text columns hold what QuickBooks can hold; what QuickBooks would refuse is warned of at entry.
    """

    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    display_name = models.CharField(max_length=500)
    given_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    company_name = models.CharField(max_length=100, blank=True)
    email = models.CharField(max_length=320, blank=True)
    more_emails = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    phone = models.CharField("main phone", max_length=30, blank=True)
    other_phone = models.CharField(max_length=30, blank=True)
    mobile = models.CharField("mobile phone", max_length=30, blank=True)
    fax = models.CharField(max_length=30, blank=True)
    website = models.CharField(max_length=1000, blank=True)
    notes = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    bill_with_parent = models.BooleanField(default=False)
    is_tax_exempt = models.BooleanField(default=False)  # no tax on invoices made from now on
    is_archived = models.BooleanField(default=False)
    # The contact that stands for this one since the two were merged. It stays archived for good.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged"
    )
    version = models.PositiveIntegerField(default=1)  # +1 at each change
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(display_name=""), name="contact_has_a_name"),
            models.CheckConstraint(
                condition=models.Q(parent=None) | ~models.Q(parent=models.F("id")),
                name="contact_is_not_its_own_parent",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None)
                | (models.Q(is_archived=True) & ~models.Q(merged_into=models.F("id"))),
                name="a_merged_contact_is_archived",
            ),
        ]
        indexes = [
            models.Index(fields=["firm", "-id"], name="contacts_by_id"),
            models.Index("firm", Upper("display_name"), "id", name="contacts_by_name"),
            models.Index(fields=["firm", "-updated_at"], name="contacts_by_change"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def initials(self) -> str:
        words = self.display_name.split()
        return "".join(word[0] for word in (*words[:1], *words[1:2])).upper()


class Address(models.Model):
    """A contact's billing or shipping address, in the parts that QuickBooks keeps."""

    class Kind(models.TextChoices):
        BILLING = "billing", "Billing"
        SHIPPING = "shipping", "Shipping"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses")
    kind = models.CharField(max_length=8, choices=Kind)
    line1 = models.CharField(max_length=500, blank=True)
    line2 = models.CharField(max_length=500, blank=True)
    line3 = models.CharField(max_length=500, blank=True)
    line4 = models.CharField(max_length=500, blank=True)
    line5 = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=255, blank=True)
    region = models.CharField("state", max_length=255, blank=True)
    postal_code = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=255, blank=True)

    PARTS = (
        "line1", "line2", "line3", "line4", "line5", "city", "region", "postal_code", "country",
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint("contact", "kind", name="one_address_a_kind")]

    def __str__(self) -> str:
        return ", ".join(part for name in self.PARTS if (part := getattr(self, name)))


class ImportFile(models.Model):
    """A CSV file between its check and the person's yes. Kept for a day."""

    firm = models.ForeignKey("firms.Firm", models.CASCADE, related_name="+")
    user = models.ForeignKey("firms.User", models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField()
    imported_at = models.DateTimeField(null=True)  # once: a second press finds it here

    def __str__(self) -> str:
        return self.name
