"""
bulk:N[,invoices=N][,payments=N][,items=N]: a company of so many of each.

Rows, links and postings are put together by hand, for speed; the same sizes give the same company.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring

from .. import clock as clocks
from ..books import meta_data
from ..entities import BY_NAME
from ..jsontext import dumps
from ..ledger import RECEIVABLE
from ..money import from_cents
from ..store import Row, Store
from .rows import SEEDED_BY, seeded

_GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "June", "Kai", "Lena")
_FAMILY = ("Abel", "Brandt", "Costa", "Duarte", "Ekman", "Flores", "Grant", "Huber", "Ito", "Kovac")
_TRADE = ("Bakery", "Boats", "Cars", "Cycles", "Dental", "Design", "Farms", "Foods", "Garden")
_CITY = ("Bayshore", "Half Moon Bay", "Menlo Park", "Middlefield", "Palo Alto", "San Mateo")


MOST = 2_000_000
INCOME, CASH, RECEIVABLES, ITEM = "1", "4", "84", "1"  # accounts and an item of every company
FIRST_ITEM, FIRST_NUMBER, DAYS = 100, 1001, 40


@dataclass(frozen=True)
class Sizes:
    """How many of each a bulk company has."""

    customers: int
    invoices: int = 0
    payments: int = 0
    items: int = 0

    @staticmethod
    def read(kind: str) -> "Sizes":
        """
        Read `bulk:500,invoices=20000,payments=20000,items=10`.

        Raises:
            ValueError: it is not of this form, or too much.
        """
        head, _, rest = kind.partition(":")
        first, *others = rest.split(",")
        given = dict(each.split("=") for each in others)
        numbers = [first, *given.values()]
        if head != "bulk" or {*given} - {"invoices", "payments", "items"}:
            raise ValueError(kind)
        if not all(each.isascii() and each.isdigit() and int(each) <= MOST for each in numbers):
            raise ValueError(kind)
        sizes = Sizes(int(first), **{name: int(number) for name, number in given.items()})
        if sizes.payments > sizes.invoices or (sizes.invoices and not sizes.customers):
            raise ValueError(kind)
        return sizes


def write_bulk(store: Store, realm: str, sizes: Sizes, made: float) -> None:
    """All of a bulk company but its lists; every payment pays one invoice in full or in half."""
    sales = list(_sales(sizes))
    owed: dict[int, int] = defaultdict(int)
    for sale in sales:
        owed[sale.customer] += sale.open_cents
    store.insert_many(customers(realm, sizes.customers, made, owed))
    store.insert_many(_items(realm, sizes.items, made))
    names = dict(
        store.db.execute(
            "SELECT id_number, json_extract(doc, '$.DisplayName') FROM object"
            " WHERE realm = ? AND entity = 'Customer'",
            (realm,),
        )
    )
    start = clocks.pacific(datetime.fromtimestamp(made, UTC)).date()
    days = [(start + timedelta(days=day)).isoformat() for day in range(DAYS + 31)]
    store.insert_many(_invoice(realm, sale, names, days, made) for sale in sales)
    paid = [sale for sale in sales if sale.payment]
    store.insert_many(_payment(realm, sale, names, days, made) for sale in paid)
    store.db.executemany(
        "INSERT INTO link VALUES (?, 'Payment', ?, 'Invoice', ?, ?, 'money')",
        [(realm, str(sale.payment), str(sale.id), sale.paid_cents) for sale in paid],
    )
    store.db.executemany(
        "INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (posting for sale in sales for posting in _postings(realm, sale, days)),
    )
    store.set_counter(realm, "names", sizes.customers)
    store.set_counter(realm, "item", FIRST_ITEM + sizes.items)
    store.set_counter(realm, "txn", sizes.invoices + sizes.payments)
    store.set_counter(realm, "number:sales", FIRST_NUMBER - 1 + sizes.invoices)


@dataclass(frozen=True)
class Sale:
    """One invoice and, with an id, its payment."""

    id: int
    customer: int
    cents: int
    day: int
    item: str
    payment: int = 0
    paid_cents: int = 0

    @property
    def open_cents(self) -> int:
        return self.cents - self.paid_cents


def _sales(sizes: Sizes) -> Iterator[Sale]:
    choose = random.Random(20260102)
    for number in range(1, sizes.invoices + 1):
        amount = choose.randrange(100, 500_000)
        is_half = choose.random() < 0.1
        item = str(FIRST_ITEM + choose.randrange(1, sizes.items + 1)) if sizes.items else ITEM
        is_paid = number <= sizes.payments
        yield Sale(
            id=number,
            customer=(number - 1) % sizes.customers + 1,
            cents=amount,
            day=choose.randrange(DAYS),
            item=item,
            payment=sizes.invoices + number if is_paid else 0,
            paid_cents=(amount // 2 if is_half else amount) if is_paid else 0,
        )


def _row(realm: str, entity: str, id: int, customer: int, made: float, doc: str, number: str,
         token: int) -> Row:  # fmt: skip
    space = "number:sales" if number else ""
    return Row(
        realm, entity, str(id), id, token, 1, None, space, number, "", f"Customer:{customer}",
        made, made, SEEDED_BY, doc,
    )  # fmt: skip


def _tail(entity: str, id: int, token: int, made: float) -> dict[str, object]:
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": str(id),
        "SyncToken": str(token),
        "MetaData": meta_data(BY_NAME[entity], made, made, SEEDED_BY),
    }


DOLLARS = {"value": "USD", "name": "United States Dollar"}


def _invoice(realm: str, sale: Sale, names: dict[int, str], days: list[str], made: float) -> Row:
    amount, number, token = from_cents(sale.cents), str(FIRST_NUMBER - 1 + sale.id), 0
    links = []
    if sale.payment:
        token = 1
        links = [{"TxnId": str(sale.payment), "TxnType": "Payment"}]
    item = {"value": sale.item, "name": "Services" if sale.item == ITEM else _name(sale.item)}
    document = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
        "CustomField": [],
        "DocNumber": number,
        "TxnDate": days[sale.day],
        "CurrencyRef": DOLLARS,
        "LinkedTxn": links,
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Amount": amount,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": item,
                    "ItemAccountRef": {"value": INCOME, "name": "Services"},
                    "TaxCodeRef": {"value": "NON"},
                },
                "CustomExtensions": [],
            },
            {"Amount": amount, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": {"value": str(sale.customer), "name": names[sale.customer]},
        "FreeFormAddress": True,
        "ApplyTaxAfterDiscount": False,
        "DueDate": days[sale.day + 30],
        "TotalAmt": amount,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": from_cents(sale.open_cents),
        **_tail("Invoice", sale.id, token, made),
    }
    return _row(realm, "Invoice", sale.id, sale.customer, made, dumps(document), number, token)


def _payment(realm: str, sale: Sale, names: dict[int, str], days: list[str], made: float) -> Row:
    amount = from_cents(sale.paid_cents)
    linked = {"TxnId": str(sale.id), "TxnType": "Invoice"}
    document = {
        "CustomerRef": {"value": str(sale.customer), "name": names[sale.customer]},
        "DepositToAccountRef": {"value": CASH, "name": "Undeposited Funds"},
        "TotalAmt": amount,
        "UnappliedAmt": 0,
        "ProcessPayment": False,
        "TxnDate": days[sale.day],
        "CurrencyRef": DOLLARS,
        "LinkedTxn": [],
        "Line": [{"Amount": amount, "LinkedTxn": [linked]}],
        **_tail("Payment", sale.payment, 0, made),
    }
    return _row(realm, "Payment", sale.payment, sale.customer, made, dumps(document), "", 0)


def _postings(realm: str, sale: Sale, days: list[str]) -> Iterator[tuple[object, ...]]:
    whose, day = f"Customer:{sale.customer}", days[sale.day]
    head = (realm, "Invoice", str(sale.id), day)
    yield (*head, RECEIVABLES, RECEIVABLE, whose, sale.cents)
    yield (*head, INCOME, "Income", whose, -sale.cents)
    if sale.paid_cents:
        head = (realm, "Payment", str(sale.payment), day)
        yield (*head, CASH, "Other Current Asset", "", sale.paid_cents)
        yield (*head, RECEIVABLES, RECEIVABLE, whose, -sale.paid_cents)


def _name(item: str) -> str:
    return f"Service {item}"


def _items(realm: str, count: int, made: float) -> Iterator[Row]:
    for number in range(FIRST_ITEM + 1, FIRST_ITEM + count + 1):
        document = {
            "Name": _name(str(number)),
            "Active": True,
            "FullyQualifiedName": _name(str(number)),
            "Taxable": False,
            "UnitPrice": number,
            "Type": "Service",
            "IncomeAccountRef": {"value": INCOME, "name": "Services"},
            "PurchaseCost": 0,
            "TrackQtyOnHand": False,
            "DeferredRevenue": False,
        }
        yield seeded("Item", realm, str(number), made, document)


def customers(realm: str, count: int, made: float, owed: dict[int, int]) -> Iterator[Row]:
    """Customers 1 to `count`; owed: cents by number."""
    choose = random.Random(20260101)
    time = clocks.metadata_time(made)
    for number in range(1, count + 1):
        given, family = choose.choice(_GIVEN), choose.choice(_FAMILY)
        name = f"{family} {choose.choice(_TRADE)} {number:06d}"
        active = choose.random() < 0.97
        shown = name if active else f"{name} (deleted)"
        mail = ""
        if choose.random() < 0.9:
            mail = f'"PrimaryEmailAddr":{{"Address":"{given.lower()}.{number}@bulk.example"}},'
        phone = f"(650) 555-{choose.randrange(10_000):04d}"
        balance = from_cents(owed.get(number, 0))
        quoted = encode_basestring(shown)
        doc = (
            f'{{"Taxable":true,"BillAddr":{{"Id":"{2000 + number}",'
            f'"Line1":"{choose.randrange(1, 9999)} Main St.","City":"{choose.choice(_CITY)}",'
            f'"CountrySubDivisionCode":"CA","PostalCode":"{choose.randrange(90001, 96162)}"}},'
            f'"Job":false,"BillWithParent":false,"Balance":{balance},"BalanceWithJobs":{balance},'
            f'"CurrencyRef":{{"value":"USD","name":"United States Dollar"}},'
            f'"PreferredDeliveryMethod":"Print","IsProject":false,"GivenName":"{given}",'
            f'"FamilyName":"{family}","FullyQualifiedName":{quoted},"CompanyName":"{name}",'
            f'"DisplayName":{quoted},"PrintOnCheckName":"{name}",'
            f'"Active":{"true" if active else "false"},'
            f'"PrimaryPhone":{{"FreeFormNumber":"{phone}"}},{mail}'
            f'"DefaultTaxCodeRef":{{"value":"2"}},"domain":"QBO","sparse":false,"Id":"{number}",'
            f'"SyncToken":"0","MetaData":{{"CreateTime":"{time}","LastUpdatedTime":"{time}"}}}}'
        )
        key = shown.casefold()
        yield Row(
            realm, "Customer", str(number), number, 0, int(active), None, "names", key, key, "",
            made, made, SEEDED_BY, doc,
        )  # fmt: skip
