"""Fills the review lists: what belongs together by the match rule, and what has no partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from integrations.entities import ENTITIES, Local
from integrations.entities.contact import fold
from integrations.models import ImportedRecord, Link, MatchProposal, Setup
from integrations.providers import get_provider
from integrations.reconcile.matching import Candidate, Matching, match
from integrations.reconcile.record import Record
from integrations.wizard import ledger, pairing, queries
from integrations.wizard.rows import save_rows

List = MatchProposal.List
Decision = MatchProposal.Decision


def propose(setup: Setup, *, now: datetime) -> None:
    """
    Make the lists anew from today's records and today's links. What people decided stays.

    Writes nothing but the run's own rows; safe to do twice.
    """
    with transaction.atomic():
        locked = Setup.objects.select_for_update(of=("self",)).select_related("connection")
        setup = locked.get(pk=setup.pk)
        if setup.confirmed_at is not None:
            return
        entity = setup.entity
        read = list(ENTITIES[entity].store.read_all(firm_id=setup.firm_id))
        rows = _rows(setup, entity, read)
        pairs = [row for row in rows if row.list == List.MATCHED]
        partners = {
            entity: {row.remote_id: row.local_id for row in pairs if row.local_id is not None}
        }
        ours = {local.local_id: local for local in read}
        fresh = [row for row in pairs if not row.is_linked]
        pairing.work_out(setup, entity, fresh, partners, ours)
        MatchProposal.objects.filter(setup=setup, entity=entity).delete()
        MatchProposal.objects.bulk_create(rows, batch_size=2000)
        if setup.half == Setup.Half.BILLING:
            ledger.propose(setup)
            setup.counts["ledger_at"] = now.isoformat()
        setup.counts = {**setup.counts, **queries.count_lists(setup)}
        setup.matched_at = now
        setup.save(update_fields=["counts", "matched_at"])


def refresh(setup: Setup, entity: str) -> None:
    """Work out the pairs that were not, or whose records changed since the lists were made."""
    rows = MatchProposal.objects.filter(
        setup=setup, entity=entity, list=List.MATCHED, is_linked=False
    )
    stale = rows.filter(Q(plan__isnull=True) | ~Q(plan__has_key="replaced_here"))
    if setup.matched_at is not None:
        changed = ENTITIES[entity].store.changed_since(
            firm_id=setup.firm_id, since=setup.matched_at
        )
        stale = (
            stale
            | rows.filter(local_id__in=changed)
            | rows.filter(imported__read_at__gt=setup.matched_at)
        )
    todo = list(stale.order_by("pk"))
    if todo:
        pairing.work_out(setup, entity, todo)
        save_plans(todo)


def save_plans(rows: list[MatchProposal]) -> None:
    save_rows(rows, ["plan", "has_differences"])


# -- the rows ------------------------------------------------------------------------------------


@dataclass
class _Decided:
    """What people said in this run, to be kept when the lists are made anew."""

    pairs: dict[int, str] = field(default_factory=dict)  # our id -> remote id
    apart: set[tuple[int, str]] = field(default_factory=set)
    ours: dict[int, MatchProposal] = field(default_factory=dict)
    theirs: dict[str, MatchProposal] = field(default_factory=dict)


def _decided(setup: Setup, entity: str) -> _Decided:
    found = _Decided()
    rows = MatchProposal.objects.filter(
        setup=setup, entity=entity, decided_at__isnull=False
    ).select_related("suggested")
    for row in rows:
        if row.local_id is None:
            found.theirs[row.remote_id] = row
        elif row.list == List.MATCHED:
            found.pairs[row.local_id] = row.remote_id
        else:
            found.ours[row.local_id] = row
            if row.home == List.MATCHED and row.suggested is not None:
                found.apart.add((row.local_id, row.suggested.remote_id))
    return found


def _rows(setup: Setup, entity: str, read: Sequence[Local]) -> list[MatchProposal]:
    connection = setup.connection
    spec = ENTITIES[entity]
    key_of = spec.match[connection.profile]
    decided = _decided(setup, entity)
    theirs = {
        row.remote_id: row
        for row in queries.offered(setup, entity).defer("raw", "path", "match_key")
    }
    keys = dict(queries.offered(setup, entity).values_list("remote_id", "match_key"))
    told = _read_told(setup) if entity == "service_item" else {}
    theirs = {remote_id: row for remote_id, row in theirs.items() if told.get(remote_id) != FOREIGN}
    ours = {local.local_id: _candidate(local, key_of(local.record, local.path)) for local in read}
    build = _Build(
        setup=setup,
        entity=entity,
        ours=ours,
        theirs=theirs,
        decided=decided,
        told=told,
        ours_told={local.local_id: tell(local.record) for local in read},
    )
    build.add_linked()
    build.add_decided_pairs()
    remotes = [
        Candidate(
            id=remote_id,
            key=keys[remote_id],
            label=row.label,
            email=row.email,
            phones=(row.phone,) if row.phone else (),
            is_active=row.is_active,
            sku=told.get(remote_id, {}).get("sku", ""),
        )
        for remote_id, row in theirs.items()
        if remote_id not in build.taken
    ]
    locals_ = [each for each in ours.values() if each.id not in build.done]
    build.add_proposed(match(locals_, remotes))
    if entity == "service_item":
        build.keep_suggested()
    return build.rows


FOREIGN: dict[str, str] = {"foreign": "yes"}  # in place of what a page shows: not offered at all


def tell(record: Record) -> dict[str, str]:
    """What a page shows of an item beside its name; nothing of a contact."""
    values = record.values()
    if "rate" not in values:
        return {}
    return {"rate": str(values["rate"] or "0"), "sku": str(values.get("sku") or "")}


def _read_told(setup: Setup) -> dict[str, dict[str, str]]:
    """By their id: what a page shows of each item of the books, or FOREIGN."""
    provider = get_provider(setup.connection.provider)
    rows = queries.offered(setup, "service_item").values_list("remote_id", "raw")
    found = {}
    for remote_id, raw in rows.iterator(chunk_size=1000):
        snapshot = provider.read_stored("service_item", raw)
        category = str(snapshot.facts.get("category") or "")
        told = {**tell(snapshot.record), "category": category}
        found[remote_id] = FOREIGN if snapshot.is_foreign else told
    return found


def _candidate(local: Local, key: str) -> Candidate[int]:
    values = local.record.values()
    names = (str(values.get(name, "")) for name in ("given_name", "family_name"))
    phones = (str(values.get(name, "")) for name in ("phone", "mobile", "other_phone"))
    return Candidate(
        id=local.local_id,
        key=key,
        label=local.label,
        email=str(values.get("email", "")),
        phones=tuple(filter(None, phones)),
        company=str(values.get("company_name", "")),
        sku=str(values.get("sku", "")),
        person=" ".join(filter(None, names)),
    )


@dataclass
class _Build:
    """One making of the lists. Filled in order: links, people's pairs, what matching says."""

    setup: Setup
    entity: str
    ours: dict[int, Candidate[int]]
    theirs: dict[str, ImportedRecord]
    decided: _Decided
    told: dict[str, dict[str, str]]
    ours_told: dict[int, dict[str, str]]
    rows: list[MatchProposal] = field(default_factory=list)
    done: set[int] = field(default_factory=set)  # our ids that have a partner
    taken: set[str] = field(default_factory=set)  # their ids that have one

    def add_linked(self) -> None:
        """Pairs from before this run stay as they are, unless a person took them apart in it."""
        for link in Link.objects.filter(
            connection_id=self.setup.connection_id, entity=self.entity, state=Link.State.LINKED
        ):
            pair = (link.local_id, link.remote_id)
            if link.local_id not in self.ours or pair in self.decided.apart:
                continue
            row = self._ours(link.local_id, List.MATCHED)
            imported = self.theirs.get(link.remote_id or "")
            if imported is None:
                row.remote_id = link.remote_id or ""
                row.remote_label = link.remote_label or link.label
            else:
                self._pair(row, imported)
            row.decision, row.is_linked = Decision.LINK, True
            row.plan = dict(pairing.NOTHING)
            self._take(row)

    def add_decided_pairs(self) -> None:
        for local_id, remote_id in self.decided.pairs.items():
            is_free = local_id in self.ours and local_id not in self.done
            if is_free and remote_id in self.theirs and remote_id not in self.taken:
                before = MatchProposal(decided_at=self.setup.matched_at)
                row = self._ours(local_id, List.MATCHED)
                row.home = List.UNMATCHED
                row.decided_at = before.decided_at
                self._pair(row, self.theirs[remote_id])
                row.decision = Decision.LINK
                self._take(row)

    def add_proposed(self, matching: Matching) -> None:
        for local_id, remote_id in matching.pairs:
            if (local_id, remote_id) in self.decided.apart:
                self._add_apart(local_id, remote_id)
                continue
            row = self._ours(local_id, List.MATCHED)
            self._pair(row, self.theirs[remote_id])
            row.decision = Decision.LINK
            self._take(row)
        for local_id, suggestion in matching.unmatched:
            row = self._ours(local_id, List.UNMATCHED)
            if suggestion is not None:
                row.suggested = self.theirs[suggestion.remote_id]
                row.suggestion_reason = suggestion.reason[:200]
                row.remote_told = self.told.get(suggestion.remote_id, {})
            self._add_decided(row, self.decided.ours.get(local_id))
        for key, local_ids, remote_ids in matching.duplicates:
            if self.entity == "service_item":
                self._add_several(local_ids, remote_ids)
                continue
            for local_id in local_ids:
                row = self._ours(local_id, List.DUPLICATES)
                row.sort_key = key[:500]
                self._add_decided(row, self.decided.ours.get(local_id))
            for remote_id in remote_ids:
                row = self._theirs(remote_id, List.DUPLICATES)
                row.key = key
                row.sort_key = key[:500]
                self.rows.append(row)
        for remote_id in matching.new:
            row = self._theirs(remote_id, List.NEW)
            if row.remote_is_active:
                row.decision = Decision.CREATE_HERE
            self._add_decided(row, self.decided.theirs.get(remote_id))

    def _add_several(self, local_ids: list[int], remote_ids: list[str]) -> None:
        """Items that agree with more than one: unmatched, and nothing is created unasked."""
        for local_id in local_ids:
            row = self._ours(local_id, List.UNMATCHED)
            number = max(len(remote_ids), 1)
            row.suggestion_reason = f"{number} hits in QuickBooks" if number > 1 else "Twice here"
            self._add_decided(row, self.decided.ours.get(local_id))
        for remote_id in remote_ids:
            row = self._theirs(remote_id, List.NEW)
            row.suggestion_reason = SEVERAL if len(remote_ids) > 1 else "Agrees with two of yours"
            self._add_decided(row, self.decided.theirs.get(remote_id))

    def keep_suggested(self) -> None:
        """What looks like one of ours is not created beside it unless a person says so."""
        close = {
            row.suggested.remote_id: row.local_label
            for row in self.rows
            if row.list == List.UNMATCHED and row.suggested is not None
        }
        for row in self.rows:
            if row.list == List.NEW and row.remote_id in close and row.decided_at is None:
                row.decision = Decision.NONE
                row.suggestion_reason = f"Close to {close[row.remote_id]}"[:200]

    def _add_apart(self, local_id: int, remote_id: str) -> None:
        """A person took this pair apart: both stand alone, and neither is created unasked."""
        row = self._ours(local_id, List.UNMATCHED)
        row.home = List.MATCHED
        row.suggested = self.theirs[remote_id]
        row.remote_told = self.told.get(remote_id, {})
        row.suggestion_reason = "Unmatched here"
        self._add_decided(row, self.decided.ours.get(local_id))
        self._add_decided(self._theirs(remote_id, List.NEW), self.decided.theirs.get(remote_id))

    def _add_decided(self, row: MatchProposal, before: MatchProposal | None) -> None:
        if before is not None:
            row.decision = before.decision
            row.decided_at, row.decided_by_id = before.decided_at, before.decided_by_id
        self.rows.append(row)

    def _take(self, row: MatchProposal) -> None:
        assert row.local_id is not None
        self.rows.append(row)
        self.done.add(row.local_id)
        self.taken.add(row.remote_id)

    def _ours(self, local_id: int | None, on: List) -> MatchProposal:
        assert local_id is not None
        local = self.ours[local_id]
        return MatchProposal(
            setup=self.setup,
            entity=self.entity,
            list=on,
            home=on,
            key=local.key[:3000],
            sort_key=fold(local.label)[:500],
            local_id=local_id,
            local_label=local.label[:500],
            local_email=local.email[:320],
            local_told=self.ours_told.get(local_id, {}),
        )

    def _theirs(self, remote_id: str, on: List) -> MatchProposal:
        imported = self.theirs[remote_id]
        row = MatchProposal(
            setup=self.setup,
            entity=self.entity,
            list=on,
            home=on,
            sort_key=fold(imported.label)[:500],
        )
        self._pair(row, imported)
        return row

    def _pair(self, row: MatchProposal, imported: ImportedRecord) -> None:
        fill_remote(row, imported)
        row.remote_told = self.told.get(imported.remote_id, {})


SEVERAL = "Shares name, rate and SKU"


def fill_remote(row: MatchProposal, imported: ImportedRecord | None) -> None:
    """Tell their side of a row, or (None) leave it blank."""
    row.imported = imported
    row.remote_id = imported.remote_id if imported else ""
    row.remote_label = imported.label if imported else ""
    row.remote_email = imported.email if imported else ""
    row.remote_is_active = imported.is_active if imported else True
    row.remote_told = {}


REMOTE_FIELDS = [
    "imported", "remote_id", "remote_label", "remote_email", "remote_is_active", "remote_told",
]  # fmt: skip
