"""What can be wrong with an invoice. Each says what to do; `field` is the one to change, or ""."""

from __future__ import annotations

from billing.errors import BillingError
from billing.models import Invoice


class InvoiceError(BillingError):
    """
    The invoice could not be saved as it is; nothing was changed.

    `field`: a name of `invoices.FIELDS`, or "". For "lines" also `line` (1 is the first) and
    `column` ("quantity"), where one of them is to blame.
    """

    field = ""
    line: int | None = None
    column = ""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        if field is not None:
            self.field = field


class InvoiceChanged(InvoiceError):
    """Somebody else saved it since the form was drawn; `invoice` holds it as it is now."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice = invoice
        super().__init__(
            f"{invoice} was changed by somebody else meanwhile. Look at it and try again."
        )


class InvoiceNotDraft(InvoiceError):
    """It was sent or voided already."""


class InvoiceNotSent(InvoiceError):
    """It is a draft, or void."""


class InvoiceIsVoid(InvoiceError):
    """Nothing of a void invoice changes."""


class InvoiceLocked(InvoiceError):
    """QuickBooks holds something of it that we do not model: lines and contact stay."""


class ContactMissing(InvoiceError):
    """There is no contact, or none of the firm."""

    field = "contact_id"


class ContactArchived(InvoiceError):
    """The contact is archived."""

    field = "contact_id"


class ContactFixed(InvoiceError):
    """Payments or credits stand against it: they belong to this contact."""

    field = "contact_id"


class TotalFixed(InvoiceError):
    """Payments or credits stand against it, and it would come to something else."""

    field = "lines"


class NumberMissing(InvoiceError):
    """A number of ours cannot be blank."""

    field = "number"


class NumberTaken(InvoiceError):
    """Another invoice that was numbered here has it; capitals don't count."""

    field = "number"


class NumberTooLong(InvoiceError):
    """QuickBooks holds 21 characters."""

    field = "number"


class NumberIsOut(InvoiceError):
    """The client has this number: only a person may change it."""

    field = "number"


class NumberingNotPossible(InvoiceError):
    """The prefix or the next number cannot be used; `field` is "prefix" or "next_number"."""


class TextTooLong(InvoiceError):
    """A text is longer than QuickBooks can hold."""


class DateNotPossible(InvoiceError):
    """No date, one far away, or a due date before the issue date."""


class TermsNotPossible(InvoiceError):
    """The number of days is negative or too large."""

    field = "term_days"


class DiscountNotPossible(InvoiceError):
    """The discount is no number, negative, or more than the lines come to."""


class TaxRateNotPossible(InvoiceError):
    """The rate is not of the firm, or archived."""

    field = "tax_rate_id"


class TotalNotPossible(InvoiceError):
    """It would come to less than nothing, or to more than can be kept."""

    field = "lines"


class LineNotPossible(InvoiceError):
    """One line cannot be saved; `line` and `column` say where."""

    field = "lines"

    def __init__(self, line: int, sentence: str, *, column: str = "") -> None:
        self.line, self.column = line, column
        super().__init__(f"Line {line}: {sentence}")


class LinesMissing(InvoiceError):
    """An invoice that leaves draft needs something to bill."""

    field = "lines"


class TooManyLines(InvoiceError):
    """More lines than QuickBooks can hold."""

    field = "lines"


class PaymentsInTheWay(InvoiceError):
    """A payment of it cannot be voided with it."""

    field = "payments"


class ReasonTooLong(InvoiceError):
    """The reason is longer than can be kept."""

    field = "reason"


class TaxNotExplained(InvoiceError):
    """The tax came from QuickBooks and no rate of ours explains it."""

    field = "tax_rate_id"
