"""
A firm and its books through a random history: contacts, service items, invoices, payments.

The weather, the worker's deaths and the people who change contacts are those of `history.py`.
`ledger_here.py` is what people do with the rest here, `ledger_there.py` what bookkeepers do. Each
record is born with a mark that is never edited, and each edit writes a value of its own.
`ledger_accounts.py` and `ledger_money.py` do the accounts at the end.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Model

from billing.errors import BillingError
from billing.models import Invoice, Payment, ServiceItem
from billing.services import tax_rates
from contacts.models import Contact
from contacts.services import ContactError
from integrations.models import Connection, Issue, Link, OutboxEntry, TaxCode
from integrations.reconcile.policy import Side
from integrations.sync import links, resolving
from tests.factories import connect, make_actor, make_firm
from tests.integrations.births import birth_here, birth_there
from tests.integrations.history import History
from tests.integrations.ledger_here import Here
from tests.integrations.ledger_there import There
from tests.quickbooks import ActRefused, Emulator
from tests.world import DEFAULTS, LISTS

FIRST_ISSUE, FIRST_DUE = date(2026, 1, 1), date(2027, 1, 1)
PREFERENCES = {"discounts": True, "discount_account": "86", "sales_tax": True}
TAX_CODE = "2"  # of the sample company: California, 8 %
RESOURCES = {
    "contact": "Customer",
    "service_item": "Item",
    "invoice": "Invoice",
    "payment": "Payment",
}
MODELS: dict[str, type[Model]] = {
    "contact": Contact,
    "service_item": ServiceItem,
    "invoice": Invoice,
    "payment": Payment,
}
# What a person who knows the books answers: each record of a history is one of its own.
ANSWERS = {
    Issue.Kind.SAME_PAYMENT: "record_both",
    Issue.Kind.BILLED_TWICE: "both_right",
    Issue.Kind.DUPLICATE_NUMBER: "same_number",
}


@dataclass
class Ledger(History):
    """A birthmark is a contact's fax, an item's SKU, the first word of a message or reference."""

    chance: random.Random = field(default_factory=lambda: random.Random(0))
    sends_numbers: bool = False
    rate_id: int = 0
    kept_alive: set[int] = field(default_factory=set)  # pairs of which one side ended for good
    ended: set[str] = field(default_factory=set)  # birthmarks that a person voided or deleted
    splits: dict[str, set[str]] = field(default_factory=dict)  # of a payment: what it was to pay
    resplit: set[str] = field(default_factory=set)  # payments that may pay something else by now
    apart: set[str] = field(default_factory=set)  # birthmarks that did not sync for a while

    @classmethod
    def begin(cls, quickbooks: Emulator, *, sends_numbers: bool = False) -> Ledger:
        """One contact, one service item and one bill that both sides hold."""
        Connection.objects.update(state=Connection.State.DISCONNECTED)
        firm = make_firm()
        quickbooks.reset("sample", limits=False, webhook_retry=False)
        quickbooks.webhooks(url="http://127.0.0.1:9/nobody", hold=True)
        numbers = {"SalesFormsPrefs": {"CustomTxnNumbers": sends_numbers}}
        quickbooks.act("update", "1", entity="Preferences", fields=numbers)
        connection = connect(firm, quickbooks.base_url)
        Connection.objects.filter(pk=connection.pk).update(
            billing_started_at=connection.connected_at,
            billing_synced_at=connection.connected_at,
            defaults=DEFAULTS,
            company_facts={
                "lists": LISTS,
                "preferences": {**PREFERENCES, "own_numbers": sends_numbers},
            },
        )
        connection.refresh_from_db()
        ledger = cls(
            quickbooks=quickbooks,
            actor=make_actor(firm),
            connection=connection,
            sends_numbers=sends_numbers,
        )
        ledger._know_the_tax()
        ledger.here.make_item()
        ledger.create_here()
        ledger.here.bill()
        ledger.sync()
        return ledger

    def _know_the_tax(self) -> None:
        part = tax_rates.Part(name="California", percent=Decimal(8))
        rate = tax_rates.create_tax_rate(
            actor=self.actor, name="California", parts=[part], now=self.now
        )
        self.rate_id = rate.pk
        TaxCode.objects.create(
            connection=self.connection,
            firm_id=self.actor.firm_id,
            remote_id=TAX_CODE,
            name="California",
            tax_rate_id=rate.pk,
            read_at=self.now,
        )

    @cached_property
    def here(self) -> Here:
        return Here(self)

    @cached_property
    def there(self) -> There:
        return There(self)

    # -- what there is -----------------------------------------------------------------------------

    def rows(self, entity: str) -> list[Any]:
        found = MODELS[entity].objects.for_firm(self.actor.firm_id)  # type: ignore[attr-defined]
        return list(found.order_by("pk"))

    @property
    def items(self) -> list[ServiceItem]:
        return self.rows("service_item")

    @property
    def bills(self) -> list[Invoice]:
        return self.rows("invoice")

    @property
    def receipts(self) -> list[Payment]:
        return self.rows("payment")

    def books(self, resource: str) -> list[dict[str, Any]]:
        """Those of this history: the sample company has others."""
        mine = [each for each in self.quickbooks.objects(resource) if birth_there(resource, each)]
        return sorted(mine, key=lambda each: int(each["Id"]))

    @property
    def customers(self) -> list[dict[str, Any]]:
        return self.books("Customer")

    def birth_of(self, link: Link) -> str:
        return birth_here(MODELS[link.entity].objects.get(pk=link.local_id))

    def remote_id(self, entity: str, local_id: int | None) -> str | None:
        pairs = Link.objects.filter(connection=self.connection, entity=entity, local_id=local_id)
        return pairs.filter(state="linked").values_list("remote_id", flat=True).first()

    # -- what people write -------------------------------------------------------------------------

    @contextmanager
    def tried(self, what: str) -> Iterator[None]:
        """People try; a rule of ours or of the books may turn them away."""
        try:
            yield
        except (BillingError, ContactError, ActRefused, links.AlreadyLinked) as error:
            self.told.append(f"{what}: no, {error}")
        else:
            self.told.append(what)

    def day(self, name: str) -> date:
        """A day that no other record has."""
        first = FIRST_DUE if name == "due_on" else FIRST_ISSUE
        return first + timedelta(days=next(self.tokens))

    def cents(self, most: int = 99_999) -> Decimal:
        return Decimal(self.chance.randint(100, most)) / 100

    def note(
        self,
        birth: str,
        group: str,
        *,
        new: Iterable[str] = (),
        over: Iterable[str] = (),
        side: Side | None = None,
    ) -> None:
        """Somebody wrote `new` values, having seen those that they replace."""
        self.written |= {value: f"{group} of {birth}" for value in new if value}
        self.seen_over |= set(over)
        if side is not None:
            self.edits.setdefault(f"{birth} {group}", set()).add(side)

    # -- the sync and its end ----------------------------------------------------------------------

    def _check_nothing_came_back(self) -> None:
        """Told by P4 and P14 here: lines come back whole where a group is kept."""

    def decide(self, issue: Issue, keep: Side) -> None:
        if resolving.ended_on(issue) is keep.other:  # it cannot be brought back there: both stay
            self.kept_alive.add(issue.link.pk)
            resolving.choose(actor=self.actor, issue=issue, option="leave", now=self.now)
            self.told.append(f"left {issue.link} as they are")
            return
        for group in issue.detail["groups"]:
            loser, winner = group[keep.other], group[keep]
            self.seen_over |= set(texts_in(loser)) - set(texts_in(winner))
            if group["group"] == "life":
                self._turn(self.birth_of(issue.link), str(winner.get("life")))
        keeps = {group["group"]: keep for group in issue.detail["groups"]}
        resolving.decide(actor=self.actor, issue=issue, keep=keeps, now=self.now)
        self.told.append(f"decided {keeps} of {issue.link.entity} {self.birth_of(issue.link)}")

    def unmatch(self, link: Link) -> None:
        """A pair does not sync any more until somebody brings it back."""
        with self.tried(f"unmatched {link.entity} {self.birth_of(link)}"):
            links.unmatch(actor=self.actor, link=link, now=self.now)
            self.apart.add(self.birth_of(link))

    def leave_out(self, link: Link) -> None:
        """One that is not there yet is not to be created there."""
        with self.tried(f"left out {link.entity} {self.birth_of(link)}"):
            links.leave_out(actor=self.actor, link=link, now=self.now)
            self.apart.add(self.birth_of(link))

    def bring_back(self, link: Link) -> None:
        """Match what belongs together; create there what was never there."""
        former = Link.objects.filter(
            connection=self.connection, entity=link.entity, state="former"
        ).order_by("-pk")
        side = {"local_id": link.local_id} if link.local_id else {"remote_id": link.remote_id}
        pair = former.filter(**side).first()
        with self.tried(f"brought back {link.entity} {link.label or link.remote_label}"):
            if pair is not None:
                links.match(
                    actor=self.actor,
                    connection=self.connection,
                    entity=link.entity,
                    local_id=pair.local_id,
                    remote_id=pair.remote_id,
                    now=self.now,
                )
            elif link.local_id is not None:
                links.create_there(
                    actor=self.actor,
                    connection=self.connection,
                    entity=link.entity,
                    local_id=link.local_id,
                    now=self.now,
                )
            else:
                links.create_here(actor=self.actor, link=link, now=self.now)

    def left_out(self) -> list[Link]:
        found = Link.objects.filter(connection=self.connection, state="left_out", rests="")
        return list(found.order_by("pk"))

    def rest(self) -> None:
        self.quickbooks.ask("clock", {"frozen": False})
        super().rest()
        for _ in range(4):
            if not self._answer():
                return
            super().rest()

    def _answer(self) -> bool:
        """Answer what can be answered without choosing a side; return whether anything was."""
        asked = Issue.objects.filter(connection=self.connection, state=Issue.State.OPEN)
        is_answered = False
        for issue in asked.filter(kind__in=ANSWERS):
            option = ANSWERS[Issue.Kind(issue.kind)]
            if not issue.link.options.get(option):
                resolving.choose(actor=self.actor, issue=issue, option=option, now=self.now)
                is_answered = True
        for link in self.left_out():
            if link.blocks.exists():
                self.bring_back(link)
                is_answered = True
        return is_answered

    def _state(self) -> dict[str, Any]:
        pairs = Link.objects.filter(connection=self.connection).order_by("pk")
        counts = self.quickbooks.counts()
        return {
            "writes": counts["writes"],
            "metered": counts["metered"],
            **{name: [(x.pk, x.version) for x in self.rows(name)] for name in MODELS},
            "links": list(pairs.values("pk", "base", "seen", "state", "remote_version", "wake_at")),
            "bells": OutboxEntry.objects.filter(connection=self.connection).count(),
        }


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)
    else:
        yield str(value)
