"""
Issues about transactions where nothing was refused: totals that differ, a bill that may be there
twice, a record that ended in the books while nothing may be written here.
"""

from __future__ import annotations

from datetime import datetime

from integrations.entities import Local
from integrations.models import Connection, Issue, Link
from integrations.providers.base import Snapshot
from integrations.reconcile.record import Life, Record
from integrations.sync import doubles, issues


def compare_totals(
    link: Link, local: Local, heard: Snapshot, *, is_settled: bool, now: datetime
) -> None:
    """
    Each side computes its own total; a cent between them is for a person (ledger rule 20).

    Args:
        is_settled: nothing is on its way there and nothing contested, so that they must agree.
    """
    if heard.amount is None or local.amount is None:
        return
    if heard.record.life != Life.LIVE or local.record.life != Life.LIVE:
        over = [Issue.Kind.TOTALS_DIFFER, Issue.Kind.BILLED_TWICE]
        issues.close(link, kinds=over, now=now)
        return
    if not is_settled:
        return
    if heard.amount == local.amount:
        issues.close(link, kinds=[Issue.Kind.TOTALS_DIFFER], now=now)
        return
    issues.open_issue(
        link,
        kind=Issue.Kind.TOTALS_DIFFER,
        sentence=f"It comes to {local.amount:,.2f} here and to {heard.amount:,.2f} in QuickBooks.",
        what_to_do="Compare lines, discount and tax of the two, and change the one that is wrong.",
        detail={
            "local_total": f"{local.amount}",
            "remote_total": f"{heard.amount}",
            "remote_tax": link.facts.get("tax", ""),
        },
        now=now,
    )


def ask_if_billed_twice(connection: Connection, link: Link, *, now: datetime) -> None:
    """An invoice came in. It did so all the same: what the books hold is never refused here."""
    if link.entity != "invoice" or link.local_id is None:
        return
    twin = doubles.billed_twice(connection, link.local_id)
    if twin is not None:
        issues.open_issue(
            link,
            kind=Issue.Kind.BILLED_TWICE,
            sentence=f"It came in from QuickBooks, and {twin} of {twin.total:,.2f} looks like "
            "the same bill.",
            what_to_do="Void one of the two if the client was billed twice. Else say that both "
            "are right.",
            detail={"twin": twin.pk, "twin_label": twin.number},
            now=now,
        )


def tell_if_ended_there(
    link: Link, local: Local | None, remote: Record | None, *, now: datetime
) -> None:
    """Where nothing is written here, what ended there is for a person to see."""
    ends = (Life.VOID, Life.DELETED)
    if remote is None or remote.life not in ends or local is None or link.options.get("leave"):
        return
    if local.record.life in ends:
        issues.close(link, kinds=[Issue.Kind.DELETED_THERE], now=now)
        return
    verb = "voided" if remote.life == Life.VOID else "deleted"
    issues.open_issue(
        link,
        kind=Issue.Kind.DELETED_THERE,
        sentence=f"It was {verb} in QuickBooks. Here it still counts.",
        what_to_do="Void it here, too, or leave the two as they are.",
        now=now,
    )
