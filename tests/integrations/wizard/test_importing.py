"""The import: pages in the background, carried on from wherever it stopped."""

from __future__ import annotations

import pytest

from integrations.models import CallBudget, Connection, Cursor, ImportedRecord, Setup
from integrations.wizard import importing, services

State = Setup.Import


def test_the_sample_company_is_read_and_nothing_is_written(wizard):
    wizard.start()
    wizard.read()

    assert wizard.setup.import_state == State.DONE
    assert wizard.setup.import_done == ImportedRecord.objects.count() > 20
    assert wizard.setup.import_done == wizard.setup.import_total
    assert wizard.emulator.writes == []


def test_the_feed_begins_at_the_providers_clock_before_the_first_page(wizard):
    wizard.import_all()

    assert wizard.setup.import_read_at is not None
    assert Cursor.objects.get().value == wizard.setup.import_read_at


def test_the_feed_is_never_moved_by_a_later_import(wizard):
    Cursor.objects.update(value=wizard.clock.now)

    wizard.import_all()

    assert Cursor.objects.get().value == wizard.clock.now


def test_inactive_customers_come_only_where_asked_for(wizard):
    wizard.emulator.act("inactivate", "1")
    wizard.import_all("active")
    assert not ImportedRecord.objects.filter(is_active=False).exists()

    services.change_filter(actor=wizard.actor, setup=wizard.setup, now=wizard.clock.now)
    wizard.import_all("inactive")

    assert [each.is_active for each in ImportedRecord.objects.all()] == [False]
    assert "(deleted)" not in ImportedRecord.objects.get().label


def test_pressing_start_twice_starts_one_import(wizard):
    wizard.start()
    with pytest.raises(services.ImportRuns):
        wizard.start("all")

    wizard.setup.refresh_from_db()
    assert wizard.setup.which == "active"


def test_two_workers_at_once_read_it_once(wizard):
    wizard.start()
    now = wizard.clock.now
    Setup.objects.update(import_claimed_until=now + importing.CLAIM)  # the other one's

    assert wizard.read() == "nothing to read"
    assert wizard.queries() == []


def test_a_killed_worker_costs_at_most_one_page(wizard):
    pace = importing.Pace(page=12, overlap=2, step_back=10, seconds=0)
    wizard.start()
    wizard.read(pace)
    wizard.read(pace)
    assert wizard.setup.import_position == 21
    killed_at = wizard.clock.now  # kill -9 while the third page was read leaves the claim
    Setup.objects.update(import_claimed_until=killed_at + importing.CLAIM)
    asked_before = len(wizard.queries())
    assert wizard.read(pace) == "nothing to read"

    wizard.clock.pass_(importing.CLAIM.total_seconds() + 1)
    wizard.read(importing.Pace(page=12, overlap=2, step_back=10))

    assert wizard.setup.import_state == State.DONE
    assert ImportedRecord.objects.count() == wizard.setup.import_total
    assert len(wizard.queries()) - asked_before == -(-(wizard.setup.import_total - 20) // 10)


def test_a_customer_that_moves_up_while_pages_are_read_is_not_missed(wizard):
    expected = {each["Id"] for each in wizard.emulator.objects()}
    pace = importing.Pace(page=10, overlap=2, step_back=8, seconds=0)
    wizard.start()
    wizard.read(pace)
    for remote_id in sorted(expected, key=int)[:6]:  # more than the overlap
        wizard.emulator.act("inactivate", remote_id)
    for _ in range(12):
        wizard.read(pace)

    assert wizard.setup.import_state == State.DONE
    assert set(ImportedRecord.objects.values_list("remote_id", flat=True)) == expected


def test_a_429_is_waited_out_and_carried_on(wizard):
    wizard.start()
    wizard.emulator.fault("throttle", operation="query")
    wizard.read()
    assert wizard.setup.import_state == State.WAITING
    assert wizard.setup.import_error == "throttled"
    assert wizard.setup.import_tries == 0
    assert importing.due_imports(wizard.clock.now) == []

    wizard.clock.now = wizard.setup.import_retry_at
    assert importing.due_imports(wizard.clock.now) == [wizard.setup.pk]
    CallBudget.objects.update(rests_until=None)  # the limiter's minute goes by the real clock
    wizard.read()

    assert wizard.setup.import_state == State.DONE
    assert wizard.setup.import_error == ""


@pytest.mark.parametrize("kind", ["status", "cut_before", "cut_body", "cut_json", "html"])
def test_an_answer_that_does_not_come_is_asked_for_again(wizard, kind):
    wizard.start()
    more = {"status": 500} if kind == "status" else {"status": 502} if kind == "html" else {}
    wizard.emulator.fault(kind, operation="query", **more)
    wizard.read()
    assert wizard.setup.import_state == State.WAITING, wizard.setup.import_message
    assert wizard.setup.import_tries == 1

    wizard.clock.now = wizard.setup.import_retry_at
    wizard.read()

    assert wizard.setup.import_state == State.DONE
    assert wizard.setup.import_done == wizard.setup.import_total


def test_after_eight_tries_it_stops_and_a_person_may_carry_on(wizard):
    wizard.start()
    wizard.emulator.fault("status", status=503, operation="query", times=8)
    for _ in range(8):
        wizard.read()
        wizard.clock.now = wizard.setup.import_retry_at or wizard.clock.now
    assert wizard.setup.import_state == State.FAILED
    assert importing.due_imports(wizard.clock.now) == []

    services.carry_on(actor=wizard.actor, setup=wizard.setup, now=wizard.clock.now)
    wizard.read()

    assert wizard.setup.import_state == State.DONE


def test_a_revoked_consent_rests_it_until_somebody_reconnects(wizard):
    wizard.start()
    wizard.emulator.tokens("disconnect")
    wizard.read()
    wizard.connection.refresh_from_db()
    assert wizard.setup.import_state == State.WAITING
    assert wizard.setup.import_error == "reconnect_needed"
    assert wizard.connection.state == Connection.State.RECONNECT
    wizard.clock.pass_(3600)
    assert importing.due_imports(wizard.clock.now) == []

    access = wizard.emulator.tokens("new")
    credential = wizard.connection.credential
    credential.access_token = access["access_token"]
    credential.refresh_token = access["refresh_token"]
    credential.save()
    Connection.objects.update(state=Connection.State.CONNECTED)
    assert importing.due_imports(wizard.clock.now) == [wizard.setup.pk]
    wizard.read()

    assert wizard.setup.import_state == State.DONE


def test_stopping_keeps_nothing(wizard):
    wizard.start()
    wizard.emulator.fault("status", status=503, operation="query")
    wizard.read()
    services.stop_import(actor=wizard.actor, setup=wizard.setup, now=wizard.clock.now)

    wizard.setup.refresh_from_db()
    assert wizard.setup.import_state == State.NOT_STARTED
    assert not ImportedRecord.objects.exists()
    assert wizard.read() == "nothing to read"


def test_a_ring_is_not_repeated_at_each_look(wizard, django_capture_on_commit_callbacks):
    wizard.start()
    assert importing.due_imports(wizard.clock.now) == []  # Start rang already

    wizard.clock.pass_(21)
    assert importing.ring_due_imports(wizard.clock.now) == 1
    assert importing.ring_due_imports(wizard.clock.now) == 0
