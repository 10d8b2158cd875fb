"""A transaction while it is being written."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..errors import Fault
from ..money import rounded
from .company import Company, Ref
from .hours import charge_of

if TYPE_CHECKING:
    from ..entities import Entity

CHARGES = ("StatementCharge", "ReimburseCharge", "TimeActivity", "ChargeCredit")


@dataclass
class Form:
    """
    What the stations of a write work on.

    Args:
        document: as it will be stored; the stations complete it.
        before: the stored document of an update, None for a create.
        sent: the names of the properties that this request brought.
        include: words of the `include` parameter, in lower case.
        used: money of other transactions that is applied to this one (payments on an invoice).
    """

    entity: "Entity"
    company: Company
    document: dict[str, Any]
    before: dict[str, Any] | None
    sent: frozenset[str]
    is_person: bool = False
    include: frozenset[str] = frozenset()
    id: str = ""
    used: Decimal = Decimal(0)

    def get(self, name: str, default: Any = None) -> Any:
        return self.document.get(name, default)

    def money(self, name: str) -> Decimal:
        return Decimal(self.document.get(name) or 0)

    def set_money(self, name: str, amount: Decimal) -> None:
        self.document[name] = rounded(amount)

    def ref(self, name: str) -> str:
        """The id a reference of the document holds; "" without one."""
        return str((self.document.get(name) or {}).get("value", ""))

    def was(self, name: str) -> Any:
        return None if self.before is None else self.before.get(name)

    def known(self, entity: str, id: str, refuse: Callable[[], Fault]) -> dict[str, Any]:
        """A document this one refers to; raises what `refuse` makes where there is none."""
        found = self.company.find(entity, id)
        if found is None:
            raise refuse()
        return found

    @property
    def party(self) -> str:
        """Whose it is, as the ledger names it: "Customer:58"; "" for nobody."""
        name = self.entity.party
        id = self.ref(name)
        if not id:
            return ""
        return f"{self.document[name].get('type') or self.entity.party_entity}:{id}"

    @property
    def items(self) -> list[dict[str, Any]]:
        """The lines that sell something, those inside bundles too."""
        lines = []
        for line in self.document.get("Line", []):
            if line["DetailType"] == "SalesItemLineDetail":
                lines.append(line)
            elif line["DetailType"] == "GroupLineDetail":
                inner = line["GroupLineDetail"].get("Line", [])
                lines += [each for each in inner if each["DetailType"] == "SalesItemLineDetail"]
        return lines

    @property
    def charges(self) -> list[dict[str, Any]]:
        """Delayed charges on an invoice: in its total, without a line of their own (4.6.5)."""
        found = []
        for linked in self.document.get("LinkedTxn", []):
            if linked["TxnType"] in CHARGES:
                charge = self.company.find(linked["TxnType"], linked["TxnId"])
                if charge is not None:
                    is_time = linked["TxnType"] == "TimeActivity"
                    found.append(charge_of(charge) if is_time else charge)
        return found

    def account_of(self, line: dict[str, Any]) -> Ref:
        """The income account of an item line."""
        return line["SalesItemLineDetail"].get("ItemAccountRef") or self.company.account("income")
