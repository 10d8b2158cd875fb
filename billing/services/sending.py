"""
Invoices by e-mail: asked for in one transaction, sent by a task, and written down how it went.

What was asked for is a row before anything is sent: a mail server that refuses loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import formataddr, parseaddr
from smtplib import SMTPException
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django_q.tasks import async_task

from billing.licence import must_have_billing
from billing.models import Invoice, InvoiceMail
from billing.money import write_money
from billing.paper import Paper, read_paper
from billing.pdf import draw_invoice
from billing.services import invoices
from billing.services.invoice_errors import InvoiceError, InvoiceNotSent
from firms.mails import one_line
from firms.models import Firm, User
from firms.permissions import Actor, ActorKind, Permission

MOST_ADDRESSES = 10
LONGEST_SUBJECT = 150


class LetterNotPossible(InvoiceError):
    """The e-mail cannot be sent as it is written; `field` is "to", "subject" or "message"."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What goes with the PDF. `to`: addresses with commas between."""

    to: str
    subject: str
    message: str


def default_letter(paper: Paper) -> Letter:
    """What the dialog starts with; `to` is blank where the contact has no e-mail address."""
    invoice, firm = paper.invoice, one_line(paper.firm_name)
    balance, due = paper.settling[-1].amount, invoice.due_on
    owed = f"{write_money(balance, invoice.currency)} is due on {due:%b} {due.day}, {due.year}."
    number = f"invoice {invoice.number}" if invoice.number else "an invoice"
    return Letter(
        to=address_of(invoice),
        subject=one_line(f"{invoice} from {firm}")[:LONGEST_SUBJECT],
        message=f"Hello,\n\nattached is {number}. "
        f"{owed if balance > 0 else 'Nothing is left to pay.'}\n\nThank you,\n{firm}\n",
    )


def address_of(invoice: Invoice) -> str:
    """Where its contact gets mail, or the parent that is billed for it."""
    contact = invoice.contact
    if contact.email or not contact.bill_with_parent or contact.parent is None:
        return contact.email
    return contact.parent.email


@transaction.atomic
def send_by_email(
    *,
    actor: Actor,
    invoice: Invoice,
    letter: Letter,
    now: datetime,
    version: int | None = None,
    form_key: UUID | None = None,
) -> InvoiceMail:
    """
    Have an invoice e-mailed with its PDF. A draft leaves draft now, whatever becomes of the mail.

    The mail leaves after the commit. One that was asked for with the same `form_key` is returned
    as it is: a double click sends one.

    Args:
        version: of a draft, as the person saw it.
    Raises:
        LetterNotPossible: the addresses, the subject or the message are not possible.
        InvoiceNotSent: it is void.
        InvoiceChanged, InvoiceError: the draft cannot be billed as it is.
    """
    actor.must(Permission.EDIT_INVOICES, in_firm=invoice.firm_id)
    must_have_billing(Firm.objects.select_for_update(no_key=True).get(pk=invoice.firm_id))
    asked = form_key and InvoiceMail.objects.filter(form_key=form_key, invoice=invoice).first()
    if asked:
        return asked
    letter = _checked(letter)
    current = Invoice.objects.get(pk=invoice.pk)
    if current.is_void:
        raise InvoiceNotSent(f"{current} is void. It can be downloaded, but not sent.")
    if current.is_draft:
        invoices.send_invoice(actor=actor, invoice=current, now=now, version=version)
    mail = InvoiceMail.objects.create(
        invoice=current,
        to=letter.to,
        subject=letter.subject,
        message=letter.message,
        reply_to=_email_of(actor),
        asked_by=actor.label[:200],
        user_id=actor.user_id,
        asked_at=now,
        form_key=form_key,
    )
    # The queue is in this database: the task exists if, and only if, this commits.
    async_task("billing.tasks.mail_invoice", mail.pk)
    return mail


def deliver(mail_id: int, *, clock: Callable[[], datetime]) -> InvoiceMail:
    """
    Send one mail that waits; one that is on its way or done is left alone. In no transaction.

    Args:
        clock: says the time when it starts and when it ends.
    """
    waiting = InvoiceMail.objects.filter(pk=mail_id, state=InvoiceMail.State.WAITING)
    if not waiting.update(state=InvoiceMail.State.SENDING, started_at=clock()):
        return InvoiceMail.objects.get(pk=mail_id)
    mail = InvoiceMail.objects.select_related("invoice__firm").get(pk=mail_id)
    if mail.invoice.is_void:
        return _failed(mail, "The invoice was voided before it was sent.", now=clock())
    try:
        _message(mail, now=clock()).send()
    except (SMTPException, OSError) as error:
        return _failed(mail, _reason(error), now=clock())
    return _sent(mail, now=clock())


def today_of(firm: Firm, now: datetime) -> date:
    return now.astimezone(ZoneInfo(firm.time_zone)).date()


def file_name(invoice: Invoice) -> str:
    """A name for its PDF that every computer takes: Invoice-INV-1001.pdf."""
    number = "".join(sign if sign.isalnum() else "-" for sign in invoice.number).strip("-")
    return f"Invoice-{number or invoice.pk}.pdf"


def read_addresses(text: str) -> list[str]:
    """
    Read addresses with commas, semicolons or lines between; each once.

    Raises:
        LetterNotPossible: one is no e-mail address, there is none, or there are too many.
    """
    pieces = text.replace(";", ",").replace("\n", ",").split(",")
    addresses = list(dict.fromkeys(filter(None, (piece.strip() for piece in pieces))))
    if not addresses:
        raise LetterNotPossible("Enter an e-mail address.", field="to")
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise LetterNotPossible(
                f'"{address[:60]}" is not an e-mail address. Put commas between several.',
                field="to",
            ) from None
    if len(addresses) > MOST_ADDRESSES:
        raise LetterNotPossible(f"At most {MOST_ADDRESSES} addresses. Remove some.", field="to")
    return addresses


def _checked(letter: Letter) -> Letter:
    to, subject = ", ".join(read_addresses(letter.to)), " ".join(letter.subject.split())
    message = letter.message.replace("\r\n", "\n").strip()
    longest = InvoiceMail._meta.get_field("to").max_length or 0
    if len(to) > longest:
        raise LetterNotPossible(f"Addresses: at most {longest} characters together.", field="to")
    if not subject:
        raise LetterNotPossible("Enter a subject.", field="subject")
    if len(subject) > LONGEST_SUBJECT:
        raise LetterNotPossible(
            f"Subject: at most {LONGEST_SUBJECT} characters; these are {len(subject)}.",
            field="subject",
        )
    longest = InvoiceMail._meta.get_field("message").max_length or 0
    if len(message) > longest:
        raise LetterNotPossible(
            f"Message: at most {longest} characters; these are {len(message)}.", field="message"
        )
    return Letter(to=to, subject=subject, message=message)


def _email_of(actor: Actor) -> str:
    found = User.objects.filter(pk=actor.user_id or 0).values_list("email", flat=True)
    return found.first() or ""


def _message(mail: InvoiceMail, *, now: datetime) -> EmailMessage:
    firm = mail.invoice.firm
    paper = read_paper(firm, mail.invoice_id, today=today_of(firm, now))
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMessage(
        subject=mail.subject,
        body=mail.message + "\n",
        from_email=formataddr((one_line(firm.name), address)),
        to=mail.to.split(", "),
        reply_to=[mail.reply_to] if mail.reply_to else None,
    )
    pdf = draw_invoice(paper, now=now)
    message.attach(file_name(paper.invoice), pdf, "application/pdf")
    return message


@transaction.atomic
def _sent(mail: InvoiceMail, *, now: datetime) -> InvoiceMail:
    mail.state, mail.ended_at = InvoiceMail.State.SENT, now
    mail.save(update_fields=["state", "ended_at"])
    if not Invoice.objects.get(pk=mail.invoice_id).is_void:  # voided while it was on its way
        invoices.note_emailed(actor=_asker(mail), invoice=mail.invoice, to=mail.to, now=now)
    return mail


def _failed(mail: InvoiceMail, sentence: str, *, now: datetime) -> InvoiceMail:
    mail.state, mail.error, mail.ended_at = InvoiceMail.State.FAILED, sentence[:500], now
    mail.save(update_fields=["state", "error", "ended_at"])
    return mail


def _asker(mail: InvoiceMail) -> Actor:
    """Who asked for it. Whether they may was checked then."""
    return Actor(
        kind=ActorKind.PERSON if mail.user_id else ActorKind.TOKEN,
        firm_id=mail.invoice.firm_id,
        label=mail.asked_by,
        permissions=frozenset({Permission.EDIT_INVOICES}),
        user_id=mail.user_id,
    )


def _reason(error: Exception) -> str:
    said = " ".join(str(error).split())[:300]
    return f"The mail server did not take it: {(said or type(error).__name__).rstrip('.')}."
