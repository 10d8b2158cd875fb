"""Every background entry point of billing: ids in, one call, safe to run twice."""

from __future__ import annotations

from django.utils import timezone

from billing.services import sending


def mail_invoice(mail_id: int) -> str:
    """Send one invoice by e-mail; return a line for the queue's log."""
    mail = sending.deliver(mail_id, clock=timezone.now)
    return f"mail {mail_id}: {mail.state}"
