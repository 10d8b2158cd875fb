"""What needs a person, decided by a program. With the real engine and the emulator."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from firms.models import Membership
from firms.permissions import Permission
from integrations.models import Issue, Link
from tests.api.conftest import Program
from tests.api.quickbooks.test_connecting import BOOKS
from tests.api.test_frame import problem
from tests.factories import make_contact, make_firm
from tests.integrations.web.billed import number_clash
from tests.integrations.web.rows import make_conflict, make_connection, make_issue, make_link

ISSUES = f"{BOOKS}/issues"
LATER = 60  # seconds: beyond the undo, and what the calls themselves took


def disagree(world, name: str = "Quist", ours: str = "555 0100", theirs: str = "555 0199"):
    """A contact whose phone both sides changed."""
    contact = world.linked(name, phone="555 0000")
    world.edit(contact, phone=ours)
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": theirs})
    world.sync(feed=True)
    return contact


def only(program: Program) -> dict:
    [issue] = program.get(f"{ISSUES}/").json()["data"]
    return issue


def decide(program: Program, issue: dict, keep: str, loses: dict):
    [group] = issue["conflict"]
    body = {"decisions": [{"group": group["group"], "keep": keep, "loses": loses}]}
    return program.post(f"{ISSUES}/{issue['id']}/decide/", body)


@pytest.mark.parametrize(
    ("keep", "other", "phone"),
    [("ours", "quickbooks", "555 0100"), ("quickbooks", "ours", "555 0199")],
)
def test_a_conflict_is_decided_by_the_values_that_were_shown(books, world, keep, other, phone):
    contact = disagree(world)
    issue = only(books)
    [group] = issue["conflict"]

    decided = decide(books, issue, keep, group[other])
    world.sync(after=LATER)

    assert (group["ours"], group["quickbooks"]) == ({"phone": "555 0100"}, {"phone": "555 0199"})
    assert group["fields"][0]["agreed"] == "555 0000"
    assert decided.status_code == 200, decided.content
    assert decided.json()["conflict"][0]["decided"] == keep
    assert decided.json()["acts_at"]
    contact.refresh_from_db()
    assert contact.phone == phone
    assert world.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == phone
    assert books.get(f"{ISSUES}/{issue['id']}/").json()["state"] == "resolved"


def test_a_loser_that_changed_meanwhile_is_not_overwritten(books, world):
    contact = disagree(world)
    read = only(books)
    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0777"})
    world.sync(feed=True)

    refused = decide(books, read, "ours", read["conflict"][0]["quickbooks"])

    assert (refused.status_code, problem(refused)["code"]) == (409, "shown_changed")
    assert Link.objects.get(local_id=contact.pk, entity="contact").decisions == {}
    assert only(books)["conflict"][0]["quickbooks"] == {"phone": "555 0777"}


def test_a_loser_that_changes_after_the_decision_is_asked_about_anew(books, world):
    contact = disagree(world)
    read = only(books)
    decide(books, read, "ours", read["conflict"][0]["quickbooks"])

    world.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555 0777"})
    world.sync(after=LATER, feed=True)

    assert world.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555 0777"
    assert only(books)["conflict"][0]["decided"] is None


def test_a_decision_can_be_taken_back_for_ten_seconds(books, world):
    disagree(world)
    read = only(books)
    decide(books, read, "ours", read["conflict"][0]["quickbooks"])

    undone = books.post(f"{ISSUES}/{read['id']}/undo/", {})
    again = books.post(f"{ISSUES}/{read['id']}/undo/", {})

    assert (undone.status_code, undone.json()["acts_at"]) == (200, None)
    assert (again.status_code, problem(again)["code"]) == (409, "nothing_to_decide")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "decisions",
    [
        [],
        [{"group": "phone", "keep": "both", "loses": {}}],
        [{"group": "no_such", "keep": "ours", "loses": {}}],
        [{"group": "phone", "keep": "ours"}],
        [{"group": "phone", "keep": "ours", "loses": "555"}],
    ],
)
def test_a_decision_that_cannot_be_is_refused(program, firm, decisions):
    link = make_link(make_connection(firm), make_contact(firm))
    issue = make_conflict(link, phone=("1", "2"))

    response = program.post(f"{ISSUES}/{issue.pk}/decide/", {"decisions": decisions})

    assert response.status_code == 422, response.content


@pytest.mark.django_db
def test_an_error_is_no_conflict_to_decide(program, firm):
    issue = make_issue(make_link(make_connection(firm), make_contact(firm)))
    decision = {"group": "phone", "keep": "ours", "loses": {}}

    response = program.post(f"{ISSUES}/{issue.pk}/decide/", {"decisions": [decision]})

    assert (response.status_code, problem(response)["code"]) == (422, "not_a_choice")


# -- Actions ---------------------------------------------------------------------------------------


def clash(world, name: str = "Cool Cars"):
    contact = world.create(name)
    world.sync()
    return contact


def test_a_name_clash_is_linked_to_the_existing_customer(books, world):
    contact = clash(world)
    issue = only(books)
    [theirs] = world.customers_named("Cool Cars")

    without = books.post(f"{ISSUES}/{issue['id']}/resolve/", {"action": "link_to_existing"})
    done = books.post(
        f"{ISSUES}/{issue['id']}/resolve/",
        {"action": "link_to_existing", "quickbooks_id": theirs["Id"]},
    )

    assert [each["name"] for each in issue["actions"]] == ["retry", "link_to_existing", "rename"]
    assert (without.status_code, problem(without)["code"]) == (422, "not_a_choice")
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    assert world.link(contact).remote_id == theirs["Id"]


def test_a_name_clash_is_mended_by_another_name(books, world):
    contact = clash(world)
    issue = only(books)
    body = {"action": "rename", "name": "Cool Cars of Canopy", "version": contact.version}

    done = books.post(f"{ISSUES}/{issue['id']}/resolve/", body)
    late = books.post(f"{ISSUES}/{issue['id']}/resolve/", {**body, "name": "Later"})
    world.sync(after=LATER)

    assert done.status_code == 200, done.content
    assert late.status_code == 409
    assert len(world.customers_named("Cool Cars of Canopy")) == 1


def test_a_number_that_is_taken_goes_out_under_another(books, world):
    world.switch_billing_on()
    number_clash(world)
    issue = only(books)
    [other] = [each for each in issue["actions"] if each["needs"] == ["number"]]

    done = books.post(
        f"{ISSUES}/{issue['id']}/resolve/", {"action": other["name"], "number": other["proposal"]}
    )
    world.sync(after=LATER)

    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    assert other["proposal"] in [each["DocNumber"] for each in world.quickbooks.objects("Invoice")]


@pytest.mark.django_db
def test_only_what_the_issue_offers_can_be_done(program, firm):
    issue = make_issue(make_link(make_connection(firm), make_contact(firm)), kind="refused")

    wrong = program.post(f"{ISSUES}/{issue.pk}/resolve/", {"action": "archive"})
    Issue.objects.update(state="resolved")
    late = program.post(f"{ISSUES}/{issue.pk}/resolve/", {"action": "retry"})

    assert (wrong.status_code, problem(wrong)["code"]) == (422, "not_a_choice")
    assert (late.status_code, problem(late)["code"]) == (409, "nothing_to_decide")


@pytest.mark.django_db
def test_an_issue_is_put_aside_with_a_reason(program, firm):
    issue = make_issue(make_link(make_connection(firm), make_contact(firm)))

    without = program.post(f"{ISSUES}/{issue.pk}/ignore/", {"reason": " "})
    done = program.post(f"{ISSUES}/{issue.pk}/ignore/", {"reason": "The client left."})

    assert without.status_code == 422
    assert (done.json()["state"], done.json()["closing_note"]) == ("ignored", "The client left.")


@pytest.mark.django_db
def test_errors_are_retried_one_or_all(program, firm):
    connection = make_connection(firm)
    links = [make_link(connection, make_contact(firm), wake_at=None) for _ in range(3)]
    issues = [make_issue(each) for each in links]

    one = program.post(f"{ISSUES}/{issues[0].pk}/retry/", {})
    everything = program.post(f"{ISSUES}/retry-all/", {})

    assert one.status_code == 200
    assert everything.json() == {"retried": 3}
    assert not Link.objects.filter(wake_at=None).exists()


# -- Many at once ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_conflicts_are_decided_by_kind(program, firm):
    connection = make_connection(firm)
    for number in range(3):
        make_conflict(make_link(connection, make_contact(firm)), phone=(f"1{number}", "2"))

    done = program.post(f"{ISSUES}/resolve/", {"kind": "conflict", "action": "keep_quickbooks"})

    assert done.json() == {"done": 3, "refused": [], "last_id": None}
    kept = [each.decisions["phone"] for each in Link.objects.all()]
    assert {each["keep"] for each in kept} == {"remote"}
    assert sorted(each["shown"]["phone"] for each in kept) == ["10", "11", "12"]


@pytest.mark.django_db
def test_one_that_cannot_be_decided_so_keeps_back_no_other(program, firm, shelf, member):
    connection = make_connection(firm)
    gone = [
        make_issue(make_link(connection, make_contact(firm)), kind="deleted_there")
        for _ in range(2)
    ]

    left = program.post(f"{ISSUES}/resolve/", {"kind": "deleted_there", "action": "leave"})
    Issue.objects.update(state="open")
    voided = program.post(f"{ISSUES}/resolve/", {"kind": "deleted_there", "action": "void_here"})

    assert left.json()["done"] == 2
    assert voided.json()["done"] == 0
    assert [each["id"] for each in voided.json()["refused"]] == [each.pk for each in gone]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("conflict", "retry"),
        ("refused", "keep_ours"),
        ("duplicate_number", "number_there"),
        ("refused", "ignore"),
        ("no_such", "retry"),
    ],
)
def test_what_cannot_be_done_with_all_of_a_kind_is_refused(program, firm, kind, action):
    make_connection(firm)

    response = program.post(f"{ISSUES}/resolve/", {"kind": kind, "action": action})

    assert response.status_code == 422


@pytest.mark.django_db
def test_more_than_300_are_done_in_several_calls(program, firm, monkeypatch):
    monkeypatch.setattr("integrations.sync.bulk.AT_ONCE", 2)
    connection = make_connection(firm)
    for _ in range(3):
        make_issue(make_link(connection, make_contact(firm)))
    body = {"kind": "duplicate_name", "action": "ignore", "reason": "Old"}

    first = program.post(f"{ISSUES}/resolve/", body).json()
    rest = program.post(f"{ISSUES}/resolve/", {**body, "after": first["last_id"]}).json()

    assert (first["done"], rest["done"], rest["last_id"]) == (2, 1, None)


# -- Who may, and what is shown --------------------------------------------------------------------


@pytest.mark.django_db
def test_the_list_is_narrowed_and_comes_in_pages(program, firm):
    connection = make_connection(firm)
    links = [make_link(connection, make_contact(firm)) for _ in range(3)]
    kinds = [make_issue(each, kind="refused").pk for each in links]
    make_conflict(links[0], phone=("1", "2"))
    make_issue(links[1], kind="no_answer", state="ignored")

    first = program.get(f"{ISSUES}/", {"kind": "refused", "limit": 2}).json()
    rest = program.get(f"{ISSUES}/", {"kind": "refused", "cursor": first["next_cursor"]}).json()
    ignored = program.get(f"{ISSUES}/", {"state": "ignored"}).json()["data"]
    of_one = program.get(f"{ISSUES}/", {"ours_id": links[1].local_id}).json()["data"]
    of_items = program.get(f"{ISSUES}/", {"entity": "service_item"}).json()["data"]

    assert [each["id"] for each in first["data"] + rest["data"]] == kinds[::-1]
    assert [each["kind"] for each in ignored] == ["no_answer"]
    assert [each["id"] for each in of_one] == [kinds[1]]
    assert of_items == []


@pytest.mark.django_db
def test_the_list_takes_the_same_queries_however_many(program, firm):
    connection = make_connection(firm)
    make_conflict(make_link(connection, make_contact(firm)), phone=("1", "2"))
    program.get(f"{ISSUES}/")  # notes the first use of the token
    with CaptureQueriesContext(database) as few:
        program.get(f"{ISSUES}/")
    for _ in range(5):
        make_conflict(make_link(connection, make_contact(firm)), phone=("1", "2"))
        make_issue(make_link(connection, make_contact(firm)))
    with CaptureQueriesContext(database) as many:
        program.get(f"{ISSUES}/")

    assert len(few) == len(many)


@pytest.mark.django_db
def test_a_viewer_reads_issues_and_decides_none(viewer, firm):
    issue = make_conflict(make_link(make_connection(firm), make_contact(firm)), phone=("1", "2"))
    decision = {"group": "phone", "keep": "ours", "loses": {"phone": "2"}}

    answers = [
        viewer.post(f"{ISSUES}/{issue.pk}/{action}/", body)
        for action, body in (
            ("decide", {"decisions": [decision]}), ("undo", {}), ("retry", {}),
            ("ignore", {"reason": "x"}), ("resolve", {"action": "retry"}),
        )
    ]  # fmt: skip

    assert viewer.get(f"{ISSUES}/{issue.pk}/").status_code == 200
    assert {each.status_code for each in answers} == {403}
    assert Link.objects.get().decisions == {}


@pytest.mark.django_db
def test_an_issue_of_another_firm_is_not_there(program, firm):
    make_connection(firm)
    other = make_connection(make_firm())
    issue = make_issue(make_link(other, make_contact(other.firm)))

    answers = [
        program.get(f"{ISSUES}/{issue.pk}/"),
        program.post(f"{ISSUES}/{issue.pk}/retry/", {}),
        program.post(f"{ISSUES}/{issue.pk}/resolve/", {"action": "retry"}),
    ]

    assert {each.status_code for each in answers} == {404}
    assert program.get(f"{ISSUES}/").json()["data"] == []


def test_to_void_here_needs_the_permission_of_what_is_voided(world, shelf):
    world.switch_billing_on()
    member = Membership.objects.get(user_id=world.actor.user_id, firm=world.firm)
    program = Program(shelf.make(member, [Permission.VIEW_ONLY, Permission.MANAGE_INTEGRATIONS]))
    invoice = number_clash(world)
    Issue.objects.update(kind="deleted_there")
    issue = Issue.objects.get()

    refused = program.post(f"{ISSUES}/{issue.pk}/resolve/", {"action": "void_here"})

    assert (refused.status_code, problem(refused)["code"]) == (403, "not_allowed")
    invoice.refresh_from_db()
    assert not invoice.is_void
