"""What one look at one pair knows: our record, theirs, the rules, what people decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Q

from integrations.entities import ENTITIES, EntitySpec, Local
from integrations.errors import MissingDependency, Refused
from integrations.models import Activity, Connection, Link, OutboxEntry
from integrations.providers.base import Books, Snapshot
from integrations.reconcile.policy import Direction, Policy
from integrations.reconcile.record import Life, Record
from integrations.sync import (
    activity,
    brake,
    doubles,
    leases,
    links,
    pairs,
    references,
    rules,
    splits,
)


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


@dataclass(kw_only=True)
class Look:
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

    def is_push_only(self) -> bool:
        return self.connection.profile == Connection.Profile.PUSH_ONLY

    def match_key(self) -> str:
        match = self.spec.match.get(self.connection.profile)
        if match is None or self.local is None:
            return ""
        return match(self.local.record, self.local.path)

    def _waits_for_an_invoice(self) -> bool:
        """In push_only a contact goes there when an invoice needs it, and not before."""
        return self.spec.key == "contact" and self.is_push_only() and not self.link.blocks.exists()

    def is_in_scope(self, heard: Snapshot | None) -> bool:
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

    def read_remote(
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

    def policy(self) -> Policy:
        """
        The connection's rules; what is read-only there is never written there, and a split waits
        while it is in question.
        """
        policy = rules.policy_of(self.connection, self.spec, self.local, options=self.link.options)
        if self.link.entity == "payment" and splits.is_in_question(self.link):
            policy = replace(policy, without=policy.without | {"split"})
        return replace(policy, direction=Direction.PULL) if self.link.is_read_only else policy

    def acting_decisions(self) -> dict[str, dict[str, Any]]:
        """What people decided, group by group, and may no longer take back."""
        return {
            group: each
            for group, each in self.link.decisions.items()
            if datetime.fromisoformat(each["acts_at"]) <= self.now
        }

    def changed_by(self) -> str:
        """Who changed ours since the last look; "" if nobody did."""
        bells = OutboxEntry.objects.filter(self.outbox_of_pair(), is_ours=False)
        return bells.order_by("-pk").values_list("cause", flat=True).first() or ""

    def outbox_of_pair(self) -> Q:
        link = self.link
        return Q(connection=self.connection, entity=link.entity, local_id=link.local_id)

    def note_linked(self) -> None:
        """They were paired and held the same: that, too, belongs in the history."""
        activity.write(
            self.link,
            direction=Activity.Direction.HERE,
            title=f"Linked with {self.link.remote_label}: both sides are the same",
            now=self.now,
        )


def _is_older(heard: Snapshot, link: Link) -> bool:
    """An older version than one already seen is no evidence of anything."""
    return link.remote_version is not None and heard.version < link.remote_version
