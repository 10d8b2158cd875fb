"""
One firm and its QuickBooks company through a random history, and what must hold at its end.

Everything is real: our services, the engine, the emulator over loopback. Each edit writes a value
of its own, so that at the end each value ever written can be asked: where are you? What the two
sides hold is read apart from the product's mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

from django.utils import timezone
from django.utils.module_loading import import_string

from contacts import services
from contacts.models import Contact
from firms.permissions import Actor
from integrations import inbox
from integrations.models import CallBudget, Connection, Cursor, Intent, Issue, Link, OutboxEntry
from integrations.providers import get_provider
from integrations.reconcile.policy import Side
from integrations.sync import connections, engine, intents, resolving
from tests.factories import connect, make_actor, make_firm
from tests.quickbooks import Emulator

# A field of ours, where it stands in a customer, and the group it contends with.
PLACES = {
    "display_name": (("DisplayName",), "display_name"),
    "company_name": (("CompanyName",), "company_name"),
    "email": (("PrimaryEmailAddr", "Address"), "email"),
    "phone": (("PrimaryPhone", "FreeFormNumber"), "phone"),
    "billing_line1": (("BillAddr", "Line1"), "billing_address"),
    "billing_city": (("BillAddr", "City"), "billing_address"),
}
EDITED = list(PLACES)
BIRTHMARK = ("Fax", "FreeFormNumber")  # given at birth and never edited: it tells who is who
MOST_DRAINS = 20  # at rest, until nothing is due
LATE_COMMIT = 131  # seconds after which a lost write may be sent again


class Broken(AssertionError):
    """A guarantee did not hold."""

    def __init__(self, guarantee: str, told: str) -> None:
        self.guarantee = guarantee
        super().__init__(f"{guarantee}: {told}")


class Killed(BaseException):
    """The worker died here."""


def read_there(customer: dict[str, Any], place: tuple[str, ...]) -> str:
    value: Any = customer
    for name in place:
        value = (value or {}).get(name)
    text = str(value or "")
    if place == ("DisplayName",) and customer.get("Active") is False:
        text = text.removesuffix(" (deleted)")
    return text


def read_here(contact: Contact, name: str) -> str:
    if not name.startswith("billing_"):
        return str(getattr(contact, name))
    address = contact.addresses.filter(kind="billing").first()
    return getattr(address, name.removeprefix("billing_"), "") if address else ""


@dataclass
class History:
    """What happened so far, and what can happen next."""

    quickbooks: Emulator
    actor: Actor
    connection: Connection
    ahead: timedelta = timedelta()
    tokens: Iterator[int] = field(default_factory=lambda: count(1))
    written: dict[str, str] = field(default_factory=dict)  # value -> what it was written to
    seen_over: set[str] = field(default_factory=set)  # values whose overwriter had seen them
    lives: dict[str, list[str]] = field(default_factory=dict)  # birthmark -> "end" or "begin"
    merged: set[str] = field(default_factory=set)  # birthmarks that vanished into another
    edits: dict[str, set[Side]] = field(default_factory=dict)  # "birthmark group" -> who edited
    replaced: dict[Side, set[str]] = field(default_factory=lambda: {each: set() for each in Side})
    heard: list[dict[str, Any]] = field(default_factory=list)  # webhooks on their way to us
    merges: list[dict[str, Any]] = field(
        default_factory=list
    )  # come at last: no feed tells of them
    cursor: datetime | None = None
    told: list[str] = field(default_factory=list)  # for people who read a failure

    @classmethod
    def begin(cls, quickbooks: Emulator) -> History:
        Connection.objects.update(state=Connection.State.DISCONNECTED)
        firm = make_firm()
        quickbooks.reset("empty", limits=False, webhook_retry=False)
        quickbooks.webhooks(url="http://127.0.0.1:9/nobody", hold=True)
        connection = connect(firm, quickbooks.base_url)
        return cls(quickbooks=quickbooks, actor=make_actor(firm), connection=connection)

    @property
    def now(self) -> datetime:
        return timezone.now() + self.ahead

    def token(self) -> str:
        return f"t{next(self.tokens)}x"

    # -- people here -----------------------------------------------------------------------------

    @property
    def contacts(self) -> list[Contact]:
        return list(Contact.objects.for_firm(self.actor.firm_id).order_by("pk"))

    def create_here(self, under: Contact | None = None) -> None:
        birth = f"b{self.token()}"
        self._note(birth, "display_name", name := self.token())
        services.create_contact(
            actor=self.actor,
            values={
                "display_name": name,
                "fax": birth,
                "parent_id": under and under.pk,
                "bill_with_parent": under is not None,
            },
            now=self.now,
        )
        self.told.append(f"created here: {birth} as {name}")

    def edit_here(self, contact: Contact, name: str, *, clear: bool = False) -> None:
        contact.refresh_from_db()
        value = "" if clear and name != "display_name" else self.token()
        value = f"{value}@x.org" if value and name == "email" else value
        self._note(contact.fax, name, value, over=read_here(contact, name), side=Side.LOCAL)
        services.update_contact(
            actor=self.actor,
            contact=contact,
            version=contact.version,
            changes={name: value},
            now=self.now,
        )
        self.told.append(f"edited here: {contact.fax} {name}={value!r}")

    def archive_here(self, contact: Contact) -> None:
        self._turn(contact.fax, "end" if not contact.is_archived else "begin")
        act = services.restore_contact if contact.is_archived else services.archive_contact
        act(actor=self.actor, contact=contact, now=self.now)
        self.told.append(f"{act.__name__}: {contact.fax}")

    # -- people there ----------------------------------------------------------------------------

    @property
    def customers(self) -> list[dict[str, Any]]:
        return sorted(self.quickbooks.objects(), key=lambda each: int(each["Id"]))

    def create_there(self) -> None:
        birth = f"b{self.token()}"
        self._note(birth, "display_name", name := self.token())
        self.quickbooks.create(name, Fax={"FreeFormNumber": birth})
        self.told.append(f"created there: {birth} as {name}")

    def edit_there(self, customer: dict[str, Any], name: str, *, clear: bool = False) -> None:
        customer = self.quickbooks.stored(customer["Id"])
        place, _ = PLACES[name]
        value = "" if clear and name != "display_name" else self.token()
        value = f"{value}@x.org" if value and name == "email" else value
        birth = read_there(customer, BIRTHMARK)
        self._note(birth, name, value, over=read_there(customer, place), side=Side.REMOTE)
        fields: dict[str, Any] = {place[0]: value}
        if len(place) == 2:
            fields = {place[0]: {**(customer.get(place[0]) or {}), place[1]: value}}
        self.quickbooks.edit(customer["Id"], **fields)
        self.told.append(f"edited there: {birth} {name}={value!r}")

    def _has_family(self, customer: dict[str, Any]) -> bool:
        parents = [each["ParentRef"]["value"] for each in self.customers if "ParentRef" in each]
        return customer["Id"] in parents or "ParentRef" in customer

    def inactivate_there(self, customer: dict[str, Any]) -> None:
        if self._has_family(customer):
            return  # QuickBooks refuses some of these
        birth = read_there(customer, BIRTHMARK)
        if customer["Active"]:
            self._turn(birth, "end")
            self.quickbooks.inactivate(customer["Id"])
        else:
            self._turn(birth, "begin")
            self.quickbooks.act("reactivate", customer["Id"])
        self.told.append(f"{self.lives[birth][-1]} there: {birth}")

    def merge_there(self, gone: dict[str, Any], into: dict[str, Any]) -> None:
        in_families = self._has_family(gone) or self._has_family(into)
        if gone["Id"] == into["Id"] or in_families or not (gone["Active"] and into["Active"]):
            return
        self.merged.add(read_there(gone, BIRTHMARK))
        self.collect_webhooks()
        before = len(self.heard)
        self.quickbooks.act("merge", gone["Id"], into=into["Id"])
        self.collect_webhooks()
        self.merges += self.heard[before:]
        self.told.append(f"merged there: {read_there(gone, BIRTHMARK)} into {into['Id']}")

    def _note(
        self, birth: str, name: str, value: str, *, over: str = "", side: Side | None = None
    ) -> None:
        if value:
            self.written[value] = f"{name} of {birth}"
        if over:
            self.seen_over.add(over)
        if side is not None:
            self.replaced[side].add(over)
            self.edits.setdefault(f"{birth} {PLACES[name][1]}", set()).add(side)

    def _turn(self, birth: str, way: str) -> None:
        self.lives.setdefault(birth, []).append(way)

    # -- the sync --------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)
        self.quickbooks.advance(seconds)
        CallBudget.objects.update(next_at=None, rests_until=None)  # its clock is the database's
        self.told.append(f"{seconds:g} s pass")

    def sync(self, *, feed: bool = False, dies_at: str = "", meanwhile: Any = None) -> None:
        """One drain, which may die; `meanwhile` happens once, just before its first request."""
        if feed:
            Cursor.objects.filter(connection=self.connection).update(wanted_at=self.now)
        died = ""
        try:
            with dying(dies_at), before_sending(meanwhile):
                engine.drain(self.connection, now=self.now)
        except Killed:
            died = f", died: {dies_at}"
        self.told.append(f"drained{' with the feed' if feed else ''}{died}")
        self._check_cursor()
        self._check_nothing_came_back()
        faults = Issue.objects.filter(connection=self.connection, kind=Issue.Kind.INTERNAL)
        if faults.exists():
            raise Broken("P1", "an error of our own: the log tells which")

    def _check_cursor(self) -> None:
        value = Cursor.objects.get(connection=self.connection).value
        if self.cursor is not None and value < self.cursor:
            raise Broken("P10", f"the cursor went back from {self.cursor} to {value}")
        self.cursor = value

    def _check_nothing_came_back(self) -> None:
        """No value that a person replaced is written there again by the sync."""
        if self.merged:
            return  # a merge brings another record's values
        here = {read_here(each, name) for each in self.contacts for name in PLACES}
        if back := here & self.replaced[Side.LOCAL] - {""}:
            raise Broken("P19", f"{back} came back here though somebody had replaced it")

    def collect_webhooks(self) -> None:
        """What QuickBooks has sent by now is on its way."""
        before = len(self.quickbooks.webhooks()["attempts"])
        self.heard += self.quickbooks.webhooks(flush=True)["attempts"][before:]

    def deliver(self, webhook: dict[str, Any]) -> None:
        headers = {"intuit-signature": webhook["signature"]}
        headers["Content-Type"] = webhook["content_type"]
        body = webhook["body"].encode()
        notices = get_provider("quickbooks").read_webhook(headers=headers, body=body)
        inbox.hear(notices, provider="quickbooks", now=self.now)
        self.told.append(f"webhook: {[(each.operation, each.remote_id) for each in notices]}")

    def decide(self, issue: Issue, keep: Side) -> None:
        """A person answers all of a conflict on what the issue shows."""
        for group in issue.detail["groups"]:
            self.seen_over |= {str(value) for value in group[keep.other].values()}
            # Of a group that is kept whole, parts come back that were replaced before.
            self.replaced[keep.other] -= {str(value) for value in group[keep].values()}
            if group["group"] == "life":
                self._turn(read_birth(issue.link), str(group[keep]["life"]))
        keeps = {group["group"]: keep for group in issue.detail["groups"]}
        resolving.decide(actor=self.actor, issue=issue, keep=keeps, now=self.now)
        self.told.append(f"decided {keeps} of {issue.link}: {issue.detail['groups']}")

    @property
    def conflicts(self) -> list[Issue]:
        found = Issue.objects.filter(connection=self.connection, kind=Issue.Kind.CONFLICT)
        return list(found.filter(state=Issue.State.OPEN, decided_at=None).order_by("pk"))

    # -- the end ---------------------------------------------------------------------------------

    def rest(self) -> None:
        """
        Faults and edits stop, and all is worked off.

        People sign in again, press Retry, and confirm what is held.
        """
        self.quickbooks.clear_faults()
        self.quickbooks.switch(read_lag_seconds=None, id_read_lag_seconds=None)
        self.told.append("-- at rest --")
        for webhook in self.merges:
            self.deliver(webhook)
        for has_feed in (True, False, True, False):
            self.advance(LATE_COMMIT)
            Connection.objects.filter(pk=self.connection.pk).update(
                not_before=None, state=Connection.State.CONNECTED
            )
            connections.release_hold(actor=self.actor, connection=self.connection, now=self.now)
            resolving.retry_all(actor=self.actor, connection=self.connection, now=self.now)
            self.sync(feed=has_feed)
            for _ in range(MOST_DRAINS):
                if not engine.is_due(self.connection, now=self.now):
                    break
                self.sync()
            else:
                raise Broken("P2", "a pair is due again and again, though nothing happens")

    def check(self) -> None:
        """P1-P7, P10-P14, P18 and P19, at rest."""
        sides = Sides(self)
        sides.check_issues()
        sides.check_births()
        sides.check_counts()
        sides.check_equal()
        sides.check_values()
        sides.check_lives()
        self.check_stable()

    def check_stable(self) -> None:
        before = self._state()
        self.advance(60)
        self.sync(feed=True)
        after = self._state()
        changed = {
            name: (before[name], after[name]) for name in before if before[name] != after[name]
        }
        metered = changed.pop("metered", (0, 0))
        if changed or metered[1] - metered[0] > 1:
            raise Broken("P2", f"the next round was not quiet: {changed}, {metered} reads")

    def _state(self) -> dict[str, Any]:
        counts = self.quickbooks.counts()
        links = Link.objects.filter(connection=self.connection).order_by("pk")
        return {
            "writes": counts["writes"],
            "metered": counts["metered"],
            "contacts": [(each.pk, each.version) for each in self.contacts],
            "links": list(links.values("pk", "base", "seen", "state", "remote_version", "wake_at")),
            "bells": OutboxEntry.objects.filter(connection=self.connection).count(),
        }


def _is_for_a_person(issue: Issue) -> bool:
    """Whether it may still be open when all is worked off: only a person can mend it."""
    kinds = {Issue.Kind.CONFLICT, Issue.Kind.MERGED_THERE, Issue.Kind.INACTIVE_REFERENCE}
    return issue.kind in kinds or "active sub-customers" in issue.detail.get("message", "")


def read_birth(link: Link) -> str:
    return Contact.objects.get(pk=link.local_id).fax


class Sides:
    """Both sides and the links between them, read once at the end."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.contacts = {each.pk: each for each in history.contacts}
        self.customers = {each["Id"]: each for each in history.customers}
        self.links = list(
            Link.objects.filter(connection=history.connection).exclude(state="former")
        )
        self.versions = history.quickbooks.history()
        open_issues = Issue.objects.filter(
            connection=history.connection, state=Issue.State.OPEN
        ).select_related("link")
        self.issues = list(open_issues)
        self.told_of = {each.link_id for each in self.issues if each.kind != Issue.Kind.CONFLICT}
        self.contested = {
            each.link_id: {group["group"] for group in each.detail["groups"]}
            for each in self.issues
            if each.kind == Issue.Kind.CONFLICT
        }

    def check_issues(self) -> None:
        """P3, P19: nobody is asked about what only one side changed, or what did not happen."""
        for issue in self.issues:
            is_there = issue.link.remote_id in self.customers
            if issue.kind == Issue.Kind.MERGED_THERE and is_there:
                raise Broken("P19", f"taken for merged or gone, and is not: {issue.sentence}")
            if issue.kind != Issue.Kind.CONFLICT or self.history.merged:
                continue
            for group in self.contested[issue.link_id] - {"life"}:
                editors = self.history.edits.get(f"{read_birth(issue.link)} {group}", set())
                if len(editors) < 2:
                    raise Broken("P3", f"only {editors} changed {group} of {issue.link}")

    def check_counts(self) -> None:
        counts = self.history.quickbooks.counts()
        if counts["overwritten_unseen"]:
            raise Broken("P14", f"{counts['overwritten_unseen']} versions overwritten unseen")
        # A create without a known outcome goes again as it was, also under a parent merged since.
        if counts["unknown_references"] and not self.history.merged:
            raise Broken("P13", f"{counts['unknown_references']} unknown references")
        if counts["request_ids_created_twice"]:
            raise Broken("P5", "one request id made two records")
        self._check_echoes()
        odd = [str(each) for each in self.issues if not _is_for_a_person(each)]
        if odd or Intent.objects.filter(link__connection=self.history.connection).exists():
            told = [(each.kind, each.sentence, each.detail) for each in self.issues]
            raise Broken("P1", f"not at rest: {told}")

    def _check_echoes(self) -> None:
        """Each write of ours changed something there."""
        last: dict[str, dict[str, Any]] = {}
        for version in self.versions:
            fields = {
                name: value
                for name, value in version["fields"].items()
                if name not in ("SyncToken", "MetaData")
            }
            if version["by"] == "api" and last.get(version["id"]) == fields:
                raise Broken("P11", f"customer {version['id']} was written without a change")
            last[version["id"]] = fields

    def check_births(self) -> None:
        """P5, P6, P7: each record was made once on the other side, and is there."""
        made: dict[str, int] = {}
        for version in self.versions:
            if version["operation"].lower() == "create":
                birth = read_there(version["fields"], BIRTHMARK)
                made[birth] = made.get(birth, 0) + 1
        here = [each.fax for each in self.contacts.values()]
        for birth in {*made, *here}:
            if made.get(birth, 0) > 1:
                raise Broken("P5", f"{made[birth]} customers were made of {birth}")
            if here.count(birth) > 1 and not self.history.merged:
                raise Broken("P5", f"{here.count(birth)} contacts were made of {birth}")
        # Who waits for a parent that a person was told of is told of with it.
        told_of = {
            each.local_id for each in self.links if self.told_of & {each.pk, each.blocked_on_id}
        }
        linked_here = {each.local_id for each in self.links if each.remote_id} | told_of
        linked_there = {each.remote_id for each in self.links if each.local_id}
        for pk, contact in self.contacts.items():
            if pk not in linked_here and not contact.is_archived:
                raise Broken("P6", f"{contact.fax} is not there, and nobody was told")
        for remote_id, customer in self.customers.items():
            if remote_id not in linked_there and customer["Active"]:
                raise Broken("P6", f"customer {remote_id} is not here, and nobody was told")

    def _pairs(self) -> Iterator[tuple[Link, Contact, dict[str, Any]]]:
        for link in self.links:
            if link.local_id and link.remote_id and link.state == Link.State.LINKED:
                customer = self.customers.get(link.remote_id)
                if customer is None:
                    raise Broken("P7", f"{link} points to a customer that is gone")
                yield link, self.contacts[link.local_id], customer

    def check_equal(self) -> None:
        for link, contact, customer in self._pairs():
            contested = self.contested.get(link.pk, set())
            if "life" in contested or link.pk in self.told_of:
                continue
            if contact.is_archived == customer["Active"]:
                raise Broken("P1", f"{contact.fax}: archived {contact.is_archived}, there not so")
            for name, (place, group) in PLACES.items():
                here, there = read_here(contact, name), read_there(customer, place)
                if here != there and group not in contested:
                    raise Broken("P1", f"{contact.fax}: {name} is {here!r} and {there!r}")
            parent = customer.get("ParentRef", {}).get("value")
            above = next((x.remote_id for x in self.links if x.local_id == contact.parent_id), None)
            if contact.parent_id and parent != above:
                raise Broken("P1", f"{contact.fax}: its parent is {above} and {parent}")

    def check_values(self) -> None:
        """P4, P18, P19: what was written is there, or was replaced by one who had seen it."""
        current = {read_here(each, name) for each in self.contacts.values() for name in PLACES}
        for customer in self.customers.values():
            current |= {read_there(customer, place) for place, _ in PLACES.values()}
        for value, place in self.history.written.items():
            if value in current or value in self.history.seen_over:
                continue
            if place.rpartition(" ")[2] not in self.history.merged:
                raise Broken("P4", f"{value!r} is lost: {place}")

    def check_lives(self) -> None:
        """P7: nothing was archived that nobody archived, nor came back unasked."""
        for link, contact, _ in self._pairs():
            turns = self.history.lives.get(contact.fax, [])
            if contact.is_archived and not turns:
                raise Broken("P7", f"{contact.fax} was archived by nobody")
            asked = "life" in self.contested.get(link.pk, set())
            if set(turns) == {"end"} and not contact.is_archived and not asked:
                raise Broken("P7", f"{contact.fax} came back by itself")


# -- what a worker meets ---------------------------------------------------------------------------


def _die(*_: Any, **__: Any) -> None:
    raise Killed


def _after(act: Callable[..., Any]) -> Callable[..., Any]:
    def done(*args: Any, **more: Any) -> None:
        act(*args, **more)
        raise Killed

    return done


# where it dies -> the step of the engine that is its last, and whether it still does it
DEATHS: dict[str, tuple[str, bool]] = {
    "intent stored": ("integrations.sync.intents.start", False),
    "answer read, not stored": ("integrations.sync.intents.finish", True),
    "answer stored": ("integrations.sync.engine.settle", True),
    "local write done": ("integrations.sync.activity.write", False),
    "feed read, not stored": ("integrations.sync.feed.take_in", False),
    "cursor moved": ("integrations.sync.feed.pull", True),
}


@contextmanager
def dying(step: str) -> Iterator[None]:
    """The first worker that comes to `step` dies there."""
    if not step:
        yield
        return
    place, does_it = DEATHS[step]
    instead = _after(import_string(place)) if does_it else _die
    with mock.patch(place, instead):
        yield


@contextmanager
def before_sending(meanwhile: Callable[[], None] | None) -> Iterator[None]:
    """`meanwhile` happens between what a drain has read and what it sends, once."""
    waiting = [meanwhile] if meanwhile else []
    start = intents.start

    def started(*args: Any, **more: Any) -> Any:
        while waiting:
            waiting.pop()()
        return start(*args, **more)

    with mock.patch.object(intents, "start", started):
        yield
