"""Tells people once when something starts to need them: not at each try, not once a record."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import send_mass_mail
from django.urls import reverse
from django_q.tasks import async_task

from firms.models import Membership
from firms.permissions import Permission
from integrations.models import Connection, Issue

LISTED = 20  # issues a mail names


def issue_opened(issue: Issue, now: datetime) -> None:
    """
    Called after the commit that opened an issue.

    Nothing is sent while an earlier one of the connection is open: the people know already. The
    mail leaves from a task of its own, so that no drain waits for a mail server.
    """
    open_before = Issue.objects.filter(
        connection_id=issue.connection_id, state=Issue.State.OPEN
    ).exclude(pk=issue.pk)
    if not open_before.exists():
        async_task("integrations.tasks.mail_needs_you", issue.connection_id)


def mail_open_issues(connection: Connection) -> int:
    """Mail who manages the integration what needs a person now; return to how many it went."""
    issues = list(
        Issue.objects.filter(connection=connection, state=Issue.State.OPEN)
        .select_related("link")
        .order_by("-opened_at")
    )
    if not issues:
        return 0
    noun = "thing needs" if len(issues) == 1 else "things need"
    subject = f"QuickBooks: {len(issues)} {noun} you"
    return _mail(connection, subject, _words(connection, issues))


def mail_disconnected(connection: Connection) -> int:
    """Mail who manages the integration that it stopped; return to how many it went."""
    page = f"{settings.BASE_URL}{reverse('integrations:reconnect')}"
    return _mail(
        connection,
        "QuickBooks is disconnected",
        f"{connection.company_name} no longer lets us in. Nothing is lost: changes wait in order "
        f"and are sent when somebody reconnects:\n\n{page}\n",
    )


def _words(connection: Connection, issues: list[Issue]) -> str:
    lines = [
        f"- {_one_line(each.link.label or each.link.remote_label)}: {_one_line(each.sentence)}"
        for each in issues[:LISTED]
    ]
    if len(issues) > LISTED:
        lines.append(f"- and {len(issues) - LISTED} more")
    page = f"{settings.BASE_URL}{reverse('integrations:home')}"
    return (
        f"These records of {connection.company_name} are not synced until somebody decides:\n\n"
        + "\n".join(lines)
        + f"\n\nWhat to do about each one is here:\n\n{page}\n\n"
        "You get no further mail while any of them is open.\n"
    )


def _mail(connection: Connection, subject: str, text: str) -> int:
    people = _managers(connection)
    return send_mass_mail([(subject, text, None, [address]) for address in people])


def _managers(connection: Connection) -> list[str]:
    members = Membership.objects.filter(
        firm_id=connection.firm_id,
        role__permissions__contains=[Permission.MANAGE_INTEGRATIONS],
        user__is_active=True,
    )
    return list(members.order_by("pk").values_list("user__email", flat=True))


def _one_line(text: str) -> str:
    return " ".join(text.split())
