"""What a firm sells: the name, words and rate that a line starts with."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper


class ServiceItemQuerySet(models.QuerySet["ServiceItem"]):
    def for_firm(self, firm: models.Model | int) -> ServiceItemQuerySet:
        return self.filter(firm=firm)

    def active(self) -> ServiceItemQuerySet:
        return self.filter(is_archived=False)


class ServiceItem(models.Model):
    """
    Something a firm does for money.

    Of the active ones people give each another name. That is no constraint: QuickBooks' items of
    two categories may share one. Columns hold what QuickBooks can hold.
    """

    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=4000, blank=True)
    rate = models.DecimalField(max_digits=18, decimal_places=7, default=0)  # home currency
    sku = models.CharField("SKU", max_length=100, blank=True)
    is_taxable = models.BooleanField("taxable", default=False)
    category = models.CharField(max_length=500, blank=True)  # the path, "Design:Fountains"
    income_account_id = models.CharField(max_length=64, blank=True)  # QuickBooks' id of it
    is_archived = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)  # +1 at each change
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = ServiceItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="service_item_has_a_name")
        ]
        indexes = [
            models.Index("firm", Upper("name"), "id", name="service_items_by_name"),
            models.Index(fields=["firm", "-updated_at"], name="service_items_by_change"),
        ]

    def __str__(self) -> str:
        return self.name
