"""The agreement report in the words of the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from integrations.entities import ENTITIES
from integrations.models import AgreementRow, AgreementRun, Connection
from integrations.reconcile.policy import Side
from integrations.sync import agreement
from integrations.web import cards
from integrations.web.wording import Names, shown

Result = AgreementRow.Result
SHOWN = {
    "differences": "Differences",
    "receivables": "What contacts owe",
    "apart": "On one side only",
    "agrees": "Agree",
}
TONES = {
    Result.AGREES: "ok",
    Result.DIFFERS: "warn",
    Result.MISSING: "warn",
    Result.LEFT_OUT: "",
    Result.NOT_HELD: "",
}
RECEIVABLES = "What contacts owe"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The numbers of one entity."""

    label: str
    sums: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Action:
    """What helps: a link, or with `is_post` a form's button."""

    label: str
    url: str
    is_post: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row as the page shows it."""

    row: AgreementRow
    kind: str
    url: str  # of our record
    tone: str
    fields: Sequence[cards.Row]
    action: Action | None


def shown_run(connection: Connection, wanted: str) -> AgreementRun | None:
    """The run that was asked for; else the newest that ended."""
    runs = AgreementRun.objects.filter(connection=connection).exclude(
        state=AgreementRun.State.RUNNING
    )
    if wanted.isdecimal():
        return runs.filter(pk=int(wanted)).first()
    return runs.order_by("-started_at").first()


def running(connection: Connection) -> AgreementRun | None:
    runs = AgreementRun.objects.filter(connection=connection, state=AgreementRun.State.RUNNING)
    return runs.first()


def words(run: AgreementRun) -> str:
    """ "213 records agree, 2 differ, 1 is missing." """
    if run.state == AgreementRun.State.STOPPED:
        return f"The last comparison stopped: {run.why_stopped}"
    sums = agreement.totals(run)
    agrees, differs, missing = sums["agrees"], sums["differs"], sums["missing"]
    return (
        f"{agrees:,} {'record agrees' if agrees == 1 else 'records agree'}, "
        f"{differs:,} {'differs' if differs == 1 else 'differ'}, "
        f"{missing:,} {'is' if missing == 1 else 'are'} missing."
    )


def kinds(run: AgreementRun) -> list[Kind]:
    """Entity by entity, and what contacts owe."""
    names = [(key, spec.label) for key, spec in ENTITIES.items() if key in run.counts]
    if AgreementRow.RECEIVABLE in run.counts:
        names.append((AgreementRow.RECEIVABLE, RECEIVABLES))
    return [Kind(label=label, sums=agreement.totals(run, key)) for key, label in names]


def rows(run: AgreementRun, show: str) -> QuerySet[AgreementRow]:
    if show == "differences":
        return agreement.differing(run)
    if show == "receivables":
        owed = run.rows.filter(entity=AgreementRow.RECEIVABLE)
        return owed.order_by("is_explained", "-result", "label", "pk")
    records = run.rows.exclude(entity=AgreementRow.RECEIVABLE).order_by("entity", "label", "pk")
    if show == "apart":
        return records.filter(result__in=[Result.LEFT_OUT, Result.NOT_HELD])
    return records.filter(result=Result.AGREES)


def line(row: AgreementRow) -> Line:
    entity = "contact" if row.entity == AgreementRow.RECEIVABLE else row.entity
    return Line(
        row=row,
        kind=RECEIVABLES if row.entity == AgreementRow.RECEIVABLE else cards.noun(entity),
        url=cards.record_url(entity, row.local_id),
        tone=TONES.get(Result(row.result), "") if row.is_explained else "bad",
        fields=[_field(each) for each in row.detail.get("fields", [])],
        action=_action(row),
    )


def _field(told: dict[str, Any]) -> cards.Row:
    return cards.Row(
        label=cards.label_of(told["name"], told["label"]),
        ours=_shown(told["name"], told["ours"], Side.LOCAL),
        theirs=_shown(told["name"], told["theirs"], Side.REMOTE),
    )


def _shown(name: str, value: Any, side: Side) -> str:
    if isinstance(value, list):
        return (
            f"{len(value)} {'line' if name == 'lines' else 'part'}{'' if len(value) == 1 else 's'}"
        )
    return shown(name, value, side, Names())


def _action(row: AgreementRow) -> Action | None:
    """What a person can do about it."""
    if row.result == Result.AGREES or row.entity == AgreementRow.RECEIVABLE:
        return None
    if row.issue_id is not None:
        return Action(
            label="Open the issue", url=reverse("integrations:issue", args=[row.issue_id])
        )
    if row.result in (Result.LEFT_OUT, Result.NOT_HELD):
        return _match(row)
    if row.link_id is None:
        return None
    url = reverse("integrations:pair_sync_now", args=[row.link_id])
    return Action(label="Sync now", url=url, is_post=True)


def _match(row: AgreementRow) -> Action | None:
    if row.entity != "contact":
        return None
    if row.local_id is None:
        return Action(label="Match", url=f"{reverse('integrations:left_out')}?side=theirs")
    return Action(label="Match", url=reverse("integrations:find", args=[row.entity, row.local_id]))
