"""
One look at one pair: read the truth, reconcile, carry out the local part, store the remote one.

`settle` is one transaction, and the only code that moves a base. What has to be written in the
books leaves it as a stored intent; when that is answered, `settle` looks again with the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from firms.permissions import Actor
from integrations.entities import ENTITIES, Local, LocalRefused
from integrations.entities.lines import ITEM, named
from integrations.errors import MissingDependency, Refused
from integrations.models import Activity, InboxEntry, Intent, Issue, Link, OutboxEntry
from integrations.providers.base import Operation, Snapshot
from integrations.reconcile.plan import Create, Plan, Retire, Update
from integrations.reconcile.policy import Decision, Policy, Side
from integrations.reconcile.record import UNKNOWN, Record, goes_along
from integrations.reconcile.three_way import reconcile
from integrations.sync import (
    activity,
    brake,
    credits,
    doubles,
    harm,
    holds,
    intents,
    issues,
    leases,
    links,
    marks,
    numbers_apart,
    partners,
    references,
    remarks,
    rules,
    snapshots,
    voids,
    waiting,
)
from integrations.sync.intents import Answer
from integrations.sync.look import ContentNeeded, Drain, Look, MayBeOurs, PartnerNeeded

# Issues that a look at the pair does not mend by itself.
LASTING = {
    Issue.Kind.MERGED_THERE,
    Issue.Kind.TOTALS_DIFFER,
    Issue.Kind.BILLED_TWICE,
    Issue.Kind.DELETED_THERE,
}


@transaction.atomic
def settle(
    link_id: int,
    *,
    drain: Drain,
    now: datetime,
    heard: Snapshot | None = None,
    answer: Answer | None = None,
    found: Sequence[Snapshot] | None = None,
) -> Intent | None:
    """
    Bring one pair as far as it goes without the network; return what has to be sent next.

    Args:
        heard: the record as just read there; None: what was kept of the feed, if anything.
        answer: the answer to the pair's intent, which is thereby done.
        found: what the books hold of what PartnerNeeded or PaymentsNeeded asked for.
    Raises:
        ContentNeeded, ListsNeeded, PartnerNeeded, PaymentsNeeded, MayBeOurs, brake.Held,
            LeaseLost: nothing was changed.
    """
    leases.check(drain.lease)
    local, link = _lock(link_id)
    if link is None:
        return None
    look = _Look(drain=drain, link=link, now=now)
    look.take_local(local)
    if found is not None:
        heard = holds.take_found(look, found)
    return look.settle(heard, answer)


def _lock(link_id: int) -> tuple[Local | None, Link | None]:
    """Our record, then its pair: always in this order."""
    found = Link.objects.filter(pk=link_id).values_list("entity", "firm_id", "local_id").first()
    if found is None:
        return None, None
    entity, firm_id, local_id = found
    local = None
    if local_id is not None:
        local = ENTITIES[entity].store.read(firm_id=firm_id, local_id=local_id, lock=True)
    link = Link.objects.select_for_update().filter(pk=link_id).first()
    if link is not None and link.local_id != local_id:
        return _lock(link_id)  # it got its record in between
    return local, link


class _Look(Look):
    """What a look does, step by step, inside one transaction."""

    # -- the steps, in order ---------------------------------------------------------------------

    def settle(self, heard: Snapshot | None, answer: Answer | None) -> Intent | None:
        link = self.link
        base = dict(link.base)
        if answer is not None:
            heard = answer.snapshot
            base.update(self._take_answer(answer))
        elif heard is None:
            heard = snapshots.told_of(self.connection, link.entity, link.remote_id)
        if answer is None and not self.is_in_scope(heard):
            self._drop_bells(heard)
            return None
        try:
            remote = self.read_remote(base, heard, may_wait=answer is None)
        except MissingDependency as missing:
            waiting.wait_for(self, missing)
            return None
        self._name_lines(remote, is_answer=answer is not None)
        plan = self._plan(base, remote)
        if plan.unknown and heard is None:
            raise ContentNeeded
        plan = holds.if_double(self, plan)
        plan = holds.if_changed_there(self, plan, heard)
        plan = holds.after_its_invoice(self, plan)
        if holds.may_have_a_partner(self, plan):
            raise PartnerNeeded(self.match_key())
        if isinstance(self.trouble, partners.SeveralMatches):
            plan = replace(plan, remote=None)  # a person says which it is, before one is made
        harmed = harm.guard(self, plan, base, remote)
        base.update(plan.base_after(*self._write_here(plan, is_harmful=Side.LOCAL in harmed)))
        is_pair = self.local is not None and remote is not None
        if plan.is_empty and not link.base and answer is None and is_pair:
            self.note_linked()
        self._move_base(base, remote)
        self._note_facts(heard, remote)
        intent = self._store_intent(plan)
        self._close_or_open_issues(plan)
        self._remark(plan, heard, remote)
        self._finish(heard, intent)
        return intent

    def _take_answer(self, answer: Answer) -> Mapping[str, Any]:
        """The write is done: both sides agree on what was sent."""
        link, intent = self.link, self.link.intent
        is_new = link.remote_id is None
        links.adopt(link, answer.snapshot.remote_id)
        link.state = Link.State.LINKED
        link.remote_label = answer.snapshot.label[:600]
        link.sent_at = self.now
        link.attempts, link.not_before = 0, None
        title = (
            "Created in QuickBooks"
            if is_new
            else activity.title_of(link.entity, intent.values, "in QuickBooks")
        )
        activity.write(
            link,
            direction=Activity.Direction.SENT,
            title=title,
            cause=intent.cause,
            before=activity.changed(link.base, intent.values),
            after=intent.values,
            duration_ms=answer.duration_ms,
            trace=answer.snapshot.trace,
            is_harmful=harm.loses_there(self, link.base, link.seen, intent.values),
            now=self.now,
            detail={"operation": intent.operation, "request_id": str(intent.request_id)},
        )
        values: Mapping[str, Any] = intent.values
        intent.delete()
        return values

    def _plan(self, base: Mapping[str, Any], remote: Record | None) -> Plan:
        decisions = {
            group: Decision(keep=Side(each["keep"]), shown=each["shown"])
            for group, each in self.acting_decisions().items()
        }
        base, policy = self._with_numbers(base, remote)
        return reconcile(
            base=base,
            local=self.local.record if self.local else None,
            remote=remote,
            policy=policy,
            decisions=decisions,
        )

    def _with_numbers(
        self, base: Mapping[str, Any], remote: Record | None
    ) -> tuple[Mapping[str, Any], Policy]:
        """Numbers of old pairs that are apart stay so until a person changes one."""
        policy = self.policy()
        if self.link.entity != "invoice" or self.local is None:
            return base, policy
        chosen = self.link.options.get(numbers_apart.CHOSEN)
        is_out = "number" in rules.policy_of(self.connection, self.spec, self.local).without
        if remote is not None:
            told = numbers_apart.look(
                self.link, base, self.local.record, remote, is_ruled_out=is_out
            )
            base, is_out = told.base, told.is_out
        elif chosen:
            is_out = False
        without = set(policy.without) - {"number"} | ({"number"} if is_out else set())
        return base, replace(policy, without=frozenset(without))

    # -- this side -------------------------------------------------------------------------------

    def _write_here(self, plan: Plan, *, is_harmful: bool) -> tuple[Side, ...]:
        """Carry out the local part; return the sides whose part of the base may move now."""
        if plan.local is None:
            return ()
        is_new = isinstance(plan.local, Create)
        if is_new and intents.outcome_is_open(self.link):
            raise MayBeOurs
        before = self.local.record.values(plan.local.values) if self.local else {}
        try:
            with transaction.atomic():
                self.take_local(self._accept(plan.local))
        except LocalRefused as error:
            self.trouble = Refused(str(error), what_to_do="Change it in QuickBooks, then retry.")
            return ()
        assert self.local is not None
        link = self.link
        link.local_id, link.state = self.local.local_id, Link.State.LINKED
        link.label = self.local.label[:600]
        self.wrote_here = dict(plan.local.values)
        activity.write(
            link,
            direction=Activity.Direction.RECEIVED,
            title="Created from QuickBooks"
            if is_new
            else activity.title_of(link.entity, plan.local.values, "from QuickBooks"),
            cause="QuickBooks",
            before=before,
            after=plan.local.values,
            is_harmful=is_harmful,
            now=self.now,
        )
        return (Side.LOCAL,)

    def _accept(self, action: Create | Update | Retire) -> Local:
        actor = Actor.for_sync(firm_id=self.link.firm_id)
        store = self.spec.store
        if isinstance(action, Create):
            return store.create(actor=actor, values=action.values, now=self.now)
        assert self.link.local_id is not None
        values = self._with_what_is_hidden(action.values)
        return store.update(actor=actor, local_id=self.link.local_id, values=values, now=self.now)

    def _with_what_is_hidden(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the rules hide from the other side is not overwritten by its absence there."""
        ruled = rules.rules_of(self.connection, self.link.options)
        kept = dict(values)
        if ruled.is_tax_automated:
            kept.pop("tax_rate", None)
        if (ruled.uses_default_item or ruled.default_items) and "lines" in kept:
            lines = getattr(self.ours, "lines", ())
            items = {each["id"]: each.get("item") for each in lines if each.get("id")}
            kept["lines"] = [_with_item(each, items, ruled.default_item) for each in kept["lines"]]
        return kept

    # -- the base --------------------------------------------------------------------------------

    def _move_base(self, base: Mapping[str, Any], remote: Record | None) -> None:
        """Only what was really carried out moves; what they hold apart from it is `seen`."""
        link = self.link
        link.base = dict(base)
        link.seen = {}
        if remote is not None:
            link.seen = _seen(remote, base)
        if self.local is not None:
            link.local_version = self.local.version
            link.label = self.local.label[:600]
        if link.local_id is not None and link.remote_id is not None:
            link.state = Link.State.LINKED

    def _note_facts(self, heard: Snapshot | None, remote: Record | None) -> None:
        """
        What the books say beside the synced fields is shown with our record.

        The ids of lines there are told by their place where the lines are the same.
        """
        if heard is None or self.link.local_id is None:
            return
        facts = dict(self.link.facts)
        if "line_ids" in facts and not self._is_same("lines", remote):
            lines = getattr(self.local.record, "lines", ()) if self.local else ()
            facts["line_ids"] = [str(each.get("id") or "") for each in lines]
        self.spec.store.note(
            actor=Actor.for_sync(firm_id=self.link.firm_id),
            local_id=self.link.local_id,
            facts=facts,
            now=self.now,
        )

    def _name_lines(self, remote: Record | None, *, is_answer: bool) -> None:
        """
        Our lines learn their ids there, so that the next update does not make them anew: also
        where one was edited while they were being sent.
        """
        theirs = getattr(remote, "lines", UNKNOWN)
        if self.local is None or self.link.entity != "invoice" or theirs is UNKNOWN:
            return
        ours = named(getattr(self.local.record, "lines", ()), theirs, by_place=is_answer)
        values = {**self.local.record.values(), "lines": ours}
        self.local = replace(self.local, record=self.spec.record.from_values(values))

    def _is_same(self, name: str, remote: Record | None) -> bool:
        if self.local is None or remote is None:
            return False
        field_ = next(each for each in self.spec.record.fields() if each.name == name)
        return field_.same(getattr(self.local.record, name), getattr(remote, name))

    # -- the other side --------------------------------------------------------------------------

    def _store_intent(self, plan: Plan) -> Intent | None:
        """What has to be written there, composed and stored; None where nothing or not yet."""
        if plan.remote is None:
            return None
        link = self.link
        try:
            outgoing = self.drain.books.compose(
                link.entity,
                _operation(plan),
                references.to_remote(
                    self.connection, link.entity, plan.remote.values, agreed=link.base
                ),
                remote_id=link.remote_id or "",
                version=link.remote_version,
                kept=link.kept,
                company=self._company(),
            )
        except (Refused, MissingDependency) as error:
            self.trouble = error
            return None
        return intents.store(
            link, outgoing, values=plan.remote.values, cause=self._cause(), now=self.now
        )

    def _company(self) -> dict[str, Any]:
        """What a write depends on beside the record: see Books.compose."""
        return {
            "preferences": self.connection.company_facts.get("preferences") or {},
            "defaults": self.connection.defaults,
            "lists": self.connection.company_facts.get("lists") or {},
            "profile": self.connection.profile,
            "options": self.link.options,
        }

    def _cause(self) -> str:
        """Who made the change that goes out."""
        decided = next((each["by"] for each in self.link.decisions.values()), "")
        return decided or self.changed_by() or "Set-up"

    # -- the end of it ---------------------------------------------------------------------------

    def _close_or_open_issues(self, plan: Plan) -> None:
        link = self.link
        mended = set(Issue.Kind.values) - LASTING
        if plan.conflicts:
            issues.open_conflict(link, plan.conflicts, local_by=self.changed_by(), now=self.now)
            mended.discard(Issue.Kind.CONFLICT)
        if isinstance(self.trouble, Refused):
            kind = issues.open_refusal(link, self.trouble, now=self.now).kind
            mended.discard(kind)
        elif isinstance(self.trouble, MissingDependency):
            mended &= {Issue.Kind.CONFLICT}
        elif plan.remote is not None:
            mended &= {Issue.Kind.CONFLICT, Issue.Kind.HELD}  # the rest is known once it is sent
        mended.discard(link.options.get(voids.REFUSED, ""))  # until it is retried or ignored
        issues.close(link, kinds=sorted(mended), now=self.now)

    def _remark(self, plan: Plan, heard: Snapshot | None, remote: Record | None) -> None:
        """What a person should know of a transaction, though nothing was refused."""
        link = self.link
        if isinstance(plan.local, Create):
            remarks.ask_if_billed_twice(self.connection, link, now=self.now)
        if not self.policy().direction.writes(Side.LOCAL):
            remarks.tell_if_ended_there(link, self.local, remote, now=self.now)
        is_newest = heard is not None and heard.version == link.remote_version
        if heard is not None and is_newest and self.local is not None:
            is_settled = plan.remote is None and not plan.conflicts
            remarks.compare_totals(link, self.local, heard, is_settled=is_settled, now=self.now)

    def _finish(self, heard: Snapshot | None, intent: Intent | None) -> None:
        """Take the bells away that were answered, and say when to look again."""
        link = self.link
        self._delete_bells(heard)
        has_issue = link.issues.filter(state=Issue.State.OPEN).exists()
        if heard is not None or link.rests == Link.Rests.DEPENDENCY:
            link.blocked_on = self.goes_without
        link.rests = Link.Rests.ISSUE if has_issue else ""
        if isinstance(self.trouble, MissingDependency):
            waiting.rest_on(self, self.trouble)
        elif self.waits_for is not None:
            link.blocked_on, link.rests = self.waits_for, Link.Rests.DEPENDENCY
        if intent is None and self.trouble is None:
            for group in self.acting_decisions():
                del link.decisions[group]
            brake.use_up(link)
        is_more_told = snapshots.is_newer_kept(link)
        link.wake_at = self.now if intent or is_more_told else next_decision(link, now=self.now)
        if intent is None and self.trouble is None:
            link.attempts, link.not_before, link.may_create = 0, None, False
        link.save()
        credits.refresh(self.connection, self._invoices_touched(), now=self.now)
        if link.state == Link.State.LINKED:
            links.wake_blocked(link, now=self.now)
        marks.show(link, self._mark(intent), now=self.now)

    def _invoices_touched(self) -> set[int]:
        """Ids of our invoices whose balance in the books this pair has to do with."""
        link = self.link
        if link.entity == "invoice" and link.local_id is not None:
            return {link.local_id}
        if link.entity != "payment":
            return set()
        told = [self.local.record.values(), link.base] if self.local else [link.base]
        parts = [part for values in told for part in values.get("parts") or ()]
        return {part["invoice"] for part in parts if isinstance(part.get("invoice"), int)}

    def _mark(self, intent: Intent | None) -> str:
        if intent is not None:
            return "syncing"
        if isinstance(self.trouble, Refused):
            return "failed"
        if self.link.rests == Link.Rests.DEPENDENCY:
            return waiting.mark(self)
        if self.link.issues.filter(state=Issue.State.OPEN, kind=Issue.Kind.CONFLICT).exists():
            return "conflict"
        is_left = bool(self.link.options.get("leave"))
        is_linked = self.link.state == Link.State.LINKED
        return "synced" if is_linked and not is_left else "not_synced"

    def _drop_bells(self, heard: Snapshot | None) -> None:
        """Out of scope: the bells are answered with nothing, and nothing is wrong any more."""
        self._delete_bells(heard, keeps_content=True)
        self.link.wake_at = None
        if self.link.state == Link.State.UNDECIDED:
            issues.close(self.link, now=self.now)
            self.link.rests = ""
        if self.local is not None:
            self.link.label = self.local.label[:600]
        if heard is not None:
            self.link.remote_label = heard.label[:600]
        self.link.save()
        links.wake_blocked(self.link, now=self.now)
        if self.link.state == Link.State.MERGED:
            return  # its mark tells of the issue it waits with
        is_draft = self.local is not None and not self.local.is_ready
        if self.connection.syncs_since(self.spec.half) and not is_draft:
            marks.show(self.link, "not_synced", now=self.now)

    def _delete_bells(self, heard: Snapshot | None, *, keeps_content: bool = False) -> None:
        link = self.link
        if self.local is not None:
            OutboxEntry.objects.filter(
                self.outbox_of_pair(), version__lte=self.local.version
            ).delete()
        answered = Q(needs_read=False)
        if heard is not None and heard.changed_at is not None:
            answered |= Q(occurred_at__lte=heard.changed_at)
            answered |= Q(occurred_at=None, source=InboxEntry.Source.LISTING)
        InboxEntry.objects.filter(answered, link=link).delete()
        # While a person is asked whether it is the same as one of ours, it stays to be found.
        keeps_content = keeps_content or isinstance(self.trouble, doubles.MaybeSamePayment)
        if heard is not None and not keeps_content:
            snapshots.forget(self.connection, link.entity, heard.remote_id, heard.version)


def _with_item(
    line: Mapping[str, Any], items: Mapping[str, Any], default: int | str | None
) -> dict[str, Any]:
    """A line on the default service there keeps the item it has here."""
    if line.get("item") is not None or line["kind"] != ITEM:
        return dict(line)
    return {**line, "item": items.get(str(line.get("id") or ""), default)}


def _seen(remote: Record, base: Mapping[str, Any]) -> dict[str, Any]:
    """
    What they hold apart from the base. Of a group of which anything is apart, what goes along too:
    whoever takes the group from here later takes it whole.
    """
    told = remote.values()
    fields = [each for each in remote.fields() if each.name in told]
    apart = [
        each
        for each in fields
        if not (each.name in base and each.same(base[each.name], told[each.name]))
    ]
    groups = {each.group for each in apart}
    along = [
        each
        for each in fields
        if each.group in groups
        and each.key is goes_along
        and base.get(each.name) != told[each.name]
    ]
    return {each.name: told[each.name] for each in [*apart, *along]}


def _operation(plan: Plan) -> Operation:
    match plan.remote:
        case Create():
            return Operation.CREATE
        case Retire():
            return Operation.RETIRE
        case _:
            return Operation.UPDATE


def next_decision(link: Link, *, now: datetime) -> datetime | None:
    """When the next decision of a person is to be carried out."""
    times = [datetime.fromisoformat(each["acts_at"]) for each in link.decisions.values()]
    return min((each for each in times if each > now), default=None)
