"""
Both sides of a ledger and the links between them, read once at the end and compared.

Read apart from the product's mapping: ours as rows, theirs as the emulator stores them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from billing.models import Invoice
from billing.queries import balances_of
from contacts.models import Contact
from integrations.models import Activity, Intent, Issue, Link
from tests.integrations.births import birth_here, birth_there
from tests.integrations.history import PLACES, Broken, read_here, read_there
from tests.integrations.ledger import (
    ANSWERS,
    RESOURCES,
    Ledger,
    texts_in,
)
from tests.integrations.ledger_money import check_money

# group -> value, compared as a whole; "life" is whether it still counts
Facts = dict[str, Any]
ZERO = Decimal(0)
METHODS = {"": "", "1": "Cash", "2": "Check"}
# What only a person can mend, whatever the sync does.
OF_PEOPLE = {Issue.Kind.CONFLICT, Issue.Kind.MERGED_THERE, Issue.Kind.INACTIVE_REFERENCE}


def check(ledger: Ledger) -> None:
    """
    P1-P14 and P17-P19, at rest.

    Raises:
        Broken: names the first that does not hold.
    """
    accounts = Accounts(ledger)
    accounts.check_issues()
    accounts.check_counts()
    accounts.check_births()
    accounts.check_equal()
    accounts.check_splits()
    accounts.check_lines()
    accounts.check_lives()
    accounts.check_values()
    accounts.check_log()
    check_money(ledger, accounts.unsettled())
    ledger.check_stable()


class Accounts:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rows = {name: {row.pk: row for row in ledger.rows(name)} for name in RESOURCES}
        self.docs = {
            name: {doc["Id"]: doc for doc in ledger.quickbooks.objects(resource)}
            for name, resource in RESOURCES.items()
        }
        self.owed = balances_of(Invoice.objects.for_firm(ledger.actor.firm_id))
        pairs = Link.objects.filter(connection=ledger.connection).exclude(state="former")
        self.links = {each.pk: each for each in pairs.order_by("pk")}
        self.by_local = {(x.entity, x.local_id): x for x in self.links.values() if x.local_id}
        self.by_remote = {(x.entity, x.remote_id): x for x in self.links.values() if x.remote_id}
        asked = Issue.objects.filter(connection=ledger.connection, state=Issue.State.OPEN)
        self.issues = list(asked.select_related("link"))
        self.told_of = {each.link_id for each in self.issues if each.kind != Issue.Kind.CONFLICT}
        self.contested = {
            each.link_id: {group["group"] for group in each.detail["groups"]}
            for each in self.issues
            if each.kind == Issue.Kind.CONFLICT
        }

    # -- what people were told ---------------------------------------------------------------------

    def check_issues(self) -> None:
        """P1, P3, P19: nobody is asked without a reason."""
        for issue in self.issues:
            is_there = issue.link.remote_id in self.docs[issue.link.entity]
            if issue.kind == Issue.Kind.MERGED_THERE and is_there:
                raise Broken("P19", f"taken for merged, and is not: {issue.sentence}")
            for group in self.contested.get(issue.link_id, set()) - {"life"}:
                self._check_contest(issue.link, group)
        odd = [
            (each.kind, each.link.entity, each.sentence, each.detail)
            for each in self.issues
            if not self._is_for_a_person(each)
        ]
        left = Intent.objects.filter(link__connection=self.ledger.connection)
        if odd or left:
            raise Broken("P1", f"not at rest: {odd} {list(left.values('operation', 'values'))}")

    def _check_contest(self, link: Link, group: str) -> None:
        birth = self.ledger.birth_of(link)
        editors = self.ledger.edits.get(f"{birth} {group}", set())
        if len(editors) < 2 and not self.ledger.merged and birth not in self.ledger.apart:
            raise Broken("P3", f"only {editors} changed {group} of {link.entity} {birth}")

    def _is_for_a_person(self, issue: Issue) -> bool:
        """Whether it may still be open when all is worked off and all simple questions answered."""
        link = issue.link
        if issue.kind in OF_PEOPLE:
            return True
        if issue.kind == Issue.Kind.HAS_BALANCE:
            return bool(self.docs["contact"][link.remote_id]["Balance"])
        if issue.kind == Issue.Kind.DEPOSITED:
            return bool(self.docs["payment"][link.remote_id].get("LinkedTxn"))
        if issue.kind == Issue.Kind.HELD or issue.kind in ANSWERS:
            return self._is_waiting(link)
        if issue.detail.get("element") == "CustomerRef" and link.entity == "invoice":
            return bool(self.docs["invoice"][link.remote_id]["LinkedTxn"])  # it was paid there
        if "active sub-customers" in issue.detail.get("message", ""):
            return True
        return link.entity == "payment" and self._pays_what_is_contested(link)

    def _pays_what_is_contested(self, link: Link) -> bool:
        """Of an invoice that ended there or was paid twice: a person has to say."""
        if link.local_id is None:
            return False
        paid = self.rows["payment"][link.local_id].parts.values_list("invoice_id", flat=True)
        return any(
            pk is None or self.owed.get(pk, ZERO) < 0 or self._is_unsettled("invoice", pk)
            for pk in paid
        )

    def _is_unsettled(self, entity: str, local_id: int | None) -> bool:
        link = self.by_local.get((entity, local_id))
        return (
            link is None
            or self._is_waiting(link)
            or bool(self.contested.get(link.pk))
            or link.pk in self.ledger.kept_alive
        )

    def _is_waiting(self, link: Link | None, depth: int = 6) -> bool:
        """For a person, or for another pair that does."""
        if link is None or not depth:
            return False
        is_told = link.pk in self.told_of or "life" in self.contested.get(link.pk, set())
        if is_told or link.state in (Link.State.LEFT_OUT, Link.State.MERGED):
            return True
        return self._is_waiting(self.links.get(link.blocked_on_id or 0), depth - 1)

    # -- what the books counted --------------------------------------------------------------------

    def check_counts(self) -> None:
        counts = self.ledger.quickbooks.counts()
        names = {
            "overwritten_unseen": "P14",
            "unknown_references": "P13",
            "request_ids_created_twice": "P5",
        }
        for name, guarantee in names.items():
            # A create without a known outcome goes again as it was, under whom it was.
            if counts[name] and not (guarantee == "P13" and self.ledger.merged):
                raise Broken(guarantee, f"{counts[name]} {name}")
        for resource in RESOURCES.values():
            self._check_echoes(resource)

    def _check_echoes(self, resource: str) -> None:
        """P11: each write of ours changed something there."""
        last: dict[str, Any] = {}
        for version in self.ledger.quickbooks.history(entity=resource):
            fields = {
                name: value
                for name, value in version["fields"].items()
                if name not in ("SyncToken", "MetaData")
            }
            if version["by"] == "api" and last.get(version["id"]) == fields:
                raise Broken("P11", f"{resource} {version['id']} was written without a change")
            last[version["id"]] = fields

    # -- births and ends ---------------------------------------------------------------------------

    def check_births(self) -> None:
        """P5, P6: each record was made once on the other side, and is there."""
        for entity, resource in RESOURCES.items():
            made: dict[str, int] = {}
            for version in self.ledger.quickbooks.history(entity=resource):
                birth = birth_there(resource, version["fields"])
                if version["operation"].lower() == "create" and birth:
                    made[birth] = made.get(birth, 0) + 1
            here: dict[str, list[Any]] = {}
            for row in self.rows[entity].values():
                here.setdefault(birth_here(row), []).append(row)
            for birth in {*made, *here} - {""}:  # "": of the sample company
                rows = here.get(birth, [])
                if made.get(birth, 0) > 1 or (len(rows) > 1 and not self.ledger.merged):
                    raise Broken("P5", f"{birth}: {made.get(birth)} x there, {len(rows)} x here")
                if not (made.get(birth) and rows) and not self._may_be_alone(entity, birth, rows):
                    raise Broken("P6", f"{entity} {birth} is on one side only, nobody was told")

    def _may_be_alone(self, entity: str, birth: str, rows: list[Any]) -> bool:
        if birth in self.ledger.ended or birth in self.ledger.lives or birth in self.ledger.merged:
            return True
        if rows:
            is_draft = getattr(rows[0], "status", "") == "draft"
            return is_draft or self._is_waiting(self.by_local.get((entity, rows[0].pk)))
        resource = RESOURCES[entity]
        ids = [pk for pk, doc in self.docs[entity].items() if birth_there(resource, doc) == birth]
        return any(self._is_waiting(self.by_remote.get((entity, each))) for each in ids)

    def _pairs(self) -> Iterator[tuple[Link, Any, dict[str, Any] | None]]:
        for link in self.links.values():
            if link.local_id and link.remote_id and link.state == Link.State.LINKED:
                row = self.rows[link.entity][link.local_id]
                if birth_here(row):
                    yield link, row, self.docs[link.entity].get(link.remote_id)

    def check_lives(self) -> None:
        """P7: nothing ended that nobody ended, nor came back unasked."""
        for link, row, _ in self._pairs():
            birth, is_over = birth_here(row), not here_of(row)["life"]
            turns = set(self.ledger.lives.get(birth, []))
            asked_to_end = birth in self.ledger.ended or bool(turns - {"begin"})
            if is_over and not asked_to_end:
                raise Broken("P7", f"{link.entity} {birth} was ended by nobody")
            is_contested = self._is_waiting(link) or link.pk in self.ledger.kept_alive
            only_ended = birth in self.ledger.ended or turns == {"end"}
            if only_ended and not is_over and not is_contested:
                raise Broken("P7", f"{link.entity} {birth} came back by itself")

    # -- what they hold ----------------------------------------------------------------------------

    def check_equal(self) -> None:
        """P1, P7: what both hold is the same, group by group."""
        for link, row, doc in self._pairs():
            contested = self.contested.get(link.pk, set())
            if "life" in contested or link.pk in self.ledger.kept_alive:
                continue
            here, there = here_of(row), self._there_of(link.entity, doc)
            if link.pk in self.told_of:
                self._check_refused(link, here, there)
                continue
            if here["life"] != there["life"]:
                raise Broken("P7", f"{link.entity} {birth_here(row)}: {here} here, {there} there")
            if not here["life"] and link.entity in ("invoice", "payment"):
                continue  # void zeroes the rest there
            for group in there.keys() - contested - {"life"}:
                if not self._same(link, group, here[group], there[group]):
                    raise Broken(
                        "P1",
                        f"{link.entity} {birth_here(row)}: {group} is {here[group]} here "
                        f"and {there[group]} there",
                    )

    def _check_refused(self, link: Link, here: Facts, there: Facts) -> None:
        """P7: a void that the books refused is none here either (ledger rule 23)."""
        is_deposited = any(
            each.link_id == link.pk and each.kind == Issue.Kind.DEPOSITED for each in self.issues
        )
        if is_deposited and here["life"] != there["life"]:
            raise Broken("P7", f"payment {here['reference']} was not voided there, and is here")

    def _same(self, link: Link, group: str, here: Any, there: Any) -> bool:
        """Ours in their ids. A record that does not sync is pointed to by nobody here."""
        if group in ("contact", "parent"):
            pair = self.by_local.get(("contact", here))
            return here == there or pair is None or pair.remote_id == there
        if group == "number":
            is_ours = self.rows["invoice"][link.local_id or 0].is_numbered_here
            return here == there or (is_ours and not self.ledger.sends_numbers)
        if group == "split":
            if self._pays_what_is_contested(link):
                return True
            return here[0] == there[0] and self._in_their_ids(here[1]) == there[1]
        if group == "money":
            items = [self.by_local.get(("service_item", pk)) for pk, *_ in here["lines"]]
            for pair, ours, theirs in zip(items, here["lines"], there["lines"], strict=False):
                is_linked = pair is not None and pair.state == Link.State.LINKED
                if ours[1:] != theirs[1:] or (is_linked and pair and pair.remote_id != theirs[0]):
                    return False
            return {**here, "lines": len(here["lines"])} == {**there, "lines": len(there["lines"])}
        return bool(here == there)

    def _in_their_ids(self, parts: dict[Any, Decimal]) -> dict[str, Decimal]:
        turned = {}
        for key, amount in parts.items():
            pair = self.by_local.get(("invoice", key))
            turned[f"Invoice:{pair.remote_id}" if pair else str(key)] = amount
        return turned

    def _there_of(self, entity: str, doc: dict[str, Any] | None) -> Facts:
        if doc is None:
            return {"life": False}
        return THERE[entity](doc)

    def check_splits(self) -> None:
        """
        P18: a payment pays what it was made for where nobody changed that. What it leaves over
        QuickBooks may apply by itself.
        """
        there = {doc_id: birth_there("Invoice", x) for doc_id, x in self.docs["invoice"].items()}
        for link, row, doc in self._pairs():
            birth = birth_here(row)
            is_changed = birth in self.ledger.resplit or self._is_waiting(link)
            if link.entity != "payment" or is_changed or not doc or not doc["TotalAmt"]:
                continue
            paid = {each["TxnId"] for line in doc["Line"] for each in line["LinkedTxn"]}
            told = {there.get(each, "") for each in paid} - {""}
            if not told >= self.ledger.splits[birth]:
                raise Broken("P18", f"payment {birth} pays {told}, not {self.ledger.splits[birth]}")

    def check_lines(self) -> None:
        """P8: a line that goes on keeps its id there, and with it what is not modelled."""
        ids: dict[str, dict[str, str]] = {}
        for version in self.ledger.quickbooks.history(entity="Invoice"):
            lines = version["fields"].get("Line") or []
            told = {x["Description"]: x["Id"] for x in lines if x.get("Description") and "Id" in x}
            before = ids.get(version["id"], {})
            moved = [words for words in told if before.get(words, told[words]) != told[words]]
            if version["by"] == "api" and moved:
                raise Broken("P8", f"lines {moved} of invoice {version['id']} have other ids")
            ids[version["id"]] = told

    # -- values and money --------------------------------------------------------------------------

    def check_values(self) -> None:
        """P4, P18, P19: what was written is there, or was replaced by one who had seen it."""
        current: set[str] = set()
        for rows in self.rows.values():
            for row in rows.values():
                current |= set(texts_in(here_of(row)))
        for entity, resource in RESOURCES.items():
            for doc in self.docs[entity].values():
                if birth_there(resource, doc):
                    current |= {text.removesuffix(" (deleted)") for text in texts_in(doc)}
        over = self.ledger.ended | self.ledger.merged
        for value, place in self.ledger.written.items():
            if value in current or value in self.ledger.seen_over:
                continue
            if place.rpartition(" ")[2] not in over:  # what was ended is no longer shown
                raise Broken("P4", f"{value!r} is lost: {place}")

    def check_log(self) -> None:
        """P17: the activity of a pair, replayed from its birth, gives what it holds today."""
        for link, row, _ in self._pairs():
            birth, contested = birth_here(row), self.contested.get(link.pk)
            is_open = self._is_waiting(link) or contested or link.pk in self.ledger.kept_alive
            # Of what ended nothing but its end is told any more.
            if is_open or birth in self.ledger.apart | self.ledger.merged | self.ledger.ended:
                continue
            told: dict[str, Any] = {}
            entries = Activity.objects.filter(link_id=link.pk, result="done").order_by("at")
            for after in entries.values_list("after", flat=True):
                told |= after
            for name, read in LOGGED[link.entity].items():
                if (replayed := read(told.get(name, ""))) != (today := read(_today(row, name))):
                    raise Broken(
                        "P17", f"{link.entity} {birth}: {name} is {today}, by its log {replayed}"
                    )

    def unsettled(self) -> dict[str, set[str]]:
        """Their ids of what a person has yet to decide about, and of what hangs on that."""
        apart: dict[str, set[str]] = {"invoice": set(), "payment": set()}
        for pk in self.rows["invoice"]:
            if self._is_unsettled("invoice", pk):
                self._set_apart(apart, "invoice", pk)
        for pk, row in self.rows["payment"].items():
            paid = [x for x in row.parts.values_list("invoice_id", flat=True) if x is not None]
            hangs_on = any(self._is_unsettled("invoice", each) for each in paid)
            if self._is_unsettled("payment", pk):
                for each in paid:
                    self._set_apart(apart, "invoice", each)
            if hangs_on or self._is_unsettled("payment", pk):
                self._set_apart(apart, "payment", pk)
        return apart

    def _set_apart(self, apart: dict[str, set[str]], entity: str, local_id: int) -> None:
        link = self.by_local.get((entity, local_id))
        if link is not None and link.remote_id is not None:
            apart[entity].add(link.remote_id)


# -- one record, on one side -----------------------------------------------------------------------


def here_of(row: Any) -> Facts:
    return HERE[type(row).__name__](row)


def _contact_here(row: Any) -> Facts:
    told: Facts = {"life": not row.is_archived, "parent": row.parent_id}
    for name, (_, group) in PLACES.items():
        told.setdefault(group, {})[name] = read_here(row, name)
    return told


def _contact_there(doc: dict[str, Any]) -> Facts:
    told: Facts = {"life": doc["Active"], "parent": doc.get("ParentRef", {}).get("value")}
    for name, (place, group) in PLACES.items():
        told.setdefault(group, {})[name] = read_there(doc, place)
    return told


def _item_here(row: Any) -> Facts:
    return {
        "life": not row.is_archived,
        "name": row.name,
        "description": row.description,
        "rate": row.rate,
    }


def _item_there(doc: dict[str, Any]) -> Facts:
    return {
        "life": doc["Active"],
        "name": read_there(doc, ("Name",)).removesuffix("" if doc["Active"] else " (deleted)"),
        "description": doc.get("Description", ""),
        "rate": _decimal(doc.get("UnitPrice")),
    }


def _invoice_here(row: Any) -> Facts:
    rows = row.lines.order_by("position")
    lines = [(each.service_item_id, each.description, each.amount) for each in rows]
    return {
        "life": not row.is_void,
        "contact": row.contact_id,
        "number": row.number,
        "dates": (row.issued_on.isoformat(), row.due_on.isoformat()),
        "message": row.message,
        "money": {
            "lines": lines,
            "discount": row.discount,
            "tax": row.tax,
            "total": row.total,
        },
    }


def _invoice_there(doc: dict[str, Any]) -> Facts:
    lines = [
        (
            each["SalesItemLineDetail"]["ItemRef"]["value"],
            each.get("Description", ""),
            _decimal(each["Amount"]),
        )
        for each in doc["Line"]
        if each["DetailType"] == "SalesItemLineDetail"
    ]
    off = [_decimal(x["Amount"]) for x in doc["Line"] if x["DetailType"] == "DiscountLineDetail"]
    return {
        "life": bool(doc["TotalAmt"]),
        "contact": doc["CustomerRef"]["value"],
        "number": doc.get("DocNumber", ""),
        "dates": (doc["TxnDate"], doc["DueDate"]),
        "message": doc["CustomerMemo"]["value"],
        "money": {
            "lines": lines,
            "discount": sum(off, ZERO),
            "tax": _decimal((doc.get("TxnTaxDetail") or {}).get("TotalTax")),
            "total": _decimal(doc["TotalAmt"]),
        },
    }


def _payment_here(row: Any) -> Facts:
    parts: dict[Any, Decimal] = {}
    for each in row.parts.select_related("invoice"):
        if each.invoice is None:
            parts[each.books_txn] = each.amount
        elif not each.invoice.is_void:  # a void one is paid by nothing
            parts[each.invoice_id] = each.amount
    return {
        "life": not row.is_void,
        "contact": row.contact_id,
        "received_on": row.received_on.isoformat(),
        "method": row.method,
        "reference": row.reference,
        "split": (row.amount, parts),
    }


def _payment_there(doc: dict[str, Any]) -> Facts:
    parts: dict[str, Decimal] = {}
    for line in doc["Line"]:
        for each in line["LinkedTxn"]:
            key = f"{each['TxnType']}:{each['TxnId']}"
            parts[key] = parts.get(key, ZERO) + _decimal(line["Amount"])
    return {
        "life": bool(doc["TotalAmt"]),
        "contact": doc["CustomerRef"]["value"],
        "received_on": doc["TxnDate"],
        "method": METHODS[(doc.get("PaymentMethodRef") or {}).get("value", "")],
        "reference": doc.get("PaymentRefNum", ""),
        "split": (_decimal(doc["TotalAmt"]), parts),
    }


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _today(row: Any, name: str) -> Any:
    """A value of ours as the log tells it."""
    if isinstance(row, Contact):
        return read_here(row, name)
    if name != "lines":
        return getattr(row, name)
    rows = row.lines.order_by("position")
    return [{"description": each.description, "amount": each.amount} for each in rows]


def _lines(told: Any) -> list[tuple[str, Decimal]]:
    return [(each["description"], _decimal(each["amount"])) for each in told or ()]


# What the log tells of each entity, and how to read it.
LOGGED: dict[str, dict[str, Callable[[Any], Any]]] = {
    "contact": dict.fromkeys(PLACES, str),
    "service_item": {"name": str, "description": str, "rate": _decimal},
    "invoice": {"message": str, "issued_on": str, "due_on": str, "lines": _lines},
    "payment": {"reference": str, "received_on": str, "method": str, "amount": _decimal},
}


HERE = {
    "Contact": _contact_here,
    "ServiceItem": _item_here,
    "Invoice": _invoice_here,
    "Payment": _payment_here,
}
THERE = {
    "contact": _contact_there,
    "service_item": _item_there,
    "invoice": _invoice_there,
    "payment": _payment_there,
}
