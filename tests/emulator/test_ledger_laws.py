"""Whatever is written in whatever order, the books stay in balance (5.3, 9)."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qbo_emulator.books import Actor
from qbo_emulator.emulator import Emulator
from qbo_emulator.entities import BY_NAME
from qbo_emulator.errors import Fault
from qbo_emulator.jsontext import loads
from qbo_emulator.money import cents
from qbo_emulator.transactions.flow import links_of
from qbo_emulator.transactions.links import MARK

APP = Actor("api", "Robin Carlson")
KINDS = ("Invoice", "Payment", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate", "Deposit")
CUSTOMERS = ("1", "2", "3")

amounts = st.integers(0, 30_000).map(lambda number: Decimal(number) / 100)
steps = st.lists(
    st.tuples(
        st.sampled_from(("sell", "pay", "credit", "deposit", "edit", "unpay", "delete", "void")),
        st.integers(0, 50),
        st.integers(0, 50),
        amounts,
    ),
    min_size=1,
    max_size=14,
)


class World:
    """One company in memory, written to at random; refusals are fine, a broken law is not."""

    def __init__(self, automatic: bool) -> None:
        self.emulator = Emulator()
        self.emulator.ensure_company("empty")
        self.books = self.emulator.books
        self.realm = self.emulator.store.companies()[0]["realm_id"]
        for name in CUSTOMERS:
            parent = {"ParentRef": {"value": "1"}, "BillWithParent": True} if name == "3" else {}
            self.write("Customer", DisplayName=f"Customer {name}", **parent)
        preferences = self.books.preferences(self.realm)["SalesFormsPrefs"]
        changed = {**preferences, "AutoApplyCredit": automatic, "AllowDeposit": True}
        person = Actor("ui", "Sam Park")
        body = {"Id": "1", "sparse": True, "SalesFormsPrefs": changed}
        self.books.write(self.realm, BY_NAME["Preferences"], body, person)

    def write(self, entity: str, **body: Any) -> Any:
        return self.books.write(self.realm, BY_NAME[entity], body, APP)

    def all(self, *entities: str) -> list[dict[str, Any]]:
        return [
            {**loads(row.doc), "kind": row.entity}
            for entity in entities
            for row in self.emulator.store.dump(self.realm, entity)
            if not row.gone
        ]

    # --- Steps ---

    def sell(self, which: int, other: int, amount: Decimal) -> None:
        kind = ("Invoice", "Invoice", "SalesReceipt", "RefundReceipt", "Estimate")[which % 5]
        body: dict[str, Any] = {
            "CustomerRef": {"value": CUSTOMERS[other % 3]},
            "Line": _lines(amount, other),
            "TxnTaxDetail": {"TxnTaxCodeRef": {"value": "23"[which % 2]}},
            "ApplyTaxAfterDiscount": bool(other % 2),
        }
        if kind == "RefundReceipt":
            body["DepositToAccountRef"] = {"value": "35"}
        if kind == "Invoice" and which % 4 == 0:
            body["Deposit"] = amount / 2
        self.write(kind, **body)

    def credit(self, which: int, other: int, amount: Decimal) -> None:
        self.write(
            "CreditMemo", CustomerRef={"value": CUSTOMERS[other % 3]}, Line=_lines(amount, 1)
        )

    def pay(self, which: int, other: int, amount: Decimal) -> None:
        targets = self.all("Invoice", "CreditMemo")
        picked = [targets[(which + step) % len(targets)] for step in range(2)] if targets else []
        lines = [_link(each["kind"], each["Id"], amount / 2) for each in picked]
        customer = CUSTOMERS[other % 3]
        total = amount if other % 4 else Decimal(0)
        self.write("Payment", CustomerRef={"value": customer}, TotalAmt=total, Line=lines)

    def deposit(self, which: int, other: int, amount: Decimal) -> None:
        found = self.all("Payment", "SalesReceipt")
        each = found[which % len(found)]
        line = {"LinkedTxn": [{"TxnId": each["Id"], "TxnType": each["kind"], "TxnLineId": "0"}]}
        self.write("Deposit", DepositToAccountRef={"value": "35"}, Line=[line])

    def edit(self, which: int, other: int, amount: Decimal) -> None:
        each = self._any(which, "Invoice", "CreditMemo", "SalesReceipt")
        self.write(each["kind"], **_head(each), Line=_lines(amount, other))

    def unpay(self, which: int, other: int, amount: Decimal) -> None:
        each = self._any(which, "Payment")
        change: dict[str, Any] = {"Line": []} if other % 2 else {"TotalAmt": amount}
        self.write("Payment", **_head(each), **change)

    def delete(self, which: int, other: int, amount: Decimal) -> None:
        each = self._any(which, *KINDS)
        self.books.delete(self.realm, BY_NAME[each["kind"]], _head(each), APP)

    def void(self, which: int, other: int, amount: Decimal) -> None:
        each = self._any(which, "Invoice", "Payment", "SalesReceipt")
        self.books.void(self.realm, BY_NAME[each["kind"]], _head(each), APP)

    def _any(self, which: int, *kinds: str) -> dict[str, Any]:
        found = self.all(*kinds)
        return found[which % len(found)]

    # --- Laws ---

    def check(self) -> None:
        self._check_each_entry()
        self._check_balances()
        self._check_totals()
        self._check_links()
        self._check_undeposited()

    def _check_each_entry(self) -> None:
        rows = self.emulator.store.db.execute(
            "SELECT entity, id, SUM(cents) FROM posting GROUP BY entity, id HAVING SUM(cents) <> 0"
        )
        assert rows.fetchall() == []

    def _check_balances(self) -> None:
        ledger = self.books.transactions.ledger
        for customer in self.all("Customer"):
            theirs = [
                each
                for each in self.all("Invoice", "CreditMemo", "Payment")
                if each["CustomerRef"]["value"] == customer["Id"]
            ]
            invoiced = sum(each["Balance"] for each in theirs if each["kind"] == "Invoice")
            credits = sum(each["Balance"] for each in theirs if each["kind"] == "CreditMemo")
            unapplied = sum(each["UnappliedAmt"] for each in theirs if each["kind"] == "Payment")
            owed = ledger.owed(self.realm, f"Customer:{customer['Id']}")
            assert cents(customer["Balance"]) == owed == cents(invoiced - credits - unapplied)

    def _check_totals(self) -> None:
        for each in self.all("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate"):
            signs = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1}
            lines = sum(
                signs.get(line["DetailType"], 0) * Decimal(line.get("Amount", 0))
                for line in each["Line"]
            )
            assert each["TotalAmt"] == lines + each["TxnTaxDetail"]["TotalTax"]
            assert each.get("Balance", 0) >= 0
        for payment in self.all("Payment"):
            assert 0 <= payment["UnappliedAmt"] <= payment["TotalAmt"]

    def _check_links(self) -> None:
        store, links = self.emulator.store, self.books.transactions.links
        for each in self.all(*KINDS):
            row = store.get(self.realm, each["kind"], each["Id"])
            assert row is not None
            form = self.books.transactions._form(row, APP)
            assert links.of(self.realm, row.entity, row.id) == links_of(form)
            on = {(link.entity, link.id) for link in links.on(self.realm, row.entity, row.id)}
            own = {(link.target, link.target_id) for link in links_of(form) if link.kind == MARK}
            shown = {(link["TxnType"], link["TxnId"]) for link in each.get("LinkedTxn", [])}
            assert shown == on | (own if row.entity == "Invoice" else set())

    def _check_undeposited(self) -> None:
        """Undeposited Funds hold what was received and is in no deposit."""
        account = "4"
        waiting = sum(
            Decimal(each["TotalAmt"])
            for each in self.all("Payment", "SalesReceipt")
            if each.get("DepositToAccountRef", {}).get("value") == account
            and not any(link["TxnType"] == "Deposit" for link in each["LinkedTxn"])
        )
        on_forms = sum(Decimal(each.get("Deposit") or 0) for each in self.all("Invoice"))
        held = self.books.transactions.ledger.accounts(self.realm).get(account, 0)
        assert held == cents(waiting + on_forms)

    def delete_everything(self) -> None:
        for kind in ("Deposit", *KINDS):
            while found := self.all(kind):
                self.books.delete(self.realm, BY_NAME[kind], _head(found[0]), APP)
        left = self.emulator.store.db.execute("SELECT COUNT(*) FROM posting").fetchone()[0]
        links = self.emulator.store.db.execute("SELECT COUNT(*) FROM link").fetchone()[0]
        assert (left, links) == (0, 0)


def _head(each: dict[str, Any]) -> dict[str, Any]:
    return {"Id": each["Id"], "SyncToken": each["SyncToken"], "sparse": True}


def _link(kind: str, id: str, amount: Decimal) -> dict[str, Any]:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def _lines(amount: Decimal, other: int) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "Amount": part,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": code}},
        }
        for part, code in ((amount, "TAX"), (Decimal(other), "NON"))
    ]
    if other % 3 == 0:
        detail = {"PercentBased": True, "DiscountPercent": other}
        lines.append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
    return lines


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_the_ledger_balances_and_links_agree_after_every_write_9(
    written: list[tuple[str, int, int, Decimal]], automatic: bool
) -> None:
    world = World(automatic)
    accepted = 0
    for name, which, other, amount in written:
        try:
            getattr(world, name)(which, other, amount)
            accepted += 1
        except (Fault, ZeroDivisionError):  # refused, or nothing there to change
            pass
        world.check()
    world.delete_everything()
    world.emulator.close()
