"""
Compares pairs, some hundred at a time: ours as it is now, theirs as it was last seen.

Nothing is asked of the books, and however many pairs there are in a chunk, the number of queries is
the same. Each difference gets its cause in words; what has none is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing.models import PaymentPart
from integrations.entities import ENTITIES, EntitySpec, Local
from integrations.entities.base import Rules
from integrations.models import (
    AgreementRow,
    AgreementRun,
    Connection,
    ImportedRecord,
    InboxEntry,
    Intent,
    Issue,
    Link,
    OutboxEntry,
)
from integrations.reconcile.agreement import differences
from integrations.reconcile.policy import Direction, Policy
from integrations.reconcile.record import Field, Life, Record
from integrations.reconcile.three_way import reconcile
from integrations.sync import held_there, rules
from integrations.sync.held_there import HeldThere, open_there, told_balance

Result = AgreementRow.Result
ZERO = Decimal(0)


class Cause(StrEnum):
    """Why two sides differ. UNKNOWN: red, and the pair is looked at again."""

    ISSUE = "issue"  # a person has to settle it
    IGNORED = "ignored"  # a person put it aside
    DECIDED = "decided"  # decided, and sent in a moment
    SENDING = "sending"  # sent, and not answered yet
    DEPENDENCY = "dependency"  # waits for another record
    UNREAD = "unread"  # changed there, and not taken in yet
    WAITS = "waits"  # changed here, and not sent yet
    NEXT_INVOICE = "next_invoice"  # push_only: goes with the contact's next invoice
    ONE_WAY = "one_way"  # the rules leave what was changed on that side alone
    READ_ONLY = "read_only"  # theirs cannot be written
    LATE = "late"  # a payment went out after the books were last read
    CHOSEN = "chosen"  # a person left it out
    BEFORE = "before"  # from before the sync began
    NOT_SHOWN = "not_shown"  # a listing did not show it, which proves nothing
    UNKNOWN = "unknown"


RED = (Cause.UNKNOWN, Cause.NOT_SHOWN)


@dataclass(frozen=True, kw_only=True)
class Why:
    """The cause of a difference, in words, and the issue that a person settles it with."""

    cause: Cause
    sentence: str
    issue_id: int | None = None


UNKNOWN_WHY = Why(cause=Cause.UNKNOWN, sentence="No reason is known. It is looked at again now.")
NOT_SHOWN_WHY = Why(
    cause=Cause.NOT_SHOWN,
    sentence="QuickBooks' list did not show it. That alone proves nothing: it is read by its id.",
)


@dataclass(kw_only=True)
class Chunk:
    """Pairs of one entity, and what is known of them. `told`: by remote id, of a listing."""

    run: AgreementRun
    entity: str
    links: Sequence[Link]
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    may_be_missing: bool = False  # the books were listed: what was not told is read by its id

    locals: dict[int, Local] = field(init=False)
    issues: dict[int, Issue] = field(init=False)
    ignored: dict[int, Issue] = field(init=False)
    sending: set[int] = field(init=False)
    changed_here: set[int] = field(init=False)
    changed_there: set[str] = field(init=False)
    kept: dict[str, ImportedRecord] = field(init=False)
    open_here: Mapping[int, Decimal] = field(init=False)
    late: set[int] = field(init=False)  # ours, whose counterparts went out lately
    theirs_alone: dict[str, HeldThere] = field(init=False)
    rules: Rules = field(init=False)

    def __post_init__(self) -> None:
        local_ids = [each.local_id for each in self.links if each.local_id is not None]
        remote_ids = [each.remote_id for each in self.links if each.remote_id]
        firm_id = self.connection.firm_id
        store = self.spec.store
        self.rules = rules.rules_of(self.connection)
        self.locals = {
            each.local_id: each for each in store.read_many(firm_id=firm_id, local_ids=local_ids)
        }
        self.open_here = store.open_amounts(firm_id=firm_id, local_ids=local_ids)
        self._read_issues()
        self._read_bells(local_ids, remote_ids)
        self.late = _late(self.connection, self.entity, local_ids)
        alone = {each.remote_id: each for each in self.links if each.local_id is None}
        kept = [each for remote_id, each in self.kept.items() if remote_id in alone]
        self.theirs_alone = held_there.read(
            self.connection, self.entity, kept, list(alone.values())
        )

    @property
    def connection(self) -> Connection:
        return self.run.connection

    @property
    def spec(self) -> EntitySpec:
        return ENTITIES[self.entity]

    def _read_issues(self) -> None:
        found = Issue.objects.filter(link__in=self.links).order_by("-pk")
        told = list(found.filter(state__in=[Issue.State.OPEN, Issue.State.IGNORED]))
        self.issues = {each.link_id: each for each in told if each.state == Issue.State.OPEN}
        self.ignored = {each.link_id: each for each in told if each.state == Issue.State.IGNORED}
        intents = Intent.objects.filter(link__in=self.links)
        self.sending = set(intents.values_list("link_id", flat=True))

    def _read_bells(self, local_ids: Sequence[int], remote_ids: Sequence[str]) -> None:
        mine = {"connection": self.connection, "entity": self.entity}
        out = OutboxEntry.objects.filter(**mine, local_id__in=local_ids)
        self.changed_here = set(out.values_list("local_id", flat=True))
        heard = InboxEntry.objects.filter(**mine, remote_id__in=remote_ids)
        self.changed_there = set(heard.values_list("remote_id", flat=True))
        self.kept = {
            each.remote_id: each
            for each in ImportedRecord.objects.filter(**mine, remote_id__in=remote_ids)
        }

    # -- rows ------------------------------------------------------------------------------------

    def rows(self) -> Iterator[AgreementRow]:
        """A row for each pair that means something; drafts and what never was ours have none."""
        for link in self.links:
            if link.local_id is not None and link.remote_id and link.state == Link.State.LINKED:
                row = self._row_of_pair(link)
            elif link.local_id is not None:
                row = self._row_of_ours(link)
            else:
                row = self._row_of_theirs(link)
            if row is not None:
                yield row

    def _row(self, link: Link, result: str, why: Why | None = None, **more: Any) -> AgreementRow:
        return AgreementRow(
            run=self.run,
            firm_id=self.connection.firm_id,
            entity=self.entity,
            link=link,
            local_id=link.local_id,
            remote_id=link.remote_id or "",
            label=(link.label or link.remote_label)[:600],
            result=result,
            **said(why),
            **more,
        )

    # -- a record of both sides ------------------------------------------------------------------

    def _row_of_pair(self, link: Link) -> AgreementRow | None:
        local = self.locals.get(link.local_id or 0)
        money = self._money(link, local)
        if local is None:
            why = self._why(link, None) or UNKNOWN_WHY
            return self._row(link, Result.MISSING, why, **money)
        if self.may_be_missing and self._was_not_shown(link):
            return self._row(link, Result.MISSING, NOT_SHOWN_WHY, **money)
        if link.remote_version is None:
            return self._row(link, Result.DIFFERS, self._why_not_read(link, local), **money)
        ours, theirs = self._records(link, local)
        policy = self._policy(link, local)
        fields = differences(ours, theirs, without=policy.without)
        told = self._fields_told(fields, ours, theirs)
        told += self._totals(link, local, theirs) if not fields else []
        if told:
            why = self._why(link, local) or self._why_left(link, ours, theirs, policy, fields)
        elif money["ours"] != money["theirs"] and money["theirs"] is not None:
            told = [_amounts("Open", money["ours"], money["theirs"])]
            why = self._why(link, local) or self._why_open_differs(link)
        else:
            return self._row(link, Result.AGREES, **money)
        return self._row(link, Result.DIFFERS, why, detail={"fields": told}, **money)

    def _records(self, link: Link, local: Local) -> tuple[Record, Record]:
        """Both as the rules let them be seen: the way a look at the pair sees them."""
        compared = self.spec.as_compared(local.record, self.rules)
        ours = self.spec.as_synced(compared, self.rules)
        return ours, self.spec.record.from_values({**link.base, **link.seen})

    def _policy(self, link: Link, local: Local) -> Policy:
        return rules.policy_of(self.connection, self.spec, local, options=link.options)

    def _fields_told(
        self, fields: Sequence[Field], ours: Record, theirs: Record
    ) -> list[dict[str, Any]]:
        return [
            {
                "name": each.name,
                "label": each.label,
                "ours": getattr(ours, each.name),
                "theirs": getattr(theirs, each.name),
            }
            for each in fields
        ]

    def _totals(self, link: Link, local: Local, theirs: Record) -> list[dict[str, Any]]:
        """Each side computes its own; a cent between them is a difference (ledger rule 20)."""
        told = self._facts(link).get("total")
        is_live = local.record.life is Life.LIVE and theirs.life is Life.LIVE
        if told is None or local.amount is None or not is_live or Decimal(told) == local.amount:
            return []
        return [_amounts("Total", local.amount, Decimal(told))]

    def _facts(self, link: Link) -> Mapping[str, Any]:
        """What the books said of it beside the synced fields; a listing knows best."""
        told = self.told.get(link.remote_id or "")
        return told["facts"] if told else link.facts

    def _money(self, link: Link, local: Local | None) -> dict[str, Any]:
        ours = self.open_here.get(link.local_id or 0)
        theirs = open_there(self.entity, self._facts(link))
        life = {**link.base, **link.seen}.get("life")
        if theirs is not None and life in (Life.VOID, Life.DELETED):
            theirs = ZERO
        return {
            "contact_id": self._contact_of(local),
            "ours": ours,
            "theirs": theirs,
            "told_balance": told_balance(self.entity, self._facts(link)),
        }

    def _contact_of(self, local: Local | None) -> int | None:
        if local is None:
            return None
        if self.entity == "contact":
            return local.local_id
        contact = getattr(local.record, "contact", None)
        return contact if isinstance(contact, int) else None

    def _was_not_shown(self, link: Link) -> bool:
        """It is in no page of the listing, though it was there before that began."""
        is_over = {**link.base, **link.seen}.get("life") == Life.DELETED
        began = self.run.started_at
        is_new = link.made_at >= began or (link.sent_at is not None and link.sent_at >= began)
        return link.remote_id not in self.told and not is_over and not is_new

    # -- causes ----------------------------------------------------------------------------------

    def _why(self, link: Link, local: Local | None) -> Why | None:
        """The cause that the rows around the pair tell, if they do."""
        issue = self.issues.get(link.pk)
        if issue is not None:
            return Why(cause=Cause.ISSUE, sentence=issue.sentence, issue_id=issue.pk)
        if link.decisions:
            return Why(cause=Cause.DECIDED, sentence="It was decided and is carried out now.")
        if link.pk in self.sending:
            return Why(cause=Cause.SENDING, sentence="It was sent; the answer is awaited.")
        if link.rests == Link.Rests.DEPENDENCY:
            return Why(cause=Cause.DEPENDENCY, sentence="It waits for a record that it needs.")
        return self._why_waiting(link, local) or self._why_ignored(link)

    def _why_waiting(self, link: Link, local: Local | None) -> Why | None:
        stands = self._stands_still()
        told = self.kept.get(link.remote_id or "")
        is_newer = told is not None and told.version > (link.remote_version or -1)
        if is_newer or link.remote_id in self.changed_there:
            return Why(
                cause=Cause.UNREAD,
                sentence=f"It was changed in QuickBooks and is not taken in yet{stands}.",
            )
        is_behind = local is not None and local.version != link.local_version
        if not is_behind and link.local_id not in self.changed_here and link.wake_at is None:
            return None
        if self.entity == "contact" and self.rules.profile == Connection.Profile.PUSH_ONLY:
            return Why(
                cause=Cause.NEXT_INVOICE,
                sentence="It was changed here and goes with the contact's next invoice.",
            )
        return Why(cause=Cause.WAITS, sentence=f"It was changed here and waits to be sent{stands}.")

    def _stands_still(self) -> str:
        connection = self.connection
        if not connection.is_connected:
            return ": QuickBooks is not connected"
        if connection.is_paused:
            return ": the sync is paused"
        return ": the sync is held" if connection.held_reason else ""

    def _why_ignored(self, link: Link) -> Why | None:
        put_aside = self.ignored.get(link.pk)
        if put_aside is None:
            return None
        reason = put_aside.closing_note or "no reason was given"
        return Why(cause=Cause.IGNORED, sentence=f"It was put aside: {reason}"[:600])

    def _why_not_read(self, link: Link, local: Local) -> Why:
        known = self._why(link, local)
        return known or Why(
            cause=Cause.UNKNOWN, sentence="What QuickBooks holds of it was never read."
        )

    def _why_left(
        self, link: Link, ours: Record, theirs: Record, policy: Policy, fields: Sequence[Field]
    ) -> Why:
        """Where nothing waits: what the reconciler would do about it."""
        if not fields:  # the totals alone
            return UNKNOWN_WHY
        if link.is_read_only:
            return Why(
                cause=Cause.READ_ONLY, sentence="QuickBooks' own can't be changed from here."
            )
        plan = reconcile(base=link.base, local=ours, remote=theirs, policy=policy)
        if not plan.is_empty:
            return UNKNOWN_WHY
        if policy.direction is not Direction.TWO_WAY:
            return Why(
                cause=Cause.ONE_WAY,
                sentence="It was changed in QuickBooks only, which this connection leaves alone.",
            )
        return Why(
            cause=Cause.ONE_WAY,
            sentence="It ended on one side for good, and was kept on the other.",
        )

    def _why_open_differs(self, link: Link) -> Why:
        if link.local_id in self.late:
            return Why(
                cause=Cause.LATE,
                sentence="A payment went out since QuickBooks was last read.",
            )
        return UNKNOWN_WHY

    # -- a record of one side --------------------------------------------------------------------

    def _row_of_ours(self, link: Link) -> AgreementRow | None:
        local = self.locals.get(link.local_id or 0)
        if local is None or not local.is_ready:
            return None
        money = {"contact_id": self._contact_of(local), "ours": self.open_here.get(local.local_id)}
        if link.state == Link.State.LEFT_OUT:
            why = Why(cause=Cause.CHOSEN, sentence="It was left out of the sync.")
            return self._row(link, Result.LEFT_OUT, why, **money)
        if link.state == Link.State.MERGED:
            return self._row(link, Result.MISSING, self._why(link, local) or UNKNOWN_WHY, **money)
        if local.record.life is not Life.LIVE and not link.may_create:
            return None  # it ended before it ever went there
        if self.entity == "contact" and self.rules.profile == Connection.Profile.PUSH_ONLY:
            return None  # it is made there when an invoice needs it
        why = self._why(link, local) or UNKNOWN_WHY
        return self._row(link, Result.MISSING, why, **money)

    def _row_of_theirs(self, link: Link) -> AgreementRow | None:
        told = self.theirs_alone.get(link.remote_id or "")
        is_left = link.state == Link.State.LEFT_OUT
        if is_left or self.rules.profile == Connection.Profile.PUSH_ONLY:
            sentence = "It was left out." if is_left else "It was made in QuickBooks only."
            why = Why(cause=Cause.CHOSEN, sentence=sentence)
            return self._row(link, Result.NOT_HELD, why, **not_held(told))
        if told is not None and told.is_over:
            return None  # over, or nothing here, when it was first told of
        theirs = {"contact_id": told.contact_id, "theirs": told.amount} if told else {}
        return self._row(link, Result.MISSING, self._why(link, None) or UNKNOWN_WHY, **theirs)


def not_held(told: HeldThere | None) -> dict[str, Any]:
    """The columns of a row that tell what is open there and not held here."""
    if told is None or told.is_over:
        return {}
    return {"contact_id": told.contact_id, "not_held": told.amount}


def said(why: Why | None) -> dict[str, Any]:
    """The columns of a row that tell its cause."""
    if why is None:
        return {}
    return {
        "cause": why.cause,
        "sentence": why.sentence[:600],
        "issue_id": why.issue_id,
        "is_explained": why.cause not in RED,
    }


def _amounts(label: str, ours: Decimal | None, theirs: Decimal) -> dict[str, Any]:
    return {
        "name": label.lower(),
        "label": label,
        "ours": "" if ours is None else f"{ours:.2f}",
        "theirs": f"{theirs:.2f}",
    }


def _late(connection: Connection, entity: str, local_ids: Sequence[int]) -> set[int]:
    """Invoices and payments whose counterpart was sent, or waits, since the feed was last read."""
    if entity not in ("invoice", "payment"):
        return set()
    other = "payment" if entity == "invoice" else "invoice"
    parts = PaymentPart.objects.filter(**{f"{entity}__in": local_ids}).exclude(invoice=None)
    of_other: dict[int, set[int]] = {}
    for mine, its in parts.values_list(f"{entity}_id", f"{other}_id"):
        of_other.setdefault(its, set()).add(mine)
    moved = Link.objects.filter(connection=connection, entity=other, local_id__in=list(of_other))
    read_at = connection.cursor.read_at if hasattr(connection, "cursor") else None
    return {
        mine
        for link in moved.exclude(state=Link.State.FORMER)
        if _went_out(link, read_at)
        for mine in of_other[link.local_id or 0]
    }


def _went_out(link: Link, read_at: datetime | None) -> bool:
    """Whether what the pair did to the other one's balance may not have been told yet."""
    is_open = link.wake_at is not None or bool(link.rests) or link.remote_id is None
    was_sent = link.sent_at is not None and (read_at is None or link.sent_at >= read_at)
    return is_open or was_sent
