"""What each refusal of QuickBooks becomes, in every shape it is written in."""

from __future__ import annotations

import json
import logging

import pytest

from integrations import errors
from integrations.providers.quickbooks.faults import ROWS, NotSignedIn, read_faults, to_error
from integrations.providers.quickbooks.session import Answer


def answer(body: str | dict[str, object] = "", status: int = 400) -> Answer:
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(status=status, content_type="", trace="1-abc", body=text.encode())


def fault(code: str, message: str = "m", detail: str = "d", status: int = 400) -> Answer:
    error = {"Message": message, "Detail": detail, "code": code, "element": "DisplayName"}
    return answer({"Fault": {"Error": [error], "type": "ValidationFault"}}, status)


CLOSED = (
    "Stale Object Error : The account period has closed and the account books cannot be updated"
)
STALE = "Stale Object Error : You and Sam Park were working on this at the same time."


@pytest.mark.parametrize(
    ("code", "detail", "status", "expected"),
    [
        # Access
        ("120", "AuthorizationFailure: -11014", 401, errors.ReconnectNeeded),
        ("3100", "", 403, errors.ReconnectNeeded),
        ("003100", "", 403, errors.ReconnectNeeded),
        # The company
        ("6190", "Subscription period has ended", 400, errors.CompanyUnavailable),
        ("150", "Company Under Maintenance", 400, errors.TryLater),
        # Wait
        ("3001", "The request limit was reached.", 429, errors.Throttled),
        ("003001", "The request limit was reached.", 403, errors.Throttled),
        ("3001", "Your CorePlus allowance is used up this month", 429, errors.ReadsUsedUp),
        ("6000", "You can only add or edit one name at a time.", 400, errors.TryLater),
        # The version, or a closed period under the same number
        ("5010", STALE, 400, errors.Stale),
        ("5010", CLOSED, 400, errors.PeriodClosed),
        ("6200", "", 400, errors.PeriodClosed),
        ("6210", "", 400, errors.PeriodClosed),
        # The record
        ("6240", "The name supplied already exists. : Id=1067", 400, errors.DuplicateName),
        ("6140", "Duplicate Document Number Error", 400, errors.DuplicateNumber),
        ("610", "made inactive", 400, errors.ReferenceInactive),
        ("2500", "Names element id 583 not found", 400, errors.ReferenceInactive),
        ("6220", "non-zero balance", 400, errors.HasBalance),
        ("6540", "", 400, errors.Deposited),
        ("2050", "Min:0 Max:21 supported", 400, errors.InvalidValue),
        ("2210", "RFC 822", 400, errors.InvalidValue),
        ("6180", "", 400, errors.InvalidValue),
        ("6000", "Business Validation Error: something", 400, errors.Refused),
        ("5020", "", 400, errors.Refused),
    ],
)
def test_a_fault_becomes_the_error_of_its_row(
    code: str, detail: str, status: int, expected: type[errors.SyncError]
) -> None:
    error = to_error(fault(code, detail=detail, status=status), is_write=True)

    assert type(error) is expected
    assert isinstance(error, errors.SyncError)
    assert error.provider_code == code.lstrip("0")
    assert error.status == status
    assert error.trace == "1-abc"
    assert detail in error.detail
    assert str(error)


def test_each_row_has_a_source_and_words_for_people() -> None:
    for row in ROWS:
        assert row.source
        if issubclass(row.error, errors.Refused):
            assert row.sentence, row.code
            assert row.what_to_do, row.code


def test_no_row_hides_another() -> None:
    seen: set[str] = set()
    for row in ROWS:
        assert row.code not in seen, f"{row.code} can never be reached"
        if not row.text:
            seen.add(row.code)


@pytest.mark.parametrize(
    ("detail", "other_id"),
    [
        ("The name supplied already exists. : Id=1067", "1067"),
        ("The name supplied already exists. : null", ""),
        ("The name supplied already exists. : Another customer is already using this name.", ""),
    ],
)
def test_a_duplicate_name_tells_whose_it_is(detail: str, other_id: str) -> None:
    error = to_error(fault("6240", detail=detail), is_write=True)

    assert isinstance(error, errors.DuplicateName)
    assert error.other_id == other_id


def test_a_refused_value_is_told_in_quickbooks_words_without_its_heading() -> None:
    detail = "Business Validation Error: You need to activate this item first"
    error = to_error(fault("6000", detail=detail), is_write=True)

    assert str(error) == "QuickBooks refused it: You need to activate this item first"


def test_a_code_without_a_row_is_refused_and_asks_for_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        error = to_error(fault("7777", detail="Never seen before"), is_write=True)

    assert type(error) is errors.Refused
    assert "Never seen before" in str(error)
    assert "no row in faults.py for code '7777'" in caplog.text


def test_of_several_errors_the_first_that_is_known_counts() -> None:
    both = [
        {"Message": "?", "Detail": "?", "code": "7777"},
        {"Message": "Duplicate", "Detail": "Id=9", "code": "6240"},
    ]
    error = to_error(answer({"Fault": {"Error": both}}), is_write=True)

    assert isinstance(error, errors.DuplicateName)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", ["", "<html><h1>Bad Gateway</h1></html>", "{}", '{"Fault'])
def test_a_server_that_broke_may_have_done_a_write(status: int, body: str) -> None:
    assert type(to_error(answer(body, status), is_write=True)) is errors.OutcomeUnknown
    assert type(to_error(answer(body, status), is_write=False)) is errors.TryLater


@pytest.mark.parametrize("status", [400, 500])
def test_a_system_failure_may_have_done_a_write(status: int) -> None:
    assert type(to_error(fault("10000", status=status), is_write=True)) is errors.OutcomeUnknown
    assert type(to_error(fault("10000", status=status), is_write=False)) is errors.TryLater


SHAPES = {
    "upper": '{"Fault": {"Error": [{"Message": "ThrottleExceeded", "code": "3001"}]}}',
    "lower": '{"fault": {"error": [{"message": "m", "detail": null, "code": "003001"}]}}',
    "xml": '<?xml version="1.0"?><IntuitResponse><Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded</Message><Detail>limit</Detail></Error></Fault>"
    "</IntuitResponse>",
    "one_error": '{"Fault": {"Error": {"Message": "m", "code": 3001}}}',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_throttling_is_known_in_every_shape_also_with_403(shape: str) -> None:
    found = read_faults(answer(SHAPES[shape]))

    assert [each.code for each in found] == ["3001"]
    for status in (403, 429):
        error = to_error(answer(SHAPES[shape], status), is_write=False)
        assert type(error) is errors.Throttled


def test_429_is_throttling_whatever_it_says() -> None:
    assert type(to_error(answer("", 429), is_write=True)) is errors.Throttled
    assert type(to_error(answer("<html>slow</html>", 429), is_write=True)) is errors.Throttled


@pytest.mark.parametrize("code", ["3200", "100", "110", ""])
def test_401_asks_for_another_token(code: str) -> None:
    told = to_error(fault(code, status=401) if code else answer("", 401), is_write=True)

    assert isinstance(told, NotSignedIn)


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"Fault": "text"}',
        '{"Fault": {"Error": "text"}}',
        '{"Fault": {"Error": [null, 5, []]}}',
        "<Error code='1'>" * 1000,
        "\x00\xff",
    ],
)
def test_a_hostile_body_is_only_text(hostile: str) -> None:
    assert isinstance(to_error(answer(hostile), is_write=True), errors.SyncError)
    assert isinstance(to_error(answer(hostile, 401), is_write=True), NotSignedIn)


def test_a_refusal_whose_reason_was_cut_is_asked_for_again() -> None:
    cut = '{"Fault": {"Error": [{"Message": "Object Not Found", "Detail": "Something you'

    for status in (400, 403):
        assert type(to_error(answer(cut, status), is_write=True)) is errors.OutcomeUnknown
        assert type(to_error(answer(cut, status), is_write=False)) is errors.TryLater


def test_a_refusal_without_a_reason_does_not_show_what_came_instead() -> None:
    error = to_error(answer("<html><h1>Bad Request</h1></html>", 400), is_write=True)

    assert str(error) == "QuickBooks refused it: it did not say why."
    assert "Bad Request" in error.detail


def test_a_status_without_a_fault_is_tried_again_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        for status in (302, 403, 404):
            assert type(to_error(answer("<html>", status), is_write=True)) is errors.TryLater

    assert "status 403 without a fault" in caplog.text
