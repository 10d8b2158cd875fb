"""When a failed pair is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations import errors
from integrations.reconcile.retry import next_attempt

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.mark.parametrize(
    ("attempts", "jitter", "wait"),
    [
        (0, 0.0, seconds(5)),
        (1, 0.0, seconds(10)),
        (4, 0.0, seconds(80)),
        # At most an hour, however often it failed.
        (10, 0.0, timedelta(hours=1)),
        (5000, 0.0, timedelta(hours=1)),
        # The jitter lengthens, by up to half.
        (0, 0.5, seconds(6.25)),
        (0, 1.0, seconds(7.5)),
    ],
)
def test_each_failure_in_a_row_doubles_the_wait(attempts, jitter, wait):
    assert (
        next_attempt(errors.TryLater(), attempts=attempts, now=NOON, jitter=jitter) == NOON + wait
    )


@pytest.mark.parametrize(
    ("error", "attempts", "at"),
    [
        # The time that the answer named, if it named one, and never the past.
        (errors.TryLater(until=NOON + seconds(90)), 0, NOON + seconds(90)),
        (errors.TryLater(until=NOON + seconds(1)), 9, NOON + seconds(1)),
        (errors.TryLater(until=NOON - seconds(90)), 0, NOON),
        # Throttled: a minute at least.
        (errors.Throttled(), 0, NOON + seconds(60)),
        (errors.Throttled(), 6, NOON + seconds(320)),
        (errors.Throttled(until=NOON + seconds(75)), 0, NOON + seconds(75)),
        # Stale again and again: somebody is busy with it.
        (errors.Stale(), 3, NOON + seconds(40)),
        # Reads used up: the first of the next month.
        (errors.ReadsUsedUp(), 0, datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_what_passes_by_itself_is_tried_again(error, attempts, at):
    assert next_attempt(error, attempts=attempts, now=NOON) == at


def test_reads_used_up_in_december_wait_for_january():
    at = next_attempt(errors.ReadsUsedUp(), attempts=0, now=datetime(2026, 12, 31, 23, tzinfo=UTC))

    assert at == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent_at", "until", "at"),
    [
        # Not before the other side can no longer carry it out.
        (None, None, NOON + seconds(130)),
        (NOON - seconds(30), None, NOON + seconds(100)),
        (NOON - seconds(30), NOON + seconds(10), NOON + seconds(100)),
        (NOON - seconds(30), NOON + seconds(200), NOON + seconds(200)),
        # Long ago: the usual wait.
        (NOON - seconds(900), None, NOON + seconds(5)),
    ],
)
def test_an_unknown_outcome_waits_for_the_late_commit(sent_at, until, at):
    error = errors.OutcomeUnknown(until=until)

    assert next_attempt(error, attempts=0, now=NOON, sent_at=sent_at) == at


@pytest.mark.parametrize(
    "error",
    [
        errors.Refused(),
        errors.DuplicateName(),
        errors.HasBalance(),
        errors.MissingDependency("contact", local_id=3),
        errors.ReconnectNeeded(),
        errors.CompanyUnavailable(),
        errors.FeedTooOld(),
        errors.SyncError(),
    ],
)
def test_what_needs_somebody_rests(error):
    assert next_attempt(error, attempts=0, now=NOON) is None
