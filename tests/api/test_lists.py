"""What a list costs does not depend on how many records there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_contact, make_invoice, make_payment, make_service_item

pytestmark = pytest.mark.django_db


def fill(firm: Any, count: int) -> None:
    for _ in range(count):
        make_payment(make_invoice(firm, contact=make_contact(firm, billing_city="York")), "1.00")
        make_service_item(firm)


def queries(program: Any, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert program.get(address, {"limit": 5}).status_code == 200
    return [each["sql"] for each in captured.captured_queries]


@pytest.mark.parametrize("address", ["/contacts/", "/invoices/", "/payments/", "/service-items/"])
def test_a_list_takes_as_many_queries_of_many_as_of_few_and_counts_nothing(program, firm, address):
    fill(firm, 2)
    queries(program, address)  # the first call notes that the token was used
    of_few = queries(program, address)
    fill(firm, 10)
    of_many = queries(program, address)

    assert len(of_many) == len(of_few) <= 9
    assert [each for each in of_many if "COUNT(" in each.upper()] == []


@pytest.mark.parametrize("table", ["contacts_contact", "billing_invoice", "billing_payment"])
def test_the_newest_of_a_firm_are_found_without_walking_over_those_of_others(table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [row[0] for row in cursor.fetchall()]

    assert any(each.endswith("(firm_id, id DESC)") for each in indexes)
