"""A bill to one contact: its lines, its tax, and what it came to."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper


class VoidedBy(models.TextChoices):
    """Who ended it. Nothing that was sent is ever deleted here."""

    HERE = "here", "Voided"
    BOOKS_VOID = "books_void", "Voided in QuickBooks"
    BOOKS_DELETE = "books_delete", "Deleted in QuickBooks"


class Origin(models.TextChoices):
    HERE = "here", "Made here"
    BOOKS = "books", "Made in QuickBooks"


class InvoiceNumbering(models.Model):
    """How a firm numbers its invoices: the prefix and the number of the next one."""

    firm = models.OneToOneField("firms.Firm", models.CASCADE, related_name="+")
    prefix = models.CharField(max_length=12, blank=True, default="INV-")
    next_number = models.PositiveBigIntegerField(default=1001)

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_number}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def for_firm(self, firm: models.Model | int) -> InvoiceQuerySet:
        return self.filter(firm=firm)


class Invoice(models.Model):
    """
    A bill to one contact. Paid, part paid and overdue are derived by queries, not stored.

    `subtotal`, `discount`, `tax` and `total` are what `billing.totals` made of it when it was last
    saved; a void one keeps them, and counts as nothing. Money is in `currency`, whole cents.
    Columns hold what QuickBooks can hold; rules for people are in services.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        VOID = "void", "Void"

    firm = models.ForeignKey("firms.Firm", models.PROTECT, related_name="+")
    contact = models.ForeignKey("contacts.Contact", models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=32, blank=True)
    is_numbered_here = models.BooleanField(default=True)  # QuickBooks may repeat or omit numbers
    po_number = models.CharField("PO number", max_length=31, blank=True)
    status = models.CharField(max_length=5, choices=Status, default=Status.DRAFT)
    origin = models.CharField(max_length=5, choices=Origin, default=Origin.HERE)

    issued_on = models.DateField()
    term_days = models.PositiveSmallIntegerField(null=True)  # null: the due date was chosen
    due_on = models.DateField()

    discount_percent = models.DecimalField(max_digits=10, decimal_places=7, null=True)
    discount_amount = models.DecimalField(max_digits=13, decimal_places=2, null=True)
    is_discount_before_tax = models.BooleanField(default=True)
    tax_rate = models.ForeignKey("billing.TaxRate", models.PROTECT, null=True, related_name="+")
    books_tax_code = models.CharField(max_length=64, blank=True)  # there, while no rate of ours
    # QuickBooks computed the tax; it stands until lines, discount, rate or contact change here.
    is_tax_given = models.BooleanField(default=False)
    currency = models.CharField(max_length=3, default="USD")

    message = models.CharField(max_length=1000, blank=True)  # printed on it
    private_note = models.CharField(max_length=4000, blank=True)

    subtotal = models.DecimalField(max_digits=13, decimal_places=2, default=0)
    discount = models.DecimalField(max_digits=13, decimal_places=2, default=0)
    tax = models.DecimalField(max_digits=13, decimal_places=2, default=0)
    total = models.DecimalField(max_digits=13, decimal_places=2, default=0)
    # "Other in QuickBooks": what of its total there lines, discount and tax do not explain.
    other_amount = models.DecimalField(max_digits=13, decimal_places=2, default=0)
    lock_reason = models.CharField(max_length=200, blank=True)  # why lines and contact are fixed

    sent_at = models.DateTimeField(null=True)  # it left draft
    emailed_at = models.DateTimeField(null=True)  # the last e-mail from here
    emailed_to = models.CharField(max_length=200, blank=True)
    # QuickBooks says that it was e-mailed, or is told so because we did.
    is_emailed_there = models.BooleanField(default=False)
    is_out = models.BooleanField(default=False)  # e-mailed or downloaded: its number stays
    is_changed_since_sent = models.BooleanField(default=False)
    voided_by = models.CharField(max_length=12, choices=VoidedBy, blank=True)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, blank=True)

    # Made once by the form it was made with: a double click, Back after submit find it again.
    form_key = models.UUIDField(null=True)
    version = models.PositiveIntegerField(default=1)  # +1 at each change
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    changed_by = models.CharField(max_length=200, blank=True)  # who made this version, by name

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "firm",
                Upper("number"),
                condition=models.Q(is_numbered_here=True),
                name="our_invoice_numbers_are_unique_in_a_firm",
            ),
            models.CheckConstraint(
                condition=~models.Q(is_numbered_here=True, number=""),
                name="invoice_numbered_here_has_a_number",
            ),
            models.CheckConstraint(
                condition=models.Q(discount_percent=None) | models.Q(discount_amount=None),
                name="invoice_discount_is_percent_or_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(status="void") ^ models.Q(voided_by=""),
                name="a_void_invoice_says_by_whom",
            ),
            models.UniqueConstraint("firm", "form_key", name="one_invoice_a_form"),
        ]
        indexes = [
            models.Index(fields=["firm", "-id"], name="invoices_by_id"),
            models.Index(fields=["firm", "status", "-issued_on", "-id"], name="invoices_by_date"),
            models.Index(fields=["firm", "-issued_on", "-id"], name="invoices_of_firm_by_date"),
            models.Index(fields=["contact", "-issued_on"], name="invoices_of_contact"),
            models.Index(fields=["firm", "-updated_at"], name="invoices_by_change"),
            models.Index("firm", Upper("number"), name="invoices_by_number"),
        ]

    def __str__(self) -> str:
        return f"Invoice {self.number}" if self.number else "Invoice without a number"

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @property
    def is_void(self) -> bool:
        return self.status == self.Status.VOID


class InvoiceLine(models.Model):
    """
    One line. `amount` is stored; it is quantity x rate only where a person typed them.

    A line of text has no amount. A locked one is something of QuickBooks that we do not model:
    it is shown, and stays as it is.
    """

    class Kind(models.TextChoices):
        ITEM = "item", "Service"
        TEXT = "text", "Text"
        LOCKED = "locked", "From QuickBooks"

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()  # 1, 2, ...
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.ITEM)
    service_item = models.ForeignKey(
        "billing.ServiceItem", models.PROTECT, null=True, related_name="+"
    )
    books_item = models.CharField(max_length=64, blank=True)  # the item there, while not ours
    item_name = models.CharField(max_length=500, blank=True)  # as it was when the line was made
    description = models.CharField(max_length=4000, blank=True)
    served_on = models.DateField(null=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=7, null=True)
    rate = models.DecimalField(max_digits=18, decimal_places=7, null=True)
    amount = models.DecimalField(max_digits=13, decimal_places=2, null=True)
    is_taxable = models.BooleanField(default=False)
    lock_reason = models.CharField(max_length=200, blank=True)
    books_id = models.CharField(max_length=64, blank=True)  # of the line there

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("invoice", "position", name="invoice_lines_are_numbered"),
            models.CheckConstraint(
                condition=~models.Q(kind="text") | models.Q(amount=None),
                name="a_line_of_text_has_no_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description or self.item_name}"


class InvoiceTax(models.Model):
    """What one part of the tax came to: `amount` is `percent` of `base`, half up to the cent."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100, blank=True)
    percent = models.DecimalField(max_digits=10, decimal_places=7, null=True)
    base = models.DecimalField(max_digits=13, decimal_places=2, null=True)
    amount = models.DecimalField(max_digits=13, decimal_places=2)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("invoice", "position", name="invoice_taxes_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.amount}"


class InvoiceCredit(models.Model):
    """
    What lowers an invoice's balance in QuickBooks beside our payments. Read-only here.

    The sync writes these rows anew whenever it learns of them (billing.services.invoices).
    """

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="credits")
    kind = models.CharField(max_length=60)  # "Credit memo", "Deposit", "Other credit in ..."
    number = models.CharField(max_length=32, blank=True)
    dated_on = models.DateField(null=True)
    amount = models.DecimalField(max_digits=13, decimal_places=2)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.amount}"
