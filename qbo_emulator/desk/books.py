"""The books: customers, vendors and employees, with their forms."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..books import Actor
from ..control import act
from ..emulator import Session
from ..entities import BY_NAME, ENTITIES, Entity, Field, Kind
from ..errors import Fault
from ..oauth import USERS
from .forms import Column, Input, cells, sentence
from .objects import Sheet, activity, list_of
from .pages import Pages, slug

INNER = {Kind.EMAIL: "Address", Kind.PHONE: "FreeFormNumber", Kind.WEB: "URI", Kind.REF: "value"}
ADDRESS_PARTS = ("Line1", "Line2", "City", "CountrySubDivisionCode", "PostalCode", "Country")
PART_WORDS = {"CountrySubDivisionCode": "State", "PostalCode": "ZIP code"}
NOT_IN_FORMS = {
    "CurrencyRef",
    "DefaultTaxCodeRef",
    "ARAccountRef",
    "APAccountRef",
    "CustomerTypeRef",
    "SalesTermRef",
    "PaymentMethodRef",
    "TermRef",
    "GSTIN",
    "BusinessNumber",
    "GSTRegistrationType",
    "TaxExemptionReasonId",
    "SecondaryTaxIdentifier",
    "TaxReportingBasis",
    "SSN",
}
FIRST = (
    "DisplayName",
    "CompanyName",
    "Title",
    "GivenName",
    "MiddleName",
    "FamilyName",
    "Suffix",
    "PrimaryEmailAddr",
    "PrimaryPhone",
    "Mobile",
)
PEOPLE = tuple(entity for entity in ENTITIES if entity.is_name)
LISTS = {slug(entity): entity for entity in PEOPLE}


class BooksPages:
    """What a bookkeeper does."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.emulator = pages.emulator

    def routes(self) -> list[Route]:
        wrap = self.pages.signed_in
        get, post = ["GET"], ["POST"]
        return [
            Route("/", wrap(self.home), methods=get),
            Route("/books", wrap(self.home), methods=get),
            Route("/books/company", wrap(self.open_company), methods=post),
            *[
                Route("/books/{names}" + tail, wrap(handler), methods=methods)
                for tail, handler, methods in (
                    ("", self.names_page, get),
                    ("/new", self.new_page, get),
                    ("/new", self.create, post),
                    ("/make", self.make_many, post),
                    ("/{id}", self.edit_page, get),
                    ("/{id}", self.save, post),
                    ("/{id}/inactivate", self.inactivate, post),
                    ("/{id}/reactivate", self.reactivate, post),
                    ("/{id}/merge", self.merge, post),
                )
            ],
        ]

    async def home(self, request: Request, session: Session) -> Response:
        return self.pages.back_to(request, "/books/customers")

    async def open_company(self, request: Request, session: Session) -> Response:
        form = await request.form()
        session.realm = str(form.get("realm", ""))
        return self.pages.back_to(request, "/books/customers")

    # --- Lists of names ---

    def _entity(self, request: Request) -> Entity | None:
        return LISTS.get(request.path_params["names"])

    def _missing(self, request: Request, session: Session) -> Response:
        return self.pages.render(
            "refused.html", status=404, heading="Not found", text=request.url.path[:200]
        )

    async def names_page(self, request: Request, session: Session) -> Response:
        entity = self._entity(request)
        if entity is None:
            return self._missing(request, session)
        here = f"/books/{slug(entity)}"
        return self.pages.books(
            request,
            session,
            "names.html",
            here=here,
            can_make_many=entity.name == "Customer",
            calls=reversed(list(self.emulator.calls.log)[-6:]),
            **list_of(
                self.emulator.store,
                self.pages.company(session)["realm_id"],
                _sheet(entity),
                request,
                lambda name: cells(
                    _sheet(entity).columns, name, lambda id: f"{here}/{id}", activity(name, "")
                ),
            ),
        )

    async def make_many(self, request: Request, session: Session) -> Response:
        """A thousand customers at once, each with its event."""
        realm = self.pages.company(session)["realm_id"]
        actor = Actor("ui", USERS[session.user].name)
        customer, store = BY_NAME["Customer"], self.emulator.store
        with store.transaction():
            start = store.count(realm, "Customer") + 1
            made = 0
            while made < 1000:
                body = {"DisplayName": f"Made customer {start:06d}", "CompanyName": f"Made {start}"}
                start += 1
                try:
                    self.emulator.books.write(realm, customer, body, actor)
                except Fault as fault:
                    if fault.code != "6240":
                        raise
                    continue
                made += 1
        session.message = "Made 1,000 customers."
        return self.pages.back_to(request, "/books/customers")

    # --- One name ---

    async def new_page(self, request: Request, session: Session) -> Response:
        entity = self._entity(request)
        if entity is None:
            return self._missing(request, session)
        return self._form_page(request, session, entity, None, {})

    async def edit_page(self, request: Request, session: Session) -> Response:
        entity = self._entity(request)
        document = self._document(request, session)
        if entity is None or document is None:
            return self._missing(request, session)
        return self._form_page(request, session, entity, document, _values(entity, document))

    def _document(self, request: Request, session: Session) -> dict[str, Any] | None:
        entity = self._entity(request)
        realm = self.pages.company(session)["realm_id"]
        id = request.path_params["id"]
        return None if entity is None else self.pages.document(realm, entity.name, id)

    def _form_page(
        self,
        request: Request,
        session: Session,
        entity: Entity,
        document: dict[str, Any] | None,
        values: dict[str, str],
        problem: str = "",
    ) -> Response:
        here = f"/books/{slug(entity)}"
        realm = self.pages.company(session)["realm_id"]
        row = self.emulator.store.get(realm, entity.name, document["Id"]) if document else None
        return self.pages.books(
            request,
            session,
            "name_form.html",
            here=here,
            status=400 if problem else 200,
            problem=problem,
            heading=document["DisplayName"] if document else f"New {entity.noun}",
            entity=entity.path,
            noun=entity.noun,
            action=f"{here}/{document['Id']}" if document else f"{here}/new",
            document=document,
            token=document["SyncToken"] if document else "",
            changed_by=Actor.name_of(row.who) if row else "",
            can_merge="Merge" in entity.sends_events,
            texts=[
                {
                    "name": field.name,
                    "text": _words(field),
                    "value": values.get(field.name, ""),
                    "long": field.name == "Notes",
                }
                for field in _form_fields(entity)
            ],
            addresses=[
                {
                    "text": _words(field),
                    "parts": [
                        {
                            "name": f"{field.name}.{part}",
                            "text": PART_WORDS.get(part, _split(part)),
                            "value": values.get(f"{field.name}.{part}", ""),
                        }
                        for part in ADDRESS_PARTS
                    ],
                }
                for field in entity.fields
                if field.kind is Kind.ADDRESS
            ],
        )

    async def create(self, request: Request, session: Session) -> Response:
        return await self._write(request, session, "create")

    async def save(self, request: Request, session: Session) -> Response:
        return await self._write(request, session, "update")

    async def _write(self, request: Request, session: Session, operation: str) -> Response:
        entity = self._entity(request)
        document = self._document(request, session) if operation == "update" else None
        if entity is None or (operation == "update" and document is None):
            return self._missing(request, session)
        values = {name: str(value) for name, value in (await request.form()).items()}
        token = values.pop("SyncToken", "")
        if document is not None and token != document["SyncToken"]:
            problem = "Somebody else changed this while you were editing. Look again, then save."
            return self._form_page(request, session, entity, document, values, problem)
        fields = _body(entity, values, document)
        try:
            self._act(session, entity, operation, document["Id"] if document else "", fields)
        except Fault as fault:
            problem = sentence(fault)
            return self._form_page(request, session, entity, document, values, problem)
        session.message = "Saved."
        return self.pages.back_to(request, f"/books/{slug(entity)}")

    def _act(
        self,
        session: Session,
        entity: Entity,
        operation: str,
        id: str,
        fields: dict[str, Any],
        into: str = "",
    ) -> None:
        act(
            self.emulator,
            self.pages.company(session)["realm_id"],
            entity,
            operation=operation,
            id=id,
            fields=fields,
            into=into,
            actor=Actor("ui", USERS[session.user].name),
        )

    async def inactivate(self, request: Request, session: Session) -> Response:
        return await self._do(request, session, "inactivate", "Made inactive.")

    async def reactivate(self, request: Request, session: Session) -> Response:
        return await self._do(request, session, "reactivate", "Made active.")

    async def merge(self, request: Request, session: Session) -> Response:
        into = str((await request.form()).get("into", "")).strip()
        return await self._do(request, session, "merge", f"Merged into {into}.", into)

    async def _do(
        self, request: Request, session: Session, operation: str, done: str, into: str = ""
    ) -> Response:
        entity, document = self._entity(request), self._document(request, session)
        if entity is None or document is None:
            return self._missing(request, session)
        try:
            self._act(session, entity, operation, document["Id"], {}, into)
        except Fault as fault:
            problem = sentence(fault)
            values = _values(entity, document)
            return self._form_page(request, session, entity, document, values, problem)
        session.message = done
        return self.pages.back_to(request, f"/books/{slug(entity)}")


def _sheet(entity: Entity) -> Sheet:
    """What the list of these names shows."""
    name = "FullyQualifiedName" if entity.hierarchy else "DisplayName"
    balance = (Column("Balance", entity.balance, "money"),) if entity.balance else ()
    return Sheet(
        entity,
        f"{entity.name}s",
        (
            Column("Id", "Id"),
            Column("Display name", name, "link"),
            Column("Email", "PrimaryEmailAddr.Address"),
            *balance,
            Column("State", kind="state"),
            Column("SyncToken", "SyncToken"),
        ),
        (Input("DisplayName", "Display name"),),
    )


def _form_fields(entity: Entity) -> list[Field]:
    """What the form shows, the name first."""
    kinds = {Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.WEB, Kind.REF}
    shown = [
        field
        for field in entity.fields
        if field.kind in kinds and not field.read_only and field.name not in NOT_IN_FORMS
    ]
    places = {name: place for place, name in enumerate(FIRST)}
    return sorted(shown, key=lambda field: places.get(field.name, len(places)))


def _split(name: str) -> str:
    """`GivenName` as `Given name`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name)
    return words[:1] + words[1:].lower()


def _words(field: Field) -> str:
    special = {
        "PrimaryEmailAddr": "Email",
        "WebAddr": "Website",
        "ParentRef": "Id of the parent",
        "BillAddr": "Billing address",
        "ShipAddr": "Shipping address",
        "PrimaryAddr": "Address",
        "PreferredDeliveryMethod": "Delivery (Print, Email or None)",
    }
    return special.get(field.name, _split(field.name))


def _values(entity: Entity, document: dict[str, Any]) -> dict[str, str]:
    """What the form shows of a document."""
    values = {}
    for field in entity.fields:
        value = document.get(field.name)
        if value is None:
            continue
        if field.kind is Kind.ADDRESS:
            for part in ADDRESS_PARTS:
                values[f"{field.name}.{part}"] = value.get(part, "")
        elif field.kind in INNER:
            values[field.name] = value.get(INNER[field.kind], "")
        elif field.kind is Kind.TEXT:
            values[field.name] = value
    return values


def _body(
    entity: Entity, values: dict[str, str], document: dict[str, Any] | None
) -> dict[str, Any]:
    """What the form changes: only properties that differ from what the page showed."""
    shown = _values(entity, document) if document else {}
    clean = {name: value.replace("\r\n", "\n").strip() for name, value in values.items()}
    body: dict[str, Any] = {}
    for field in _form_fields(entity):
        value = clean.get(field.name, "")
        if field.name in clean and value != shown.get(field.name, "").strip():
            body[field.name] = {INNER[field.kind]: value} if field.kind in INNER else value
    if "ParentRef" in body and not body["ParentRef"]["value"]:
        body = {**body, "Job": False}
        del body["ParentRef"]
    for field in entity.fields:
        if field.kind is not Kind.ADDRESS:
            continue
        parts = {part: clean.get(f"{field.name}.{part}", "") for part in ADDRESS_PARTS}
        if parts != {part: shown.get(f"{field.name}.{part}", "") for part in ADDRESS_PARTS}:
            kept = (document or {}).get(field.name, {})
            rest = {name: kept[name] for name in ("Line3", "Line4", "Line5") if name in kept}
            body[field.name] = {**rest, **parts}
    return body
