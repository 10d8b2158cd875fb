"""
One look at one pair: read the truth, reconcile, carry out the local part, store the remote one.

`settle` is one transaction, and the only code that moves a base. What has to be written in the
books leaves it as a stored intent; when that is answered, `settle` looks again with the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from firms.permissions import Actor
from integrations.entities import ENTITIES, EntitySpec, Local, LocalRefused
from integrations.entities.lines import ITEM, named
from integrations.errors import MissingDependency, Refused
from integrations.models import Activity, Connection, InboxEntry, Intent, Issue, Link, OutboxEntry
from integrations.providers.base import Books, Operation, Snapshot
from integrations.reconcile.plan import Create, Plan, Retire, Update, replaced
from integrations.reconcile.policy import Decision, Direction, Policy, Side
from integrations.reconcile.record import UNKNOWN, Life, Record, goes_along
from integrations.reconcile.three_way import reconcile
from integrations.sync import (
    activity,
    brake,
    credits,
    doubles,
    intents,
    issues,
    leases,
    links,
    marks,
    numbers_apart,
    pairs,
    partners,
    references,
    remarks,
    rules,
    snapshots,
    splits,
    voids,
)
from integrations.sync.intents import Answer

# Issues that a look at the pair does not mend by itself.
LASTING = {
    Issue.Kind.MERGED_THERE,
    Issue.Kind.TOTALS_DIFFER,
    Issue.Kind.BILLED_TWICE,
    Issue.Kind.DELETED_THERE,
}


class ContentNeeded(Exception):
    """What the record holds there is not known: it has to be read first."""


class PartnerNeeded(Exception):
    """Before it is made there, the books have to be asked whether they hold it: by `key`."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


class ListsNeeded(Exception):
    """It names what is newer than the company's short lists: they have to be read first."""


class PaymentsNeeded(Exception):
    """Before this payment is made there, the books have to be asked for payments like it."""

    def __init__(self, payment: doubles.Asked) -> None:
        self.payment = payment
        super().__init__(f"{payment}")


class MayBeOurs(Exception):
    """A create of ours has no known outcome; this new record there may be the one it made."""


@dataclass(kw_only=True)
class Drain:
    """What the steps of one drain share."""

    connection: Connection
    lease: leases.Held
    brake: brake.Brake
    books: Books
    may_read: bool = True  # False: the company would not be read; what waits is sent all the same
    has_read_company: bool = False  # its preferences, in this drain
    has_read_lists: bool = False  # its short lists, likewise


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
        heard = look.take_found(found)
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


@dataclass(kw_only=True)
class _Look:
    """One look at one pair, inside one transaction."""

    drain: Drain
    link: Link
    now: datetime
    local: Local | None = None
    trouble: Refused | MissingDependency | None = None
    goes_without: Link | None = None  # the pair their record points to, which does not sync
    waits_for: Link | None = None  # the pair that has to go there first
    ours: Record | None = None  # our record with what the rules hide from the other side
    is_searched: bool = False  # the books were asked whether they hold it
    wrote_here: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> EntitySpec:
        return ENTITIES[self.link.entity]

    @property
    def connection(self) -> Connection:
        return self.drain.connection

    def take_local(self, local: Local | None) -> None:
        """Our record as it is now, seen as the connection's rules let it be seen."""
        self.local = local
        if local is not None:
            self.ours = local.record
            ruled = rules.rules_of(self.connection, self.link.options)
            compared = self.spec.as_compared(local.record, ruled)
            self.local = replace(local, record=self.spec.as_synced(compared, ruled))

    # -- the steps, in order ---------------------------------------------------------------------

    def settle(self, heard: Snapshot | None, answer: Answer | None) -> Intent | None:
        link = self.link
        base = dict(link.base)
        if answer is not None:
            heard = answer.snapshot
            base.update(self._take_answer(answer))
        elif heard is None:
            heard = snapshots.told_of(self.connection, link.entity, link.remote_id)
        if answer is None and not self._is_in_scope(heard):
            self._drop_bells(heard)
            return None
        try:
            remote = self._remote(base, heard, may_wait=answer is None)
        except MissingDependency as missing:
            self._wait_for(missing)
            return None
        self._name_lines(remote, is_answer=answer is not None)
        plan = self._plan(base, remote)
        if plan.unknown and heard is None:
            raise ContentNeeded
        plan = self._held_if_double(plan)
        plan = self._held_if_changed_there(plan, heard)
        plan = self._after_its_invoice(plan)
        if self._may_have_a_partner(plan):
            raise PartnerNeeded(self.match_key())
        if isinstance(self.trouble, partners.SeveralMatches):
            plan = replace(plan, remote=None)  # a person says which it is, before one is made
        harmed = self._guard(plan, base, remote)
        base.update(plan.base_after(*self._write_here(plan, is_harmful=Side.LOCAL in harmed)))
        is_pair = self.local is not None and remote is not None
        if plan.is_empty and not link.base and answer is None and is_pair:
            self._note_linked()
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
            is_harmful=self._loses_there(link.base, link.seen, intent.values),
            now=self.now,
            detail={"operation": intent.operation, "request_id": str(intent.request_id)},
        )
        values: Mapping[str, Any] = intent.values
        intent.delete()
        return values

    def _is_in_scope(self, heard: Snapshot | None) -> bool:
        """Whether this pair syncs at all; asked before it is reconciled."""
        link = self.link
        if self._waits_for_an_invoice():
            return False
        if link.state == Link.State.LINKED:
            return True
        if link.state != Link.State.UNDECIDED or not self.spec.directions[self.connection.profile]:
            return False
        if not self.connection.syncs_since(self.spec.half) and not link.may_create:
            return False  # set-up has not come that far: bells are answered with nothing
        if self.spec.is_transaction and not rules.takes_transactions(self.connection):
            return False
        if self.local is not None and not self.local.is_ready:
            return False
        if self.local is None and heard is not None and heard.is_foreign:
            return False
        if link.may_create:
            return True
        if self.local is not None:
            return self.local.record.life == Life.LIVE
        return heard is None or heard.record.life == Life.LIVE

    def _remote(
        self, base: Mapping[str, Any], heard: Snapshot | None, *, may_wait: bool
    ) -> Record | None:
        """
        Their record as far as it is known: what was last seen, under what is told now.

        Raises:
            ContentNeeded: nothing is known of it.
            ListsNeeded: the short lists are older than it.
            MissingDependency: it points to a record that is about to be created here.
        """
        link = self.link
        if link.remote_id is None:
            return None
        if heard is not None and _is_older(heard, link):
            heard = None
        # Of a pair that was matched anew nothing may be known but that it is gone there.
        is_known = link.remote_version is not None or link.seen.get("life") == Life.DELETED
        known = {**base, **link.seen} if is_known else {}
        if heard is None:
            if not is_known:
                raise ContentNeeded
            return self.spec.record.from_values(known)
        turned = references.to_local(self.connection, heard.record, may_wait=may_wait)
        if turned.is_unlisted and not self.drain.has_read_lists:
            self._ask_for_lists(is_answer=not may_wait)
        if turned.without is not None:  # once that one is linked, we look again
            self.goes_without = pairs.pair_of_remote(
                self.connection, turned.without.entity, turned.without.remote_id
            )
        link.remote_version = heard.version
        link.remote_changed_at = heard.changed_at
        link.remote_label = heard.label[:600]
        link.kept = dict(heard.kept)
        link.facts = dict(heard.facts)
        link.is_read_only = heard.is_read_only
        self._lock_foreign_currency(heard)
        told = self.spec.as_compared(
            turned.record, rules.rules_of(self.connection, self.link.options)
        )
        return self.spec.record.from_values({**known, **told.values()})

    def _ask_for_lists(self, *, is_answer: bool) -> None:
        """An answer has to be taken in all the same; then the record is read once more."""
        if not is_answer:
            raise ListsNeeded
        links.read_again(self.link, now=self.now)

    def _lock_foreign_currency(self, heard: Snapshot) -> None:
        """What is in another currency is shown, and only changed there (ledger rule 41)."""
        home = str(self.connection.company_facts.get("home_currency") or "")
        currency = str(heard.facts.get("currency") or "")
        if not home or not currency or currency == home:
            return
        self.link.is_read_only = True
        reason = f"It is in {currency}, and only what is in {home} can be changed here"
        self.link.facts = {**self.link.facts, "lock_reason": reason}

    def _plan(self, base: Mapping[str, Any], remote: Record | None) -> Plan:
        decisions = {
            group: Decision(keep=Side(each["keep"]), shown=each["shown"])
            for group, each in self._acting_decisions().items()
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
        policy = self._policy()
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

    # -- one way only (push_only) ----------------------------------------------------------------

    def _is_push_only(self) -> bool:
        return self.connection.profile == Connection.Profile.PUSH_ONLY

    def _waits_for_an_invoice(self) -> bool:
        """In push_only a contact goes there when an invoice needs it, and not before."""
        return self.spec.key == "contact" and self._is_push_only() and not self.link.blocks.exists()

    def _may_have_a_partner(self, plan: Plan) -> bool:
        """Whether the books have to be asked before this create: they may hold the customer."""
        return (
            isinstance(plan.remote, Create)
            and self._is_push_only()
            and bool(self.spec.match.get(self.connection.profile))
            and bool(self.match_key())
            and not self.is_searched
        )

    def match_key(self) -> str:
        match = self.spec.match.get(self.connection.profile)
        if match is None or self.local is None:
            return ""
        return match(self.local.record, self.local.path)

    def take_found(self, found: Sequence[Snapshot]) -> Snapshot | None:
        """What the books hold of what was asked for; the one this record is, if that is told."""
        self.is_searched = True
        if self.spec.is_transaction:
            unlinked = doubles.without_partner(self.connection, found)
            snapshots.remember(self.connection, unlinked, now=self.now)
            return None
        return self._take_partner(found)

    def _take_partner(self, found: Sequence[Snapshot]) -> Snapshot | None:
        """
        Link with the one that fits, as it is there: only what changes here later is sent.

        Several, or only inactive ones: a person is asked (ledger rule 31).
        """
        choice = partners.choose(found, self.match_key())
        if isinstance(choice, Refused):
            self.trouble = choice
            return None
        if choice is None or self.local is None:
            return None
        link = self.link
        links.adopt(link, choice.remote_id)
        link.state = Link.State.LINKED
        link.base = self.local.record.values()
        self._note_linked()
        return choice

    def _held_if_changed_there(self, plan: Plan, heard: Snapshot | None) -> Plan:
        """
        A delete in the books is held where they did more with the record (ledger rule 25).

        Raises:
            ContentNeeded: it has to be read first.
        """
        options = self.link.options
        action = plan.remote
        if not isinstance(action, Retire) or action.values.get("life") != Life.DELETED:
            return plan
        if options.get("leave"):
            return replace(plan, remote=None)
        if options.get("void_there"):
            return replace(plan, remote=Retire(values={**action.values, "life": Life.VOID}))
        if options.get("delete_anyway") or self.spec.key != "invoice":
            return plan
        if heard is None:
            raise ContentNeeded
        goes_with = voids.goes_with(self.link)
        reason = partners.done_there(self.link, self.spec.record, goes_with=goes_with)
        if reason:
            self.trouble = partners.DeleteHeld(reason)
            return replace(plan, remote=None)
        return plan

    def _after_its_invoice(self, plan: Plan) -> Plan:
        """A payment voided with its invoice is voided there once that one is."""
        if isinstance(plan.remote, Retire):
            self.waits_for = voids.invoice_to_wait_for(self.link)
        return plan if self.waits_for is None else replace(plan, remote=None)

    def _held_if_double(self, plan: Plan) -> Plan:
        """A payment that may be entered on both sides waits for a person; so does its create."""
        if self.link.entity != "payment" or self.link.options.get("record_both"):
            return plan
        try:
            if isinstance(plan.remote, Create) and (asked := doubles.asked_of(plan.remote.values)):
                self._check_payment_there(asked, plan.remote.values)
            if isinstance(plan.local, Create) and (asked := doubles.asked_of(plan.local.values)):
                doubles.check_payment_here(self.connection, asked)
        except doubles.MaybeSamePayment as error:
            self.trouble = error
            return Plan()
        return plan

    def _check_payment_there(self, asked: doubles.Asked, values: Mapping[str, Any]) -> None:
        """
        In push_only the books are asked once, when it is about to be sent: nothing is told here
        of payments that they hold beside ours.

        Raises:
            MaybeSamePayment, PaymentsNeeded
            MayBeOurs: one fits, and a payment of ours has no known outcome.
        """
        try:
            doubles.check_payment_there(self.connection, asked)
        except doubles.MaybeSamePayment as error:
            if error.candidates and intents.outcome_is_open(self.link):
                raise MayBeOurs from error
            raise
        if self._is_push_only() and not self.is_searched and self._could_go(values):
            raise PaymentsNeeded(asked)

    def _could_go(self, values: Mapping[str, Any]) -> bool:
        """Whether all it points to is linked, so that it is sent after this look."""
        try:
            references.to_remote(self.connection, self.link.entity, values)
        except (Refused, MissingDependency):
            return False
        return True

    def _policy(self) -> Policy:
        """
        The connection's rules; what is read-only there is never written there, and a split waits
        while it is in question.
        """
        policy = rules.policy_of(self.connection, self.spec, self.local, options=self.link.options)
        if self.link.entity == "payment" and splits.is_in_question(self.link):
            policy = replace(policy, without=policy.without | {"split"})
        return replace(policy, direction=Direction.PULL) if self.link.is_read_only else policy

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

    def _note_linked(self) -> None:
        """They were paired and held the same: that, too, belongs in the history."""
        activity.write(
            self.link,
            direction=Activity.Direction.HERE,
            title=f"Linked with {self.link.remote_label}: both sides are the same",
            now=self.now,
        )

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
        return decided or self._changed_by() or "Set-up"

    def _changed_by(self) -> str:
        """Who changed ours since the last look; "" if nobody did."""
        bells = OutboxEntry.objects.filter(self._outbox_of_pair(), is_ours=False)
        return bells.order_by("-pk").values_list("cause", flat=True).first() or ""

    # -- harm ------------------------------------------------------------------------------------

    def _guard(self, plan: Plan, base: Mapping[str, Any], remote: Record | None) -> set[Side]:
        """
        Ask the brake before the sync itself ends or replaces something; return on which sides.

        Raises:
            brake.Held: it would be too much within a day.
        """
        harmed = set()
        if self._loses_here(plan):
            harmed.add(Side.LOCAL)
        known = remote.values() if remote else {}
        if plan.remote is not None and self._loses_there(base, known, plan.remote.values):
            harmed.add(Side.REMOTE)
        if harmed:
            self.drain.brake.check(self.link, now=self.now)
            self.drain.brake.count(self.link)
        return harmed

    def _loses_here(self, plan: Plan) -> bool:
        """Whether a value or a life of ours gives way; in a full comparison, what is new counts."""
        if isinstance(plan.local, Create):
            return not self.link.may_create and self._was_only_listed()
        if self.local is None or brake.is_granted(self.link, Side.LOCAL):
            return False
        return bool(replaced(plan.local, self.local.record) - self._acting_decisions().keys())

    def _was_only_listed(self) -> bool:
        bells = InboxEntry.objects.filter(link=self.link, needs_read=False)
        return bells.filter(source=InboxEntry.Source.LISTING).exists()

    def _loses_there(
        self, base: Mapping[str, Any], known: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> bool:
        """
        Whether what is `known` of theirs gives way to what is sent though nobody edited it here.

        Against a base it is somebody's edit that goes over, and that one's doing.
        """
        if brake.is_granted(self.link, Side.REMOTE):
            return False
        theirs = self.spec.record.from_values(
            {name: value for name, value in known.items() if name not in base}
        )
        action = Update(values={name: sent[name] for name in sent if name not in base})
        return bool(replaced(action, theirs) - self._acting_decisions().keys())

    def _acting_decisions(self) -> dict[str, dict[str, Any]]:
        """What people decided, group by group, and may no longer take back."""
        return {
            group: each
            for group, each in self.link.decisions.items()
            if datetime.fromisoformat(each["acts_at"]) <= self.now
        }

    # -- the end of it ---------------------------------------------------------------------------

    def _close_or_open_issues(self, plan: Plan) -> None:
        link = self.link
        mended = set(Issue.Kind.values) - LASTING
        if plan.conflicts:
            issues.open_conflict(link, plan.conflicts, local_by=self._changed_by(), now=self.now)
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
        if not self._policy().direction.writes(Side.LOCAL):
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
            self._rest_on(self.trouble)
        elif self.waits_for is not None:
            link.blocked_on, link.rests = self.waits_for, Link.Rests.DEPENDENCY
        if intent is None and self.trouble is None:
            for group in self._acting_decisions():
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

    def _wait_for(self, missing: MissingDependency) -> None:
        """Its content stays where it is, and so do its bells, until the other pair is linked."""
        self._rest_on(missing)
        self.link.wake_at = None
        self.link.save()
        marks.show(self.link, self._waiting_mark(), now=self.now)

    def _rest_on(self, missing: MissingDependency) -> None:
        """Rest until the record it points to is linked; ask for that one if it may be."""
        link = self.link
        if missing.local_id is not None:
            other = pairs.pair_of_local(self.connection, missing.entity, missing.local_id)
            is_behind = other.state == Link.State.LINKED  # its changes go first (push_only)
            if is_behind or (not references.is_coming(other) and self._may_be_created_there(other)):
                other.wake_at = self.now
                other.save(update_fields=["wake_at"])
        else:
            assert missing.remote_id is not None
            other = pairs.pair_of_remote(self.connection, missing.entity, missing.remote_id)
        link.blocked_on, link.rests = other, Link.Rests.DEPENDENCY
        if references.is_coming(other) or other.state in (Link.State.MERGED, Link.State.LINKED):
            issues.close(link, kinds=[Issue.Kind.HELD], now=self.now)
        elif link.local_id is None and link.entity != missing.entity:
            link.state = Link.State.LEFT_OUT  # it comes in when that one is matched
        else:
            needs = "belongs under" if link.entity == missing.entity else "needs"
            issues.open_issue(
                link,
                kind=Issue.Kind.HELD,
                sentence=f"It {needs} {other.label or other.remote_label or 'a record'}, "
                "which does not sync.",
                what_to_do="Match that one first, or create it in QuickBooks.",
                detail={
                    "blocked_on": other.pk,
                    "entity": other.entity,
                    "items": self._held_items(missing),
                },
                now=self.now,
            )

    def _held_items(self, missing: MissingDependency) -> list[dict[str, Any]]:
        """The service items of an invoice that do not sync: id and name of each."""
        if self.link.entity != "invoice" or missing.entity != "service_item":
            return []
        lines = getattr(self.local.record, "lines", ()) if self.local else ()
        wanted = [each["item"] for each in lines if isinstance(each.get("item"), int)]
        found = [
            pairs.pair_of_local(self.connection, missing.entity, each)
            for each in dict.fromkeys(wanted)
        ]
        return [
            {"id": each.local_id, "label": each.label}
            for each in found
            if each.state != Link.State.LINKED
            and not references.is_coming(each)
            and not self._may_be_created_there(each)
        ]

    def _may_be_created_there(self, other: Link) -> bool:
        if other.state != Link.State.UNDECIDED or other.local_id is None:
            return False
        spec = ENTITIES[other.entity]
        local = spec.store.read(firm_id=other.firm_id, local_id=other.local_id)
        return local is not None and local.record.life == Life.LIVE

    def _mark(self, intent: Intent | None) -> str:
        if intent is not None:
            return "syncing"
        if isinstance(self.trouble, Refused):
            return "failed"
        if self.link.rests == Link.Rests.DEPENDENCY:
            return self._waiting_mark()
        if self.link.issues.filter(state=Issue.State.OPEN, kind=Issue.Kind.CONFLICT).exists():
            return "conflict"
        is_left = bool(self.link.options.get("leave"))
        is_linked = self.link.state == Link.State.LINKED
        return "synced" if is_linked and not is_left else "not_synced"

    def _waiting_mark(self) -> str:
        """What it waits for may come by itself, or need a person."""
        held = self.link.issues.filter(state=Issue.State.OPEN, kind=Issue.Kind.HELD)
        return "failed" if held.exists() else "queued"

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
                self._outbox_of_pair(), version__lte=self.local.version
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

    def _outbox_of_pair(self) -> Q:
        link = self.link
        return Q(connection=self.connection, entity=link.entity, local_id=link.local_id)


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


def _is_older(heard: Snapshot, link: Link) -> bool:
    """An older version than one already seen is no evidence of anything."""
    return link.remote_version is not None and heard.version < link.remote_version


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
