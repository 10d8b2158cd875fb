"""Control addresses for who may call: tokens, users, apps; and requestids."""

from typing import Any

from starlette.requests import Request

from .control_base import BadRequest, ControlPart, Table, only
from .oauth import ACCOUNTING, OWNER, USERS, App


class ControlAccess(ControlPart):
    """/emulator/tokens, users, apps, requestids."""

    def table(self) -> Table:
        return [
            ("GET", "/emulator/tokens", self.list_tokens),
            ("POST", "/emulator/tokens", self.change_tokens),
            ("GET", "/emulator/users", self.list_users),
            ("POST", "/emulator/users", self.change_user),
            ("GET", "/emulator/apps", self.list_apps),
            ("POST", "/emulator/apps", self.save_app),
            ("POST", "/emulator/requestids", self.forget_requestids),
        ]

    async def list_users(self, request: Request, body: dict[str, Any]) -> Any:
        oauth = self.emulator.oauth
        return {"users": [{"email": each, "is_admin": oauth.is_admin(each)} for each in USERS]}

    async def change_user(self, request: Request, body: dict[str, Any]) -> Any:
        """{"email"?, "is_admin": false}: the person loses the rights of an admin; true: back."""
        only(body, "email", "is_admin")
        email, oauth = str(body.get("email") or OWNER.email), self.emulator.oauth
        if email not in USERS or not isinstance(body.get("is_admin"), bool):
            raise BadRequest("email is a user, is_admin is true or false.")
        change = oauth.without_rights - {email} if body["is_admin"] else {email}
        oauth.set_without_rights(change if body["is_admin"] else oauth.without_rights | change)
        return {"email": email, "is_admin": oauth.is_admin(email)}

    async def list_tokens(self, request: Request, body: dict[str, Any]) -> Any:
        return {"connections": [vars(each) for each in self.emulator.oauth.connections()]}

    async def change_tokens(self, request: Request, body: dict[str, Any]) -> Any:
        """{"action": "issue" | "expire" | "disconnect", "realm", "client_id"}."""
        only(body, "action", "realm", "client_id")
        oauth, action = self.emulator.oauth, body.get("action", "issue")
        realm = self.realm(body.get("realm"))
        if action == "issue":
            return self.access(request, realm, str(body.get("client_id") or ""))
        if action == "new":
            oauth.connect(
                client_id=str(body.get("client_id") or "emulator-client"),
                realm=realm,
                user=OWNER.email,
                scope=ACCOUNTING,
            )
            return self.access(request, realm, str(body.get("client_id") or ""))
        if action == "expire":
            return {"expired": oauth.expire_access_tokens(realm)}
        if action in {"disconnect", "revoke"}:
            ended = [each for each in oauth.connections(live_only=True) if each.realm == realm]
            for each in ended:
                oauth.end(each.number, "disconnected in the books")
            return {"ended": len(ended)}
        raise BadRequest("action is issue, new, expire, disconnect or revoke.")

    async def list_apps(self, request: Request, body: dict[str, Any]) -> Any:
        return {"apps": [vars(app) for app in self.emulator.oauth.apps()]}

    async def save_app(self, request: Request, body: dict[str, Any]) -> Any:
        """Register an app, or change the default one."""
        only(body, "client_id", "client_secret", "name", "redirect_uris", "disconnect_url")
        oauth = self.emulator.oauth
        client_id = str(body.get("client_id") or "emulator-client")
        old = oauth.app(client_id) or App(client_id, "secret", client_id, [])
        app = App(
            client_id,
            str(body.get("client_secret", old.client_secret)),
            str(body.get("name", old.name)),
            [str(each) for each in body.get("redirect_uris", old.redirect_uris)],
            str(body.get("disconnect_url", old.disconnect_url)),
        )
        oauth.save_app(app)
        return vars(app)

    async def forget_requestids(self, request: Request, body: dict[str, Any]) -> Any:
        """{"forget": true} or {"forget": "one id"}: as if the id had never been seen."""
        forget = body.get("forget")
        sql, values = "DELETE FROM replay", ()
        if isinstance(forget, str):
            sql, values = sql + " WHERE requestid = ?", (forget,)  # type: ignore[assignment]
        return {"forgotten": self.emulator.store.db.execute(sql, values).rowcount}
