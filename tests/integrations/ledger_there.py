"""What bookkeepers do in QuickBooks with items, invoices, payments and credits, by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from integrations.reconcile.policy import Side
from tests.integrations.births import birth_in

if TYPE_CHECKING:
    from tests.integrations.ledger import Ledger

Doc = dict[str, Any]

TAX_CODE = "2"
DISCOUNTS = "86"  # the sample company's account
INCOME = "1"
BANK = "35"
METHODS = ["1", "2"]
SALE, DISCOUNT = "SalesItemLineDetail", "DiscountLineDetail"


class There:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def _act(self, operation: str, entity: str, remote_id: str = "", **fields: Any) -> Doc:
        return self.ledger.quickbooks.act(operation, remote_id, entity=entity, fields=fields)

    # -- items -------------------------------------------------------------------------------------

    def make_item(self) -> None:
        ledger = self.ledger
        birth, name = f"b{ledger.token()}", ledger.token()
        with ledger.tried(f"item made there: {birth} as {name}"):
            self._act(
                "create",
                "Item",
                Name=name,
                Sku=birth,
                Type="Service",
                UnitPrice=float(ledger.cents()),
                IncomeAccountRef={"value": INCOME},
            )
            ledger.note(birth, "name", new=[name])

    def change_item(self, item: Doc, what: str) -> None:
        ledger = self.ledger
        item = ledger.quickbooks.stored(item["Id"], "Item")
        place = {"name": "Name", "description": "Description", "rate": "UnitPrice"}[what]
        value: Any = float(ledger.cents()) if what == "rate" else ledger.token()
        new, over = ([], []) if what == "rate" else ([value], [_name(item, place)])
        with ledger.tried(f"item changed there: {item['Sku']} {what} {value}"):
            self._act("update", "Item", item["Id"], **{place: value})
            ledger.note(item["Sku"], what, new=new, over=over, side=Side.REMOTE)

    def end_item(self, item: Doc) -> None:
        act = "inactivate" if item["Active"] else "reactivate"
        with self.ledger.tried(f"item {act}d there: {item['Sku']}"):
            self._act(act, "Item", item["Id"])
            self.ledger._turn(item["Sku"], "end" if item["Active"] else "begin")

    # -- invoices ----------------------------------------------------------------------------------

    def bill(self, *, customer: Doc | None = None, lines: int = 1) -> None:
        ledger = self.ledger
        birth = f"b{ledger.token()}"
        issued_on, due_on = ledger.day("issued_on"), ledger.day("due_on")
        message = f"{birth} {ledger.token()}"
        made = [self._line() for _ in range(lines)]
        is_taxed = any(each[SALE]["TaxCodeRef"]["value"] == "TAX" for each in made)
        tax = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": TAX_CODE}}} if is_taxed else {}
        with ledger.tried(f"billed there: {birth}"):
            self._act(
                "create",
                "Invoice",
                CustomerRef={"value": (customer or ledger.customers[0])["Id"]},
                TxnDate=issued_on.isoformat(),
                DueDate=due_on.isoformat(),
                CustomerMemo={"value": message},
                Line=made,
                **tax,
            )
            ledger.note(birth, "message", new=[message])
            ledger.note(birth, "dates", new=[issued_on.isoformat(), due_on.isoformat()])
            ledger.note(birth, "money", new=[each["Description"] for each in made])

    def _line(self) -> Doc:
        ledger = self.ledger
        items = [each["Id"] for each in ledger.books("Item") if each["Active"]] or ["6"]
        return {
            "Amount": float(ledger.cents()),
            "DetailType": SALE,
            "Description": ledger.token(),
            SALE: {
                "ItemRef": {"value": ledger.chance.choice(items)},
                "TaxCodeRef": {"value": "TAX" if ledger.chance.random() < 0.4 else "NON"},
            },
        }

    def change_bill(self, bill: Doc, what: str) -> None:
        ledger = self.ledger
        bill = ledger.quickbooks.stored(bill["Id"], "Invoice")
        birth, token = birth_in(bill["CustomerMemo"]["value"]), ledger.token()
        if not bill["TotalAmt"]:
            return  # nobody writes into a void one
        if what in ("due_on", "issued_on"):
            place = "DueDate" if what == "due_on" else "TxnDate"
            new, over, group = [ledger.day(what).isoformat()], [bill[place]], "dates"
            fields: Doc = {place: new[0]}
        elif what == "message":
            new, over, group = [f"{birth} {token}"], [bill["CustomerMemo"]["value"]], what
            fields = {"CustomerMemo": {"value": new[0]}}
        elif what == "number":
            new, over, group = [f"Q{token}"], [bill.get("DocNumber", "")], what
            fields = {"DocNumber": new[0]}
        elif what == "contact":
            new, over, group = [], [], what
            fields = {"CustomerRef": {"value": ledger.chance.choice(ledger.customers)["Id"]}}
        else:
            new, over, group = [token], [], "money"
            fields = self._other_lines(bill, what, new, over)
        with ledger.tried(f"changed there: {birth} {what} {new}"):
            self._act("update", "Invoice", bill["Id"], **fields)
            ledger.note(birth, group, new=new, over=over, side=Side.REMOTE)
            if group == "money":
                self._note_splits(bill)

    def _other_lines(self, bill: Doc, what: str, new: list[str], over: list[str]) -> Doc:
        """Whatever changes, one line gets new words, so that it can be told who wrote last."""
        ledger = self.ledger
        lines = [{**each} for each in bill["Line"] if each["DetailType"] == SALE]
        discounts = [each for each in bill["Line"] if each["DetailType"] == DISCOUNT]
        place = ledger.chance.randrange(len(lines))
        over.append(lines[place].get("Description", ""))
        lines[place]["Description"] = new[0]
        drawn = self._line()
        if what == "price":
            detail = {x: y for x, y in lines[place][SALE].items() if x not in ("Qty", "UnitPrice")}
            lines[place] |= {"Amount": drawn["Amount"], SALE: detail}
        elif what == "item":
            lines[place][SALE] = {**lines[place][SALE], "ItemRef": drawn[SALE]["ItemRef"]}
        elif what == "more":
            lines.append(drawn)
            new.append(drawn["Description"])
        elif what == "fewer" and len(lines) > 1:
            over.append(lines.pop(place - 1).get("Description", ""))
        elif what == "discount":
            discounts = []
            if ledger.chance.random() < 0.7:
                detail = {"PercentBased": True, "DiscountPercent": ledger.chance.randint(1, 30)}
                detail["DiscountAccountRef"] = {"value": DISCOUNTS}
                discounts = [{"DetailType": DISCOUNT, DISCOUNT: detail}]
        fields: Doc = {"Line": [*lines, *discounts]}
        if what == "tax":
            lines[place][SALE] = {**lines[place][SALE], "TaxCodeRef": {"value": "TAX"}}
            fields["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": TAX_CODE}}
        return fields

    def paying(self, bill_id: str | None) -> set[str]:
        """Birthmarks of the payments that are applied to it."""
        return {
            birth_in(each["PaymentRefNum"])
            for each in self.ledger.books("Payment")
            if bill_id in [link["TxnId"] for line in each["Line"] for link in line["LinkedTxn"]]
        }

    def _note_splits(self, bill: Doc) -> None:
        """What an invoice comes to, and whether it lives, changes what its payments apply."""
        paying = self.paying(bill["Id"])
        self.ledger.resplit |= paying
        for birth in paying:
            self.ledger.note(birth, "split", side=Side.REMOTE)

    def end(self, entity: str, doc: Doc, way: str) -> None:
        """Void or delete; a bookkeeper may do so at any time."""
        ledger = self.ledger
        if not doc["TotalAmt"] and way == "void":
            return
        told = doc.get("CustomerMemo", {}).get("value") or doc.get("PaymentRefNum", "")
        birth = birth_in(told)
        with ledger.tried(f"{way} there: {birth}"):
            if entity == "Invoice":
                self._note_splits(doc)
            self._act(way, entity, doc["Id"])
            ledger.ended.add(birth)

    # -- payments ----------------------------------------------------------------------------------

    def pay(self, *bills: Doc, share: int = 1, surplus: Decimal = Decimal(0)) -> None:
        """Of one customer: all that is open, or a part of it; `share` 3: a third."""
        ledger = self.ledger
        bills = tuple(ledger.quickbooks.stored(each["Id"], "Invoice") for each in bills)
        bills = tuple(each for each in bills if each["Balance"])
        if not bills:
            return
        of = bills[0]["CustomerRef"]["value"]
        lines = [
            {
                "Amount": max(round(each["Balance"] / share, 2), 0.01),
                "LinkedTxn": [{"TxnId": each["Id"], "TxnType": "Invoice"}],
            }
            for each in bills
            if each["CustomerRef"]["value"] == of
        ]
        birth = f"b{ledger.token()}"
        reference = f"{birth} {ledger.token()}"
        total = round(sum(each["Amount"] for each in lines) + float(surplus), 2)
        with ledger.tried(f"paid there: {birth} {total} on {[each['Id'] for each in bills]}"):
            self._act(
                "create",
                "Payment",
                CustomerRef={"value": of},
                TotalAmt=total,
                TxnDate="2026-11-25",
                PaymentRefNum=reference,
                Line=lines,
            )
            ledger.note(birth, "reference", new=[reference])
            ledger.splits[birth] = {
                birth_in(each["CustomerMemo"]["value"])
                for each in bills
                if each["CustomerRef"]["value"] == of
            }

    def change_receipt(self, receipt: Doc, what: str) -> None:
        ledger = self.ledger
        receipt = ledger.quickbooks.stored(receipt["Id"], "Payment")
        if not receipt["TotalAmt"]:
            return
        birth = birth_in(receipt["PaymentRefNum"])
        # A sparse update takes the lines and the total as they are to be (4.7).
        fields: Doc = {"TotalAmt": receipt["TotalAmt"], "Line": receipt["Line"]}
        new: list[str] = []
        over: list[str] = []
        group = "split" if what in ("amount", "parts") else what
        if what == "reference":
            new, over = [f"{birth} {ledger.token()}"], [receipt["PaymentRefNum"]]
            fields["PaymentRefNum"] = new[0]
        elif what == "received_on":
            new, over = [ledger.day(what).isoformat()], [receipt["TxnDate"]]
            fields["TxnDate"] = new[0]
        elif what == "method":
            fields["PaymentMethodRef"] = {"value": ledger.chance.choice(METHODS)}
        elif what == "amount":
            fields["TotalAmt"] = round(receipt["TotalAmt"] + 0.01, 2)
        else:
            fields["Line"] = receipt["Line"][:-1]
        with ledger.tried(f"payment changed there: {birth} {what}"):
            self._act("update", "Payment", receipt["Id"], **fields)
            ledger.note(birth, group, new=new, over=over, side=Side.REMOTE)
            if what == "parts":
                ledger.resplit.add(birth)

    def deposit(self, receipt: Doc) -> None:
        """It is brought to the bank, and cannot be changed after that (ledger rule 22)."""
        with self.ledger.tried(f"deposited there: payment {receipt['Id']}"):
            self._act("make_deposit", "Deposit", payments=[receipt["Id"]], account=BANK)

    def credit(self, customer: Doc, amount: Decimal) -> None:
        """A credit memo; the company applies it to what is open by itself."""
        with self.ledger.tried(f"credit memo there: {amount} for customer {customer['Id']}"):
            self._act(
                "create",
                "CreditMemo",
                CustomerRef={"value": customer["Id"]},
                Line=[
                    {
                        "Amount": float(amount),
                        "DetailType": SALE,
                        SALE: {"ItemRef": {"value": "6"}},
                    }
                ],
            )


def _name(item: Doc, place: str) -> str:
    text = str(item.get(place) or "")
    return text.removesuffix(" (deleted)") if place == "Name" and not item["Active"] else text
