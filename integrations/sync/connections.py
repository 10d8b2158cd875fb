"""
The connection of a firm: consent, reconnect, pause, rules, disconnect. Its only writers.

No request to the provider is made inside a transaction: first the request, then one short
transaction with the row, its audit entry and its activity.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime

from billing import licence
from firms.models import ApiToken, Firm, SyncMark
from firms.permissions import Actor, Permission
from firms.services import write_audit
from integrations import doorbell
from integrations.errors import ReconnectNeeded, SyncError
from integrations.models import (
    Activity,
    CallBudget,
    Connection,
    ConsentRequest,
    Credential,
    Cursor,
    ImportedRecord,
    InboxEntry,
    Intent,
    Issue,
    Lease,
    Link,
    OutboxEntry,
    PendingConsent,
    Setup,
    TaxCode,
)
from integrations.providers import get_provider
from integrations.providers.base import Books, Company, FixedToken, OpenGate, TokenSet
from integrations.sync import access, activity, pairs, rule_values, short_lists

log = logging.getLogger(__name__)

CONSENT_LASTS = timedelta(minutes=10)
FACTS_LAST = timedelta(days=7)  # two metered reads each time
PROVIDER = "quickbooks"  # the one a firm connects to where nothing else is said


class ConnectError(Exception):
    """Connecting did not work. Nothing was stored. `str()` is a sentence for the person."""


class ConsentNotValid(ConnectError):
    """The sign-in at QuickBooks didn't finish. Nothing was changed. Try again."""

    def __init__(self) -> None:
        super().__init__((self.__doc__ or "").strip())


class BooksNotAnswering(ConnectError):
    """The company could not be read with the new consent."""


class CompanyTaken(ConnectError):
    """Another firm is connected to this company."""

    def __init__(self, company_name: str) -> None:
        self.company_name = company_name
        super().__init__(
            f"{company_name} is already connected to another firm. Nothing was changed. "
            "Choose another company, or disconnect it there first."
        )


class OtherCurrency(ConnectError):
    """The company keeps its books in another currency than the firm."""

    def __init__(self, company: Company, firm: Firm) -> None:
        super().__init__(
            f"{company.name} keeps its books in {company.home_currency}, but {firm} works in "
            f"{firm.home_currency}. Connect a company with the same home currency."
        )


class NotConnected(ConnectError):
    """There is no connection this could be done with."""


class PlanTooSmall(PermissionDenied):
    """Integrations need a paid plan."""


class Reason(StrEnum):
    """Why a person may not connect."""

    PERMISSION = "permission"
    PLAN = "plan"


class Outcome(StrEnum):
    CONNECTED = "connected"
    RECONNECTED = "reconnected"
    OTHER_COMPANY = "other_company"  # nothing was changed: a person has to say


@dataclass(frozen=True, kw_only=True)
class Consented:
    outcome: Outcome
    company_name: str
    connection: Connection | None = None


def reasons_against(*, actor: Actor, firm: Firm) -> tuple[Reason, ...]:
    """Why `actor` may not connect `firm`; empty if they may."""
    return tuple(
        reason
        for reason, applies in (
            (Reason.PERMISSION, not actor.can(Permission.MANAGE_INTEGRATIONS)),
            (Reason.PLAN, not firm.is_paying),
        )
        if applies
    )


# -- To the consent page and back ----------------------------------------------------------------


def begin_consent(
    *,
    actor: Actor,
    profile: str,
    session_key: str,
    now: datetime,
    provider: str = PROVIDER,
) -> str:
    """
    Note that this person leaves for the consent page; return its address.

    Args:
        profile: of a first connection; a firm that has one keeps its own.
        session_key: what the answer has to come back with: a session, or `key_of_token`.
    Raises:
        NotAllowed, PlanTooSmall: nothing was noted.
    """
    firm = _connectable(actor)
    existing = Connection.objects.filter(firm=firm).first()
    state = secrets.token_urlsafe(32)
    mine = ConsentRequest.objects.filter(user_id=_person(actor))
    mine.filter(made_at__lt=now - timedelta(days=1)).delete()
    ConsentRequest.objects.create(
        state_hash=_hash(state),
        firm=firm,
        user_id=_person(actor),
        session_hash=_hash(session_key),
        provider=provider,
        profile=existing.profile if existing else Connection.Profile(profile),
        made_at=now,
    )
    return get_provider(provider).consent_url(state=state)


def key_of_token(token_id: int) -> str:
    """What stands in place of a session where a program begins a consent: its token."""
    return f"token:{token_id}"


def program_of(*, actor: Actor, state: str, now: datetime) -> ApiToken | None:
    """The token of this person that began the consent of this state, and waits for its answer."""
    asked = ConsentRequest.objects.filter(
        state_hash=_hash(state),
        firm_id=actor.firm_id,
        user_id=_person(actor),
        made_at__gt=now - CONSENT_LASTS,
        used_at=None,
    ).first()
    if asked is None:
        return None
    tokens = ApiToken.objects.filter(firm_id=actor.firm_id, made_by_id=_person(actor))
    return next(
        (each for each in tokens if _hash(key_of_token(each.pk)) == asked.session_hash), None
    )


def give_up_consent(*, actor: Actor, state: str, session_key: str, now: datetime) -> None:
    """
    The person refused at the consent page: its state is used up.

    Raises:
        ConsentNotValid: it was not the answer to a request of this person and session.
    """
    _take_request(actor=actor, state=state, session_key=session_key, now=now)


def finish_consent(
    *,
    actor: Actor,
    state: str,
    code: str,
    company_id: str,
    session_key: str,
    now: datetime,
) -> Consented:
    """
    Turn the answer of the consent page into a connection.

    The state is checked first, then the code exchanged, then the company read with the new
    token; only then anything is stored.

    Raises:
        NotAllowed, PlanTooSmall: the person may no longer connect.
        ConsentNotValid: unknown, used, expired or foreign state, or a code that is not valid.
        BooksNotAnswering, CompanyTaken, OtherCurrency: nothing was stored.
    """
    firm = _connectable(actor)
    asked = _take_request(actor=actor, state=state, session_key=session_key, now=now)
    tokens, company = _read_company(asked.provider, code=code, company_id=company_id, now=now)
    mine = Connection.objects.filter(firm=firm).first()
    is_same = mine is not None and mine.company_id == company.company_id
    if _is_taken(asked.provider, company.company_id, by_other_than=firm):
        # Revoking would end the other firm's connection: an app has one to each company.
        raise CompanyTaken(company.name)
    if company.home_currency != firm.home_currency:
        if not is_same:
            _revoke(asked.provider, tokens.refresh_token)
        raise OtherCurrency(company, firm)
    if mine is not None and is_same:
        return _reconnect(actor=actor, connection=mine, company=company, tokens=tokens, now=now)
    if mine is not None and Link.objects.filter(connection=mine).exists():
        return _ask(actor=actor, asked=asked, company=company, tokens=tokens, now=now)
    return _replace(
        actor=actor,
        old=mine,
        provider=asked.provider,
        profile=asked.profile,
        company=company,
        tokens=tokens,
        now=now,
    )


def confirm_other_company(*, actor: Actor, now: datetime) -> Consented:
    """
    Use the company of the undecided consent in place of the one connected before.

    The links to the old company go: its ids mean nothing in the new one. No contact and no
    customer is touched.

    Raises:
        NotConnected: no consent waits for a decision.
        CompanyTaken: another firm connected that company meanwhile.
    """
    firm = _connectable(actor)
    pending = _pending(firm)
    old = Connection.objects.filter(firm=firm).first()
    if _is_taken(pending.provider, pending.company_id, by_other_than=firm):
        pending.delete()
        raise CompanyTaken(pending.company_name)
    return _replace(
        actor=actor,
        old=old,
        provider=pending.provider,
        profile=old.profile if old else pending.profile,
        company=_company_of(pending),
        tokens=_tokens_of(pending),
        now=now,
    )


def refuse_other_company(*, actor: Actor, now: datetime) -> str:
    """
    Stay with the company connected before; end the new consent. Returns the refused name.

    Raises:
        NotConnected: no consent waits for a decision.
    """
    firm = _managed_firm(actor)
    pending = _pending(firm)
    if not _is_taken(pending.provider, pending.company_id, by_other_than=firm):
        _revoke(pending.provider, _tokens_of(pending).refresh_token)
    with transaction.atomic():
        pending.delete()
        _audit(actor, firm.pk, "Other company refused", now, company=pending.company_name)
    return pending.company_name


# -- A connection that is there ------------------------------------------------------------------


@transaction.atomic
def pause(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """Send and read nothing until `resume`. What waits is kept in order."""
    _must(actor, connection)
    if Connection.objects.filter(pk=connection.pk, is_paused=False).update(is_paused=True):
        _note(actor, connection, "Sync paused", now)
    connection.refresh_from_db()


@transaction.atomic
def resume(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """Go on where `pause` stopped."""
    _must(actor, connection)
    if Connection.objects.filter(pk=connection.pk, is_paused=True).update(is_paused=False):
        _note(actor, connection, "Sync resumed", now)
        _wake(connection, now)
    connection.refresh_from_db()


@transaction.atomic
def release_hold(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """A person looked at what the brake held, and lets it go on."""
    _must(actor, connection)
    held = Connection.objects.filter(pk=connection.pk).exclude(held_reason="")
    if held.update(held_reason="", brake_from=now):
        _note(actor, connection, "Held changes released", now, reason=connection.held_reason)
        _wake(connection, now)
    connection.refresh_from_db()


@transaction.atomic
def sync_now(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Look at both sides at once: what waits here is sent, and the change feed is read.

    Raises:
        NotConnected: it is disconnected, paused or held.
    """
    _must(actor, connection)
    if not connection.may_work:
        raise NotConnected("Nothing can be synced now. The notice on this page says why.")
    _wake(connection, now)
    _note(actor, connection, "Sync asked for", now)


class RulesChanged(ConnectError):
    """Somebody changed the rules since they were read. Read them again."""


@transaction.atomic
def set_rules(
    *,
    actor: Actor,
    connection: Connection,
    now: datetime,
    version: int | None = None,
    **wanted: Any,
) -> None:
    """
    Change some rules; those that are not named stay. They count from the next look.

    Args:
        version: of the rules as they were read (`rule_values.version`); None: whatever they are.
        wanted: names and values as in `rule_values.current`.
    Raises:
        NotLicensed: a rule of invoices, for a firm without them.
        RulesChanged, rule_values.RuleNotPossible: nothing was changed.
    """
    _must(actor, connection)
    if any(map(rule_values.needs_billing, wanted)):
        licence.must_have_billing(connection.firm)
    locked = Connection.objects.select_for_update().get(pk=connection.pk)
    before = rule_values.current(locked)
    if version is not None and version != rule_values.version(before):
        raise RulesChanged("Somebody changed the rules since you read them. Read them again.")
    after = rule_values.checked(locked, wanted)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return
    old = rule_values.told(locked, {name: before[name] for name in changed})
    new = rule_values.told(locked, {name: after[name] for name in changed})
    store_rules(locked, {name: after[name] for name in changed})
    _note(actor, locked, "Rules changed", now, before=old, after=new)
    connection.refresh_from_db()
    if "on_conflict" in changed:
        _look_at_conflicts(connection, now)
    if not {rule_values.TAX_CODES, *rule_values.DEFAULTS}.isdisjoint(changed):
        look_at_what_waits_for_rules(connection, now)


def store_rules(connection: Connection, changed: Mapping[str, Any]) -> None:
    columns = {name: value for name, value in changed.items() if name in rule_values.FIXED}
    defaults = dict(connection.defaults or {})
    for name in set(rule_values.DEFAULTS) & set(changed):
        defaults[name] = rule_values.default_entry(connection, name, changed[name])
    columns["defaults"] = {name: entry for name, entry in defaults.items() if entry}
    Connection.objects.filter(pk=connection.pk).update(**columns)
    if rule_values.TAX_CODES in changed:
        codes = TaxCode.objects.filter(connection=connection)
        codes.update(tax_rate_id=None)
        for rate_id, remote_id in changed[rule_values.TAX_CODES].items():
            codes.filter(remote_id=remote_id).update(tax_rate_id=rate_id)


def _look_at_conflicts(connection: Connection, now: datetime) -> None:
    """The rule may answer what is open: look again."""
    _look_at(connection, Q(kind=Issue.Kind.CONFLICT), now, at_once=False)


def look_at_what_waits_for_rules(connection: Connection, now: datetime) -> None:
    """What could not be sent for want of a choice: look again."""
    needs_a_choice = Q(kind=Issue.Kind.SET_UP) | Q(detail__element__in=CHOSEN_BY_RULES)
    _look_at(connection, needs_a_choice, now, at_once=True)


CHOSEN_BY_RULES = ["IncomeAccountRef", "ItemRef", "DepositToAccountRef"]


def _look_at(connection: Connection, which: Q, now: datetime, *, at_once: bool) -> None:
    open_ones = Issue.objects.filter(which, connection=connection, state=Issue.State.OPEN)
    links = Link.objects.filter(pk__in=open_ones.values("link_id"))
    pairs.wake(links, now=now, at_once=at_once)
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


def read_lists(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Read what the rules choose from: accounts, tax codes, terms, methods, products and services.

    Six metered reads, more where there are over 1,000 items.

    Raises:
        NotConnected: it is disconnected.
        SyncError: QuickBooks could not be asked. Nothing was changed.
    """
    _must(actor, connection)
    if not connection.is_connected:
        raise NotConnected("Reconnect QuickBooks first.")
    books = access.open_books(connection, lane="people")
    lists, items = books.lists(), _read_items(books)
    with transaction.atomic():
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        short_lists.keep(locked, lists, now=now)
        facts = dict(locked.company_facts)
        facts["lists"] = {**facts["lists"], "items": items}
        Connection.objects.filter(pk=connection.pk).update(company_facts=facts)
        _note(actor, locked, "Accounts, tax codes and services read", now)
    connection.refresh_from_db()


def _read_items(books: Books) -> list[dict[str, str]]:
    """The active products and services that a line of ours can be on."""
    found: list[dict[str, str]] = []
    position: int | None = 1
    while position is not None:
        page = books.list("service_item", which="active", position=position)
        found += [
            {"id": each.remote_id, "label": each.label}
            for each in page.snapshots
            if not each.is_foreign
        ]
        position = page.next_position
    return sorted(found, key=lambda each: each["label"].casefold())


def refresh_facts(*, connection: Connection, company: Company, now: datetime) -> None:
    """Store the preferences of the company as just read (`access.books(...).company()`)."""
    Connection.objects.filter(pk=connection.pk).update(
        company_name=company.name,
        company_facts=_renewed_facts(connection, company),
        facts_read_at=now,
    )


def probe_unavailable(*, now: datetime) -> int:
    """Ask each company that was unavailable whether it is there again; return how many are."""
    back = 0
    for connection in Connection.objects.filter(state=Connection.State.UNAVAILABLE):
        try:
            company = access.open_books(connection, lane="bulk").company()
        except SyncError as error:
            log.info("%s is still unavailable: %s", connection, error)
            continue
        refresh_facts(connection=connection, company=company, now=now)
        Connection.objects.filter(pk=connection.pk).update(
            state=Connection.State.CONNECTED, state_reason="", state_changed_at=now
        )
        activity.note_connection(connection, now=now, title="The company is there again")
        doorbell.ring(connection.pk)
        back += 1
    return back


def reread_old_facts(*, now: datetime) -> int:
    """Read the preferences of each company again that were read long ago; return how many."""
    old = Q(facts_read_at=None) | Q(facts_read_at__lt=now - FACTS_LAST)
    read = 0
    for connection in Connection.objects.filter(old, state=Connection.State.CONNECTED):
        try:
            company = access.open_books(connection, lane="bulk").company()
        except SyncError as error:
            log.warning("The preferences of %s could not be read: %s", connection, error)
            continue
        refresh_facts(connection=connection, company=company, now=now)
        read += 1
    return read


def disconnect(
    *, actor: Actor, connection: Connection, keep_links: bool, now: datetime
) -> Connection:
    """
    End the consent there and forget the tokens. Nothing is deleted on either side.

    With `keep_links` what waits is kept, and is sent when the same company is connected again.
    Without, the pairs become *former* ones, what waits is dropped, and set-up starts over.
    """
    _must(actor, connection)
    token = _refresh_token(connection)
    was_told = token is not None and (not token or _revoke(connection.provider, token))
    with transaction.atomic():
        Credential.objects.filter(connection=connection).delete()
        Connection.objects.filter(pk=connection.pk).update(
            state=Connection.State.DISCONNECTED,
            state_reason="" if was_told else NOT_TOLD,
            state_changed_at=now,
            is_paused=False,
        )
        PendingConsent.objects.filter(firm_id=connection.firm_id).delete()
        dropped: dict[str, Any] = {} if keep_links else _unlink_all(actor, connection, now)
        _note(actor, connection, "Disconnected", now, keeps_links=keep_links, **dropped)
    connection.refresh_from_db()
    return connection


NOT_TOLD = (
    "QuickBooks did not answer when it was told. Remove this app there too, under Apps, My apps."
)


@transaction.atomic
def restart(*, actor: Actor, connection: Connection, now: datetime) -> Setup:
    """
    Begin the wizard anew, with today's links as its start. What is linked keeps syncing.

    Raises:
        NotConnected: it is disconnected; reconnect first.
    """
    _must(actor, connection)
    if not connection.is_connected:
        raise NotConnected("Reconnect QuickBooks first, then restart the integration.")
    setup = _new_setup(actor, connection, now)
    _note(actor, connection, "Integration restarted", now)
    return setup


@transaction.atomic
def skip_services(*, actor: Actor, connection: Connection, now: datetime) -> None:
    """
    Go on without service items and invoices. They can be started later.

    Raises:
        NotConnected: the contacts are not synced yet.
    """
    _must(actor, connection)
    current = Setup.objects.filter(connection=connection, half=Setup.Half.CONTACTS, is_current=True)
    if not current.filter(worked_off_at__isnull=False).exists():
        raise NotConnected("Sync contacts first.")
    if current.filter(services_skipped_at=None).update(services_skipped_at=now):
        _note(actor, connection, "Service items and invoices skipped", now)


KEPT = ("lists", "numbers")  # of the facts: not part of a Company


def facts_of(company: Company) -> dict[str, Any]:
    """As kept in `Connection.company_facts`: all of a Company but its id and name, JSON-ready."""
    facts = asdict(company)
    del facts["company_id"], facts["name"]
    return {**facts, "preferences": dict(company.preferences)}


def _renewed_facts(connection: Connection, company: Company) -> dict[str, Any]:
    """What was just read of the company, with the short lists that set-up read of it."""
    kept = {
        name: connection.company_facts[name] for name in KEPT if name in connection.company_facts
    }
    return {**facts_of(company), **kept}


# -- Parts ---------------------------------------------------------------------------------------


def _managed_firm(actor: Actor) -> Firm:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=actor.firm_id)
    return Firm.objects.get(pk=actor.firm_id)


def _connectable(actor: Actor) -> Firm:
    firm = _managed_firm(actor)
    if not firm.is_paying:
        raise PlanTooSmall(
            f"{firm} is on the {firm.get_billing_plan_display()} plan. "
            "Integrations need a paid plan."
        )
    return firm


def _must(actor: Actor, connection: Connection) -> None:
    actor.must(Permission.MANAGE_INTEGRATIONS, in_firm=connection.firm_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _person(actor: Actor) -> int:
    """Who asks for the consent, or made the token that does. The sync has no part in it."""
    if actor.person_id is None:
        raise ValueError("Only a person connects a company.")
    return actor.person_id


def _take_request(*, actor: Actor, state: str, session_key: str, now: datetime) -> ConsentRequest:
    """Use up the request this state belongs to. Of two that present it, one wins."""
    found = ConsentRequest.objects.filter(
        state_hash=_hash(state),
        firm_id=actor.firm_id,
        user_id=_person(actor),
        session_hash=_hash(session_key),
        made_at__gt=now - CONSENT_LASTS,
    )
    if not found.filter(used_at=None).update(used_at=now):
        raise ConsentNotValid
    return found.get()


def _read_company(
    provider_key: str, *, code: str, company_id: str, now: datetime
) -> tuple[TokenSet, Company]:
    provider = get_provider(provider_key)
    if not (code and company_id.isdecimal()):
        raise ConsentNotValid
    try:
        tokens = provider.exchange(code=code, now=now)
    except ReconnectNeeded:
        raise ConsentNotValid from None
    except SyncError as error:
        raise BooksNotAnswering(f"{error} Nothing was changed. Try again.") from error
    try:
        company = provider.open(
            company_id=company_id, tokens=FixedToken(tokens.access_token), gate=OpenGate()
        ).company()
    except ReconnectNeeded:
        # A token answers for one company only: the address named another.
        raise ConsentNotValid from None
    except SyncError as error:
        raise BooksNotAnswering(f"{error} Nothing was changed. Try again.") from error
    if company.company_id != company_id:
        raise ConsentNotValid
    return tokens, company


def _is_taken(provider: str, company_id: str, *, by_other_than: Firm) -> bool:
    """Whether another firm is connected to this company. Crosses firms, and tells nothing else."""
    return (
        Connection.objects.filter(provider=provider, company_id=company_id)
        .exclude(firm=by_other_than)
        .exclude(state=Connection.State.DISCONNECTED)
        .exists()
    )


def _refresh_token(connection: Connection) -> str | None:
    """The stored one; "" if there is none, None if no key of ours opens it any more."""
    try:
        credential = Credential.objects.filter(connection=connection).first()
    except InvalidToken:
        log.warning("The tokens of connection %s cannot be opened", connection.pk)
        return None
    return credential.refresh_token if credential else ""


def _revoke(provider: str, refresh_token: str) -> bool:
    """End a consent there. Returns whether the provider answered."""
    try:
        get_provider(provider).revoke(refresh_token=refresh_token)
    except SyncError as error:
        log.warning("A consent could not be revoked: %s", error.code)
        return False
    return True


def _reconnect(
    *, actor: Actor, connection: Connection, company: Company, tokens: TokenSet, now: datetime
) -> Consented:
    """The same company again: every link is kept, and what waits is worked on."""
    try:
        with transaction.atomic():
            Connection.objects.filter(pk=connection.pk).update(
                state=Connection.State.CONNECTED,
                state_reason="",
                state_changed_at=now,
                company_name=company.name,
                company_facts=_renewed_facts(connection, company),
                facts_read_at=now,
                connected_by=actor.person_id,
                connected_at=now,
                not_before=None,
                failures=0,
            )
            access.keep_tokens(connection, tokens)
            PendingConsent.objects.filter(firm_id=connection.firm_id).delete()
            _note(actor, connection, "Reconnected", now, company=company.name)
            _wake(connection, now)
    except IntegrityError:  # another firm connected it in this moment
        raise CompanyTaken(company.name) from None
    connection.refresh_from_db()
    return Consented(outcome=Outcome.RECONNECTED, company_name=company.name, connection=connection)


def _ask(
    *, actor: Actor, asked: ConsentRequest, company: Company, tokens: TokenSet, now: datetime
) -> Consented:
    """Another company than before: keep its tokens apart until a person decides."""
    PendingConsent.objects.update_or_create(
        firm_id=actor.firm_id,
        defaults={
            "user_id": _person(actor),
            "provider": asked.provider,
            "profile": asked.profile,
            "company_id": company.company_id,
            "company_name": company.name,
            "company_facts": facts_of(company),
            "tokens": json.dumps(asdict(tokens), default=str),
            "made_at": now,
        },
    )
    return Consented(outcome=Outcome.OTHER_COMPANY, company_name=company.name)


def _replace(
    *,
    actor: Actor,
    old: Connection | None,
    provider: str,
    profile: str,
    company: Company,
    tokens: TokenSet,
    now: datetime,
) -> Consented:
    """Connect a company the firm was not connected to; an older connection goes with its rows."""
    old_token = _refresh_token(old) if old is not None else ""
    try:
        with transaction.atomic():
            if old is not None:
                _forget(actor, old, now)
            connection = _create(actor, provider, profile, company, tokens, now)
    except IntegrityError:  # somebody connected it in this moment: here or in another firm
        mine = Connection.objects.filter(firm_id=actor.firm_id, company_id=company.company_id)
        if (there := mine.first()) is None:
            raise CompanyTaken(company.name) from None
        return _reconnect(actor=actor, connection=there, company=company, tokens=tokens, now=now)
    if old is not None and old_token:
        _revoke(old.provider, old_token)
    return Consented(outcome=Outcome.CONNECTED, company_name=company.name, connection=connection)


def _create(
    actor: Actor,
    provider: str,
    profile: str,
    company: Company,
    tokens: TokenSet,
    now: datetime,
) -> Connection:
    connection = Connection.objects.create(
        firm_id=actor.firm_id,
        provider=provider,
        company_id=company.company_id,
        company_name=company.name,
        profile=profile,
        state_changed_at=now,
        connected_by_id=actor.person_id,
        connected_at=now,
        company_facts=facts_of(company),
        facts_read_at=now,
    )
    Lease.objects.create(connection=connection)
    Cursor.objects.create(connection=connection)
    CallBudget.objects.create(connection=connection)
    access.keep_tokens(connection, tokens)
    _new_setup(actor, connection, now)
    PendingConsent.objects.filter(firm_id=actor.firm_id).delete()
    _note(actor, connection, "Connected", now, company=company.name)
    return connection


def _forget(actor: Actor, connection: Connection, now: datetime) -> None:
    links = Link.objects.filter(connection=connection, state=Link.State.LINKED).count()
    SyncMark.objects.filter(firm_id=connection.firm_id).delete()
    connection.delete()
    _audit(
        actor, actor.firm_id, "Company replaced", now, company=connection.company_name, links=links
    )


def _new_setup(actor: Actor, connection: Connection, now: datetime) -> Setup:
    Setup.objects.filter(connection=connection, is_current=True).update(is_current=False)
    return Setup.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        started_by_id=actor.user_id,
        started_at=now,
    )


def _unlink_all(actor: Actor, connection: Connection, now: datetime) -> dict[str, int]:
    """Make all pairs former ones and drop what waits; return how many there were."""
    links = Link.objects.filter(connection=connection).exclude(state=Link.State.FORMER)
    waiting = OutboxEntry.objects.filter(connection=connection).count()
    InboxEntry.objects.filter(connection=connection).delete()
    OutboxEntry.objects.filter(connection=connection).delete()
    Issue.objects.filter(connection=connection, state=Issue.State.OPEN).update(
        state=Issue.State.RESOLVED,
        closed_at=now,
        closed_by=actor.user_id,
        closing_note="The links were removed when QuickBooks was disconnected.",
    )
    unlinked = links.filter(local_id__isnull=False, remote_id__isnull=False).update(
        state=Link.State.FORMER, wake_at=None, rests="", blocked_on=None, decisions={}
    )
    links.delete()  # what was never a pair
    Intent.objects.filter(link__connection=connection).delete()
    ImportedRecord.objects.filter(connection=connection).delete()
    SyncMark.objects.filter(firm_id=connection.firm_id).delete()
    Connection.objects.filter(pk=connection.pk).update(
        contacts_synced_at=None, billing_started_at=None, billing_synced_at=None
    )
    _new_setup(actor, connection, now)
    return {"links": unlinked, "waiting": waiting}


def _wake(connection: Connection, now: datetime) -> None:
    Cursor.objects.filter(connection=connection).update(wanted_at=now)
    transaction.on_commit(lambda: doorbell.ring(connection.pk))


def _pending(firm: Firm) -> PendingConsent:
    pending = PendingConsent.objects.filter(firm=firm).first()
    if pending is None:
        raise NotConnected("There is nothing to decide any more.")
    return pending


def _tokens_of(pending: PendingConsent) -> TokenSet:
    stored = json.loads(pending.tokens)
    for name in ("access_ends_at", "refresh_ends_at", "hard_ends_at"):
        stored[name] = parse_datetime(stored[name]) if stored[name] else None
    return TokenSet(**stored)


def _company_of(pending: PendingConsent) -> Company:
    return Company(
        company_id=pending.company_id, name=pending.company_name, **pending.company_facts
    )


def _audit(
    actor: Actor,
    firm_id: int,
    action: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    write_audit(
        actor=actor,
        firm_id=firm_id,
        action=f"QuickBooks: {action}",
        detail=detail,
        before=before or {},
        after=after or {},
        now=now,
    )


def _note(
    actor: Actor,
    connection: Connection,
    title: str,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **detail: Any,
) -> None:
    """One audit entry and one activity row about the connection itself, in its transaction."""
    before, after = dict(before or {}), dict(after or {})
    told = {"company": connection.company_name, **detail}
    _audit(actor, connection.firm_id, title, now, before=before, after=after, **told)
    Activity.objects.create(
        at=now,
        connection_id=connection.pk,
        firm_id=connection.firm_id,
        label=connection.company_name[:600],
        direction=Activity.Direction.HERE,
        result=Activity.Result.DONE,
        title=title,
        cause=actor.label[:200],
        before=before,
        after=after,
        detail=detail,
    )


note = _note  # of what the other writers of a connection do: turn_on.py
