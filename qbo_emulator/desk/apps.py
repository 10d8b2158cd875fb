"""Connected apps: who has access to the open company, and the apps that are registered."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from .. import clock as clocks
from ..emulator import Session
from ..oauth import App
from .pages import Pages


class AppPages:
    """The list, disconnecting, registering."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        return [
            Route("/books/apps", wrap(self.apps_page), methods=["GET"]),
            Route("/books/apps", wrap(self.save), methods=["POST"]),
            Route("/books/apps/{number:short}/disconnect", wrap(self.disconnect), methods=["POST"]),
        ]

    async def apps_page(self, request: Request, session: Session) -> Response:
        return self._page(request, session)

    def _page(self, request: Request, session: Session, problem: str = "") -> Response:
        realm = self.pages.company(session)["realm_id"]
        apps = self.emulator.oauth.apps()
        names = {app.client_id: app.name for app in apps}
        connections = [
            {
                **vars(each),
                "app_name": names.get(each.client_id, each.client_id),
                "since": clocks.metadata_time(each.created),
            }
            for each in reversed(self.emulator.oauth.connections())
            if each.realm == realm
        ]
        edited = self.emulator.oauth.app(request.query_params.get("edit", ""))
        return self.pages.books(
            request,
            session,
            "apps.html",
            here="/books/apps",
            status=400 if problem else 200,
            problem=problem,
            connections=connections[:50],
            apps=apps,
            edited=edited or App("", "", "", []),
        )

    async def save(self, request: Request, session: Session) -> Response:
        """Register an app, or change the one of that client id."""
        form = {name: str(value).strip() for name, value in (await request.form()).items()}
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not client_id or not secret:
            return self._page(request, session, "An app needs a client id and a secret.")
        self.emulator.oauth.save_app(
            App(
                client_id,
                secret,
                form.get("name") or client_id,
                form.get("redirect_uris", "").split(),
                form.get("disconnect_url", ""),
            )
        )
        session.message = "Saved."
        return self.pages.back_to(request, "/books/apps")

    async def disconnect(self, request: Request, session: Session) -> Response:
        """End a connection; the browser goes on to the Disconnect URL of the app, if any (1.9)."""
        oauth = self.emulator.oauth
        connection = oauth.connection(request.path_params["number"])
        if connection is None:
            return self.pages.back_to(request, "/books/apps")
        oauth.end(connection.number, "disconnected in the books")
        app = oauth.app(connection.client_id)
        landing = app.disconnected_at(connection.realm) if app else ""
        if landing:
            return RedirectResponse(landing, 303)
        session.message = "Disconnected."
        return self.pages.back_to(request, "/books/apps")
