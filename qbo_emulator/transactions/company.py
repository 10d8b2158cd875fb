"""One company's books, as the rules of transactions look things up in them."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from .. import clock as clocks
from ..jsontext import loads
from ..store import Row, Store
from ..switches import Switches

Ref = dict[str, Any]
# make(entity name, properties): create what QuickBooks creates by itself; returns its row
Make = Callable[[str, dict[str, Any]], Row]

# What an account is for: (AccountType, AccountSubType, its name where it has to be made).
ROLES = {
    "receivable": ("Accounts Receivable", "AccountsReceivable", "Accounts Receivable (A/R)"),
    "payable": ("Accounts Payable", "AccountsPayable", "Accounts Payable (A/P)"),
    "undeposited": ("Other Current Asset", "UndepositedFunds", "Undeposited Funds"),
    "sales tax": ("Other Current Liability", "GlobalTaxPayable", "Sales Tax Payable"),
    "discounts": ("Income", "DiscountsRefundsGiven", "Discounts given"),
    "income": ("Income", "SalesOfProductIncome", "Sales of Product Income"),
    "billable": ("Income", "ServiceFeeIncome", "Services"),
    "opening": ("Equity", "OpeningBalanceEquity", "Opening Balance Equity"),
    "cost of goods": ("Cost of Goods Sold", "SuppliesMaterialsCogs", "Cost of Goods Sold"),
    "inventory": ("Other Current Asset", "Inventory", "Inventory Asset"),
    "cash": ("Bank", "Checking", "Checking"),
    "expense": ("Expense", "OtherMiscellaneousServiceCost", "Uncategorized Expense"),
}


class Company:
    """
    Looks up documents, preferences and accounts of one realm.

    Made anew for each write: what it has read stays as it was.
    """

    def __init__(
        self, store: Store, realm: str, switches: Switches, now: float, make: Make
    ) -> None:
        self.store = store
        self.realm = realm
        self.switches = switches
        self.now = now
        self._make = make
        self._documents: dict[tuple[str, str], dict[str, Any] | None] = {}

    def row(self, entity: str, id: str) -> Row | None:
        """A live object, active or not; None for what is not there, deleted or merged away."""
        row = self.store.get(self.realm, entity, id)
        return None if row is None or row.gone else row

    def find(self, entity: str, id: str) -> dict[str, Any] | None:
        """A live object's document. Not to be changed."""
        key = (entity, id)
        if key not in self._documents:
            row = self.row(entity, id)
            self._documents[key] = None if row is None else loads(row.doc)
        return self._documents[key]

    @cached_property
    def preferences(self) -> dict[str, Any]:
        return self.find("Preferences", "1") or {}

    def preference(self, group: str, name: str, default: Any = None) -> Any:
        return self.preferences.get(group, {}).get(name, default)

    @cached_property
    def today(self) -> str:
        """The server's day: US Pacific for every company (2.4)."""
        return clocks.pacific(datetime.fromtimestamp(self.now, UTC)).date().isoformat()

    def account(self, role: str) -> Ref:
        """
        A reference to the account that plays a role (see ROLES).

        QuickBooks makes such an account when it first needs one; so does this.
        """
        type, subtype, name = ROLES[role]
        found = self.store.db.execute(
            "SELECT id, json_extract(doc, '$.FullyQualifiedName') FROM object"
            " WHERE realm = ? AND entity = 'Account' AND gone IS NULL AND active = 1"
            " AND json_extract(doc, '$.AccountSubType') = ?"
            " AND json_extract(doc, '$.AccountType') = ?"
            " ORDER BY id_number LIMIT 1",
            (self.realm, subtype, type),
        ).fetchone()
        if found is None:
            row = self._make(
                "Account", {"Name": name, "AccountType": type, "AccountSubType": subtype}
            )
            found = (row.id, name)
        return {"value": found[0], "name": found[1]}

    def tax_account(self, rate_id: str) -> str:
        """Where the tax of a rate is owed: its agency's account, else the one for sales tax."""
        rate = self.find("TaxRate", rate_id) or {}
        agency = self.find("TaxAgency", rate.get("AgencyRef", {}).get("value", "")) or {}
        name = f"{agency.get('DisplayName', '')} Payable"
        for row in self.store.named(self.realm, "accounts", name.casefold()):
            if row.active:
                return row.id
        return str(self.account("sales tax")["value"])

    def account_named(self, id: str) -> Ref:
        """The reference as answers show it: with the account's full name."""
        account = self.find("Account", id) or {}
        name = account.get("FullyQualifiedName")
        return {"value": id, "name": name} if name else {"value": id}
