"""Invoices by e-mail: what is sent, to whom, once; and what a mail that fails leaves behind."""

import socket
from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pypdfium2
import pytest
from django.core import mail as mails
from django.db import transaction
from django_q.models import OrmQ

from billing import tasks
from billing.models import Invoice, InvoiceMail
from billing.paper import read_paper
from billing.services import invoices, sending
from billing.services.invoice_errors import InvoiceChanged, InvoiceNotSent, LinesMissing
from billing.services.sending import Letter, LetterNotPossible
from firms.models import Licence
from firms.permissions import NotAllowed, Permission
from tests.factories import NOW, make_actor, make_contact, make_invoice, make_line

LETTER = Letter(to="ada@cobalt.test", subject="Invoice", message="Hello,\nthank you.")
LATER = NOW + timedelta(minutes=1)


def send(invoice, actor, **more):
    letter = more.pop("letter", LETTER)
    return sending.send_by_email(actor=actor, invoice=invoice, letter=letter, now=NOW, **more)


def deliver(mail):
    return sending.deliver(mail.pk, clock=lambda: LATER)


@pytest.fixture
def closed_mail_server(settings):
    """A mail server that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 2},
        }
    }


def test_a_draft_leaves_draft_and_is_mailed_with_its_pdf(firm, actor, heard):
    invoice = make_invoice(firm, status="draft")
    heard.clear()

    mail = send(invoice, actor, version=invoice.version)

    assert mails.outbox == []  # nothing leaves in the transaction
    invoice.refresh_from_db()
    assert (invoice.status, invoice.emailed_at) == ("sent", None)
    assert deliver(mail).state == "sent"
    (message,) = mails.outbox
    assert (message.to, message.subject) == (["ada@cobalt.test"], "Invoice")
    assert message.body == "Hello,\nthank you.\n"
    assert message.from_email == f"{firm.name} <no-reply@localhost>"
    (attachment,) = message.attachments
    assert attachment.filename == f"Invoice-{invoice.number}.pdf"
    assert attachment.mimetype == "application/pdf"
    page = pypdfium2.PdfDocument(attachment.content)[0].get_textpage().get_text_range()
    assert invoice.number in page
    assert "DRAFT" not in page
    invoice.refresh_from_db()
    assert (invoice.emailed_at, invoice.emailed_to) == (LATER, "ada@cobalt.test")
    assert invoice.is_out
    assert [label for _, _, label in heard] == [actor.label, actor.label]


def test_answers_to_the_mail_go_to_who_sent_it(firm):
    actor = make_actor(firm, email="priya@alder.test")

    deliver(send(make_invoice(firm), actor))

    assert mails.outbox[0].reply_to == ["priya@alder.test"]


def test_the_task_is_asked_for_in_the_same_commit(firm, actor):
    invoice = make_invoice(firm)
    asked = OrmQ.objects.count()

    with transaction.atomic():
        send(invoice, actor)
        transaction.set_rollback(True)  # something after it went wrong
    assert OrmQ.objects.count() == asked
    assert not InvoiceMail.objects.exists()

    mail = send(invoice, actor)
    assert OrmQ.objects.count() == asked + 1
    assert tasks.mail_invoice(mail.pk) == f"mail {mail.pk}: sent"


def test_a_double_click_sends_one_mail_and_so_does_a_task_that_runs_twice(firm, actor):
    invoice, key = make_invoice(firm), uuid4()

    first, second = (send(invoice, actor, form_key=key) for _ in range(2))
    assert first == second
    deliver(first)
    deliver(first)

    assert len(mails.outbox) == 1
    assert deliver(send(invoice, actor, form_key=uuid4())).state == "sent"
    assert len(mails.outbox) == 2


def test_a_mail_that_fails_says_why_and_loses_nothing(firm, actor, closed_mail_server):
    invoice = make_invoice(firm, status="draft")

    mail = deliver(send(invoice, actor))

    assert mail.state == "failed"
    assert mail.error.startswith("The mail server did not take it: ")
    assert (mail.to, mail.message) == ("ada@cobalt.test", "Hello,\nthank you.")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.emailed_at) == ("sent", None)


def test_after_sending_again_nothing_is_changed_since(firm, actor):
    invoice = make_invoice(firm)
    Invoice.objects.filter(pk=invoice.pk).update(is_changed_since_sent=True)

    deliver(send(invoice, actor))

    invoice.refresh_from_db()
    assert not invoice.is_changed_since_sent


def test_a_void_invoice_is_not_sent_not_even_one_voided_while_it_waited(firm, actor):
    invoice = make_invoice(firm)
    waiting = send(invoice, actor)
    invoices.void_invoice(actor=actor, invoice=invoice, now=NOW)

    assert deliver(waiting).error == "The invoice was voided before it was sent."
    with pytest.raises(InvoiceNotSent):
        send(invoice, actor)
    assert mails.outbox == []


def test_a_draft_that_cannot_be_billed_is_not_sent(firm, actor):
    empty = make_invoice(firm, status="draft", lines=[])
    changed = make_invoice(firm, status="draft")

    with pytest.raises(LinesMissing):
        send(empty, actor)
    with pytest.raises(InvoiceChanged):
        send(changed, actor, version=changed.version + 1)

    assert not InvoiceMail.objects.exists()


@pytest.mark.parametrize(
    ("letter", "field"),
    [
        (Letter(to="", subject="s", message="m"), "to"),
        (Letter(to="ada", subject="s", message="m"), "to"),
        (Letter(to="a@b.test, Ada <c@d.test>", subject="s", message="m"), "to"),
        (Letter(to="a@b.test\nBcc: c@d.test", subject="s", message="m"), "to"),
        (Letter(to=",".join(f"a{n}@b.test" for n in range(11)), subject="s", message="m"), "to"),
        (Letter(to="a" * 60 + "@" + "b" * 60 + ".test," * 3, subject="s", message="m"), "to"),
        (Letter(to="a@b.test", subject=" \n", message="m"), "subject"),
        (Letter(to="a@b.test", subject="s" * 151, message="m"), "subject"),
        (Letter(to="a@b.test", subject="s", message="m" * 4001), "message"),
    ],
)
def test_a_letter_that_cannot_be_sent_says_which_field_to_change(firm, actor, letter, field):
    invoice = make_invoice(firm, status="draft")

    with pytest.raises(LetterNotPossible) as caught:
        send(invoice, actor, letter=letter)

    assert caught.value.field == field
    invoice.refresh_from_db()
    assert invoice.status == "draft"


def test_a_subject_cannot_add_headers(firm, actor):
    letter = Letter(to="a@b.test;c@d.test, a@b.test", subject="Invoice\nBcc: x@y.test", message="")

    deliver(send(make_invoice(firm), actor, letter=letter))

    assert mails.outbox[0].subject == "Invoice Bcc: x@y.test"
    assert mails.outbox[0].recipients() == ["a@b.test", "c@d.test"]


def test_sending_needs_the_permission_and_the_licence(firm):
    invoice = make_invoice(firm)

    with pytest.raises(NotAllowed):
        send(invoice, make_actor(firm, role="Viewer", permissions=[Permission.VIEW_ONLY]))

    actor = make_actor(firm)
    firm.licences = [Licence.TRANSCRIPTS_AND_NOTICES]
    firm.save()
    with pytest.raises(Exception, match="Time & Billing"):
        send(invoice, actor)


def test_the_letter_starts_with_number_balance_and_due_date(firm):
    contact = make_contact(firm, email="ada@cobalt.test")
    invoice = make_invoice(firm, contact=contact)

    letter = sending.default_letter(read_paper(firm, invoice.pk, today=NOW.date()))

    assert letter.to == "ada@cobalt.test"
    assert letter.subject == f"Invoice {invoice.number} from {firm.name}"
    assert invoice.number in letter.message
    assert "$150.00 is due on Dec 20, 2026" in letter.message
    assert (
        "Nothing is left to pay."
        in sending.default_letter(
            read_paper(firm, make_invoice(firm, lines=[make_line(rate=D(0))]).pk, today=NOW.date())
        ).message
    )


def test_a_child_whose_parent_is_billed_is_mailed_at_the_parents_address(firm):
    parent = make_contact(firm, email="office@maple.test")
    child = make_contact(firm, parent_id=parent.pk, bill_with_parent=True)

    assert sending.address_of(make_invoice(firm, contact=child)) == "office@maple.test"


@pytest.mark.parametrize(
    ("number", "name"),
    [("INV-1", "Invoice-INV-1.pdf"), ("../a b\n", "Invoice-a-b.pdf"), ("Ω", "Invoice-Ω.pdf")],
)
def test_file_names_hold_nothing_that_a_computer_refuses(number, name):
    assert sending.file_name(Invoice(pk=7, number=number)) == name


def test_the_name_of_a_firm_cannot_add_headers(actor, firm):
    firm.name = 'Alder, "Finch" & Söhne\nBcc: x@y.test'
    firm.save()

    deliver(send(make_invoice(firm), actor))

    message = mails.outbox[0].message()
    assert message["Bcc"] is None
    assert "no-reply@localhost" in message["From"]
