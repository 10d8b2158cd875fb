"""What can be wrong with a payment. Each says what to do; `field` is the one to change, or ""."""

from __future__ import annotations

from billing.errors import BillingError
from billing.models import Payment


class PaymentError(BillingError):
    """
    The payment could not be saved as it is; nothing was changed.

    `invoice_id`: the invoice whose part is wrong, where it is that of one.
    """

    def __init__(self, sentence: str, *, field: str = "", invoice_id: int | None = None) -> None:
        super().__init__(sentence)
        self.field = field
        self.invoice_id = invoice_id


class PaymentChanged(PaymentError):
    """Somebody else saved it since the form was drawn; `payment` holds it as it is now."""

    def __init__(self, payment: Payment) -> None:
        self.payment = payment
        super().__init__("It was changed by somebody else meanwhile. Look at it and try again.")


class PaymentIsVoid(PaymentError):
    """A void payment can't change any more."""


class PaymentLocked(PaymentError):
    """The books hold it fast: it is part of a deposit, or was taken by card."""


class AppliedTooMuch(PaymentError):
    """More would be applied than was received, or than an invoice owes."""

    def __init__(self, sentence: str, *, invoice_id: int | None = None) -> None:
        super().__init__(sentence, field="parts", invoice_id=invoice_id)


class NotPayable(PaymentError):
    """The invoice is a draft, void, or somebody else's."""

    def __init__(self, sentence: str, *, invoice_id: int | None = None) -> None:
        super().__init__(sentence, field="parts", invoice_id=invoice_id)
