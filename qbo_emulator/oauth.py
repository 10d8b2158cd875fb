"""
OAuth 2.0 (section 1): codes, tokens with their lives and rotation, revoking, userinfo.

Plain functions of a store and a clock; the pages are in `desk/`, the routes in `oauth_api.py`.
"""

import base64
import fnmatch
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from . import rsa
from .clock import Clock
from .store import Store
from .switches import Switches

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = {
    ACCOUNTING,
    "com.intuit.quickbooks.payment",
    "openid",
    "profile",
    "email",
    "phone",
    "address",
}
ACCESS_HEAD = "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0.."
MOST_ACCESS, MOST_REFRESH = 4096, 512  # characters (1.4)
DAY = 86400
DEFAULT_CLIENT_ID = "emulator-client"
DEFAULT_CLIENT_SECRET = "emulator-secret"
DEFAULT_APP_NAME = "Canopy Sync"
DEFAULT_REDIRECT_URIS = [
    "http://127.0.0.1:*/settings/integrations/qbo/callback/",
    "http://localhost:*/settings/integrations/qbo/callback/",
]
PASSWORD = "sandbox"


@dataclass(frozen=True)
class User:
    """A person who can sign in to the books. Only an admin can connect an app (1.2)."""

    email: str
    given: str
    family: str
    is_admin: bool = True

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def sub(self) -> str:
        return hashlib.sha256(self.email.encode()).hexdigest()[:36]


USERS = {
    user.email: user
    for user in (
        User("sandbox.owner@example.test", "Robin", "Carlson"),
        User("sam.park@example.test", "Sam", "Park"),
        User("staff@example.test", "Kim", "Ortega", is_admin=False),
    )
}
OWNER = USERS["sandbox.owner@example.test"]


class OAuthError(Exception):
    """An error answer of an OAuth endpoint (1.8)."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error}
        if description:
            self.body["error_description"] = description


@dataclass(frozen=True)
class App:
    """A registered app."""

    client_id: str
    client_secret: str
    name: str
    redirect_uris: list[str]
    disconnect_url: str = ""

    def disconnected_at(self, realm: str | None) -> str:
        """Where the browser goes after a disconnect in the books (1.9); "" where nowhere."""
        if not self.disconnect_url:
            return ""
        joint = "&" if "?" in self.disconnect_url else "?"
        return f"{self.disconnect_url}{joint}{urlencode({'realmId': realm or ''})}"

    def accepts(self, redirect_uri: str) -> bool:
        """Is this one of the registered addresses? `*` in a registered one stands for any port."""
        for registered in self.redirect_uris:
            if registered == redirect_uri:
                return True
            head, star, tail = registered.partition(":*")
            if star and redirect_uri.startswith(head + ":") and redirect_uri.endswith(tail):
                port = redirect_uri[len(head) + 1 : len(redirect_uri) - len(tail)]
                if port.isascii() and port.isdigit():
                    return True
            if star and redirect_uri == head + tail:
                return True
        return False


@dataclass(frozen=True)
class Connection:
    """What one user gave one app: access to one company."""

    number: int
    client_id: str
    realm: str | None
    user: str
    scope: str
    created: float
    ended: float | None
    ended_by: str | None


class OAuth:
    """All of it in one store."""

    def __init__(self, store: Store, clock: Clock, switches: Switches) -> None:
        self.store = store
        self.clock = clock
        self.switches = switches
        self.refreshing: set[int] = set()
        self.without_rights: set[str] = set(store.setting("without_rights", []))

    # --- Users ---

    def is_admin(self, email: str) -> bool:
        """May this person connect an app, and do the calls of an app work in their name (1.9)?"""
        return USERS[email].is_admin and email not in self.without_rights

    def set_without_rights(self, emails: set[str]) -> None:
        """Who has lost the rights of an admin, or was removed."""
        self.without_rights = emails
        self.store.set_setting("without_rights", sorted(emails))

    # --- Apps ---

    def ensure_default_app(self) -> None:
        if self.app(DEFAULT_CLIENT_ID) is None:
            self.save_app(
                App(
                    DEFAULT_CLIENT_ID,
                    DEFAULT_CLIENT_SECRET,
                    DEFAULT_APP_NAME,
                    DEFAULT_REDIRECT_URIS,
                )
            )

    def app(self, client_id: str) -> App | None:
        row = self.store.db.execute(
            "SELECT * FROM app WHERE client_id = ?", (client_id,)
        ).fetchone()
        return None if row is None else App(row[0], row[1], row[2], json.loads(row[3]), row[4])

    def apps(self) -> list[App]:
        rows = self.store.db.execute("SELECT * FROM app ORDER BY rowid").fetchall()
        return [App(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in rows]

    def save_app(self, app: App) -> None:
        self.store.db.execute(
            "INSERT OR REPLACE INTO app VALUES (?, ?, ?, ?, ?)",
            (
                app.client_id,
                app.client_secret,
                app.name,
                json.dumps(app.redirect_uris),
                app.disconnect_url,
            ),
        )

    def authenticate_app(self, authorization: str) -> App:
        """
        The app of a Basic header.

        Raises:
            OAuthError: 401 invalid_client.
        """
        scheme, _, value = authorization.partition(" ")
        try:
            pair = base64.b64decode(value, validate=True).decode() if scheme == "Basic" else ""
        except ValueError:
            pair = ""
        client_id, _, secret = pair.partition(":")
        app = self.app(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), secret.encode()):
            raise OAuthError("invalid_client", status=401)
        return app

    # --- Codes ---

    def new_code(
        self, *, client_id: str, realm: str | None, user: str, scope: str, redirect_uri: str
    ) -> str:
        code = "XAB1" + secrets.token_urlsafe(32)
        self.store.db.execute(
            "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            (
                code,
                client_id,
                realm,
                user,
                scope,
                redirect_uri,
                self.clock.epoch() + self.switches.code_seconds,
            ),
        )
        return code

    def exchange(self, app: App, code: str, redirect_uri: str) -> Connection:
        """
        Turn a code into a connection, once (1.3).

        Raises:
            OAuthError: invalid_grant, or invalid_request for another redirect address.
        """
        row = self.store.db.execute(
            "SELECT client_id, realm, user, scope, redirect_uri, expires, used"
            " FROM code WHERE code = ?",
            (code,),
        ).fetchone()
        if row is None or row[6] or row[5] < self.clock.epoch():
            raise OAuthError("invalid_grant")
        if row[0] != app.client_id:
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        if row[4] != redirect_uri:
            raise OAuthError("invalid_request", "redirect_uri does not match")
        self.store.db.execute("UPDATE code SET used = 1 WHERE code = ?", (code,))
        return self.connect(client_id=row[0], realm=row[1], user=row[2], scope=row[3])

    # --- Connections ---

    def connect(self, *, client_id: str, realm: str | None, user: str, scope: str) -> Connection:
        """Start a connection; an older one of the same app and company ends (1.9)."""
        now = self.clock.epoch()
        with self.store.transaction():
            for old in self.connections(live_only=True):
                is_same = (old.client_id, old.realm) == (client_id, realm)
                if is_same and self.switches.reconnect_ends_old:
                    self.end(old.number, "reconnected")
            number = self.store.db.execute(
                "INSERT INTO connection (client_id, realm, user, scope, created)"
                " VALUES (?, ?, ?, ?, ?)",
                (client_id, realm, user, scope, now),
            ).lastrowid
        return Connection(int(number or 0), client_id, realm, user, scope, now, None, None)

    def connections(self, *, live_only: bool = False) -> list[Connection]:
        where = "WHERE ended IS NULL" if live_only else ""
        rows = self.store.db.execute(f"SELECT * FROM connection {where} ORDER BY number")
        return [Connection(*row) for row in rows]

    def connection(self, number: int) -> Connection | None:
        if number >= 2**63:  # more than SQLite can compare; no connection has it
            return None
        row = self.store.db.execute(
            "SELECT * FROM connection WHERE number = ?", (number,)
        ).fetchone()
        return None if row is None else Connection(*row)

    def is_connected(self, realm: str) -> bool:
        row = self.store.db.execute(
            "SELECT 1 FROM connection WHERE realm = ? AND ended IS NULL LIMIT 1", (realm,)
        ).fetchone()
        return row is not None

    def end(self, number: int, by: str) -> None:
        """End a connection: both tokens die (1.6, 1.9)."""
        now = self.clock.epoch()
        self.store.db.execute(
            "UPDATE connection SET ended = ?, ended_by = ? WHERE number = ? AND ended IS NULL",
            (now, by, number),
        )
        self.store.db.execute(
            "UPDATE token SET ended = ? WHERE connection = ? AND ended IS NULL", (now, number)
        )

    def expire_access_tokens(self, realm: str | None = None) -> int:
        """Let every access token (of a company) be past its hour; returns how many."""
        now = self.clock.epoch()
        sql = "UPDATE token SET expires = ? WHERE kind = 'access' AND expires > ?"
        values: list[Any] = [now - 1, now]
        if realm:
            sql += " AND connection IN (SELECT number FROM connection WHERE realm = ?)"
            values.append(realm)
        return self.store.db.execute(sql, values).rowcount

    # --- Tokens ---

    def _add_token(self, kind: str, connection: int, seconds: float) -> str:
        now = self.clock.epoch()
        is_access, is_long = kind == "access", self.switches.long_tokens
        head = ACCESS_HEAD if is_access else f"AB11{int(now + seconds)}"
        size = 640 if is_access else 36
        if is_long:
            size = (MOST_ACCESS if is_access else MOST_REFRESH) - len(head)
        value = head + secrets.token_urlsafe(size)[:size]
        self.store.db.execute(
            "INSERT INTO token VALUES (?, ?, ?, ?, ?, NULL)",
            (value, kind, connection, now, now + seconds),
        )
        return value

    def _hard_end(self, connection: Connection) -> float:
        return connection.created + self.switches.hard_expiry_seconds

    def issue(
        self,
        connection: Connection,
        refresh_token: str | None = None,
        *,
        issuer: str = "",
        with_hard_expiry: bool = False,
    ) -> dict[str, Any]:
        """The token answer (1.4). Without `refresh_token` a new one is made."""
        seconds = int(self.switches.access_token_seconds)
        answer: dict[str, Any] = {
            "token_type": "bearer",
            "access_token": self._add_token("access", connection.number, seconds),
            "expires_in": seconds,
        }
        if refresh_token is None:
            refresh_token = self._add_token("refresh", connection.number, self._refresh_life())
        answer["refresh_token"] = refresh_token
        answer["x_refresh_token_expires_in"] = self._refresh_life()
        if with_hard_expiry:
            left = self._hard_end(connection) - self.clock.epoch()
            answer["x_refresh_token_hard_expires_in"] = max(0, int(left))
        if "openid" in connection.scope.split():
            answer["id_token"] = self.id_token(connection, issuer)
        return answer

    def _refresh_life(self) -> int:
        return int(self.switches.refresh_token_seconds)

    def find_refreshable(self, app: App, refresh_token: str) -> Connection:
        """
        The connection of a refresh token that may be used now.

        Raises:
            OAuthError: invalid_grant; a dead token can end the connection (1.5, by a switch).
        """
        row = self.store.db.execute(
            "SELECT kind, connection, expires, ended FROM token WHERE value = ?", (refresh_token,)
        ).fetchone()
        connection = self.connection(row[1]) if row else None
        if row is None or connection is None:
            raise OAuthError("invalid_grant", "Token invalid")
        kind, number, expires, ended = row
        if kind != "refresh" or connection.client_id != app.client_id:
            raise OAuthError("invalid_grant", "Incorrect Token type or clientID")
        now = self.clock.epoch()
        if connection.ended is not None:
            raise OAuthError("invalid_grant")
        if ended is not None and now >= ended:
            self._punish(number)
            raise OAuthError("invalid_grant")
        if expires <= now or self._hard_end(connection) <= now:
            raise OAuthError("invalid_grant")
        return connection

    def _punish(self, number: int) -> None:
        if self.switches.refresh_reuse_revokes:
            self.end(number, "refresh token used again")

    def refuse_parallel_refresh(self, connection: Connection) -> None:
        """
        Of two refreshes at once the second is refused (1.5).

        Raises:
            OAuthError: one is under way.
        """
        if connection.number in self.refreshing:
            self._punish(connection.number)
            raise OAuthError("invalid_grant")

    def refresh(
        self, connection: Connection, refresh_token: str, *, issuer: str, with_hard_expiry: bool
    ) -> dict[str, Any]:
        """New tokens; whether the refresh token changes is a switch (1.5)."""
        now = self.clock.epoch()
        created = self.store.db.execute(
            "SELECT created FROM token WHERE value = ?", (refresh_token,)
        ).fetchone()[0]
        mode = self.switches.refresh_rotation
        with self.store.transaction():
            if mode == "daily" and now - created < DAY:
                self.store.db.execute(
                    "UPDATE token SET expires = ? WHERE value = ?",
                    (now + self._refresh_life(), refresh_token),
                )
                kept: str | None = refresh_token
            else:
                grace = self.switches.refresh_grace_seconds if mode == "grace" else 0
                self.store.db.execute(
                    "UPDATE token SET ended = COALESCE(ended, ?) WHERE value = ?",
                    (now + grace, refresh_token),
                )
                kept = None
            return self.issue(connection, kept, issuer=issuer, with_hard_expiry=with_hard_expiry)

    def revoke(self, app: App, token: str) -> None:
        """
        End the connection a token belongs to (1.6).

        Raises:
            OAuthError: the token is not a live one of this app.
        """
        row = self.store.db.execute(
            "SELECT connection, ended FROM token WHERE value = ?", (token,)
        ).fetchone()
        connection = self.connection(row[0]) if row else None
        if connection is None or connection.ended or connection.client_id != app.client_id:
            raise OAuthError("invalid_request", "Token invalid")
        self.end(connection.number, "revoked by the app")

    def check_access(self, token: str) -> tuple[Connection | None, str]:
        """The connection of an access token, or None and why not (6.2)."""
        row = self.store.db.execute(
            "SELECT connection, expires, ended FROM token WHERE value = ? AND kind = 'access'",
            (token,),
        ).fetchone()
        if row is None:
            return None, f"Malformed bearer token: {token[:12]}..."
        number, expires, ended = row
        if ended is not None:
            return None, "Token revoked"
        if expires <= self.clock.epoch():
            return None, f"Token expired: {token[:12]}..."
        return self.connection(number), ""

    # --- OpenID (1.7) ---

    def userinfo(self, connection: Connection) -> dict[str, Any]:
        user = USERS.get(connection.user, OWNER)
        scopes = set(connection.scope.split())
        info: dict[str, Any] = {"sub": user.sub}
        if "email" in scopes:
            info |= {"email": user.email, "emailVerified": True}
        if "profile" in scopes:
            info |= {"givenName": user.given, "familyName": user.family}
        if "phone" in scopes:
            info |= {"phoneNumber": "+1 6505550100", "phoneNumberVerified": False}
        if "address" in scopes:
            info["address"] = {
                "streetAddress": "123 Sierra Way",
                "locality": "San Pablo",
                "region": "CA",
                "postalCode": "87999",
                "country": "US",
            }
        return info

    def id_token(self, connection: Connection, issuer: str) -> str:
        now = int(self.clock.epoch())
        claims: dict[str, Any] = {
            "sub": USERS.get(connection.user, OWNER).sub,
            "aud": [connection.client_id],
            "iss": issuer,
            "exp": now + 3600,
            "iat": now,
            "auth_time": int(connection.created),
        }
        if connection.realm:
            claims["realmid"] = connection.realm
        return rsa.signed_token(claims, rsa.key_of(self.store))


def is_local_path(address: str) -> bool:
    """Is this an address within this server (so that a sign-in cannot be sent elsewhere)?"""
    parts = urlsplit(address)
    local = not parts.scheme and not parts.netloc
    return local and address.startswith("/") and not fnmatch.fnmatch(address, "/[/\\\\]*")
