"""Consent and what can be done with the connection as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from firms.api.fields import Body, Nothing, Text
from firms.api.idempotency import idempotent, idempotent_outside
from integrations.api.frame import CONNECTION, BooksView, posts, shown
from integrations.api.status import ConnectionOut
from integrations.models import Connection
from integrations.sync import connections, consent
from integrations.sync.consent import Outcome


class ConnectIn(Body):
    """How the two sides will be kept equal; of a firm that was connected before, it stays."""

    profile = serializers.ChoiceField(
        choices=Connection.Profile.choices,
        required=False,
        help_text="two_way unless told: then set-up follows. push_only sends invoices one way.",
    )


class ConnectOut(serializers.Serializer[Any]):
    """Where a person gives consent."""

    consent_url = serializers.CharField(help_text="A person opens it in a browser and signs in.")
    expires_at = serializers.DateTimeField(help_text="Ten minutes from now.")


class FinishIn(Body):
    """What the consent page sent along to the redirect address, as it was."""

    state = Text(max_length=200)
    code = Text(max_length=2000)
    realm_id = Text(max_length=64, help_text="`realmId` of the redirect: the company.")


class ConnectedOut(serializers.Serializer[Any]):
    """What became of a consent."""

    outcome = serializers.ChoiceField(
        choices=[(each.value, each.value) for each in Outcome],
        help_text="`other_company`: nothing was changed. Decide with other-company/.",
    )
    company_name = serializers.CharField()
    connection = ConnectionOut(allow_null=True)


class OtherCompanyIn(Body):
    """Whether the company of the new consent takes the place of the one before."""

    decision = serializers.ChoiceField(
        choices=[("use", "Use the other company"), ("keep", "Stay with the one before")],
        help_text="`use` drops the links to the company before; no record is touched.",
    )


class OtherCompanyOut(serializers.Serializer[Any]):
    """Which company it is now."""

    company_name = serializers.CharField()


class DisconnectIn(Body):
    """What happens to the links."""

    links = serializers.ChoiceField(
        choices=[("keep", "Keep them"), ("remove", "Remove them")],
        help_text="`keep`: connecting the same company goes on where it stopped. `remove`: set-up "
        "starts over.",
    )


CONNECT_URL = (
    "https://appcenter.intuit.com/connect/oauth2?client_id=ABc...&response_type=code"
    "&scope=com.intuit.quickbooks.accounting&redirect_uri=https%3A%2F%2F...&state=o9Xk..."
)


class _Consent(BooksView):
    def session_key(self) -> str:
        """What a consent is bound to: the token that calls, or the person's session."""
        if self.actor.token_id is not None:
            return consent.key_of_token(self.actor.token_id)
        return self.request.session.session_key or ""


class Connect(_Consent):
    @posts(
        "connect_quickbooks", ConnectIn, ConnectOut,
        "Begin a consent: the address where a person gives it", tag=CONNECTION,
        sent={"profile": "two_way"},
        sample={"consent_url": CONNECT_URL, "expires_at": "2026-11-22T10:10:00Z"}, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        wanted = self.body(ConnectIn).get("profile", Connection.Profile.TWO_WAY)
        now = timezone.now()
        url = consent.begin_consent(
            actor=self.actor, profile=wanted, session_key=self.session_key(), now=now
        )
        return shown(ConnectOut, {"consent_url": url, "expires_at": now + consent.CONSENT_LASTS})


class FinishConnect(_Consent):
    @posts(
        "finish_connecting_quickbooks", FinishIn, ConnectedOut,
        "Turn what the redirect brought into a connection", tag=CONNECTION, asks=True,
        sent={"state": "o9Xk...", "code": "AB11...", "realm_id": "9341453718285714"},
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        sent = self.body(FinishIn)
        consented = consent.finish_consent(
            state=sent["state"],
            code=sent["code"],
            company_id=sent["realm_id"],
            session_key=self.session_key(),
            **self.act(),
        )
        return shown(ConnectedOut, consented)


class OtherCompany(BooksView):
    @posts(
        "decide_other_company", OtherCompanyIn, OtherCompanyOut,
        "Use the company of the new consent, or stay with the one before", tag=CONNECTION,
        sent={"decision": "keep"}, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        if self.body(OtherCompanyIn)["decision"] == "use":
            used = consent.confirm_other_company(**self.act())
            return shown(OtherCompanyOut, used)
        consent.refuse_other_company(**self.act())
        return shown(OtherCompanyOut, self.connection())


class Disconnect(BooksView):
    @posts(
        "disconnect_quickbooks", DisconnectIn, ConnectionOut,
        "End the consent at QuickBooks and forget the tokens", tag=CONNECTION,
        sent={"links": "keep"}, asks=True,
    )  # fmt: skip
    @idempotent_outside
    def post(self, request: Request) -> Response:
        keeps = self.body(DisconnectIn)["links"] == "keep"
        connection = self.managed()
        connections.disconnect(**self.act(connection=connection, keep_links=keeps))
        return shown(ConnectionOut, connection)


class _Do(BooksView):
    """One call of a service that takes nothing but the connection."""

    def do(self, service: Callable[..., Any]) -> Response:
        self.no_body()
        connection = self.managed()
        service(**self.act(connection=connection))
        return shown(ConnectionOut, connection)


class SyncNow(_Do):
    @posts(
        "sync_quickbooks_now", Nothing, ConnectionOut,
        "Send what waits, and read the change feed", tag=CONNECTION,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do(connections.sync_now)


class Pause(_Do):
    @posts(
        "pause_quickbooks", Nothing, ConnectionOut,
        "Send and read nothing; what waits is kept in order", tag=CONNECTION,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do(connections.pause)


class Resume(_Do):
    @posts(
        "resume_quickbooks", Nothing, ConnectionOut, "Go on where the pause began", tag=CONNECTION
    )
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do(connections.resume)


class Release(_Do):
    @posts(
        "release_quickbooks", Nothing, ConnectionOut,
        "Let the changes go on that the brake holds back", tag=CONNECTION,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        return self.do(connections.release_hold)
