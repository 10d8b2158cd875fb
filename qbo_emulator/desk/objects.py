"""
The pages of one kind of object: its list, the form of a new one, the page of one.

A `Sheet` describes them. What sells, is paid or deposited adds its rows in a class of its own
(`sales.py`, `receiving.py`). Every write is a person's: it goes through `Books`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import clock as clocks
from ..books import Actor, Written
from ..control import act
from ..emulator import Session
from ..entities import Entity, Shape
from ..errors import Fault
from ..jsontext import loads
from ..oauth import USERS
from ..store import Row, Store
from ..transactions.links import Links
from .asking import ASKS, closed_until, effects
from .finding import PAGE_ROWS, find, options
from .forms import (
    Cell,
    Column,
    Document,
    Input,
    Values,
    Wrong,
    at,
    cells,
    changed,
    money,
    sentence,
    shown,
)
from .pages import Pages, slug

STALE = "Somebody else changed this while you were editing. Look again, then save."
DONE = {
    "inactivate": "Made inactive.",
    "reactivate": "Made active.",
    "void": "Voided.",
    "delete": "Deleted.",
    "merge": "Merged.",
}
IN_CLOSED = "into-closed"  # the button of who saves into the closed period all the same


class InClosed(Exception):
    """A save touches the closed period, and the person was not warned yet; holds its last day."""


# state(document, today): a word and its colour (g, y, r).
State = Callable[[Document, str], tuple[str, str]]


def activity(document: Document, today: str) -> tuple[str, str]:
    return ("Active", "g") if document.get("Active", True) else ("Inactive", "y")


@dataclass(frozen=True)
class Sheet:
    """
    What the pages of one entity show.

    columns: of the list.  inputs: of the form; none for what people only read here.
    facts: what the page of one shows above the form.
    """

    entity: Entity
    heading: str
    columns: tuple[Column, ...]
    inputs: tuple[Input, ...] = ()
    facts: tuple[Column, ...] = ()
    state: State = activity

    @property
    def looks_for(self) -> str:
        """What a search compares."""
        if self.is_transaction:
            return "Number, customer or Id"
        return "Name, email or Id" if self.entity.is_name else "Name or Id"

    @property
    def is_transaction(self) -> bool:
        return self.entity.shape is Shape.TRANSACTION


def list_of(
    store: Store,
    realm: str,
    sheet: Sheet,
    request: Request,
    row: Callable[[Document], list[Cell]],
) -> dict[str, Any]:
    """What the template of a list needs: the page that was asked for, and the way to the others."""
    asked = request.query_params
    text, inactive = asked.get("q", "").strip(), asked.get("inactive", "") == "1"
    page = int(asked["page"]) if re.fullmatch(r"[1-9]\d{0,5}", asked.get("page", "")) else 1
    total, found = find(store, realm, sheet.entity, text, inactive=inactive, page=page)
    turn = {"q": text, "inactive": "1" if inactive else ""}
    before = (page - 1) * PAGE_ROWS
    return {
        "heading": sheet.heading,
        "noun": sheet.entity.noun,
        "can_make": bool(sheet.inputs),
        "can_be_inactive": not sheet.is_transaction,
        "looks_for": sheet.looks_for,
        "q": text,
        "inactive": inactive,
        "columns": sheet.columns,
        "rows": [row(document) for document in found],
        "page": page,
        "first": before + 1 if found else 0,
        "last": before + len(found),
        "total": total,
        "previous": urlencode({**turn, "page": page - 1}),
        "following": urlencode({**turn, "page": page + 1}),
    }


@dataclass
class Visit:
    """One request of a person: which company, who, what was typed."""

    request: Request
    session: Session
    realm: str
    actor: Actor
    values: Values


class ObjectPages:
    """List, new, detail and doings of what one sheet describes."""

    template = "object.html"

    def __init__(self, pages: Pages, sheet: Sheet) -> None:
        self.pages = pages
        self.emulator = pages.emulator
        self.sheet = sheet
        self.entity = sheet.entity
        self.here = f"/books/{slug(sheet.entity)}"

    def routes(self) -> list[Route]:
        table: list[tuple[str, Any, str]] = [
            ("", self.list_page, "GET"),
            ("/new", self.new_page, "GET"),
            ("/new", self.save, "POST"),
            ("/{id}", self.detail_page, "GET"),
            ("/{id}", self.save, "POST"),
            ("/{id}/{do}", self.ask, "GET"),
            ("/{id}/{do}", self.do, "POST"),
        ]
        wrap = self.pages.signed_in
        return [
            Route(self.here + tail, wrap(handler), methods=[method])
            for tail, handler, method in table
            if self.sheet.inputs or method == "GET" and tail != "/new"
        ]

    async def visit(self, request: Request, session: Session) -> Visit:
        typed = {name: str(value) for name, value in (await request.form()).items()}
        realm = self.pages.company(session)["realm_id"]
        return Visit(request, session, realm, Actor("ui", USERS[session.user].name), typed)

    def address(self, id: str) -> str:
        """The page of one."""
        return f"{self.here}/{quote(id, safe='')}"

    # --- The list ---

    async def list_page(self, request: Request, session: Session) -> Response:
        visit = await self.visit(request, session)
        about = list_of(
            self.emulator.store,
            visit.realm,
            self.sheet,
            request,
            lambda document: self.cells(self.sheet.columns, document),
        )
        return self.pages.books(request, session, "objects.html", here=self.here, **about)

    def cells(self, columns: tuple[Column, ...], document: Document) -> list[Cell]:
        return cells(columns, document, self.address, self.sheet.state(document, self.today))

    @property
    def today(self) -> str:
        """The company's day (2.4)."""
        return clocks.pacific(self.emulator.clock.now()).date().isoformat()

    # --- The form ---

    async def new_page(self, request: Request, session: Session) -> Response:
        visit = await self.visit(request, session)
        return self.form_page(visit, None, self.new_values(visit))

    async def detail_page(self, request: Request, session: Session) -> Response:
        visit = await self.visit(request, session)
        document = self.document(visit)
        if document is None:
            return self.missing(visit)
        return self.form_page(visit, document, self.old_values(visit, document))

    def document(self, visit: Visit) -> Document | None:
        id = visit.request.path_params.get("id", "")
        return self.pages.document(visit.realm, self.entity.name, id) if id else None

    def missing(self, visit: Visit) -> Response:
        path = visit.request.url.path[:200]
        return self.pages.render("refused.html", status=404, heading="Not found", text=path)

    def new_values(self, visit: Visit) -> Values:
        """What an empty form shows."""
        return {}

    def old_values(self, visit: Visit, document: Document) -> Values:
        return shown(self.inputs(visit, document), document)

    def inputs(self, visit: Visit, document: Document | None) -> list[Input]:
        """The fields of the form, without those whose preference is off."""
        preferences = self.emulator.books.preferences(visit.realm)
        return [
            each
            for each in self.sheet.inputs
            if (not each.needs or at(preferences, each.needs))
            and not (each.at_create and document is not None)
        ]

    def heading(self, document: Document | None) -> str:
        if document is None:
            return f"New {self.entity.noun}"
        if self.sheet.is_transaction:
            number = document.get("DocNumber")
            noun = self.entity.noun.capitalize()
            return f"{noun} {number}" if number else f"{noun} with the Id {document['Id']}"
        return str(document.get("FullyQualifiedName") or document[self.entity.name_field])

    def more(self, visit: Visit, document: Document | None, values: Values) -> dict[str, Any]:
        """What the template of the form needs beside the usual."""
        return {}

    def form_page(
        self,
        visit: Visit,
        document: Document | None,
        values: Values,
        problem: str = "",
        closed: str = "",
    ) -> Response:
        """`closed`: the last day of the closed period that what was typed belongs to."""
        fields = [
            {
                "input": each,
                "value": values.get(each.path, ""),
                "options": self.options(visit, each, values.get(each.path, "")),
            }
            for each in self.inputs(visit, document)
        ]
        return self.pages.books(
            visit.request,
            visit.session,
            self.template,
            here=self.here,
            status=400 if problem or closed else 200,
            problem=problem,
            closed=closed,
            heading=self.heading(document),
            noun=self.entity.noun,
            path=self.entity.path,
            action=self.address(document["Id"] if document else "new"),
            document=document,
            token=document["SyncToken"] if document else "",
            fields=fields,
            can_write=bool(self.sheet.inputs),
            asks=ASKS,
            **self._about(visit, document),
            **self.more(visit, document, values),
        )

    def options(self, visit: Visit, input: Input, value: str) -> list[tuple[str, str]]:
        """What a choice or a pick offers; a value that is none of it stays to be seen."""
        if input.kind == "choice":
            found = [(each, each) for each in input.choices]
        elif input.kind == "pick":
            found = options(self.emulator.store, visit.realm, input.picks, input.where)
        else:
            return []
        if value and value not in dict(found):
            known = self.pages.document(visit.realm, input.picks, value) if input.picks else None
            name = (known or {}).get("FullyQualifiedName") or (known or {}).get("Name")
            found.append((value, str(name or f"Unknown: {value}")))
        return found

    def _about(self, visit: Visit, document: Document | None) -> dict[str, Any]:
        """State, facts, links, versions and doings of one object."""
        if document is None:
            return {"facts": [], "links": [], "versions": [], "doings": [], "can_merge": False}
        word, colour = self.sheet.state(document, self.today)
        cells = self.cells(self.sheet.facts, document)
        return {
            "word": word,
            "colour": colour,
            "facts": [(c.text, cell) for c, cell in zip(self.sheet.facts, cells, strict=True)],
            "links": self._links(visit, document),
            "versions": self._versions(visit, document),
            "doings": self.doings(document) if self.sheet.inputs else [],
            "can_merge": "Merge" in self.entity.sends_events and bool(self.sheet.inputs),
        }

    def doings(self, document: Document) -> list[tuple[str, str]]:
        """The buttons of the page: what they do and what they say."""
        if not self.sheet.is_transaction:
            if document.get("Active", True):
                return [("inactivate", "Make inactive")]
            return [("reactivate", "Make active")]
        is_void = self.sheet.state(document, self.today)[0] == "Voided"
        void = [] if is_void or self.entity.post is None else [("void", "Void")]
        return [*void, ("delete", "Delete")]

    def _links(self, visit: Visit, document: Document) -> list[dict[str, str]]:
        """What it is linked with: as it says itself, then as others say."""
        if not self.sheet.is_transaction:
            return []
        links = Links(self.emulator.store)
        key = (visit.realm, self.entity.name, document["Id"])
        found = [(each.target, each.target_id, each.cents) for each in links.of(*key)]
        found += [(each.entity, each.id, each.cents) for each in links.on(*key)]
        known = {(kind, id) for kind, id, _ in found}
        for linked in document.get("LinkedTxn", []):
            pair = (linked["TxnType"], linked["TxnId"])
            if pair not in known:
                found.append((*pair, 0))
        return [
            {
                "kind": kind,
                "id": id,
                "href": self.pages.address(kind, id),
                "amount": money(amount / 100) if amount else "",
            }
            for kind, id, amount in found
        ]

    def _versions(self, visit: Visit, document: Document) -> list[dict[str, str]]:
        history = self.emulator.store.history(visit.realm, self.entity.name, document["Id"])
        return [_version(row, operation) for row, operation in reversed(history)]

    # --- Writing ---

    async def save(self, request: Request, session: Session) -> Response:
        visit = await self.visit(request, session)
        document = self.document(visit)
        if document is None and "id" in request.path_params:
            return self.missing(visit)
        if "more" in visit.values:
            return self.form_page(visit, document, visit.values)
        try:
            token = document["SyncToken"] if document else ""
            if visit.values.get("SyncToken", token) != token:
                raise Wrong(STALE)
            written = self._write(visit, document)
        except InClosed as warned:
            return self.form_page(visit, document, visit.values, closed=str(warned))
        except (Fault, Wrong) as refused:
            return self.form_page(visit, document, visit.values, sentence(refused))
        session.message = "Saved." if written.operation else "Nothing was changed."
        return self.pages.back_to(request, self.address(written.row.id))

    def _write(self, visit: Visit, document: Document | None) -> Written:
        body = self.body(visit, document)
        days = ((document or {}).get("TxnDate", ""), body.get("TxnDate", ""))
        closed = closed_until(self.emulator, visit.realm, self.entity, *days) if body else ""
        if closed and IN_CLOSED not in visit.values:
            raise InClosed(closed)
        if document is not None:
            body |= {"Id": document["Id"], "sparse": True}
        return self.emulator.books.write(visit.realm, self.entity, body, visit.actor)

    def body(self, visit: Visit, document: Document | None) -> Document:
        """
        What the form changes.

        Raises:
            Wrong: something was typed that cannot be read.
        """
        body = changed(self.inputs(visit, document), visit.values, document or {})
        if self.entity.hierarchy is not None and body.get("ParentRef") == {"value": ""}:
            del body["ParentRef"]
            body[self.entity.hierarchy.flag] = False
        return body

    async def ask(self, request: Request, session: Session) -> Response:
        """The page between a button that cannot be taken back and what it does."""
        visit, doing = await self.visit(request, session), request.path_params["do"]
        document = self.document(visit)
        if document is None or doing not in ASKS or doing not in dict(self.doings(document)):
            return self.missing(visit)
        here, realm = self.address(document["Id"]), visit.realm
        return self.pages.books(
            request,
            session,
            "confirm.html",
            here=self.here,
            heading=_in_a_sentence(self.heading(document)),
            verb=dict(self.doings(document))[doing],
            action=f"{here}/{doing}",
            back=here,
            token=document["SyncToken"],
            closed=closed_until(self.emulator, realm, self.entity, document.get("TxnDate", "")),
            effects=effects(self.emulator, realm, self.entity, document, doing),
        )

    async def do(self, request: Request, session: Session) -> Response:
        """Carry a button out: void, delete, merge, make inactive or active."""
        visit, doing = await self.visit(request, session), request.path_params["do"]
        document = self.document(visit)
        if document is None or doing not in DONE:
            return self.missing(visit)
        try:
            if visit.values.get("SyncToken", document["SyncToken"]) != document["SyncToken"]:
                raise Wrong(STALE)
            self._do(visit, doing, document)
        except (Fault, Wrong) as refused:
            values = self.old_values(visit, document)
            return self.form_page(visit, document, values, sentence(refused))
        session.message = DONE[doing]
        id, left = document["Id"], doing in {"delete", "merge"}
        return self.pages.back_to(request, self.here if left else self.address(id))

    def _do(self, visit: Visit, doing: str, document: Document) -> None:
        books, id = self.emulator.books, document["Id"]
        if doing == "void":
            books.void(visit.realm, self.entity, {"Id": id}, visit.actor)
        elif doing == "delete":
            books.delete(visit.realm, self.entity, {"Id": id}, visit.actor)
        else:
            act(
                self.emulator,
                visit.realm,
                self.entity,
                operation=doing,
                id=id,
                fields={},
                into=visit.values.get("into", "").strip(),
                actor=visit.actor,
            )


def _in_a_sentence(heading: str) -> str:
    return heading[:1].lower() + heading[1:]


def _version(row: Row, operation: str) -> dict[str, str]:
    by, user, client_id = row.who.split("|")
    document = loads(row.doc)
    return {
        "token": str(row.token),
        "operation": operation,
        "at": clocks.answer_time(row.updated)[:19].replace("T", " "),
        "who": f"{user} ({client_id or by})",
        "total": money(document.get("TotalAmt")),
        "balance": money(document.get("Balance")),
    }
