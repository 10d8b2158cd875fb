"""Only `integrations/sync` writes to the books, and services alone write contacts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("canopy_sync", "integrations", "billing", "contacts", "firms")


def source_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def calls(path: Path) -> Iterator[tuple[str, str, int]]:
    """Each call of a method: what it is called on, its name, its line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr, node.lineno


def sends_to_the_books(path: Path) -> list[int]:
    return [
        line
        for receiver, name, line in calls(path)
        if name in ("send", "start") and ("books" in receiver.lower() or receiver == "intents")
    ]


def test_only_the_sync_sends_to_the_books():
    found = {str(path.relative_to(ROOT)): sends_to_the_books(path) for path in source_files(*OURS)}
    senders = {path for path, lines in found.items() if lines}

    assert senders == {"integrations/sync/engine.py", "integrations/sync/intents.py"}


def test_a_second_sender_would_be_found(tmp_path):
    planted = tmp_path / "views.py"
    planted.write_text("open_books(connection, lane='people').send(intent)\n")

    assert sends_to_the_books(planted) == [1]


FROM_BOOKS = "billing/services/invoices_from_books.py"
PAYMENT_NOTES = "billing/services/payments_from_books.py"
WRITERS = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create"}


@pytest.mark.parametrize(
    ("model", "services"),
    [
        ("ApiToken", {"firms/api_tokens.py", "firms/services.py"}),
        ("AuditEntry", {"firms/services.py"}),
        ("Role", {"firms/roles.py", "firms/services.py", "canopy_sync/demo_data.py"}),
        ("Contact", {"contacts/services.py"}),
        ("Address", {"contacts/services.py"}),
        ("ServiceItem", {"billing/services/service_items.py"}),
        ("TaxRate", {"billing/services/tax_rates.py"}),
        ("TaxRatePart", {"billing/services/tax_rates.py"}),
        ("InvoiceNumbering", {"billing/services/numbering.py"}),
        ("Invoice", {"billing/services/invoice_store.py"}),
        ("InvoiceLine", {"billing/services/invoice_store.py", FROM_BOOKS}),
        ("InvoiceTax", {"billing/services/invoice_store.py"}),
        ("InvoiceMail", {"billing/services/sending.py"}),
        ("InvoiceCredit", {FROM_BOOKS}),
        ("Payment", {"billing/services/payment_store.py", PAYMENT_NOTES}),
        ("PaymentPart", {"billing/services/payment_store.py"}),
    ],
)
def test_only_its_services_write_a_record(model, services):
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in source_files(*OURS)
        if "migrations" not in path.parts and str(path.relative_to(ROOT)) not in services
        for receiver, name, line in calls(path)
        if name in WRITERS and receiver.startswith(f"{model}.objects")
    }

    assert found == set()
