"""Activity, pairs and the agreement report over the API."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Activity, AgreementRun, Link
from integrations.sync import agreement
from tests.api.quickbooks.test_connecting import BOOKS
from tests.api.test_frame import problem
from tests.factories import make_contact, make_firm
from tests.integrations.web.rows import make_connection, make_link


def make_entry(connection, **fields) -> Activity:
    values = {
        "at": timezone.now(),
        "connection_id": connection.pk,
        "firm_id": connection.firm_id,
        "direction": "sent",
        "result": "done",
        "title": "Phone updated in QuickBooks",
        **fields,
    }
    return Activity.objects.create(**values)


# -- Activity --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_activity_comes_in_pages_the_newest_first_even_within_one_moment(program, firm):
    connection, now = make_connection(firm), timezone.now()
    made = [make_entry(connection, at=now) for _ in range(3)]
    made += [make_entry(connection, at=now - timedelta(seconds=number)) for number in (1, 2)]

    found, cursor = [], {}
    while cursor is not None:
        page = program.get(f"{BOOKS}/activity/", {"limit": 2, **cursor}).json()
        found += page["data"]
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert len(found) == len({each["id"] for each in found}) == len(made)
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)


@pytest.mark.django_db
def test_activity_is_narrowed(program, firm):
    connection = make_connection(firm)
    link = make_link(connection, make_contact(firm))
    make_entry(connection, entity="contact", link_id=link.pk, label="Quist", result="failed")
    make_entry(connection, direction="here", title="Sync paused", cause="Priya Raman")

    def titles(**asked):
        found = program.get(f"{BOOKS}/activity/", asked).json()["data"]
        return [each["title"] for each in found]

    assert titles(direction="here") == titles(q="priya") == ["Sync paused"]
    assert (
        titles(result="failed")
        == titles(entity="contact")
        == titles(link_id=link.pk)
        == ["Phone updated in QuickBooks"]
    )
    assert titles(since=(timezone.now() + timedelta(hours=1)).isoformat()) == []


@pytest.mark.django_db
def test_one_entry_is_read_and_that_of_another_firm_is_not_there(program, firm):
    mine = make_entry(make_connection(firm), after={"phone": "1"})
    theirs = make_entry(make_connection(make_firm()))

    assert program.get(f"{BOOKS}/activity/{mine.id}/").json()["after"] == {"phone": "1"}
    assert program.get(f"{BOOKS}/activity/{theirs.id}/").status_code == 404
    assert program.get(f"{BOOKS}/activity/{uuid.uuid4()}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["WyJ4IiwgIngiXQ", "WyIyMDI2LTExLTIyVDEwOjAwOjAwWiIsICJ4Il0"])
def test_a_cursor_that_names_no_moment_is_refused(program, firm, cursor):
    make_connection(firm)

    response = program.get(f"{BOOKS}/activity/", {"cursor": cursor})

    assert (response.status_code, problem(response)["code"]) == (400, "parameter_not_possible")


# -- Pairs -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_pairs_are_listed_and_narrowed(program, firm):
    connection, contact = make_connection(firm), make_contact(firm, display_name="Quist")
    linked = make_link(connection, contact)
    left = make_link(connection)

    def ids(**asked):
        return [each["id"] for each in program.get(f"{BOOKS}/links/", asked).json()["data"]]

    assert ids() == [left.pk, linked.pk]
    assert ids(state="left_out") == [left.pk]
    assert ids(entity="contact", ours_id=contact.pk) == ids(q="quis") == [linked.pk]
    assert ids(quickbooks_id=left.remote_id) == [left.pk]
    assert ids(entity="invoice") == []


def test_a_pair_tells_both_versions_and_its_last_send(books, world):
    contact = world.linked("Quist")
    link = world.link(contact)

    told = books.get(f"{BOOKS}/links/{link.pk}/").json()

    assert (told["state"], told["ours_id"]) == ("linked", contact.pk)
    assert told["quickbooks_id"] == world.customer(contact)["Id"]
    assert (told["ours_version"], told["quickbooks_version"]) == (contact.version, 0)
    assert told["sent_at"]


def test_a_pair_is_unmatched_and_matched_again(books, world):
    contact = world.linked("Quist")
    link = world.link(contact)
    theirs = link.remote_id

    left = books.post(f"{BOOKS}/links/{link.pk}/unmatch/", {})
    found = books.get(
        f"{BOOKS}/links/candidates/", {"entity": "contact", "ours_id": contact.pk}
    ).json()
    body = {"entity": "contact", "ours_id": contact.pk, "quickbooks_id": theirs}
    matched = books.post(f"{BOOKS}/links/match/", body)
    again = books.post(f"{BOOKS}/links/match/", {**body, "quickbooks_id": "1"})

    assert (left.status_code, left.json()["state"]) == (200, "left_out")
    assert [each["quickbooks_id"] for each in found] == [theirs]
    assert (matched.status_code, matched.json()["state"]) == (200, "linked")
    assert (again.status_code, problem(again)["code"]) == (409, "already_linked")


def test_what_was_left_out_is_created_there(books, world):
    contact = world.create("Quist")
    world.sync()
    link = world.link(contact)
    left = books.post(f"{BOOKS}/links/{link.pk}/unmatch/", {}).json()
    books.get(f"{BOOKS}/links/{left['id']}/")

    created = books.post(f"{BOOKS}/links/{left['id']}/create/", {})
    looked_at = books.post(f"{BOOKS}/links/{left['id']}/sync-now/", {})

    assert (created.status_code, created.json()["state"]) == (202, "undecided")
    assert (looked_at.status_code, looked_at.json()["wakes_at"] is not None) == (202, True)


@pytest.mark.django_db
def test_a_record_of_another_firm_cannot_be_matched(program, firm):
    make_connection(firm)
    stranger = make_contact(make_firm())
    body = {"entity": "contact", "ours_id": stranger.pk, "quickbooks_id": "1"}

    matched = program.post(f"{BOOKS}/links/match/", body)
    sought = program.get(
        f"{BOOKS}/links/candidates/", {"entity": "contact", "ours_id": stranger.pk}
    )

    assert (matched.status_code, list(problem(matched)["errors"])) == (422, ["ours_id"])
    assert sought.status_code == 404
    assert Link.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["links", "activity"])
def test_a_page_takes_the_same_queries_however_many_rows(program, firm, path):
    connection = make_connection(firm)
    make_link(connection, make_contact(firm))
    make_entry(connection)
    program.get(f"{BOOKS}/{path}/")  # notes the first use of the token
    with CaptureQueriesContext(database) as few:
        program.get(f"{BOOKS}/{path}/")
    for _ in range(5):
        make_link(connection, make_contact(firm))
        make_entry(connection)
    with CaptureQueriesContext(database) as many:
        program.get(f"{BOOKS}/{path}/")

    assert len(few) == len(many)


# -- Agreement -------------------------------------------------------------------------------------


def test_both_sides_are_compared_and_the_difference_is_told(books, world):
    contact = world.linked("Quist", phone="555 0000")
    world.linked("Ada")
    Link.objects.filter(local_id=contact.pk).update(base={**world.link(contact).base, "phone": "1"})

    started = books.post(f"{BOOKS}/agreement/", {})
    twice = books.post(f"{BOOKS}/agreement/", {})
    agreement.work(AgreementRun.objects.get().pk)
    report = books.get(f"{BOOKS}/agreement/").json()
    differing = books.get(f"{BOOKS}/agreement/rows/").json()["data"]
    agreeing = books.get(f"{BOOKS}/agreement/rows/", {"show": "agrees"}).json()["data"]

    assert (started.status_code, started.json()["running"]["state"]) == (202, "running")
    assert (twice.status_code, problem(twice)["code"]) == (409, "cannot_compare")
    assert report["running"] is None
    assert (report["last"]["sums"]["agrees"], report["last"]["sums"]["differs"]) == (1, 1)
    assert "1 record agrees, 1 differs" in report["last"]["words"]
    [row] = differing
    assert (row["ours_id"], row["label"]) == (contact.pk, "Quist")
    assert row["differences"] == [{"label": "Phone", "ours": "555 0000", "quickbooks": "1"}]
    assert [each["label"] for each in agreeing] == ["Ada"]


@pytest.mark.django_db
def test_rows_of_a_report_take_the_same_queries_however_many(program, firm):
    connection, now = make_connection(firm), timezone.now()
    run = AgreementRun.objects.create(
        connection=connection, firm=firm, state="done", started_at=now, worked_at=now
    )

    def rows(number: int) -> int:
        for _ in range(number):
            run.rows.create(firm=firm, entity="contact", label="Ada", result="differs")
        with CaptureQueriesContext(database) as asked:
            program.get(f"{BOOKS}/agreement/rows/")
        return len(asked)

    rows(1)  # notes the first use of the token
    assert rows(1) == rows(5)


@pytest.mark.django_db
def test_a_report_of_another_firm_is_not_shown(program, firm):
    make_connection(firm)
    other = make_connection(make_firm())
    now = timezone.now()
    run = AgreementRun.objects.create(
        connection=other, firm=other.firm, state="done", started_at=now, worked_at=now
    )
    run.rows.create(firm=other.firm, entity="contact", label="Secret", result="differs")

    assert program.get(f"{BOOKS}/agreement/").json()["last"] is None
    assert program.get(f"{BOOKS}/agreement/rows/", {"run": run.pk}).json()["data"] == []


@pytest.mark.django_db
def test_a_viewer_reads_the_report_and_starts_none(viewer, firm):
    make_connection(firm)

    assert viewer.get(f"{BOOKS}/agreement/").status_code == 200
    assert viewer.post(f"{BOOKS}/agreement/", {}).status_code == 403
