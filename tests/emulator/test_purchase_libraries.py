"""python-quickbooks' classes for what is bought, unchanged (11.3)."""

from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.exceptions import ObjectNotFoundException
from quickbooks.objects.base import LinkedTxn, Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.billpayment import (
    BillPayment,
    BillPaymentCreditCard,
    BillPaymentLine,
    CheckPayment,
)
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
)
from quickbooks.objects.journalentry import (
    Entity,
    JournalEntry,
    JournalEntryLine,
    JournalEntryLineDetail,
)
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.purchaseorder import PurchaseOrder
from quickbooks.objects.timeactivity import TimeActivity
from quickbooks.objects.transfer import Transfer
from quickbooks.objects.vendorcredit import VendorCredit

from .buying import ADVERTISING, BOOKS_BY_BESSIE, CHECKING, MASTERCARD, PAYABLE, PUMP, SAVINGS
from .conftest import (
    Quick,
    client,  # noqa: F401
)


def ref(id: str) -> Ref:
    found = Ref()
    found.value = id
    return found


def expense(amount: float) -> AccountBasedExpenseLine:
    line = AccountBasedExpenseLine()
    line.Amount = amount
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = ref(ADVERTISING)
    return line


def goods(quantity: int) -> ItemBasedExpenseLine:
    line = ItemBasedExpenseLine()
    line.Amount = quantity * 10
    line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = ref(PUMP)
    line.ItemBasedExpenseLineDetail.Qty = quantity
    line.ItemBasedExpenseLineDetail.UnitPrice = 10
    return line


def entry_line(side: str, account: str) -> JournalEntryLine:
    line = JournalEntryLine()
    line.Amount = 25
    line.JournalEntryLineDetail = detail = JournalEntryLineDetail()
    detail.PostingType = side
    detail.AccountRef = ref(account)
    if account == PAYABLE:
        detail.Entity = Entity()
        detail.Entity.Type = "Vendor"
        detail.Entity.EntityRef = ref(BOOKS_BY_BESSIE)
    return line


def new_bill() -> Bill:
    bill = Bill()
    bill.VendorRef = ref(BOOKS_BY_BESSIE)
    bill.Line = [expense(100.5), goods(2)]
    return bill


def new_credit() -> VendorCredit:
    credit = VendorCredit()
    credit.VendorRef = ref(BOOKS_BY_BESSIE)
    credit.Line = [expense(30)]
    return credit


def new_purchase() -> Purchase:
    purchase = Purchase()
    purchase.PaymentType = "CreditCard"
    purchase.AccountRef = ref(MASTERCARD)
    purchase.EntityRef = ref(BOOKS_BY_BESSIE)
    purchase.EntityRef.type = "Vendor"
    purchase.Line = [expense(20)]
    return purchase


def new_order() -> PurchaseOrder:
    order = PurchaseOrder()
    order.VendorRef = ref(BOOKS_BY_BESSIE)
    order.APAccountRef = ref(PAYABLE)
    order.Line = [goods(3)]
    return order


def new_payment() -> BillPayment:
    payment = BillPayment()
    payment.VendorRef = ref(BOOKS_BY_BESSIE)
    payment.PayType = "Check"
    payment.CheckPayment = CheckPayment()
    payment.CheckPayment.BankAccountRef = ref(CHECKING)
    payment.TotalAmt = 40
    return payment


def new_entry() -> JournalEntry:
    entry = JournalEntry()
    entry.Line = [entry_line("Debit", ADVERTISING), entry_line("Credit", PAYABLE)]
    return entry


def new_time() -> TimeActivity:
    time = TimeActivity()
    time.NameOf = "Employee"
    time.EmployeeRef = ref("54")
    time.Hours = 2
    return time


def new_transfer() -> Transfer:
    transfer = Transfer()
    transfer.FromAccountRef = ref(CHECKING)
    transfer.ToAccountRef = ref(SAVINGS)
    transfer.Amount = 75.25
    return transfer


@pytest.mark.parametrize(
    ("new", "note"),
    [
        (new_bill, "PrivateNote"),
        (new_credit, "PrivateNote"),
        (new_purchase, "PrivateNote"),
        (new_order, "PrivateNote"),
        (new_payment, "PrivateNote"),
        (new_entry, "PrivateNote"),
        (new_time, "Description"),
        (new_transfer, "PrivateNote"),
    ],
)
def test_the_library_makes_reads_changes_lists_and_deletes(
    qbo: Quick,
    client: QuickBooks,  # noqa: F811
    new: Any,
    note: str,
) -> None:
    made = new()
    made.save(qb=client)
    kind = type(made)

    again = kind.get(made.Id, qb=client)
    setattr(again, note, "changed")
    changed = again.save(qb=client)
    assert (changed.SyncToken, getattr(changed, note)) == ("1", "changed")
    assert made.Id in [each.Id for each in kind.all(qb=client)]
    same = kind.get(made.Id, qb=client).save(qb=client)
    assert same.SyncToken == "1"  # saving what was read changes nothing

    changed.delete(qb=client)
    with pytest.raises(ObjectNotFoundException):
        kind.get(made.Id, qb=client)


def test_the_library_pays_a_bill_and_voids_the_payment(
    qbo: Quick,
    client: QuickBooks,  # noqa: F811
) -> None:
    bill = new_bill().save(qb=client)
    payment = new_payment()
    payment.PayType = "CreditCard"
    payment.CheckPayment = None
    payment.CreditCardPayment = BillPaymentCreditCard()
    payment.CreditCardPayment.CCAccountRef = ref(MASTERCARD)
    line = BillPaymentLine()
    line.Amount = 40
    line.LinkedTxn = [LinkedTxn()]
    line.LinkedTxn[0].TxnId, line.LinkedTxn[0].TxnType = bill.Id, "Bill"
    payment.Line = [line]

    paid = payment.save(qb=client)
    assert Bill.get(bill.Id, qb=client).Balance == 80.5
    paid.void(qb=client)

    assert Bill.get(bill.Id, qb=client).Balance == 120.5
    assert BillPayment.get(paid.Id, qb=client).TotalAmt == 0
