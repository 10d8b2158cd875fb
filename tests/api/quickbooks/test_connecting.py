"""A program connects a company, looks how it stands, pauses it, ends it. With the emulator."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from firms.api.models import IdempotentCall
from firms.models import AuditEntry
from firms.permissions import ADMIN, Permission
from integrations.models import Connection, ConsentRequest, Credential
from tests.api.conftest import Program
from tests.api.test_frame import problem
from tests.factories import make_contact, make_firm, make_member
from tests.integrations.web.bookkeeper import answer_consent
from tests.integrations.web.rows import make_connection, make_issue, make_link

pytestmark = pytest.mark.django_db
BOOKS = "/integrations/quickbooks"


def come_back(url: str, qbo) -> dict[str, str]:
    """Give consent at the address; what the redirect brought, as finish/ takes it."""
    told = parse_qs(urlsplit(answer_consent(url, company=qbo.access["realm_id"])).query)
    return {
        "state": told["state"][0], "code": told["code"][0], "realm_id": told["realmId"][0],
    }  # fmt: skip


def leave(program: Program, **body: str) -> str:
    response = program.post(f"{BOOKS}/connect/", body)
    assert response.status_code == 200, response.content
    return str(response.json()["consent_url"])


def connect(program: Program, qbo, **body: str):
    return program.post(f"{BOOKS}/connect/finish/", come_back(leave(program, **body), qbo))


def test_a_program_connects_a_company(program, qbo, firm, member):
    response = connect(program, qbo)

    found = Connection.objects.get(firm=firm)
    assert response.status_code == 200, response.content
    assert response.json()["outcome"] == "connected"
    assert response.json()["company_name"] == found.company_name
    assert (found.company_id, found.connected_by) == (qbo.access["realm_id"], member.user)
    entry = AuditEntry.objects.get(firm=firm, action="QuickBooks: Connected")
    assert entry.actor_label.startswith("API token")


def test_a_connection_of_a_program_may_go_one_way(program, qbo, firm):
    connect(program, qbo, profile="push_only")

    assert Connection.objects.get(firm=firm).profile == "push_only"


def test_the_state_is_long_counts_once_and_for_ten_minutes(program, qbo):
    url = leave(program)
    told = come_back(url, qbo)
    ConsentRequest.objects.update(made_at=timezone.now() - timedelta(minutes=10, seconds=1))

    late = program.post(f"{BOOKS}/connect/finish/", told)
    ConsentRequest.objects.update(made_at=timezone.now())
    first = program.post(f"{BOOKS}/connect/finish/", told)
    again = program.post(f"{BOOKS}/connect/finish/", told)

    assert len(told["state"]) >= 43
    assert (late.status_code, problem(late)["code"]) == (422, "consent_not_valid")
    assert (first.status_code, again.status_code) == (200, 422)


def test_the_state_of_one_token_is_worth_nothing_to_another(program, qbo, shelf, member, firm):
    told = come_back(leave(program), qbo)
    others = [
        Program(shelf.make(member)),
        Program(shelf.make(make_member(firm))),
        Program(shelf.make(make_member(make_firm()))),
    ]

    answers = [each.post(f"{BOOKS}/connect/finish/", told) for each in others]

    assert [each.status_code for each in answers] == [422, 422, 422]
    assert Connection.objects.count() == 0


def test_a_browser_cannot_finish_what_a_program_began(program, qbo, member):
    """The person is shown what to hand over: nobody else's browser could be tricked into it."""
    browser = Client()
    browser.force_login(member.user)
    told = come_back(leave(program), qbo)
    back = {"state": told["state"], "code": told["code"], "realmId": told["realm_id"]}

    page = browser.get("/settings/integrations/qbo/callback/", back)

    assert told["code"] in page.content.decode()
    assert page["Cache-Control"].count("no-store")
    assert Connection.objects.count() == 0
    assert program.post(f"{BOOKS}/connect/finish/", told).status_code == 200


def test_a_signed_in_person_begins_it_here_and_ends_it_in_the_same_browser(qbo, member):
    browser = Client()
    browser.force_login(member.user)
    asked = browser.post(f"/api/v1{BOOKS}/connect/", {}, content_type="application/json")

    told = come_back(asked.json()["consent_url"], qbo)
    back = {"state": told["state"], "code": told["code"], "realmId": told["realm_id"]}
    browser.get("/settings/integrations/qbo/callback/", back)

    assert Connection.objects.get().connected_by == member.user


def test_a_stranger_is_not_shown_the_code(program, qbo):
    browser = Client()
    browser.force_login(make_member(make_firm()).user)
    told = come_back(leave(program), qbo)
    back = {"state": told["state"], "code": told["code"], "realmId": told["realm_id"]}

    answer = browser.get("/settings/integrations/qbo/callback/", back, follow=True)

    assert told["code"] not in answer.content.decode()


def test_a_company_that_the_token_does_not_open_is_refused(program, qbo):
    told = come_back(leave(program), qbo)

    response = program.post(f"{BOOKS}/connect/finish/", {**told, "realm_id": "1"})

    assert (response.status_code, problem(response)["code"]) == (422, "consent_not_valid")
    assert Credential.objects.count() == 0


def test_a_company_of_another_firm_is_refused_by_name(program, qbo):
    make_connection(make_firm(), company_id=qbo.access["realm_id"])

    response = connect(program, qbo)

    assert (response.status_code, problem(response)["code"]) == (409, "company_taken")
    assert "is already connected to another firm" in problem(response)["detail"]


def test_quickbooks_that_does_not_answer_is_told_as_503(program, qbo):
    told = come_back(leave(program), qbo)
    qbo.fault("status", status=503, path="companyinfo", times=None)

    response = program.post(f"{BOOKS}/connect/finish/", told)

    assert (response.status_code, problem(response)["code"]) == (503, "books_not_answering")
    assert Connection.objects.count() == 0


@pytest.mark.parametrize("plan", ["free", "legacy"])
def test_a_plan_that_is_too_small_is_refused_in_the_words_of_the_pages(program, qbo, firm, plan):
    firm.billing_plan = plan
    firm.save()

    response = program.post(f"{BOOKS}/connect/", {})

    assert (response.status_code, problem(response)["code"]) == (403, "plan_too_small")
    assert "Integrations need a paid plan." in problem(response)["detail"]


def test_another_company_asks_first(program, qbo, firm):
    old = make_connection(firm, company_id="1")
    make_link(old)

    asked = connect(program, qbo)
    status = program.get(f"{BOOKS}/").json()
    kept = program.post(f"{BOOKS}/connect/other-company/", {"decision": "keep"})
    again = program.post(f"{BOOKS}/connect/other-company/", {"decision": "use"})

    assert asked.json()["outcome"] == "other_company"
    assert status["other_company"]["company_id"] == qbo.access["realm_id"]
    assert (kept.status_code, kept.json()["company_name"]) == (200, old.company_name)
    assert (again.status_code, problem(again)["code"]) == (409, "not_connected")


def test_a_call_that_asks_quickbooks_is_done_once_for_a_key(program, qbo):
    """Its answer is kept, though no transaction was open while QuickBooks was asked."""
    told = come_back(leave(program), qbo)
    headers = {"Idempotency-Key": "a"}

    first = program.post(f"{BOOKS}/connect/finish/", told, headers=headers)
    again = program.post(f"{BOOKS}/connect/finish/", told, headers=headers)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


def test_a_call_that_died_under_way_holds_its_key_for_five_minutes(program, qbo, firm):
    told, headers = come_back(leave(program), qbo), {"Idempotency-Key": "a"}
    program.post(f"{BOOKS}/connect/finish/", told, headers=headers)
    IdempotentCall.objects.update(status=0)  # as if it had not come to its answer

    early = program.post(f"{BOOKS}/connect/finish/", told, headers=headers)
    IdempotentCall.objects.update(made_at=timezone.now() - timedelta(minutes=5, seconds=1))
    later = program.post(f"{BOOKS}/connect/finish/", told, headers=headers)

    assert (early.status_code, problem(early)["code"]) == (409, "still_at_work")
    assert (later.status_code, problem(later)["code"]) == (422, "consent_not_valid")  # used up
    assert IdempotentCall.objects.count() == 0  # a refusal keeps no key


# -- With a connection ---------------------------------------------------------------------------


def test_a_firm_that_never_connected_is_told_so(program):
    status = program.get(f"{BOOKS}/").json()
    refused = program.post(f"{BOOKS}/pause/", {})

    assert (status["state"], status["set_up"], status["connection"]) == (
        "not_connected", "connect", None,
    )  # fmt: skip
    assert (refused.status_code, problem(refused)["code"]) == (409, "not_connected")


def test_the_status_tells_its_health(program, firm):
    make_link(make_connection(firm))

    status = program.get(f"{BOOKS}/").json()

    assert (status["state"], status["set_up"]) == ("connected", "contacts_synced")
    assert status["calls"]["limit_a_minute"] == 500
    assert status["needs_you"] == {"errors": 0, "conflicts": 0}
    assert [each["entity"] for each in status["counts"]] == [
        "contact", "service_item", "invoice", "payment",
    ]  # fmt: skip
    assert status["counts"][0]["left_out_there"] == 1


def test_the_status_takes_the_same_queries_however_many_rows(program, firm):
    connection = make_connection(firm)
    make_issue(make_link(connection, make_contact(firm)))
    program.get(f"{BOOKS}/")  # notes the first use of the token
    with CaptureQueriesContext(database) as few:
        program.get(f"{BOOKS}/")
    for _ in range(5):
        make_issue(make_link(connection, make_contact(firm)))
    with CaptureQueriesContext(database) as many:
        program.get(f"{BOOKS}/")

    assert len(few) == len(many)


def test_whoever_may_not_connect_is_told_what_is_missing(viewer, firm):
    firm.billing_plan = "free"
    firm.save()

    status = viewer.get(f"{BOOKS}/").json()

    assert (status["may_connect"], status["why_not"]) == (False, ["permission", "plan"])


def test_pause_and_resume(program, firm):
    make_connection(firm)

    paused = program.post(f"{BOOKS}/pause/", {}).json()
    refused = program.post(f"{BOOKS}/sync-now/", {})
    resumed = program.post(f"{BOOKS}/resume/", {}).json()
    asked = program.post(f"{BOOKS}/sync-now/", {})

    assert (paused["is_paused"], resumed["is_paused"]) == (True, False)
    assert (refused.status_code, asked.status_code) == (409, 200)


def test_what_the_brake_holds_is_let_go(program, firm):
    make_connection(firm, held_reason="Far too much would change.")

    response = program.post(f"{BOOKS}/release/", {})

    assert response.json()["held_reason"] == ""


def test_preflight_names_the_settings_that_matter(program, qbo):
    connect(program, qbo)

    found = program.get(f"{BOOKS}/preflight/").json()

    assert {"title", "value", "effect", "level"} == set(found[0])
    assert {each["level"] for each in found} <= {"stop", "warn", "note", "ok"}


def test_disconnect_forgets_the_tokens_and_keeps_links_if_told(program, qbo, firm):
    connect(program, qbo)
    make_link(Connection.objects.get(firm=firm))

    response = program.post(f"{BOOKS}/disconnect/", {"links": "keep"})

    assert response.status_code == 200
    assert Credential.objects.count() == 0
    assert program.get(f"{BOOKS}/").json()["state"] == "disconnected"
    assert Connection.objects.get(firm=firm).links.count() == 1


def test_without_manage_integrations_nothing_of_it_can_be_done(shelf, member, qbo, firm):
    make_connection(firm)
    staff = Program(shelf.make(member, set(ADMIN) - {Permission.MANAGE_INTEGRATIONS}))

    answers = [
        staff.post(f"{BOOKS}/{path}/", body)
        for path, body in (
            ("connect", {}), ("pause", {}), ("resume", {}), ("release", {}), ("sync-now", {}),
            ("disconnect", {"links": "keep"}), ("connect/other-company", {"decision": "use"}),
        )
    ]  # fmt: skip

    assert {each.status_code for each in answers} == {403}
