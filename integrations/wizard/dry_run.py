"""What a Sync of set-up will do, before it does anything: by the reconciler that will do it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from integrations.entities import ENTITIES
from integrations.models import MatchProposal, Setup
from integrations.reconcile.policy import Side
from integrations.wizard import ledger, pairing, proposals, sheets
from integrations.wizard.answers import Answers

List = MatchProposal.List
Decision = MatchProposal.Decision


@dataclass(kw_only=True)
class DryRun:
    """Numbers of records, unless a name says fields."""

    link: int = 0
    linked_before: int = 0
    create_here: int = 0
    create_here_archived: int = 0
    create_there: int = 0
    update_here: int = 0
    update_here_fields: int = 0
    update_there: int = 0
    update_there_fields: int = 0
    replace_here: int = 0  # a value that is there, or the life, gives way
    replace_there: int = 0
    conflicts: int = 0
    conflict_fields: int = 0
    skip_unmatched: int = 0
    skip_duplicates: int = 0
    skip_new: int = 0

    @property
    def skips(self) -> int:
        return self.skip_unmatched + self.skip_duplicates + self.skip_new

    @property
    def to_do(self) -> int:
        """Pairs that Sync will work on."""
        return self.link + self.create_here + self.create_there

    @property
    def digest(self) -> str:
        """What a person was shown, so that they confirm that and nothing else."""
        return _digest(asdict(self))


def _digest(told: object) -> str:
    text = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan(setup: Setup, entity: str) -> DryRun:
    """Work out what is not worked out yet, and add up."""
    proposals.refresh(setup, entity)
    found = DryRun()
    rows = MatchProposal.objects.filter(setup=setup, entity=entity).exclude(list=List.TAKEN)
    for name, decision, is_linked, is_active, has_differences, told in rows.values_list(
        "list", "decision", "is_linked", "remote_is_active", "has_differences", "plan"
    ).iterator(chunk_size=5000):
        if decision == Decision.LINK:
            found.linked_before += is_linked
            found.link += not is_linked
            if has_differences and told:
                _add_fields(found, told)
        elif decision == Decision.CREATE_HERE:
            found.create_here += 1
            found.create_here_archived += not is_active
        elif decision == Decision.CREATE_THERE:
            found.create_there += 1
        elif name == List.UNMATCHED:
            found.skip_unmatched += 1
        elif name == List.DUPLICATES:
            found.skip_duplicates += 1
        else:
            found.skip_new += 1
    return found


def _add_fields(found: DryRun, told: dict[str, list[str]]) -> None:
    found.update_here += bool(told["here"])
    found.update_here_fields += len(told["here"])
    found.update_there += bool(told["there"])
    found.update_there_fields += len(told["there"])
    loses = pairing.loses(told)
    found.replace_here += Side.LOCAL in loses
    found.replace_there += Side.REMOTE in loses
    found.conflicts += bool(told["ask"])
    found.conflict_fields += len(told["ask"])


HEAD = (
    "What happens", "Contact", "Contact email", "Customer", "Customer email",
    "Fields written here", "Fields written in QuickBooks", "Fields you will be asked about",
    "Replaced here", "Replaced in QuickBooks",
)  # fmt: skip
WORDS = {
    Decision.LINK: "Link",
    Decision.CREATE_HERE: "Create here",
    Decision.CREATE_THERE: "Create in QuickBooks",
    Decision.LEAVE_OUT: "Leave out",
    Decision.NONE: "Leave out",
}


def as_csv(setup: Setup, entity: str) -> Iterator[str]:
    """Every row of the lists and what Sync will do with it."""
    record = ENTITIES[entity].record

    def rows() -> Iterator[list[object]]:
        found = MatchProposal.objects.filter(setup=setup, entity=entity)
        ordered = found.exclude(list=List.TAKEN).order_by("list", "sort_key", "pk")
        for row in ordered.iterator(chunk_size=2000):
            told = row.plan or pairing.NOTHING
            word = "Already linked" if row.is_linked else WORDS[Decision(row.decision)]
            yield [
                word, row.local_label, row.local_email, row.remote_label, row.remote_email,
                *(", ".join(pairing.labels(told[name], record)) for name in pairing.NOTHING),
            ]  # fmt: skip

    return sheets.lines(HEAD, rows())


# -- service items and invoices ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ServicesPlan:
    """What Sync service items will do, by what a person answered."""

    answers: Answers
    items: DryRun
    invoices: ledger.Totals
    payments: ledger.Totals

    @property
    def to_do(self) -> int:
        """Records that Sync will work on."""
        return self.items.to_do + self.invoices.to_do + self.payments.to_do

    @property
    def digest(self) -> str:
        """What a person was shown, so that they confirm that and nothing else."""
        return _digest(asdict(self))


def plan_services(setup: Setup, answers: Answers) -> ServicesPlan:
    """Add up what is planned; the rows of invoices have to be fresh (ledger.refresh)."""
    return ServicesPlan(
        answers=answers,
        items=plan(setup, "service_item"),
        invoices=ledger.totals(setup, ledger.INVOICE, answers.choice),
        payments=ledger.totals(setup, ledger.PAYMENT, answers.choice),
    )


HEAD_OF_SERVICES = (
    "What happens", "Record", "Ours", "In QuickBooks", "Date", "Amount", "Rate here",
    "Rate in QuickBooks", "SKU here", "SKU in QuickBooks",
    "Fields written here", "Fields written in QuickBooks", "Fields you will be asked about",
    "Replaced here", "Replaced in QuickBooks",
)  # fmt: skip


def services_as_csv(setup: Setup, answers: Answers) -> Iterator[str]:
    """Every service item, invoice and payment, and what Sync service items will do with it."""

    def rows() -> Iterator[list[object]]:
        for entity in ("service_item", *ledger.ENTITIES_OF_LEDGER):
            spec = ENTITIES[entity]
            found = ledger.rows_of(setup, entity).exclude(list=List.TAKEN)
            for row in found.order_by("list", "sort_key", "pk").iterator(chunk_size=2000):
                told = row.plan or pairing.NOTHING
                yield [
                    _word(row, answers), spec.singular.capitalize(), row.local_label,
                    row.remote_label, row.dated_on or "", row.amount if row.amount is not None
                    else "", row.local_told.get("rate", ""), row.remote_told.get("rate", ""),
                    row.local_told.get("sku", ""), row.remote_told.get("sku", ""),
                    *(", ".join(pairing.labels(told[name], spec.record))
                      for name in pairing.NOTHING),
                ]  # fmt: skip

    return sheets.lines(HEAD_OF_SERVICES, rows())


def _word(row: MatchProposal, answers: Answers) -> str:
    if row.is_linked:
        return "Already linked"
    if row.entity == "service_item" or row.list == List.MATCHED:
        return WORDS[Decision(row.decision)]
    if not answers.choice.would_take(row):
        return "Leave alone: older"
    if row.is_held:
        return "Leave out: its contact does not sync"
    return WORDS[Decision.CREATE_HERE if row.list == List.NEW else Decision.CREATE_THERE]
