"""Money received from a contact, and the invoices it pays."""

from __future__ import annotations

from django.db import models

from billing.models.invoice import Origin, VoidedBy


class PaymentQuerySet(models.QuerySet["Payment"]):
    def for_firm(self, firm: models.Model | int) -> PaymentQuerySet:
        return self.filter(firm=firm)

    def live(self) -> PaymentQuerySet:
        return self.filter(is_void=False)


class Payment(models.Model):
    """
    Money received. What its parts leave over is the contact's unapplied credit, derived.

    A void one keeps its amount and parts, and counts as nothing.
    """

    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    contact = models.ForeignKey("contacts.Contact", models.PROTECT, related_name="payments")
    received_on = models.DateField()
    amount = models.DecimalField(max_digits=13, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")
    method = models.CharField(max_length=31, blank=True)  # "Check", "Cash", "Credit Card", ...
    reference = models.CharField(max_length=100, blank=True)
    origin = models.CharField(max_length=5, choices=Origin, default=Origin.HERE)
    lock_reason = models.CharField(max_length=200, blank=True)  # "It is part of a bank deposit"
    is_void = models.BooleanField(default=False)
    voided_by = models.CharField(max_length=12, choices=VoidedBy, blank=True)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, blank=True)
    # The invoice it was voided together with: if that one stays in the books, so does it.
    voided_with = models.ForeignKey("billing.Invoice", models.PROTECT, null=True, related_name="+")

    form_key = models.UUIDField(null=True)  # as Invoice.form_key
    version = models.PositiveIntegerField(default=1)  # +1 at each change
    changed_by = models.CharField(max_length=200, blank=True)  # who made this version, by name
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="a_payment_is_more_than_nothing"
            ),
            models.CheckConstraint(
                condition=models.Q(is_void=True) ^ models.Q(voided_by=""),
                name="a_void_payment_says_by_whom",
            ),
            models.UniqueConstraint("firm", "form_key", name="one_payment_a_form"),
        ]
        indexes = [
            models.Index(fields=["firm", "-id"], name="payments_by_id"),
            models.Index(fields=["firm", "-received_on", "-id"], name="payments_by_date"),
            models.Index(fields=["contact", "-received_on"], name="payments_of_contact"),
            models.Index(fields=["firm", "-updated_at"], name="payments_by_change"),
        ]

    def __str__(self) -> str:
        return f"Payment of {self.amount}"


class PaymentPart(models.Model):
    """
    What of a payment goes to one invoice.

    Or to a record of QuickBooks that we do not hold: then `books_txn` ("CreditMemo:73") and
    `label` stand in place of the invoice, and the part is locked. Such a part may be negative:
    a credit used together with the money.
    """

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="parts")
    position = models.PositiveSmallIntegerField()
    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, null=True, related_name="payment_parts"
    )
    books_txn = models.CharField(max_length=80, blank=True)
    label = models.CharField(max_length=100, blank=True)
    amount = models.DecimalField(max_digits=13, decimal_places=2)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("payment", "position", name="payment_parts_are_numbered"),
            models.UniqueConstraint("payment", "invoice", name="one_part_an_invoice"),
            models.CheckConstraint(
                condition=models.Q(invoice=None) ^ models.Q(books_txn=""),
                name="a_part_pays_an_invoice_or_something_there",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} to {self.invoice_id or self.books_txn}"
