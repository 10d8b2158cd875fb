"""Dates as people type them."""

from datetime import date

import pytest

from billing.dates import NotADate, read_date, write_date

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", None),
        ("  ", None),
        ("t", date(2026, 11, 22)),
        ("Today", date(2026, 11, 22)),
        ("+30", date(2026, 12, 22)),
        ("+ 1", date(2026, 11, 23)),
        ("-1", date(2026, 11, 21)),
        ("2/11", date(2027, 2, 11)),
        ("11/2", date(2026, 11, 2)),
        ("6/1", date(2026, 6, 1)),
        ("2/29", date(2028, 2, 29)),
        ("2/11/25", date(2025, 2, 11)),
        ("02/11/2025", date(2025, 2, 11)),
        ("2025-02-11", date(2025, 2, 11)),
        ("Feb 11, 2025", date(2025, 2, 11)),
        ("february  11, 2025", date(2025, 2, 11)),
        ("11 feb 2025", date(2025, 2, 11)),
    ],
)
def test_a_date_is_read(text, day):
    today = date(2027, 11, 22) if text == "2/29" else TODAY

    assert read_date(text, today=today) == day


def test_days_count_from_the_start_where_there_is_one():
    assert read_date("+30", today=TODAY, start=date(2026, 1, 1)) == date(2026, 1, 31)
    assert read_date("t", today=TODAY, start=date(2026, 1, 1)) == TODAY


@pytest.mark.parametrize(
    "text", ["soon", "13/45", "2/30", "2/29", "+99999999", "+9999999", "\x00", "1/1/1/1", "٣/٣"]
)
def test_what_is_no_date_is_refused_with_what_would_be_one(text):
    with pytest.raises(NotADate, match=r"is not a date. Enter one such as Nov 22, 2026"):
        read_date(text, today=TODAY)


def test_days_beyond_the_calendar_are_no_date():
    with pytest.raises(NotADate):
        read_date("+99999", today=date(9999, 12, 1))


@pytest.mark.parametrize("day", [date(2026, 11, 2), date(1, 1, 1), date.max])
def test_a_written_date_is_read_back(day):
    assert read_date(write_date(day), today=TODAY) == day
    assert write_date(None) == ""
