"""What an accounting system must be able to do for us. Nothing here knows a concrete one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from integrations.errors import ReconnectNeeded
from integrations.reconcile.record import Record


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    RETIRE = "retire"  # archive it; of a transaction VOID or DELETE comes of it
    VOID = "void"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A record as the provider answered it. References in it are `Ref`s, in the provider's ids."""

    entity: str
    remote_id: str
    version: int  # ordered by the provider; a higher one is newer
    record: Record
    kept: Mapping[str, Any]  # what must go back whole and is not in the record
    label: str  # what people call it there
    path: tuple[str, ...] = ()  # names from the top parent down to it
    changed_at: datetime | None = None  # the provider's clock
    created_at: datetime | None = None
    is_read_only: bool = False
    is_foreign: bool = False  # of a kind that we don't hold: never created here
    facts: Mapping[str, Any] = field(default_factory=dict)  # compared and shown, never synced
    amount: Decimal | None = None  # what a transaction comes to there
    dated_on: date | None = None
    trace: str = ""  # the provider's id of the answer it came in
    raw: Mapping[str, Any] = field(default_factory=dict)  # the provider's own words, JSON-ready


@dataclass(frozen=True, kw_only=True)
class Present:
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True)
class Gone:
    """There is evidence that it is no longer there: a deletion, a merge, a direct "not found"."""

    merged_into: str | None = None


@dataclass(frozen=True, kw_only=True)
class NotKnown:
    """No evidence either way. Means later; never "gone"."""


Fetched = Present | Gone | NotKnown


@dataclass(frozen=True, kw_only=True)
class Page:
    """Whole records, inactive ones among them where asked for. `next_position` None: the end."""

    snapshots: Sequence[Snapshot]
    next_position: int | None
    read_at: datetime  # the provider's clock


@dataclass(frozen=True, kw_only=True)
class Removed:
    """The feed named this record as deleted."""

    entity: str
    remote_id: str


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """What changed since a cursor. Not complete: list the entity in full before moving on."""

    snapshots: Sequence[Snapshot]
    removed: Sequence[Removed]
    next_cursor: datetime  # the provider's clock when it answered
    is_complete: bool


COMPANY = "company"  # the entity of a notice about the company's own settings


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One line of a webhook: something about this record changed. It is a bell, not a truth."""

    company_id: str
    entity: str
    remote_id: str
    operation: str  # "created", "updated", "deleted", "merged", ...
    occurred_at: datetime | None = None
    merged_from: str | None = None  # the record that vanished into `remote_id`


@dataclass(frozen=True, kw_only=True)
class Company:
    """Facts of the company behind a token, and the preferences that will bite."""

    company_id: str
    name: str
    country: str
    home_currency: str
    is_multi_currency: bool
    edition: str
    preferences: Mapping[str, Any]  # JSON-ready; keys of our own: see the provider


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The company's short lists, JSON-ready. What is active of accounts, all of the others."""

    income_accounts: Sequence[Mapping[str, str]]  # {"id", "label"}
    deposit_accounts: Sequence[Mapping[str, str]]  # {"id", "label"}: banks, undeposited funds
    terms: Sequence[Mapping[str, Any]]  # {"id", "name", "days": int or None}
    methods: Sequence[Mapping[str, str]]  # {"id", "name"}
    # {"id", "name", "is_active", "parts": [{"name", "percent": decimal text}]}
    tax_codes: Sequence[Mapping[str, Any]]
    bank_ids: Sequence[str] = ()  # of the deposit accounts: those that are bank accounts


class Level(StrEnum):
    """How much a setting of the company asks for."""

    OK = "ok"  # works as it is
    NOTE = "note"  # good to know
    WARN = "warn"  # something will not go as people may expect
    STOP = "stop"  # the company cannot be connected


@dataclass(frozen=True)
class Finding:
    """One setting of the company, in words for people, and what follows from it."""

    title: str
    value: str
    effect: str
    level: Level


@dataclass(frozen=True, kw_only=True)
class TokenSet:
    """What a consent or a refresh gave us. Times are ours: when it was received plus its length."""

    access_token: str
    refresh_token: str
    access_ends_at: datetime
    refresh_ends_at: datetime
    hard_ends_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A write, ready to be sent: stored byte for byte before it is."""

    entity: str
    operation: Operation
    body: str  # the exact text
    remote_id: str = ""  # "" for a create
    version: int | None = None  # the version it was merged from
    params: Mapping[str, str] = field(default_factory=dict)  # what stands in the address


@dataclass(frozen=True, kw_only=True)
class Default:
    """Something set-up must ask for, e.g. the income account."""

    key: str
    label: str


class Tokens(Protocol):
    """Where a call gets its access token from."""

    def current(self) -> str:
        """A token that is valid for a while. Raises ReconnectNeeded, TryLater."""

    def renewed(self, *, rejected: str) -> str:
        """Another token than the `rejected` one. Raises ReconnectNeeded, TryLater."""


class Gate(Protocol):
    """What every call passes through: it keeps the provider's limits."""

    def call(self, *, metered: bool) -> AbstractContextManager[None]:
        """
        Wait for the turn of one call, which is made inside. A Throttled that leaves rests all.

        Raises:
            Throttled: the wait would be too long; no call was made.
        """


class FixedToken:
    """The token of a consent that is not stored yet. It cannot be renewed."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def current(self) -> str:
        return self._access_token

    def renewed(self, *, rejected: str) -> str:
        raise ReconnectNeeded()


class OpenGate:
    """Lets each call through at once: for a company that has no connection yet."""

    def call(self, *, metered: bool) -> AbstractContextManager[None]:
        return nullcontext()


class UnderWay(Protocol):
    """A write that was begun. It holds a turn of the Gate until `result` was asked for."""

    answered: Future[Any]  # done once there is an answer, or none will come

    def result(self) -> Snapshot:
        """What `send` would have returned, or raised. Ask once, in the thread that began it."""


class Books(Protocol):
    """
    The books of one company, for one thread. Knows HTTP, not our database.

    Every call may raise SyncError.
    """

    one_at_a_time: Set[str]  # of all these entities, one write under way is what the provider takes

    def company(self) -> Company:
        """Read the company and its preferences (two metered reads)."""

    def lists(self) -> Lists:
        """Read the short lists of the company (five metered reads)."""

    def count(self, entity: str, *, which: str) -> int:
        """How many there are. `which`: "all", "active" or "inactive". One metered read."""

    def list(self, entity: str, *, which: str, position: int, size: int = 1000) -> Page:
        """Whole records in order of id, from the 1-based `position`. One metered read."""

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, Fetched]:
        """Evidence about each of these ids (metered: one for all, one more for each not found)."""

    def find_by_name(self, entity: str, name: str) -> Sequence[Snapshot]:
        """Records of exactly this name, inactive ones too. One metered read."""

    def find_partners(self, entity: str, key: str) -> Sequence[Snapshot]:
        """Records whose e-mail has `key` in it, inactive ones too. One metered read."""

    def numbers(self, entity: str, *, prefix: str) -> Sequence[str]:
        """
        Numbers of transactions: of the newest 1,000, and of those last in order with `prefix`.

        All of them where there are fewer. One metered read, or two. They are text.
        """

    def find_by_amount(
        self, entity: str, amount: Decimal, *, first: date, last: date
    ) -> Sequence[Snapshot]:
        """Transactions of this amount that are dated within these days. One metered read."""

    def changes_since(self, cursor: datetime, entities: Sequence[str]) -> ChangePage:
        """What changed since `cursor` (aware). Raises FeedTooOld out of reach. One metered read."""

    def compose(
        self,
        entity: str,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        remote_id: str = "",
        version: int | None = None,
        kept: Mapping[str, Any] | None = None,
        company: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        """
        Build the write of `values`; references in them are `Ref`s.

        Args:
            company: what the write depends on beside the record: "preferences" as in Company,
                "defaults" as chosen at set-up, "lists" as last read, "options" of this pair,
                "profile" of the connection.

        Raises:
            InvalidValue: a value is outside what the provider takes; the limit is named.
        """

    def send(self, outgoing: Outgoing, *, request_id: str) -> Snapshot:
        """
        Send it; the answer is the record as it is there now.

        Raises:
            OutcomeUnknown: it may have been done. Any other error: it was not.
        """

    def start(self, outgoing: Outgoing, *, request_id: str, threads: Executor) -> UnderWay:
        """
        Begin to send it: one of `threads` waits for the answer, meanwhile this one goes on.

        Raises:
            SyncError: it was not sent.
        """


class Provider(Protocol):
    """One accounting system."""

    key: str
    name: str
    defaults: tuple[Default, ...]

    def consent_url(self, *, state: str) -> str: ...

    def exchange(self, *, code: str, now: datetime) -> TokenSet:
        """Turn the code of a consent into tokens. Raises ReconnectNeeded, TryLater."""

    def refresh(self, *, refresh_token: str, now: datetime) -> TokenSet:
        """
        Raises:
            ReconnectNeeded: the consent ended.
            OutcomeUnknown: the answer was lost; the token may have been rotated.
            TryLater: nothing was done.
        """

    def revoke(self, *, refresh_token: str) -> None:
        """End the consent there. A token that is not valid any more is no error."""

    def open(self, *, company_id: str, tokens: Tokens, gate: Gate) -> Books: ...

    def read_webhook(self, *, headers: Mapping[str, str], body: bytes) -> list[Notice]:
        """Raises WrongSignature before anything is parsed, BadWebhook where that fails."""

    def read_stored(self, entity: str, raw: Mapping[str, Any]) -> Snapshot:
        """The snapshot of a `raw` that was stored earlier."""

    def preflight(self, facts: Mapping[str, Any], *, home_currency: str) -> list[Finding]:
        """
        What the company's settings mean for the sync, each with its effect.

        Args:
            facts: a Company as kept, without its id and name; {} where it was never read.
            home_currency: of the firm.
        """


class WrongSignature(Exception):
    """The webhook was not signed with our verifier token."""


class BadWebhook(ValueError):
    """Signed as it should be, but not in a form we know."""
