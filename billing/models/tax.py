"""What is added for the tax office: a rate by name, made of one or several parts."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper


class TaxRateQuerySet(models.QuerySet["TaxRate"]):
    def for_firm(self, firm: models.Model | int) -> TaxRateQuerySet:
        return self.filter(firm=firm)

    def active(self) -> TaxRateQuerySet:
        return self.filter(is_archived=False)


class TaxRate(models.Model):
    """
    What an invoice is taxed with, "State 8.7 %". Its parts may be several, 2 and 6.7.

    A rate that was used stays as it is: another percentage is another rate. Invoices keep what
    their tax came to by themselves (InvoiceTax).
    """

    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    is_archived = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)  # +1 at each change
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="tax_rate_has_a_name"),
            models.UniqueConstraint(
                "firm",
                Upper("name"),
                condition=models.Q(is_archived=False),
                name="tax_rate_names_are_unique_in_a_firm",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TaxRatePart(models.Model):
    """One percentage of a rate, with the name it has on the form: "County", 2.0000000."""

    tax_rate = models.ForeignKey(TaxRate, models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    percent = models.DecimalField(max_digits=10, decimal_places=7)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("tax_rate", "position", name="tax_rate_parts_are_numbered"),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100),
                name="tax_percent_between_0_and_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"
