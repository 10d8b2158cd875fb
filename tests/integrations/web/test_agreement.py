"""The page of the agreement report, its buttons and its CSV."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import AgreementRow, AgreementRun, Connection
from tests.factories import make_contact, make_firm
from tests.integrations.web.rows import make_connection, make_issue, make_link
from tests.integrations.web.test_home import words

pytestmark = pytest.mark.django_db
PAGE = "/settings/integrations/qbo/agreement/"


def text(client: Client, url: str = PAGE) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", words(client, url)).split())


def make_run(connection: Connection, **fields: Any) -> AgreementRun:
    now = timezone.now()
    values: dict[str, Any] = {
        "state": "done",
        "counts": {"invoice": {"agrees": 213, "differs": 2, "missing": 1}},
        "started_at": now,
        "worked_at": now,
        "finished_at": now,
        **fields,
    }
    return AgreementRun.objects.create(connection=connection, firm_id=connection.firm_id, **values)


def make_row(run: AgreementRun, **fields: Any) -> AgreementRow:
    values: dict[str, Any] = {"entity": "invoice", "result": "differs", "label": "1042", **fields}
    return AgreementRow.objects.create(run=run, firm_id=run.firm_id, **values)


def test_before_the_first_night_the_page_says_when(client, firm):
    make_connection(firm)

    assert "The first time is tonight" in words(client, PAGE)


def test_the_numbers_stand_on_top(client, firm):
    make_run(make_connection(firm))

    assert "213 records agree, 2 differ, 1 is missing." in words(client, PAGE)
    assert "213 records agree, 2 differ, 1 is missing." in words(
        client, "/settings/integrations/qbo/"
    )


def test_each_difference_has_its_cause_and_a_button(client, firm):
    connection = make_connection(firm)
    run = make_run(connection)
    link = make_link(connection, make_contact(firm, display_name="Quist Boats"))
    issue = make_issue(link)
    make_row(run, link=link, sentence="It waits to be sent.", cause="waits")
    make_row(run, label="1043", issue_id=issue.pk, sentence="Changed on both sides.")
    contact = make_contact(firm, display_name="Old Harbour")
    make_row(run, entity="contact", label="Old Harbour", local_id=contact.pk, result="left_out")

    told = words(client, PAGE)
    apart = client.get(f"{PAGE}?show=apart").content.decode()

    assert "It waits to be sent." in told
    assert "Changed on both sides." in told
    page = client.get(PAGE).content.decode()
    assert f"/settings/integrations/qbo/pairs/{link.pk}/sync-now/" in page
    assert f"/settings/integrations/qbo/issues/{issue.pk}/" in page
    assert f"/settings/integrations/qbo/contact/{contact.pk}/find/" in apart


def test_fields_are_shown_as_they_are_on_both_sides(client, firm):
    run = make_run(make_connection(firm))
    fields = [
        {"name": "email", "label": "Email", "ours": "a@x.org", "theirs": ""},
        {"name": "lines", "label": "Lines", "ours": [{}, {}], "theirs": [{}]},
    ]
    make_row(run, detail={"fields": fields})

    told = text(client)

    assert "Email : a@x.org here, blank in QuickBooks" in told
    assert "2 lines here, 1 line in QuickBooks" in told


def test_what_contacts_owe_has_a_list_of_its_own(client, firm):
    run = make_run(make_connection(firm))
    make_row(
        run,
        entity="receivable",
        label="Quist Boats",
        result="agrees",
        ours=Decimal("1200.50"),
        theirs=Decimal("1250.50"),
        not_held=Decimal(50),
        detail={"invoices": "1500.50", "payments": "250.00", "credits": "50.00"},
    )

    told = text(client, f"{PAGE}?show=receivables")

    assert "Quist Boats 1500.50 250.00 50.00 1,200.50 50.00 1,250.50" in told
    assert "Quist Boats" not in words(client, PAGE)


def test_the_cost_of_a_full_comparison_is_said_before(client, firm):
    make_connection(firm)

    assert "about 1 metered read" in words(client, PAGE)


def test_compare_now_begins_a_run_and_shows_it(client, firm):
    connection = make_connection(firm)

    answer = client.post(f"{PAGE}compare/", follow=True)

    assert "Both sides are compared now" in answer.content.decode()
    assert AgreementRun.objects.get(connection=connection).is_full is False


def test_two_presses_begin_one_run(client, firm):
    make_connection(firm)
    client.post(f"{PAGE}compare/", {"full": "1"})

    answer = client.post(f"{PAGE}compare/", follow=True)

    assert "A comparison is under way" in answer.content.decode()
    assert AgreementRun.objects.count() == 1


def test_comparing_needs_manage_integrations(staff_client, firm):
    make_connection(firm)

    assert staff_client.get(PAGE).status_code == 200
    assert staff_client.post(f"{PAGE}compare/").status_code == 403
    assert not AgreementRun.objects.exists()


def test_a_run_of_another_firm_is_not_shown(client, firm):
    make_connection(firm)
    other = make_run(make_connection(make_firm()))
    make_row(other, label="Somebody else")

    assert "Somebody else" not in words(client, f"{PAGE}?run={other.pk}")
    assert "Somebody else" not in client.get(f"{PAGE}export.csv?run={other.pk}").getvalue().decode()


def test_the_csv_holds_every_row_and_runs_nothing(client, firm):
    run = make_run(make_connection(firm))
    make_row(run, label="=HYPERLINK(1)", sentence="+cause", ours=Decimal("-5.00"))
    make_row(run, label="1044", result="agrees")

    answer = client.get(f"{PAGE}export.csv")

    told = answer.getvalue().decode().removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(told)))
    assert [each["Record"] for each in rows] == ["'=HYPERLINK(1)", "1044"]
    assert (rows[0]["Cause"], rows[0]["Open here"]) == ("'+cause", "-5.00")


def test_the_queries_of_the_page_do_not_depend_on_its_rows(client, firm):
    run = make_run(make_connection(firm))

    def queries(rows: int) -> int:
        for _ in range(rows):
            make_row(run)
        with CaptureQueriesContext(database) as found:
            assert client.get(PAGE).status_code == 200
        return len(found)

    assert queries(2) == queries(50)
    assert OrmQ.objects.count() == 0
