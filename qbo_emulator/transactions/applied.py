"""
What the lines of a payment use of other transactions: a customer's payment on invoices, a bill
payment on bills, and credits that go into either.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from .. import errors
from ..money import cents, from_cents
from .form import Form
from .links import Link, Links

IsCharge = Callable[[dict[str, Any]], bool]


class Applied:
    """Goes through the lines of one payment while they are settled."""

    def __init__(self, form: Form, kinds: tuple[str, ...]) -> None:
        self.form = form
        self.kinds = kinds
        self.links = Links(form.company.store)
        self._taken: Counter[tuple[str, str]] = Counter()

    def target(self, line: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        """
        What a line links to: its TxnType, its id, its document.

        Raises:
            Fault: 620 for anything but one transaction of a fitting type.
        """
        linked = line.get("LinkedTxn") or []
        if len(linked) != 1:
            raise errors.cannot_link("A payment line links to one transaction.")
        kind, id = linked[0].get("TxnType", ""), linked[0].get("TxnId", "")
        if kind not in self.kinds:
            raise errors.cannot_link(f"Txn Id {id} of type {kind} cannot be linked.")
        refused = errors.cannot_link(f"Txn Id {id} cannot be linked.")
        return kind, id, self.form.known(kind, id, lambda: refused)

    def used(self, kind: str, id: str) -> int:
        """Cents of a transaction that other payments use."""
        return self.links.used(self.form.company.realm, kind, id, but=self.form.id)

    def use(self, line: dict[str, Any], kind: str, id: str, open_cents: int) -> int:
        """
        The cents a line uses, of so many that other payments leave open.

        Raises:
            Fault: 2020 without an amount, 2290 for a negative one, 6000 for more than is open
                (less is used instead where `payment_over_balance` says so).
        """
        if "Amount" not in line:
            raise errors.required_missing("Amount")
        amount = cents(line["Amount"])
        if amount < 0:
            raise errors.negative_amount("Amount")
        left = open_cents - self._taken[kind, id]
        if amount > left:
            if self.form.company.switches.payment_over_balance == "refuse":
                raise errors.business_validation(
                    "The amount applied is more than the open balance of the transaction.", "Line"
                )
            amount = max(left, 0)
        self._taken[kind, id] += amount
        return amount


def links_of(form: Form) -> list[Link]:
    return [
        Link(form.entity.name, form.id, linked["TxnType"], linked["TxnId"], cents(line["Amount"]))
        for line in form.get("Line", [])
        for linked in line["LinkedTxn"]
    ]


def released(document: dict[str, Any], target: str, target_id: str, keep: int) -> dict[str, Any]:
    """The payment with only `keep` cents left on a target; lines that hold none of them go."""
    lines = []
    for line in document.get("Line", []):
        linked = line["LinkedTxn"][0]
        if (linked["TxnType"], linked["TxnId"]) == (target, target_id):
            amount = min(cents(line["Amount"]), keep)
            keep -= amount
            if not amount:
                continue
            line = {**line, "Amount": from_cents(amount)}
        lines.append(line)
    return {**document, "Line": lines}


def within(lines: list[dict[str, Any]], left: int, is_charge: IsCharge) -> list[dict[str, Any]]:
    """
    The lines of a payment that has lost a credit: what it cannot pay any more goes, newest first.

    Args:
        left: cents that are not used; negative where the lines use more than there is.
    """
    kept = []
    for line in reversed(lines):
        if left < 0 and is_charge(line):
            amount = cents(line["Amount"])
            taken = min(amount, -left)
            left += taken
            if taken == amount:
                continue
            line = {**line, "Amount": from_cents(amount - taken)}
        kept.append(line)
    return kept[::-1]
