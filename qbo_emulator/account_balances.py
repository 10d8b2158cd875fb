"""
The balances that accounts show (4.5), brought up to the ledger when somebody looks.

A write never touches account documents: one invoice moves several accounts, and a company has few
readers of them. SyncToken and times of an account stay as they are.
"""

from decimal import Decimal

from .jsontext import dumps, loads
from .ledger import Ledger
from .money import cents, from_cents
from .store import Row, Store

HAVE_A_BALANCE = {"Asset", "Liability", "Equity"}  # income and expense accounts show 0


class AccountBalances:
    """Sets CurrentBalance and CurrentBalanceWithSubAccounts: debits positive, debts negative."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self.store = store
        self.ledger = ledger

    def settle(self, realm: str) -> None:
        """Bring all accounts of a company up to date; quick where nothing moved."""
        moved = self.ledger.take_moved(realm)
        if moved is not None and not moved:
            return
        sums = self.ledger.accounts(realm, moved)
        rows = {row.id: row for row in self.store.dump(realm, "Account") if not row.gone}
        own = {}
        for id, row in rows.items():
            account = loads(row.doc)
            own[id] = cents(account.get("CurrentBalance", 0))
            if moved is None or id in moved:
                has_one = account.get("Classification") in HAVE_A_BALANCE
                own[id] = sums.get(id, 0) if has_one else 0
        whole = dict(own)
        for id, row in rows.items():
            above = rows.get(row.parent)
            while above is not None:
                whole[above.id] += own[id]
                above = rows.get(above.parent)
        for id, row in rows.items():
            self._show(row, own[id], whole[id])

    def _show(self, row: Row, own: int, whole: int) -> None:
        account = loads(row.doc)
        shown = {
            "CurrentBalance": from_cents(own),
            "CurrentBalanceWithSubAccounts": from_cents(whole),
        }
        if any(Decimal(account.get(name, 0)) != value for name, value in shown.items()):
            row.doc = dumps({**account, **shown})
            self.store.set_doc(row)
