"""Control addresses about the books: the ledger beside the documents, and the mails."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .control_base import ControlPart, Table
from .emulator import Emulator
from .money import from_cents


class ControlBooks(ControlPart):
    """Those of the ledger and of the mails."""

    def table(self) -> Table:
        return [
            ("GET", "/emulator/mails", self.mails),
            ("GET", "/emulator/ledger/{realm}", self.ledger),
            ("GET", "/emulator/ledger/{realm}/{entity}/{id}", self.ledger_lines),
        ]

    async def mails(self, request: Request, body: dict[str, Any]) -> Any:
        """What was sent by e-mail, oldest first."""
        realm = self.realm(request.query_params.get("realm"))
        return {"mails": self.emulator.mails.sent(realm)}

    async def ledger(self, request: Request, body: dict[str, Any]) -> Any:
        """Sums of the ledger: by any of account, type, name, entity, month, date."""
        realm = self.realm(request.path_params["realm"])
        asked = request.query_params
        ledger = self.emulator.books.transactions.ledger
        by = tuple(each for each in asked.get("by", "account").split(",") if each)
        sums = ledger.sums(realm, by, asked.get("since", ""), asked.get("until", ""))
        unbalanced = ledger.unbalanced(realm)
        return {
            "sums": [{**each, "amount": from_cents(each["cents"])} for each in sums],
            "in_balance": not unbalanced,
            "unbalanced": unbalanced,
        }

    async def ledger_lines(self, request: Request, body: dict[str, Any]) -> Any:
        """The postings of one transaction; none where it posts nothing or is void."""
        realm = self.realm(request.path_params["realm"])
        entity = self.entity(request.path_params["entity"])
        ledger = self.emulator.books.transactions.ledger
        lines = ledger.lines(realm, entity.name, request.path_params["id"])
        return {"lines": [{**each, "amount": from_cents(each["cents"])} for each in lines]}


class Storage:
    """Where the files of attachables are fetched from, by their signed addresses (5.9)."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def routes(self) -> list[Route]:
        return [Route("/files/{realm}/{id}/{name:path}", self.download, methods=["GET"])]

    async def download(self, request: Request) -> Response:
        asked, path = request.query_params, request.path_params
        found = self.emulator.attachments.open(
            path["realm"], path["id"], asked.get("expires", ""), asked.get("signature", "")
        )
        if found is None:
            return Response(
                "<Error><Code>AccessDenied</Code></Error>", 403, None, "application/xml"
            )
        content, content_type = found
        return Response(content, media_type=content_type)
