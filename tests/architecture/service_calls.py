"""Every function that takes an actor, found by looking; and arguments to call it with."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib import import_module
from types import ModuleType
from typing import Any

from django.db.models import Model
from django.utils import timezone

from billing.models import Invoice, Payment, ServiceItem, TaxRate
from billing.services.sending import Letter
from contacts.models import Contact, ImportFile
from firms.middleware import actor_of
from firms.models import ApiToken, Membership, Role
from firms.permissions import Actor, Permission
from integrations.models import Connection, Issue, Link, MatchProposal, Setup
from integrations.wizard.answers import Answers
from integrations.wizard.decisions import Rows
from tests.architecture.firm_rows import fill

APPS = ("firms", "contacts", "billing", "integrations")
NOT_SERVICES = ("migrations", "management")
Function = Callable[..., Any]


def modules() -> Iterator[ModuleType]:
    for app in APPS:
        yield import_module(app)
        for found in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            if not set(found.name.split(".")) & set(NOT_SERVICES):
                yield import_module(found.name)


def public_functions(module: ModuleType) -> dict[str, Function]:
    """Full name -> function, of those that the module defines itself."""
    return {
        f"{module.__name__}.{name}": it
        for name, it in vars(module).items()
        if inspect.isfunction(it) and it.__module__ == module.__name__ and name[0] != "_"
    }


def takes_an_actor(function: Function) -> bool:
    return "actor" in inspect.signature(function).parameters


def takes_a_row(function: Function) -> bool:
    """Or its id. Whatever takes none writes in the actor's own firm."""
    return bool(set(inspect.signature(function).parameters) & ROWS)


def services() -> dict[str, Function]:
    """All public functions of the modules in which one takes an actor."""
    found = {}
    for module in modules():
        functions = public_functions(module)
        if any(takes_an_actor(each) for each in functions.values()):
            found.update(functions)
    return found


ROWS = {
    "firm", "role", "membership", "token", "contact", "lose", "invoice", "payment", "item", "rate",
    "connection", "issue", "link", "setup", "file_id",
}  # fmt: skip


class House:
    """A firm with one of everything that services can be called with."""

    def __init__(self, *, company_id: str) -> None:
        self.firm = fill(company_id=company_id)
        self.rows = {
            "firm": self.firm,
            "role": self.firm.roles.get(name="Unused"),
            "membership": self.firm.memberships.get(role__name="Viewer"),
            "token": self._first(ApiToken),
            "contact": self._first(Contact),
            "lose": self._first(Contact),
            "invoice": self._first(Invoice),
            "payment": self._first(Payment),
            "item": self._first(ServiceItem),
            "rate": self._first(TaxRate),
            "connection": self._first(Connection),
            "issue": self._first(Issue),
            "link": self._first(Link),
            "setup": Setup.objects.filter(firm=self.firm).latest("pk"),
        }
        self.ids = {
            "file_id": self._first(ImportFile).pk,
            "row_id": MatchProposal.objects.filter(setup__firm=self.firm).latest("pk").pk,
            "local_id": self.rows["contact"].pk,
            "contact_id": self.rows["contact"].pk,
            "invoice_id": self.rows["invoice"].pk,
            "payment_id": self.rows["payment"].pk,
            "item_id": self.rows["item"].pk,
            "firm_id": self.firm.pk,
        }

    def _first(self, model: type[Model]) -> Any:
        return model._default_manager.filter(firm=self.firm).earliest("pk")

    def actor(self, permissions: Any) -> Actor:
        admin = Membership.objects.get(firm=self.firm, role__name="Admin")
        role = Role(firm=self.firm, name="Tried", permissions=list(permissions))
        return actor_of(Membership(user=admin.user, firm=self.firm, role=role))

    def arguments(self, function: Function) -> dict[str, Any]:
        """The rows that the function takes, and what it cannot do without, but for the actor."""
        now = timezone.now()
        times = {"now": now, "decided_at": now, "expires_at": now + timedelta(days=1)}
        given = {**PLAIN, **times, **self.ids, **self.rows}
        wanted = inspect.signature(function).parameters.values()
        if "lose" in inspect.signature(function).parameters:  # else what is kept are values
            given["keep"] = self.rows["contact"]
        return {
            each.name: given[each.name]
            for each in wanted
            if (each.default is each.empty or each.name in ROWS)
            and each.kind is not each.VAR_KEYWORD
            and each.name != "actor"
        }


# Good enough to get as far as the permission; whatever comes behind it may refuse them.
PLAIN: dict[str, Any] = {
    "about": "Connect QuickBooks Online",
    "action": "Tried",
    "answers": Answers(income_account="1", since=None),
    "category": "",
    "changes": {},
    "comes": [],
    "code": "code",
    "company_id": "3",
    "credits": None,
    "data": b"Display name\nAda\n",
    "decision": "leave_out",
    "deposit_account": "1",
    "email": "new@example.test",
    "entity": "contact",
    "home_currency": "USD",
    "income_account": "1",
    "income_account_id": "1",
    "is_full": False,
    "keep": {},
    "keep_links": True,
    "kind": "conflict",
    "leave_known_out": True,
    "letter": Letter(to="ada@example.com", subject="Invoice", message="Hello"),
    "line_ids": None,
    "lines": [],
    "lock_reason": "",
    "name": "New",
    "next_number": 5000,
    "number_rule": "ours",
    "option": "send_suffix",
    "other_id": "77",
    "parts": [],
    "permissions": [Permission.VIEW_ONLY],
    "prefix": "NEW-",
    "profile": "two_way",
    "reason": "",
    "remote_id": "77",
    "rows": Rows(),
    "service_item": "1",
    "sent": {},
    "session_key": "session",
    "shown": "",
    "side": "ours",
    "since": date(2026, 1, 1),
    "state": "state",
    "stays": [],
    "take": [],
    "taxes": [],
    "time_zone": "Europe/London",
    "title": "Tried",
    "to": "ada@example.com",
    "values": {},
    "verb": "match",
    "version": 1,
    "versions": (1, 1),
    "what": "matched",
    "which": "active",
}
