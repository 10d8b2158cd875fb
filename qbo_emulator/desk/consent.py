"""Sign-in and consent (1.2, 1.3): from the app's authorize address back to its redirect address."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..emulator import Session
from ..oauth import ACCOUNTING, OWNER, PASSWORD, SCOPES, USERS, App, is_local_path
from .pages import Pages

ASKED = ("client_id", "redirect_uri", "response_type", "scope", "state")


class ConsentPages:
    """What a browser sees between the app's Connect button and its callback."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        return [
            Route("/connect/oauth2", self.authorize),
            Route("/sign-in", self.sign_in_page, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/consent", self.pages.signed_in(self.consent_page), methods=["GET"]),
            Route("/consent", self.pages.signed_in(self.consent), methods=["POST"]),
        ]

    def _check(self, asked: dict[str, str]) -> tuple[App | None, Response | None]:
        """The app that asks, or the answer to a request that cannot go on."""
        app = self.emulator.oauth.app(asked["client_id"])
        if app is None:
            return None, self._refuse("The client_id query parameter value is invalid.")
        if not app.accepts(asked["redirect_uri"]):
            return None, self._refuse(
                "The redirect_uri query parameter value is invalid. Make sure it is listed in the"
                f" Redirect URIs section of the app: {asked['redirect_uri'][:300]}"
            )
        wrong = ""
        if asked["response_type"] != "code" or not asked["state"]:
            wrong = "invalid_request"
        elif not asked["scope"] or not set(asked["scope"].split()) <= SCOPES:
            wrong = "invalid_scope"
        if wrong:
            return None, _redirect(asked, error=wrong)
        return app, None

    def _refuse(self, text: str) -> Response:
        heading = "Sorry, but the app didn't connect"
        return self.pages.render("refused.html", status=400, heading=heading, text=text)

    async def authorize(self, request: Request) -> Response:
        asked = _asked(request.query_params)
        _, refusal = self._check(asked)
        if refusal is not None:
            return refusal
        consent = f"/consent?{urlencode(asked)}"
        if self.pages.session(request) is not None:
            return RedirectResponse(consent, 302)
        return RedirectResponse(f"/sign-in?{urlencode({'next': consent})}", 302)

    async def sign_in_page(self, request: Request) -> Response:
        return self._sign_in_page(request.query_params.get("next", ""))

    def _sign_in_page(
        self, next_address: str, *, email: str = OWNER.email, problem: str = "", status: int = 200
    ) -> Response:
        app_name = ""
        if next_address.startswith("/consent?"):
            app = next((a for a in self.emulator.oauth.apps() if a.client_id in next_address), None)
            app_name = app.name if app else ""
        return self.pages.render(
            "sign_in.html",
            status=status,
            next=next_address,
            email=email,
            problem=problem,
            app_name=app_name,
            users=list(USERS),
        )

    async def sign_in(self, request: Request) -> Response:
        form = await request.form()
        next_address = str(form.get("next", ""))
        email = str(form.get("email", "")).strip().lower()
        user = USERS.get(email)
        if user is None or form.get("password") != PASSWORD:
            problem = "The email or password is not right."
            return self._sign_in_page(next_address, email=email, problem=problem, status=400)
        goes_on = next_address if is_local_path(next_address) else "/books/customers"
        response = RedirectResponse(goes_on, 303)
        self.pages.sign_in(response, user)
        return response

    async def sign_out(self, request: Request) -> Response:
        response = RedirectResponse("/sign-in", 303)
        self.pages.sign_out(request, response)
        return response

    async def consent_page(self, request: Request, session: Session) -> Response:
        asked = _asked(request.query_params)
        app, refusal = self._check(asked)
        if app is None or refusal is not None:
            return refusal or self._refuse("")
        back = f"/consent?{urlencode(asked)}"
        return self.pages.render(
            "consent.html",
            app_name=app.name,
            user=USERS[session.user],
            is_admin=self.emulator.oauth.is_admin(session.user),
            asked=asked,
            wants_company=ACCOUNTING in asked["scope"].split(),
            companies=self.emulator.store.companies(),
            not_you=f"/sign-in?{urlencode({'next': back})}",
        )

    async def consent(self, request: Request, session: Session) -> Response:
        form = await request.form()
        asked = _asked(form)
        app, refusal = self._check(asked)
        if app is None or refusal is not None:
            return refusal or self._refuse("")
        if form.get("decision") != "connect" or not self.emulator.oauth.is_admin(session.user):
            return _redirect(asked, error="access_denied")
        realm = None
        if ACCOUNTING in asked["scope"].split():
            realm = str(form.get("company", ""))
            if self.emulator.store.company(realm) is None:
                return self._refuse("This company does not exist any more.")
        code = self.emulator.oauth.new_code(
            client_id=app.client_id,
            realm=realm,
            user=session.user,
            scope=asked["scope"],
            redirect_uri=asked["redirect_uri"],
        )
        found = {"code": code, "realmId": realm} if realm else {"code": code}
        return _redirect(asked, **found)


def _asked(given: Any) -> dict[str, str]:
    return {name: str(given.get(name, "")) for name in ASKED}


def _redirect(asked: dict[str, str], **found: str) -> Response:
    """Back to the app, with its state unchanged."""
    address = asked["redirect_uri"]
    query = urlencode({**found, "state": asked["state"]} if asked["state"] else found)
    joint = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{joint}{query}", 302, headers={"Cache-Control": "no-store"})
