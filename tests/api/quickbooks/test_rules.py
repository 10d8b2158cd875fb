"""Rules over the API, and a one-way connection that is turned on and tested by a program."""

from __future__ import annotations

import pytest

from firms.models import Licence, User
from firms.permissions import Permission
from integrations.models import Connection, Cursor
from integrations.sync import trial
from tests.api.conftest import Program
from tests.api.quickbooks.test_connecting import BOOKS
from tests.api.test_frame import problem
from tests.factories import make_tax_rate
from tests.integrations.sync.test_turn_on import go_on
from tests.integrations.web.rows import make_connection
from tests.integrations.web.test_rules import LISTS

RULES = f"{BOOKS}/rules/"


def match(response) -> dict[str, str]:
    return {"If-Match": response["ETag"]}


@pytest.mark.django_db
def test_the_rules_that_are_named_change(program, firm):
    make_connection(firm, company_facts=LISTS)
    before = program.get(RULES)
    wanted = {"on_conflict": "quickbooks", "void_rule": "delete", "income_account": "1"}

    after = program.patch(RULES, wanted, headers=match(before))

    assert after.status_code == 200, after.content
    assert after.json() == {**before.json(), **wanted}
    assert after["ETag"] != before["ETag"]
    assert Connection.objects.get().on_conflict == "remote"


@pytest.mark.django_db
def test_rules_that_somebody_changed_meanwhile_are_not_overwritten(program, firm):
    make_connection(firm)
    read = program.get(RULES)
    program.patch(RULES, {"void_rule": "delete"}, headers=match(read))

    late = program.patch(RULES, {"on_conflict": "ours"}, headers=match(read))
    without = program.patch(RULES, {"on_conflict": "ours"})

    assert (late.status_code, problem(late)["code"]) == (412, "rules_changed")
    assert (without.status_code, problem(without)["code"]) == (428, "version_missing")
    assert program.get(RULES).json()["on_conflict"] == "ask"


@pytest.mark.django_db
def test_a_tax_code_is_chosen_for_a_rate(program, firm):
    connection = make_connection(firm)
    rate = make_tax_rate(firm)
    connection.tax_codes.create(
        firm=firm, remote_id="2", name="Tucson", read_at=connection.connected_at
    )
    pairs = [{"tax_rate_id": rate.pk, "tax_code_id": "2"}]

    chosen = program.patch(RULES, {"tax_codes": pairs}, headers={"If-Match": "*"})
    offered = program.get(f"{RULES}choices/").json()
    unknown = program.patch(
        RULES,
        {"tax_codes": [{"tax_rate_id": rate.pk, "tax_code_id": "3"}]},
        headers={"If-Match": "*"},
    )

    assert chosen.json()["tax_codes"] == pairs
    assert [each["tax_rate_id"] for each in offered["tax_codes"]] == [rate.pk]
    assert (unknown.status_code, problem(unknown)["code"]) == (422, "rule_not_possible")
    assert list(problem(unknown)["errors"]) == ["tax_codes"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wanted", [{"service_item": "no such"}, {"void_rule": "burn"}, {"number_rule": 3}, {"x": 1}]
)
def test_what_cannot_be_chosen_is_refused(program, firm, wanted):
    make_connection(firm)

    response = program.patch(RULES, wanted, headers={"If-Match": "*"})

    assert response.status_code == 422
    assert list(problem(response)["errors"]) == list(wanted)


@pytest.mark.django_db
def test_a_firm_without_billing_has_the_rules_of_contacts_only(program, firm):
    make_connection(firm)
    firm.licences = [Licence.TRANSCRIPTS_AND_NOTICES]
    firm.save()

    of_contacts = program.patch(RULES, {"syncs_notes": True}, headers={"If-Match": "*"})
    of_billing = program.patch(RULES, {"void_rule": "delete"}, headers={"If-Match": "*"})

    assert of_contacts.status_code == 200
    assert (of_billing.status_code, problem(of_billing)["code"]) == (403, "not_licensed")


@pytest.mark.django_db
def test_a_viewer_reads_the_rules_and_changes_none(viewer, firm):
    make_connection(firm)

    assert viewer.get(RULES).status_code == 200
    response = viewer.patch(RULES, {"void_rule": "delete"}, headers={"If-Match": "*"})
    assert (response.status_code, problem(response)["code"]) == (403, "not_allowed")


# -- With the books --------------------------------------------------------------------------------


def test_what_the_rules_choose_from_is_read_anew(books, world):
    before = books.get(f"{RULES}choices/").json()
    read = books.post(f"{RULES}read-lists/", {}).json()

    assert before["income_account"] == []
    assert {"id": "1", "label": "Services"} in read["income_account"]
    assert any(each["label"] == "Gardening" for each in read["service_item"])


def test_it_moves_to_one_way_and_back(books, world):
    away = books.post(f"{RULES}one-way/", {})
    again = books.post(f"{RULES}one-way/", {})
    back = books.post(f"{RULES}both-ways/", {})

    assert (away.json()["profile"], back.json()["profile"]) == ("push_only", "two_way")
    assert (again.status_code, problem(again)["code"]) == (409, "not_possible")


def test_a_program_turns_a_one_way_connection_on_and_tests_it(books, world):
    Connection.objects.update(profile="push_only", contacts_synced_at=None)
    Cursor.objects.update(value=None)
    books.post(f"{RULES}read-lists/", {})

    service = books.post(f"{BOOKS}/turn-on/service/", {"name": "Fees", "income_account": "1"})
    on = books.post(f"{BOOKS}/turn-on/", {"service_item": service.json()["id"]})
    begun = books.post(f"{BOOKS}/test-invoice/", {})
    world.connection.refresh_from_db()
    go_on(world)
    ended = books.get(f"{BOOKS}/test-invoice/").json()["test"]

    assert (service.status_code, service.json()["label"]) == (201, "Fees")
    assert (on.status_code, on.json()) == (200, {"left_out": 0})
    assert (begun.status_code, begun.json()["test"]["is_going_on"]) == (202, True)
    assert (ended["is_gone"], ended["problem"], ended["is_going_on"]) == (True, "", False)
    assert trial.last(world.connection).is_over


def test_the_test_invoice_needs_both_permissions(world, shelf):
    member = User.objects.get(pk=world.actor.user_id).memberships.get(firm=world.firm)
    only = [Permission.VIEW_ONLY, Permission.MANAGE_INTEGRATIONS]
    program = Program(shelf.make(member, only))

    response = program.post(f"{BOOKS}/test-invoice/", {})

    assert (response.status_code, problem(response)["code"]) == (403, "not_allowed")
