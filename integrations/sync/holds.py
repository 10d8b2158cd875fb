"""Plans that wait for a person, for the books or for another pair before they are carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.errors import MissingDependency, Refused
from integrations.models import Link
from integrations.providers.base import Snapshot
from integrations.reconcile.plan import Create, Plan, Retire
from integrations.reconcile.record import Life
from integrations.sync import (
    doubles,
    intents,
    links,
    partners,
    references,
    snapshots,
    voids,
)
from integrations.sync.look import ContentNeeded, Look, MayBeOurs, PaymentsNeeded


def may_have_a_partner(look: Look, plan: Plan) -> bool:
    """Whether the books have to be asked before this create: they may hold the customer."""
    return (
        isinstance(plan.remote, Create)
        and look.is_push_only()
        and bool(look.spec.match.get(look.connection.profile))
        and bool(look.match_key())
        and not look.is_searched
    )


def take_found(look: Look, found: Sequence[Snapshot]) -> Snapshot | None:
    """What the books hold of what was asked for; the one this record is, if that is told."""
    look.is_searched = True
    if look.spec.is_transaction:
        unlinked = doubles.without_partner(look.connection, found)
        snapshots.remember(look.connection, unlinked, now=look.now)
        return None
    return _take_partner(look, found)


def _take_partner(look: Look, found: Sequence[Snapshot]) -> Snapshot | None:
    """
    Link with the one that fits, as it is there: only what changes here later is sent.

    Several, or only inactive ones: a person is asked (ledger rule 31).
    """
    choice = partners.choose(found, look.match_key())
    if isinstance(choice, Refused):
        look.trouble = choice
        return None
    if choice is None or look.local is None:
        return None
    link = look.link
    links.adopt(link, choice.remote_id)
    link.state = Link.State.LINKED
    link.base = look.local.record.values()
    look.note_linked()
    return choice


def if_changed_there(look: Look, plan: Plan, heard: Snapshot | None) -> Plan:
    """
    A delete in the books is held where they did more with the record (ledger rule 25).

    Raises:
        ContentNeeded: it has to be read first.
    """
    options = look.link.options
    action = plan.remote
    if not isinstance(action, Retire) or action.values.get("life") != Life.DELETED:
        return plan
    if options.get("leave"):
        return replace(plan, remote=None)
    if options.get("void_there"):
        return replace(plan, remote=Retire(values={**action.values, "life": Life.VOID}))
    if options.get("delete_anyway") or look.spec.key != "invoice":
        return plan
    if heard is None:
        raise ContentNeeded
    goes_with = voids.goes_with(look.link)
    reason = partners.done_there(look.link, look.spec.record, goes_with=goes_with)
    if reason:
        look.trouble = partners.DeleteHeld(reason)
        return replace(plan, remote=None)
    return plan


def after_its_invoice(look: Look, plan: Plan) -> Plan:
    """A payment voided with its invoice is voided there once that one is."""
    if isinstance(plan.remote, Retire):
        look.waits_for = voids.invoice_to_wait_for(look.link)
    return plan if look.waits_for is None else replace(plan, remote=None)


def if_double(look: Look, plan: Plan) -> Plan:
    """A payment that may be entered on both sides waits for a person; so does its create."""
    if look.link.entity != "payment" or look.link.options.get("record_both"):
        return plan
    try:
        if isinstance(plan.remote, Create) and (asked := doubles.asked_of(plan.remote.values)):
            _check_payment_there(look, asked, plan.remote.values)
        if isinstance(plan.local, Create) and (asked := doubles.asked_of(plan.local.values)):
            doubles.check_payment_here(look.connection, asked)
    except doubles.MaybeSamePayment as error:
        look.trouble = error
        return Plan()
    return plan


def _check_payment_there(look: Look, asked: doubles.Asked, values: Mapping[str, Any]) -> None:
    """
    In push_only the books are asked once, when it is about to be sent: nothing is told here
    of payments that they hold beside ours.

    Raises:
        MaybeSamePayment, PaymentsNeeded
        MayBeOurs: one fits, and a payment of ours has no known outcome.
    """
    try:
        doubles.check_payment_there(look.connection, asked)
    except doubles.MaybeSamePayment as error:
        if error.candidates and intents.outcome_is_open(look.link):
            raise MayBeOurs from error
        raise
    if look.is_push_only() and not look.is_searched and _could_go(look, values):
        raise PaymentsNeeded(asked)


def _could_go(look: Look, values: Mapping[str, Any]) -> bool:
    """Whether all it points to is linked, so that it is sent after this look."""
    try:
        references.to_remote(look.connection, look.link.entity, values)
    except (Refused, MissingDependency):
        return False
    return True
