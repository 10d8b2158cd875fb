"""How long lists of the API take of 100,000 records, on the first page and on the last."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from bench.stage import quantile, say, stage

RECORDS = 100_000
CALLS = 60


def main() -> None:
    from tests.factories import make_contact, make_firm, make_invoice, make_payment

    # The newest records are another's: an index that knows of no firm would walk over all of them.
    firms = [make_firm(), make_firm()]
    for firm in firms:
        contact = make_contact(firm, display_name="Contact 0")
        invoice = make_invoice(firm, contact=contact)
        payment = make_payment(invoice, "10.00")
        repeat(contact, display_name="'Contact ' || n")
        repeat(invoice, number="'INV-' || (1001 + n)")
        repeat(payment)
    analyze()
    for firm in firms:
        for address in ("contacts", "invoices", "payments"):
            measure(firm, address)


def repeat(row: Any, **columns: str) -> None:
    """As many rows like this one; `columns` are said in SQL, of the number `n`."""
    from django.db import connection

    names = [each.column for each in row._meta.concrete_fields if not each.primary_key]
    values = [columns.get(name, f'its."{name}"') for name in names]
    table = row._meta.db_table
    with connection.cursor() as cursor:
        quoted = ", ".join(f'"{name}"' for name in names)
        cursor.execute(
            f'INSERT INTO "{table}" ({quoted}) SELECT {", ".join(values)}'
            f' FROM "{table}" AS its, generate_series(1, %s) AS n WHERE its.id = %s',
            [RECORDS - 1, row.pk],
        )


def analyze() -> None:
    """As the database does by itself after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure(firm: Any, address: str) -> None:
    from django.apps import apps
    from django.test import Client

    from firms.api.paging import USUAL, cursor_before
    from tests.factories import make_member

    kind = {"contacts": "contacts.Contact"}.get(address, f"billing.{address[:-1].title()}")
    oldest = apps.get_model(kind).objects.filter(firm=firm).order_by("pk")
    last = cursor_before(oldest[USUAL].pk)
    token = token_of(make_member(firm))
    program = Client(headers={"Authorization": f"Bearer {token}", "Host": "127.0.0.1"})
    for page, asked in (("first", {}), ("last", {"cursor": last})):
        seconds = [call(program, f"/api/v1/{address}/", asked) for _ in range(CALLS)]
        say(
            f"{address} of {oldest.count():,}, {page} page: "
            f"p50 {quantile(seconds, 0.5) * 1000:.0f} ms, "
            f"p95 {quantile(seconds, 0.95) * 1000:.0f} ms (must: p95 <= 100 ms)"
        )


def token_of(member: Any) -> str:
    from django.utils import timezone

    from firms.api_tokens import create_token
    from firms.middleware import actor_of
    from firms.permissions import ADMIN

    now = timezone.now()
    _, text = create_token(
        actor=actor_of(member),
        firm=member.firm,
        name="Bench",
        permissions=ADMIN,
        expires_at=now + timedelta(hours=1),
        now=now,
    )
    return text


def call(program: Any, address: str, asked: dict[str, str]) -> float:
    from firms.api.models import CallBucket

    CallBucket.objects.all().delete()  # it calls more often than a program may
    began = time.perf_counter()
    answer = program.get(address, asked)
    took = time.perf_counter() - began
    if answer.status_code != 200 or len(answer.json()["data"]) != 50:
        raise SystemExit(f"{address} answered {answer.status_code}: {answer.content[:300]!r}")
    return took


if __name__ == "__main__":
    with stage(company="sample", CANOPY_TESTS="1"):
        main()
