"""Set-up without a browser: both halves from the first choice to Finish, with the emulator."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts.models import Contact
from firms.models import Licence
from firms.permissions import ADMIN, Permission
from integrations.models import Connection, Link, MatchProposal, Setup
from integrations.sync import engine
from integrations.wizard import importing, syncing
from tests.api.conftest import Program
from tests.api.quickbooks.test_connecting import BOOKS
from tests.api.test_frame import problem
from tests.factories import make_firm, make_member
from tests.integrations.web.rows import make_connection

SETUP = f"{BOOKS}/setup"
LISTS = ("matched", "unmatched", "duplicates", "new")
pytestmark = pytest.mark.django_db


def read(wizard, half: str = "contacts") -> None:
    """Let a worker read all."""
    run = Setup.objects.get(is_current=True, half="billing" if half == "services" else half)
    importing.run(run.pk, clock=wizard.clock)


def lists_of(program: Program, half: str = "contacts") -> dict[str, int]:
    told = program.get(f"{SETUP}/{half}/").json()
    return {each["name"]: each["count"] for each in told["lists"]}


def rows(program: Program, name: str, half: str = "contacts", **asked) -> list[dict]:
    response = program.get(f"{SETUP}/{half}/lists/{name}/", asked)
    assert response.status_code == 200, response.content
    return response.json()["data"]


def decide(program: Program, name: str, decision: str, half: str = "contacts", **which):
    address = f"{SETUP}/{half}/lists/{name}/decide/"
    return program.post(address, {"decision": decision, **which})


def see_all(program: Program, half: str = "contacts", names=LISTS) -> None:
    for name in names:
        assert program.post(f"{SETUP}/{half}/lists/{name}/seen/", {}).status_code == 200


def drain(wizard) -> None:
    connection = Connection.objects.get(pk=wizard.connection.pk)
    for _ in range(5):
        if not engine.drain(connection, now=timezone.now(), seconds=60).has_more:
            break
    syncing.note_finished(connection, timezone.now())


@pytest.fixture
def ready(wizard, walker) -> Program:
    """The lists of contacts are there: one matched, one unmatched, the rest is new."""
    wizard.contact(display_name="Amy's Bird Sanctuary")
    wizard.contact(display_name="Ada Lovelace", email="Cool_Cars@intuit.com")
    walker.post(f"{SETUP}/contacts/start/", {"which": "active"})
    read(wizard)
    return walker


def test_a_program_walks_the_contacts_half(wizard, walker):
    wizard.contact(display_name="Amy's Bird Sanctuary")
    extra = wizard.contact(display_name="Ada Lovelace")

    first = walker.get(f"{SETUP}/").json()
    customers = walker.get(f"{SETUP}/contacts/customers/").json()["customers"]
    started = walker.post(f"{SETUP}/contacts/start/", {"which": "active"})
    read(wizard)
    review = walker.get(f"{SETUP}/contacts/").json()
    [alone] = rows(walker, "unmatched")
    created = decide(walker, "unmatched", "create", ids=[alone["id"]])
    see_all(walker)
    plan = walker.get(f"{SETUP}/contacts/plan/").json()
    confirmed = walker.post(f"{SETUP}/contacts/sync/", {"digest": plan["digest"]})
    drain(wizard)
    done = walker.get(f"{SETUP}/contacts/").json()
    report = walker.get(f"{SETUP}/contacts/report/").json()

    assert (first["contacts"]["step"], first["services"]) == ("choose", None)
    assert customers["active"] <= customers["all"]
    assert (started.status_code, started.json()["step"]) == (202, "import")
    assert (review["step"], review["reading"]["state"]) == ("review", "done")
    assert alone["ours"]["id"] == extra.pk
    assert created.json()["changed"] == 1
    assert (plan["link"], plan["create_there"]) == (1, 1)
    assert plan["create_here"] == customers["active"] - 1
    assert (confirmed.status_code, confirmed.json()["step"]) == (202, "sync")
    assert (done["step"], done["sync"]["waiting"]) == ("done", 0)
    assert report["done"] == report["planned"] == customers["active"] + 1
    assert len(wizard.emulator.named("Ada Lovelace")) == 1
    assert Contact.objects.for_firm(wizard.firm).count() == customers["active"] + 1


def test_nothing_is_synced_before_every_list_was_seen(ready):
    see_all(ready, names=LISTS[:3])
    digest = ready.get(f"{SETUP}/contacts/plan/").json()["digest"]

    refused = ready.post(f"{SETUP}/contacts/sync/", {"digest": digest})

    assert (refused.status_code, problem(refused)["code"]) == (409, "not_ready")
    assert "New from QuickBooks" in problem(refused)["detail"]


def test_reading_a_list_is_not_seeing_it(ready):
    """A program says so itself: it may read a list without anybody looking."""
    rows(ready, "matched")

    assert not any(each["is_seen"] for each in ready.get(f"{SETUP}/contacts/").json()["lists"])


def test_what_was_not_shown_is_not_done(ready, wizard):
    see_all(ready)
    digest = ready.get(f"{SETUP}/contacts/plan/").json()["digest"]
    decide(ready, "new", "leave_out", all=True)

    refused = ready.post(f"{SETUP}/contacts/sync/", {"digest": digest})

    assert (refused.status_code, problem(refused)["code"]) == (409, "shown_differs")
    assert Link.objects.count() == 0


def test_a_suggestion_says_why_and_is_taken_by_a_decision(ready):
    [row] = rows(ready, "unmatched")
    taken = row["suggestion"]
    free = decide(ready, "matched", "unmatch", all=True)
    matched = decide(ready, "unmatched", "match", ids=[row["id"]])
    undone = ready.post(f"{SETUP}/contacts/undo/", matched.json()["undo"])

    assert (taken["email"].lower(), row["reason"]) == ("cool_cars@intuit.com", "Same email")
    assert free.json()["changed"] == 1
    assert matched.json()["changed"] == 1
    assert undone.json()["changed"] == 1


def test_a_program_matches_with_what_it_looked_for(ready):
    [row] = rows(ready, "unmatched")
    found = ready.get(f"{SETUP}/contacts/rows/{row['id']}/candidates/", {"q": "cool"}).json()
    [free] = [each for each in found if not each["taken"]]

    matched = ready.post(
        f"{SETUP}/contacts/rows/{row['id']}/match/", {"quickbooks_id": free["quickbooks_id"]}
    )
    again = ready.post(f"{SETUP}/contacts/rows/{row['id']}/match/", {"quickbooks_id": "1"})

    assert matched.status_code == 200, matched.content
    assert matched.json()["theirs"]["quickbooks_id"] == free["quickbooks_id"]
    assert (again.status_code, problem(again)["code"]) == (409, "taken")


@pytest.mark.parametrize(
    ("name", "decision"), [("matched", "create"), ("duplicates", "create"), ("new", "match")]
)
def test_what_a_list_does_not_offer_is_refused(ready, name, decision):
    refused = decide(ready, name, decision, all=True)

    assert (refused.status_code, problem(refused)["code"]) == (409, "not_on_this_list")


@pytest.mark.parametrize("which", [{}, {"ids": []}, {"ids": [1], "all": True}, {"ids": ["1"]}])
def test_rows_are_named_or_all_of_them(ready, which):
    assert decide(ready, "new", "leave_out", **which).status_code == 422


def test_a_list_comes_in_pages_in_the_order_of_names(ready):
    first = ready.get(f"{SETUP}/contacts/lists/new/", {"limit": 10})
    whole, cursor = [each["theirs"]["label"] for each in first.json()["data"]], first
    while cursor.json()["next_cursor"]:
        cursor = ready.get(
            f"{SETUP}/contacts/lists/new/", {"limit": 10, "cursor": cursor.json()["next_cursor"]}
        )
        whole += [each["theirs"]["label"] for each in cursor.json()["data"]]

    assert len(whole) == len(set(whole)) == lists_of(ready)["new"]
    assert whole == sorted(whole, key=str.casefold)
    assert 'rel="next"' in first["Link"]


@pytest.mark.parametrize(
    "cursor", ["x", "bull", "WzFd", "WyJhIiwgIlx1MDAwMCJd", "WyJhIiwgImIiXQ", "W10", "e30", "IiI"]
)
def test_a_cursor_of_no_list_of_ours_is_refused(ready, cursor):
    response = ready.get(f"{SETUP}/contacts/lists/new/", {"cursor": cursor})

    assert (response.status_code, problem(response)["code"]) == (400, "parameter_not_possible")


def test_a_page_takes_the_same_queries_however_many_rows(ready):
    with CaptureQueriesContext(
        database,
    ) as few:
        rows(ready, "new", limit=2)
    with CaptureQueriesContext(database) as many:
        rows(ready, "new", limit=25)

    assert len(few) == len(many)


def test_another_choice_reads_anew_and_keeps_decisions(ready, wizard):
    [row] = rows(ready, "unmatched")
    decide(ready, "unmatched", "leave_out", ids=[row["id"]])

    ready.post(f"{SETUP}/contacts/start/", {"which": "all"})
    closed = ready.get(f"{SETUP}/contacts/lists/unmatched/")
    read(wizard)
    [again] = rows(ready, "unmatched")

    assert (closed.status_code, problem(closed)["code"]) == (409, "not_open")
    assert again["decision"] == "leave_out"


def test_reading_is_stopped_carried_on_and_begun_again(wizard, walker):
    walker.post(f"{SETUP}/contacts/start/", {"which": "active"})
    twice = walker.post(f"{SETUP}/contacts/start/", {"which": "active"})
    stopped = walker.post(f"{SETUP}/contacts/stop/", {})
    nothing = walker.post(f"{SETUP}/contacts/carry-on/", {})
    walker.post(f"{SETUP}/contacts/start/", {"which": "active"})
    read(wizard)
    again = walker.post(f"{SETUP}/contacts/again/", {})

    assert (twice.status_code, problem(twice)["code"]) == (409, "import_runs")
    assert (stopped.status_code, stopped.json()["step"]) == (200, "choose")
    assert nothing.status_code == 409
    assert (again.status_code, again.json()["step"]) == (202, "import")


def test_the_lists_are_checked_again(ready, wizard):
    wizard.emulator.create("Quist Optics")

    checked = ready.post(f"{SETUP}/contacts/check-again/", {})

    assert checked.status_code == 200, checked.content
    assert [each["theirs"]["label"] for each in rows(ready, "new", q="Quist")] == ["Quist Optics"]


@pytest.mark.parametrize(
    "address", ["/persons/", "/contacts/lists/old/", "/services/lists/duplicates/"]
)
def test_what_there_is_not_is_not_found(ready, half, address):
    response = ready.get(SETUP + address)

    assert (response.status_code, problem(response)["code"]) == (404, "not_found")


def test_rows_of_another_firm_are_not_there(ready, shelf, wizard):
    [row] = rows(ready, "unmatched")
    other = make_firm()
    stranger = Program(shelf.make(make_member(other)))
    run = make_connection(other, setup={"confirmed_at": None, "worked_off_at": None})
    Setup.objects.filter(connection=run).update(import_state="done")

    seen = rows(stranger, "unmatched")
    matched = stranger.post(f"{SETUP}/contacts/rows/{row['id']}/match/", {"quickbooks_id": "1"})
    decided = decide(stranger, "unmatched", "leave_out", ids=[row["id"]])

    assert seen == []
    assert matched.status_code == 404
    assert decided.json()["changed"] == 0
    assert MatchProposal.objects.get(pk=row["id"]).decision == ""


# -- Service items and invoices --------------------------------------------------------------------


@pytest.fixture
def second(half, shelf) -> Program:
    return Program(shelf.make(half.member))


def test_a_program_walks_the_second_half(half, second):
    half.linked_contact("Amy's Bird Sanctuary")
    item = half.item(name="Gardening", rate="31", sku="")

    second.post(f"{SETUP}/services/start/", {})
    read(half, "services")
    [row] = rows(second, "unmatched", "services")
    copied = second.post(
        f"{SETUP}/services/rows/{row['id']}/use-theirs/", {"version": item.version}
    )
    see_all(second, "services", ("matched", "unmatched", "new"))
    offers = second.get(f"{SETUP}/services/offers/").json()
    asked = {"income_account": offers["income_accounts"][0]["id"], "start": "all"}
    plan = second.get(f"{SETUP}/services/plan/", asked).json()
    synced = second.post(f"{SETUP}/services/sync/", {**asked, "digest": plan["digest"]})
    drain(half)
    finished = second.post(f"{SETUP}/finish/", {})
    report = second.get(f"{SETUP}/services/report/").json()

    assert row["differing"] == ["rate"]
    assert (row["ours"]["rate"], row["suggestion"]["label"]) == ("31", "Gardening")
    assert copied.status_code == 200, copied.content
    assert offers["all"]["create_here"]["number"] >= offers["from_since"]["create_here"]["number"]
    assert plan["invoices"]["create_here"] == offers["all"]["create_here"]
    assert plan["items"]["link"] == 1
    assert synced.status_code == 202, synced.content
    assert finished.status_code == 200, finished.content
    assert report["done"] == report["planned"]
    assert second.get(f"{BOOKS}/").json()["set_up"] == "set_up"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"start": "from"}, "since"),
        ({"start": "from", "since": "2999-01-01"}, "since"),
    ],
)
def test_a_first_day_is_asked_for(half, second, asked, field):
    second.post(f"{SETUP}/services/start/", {})
    read(half, "services")

    response = second.get(f"{SETUP}/services/plan/", {"income_account": "1", **asked})

    assert response.status_code == 422
    assert list(problem(response)["errors"]) == [field]


def test_the_second_half_can_be_skipped_and_started_later(half, second):
    skipped = second.post(f"{SETUP}/services/skip/", {})
    later = second.post(f"{SETUP}/services/start/", {})

    assert skipped.status_code == 200
    assert second.get(f"{SETUP}/").json()["contacts"]["skipped_at"] is None  # taken back
    assert later.status_code == 202


def test_without_the_licence_there_is_no_second_half(half, second):
    half.firm.licences = [Licence.TRANSCRIPTS_AND_NOTICES]
    half.firm.save()

    refused = second.post(f"{SETUP}/services/start/", {})

    assert (refused.status_code, problem(refused)["code"]) == (403, "not_licensed")
    assert "Time & Billing licence" in problem(refused)["detail"]
    assert second.get(f"{SETUP}/").json()["services"] is None


def test_before_the_contacts_there_is_no_second_half(walker):
    refused = walker.post(f"{SETUP}/services/start/", {})

    assert (refused.status_code, problem(refused)["code"]) == (409, "no_wizard")


def test_a_one_way_connection_has_no_set_up(wizard, walker):
    Connection.objects.update(profile="push_only")

    assert problem(walker.get(f"{SETUP}/"))["code"] == "no_wizard"


def test_it_is_walked_again_with_todays_links(half, second):
    half.linked_contact("Amy's Bird Sanctuary")

    restarted = second.post(f"{SETUP}/restart/", {})

    assert (restarted.status_code, restarted.json()["step"]) == (200, "choose")
    assert Link.objects.filter(state="linked").count() == 1


def test_who_may_not_manage_integrations_sees_nothing_of_it(wizard, shelf):
    program = Program(shelf.make(wizard.member, set(ADMIN) - {Permission.MANAGE_INTEGRATIONS}))

    answers = [program.get(f"{SETUP}/"), program.post(f"{SETUP}/contacts/start/", {"which": "all"})]

    assert [(each.status_code, problem(each)["code"]) for each in answers] == [
        (403, "not_allowed")
    ] * 2
