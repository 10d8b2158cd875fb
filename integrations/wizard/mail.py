"""The two letters of each half of set-up: the lists are ready, they were synced."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from firms.models import User
from integrations.models import Setup
from integrations.wizard import queries
from integrations.wizard.steps import lists_of

log = logging.getLogger(__name__)


def tell_lists_are_ready(setup: Setup) -> None:
    """To the person who started the import."""
    counts = "\n".join(
        f"{name.label}: {queries.number_shown(setup.counts, name)}" for name in lists_of(setup)
    )
    is_billing = setup.half == Setup.Half.BILLING
    what = "service items" if is_billing else "contacts"
    page = "setup:services_list" if is_billing else "setup:contacts_list"
    _send(
        setup.import_started_by,
        f"Your {what[:-1]} lists are ready",
        f"The {what} of QuickBooks were read and compared with yours. Nothing was changed yet.\n\n"
        f"{counts}\n\n"
        f"Look at the lists: {_address(page, 'matched')}\n",
    )


def tell_they_are_synced(setup: Setup, sentence: str, lines: list[str]) -> None:
    """To the person who pressed Sync."""
    is_billing = setup.half == Setup.Half.BILLING
    what = "Service items and invoices" if is_billing else "Contacts"
    page = "setup:services_report" if is_billing else "setup:report"
    _send(
        setup.confirmed_by,
        f"{what} synced with QuickBooks",
        "\n".join([sentence, "", *lines, "", f"The report: {_address(page)}", ""]),
    )


def _address(name: str, *args: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse(name, args=args)


def _send(user: User | None, subject: str, text: str) -> None:
    """A letter that cannot be sent is no reason to stop: all it says is on the pages too."""
    if user is None or not user.email:
        return
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [user.email])
    except OSError:
        log.warning("The letter %r to person %s could not be sent.", subject, user.pk)
