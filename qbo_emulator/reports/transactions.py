"""Lists of transactions: TransactionList and GeneralLedger."""

from collections import defaultdict
from typing import Any

from ..entities import BY_NAME, ENTITIES, Shape
from ..jsontext import loads
from ..money import cents
from ..transactions.numbers import spoken
from . import shape
from .request import Request

TRANSACTIONS = tuple(each.name for each in ENTITIES if each.shape is Shape.TRANSACTION)
SPLIT = "-Split-"


def type_of(entity: str, document: dict[str, Any]) -> str:
    """A transaction's type as reports name it."""
    if entity == "RefundReceipt":
        return "Refund"
    if entity == "Purchase":
        paid = str(document.get("PaymentType", ""))
        return {"Cash": "Expense", "CreditCard": "Credit Card Expense"}.get(paid, paid)
    return spoken(entity)


def transaction_list(request: Request) -> dict[str, Any]:
    """Every transaction of a period, oldest first, posting or not."""
    start, end = request.period("This Month-to-date")
    postings = _postings(request, start, end)
    rows = [
        _listed(request, entity, id, document, postings.get((entity, id), []))
        for entity, id, document in _between(request, start, end)
    ]
    columns = [
        shape.column("Date", "tx_date"),
        shape.column("Transaction Type", "txn_type"),
        shape.column("Num", "doc_num"),
        shape.column("Posting", "is_no_post"),
        shape.column("Name", "name"),
        shape.column("Memo/Description", "memo"),
        shape.column("Account", "account_name"),
        shape.column("Split", "other_account"),
        shape.column("Amount", "subt_nat_amount"),
    ]
    return shape.report(request, columns, rows, start=start, end=end)


def _between(request: Request, start: str, end: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The transactions of a period that the parameters ask for."""
    marks = ", ".join("?" * len(TRANSACTIONS))
    found = request.rows(
        "SELECT entity, id, parent, doc FROM object"
        f" WHERE realm = ? AND entity IN ({marks}) AND gone IS NULL"
        " AND json_extract(doc, '$.TxnDate') BETWEEN ? AND ?"
        " ORDER BY json_extract(doc, '$.TxnDate'), id_number",
        *TRANSACTIONS,
        start,
        end,
    )
    parties = request.parties()
    kind = request.params.get("transaction_type", "").replace(" ", "").lower()
    rows = [
        (entity, id, loads(doc))
        for entity, id, parent, doc in found
        if (not parties or parent in parties) and (not kind or entity.lower() == kind)
    ]
    return rows[::-1] if request.params.get("sort_order", "").lower() == "descend" else rows


def _postings(
    request: Request, start: str, end: str
) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Account and cents of every posting of a period, by its transaction, in their order."""
    found: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for entity, id, account, amount in request.rows(
        "SELECT entity, id, account, cents FROM posting"
        " WHERE realm = ? AND date BETWEEN ? AND ? ORDER BY rowid",
        start,
        end,
    ):
        found[entity, id].append((account, amount))
    return found


def _listed(
    request: Request,
    entity: str,
    id: str,
    document: dict[str, Any],
    postings: list[tuple[str, int]],
) -> shape.Row:
    amount = cents(document.get("TotalAmt", 0))
    account = split = shape.cell()
    if postings:
        first, value = postings[0]
        amount = -amount if value < 0 and amount > 0 else amount
        account = _account(request, first)
        others = {each for each, _ in postings} - {first}
        if len(others) == 1:
            split = _account(request, others.pop())
        elif others:
            split = shape.cell(SPLIT)
    return shape.data(
        document["TxnDate"],
        shape.cell(type_of(entity, document), id),
        document.get("DocNumber", document.get("PaymentRefNum", "")),
        "Yes" if BY_NAME[entity].post else "No",
        _party(request, entity, document),
        document.get("PrivateNote", ""),
        account,
        split,
        shape.money(amount),
    )


def _account(request: Request, id: str) -> dict[str, str]:
    return shape.cell(request.accounts.get(id, {}).get("FullyQualifiedName", ""), id)


def _party(request: Request, entity: str, document: dict[str, Any]) -> dict[str, str]:
    described = BY_NAME[entity]
    reference = document.get(described.party) or {}
    if not reference:
        return shape.cell()
    kind = reference.get("type") or described.party_entity
    return shape.cell(request.name_of(f"{kind}:{reference['value']}"), reference["value"])


def general_ledger(request: Request) -> dict[str, Any]:
    """A section for each account that moved, with what it began with and a running balance."""
    start, end = request.period()
    began = dict(
        request.rows(
            "SELECT account, SUM(cents) FROM posting WHERE realm = ? AND date < ? GROUP BY account",
            start,
        )
    )
    lines: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for account, *rest in request.rows(
        "SELECT account, entity, id, date, name, cents FROM posting"
        " WHERE realm = ? AND date BETWEEN ? AND ? ORDER BY date, rowid",
        start,
        end,
    ):
        lines[account].append(tuple(rest))
    heads = request.heads({(line[0], line[1]) for each in lines.values() for line in each})
    rows = [
        _account_section(request, id, began.get(id, 0), lines[id], heads)
        for id in request.accounts
        if lines[id] or began.get(id)
    ]
    columns = [
        shape.column("Date", "tx_date"),
        shape.column("Transaction Type", "txn_type"),
        shape.column("Num", "doc_num"),
        shape.column("Name", "name"),
        shape.column("Memo/Description", "memo"),
        shape.column("Amount", "subt_nat_amount"),
        shape.column("Balance", "rbal_nat_amount"),
    ]
    return shape.report(request, columns, rows, start=start, end=end, basis="Accrual")


def _account_section(
    request: Request,
    account: str,
    began: int,
    lines: list[tuple[Any, ...]],
    heads: dict[tuple[str, str], dict[str, Any]],
) -> shape.Row:
    balance, rows = began, []
    if began:
        rows.append(shape.data("Beginning Balance", "", "", "", "", "", shape.money(began)))
    for entity, id, date, name, amount in lines:
        balance += amount
        document = heads[entity, id]
        rows.append(
            shape.data(
                date,
                shape.cell(type_of(entity, document), id),
                document.get("DocNumber", ""),
                shape.cell(request.name_of(name), name.partition(":")[2]),
                document.get("PrivateNote", ""),
                shape.money(amount),
                shape.money(balance),
            )
        )
    name = request.accounts[account]["FullyQualifiedName"]
    sums = [f"Total for {name}", "", "", "", "", shape.money(balance - began), ""]
    return shape.section(shape.cell(name, account), rows, sums)
