"""E-mails that carry an invoice to its contact: asked for, on their way, sent, or failed."""

from __future__ import annotations

from django.db import models


class InvoiceMail(models.Model):
    """
    One e-mail with an invoice as PDF. It keeps what somebody wrote until it is sent, and after.

    One that is `sending` for long belonged to a process that died: nobody knows if it left.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    invoice = models.ForeignKey("billing.Invoice", models.CASCADE, related_name="mails")
    to = models.CharField(max_length=200)  # addresses with commas between
    subject = models.CharField(max_length=200)
    message = models.CharField(max_length=4000)
    reply_to = models.CharField(max_length=320, blank=True)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    error = models.CharField(max_length=500, blank=True)  # a sentence
    asked_by = models.CharField(max_length=200)
    user = models.ForeignKey("firms.User", models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    form_key = models.UUIDField(null=True, unique=True)  # a double click is one e-mail

    class Meta:
        indexes = [models.Index(fields=["invoice", "-asked_at"], name="mails_of_invoice")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"
