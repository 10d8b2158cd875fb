"""The firm's sequence of invoice numbers: what comes next, and how it is set."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Upper

from billing.licence import must_have_billing
from billing.models import Invoice, InvoiceNumbering
from billing.services.invoice_errors import NumberingNotPossible, NumberTaken, NumberTooLong
from firms.models import Firm
from firms.permissions import Actor, Permission
from firms.services import write_audit

LONGEST = 21  # characters of a number in QuickBooks. Source: developer.intuit.com, DocNumber


def propose(firm: Firm | int) -> str:
    """The number that the next invoice would get. Takes nothing; another may get it first."""
    numbering = InvoiceNumbering.objects.filter(firm=firm).first() or InvoiceNumbering()
    return str(numbering.prefix) + str(_next_free(firm, numbering))


def take(firm_id: int) -> str:
    """
    Give out the next free number, and move on. The caller holds the firm's lock.

    Raises:
        NumberTooLong: prefix and number have more than 21 characters.
    """
    numbering, _ = InvoiceNumbering.objects.select_for_update().get_or_create(firm_id=firm_id)
    value = _next_free(firm_id, numbering)
    number = f"{numbering.prefix}{value}"
    check_length(number)
    numbering.next_number = value + 1
    numbering.save(update_fields=["next_number"])
    return number


def check(number: str, *, firm_id: int, other_than: int | None) -> None:
    """
    Raises:
        NumberTooLong, NumberTaken: it cannot be a number of ours.
    """
    check_length(number)
    ours = (
        Invoice.objects.for_firm(firm_id).filter(is_numbered_here=True).exclude(pk=other_than or 0)
    )
    if ours.filter(number__iexact=number).exists():
        raise NumberTaken(
            f"Another invoice has the number {number}. Choose another; {propose(firm_id)} is free."
        )


def check_length(number: str) -> None:
    if len(number) > LONGEST:
        raise NumberTooLong(
            f"An invoice number can have at most {LONGEST} characters; "
            f"{number[:40]} has {len(number)}. Shorten it."
        )


@transaction.atomic
def change_numbering(
    *, actor: Actor, prefix: str, next_number: int, now: datetime
) -> InvoiceNumbering:
    """
    Set how the next invoices are numbered. Those there are keep their numbers.

    Raises:
        NumberingNotPossible: nothing was changed; its `field` is "prefix" or "next_number".
    """
    actor.must(Permission.EDIT_INVOICES, in_firm=actor.firm_id)
    firm = Firm.objects.select_for_update(no_key=True).get(pk=actor.firm_id)
    must_have_billing(firm)
    _check_numbering(prefix, next_number)
    numbering, _ = InvoiceNumbering.objects.select_for_update().get_or_create(firm=firm)
    before = str(numbering)
    numbering.prefix, numbering.next_number = prefix, next_number
    if str(numbering) != before:
        numbering.save()
        write_audit(
            actor=actor,
            firm_id=firm.pk,
            action="Invoice numbering changed",
            before={"next_number": before},
            after={"next_number": str(numbering)},
            now=now,
        )
    return numbering


def _check_numbering(prefix: str, next_number: int) -> None:
    longest = InvoiceNumbering._meta.get_field("prefix").max_length or 0
    if len(prefix) > longest:
        raise NumberingNotPossible(
            f"The prefix can have at most {longest} characters; this has {len(prefix)}.",
            field="prefix",
        )
    if any(not sign.isprintable() for sign in prefix):
        raise NumberingNotPossible("The prefix has a sign that cannot be printed.", field="prefix")
    if next_number < 1:
        raise NumberingNotPossible("The next number has to be 1 or more.", field="next_number")
    length = len(prefix) + len(str(next_number))
    if length > LONGEST or next_number > 10**18:
        raise NumberingNotPossible(
            f"Prefix and number can have at most {LONGEST} characters together; "
            f"these have {length}. Choose a shorter prefix or a smaller number.",
            field="next_number",
        )


def _next_free(firm: Firm | int, numbering: InvoiceNumbering) -> int:
    """From the next number on the first that no invoice has, made here or in QuickBooks."""
    invoices = Invoice.objects.for_firm(firm).annotate(folded=Upper("number"))
    first, size = numbering.next_number, 1
    while True:
        numbers = {
            f"{numbering.prefix}{value}".upper(): value for value in range(first, first + size)
        }
        taken = set(invoices.filter(folded__in=numbers).values_list("folded", flat=True))
        free = [value for number, value in numbers.items() if number not in taken]
        if free:
            return free[0]
        first, size = first + size, min(size * 4, 1000)
