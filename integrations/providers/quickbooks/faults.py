"""
What QuickBooks answers when it will not, and what that means to us.

A closed table: code and text, or status, become an error with a sentence for the user. What no row
knows is Refused with QuickBooks' own words, and a log line that asks for a new row.

Numbers in `source` are sections of Intuit's API as described in README.md.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from integrations import errors
from integrations.errors import SyncError
from integrations.providers.quickbooks.session import Answer

logger = logging.getLogger(__name__)


class NotSignedIn(Exception):
    """401: the access token is not taken. The client renews it once; nothing was done."""

    def __init__(self, detail: str = "", trace: str = "") -> None:
        self.detail = detail
        self.trace = trace
        super().__init__("The access token was not taken.")


@dataclass(frozen=True)
class FaultError:
    """One error of a Fault, whatever the shape it came in."""

    code: str  # without leading zeros; "" where none was told
    message: str
    detail: str
    element: str

    @property
    def text(self) -> str:
        return f"{self.message} {self.detail}".strip()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One meaning. `text` is searched, without case, in message and detail; "" fits any."""

    code: str
    text: str = ""
    error: type[SyncError]
    sentence: str = ""  # "" is the error's own; {detail}: QuickBooks' words, {element}: its field
    what_to_do: str = ""
    may_be_done: bool = False  # a write answered so may have been done all the same
    source: str

    def fits(self, fault: FaultError) -> bool:
        return self.code == fault.code and bool(re.search(self.text, fault.text, re.IGNORECASE))


_WAIT = "Nothing: we try again by ourselves."
_RECONNECT = (
    "The person who connected no longer has access to this company.",
    "An admin of the company signs in again: Reconnect.",
)
_CLOSED = (
    "The books are closed for that date in QuickBooks.",
    "Change the date here, or move the closing date there. Then retry.",
)
_INACTIVE = (
    "It, or something it uses, was made inactive in QuickBooks or is no longer there.",
    "Make it active there, or choose another.",
)
_VALUE = ("QuickBooks refused a field: {detail}", "Change that field here, then retry.")
_OTHER = ("QuickBooks refused it: {detail}", "Change the record here or in QuickBooks, then retry.")
_DEPTH = "Choose a parent higher up: QuickBooks takes a customer and four levels below it."


def _value_rows(*codes: str) -> tuple[Row, ...]:
    return tuple(
        Row(
            code=code,
            error=errors.InvalidValue,
            sentence=_VALUE[0],
            what_to_do=_VALUE[1],
            source="6.3",
        )
        for code in codes
    )


def _other_rows(*codes: str) -> tuple[Row, ...]:
    return tuple(
        Row(code=code, error=errors.Refused, sentence=_OTHER[0], what_to_do=_OTHER[1], source="6.3")
        for code in codes
    )


ROWS: Final[tuple[Row, ...]] = (
    # Access
    Row(
        code="120",
        error=errors.ReconnectNeeded,
        sentence=_RECONNECT[0],
        what_to_do=_RECONNECT[1],
        source="6.3: user lost access",
    ),
    Row(
        code="3100",
        error=errors.ReconnectNeeded,
        sentence=_RECONNECT[0],
        what_to_do=_RECONNECT[1],
        source="6.2, 1.9: not authorized for this company, or disconnected",
    ),
    Row(code="270", error=errors.ReconnectNeeded, what_to_do=_RECONNECT[1], source="6.3"),
    # The company
    Row(
        code="6190",
        error=errors.CompanyUnavailable,
        sentence="The QuickBooks subscription ended or has a billing problem.",
        what_to_do="Renew it at QuickBooks; changes wait in order.",
        source="6.3",
    ),
    Row(
        code="10200",
        error=errors.CompanyUnavailable,
        sentence="The company was reset in QuickBooks, so its records are not the ones we know.",
        what_to_do="Disconnect, then connect again and match anew.",
        source="6.3, 1.9: ids start over",
    ),
    Row(code="130", error=errors.TryLater, what_to_do=_WAIT, source="6.3: wrong cluster"),
    Row(code="140", error=errors.TryLater, what_to_do=_WAIT, source="6.3: company locked out"),
    Row(code="150", error=errors.TryLater, what_to_do=_WAIT, source="6.3: maintenance"),
    # Wait
    Row(code="3001", error=errors.Throttled, what_to_do=_WAIT, source="6.2"),
    Row(
        code="10000",
        error=errors.TryLater,
        what_to_do=_WAIT,
        may_be_done=True,
        source="6.3: system failure, with status 400 or 500",
    ),
    Row(
        code="600",
        error=errors.TryLater,
        what_to_do=_WAIT,
        may_be_done=True,
        source="6.3, 2.6: this request id was used before",
    ),
    Row(code="1000", error=errors.TryLater, may_be_done=True, source="6.3: operation failed"),
    Row(code="1010", error=errors.TryLater, may_be_done=True, source="6.3: create failed"),
    Row(code="1020", error=errors.TryLater, may_be_done=True, source="6.3: update failed"),
    Row(code="4002", error=errors.TryLater, source="3.8: the query could not be processed"),
    Row(
        code="6000",
        text=r"one name at a time",
        error=errors.TryLater,
        what_to_do=_WAIT,
        source="6.3, 9: names are written one by one",
    ),
    # The version
    Row(
        code="5010",
        text=r"account(ing)? period|closing date|books? (is|are|has been|have been) closed",
        error=errors.PeriodClosed,
        sentence=_CLOSED[0],
        what_to_do=_CLOSED[1],
        source="seen by others: a closed period under the number of a stale token",
    ),
    Row(code="5010", error=errors.Stale, what_to_do=_WAIT, source="5.3"),
    # Names and numbers
    Row(
        code="6240",
        error=errors.DuplicateName,
        sentence="QuickBooks already has a customer, vendor or employee of this name.",
        what_to_do="Link to the existing customer, or rename the contact.",
        source="6.3, 4.1",
    ),
    Row(
        code="6140",
        error=errors.DuplicateNumber,
        sentence="QuickBooks already has a form of this number.",
        what_to_do="Change the number, or let QuickBooks assign it.",
        source="6.3",
    ),
    Row(
        code="6080",
        error=errors.InvalidValue,
        sentence="QuickBooks needs a name.",
        what_to_do="Give it a display name.",
        source="6.3, 4.1",
    ),
    Row(
        code="6150",
        error=errors.InvalidValue,
        sentence="QuickBooks needs a parent for a sub-customer.",
        what_to_do="Choose a parent.",
        source="6.3",
    ),
    Row(
        code="6180",
        error=errors.InvalidValue,
        sentence="It has too many levels of parents for QuickBooks.",
        what_to_do=_DEPTH,
        source="6.3, 4.1: five levels in all",
    ),
    Row(
        code="900",
        error=errors.InvalidValue,
        sentence="A record cannot be below itself in QuickBooks.",
        what_to_do="Choose another parent.",
        source="6.3",
    ),
    Row(
        code="6130",
        error=errors.Refused,
        sentence="QuickBooks does not change who is billed once there are invoices.",
        what_to_do="Set Bill with parent back here, or change it in QuickBooks.",
        source="6.3, 4.1",
    ),
    # What it points to
    Row(
        code="610",
        error=errors.ReferenceInactive,
        sentence=_INACTIVE[0],
        what_to_do=_INACTIVE[1],
        source="6.3, 5.6, 5.12",
    ),
    Row(
        code="2500",
        error=errors.ReferenceInactive,
        sentence=_INACTIVE[0],
        what_to_do=_INACTIVE[1],
        source="6.3",
    ),
    Row(
        code="6250",
        error=errors.ReferenceInactive,
        sentence="The customer was made inactive in QuickBooks or is no longer there.",
        what_to_do=_INACTIVE[1],
        source="6.3",
    ),
    # Balances, periods, deposits
    Row(
        code="6220",
        error=errors.HasBalance,
        sentence="QuickBooks keeps a customer active while it has an open balance.",
        what_to_do=(
            "Settle or void its open invoices in QuickBooks, then retry."
            " Or open the contact and restore it: then both stay active."
        ),
        source="6.3, 5.6",
    ),
    Row(
        code="6280",
        error=errors.HasBalance,
        sentence="QuickBooks keeps a customer active while it has unbilled charges.",
        what_to_do="Bill or delete these charges in QuickBooks, then retry.",
        source="6.3",
    ),
    *(
        Row(
            code=code,
            error=errors.PeriodClosed,
            sentence=_CLOSED[0],
            what_to_do=_CLOSED[1],
            source="6.3",
        )
        for code in ("6200", "6210")
    ),
    Row(
        code="6540",
        error=errors.Deposited,
        sentence="The payment is part of a bank deposit in QuickBooks.",
        what_to_do="Take it out of the deposit there, then retry.",
        source="6.3",
    ),
    # Rights and editions
    Row(
        code="5020",
        error=errors.Refused,
        sentence="The QuickBooks user who connected, or the edition, may not do this.",
        what_to_do="An admin of the company signs in again, or changes it in QuickBooks.",
        source="6.3",
    ),
    Row(
        code="5030",
        error=errors.Refused,
        sentence="This QuickBooks company has that feature switched off.",
        what_to_do="Switch it on in QuickBooks, or change it there.",
        source="6.3",
    ),
    # Values
    Row(
        code="2040",
        error=errors.InvalidValue,
        sentence="QuickBooks does not take some of the characters: {detail}",
        what_to_do="Remove special characters from that field, then retry.",
        source="6.3, 7.2: US companies take ISO-8859-1",
    ),
    Row(
        code="2050",
        error=errors.InvalidValue,
        sentence="A text is longer than QuickBooks takes: {detail}",
        what_to_do="Shorten that field, then retry.",
        source="6.3",
    ),
    Row(
        code="2210",
        error=errors.InvalidValue,
        sentence="QuickBooks does not take this e-mail address.",
        what_to_do="Correct the e-mail address, then retry.",
        source="6.3",
    ),
    *_value_rows("2010", "2020", "2030", "2060", "2070", "2080", "2090", "2100", "2110"),
    *_value_rows("2120", "2130", "2140", "2150", "2160", "2170", "2200", "2220", "2230", "2240"),
    *_value_rows("2250", "2280", "2290", "2300", "2600", "3000", "5000", "6010", "6070", "6090"),
    *_value_rows("6100", "6160", "6170", "6230", "6270", "6420", "6430", "6440", "6530", "6560"),
    # Everything else that is known
    *_other_rows("500", "620", "630", "700", "800", "1040", "1050", "2000", "4000", "4001"),
    *_other_rows("6000", "6030", "6040", "6041", "6050", "6450", "6480", "10100"),
)

_THROTTLED = re.compile(r"ThrottleExceeded", re.IGNORECASE)
# The words of a used-up allowance are not published (7.4); an ordinary 429 names none of these.
_USED_UP = re.compile(r"CorePlus|per month|this month|monthly|allowance", re.IGNORECASE)
_OTHER_ID = re.compile(r"\bId=(\d+)")


def read_faults(answer: Answer) -> list[FaultError]:
    """The errors in an answer: JSON in either spelling, XML, or none."""
    text = answer.body.decode("utf-8", "replace")
    if _is_json(text):
        try:
            return faults_in(json.loads(text))
        except (ValueError, RecursionError):
            return []
    return _from_xml(text)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _was_cut(answer: Answer) -> bool:
    """Whether the answer began as JSON and cannot be read to its end."""
    text = answer.body.decode("utf-8", "replace")
    if not _is_json(text):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def faults_in(parsed: Any) -> list[FaultError]:
    """The errors of a parsed answer, whose keys may be written small (6.2)."""
    fault = _get(parsed, "fault")
    listed = _get(fault, "error")
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list):
        return [FaultError("", "", _words(fault), "")] if fault else []
    return [
        FaultError(
            code=_code(_get(each, "code")),
            message=_words(_get(each, "message")),
            detail=_words(_get(each, "detail")),
            element=_words(_get(each, "element")),
        )
        for each in listed
    ]


def _get(container: Any, key: str) -> Any:
    """The value of `key` in any spelling."""
    if not isinstance(container, dict):
        return None
    return next((value for name, value in container.items() if name.lower() == key), None)


def _words(value: Any) -> str:
    return "" if value is None else str(value)[:2000]


def _code(value: Any) -> str:
    """ "003001" and 3001 are both "3001"."""
    text = _words(value).strip()
    return text.lstrip("0") or "0" if text.isdigit() else text


def _from_xml(text: str) -> list[FaultError]:
    """By pattern, not by parser: a hostile document cannot expand."""
    found = []
    for attributes, inside in re.findall(r"<Error\b([^>]*)>(.*?)</Error>", text[:10_000], re.S):
        named = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
        parts = dict(re.findall(r"<(Message|Detail)>(.*?)</\1>", inside, re.S))
        found.append(
            FaultError(
                code=_code(named.get("code")),
                message=_words(parts.get("Message")),
                detail=_words(parts.get("Detail")),
                element=_words(named.get("element")),
            )
        )
    return found


def to_error(answer: Answer, *, is_write: bool) -> SyncError | NotSignedIn:
    """What an answer that is no success means. `is_write`: it was asked to change something."""
    found = read_faults(answer)
    said = " ".join(each.text for each in found) or answer.body[:500].decode("utf-8", "replace")
    if answer.status == 429 or _is_throttled(found, said):
        return _throttled(found, said, answer)
    if answer.status == 401 and all(each.code not in {"120", "270"} for each in found):
        return NotSignedIn(detail=said, trace=answer.trace)
    if answer.status in {408, 499} or answer.status >= 500 or _was_cut(answer):
        return _unclear(found, said, answer, is_write=is_write)
    for each in found:
        row = next((row for row in ROWS if row.fits(each)), None)
        if row is not None:
            return _by_row(row, each, answer, is_write=is_write)
    return _unknown(found, said, answer)


def faults_error(parsed: Any, answer: Answer, *, is_write: bool) -> SyncError | NotSignedIn | None:
    """The error of a Fault inside an answer with status 200 (6.1), if there is one."""
    if isinstance(parsed, dict) and _get(parsed, "fault"):
        return to_error(answer, is_write=is_write)
    return None


def _is_throttled(found: Sequence[FaultError], said: str) -> bool:
    return any(each.code == "3001" for each in found) or bool(_THROTTLED.search(said))


def _throttled(found: Sequence[FaultError], said: str, answer: Answer) -> SyncError:
    error = errors.ReadsUsedUp if _USED_UP.search(said) else errors.Throttled
    return error(
        what_to_do=_WAIT,
        detail=said,
        provider_code=found[0].code if found else "",
        trace=answer.trace,
        status=answer.status,
    )


def _unclear(
    found: Sequence[FaultError], said: str, answer: Answer, *, is_write: bool
) -> SyncError:
    """The gateway or the server broke, or the reason was cut: a write may have been done (6.3)."""
    error = errors.OutcomeUnknown if is_write else errors.TryLater
    return error(
        what_to_do=_WAIT,
        detail=said,
        provider_code=found[0].code if found else "",
        trace=answer.trace,
        status=answer.status,
    )


def _by_row(row: Row, fault: FaultError, answer: Answer, *, is_write: bool) -> SyncError:
    words = _plain_words(fault)
    facts: dict[str, Any] = {
        "what_to_do": row.what_to_do,
        "detail": fault.text,
        "provider_code": fault.code,
        "element": fault.element,
        "trace": answer.trace,
        "status": answer.status,
    }
    if row.error is errors.DuplicateName:
        other = _OTHER_ID.search(fault.detail)
        facts["other_id"] = other[1] if other else ""
    error = errors.OutcomeUnknown if row.may_be_done and is_write else row.error
    return error(
        row.sentence.replace("{detail}", words).replace("{element}", fault.element), **facts
    )


def _plain_words(fault: FaultError) -> str:
    """QuickBooks' own words without its headings: "Business Validation Error: x" is x."""
    words = re.sub(r"^\s*(Business Validation Error|Property Name)\s*:\s*", "", fault.detail)
    return " ".join((words or fault.message).split())[:500]


def _unknown(found: Sequence[FaultError], said: str, answer: Answer) -> SyncError:
    if not found and answer.status not in {400, 413, 422}:
        # No fault of the API: something between us and it, e.g. a proxy's 403 or a redirect.
        logger.error("QuickBooks: status %s without a fault, %s", answer.status, answer.trace)
        return errors.TryLater(
            what_to_do=_WAIT, detail=said, trace=answer.trace, status=answer.status
        )
    first = found[0] if found else FaultError("", "it did not say why.", "", "")
    logger.warning(
        "QuickBooks: no row in faults.py for code %r, status %s, %s",
        first.code,
        answer.status,
        answer.trace,
    )
    return errors.Refused(
        f"QuickBooks refused it: {_plain_words(first)}",
        what_to_do=_OTHER[1],
        detail=said,
        provider_code=first.code,
        element=first.element,
        trace=answer.trace,
        status=answer.status,
    )
