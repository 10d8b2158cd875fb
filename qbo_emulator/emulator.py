"""One emulator: the store and everything around it, and what `reset` means."""

import asyncio
import contextlib
import secrets
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import companies, restoring, server
from . import oauth as oauth_module
from .attachments import Attachments
from .books import Books
from .calls import Calls
from .clock import Clock
from .faults import Faults
from .jsontext import loads
from .limits import Limits
from .mail import Mails
from .oauth import ACCOUNTING, OWNER, OAuth
from .port import Port
from .store import Store
from .switches import COMPANY_STATES, Switches, UnknownSwitch
from .webhooks import Webhooks

FILE_NAME = "emulator.sqlite3"
DEFAULT_VERIFIER = "emulator-verifier-token"


@dataclass
class Session:
    """A person signed in at the desk: who, which company is open, what to say once."""

    user: str
    realm: str = ""
    message: str = ""

    def take_message(self) -> str:
        message, self.message = self.message, ""
        return message


class Emulator:
    """
    Put together once per process.

    What lives in the file: companies, tokens, apps, address, clock, switches, webhook address.
    What lives in memory: the call log, counts, armed faults, waiting webhooks.
    """

    def __init__(self, data: Path | None = None) -> None:
        if data is None:
            self.store = Store(":memory:")
        else:
            data.mkdir(parents=True, exist_ok=True)
            self.store = Store(data / FILE_NAME)
        self.clock = Clock(self.store.setting("clock_offset", 0.0))
        self.switches = Switches()
        with contextlib.suppress(UnknownSwitch):  # a switch of an older version
            self.switches.set(self.store.setting("switches", {}))
        self.calls = Calls()
        self.faults = Faults()
        self.limits = Limits(self.switches)
        self.oauth = OAuth(self.store, self.clock, self.switches)
        self.webhooks = Webhooks(self.clock, self.switches, self.oauth.is_connected)
        self.webhooks.url = self.store.setting("webhook_url", "")
        self.webhooks.verifier = self.store.setting("webhook_verifier", DEFAULT_VERIFIER)
        self.books = Books(self.store, self.clock, self.switches, self.webhooks.emit)
        self.mails = Mails(self.books, self.limits)
        self.attachments = Attachments(self.books)
        self.oauth.ensure_default_app()
        self.company_states: dict[str, str] = self.store.setting("company_states", {})
        self.port = Port()
        self.names_busy: set[str] = set()
        self.request_locks: dict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self.sessions: dict[str, Session] = {}  # by the desk's cookie

    def close(self) -> None:
        self.store.close()

    # --- Settings that outlive a restart ---

    def save_clock(self) -> None:
        self.store.set_setting("clock_offset", self.clock.offset_seconds)

    def set_switches(self, changes: dict[str, Any]) -> None:
        self.switches.set(changes)
        self.store.set_setting("switches", self.switches.changed())
        self.webhooks.wake()

    def set_webhook_url(self, url: str) -> None:
        self.webhooks.url = url
        self.store.set_setting("webhook_url", url)

    @property
    def base_url(self) -> str:
        return str(self.store.setting("base_url", ""))

    @base_url.setter
    def base_url(self, value: str) -> None:
        self.store.set_setting("base_url", value)

    # --- Companies ---

    def ensure_company(self, kind: str) -> None:
        """A first company where there is none yet."""
        if not self.store.companies():
            companies.add_company(self.store, kind, now=self.clock.epoch())

    def add_company(self, kind: str, realm: str = "") -> str:
        """Another company, or other books in the place of those of `realm`."""
        if realm:
            self.calls.forget_seen(realm)
        self.books.transactions.ledger.forget_moved()
        return companies.add_company(self.store, kind, now=self.clock.epoch(), realm=realm)

    def state_of(self, realm: str) -> str:
        """ok, or why a company refuses calls: its own state, else the switch."""
        return self.company_states.get(realm) or str(self.switches.company_state)

    @staticmethod
    def check_state(state: str) -> None:
        """
        Can a company be in this state? "" is none of its own.

        Raises:
            UnknownSwitch: there is no such state.
        """
        if state and state not in COMPANY_STATES:
            raise UnknownSwitch(f"A company's state is one of {', '.join(COMPANY_STATES)}.")

    def set_state(self, realm: str, state: str) -> None:
        """A state of COMPANY_STATES for one company; "" leaves it to the switch again."""
        self.check_state(state)
        self.company_states = {**self.company_states, realm: state}
        self.store.set_setting("company_states", self.company_states)

    def restore(self, realm: str, moment: float) -> dict[str, int]:
        """Put a company's books back to how they were (9); nobody is told."""
        found = restoring.restore(self.books, realm, moment)
        self.calls.forget_seen(realm, self.store)
        self.books.transactions.ledger.forget_moved()
        return found

    def reset(self, kind: str | None = None, now: float | None = None) -> None:
        """
        One fresh company, nothing armed; apps and webhook address stay.

        Args:
            now: what the clock shows from here on, seconds since 1970; None: the right time.
        """
        if kind is None:
            first = next(iter(self.store.companies()), None)
            kind = first["kind"] if first else "sample"
        companies.check_kind(kind)
        self.clock.begin_anew(now)
        server.cancel_late()
        self.switches.clear()
        self.company_states = {}
        with self.store.transaction():
            self.store.clear_books()
            self.store.set_setting("switches", {})
            self.store.set_setting("company_states", {})
            self.oauth.set_without_rights(set())
            self.save_clock()
            companies.add_company(self.store, kind, now=self.clock.epoch())
        self.books.transactions.ledger.forget_moved()
        self.calls.clear()
        self.faults.clear()
        self.limits.clear()
        self.webhooks.clear()
        self.names_busy.clear()
        self.request_locks.clear()
        self.oauth.refreshing.clear()

    # --- Ready-made access ---

    def access(self, realm: str | None = None, client_id: str = "") -> dict[str, Any]:
        """
        What a client needs to begin: addresses, keys and live tokens of one company.

        A live connection of the app is used again; its refresh token stays the same.
        """
        client_id = client_id or oauth_module.DEFAULT_CLIENT_ID
        app = self.oauth.app(client_id)
        if app is None:
            raise LookupError(f"There is no app {client_id!r}.")
        if realm is None:
            realm = self.store.companies()[0]["realm_id"]
        live = [
            each
            for each in self.oauth.connections(live_only=True)
            if (each.client_id, each.realm) == (client_id, realm)
        ]
        refresh_token = None
        if live:
            connection = live[-1]
            row = self.store.db.execute(
                "SELECT value FROM token WHERE connection = ? AND kind = 'refresh'"
                " AND ended IS NULL AND expires > ? ORDER BY rowid DESC LIMIT 1",
                (connection.number, self.clock.epoch()),
            ).fetchone()
            refresh_token = row[0] if row else None
        else:
            connection = self.oauth.connect(
                client_id=client_id, realm=realm, user=OWNER.email, scope=ACCOUNTING
            )
        tokens = self.oauth.issue(connection, refresh_token)
        return {
            "base_url": self.base_url,
            "realm_id": realm,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "access_token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "webhook_verifier": self.webhooks.verifier,
        }

    # --- Small things several parts need ---

    def new_tid(self) -> str:
        return f"1-{int(self.clock.epoch()):08x}-{secrets.token_hex(12)}"

    def month(self) -> str:
        return f"{self.clock.now():%Y-%m}"

    def document(self, realm: str, entity: str, id: str) -> dict[str, Any] | None:
        row = self.store.get(realm, entity, id)
        return None if row is None else loads(row.doc)
