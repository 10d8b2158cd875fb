"""The OAuth endpoints that programs call (1.1, 1.4, 1.6, 1.7); the pages are in `desk/`."""

import time
from collections.abc import Awaitable, Callable, Container
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import answers, errors, rsa, server
from .answers import HTML_PAGE
from .calls import Call
from .emulator import Emulator
from .faults import STOPS_BEFORE, Rule
from .jsontext import NotJson, dumps, loads
from .oauth import App, Connection, OAuthError

Work = Callable[[Request, Call], Awaitable[Response]]
MOST_BODY_BYTES = 65_536
# The two discovery documents differ in this address only (1.1); there the host says which it is.
USERINFO = {
    "openid_configuration": "/v1/openid_connect/userinfo",
    "openid_sandbox_configuration": "/sandbox-accounts/v1/openid_connect/userinfo",
}
# What can befall these endpoints, once the request was read.
POSSIBLE = {
    *("status", "html", "throttle", "throttle_upper", "throttle_xml", "fault", "silence"),
    *("cut_before", "cut_after_commit", "cut_json", "cut_body", "slow_body", "delay"),
    *("delay_after_commit", "silence_after_commit", "late_commit", "status_after_commit"),
}


class OAuthApi:
    """Discovery, tokens, revoking, userinfo, keys."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def routes(self) -> list[Route]:
        discovery = [
            Route(f"/.well-known/{name}{end}", self.discovery)
            for name in USERINFO
            for end in ("", "/")
        ]
        userinfo = self.endpoint("userinfo", self.userinfo)
        token, revoke = self.endpoint("token", self.token), self.endpoint("revoke", self.revoke)
        return [
            *discovery,
            Route("/oauth2/v1/tokens/bearer", token, methods=["POST"]),
            Route("/v2/oauth2/tokens/revoke", revoke, methods=["POST"]),
            *(Route(path, userinfo) for path in USERINFO.values()),
            Route("/op/v1/jwks", self.jwks),
        ]

    def endpoint(self, kind: str, work: Work) -> Callable[[Request], Awaitable[Response]]:
        """Log, armed faults and error bodies around one endpoint."""
        emulator = self.emulator

        async def answer(request: Request) -> Response:
            started = time.perf_counter()
            call = emulator.calls.begin(
                at=emulator.clock.now().isoformat(timespec="milliseconds"),
                method=request.method,
                path=request.url.path,
                kind=kind,
                tid=emulator.new_tid(),
            )
            try:
                response = await self._answer(request, call, work)
                response.headers["intuit_tid"] = call.tid
                return response
            finally:
                call.ms = round((time.perf_counter() - started) * 1000, 2)
                emulator.calls.finish(call, month=emulator.month())

        return answer

    def _strike(self, request: Request, call: Call, kinds: Container[str]) -> Rule | None:
        rule = self.emulator.faults.strike(
            method=request.method,
            path=request.url.path,
            entity="",
            operation=call.kind,
            realm="",
            now=self.emulator.clock.epoch(),
            kinds=kinds,
        )
        call.fault_rule = rule.number if rule else None
        return rule

    async def _answer(self, request: Request, call: Call, work: Work) -> Response:
        if self._strike(request, call, {"cut_request"}) is not None:
            return self._cut(call)
        if call.kind == "token" and (await request.form()).get("grant_type") == "refresh_token":
            call.kind = "refresh"
        rule = self._strike(request, call, POSSIBLE)
        if rule is not None and rule.kind in STOPS_BEFORE:
            return await self._refuse(rule, call)
        if rule is not None and rule.kind in {"delay", "late_commit"}:
            await server.pause(rule.seconds)
        try:
            response = await work(request, call)
        except OAuthError as error:
            call.code = error.body["error"]
            response = JSONResponse(error.body, error.status)
        call.status = response.status_code
        return response if rule is None else await self._spoil(rule, response, call)

    async def _refuse(self, rule: Rule, call: Call) -> Response:
        """The answer of a fault that keeps the request from being carried out."""
        if rule.kind in {"silence", "cut_before"}:
            await server.pause(rule.seconds)
            return self._cut(call)
        status, body, content_type = rule.status, rule.body, rule.content_type or "text/html"
        if rule.kind == "html":
            status = status or 502
            body = body or HTML_PAGE.format(rule.message or f"{status} Bad Gateway")
        elif rule.kind.startswith("throttle"):
            status = status or 429
        elif rule.kind == "fault":
            status, content_type = status or 400, "application/json"
            body = body or dumps({"error": rule.message or "invalid_grant"})
        call.status = status or 500
        return Response(body, call.status, rule.headers, content_type)

    async def _spoil(self, rule: Rule, response: Response, call: Call) -> Response:
        """It was carried out; let the answer go wrong."""
        kind, body, status = rule.kind, bytes(response.body), response.status_code
        headers = dict(response.headers)
        if kind in {"silence_after_commit", "delay_after_commit"}:
            await server.pause(rule.seconds)
        if kind in {"cut_after_commit", "silence_after_commit", "late_commit"}:
            return self._cut(call)
        if kind == "status_after_commit":
            call.status = rule.status or 500
            return Response(rule.body, call.status)
        if kind == "cut_json":
            return Response(body[: len(body) // 2], status, media_type="application/json")
        if kind == "cut_body":
            return answers.CutBody(body, status, headers)
        if kind == "slow_body":
            return answers.SlowBody(body, status, headers, seconds=rule.seconds)
        return response

    @staticmethod
    def _cut(call: Call) -> Response:
        call.status = 0
        return answers.CutConnection()

    def _count(self, call: Call, connection: Connection) -> None:
        """
        These endpoints count for the limit of all together (7.1).

        Raises:
            OAuthError: 429, it is reached; nothing was done.
        """
        now, realm = self.emulator.clock.epoch(), connection.realm or ""
        reached = self.emulator.limits.enter_oauth(realm, connection.client_id, now)
        if reached:
            call.notes["limit"] = reached
            raise OAuthError("rate_limit_exceeded", status=429)

    def _address(self, request: Request) -> str:
        return str(request.base_url).rstrip("/")

    async def discovery(self, request: Request) -> Response:
        base = self._address(request)
        name = request.url.path.strip("/").rpartition("/")[2]
        return JSONResponse(
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": base + USERINFO[name],
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            }
        )

    async def jwks(self, request: Request) -> Response:
        return JSONResponse(rsa.key_set(rsa.key_of(self.emulator.store)))

    async def token(self, request: Request, call: Call) -> Response:
        oauth = self.emulator.oauth
        form = {key: str(value) for key, value in (await request.form()).items()}
        app = self._app(request, form)
        call.client_id = app.client_id
        grant = form.get("grant_type", "")
        call.notes["grant_type"] = grant
        issuer = f"{self._address(request)}/op/v1"
        wanted = request.headers.get("x-include-refresh-token-hard-expires-in", "")
        with_hard_expiry = wanted.lower() == "true"
        if grant == "authorization_code":
            code, redirect_uri = _needed(form, "code"), _needed(form, "redirect_uri")
            connection = oauth.exchange(app, code, redirect_uri)
            answer = oauth.issue(connection, issuer=issuer, with_hard_expiry=with_hard_expiry)
        elif grant == "refresh_token":
            answer = await self._refresh(app, form, issuer, with_hard_expiry, call)
        elif grant:
            raise OAuthError("unsupported_grant_type")
        else:
            raise OAuthError("invalid_request", "Missing parameter: grant_type")
        return JSONResponse(answer, headers={"Cache-Control": "no-cache, no-store"})

    async def _refresh(
        self, app: App, form: dict[str, str], issuer: str, with_hard_expiry: bool, call: Call
    ) -> dict[str, Any]:
        oauth = self.emulator.oauth
        value = _needed(form, "refresh_token")
        connection = oauth.find_refreshable(app, value)
        self._count(call, connection)
        oauth.refuse_parallel_refresh(connection)
        oauth.refreshing.add(connection.number)
        try:
            if self.emulator.switches.refresh_seconds:
                await server.pause(self.emulator.switches.refresh_seconds)
                connection = oauth.find_refreshable(app, value)  # it may have ended meanwhile
            return oauth.refresh(
                connection, value, issuer=issuer, with_hard_expiry=with_hard_expiry
            )
        finally:
            oauth.refreshing.discard(connection.number)

    def _app(self, request: Request, form: dict[str, str]) -> App:
        """By Basic header, or by client_id and client_secret in the form."""
        authorization = request.headers.get("authorization", "")
        if not authorization and "client_secret" in form:
            app = self.emulator.oauth.app(form.get("client_id", ""))
            if app is None or app.client_secret != form["client_secret"]:
                raise OAuthError("invalid_client", status=401)
            return app
        return self.emulator.oauth.authenticate_app(authorization)

    async def revoke(self, request: Request, call: Call) -> Response:
        app = self.emulator.oauth.authenticate_app(request.headers.get("authorization", ""))
        call.client_id = app.client_id
        raw = await request.body()
        try:
            body = loads(raw[:MOST_BODY_BYTES])
        except (NotJson, UnicodeDecodeError):
            body = {key: str(value) for key, value in (await request.form()).items()}
        token = body.get("token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            raise OAuthError("invalid_request", "Missing parameter: token")
        self.emulator.oauth.revoke(app, token)
        return Response(status_code=200)

    async def userinfo(self, request: Request, call: Call) -> Response:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        connection, why_not = self.emulator.oauth.check_access(token)
        if connection is None or "openid" not in connection.scope.split():
            fault = errors.unauthenticated(why_not or "openid was not asked for")
            call.code = fault.code
            body = fault.body(self.emulator.clock.epoch())
            return JSONResponse(body, 401, headers=fault.headers)
        self._count(call, connection)
        return JSONResponse(self.emulator.oauth.userinfo(connection))


def _needed(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError("invalid_request", f"Missing parameter: {name}")
    return form[name]
