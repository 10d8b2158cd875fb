"""
To the consent page and back: a company is connected, connected again, or takes another's place.

No request to the provider is made inside a transaction: first the request, then one short
transaction with the row, its audit entry and its activity.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.fernet import InvalidToken
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime

from firms.models import ApiToken, Firm, SyncMark
from firms.permissions import Actor, Permission
from integrations.errors import ReconnectNeeded, SyncError
from integrations.models import (
    CallBudget,
    Connection,
    ConsentRequest,
    Credential,
    Cursor,
    Lease,
    Link,
    PendingConsent,
)
from integrations.providers import get_provider
from integrations.providers.base import Company, FixedToken, OpenGate, TokenSet
from integrations.sync import (
    access,
    company_facts,
)
from integrations.sync.connection_parts import (
    ConnectError,
    NotConnected,
    audit,
    managed_firm,
    new_setup,
    note,
    wake,
)

log = logging.getLogger(__name__)

CONSENT_LASTS = timedelta(minutes=10)


PROVIDER = "quickbooks"  # the one a firm connects to where nothing else is said


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
            revoke(asked.provider, tokens.refresh_token)
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
    firm = managed_firm(actor)
    pending = _pending(firm)
    if not _is_taken(pending.provider, pending.company_id, by_other_than=firm):
        revoke(pending.provider, _tokens_of(pending).refresh_token)
    with transaction.atomic():
        pending.delete()
        audit(actor, firm.pk, "Other company refused", now, company=pending.company_name)
    return pending.company_name


def _connectable(actor: Actor) -> Firm:
    firm = managed_firm(actor)
    if not firm.is_paying:
        raise PlanTooSmall(
            f"{firm} is on the {firm.get_billing_plan_display()} plan. "
            "Integrations need a paid plan."
        )
    return firm


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


def refresh_token_of(connection: Connection) -> str | None:
    """The stored one; "" if there is none, None if no key of ours opens it any more."""
    try:
        credential = Credential.objects.filter(connection=connection).first()
    except InvalidToken:
        log.warning("The tokens of connection %s cannot be opened", connection.pk)
        return None
    return credential.refresh_token if credential else ""


def revoke(provider: str, refresh_token: str) -> bool:
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
                company_facts=company_facts.renewed_facts(connection, company),
                facts_read_at=now,
                connected_by=actor.person_id,
                connected_at=now,
                not_before=None,
                failures=0,
            )
            access.keep_tokens(connection, tokens)
            PendingConsent.objects.filter(firm_id=connection.firm_id).delete()
            note(actor, connection, "Reconnected", now, company=company.name)
            wake(connection, now)
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
            "company_facts": company_facts.facts_of(company),
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
    old_token = refresh_token_of(old) if old is not None else ""
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
        revoke(old.provider, old_token)
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
        company_facts=company_facts.facts_of(company),
        facts_read_at=now,
    )
    Lease.objects.create(connection=connection)
    Cursor.objects.create(connection=connection)
    CallBudget.objects.create(connection=connection)
    access.keep_tokens(connection, tokens)
    new_setup(actor, connection, now)
    PendingConsent.objects.filter(firm_id=actor.firm_id).delete()
    note(actor, connection, "Connected", now, company=company.name)
    return connection


def _forget(actor: Actor, connection: Connection, now: datetime) -> None:
    links = Link.objects.filter(connection=connection, state=Link.State.LINKED).count()
    SyncMark.objects.filter(firm_id=connection.firm_id).delete()
    connection.delete()
    audit(
        actor, actor.firm_id, "Company replaced", now, company=connection.company_name, links=links
    )


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
