"""How a Sync of set-up went: numbers kept with the run, rows read from today's links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integrations.entities import ENTITIES
from integrations.models import Activity, Issue, Link, MatchProposal, Setup
from integrations.wizard import importing, mail, sheets

List = MatchProposal.List
Decision = MatchProposal.Decision


@dataclass(frozen=True, kw_only=True)
class Line:
    """One record of the run and what became of it."""

    row: MatchProposal
    link: Link | None
    issue: Issue | None

    @property
    def is_planned(self) -> bool:
        return self.row.decision in (
            Decision.LINK,
            Decision.CREATE_HERE,
            Decision.CREATE_THERE,
        )

    @property
    def needs_you(self) -> bool:
        return self.is_planned and self.issue is not None

    @property
    def is_done(self) -> bool:
        is_linked = self.link is not None and self.link.state == Link.State.LINKED
        return self.is_planned and is_linked and self.issue is None

    @property
    def result(self) -> str:
        if not self.is_planned:
            return "Left out"
        if self.needs_you:
            return "Needs you"
        if not self.is_done:
            return "Waiting"
        return {
            Decision.LINK: "Linked",
            Decision.CREATE_HERE: "Created here",
            Decision.CREATE_THERE: "Created in QuickBooks",
        }[Decision(self.row.decision)]

    @property
    def what_to_do(self) -> str:
        if self.issue is None or not self.is_planned:
            return ""
        return self.issue.what_to_do or (CHOOSE if self.issue.is_conflict else "")

    @property
    def reason(self) -> str:
        if self.issue is not None and self.is_planned:
            return self.issue.sentence
        if self.is_planned:
            return ""
        if self.row.entity == "contact":
            return REASONS.get(List(self.row.list), "")
        if self.row.entity == "service_item":
            reason = self.row.suggestion_reason
            return reason or REASONS_OF_ITEMS.get(List(self.row.list), "")
        return "Its contact doesn't sync" if self.row.is_held else "From before the chosen date"

    @property
    def noun(self) -> str:
        return ENTITIES[self.row.entity].singular.capitalize()


REASONS = {
    List.UNMATCHED: "No customer of this name",
    List.DUPLICATES: "The name is not unique",
    List.NEW: "Not ticked",
}
REASONS_OF_ITEMS = {List.UNMATCHED: "Not in QuickBooks", List.NEW: "Not ticked"}


CHOOSE = "Keep ours or theirs, or choose field by field."


def lines(setup: Setup) -> Iterator[Line]:
    """Every row of the run with today's link and open issue, in the order of the lists."""
    for entity in importing.entities_of(setup):
        yield from _lines(setup, entity)


def _lines(setup: Setup, entity: str) -> Iterator[Line]:
    ours: dict[int, Link] = {}
    theirs: dict[str, Link] = {}
    links = Link.objects.filter(connection_id=setup.connection_id, entity=entity)
    for link in links.exclude(state=Link.State.FORMER).defer("base", "seen", "kept", "decisions"):
        if link.local_id is not None:
            ours[link.local_id] = link
        if link.remote_id is not None:
            theirs[link.remote_id] = link
    issues = {
        issue.link_id: issue
        for issue in Issue.objects.filter(
            connection_id=setup.connection_id, state=Issue.State.OPEN, link__entity=entity
        ).defer("detail")
    }
    rows = MatchProposal.objects.filter(setup=setup, entity=entity).exclude(list=List.TAKEN)
    for row in rows.order_by("list", "sort_key", "pk").defer("plan").iterator(chunk_size=2000):
        found = ours.get(row.local_id or 0) or theirs.get(row.remote_id)
        yield Line(row=row, link=found, issue=issues.get(found.pk) if found else None)


def totals(setup: Setup) -> dict[str, Any]:
    """Numbers of the run as they are now."""
    counts: Counter[str] = Counter()
    for line in lines(setup):
        counts["planned"] += line.is_planned
        counts["done"] += line.is_done
        counts["needs_you"] += line.needs_you
        if line.is_done:
            counts[line.row.decision] += 1
        elif not line.is_planned:
            counts[f"left_{line.row.list}"] += 1
            counts[f"left_{line.row.entity}"] += 1
        counts[f"done_{line.row.entity}"] += line.is_done
    return {**counts, **_updated(setup)}


def _updated(setup: Setup) -> dict[str, int]:
    """Records the run filled in fields of, on either side."""
    done = Activity.objects.filter(
        connection_id=setup.connection_id,
        entity__in=importing.entities_of(setup),
        at__gte=setup.confirmed_at,
        result=Activity.Result.DONE,
    )
    if setup.worked_off_at is not None:
        done = done.filter(at__lte=setup.worked_off_at)
    sent = done.filter(direction=Activity.Direction.SENT, detail__operation="update")
    received = done.filter(direction=Activity.Direction.RECEIVED).exclude(
        title="Created from QuickBooks"
    )
    return {
        "updated_there": sent.values("link_id").distinct().count(),
        "updated_here": received.values("link_id").distinct().count(),
    }


def sentence(found: dict[str, Any]) -> str:
    """ "598 of 612 synced. 14 need you." """
    planned, done = found.get("planned", 0), found.get("done", 0)
    needs_you = found.get("needs_you", 0)
    if not needs_you and done == planned:
        return f"{planned} synced."
    need = "needs" if needs_you == 1 else "need"
    waiting = planned - done - needs_you
    return f"{done} of {planned} synced. " + " ".join(
        text
        for number, text in (
            (needs_you, f"{needs_you} {need} you."),
            (waiting, f"{waiting} waiting."),
        )
        if number
    )


def facts(setup: Setup, found: dict[str, Any]) -> list[tuple[str, int]]:
    """The numbers with their words, those of 0 too."""
    told = [
        ("Linked", found.get("link", 0)),
        ("Created in your practice", found.get("create_here", 0)),
        ("Created in QuickBooks", found.get("create_there", 0)),
        ("Filled in here", found.get("updated_here", 0)),
        ("Filled in in QuickBooks", found.get("updated_there", 0)),
        ("Need you", found.get("needs_you", 0)),
    ]
    if setup.half == Setup.Half.BILLING:
        return told + [
            (f"{ENTITIES[entity].label}, left out", found.get(f"left_{entity}", 0))
            for entity in importing.entities_of(setup)
        ]
    return [
        *told,
        ("Unmatched, left out", found.get("left_unmatched", 0)),
        ("Duplicates, left out", found.get("left_duplicates", 0)),
        ("Not ticked, left out", found.get("left_new", 0)),
    ]


def write(setup_id: int, *, now: datetime) -> str:
    """Keep the numbers with the run and tell the person who confirmed it. Once."""
    setup = Setup.objects.select_related("connection").get(pk=setup_id)
    found = totals(setup)
    written = Setup.objects.filter(pk=setup_id, report={}).update(
        report={**found, "written_at": now.isoformat()}
    )
    if written:
        told = [f"{words}: {number}" for words, number in facts(setup, found) if number]
        mail.tell_they_are_synced(setup, sentence(found), told)
    return sentence(found)


HEAD = (
    "Result", "Contact", "Contact email", "Customer", "Customer email", "Reason", "What to do",
)  # fmt: skip
HEAD_OF_SERVICES = (
    "Result", "Record", "Ours", "In QuickBooks", "Date", "Amount", "Reason", "What to do",
)  # fmt: skip


def as_csv(setup: Setup) -> Iterator[str]:
    """Every record of the run and what became of it."""
    if setup.half == Setup.Half.BILLING:
        return sheets.lines(HEAD_OF_SERVICES, map(_cells_of_services, lines(setup)))
    return sheets.lines(HEAD, map(_cells, lines(setup)))


def _cells(line: Line) -> tuple[object, ...]:
    row = line.row
    return (
        line.result, row.local_label, row.local_email, row.remote_label, row.remote_email,
        line.reason, line.what_to_do,
    )  # fmt: skip


def _cells_of_services(line: Line) -> tuple[object, ...]:
    row = line.row
    return (
        line.result, line.noun, row.local_label, row.remote_label, row.dated_on or "",
        "" if row.amount is None else row.amount, line.reason, line.what_to_do,
    )  # fmt: skip
