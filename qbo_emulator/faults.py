"""
Faults on demand: rules that say which call goes wrong, and how.

A rule is armed over POST /emulator/faults or from the desk, and is used up after `times` hits.
"""

import random
import re
from collections.abc import Container
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from . import errors
from .calls import WRITES
from .codes import CODES
from .errors import Fault

KINDS = {
    "status": "answer `status` with `body` instead of doing it",
    "html": "answer `status` (502) with an HTML page",
    "throttle": "429 as JSON",
    "throttle_upper": "429 as JSON with an upper-case Fault",
    "throttle_xml": "429 as XML",
    "fault": "a Fault of `code`; `status`, `message`, `detail`, `element` as usual for it",
    "stale": "400 with 5010",
    "closed_period": "400 with 6210; with `code` 5010 the same text under that code",
    "fault_after_commit": "do it, then answer like `fault`",
    "status_after_commit": "do it, then answer like `status`",
    "expire_token": "401: the access token is expired from now on",
    "revoke": "the connection is ended, then 401",
    "forbid": "403 with 3100",
    "delay": "wait `seconds`, then do it",
    "delay_after_commit": "do it, wait `seconds`, then answer",
    "silence": "say nothing for `seconds`, do nothing, close",
    "silence_after_commit": "do it, say nothing for `seconds`, close",
    "late_commit": "say nothing for `seconds`, do it, close",
    "cut_request": "close the connection before the request was read to its end",
    "cut_before": "close the connection before doing it",
    "cut_after_commit": "do it, close the connection without an answer",
    "cut_json": "do it, answer with half of the JSON as if it were all",
    "cut_body": "do it, close the connection in the middle of the body",
    "slow_body": "do it, send the body in drops over `seconds`",
    "unknown_value": "do it, answer with an unknown property in every object",
    "unknown_choice": "do it, answer with an unknown word where a property has a few choices",
    "page_shift": "answer a query as if `rows` rows before its page had gone (or come: -1)",
}
STOPS_BEFORE = {
    "status",
    "html",
    "throttle",
    "throttle_upper",
    "throttle_xml",
    "fault",
    "stale",
    "closed_period",
    "expire_token",
    "revoke",
    "forbid",
    "silence",
    "cut_request",
    "cut_before",
}
# What can befall one item of a batch.
IN_ITEMS = {"fault", "stale", "closed_period", "throttle", "fault_after_commit"}
WITH_CODE = {"fault", "fault_after_commit", "closed_period"}
MOST_SECONDS = 600.0


class BadRule(ValueError):
    """The rule cannot be armed as it is written."""


@dataclass
class Rule:
    """
    One fault. Every condition that is set must hold.

    method, path (regular expression on the path with its query), entity, realm, operation (the
    `kind` of the call log: create, update, inactivate, delete, void, read, query, cdc, batch, ...;
    "write" for the first five; "refresh" for a token request that refreshes, "token" for all).
    Of a batch's items the rules of IN_ITEMS hit those whose kind, entity and path fit; the path of
    an item ends in `#` and its bId.
    nth: hit only the nth matching call (1 is the first).  times: how often, None is for ever.
    probability with seed: hit only a share of the matching calls.
    until_seconds: stop so many seconds after arming.
    also: codes of further errors in the same Fault, with commas between them (6.1).
    """

    kind: str
    number: int = 0
    method: str = ""
    path: str = ""
    entity: str = ""
    operation: str = ""
    realm: str = ""
    nth: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    rows: int = 1
    until_seconds: float = 0.0
    status: int = 0
    code: str = ""
    also: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""
    body: str = ""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    armed_at: float = 0.0
    matched: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        self._check_types()
        if self.kind not in KINDS:
            raise BadRule(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        try:
            self._path = re.compile(self.path)
        except re.error as error:
            raise BadRule(f"path is not a regular expression: {error}") from error
        if not 0 <= self.seconds <= MOST_SECONDS:
            raise BadRule(f"seconds is 0 to {MOST_SECONDS:g}.")
        if self.kind in WITH_CODE and self.code and self.code not in CODES and not self.message:
            raise BadRule(f"There is no code {self.code!r} (6.3); an unknown one needs a message.")
        if any(code not in CODES for code in self._also()):
            raise BadRule(f"also holds codes of 6.3 with commas between them, not {self.also!r}.")
        self._random = random.Random(self.seed)

    def _check_types(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if isinstance(each.default, str) and not isinstance(value, str):
                raise BadRule(f"{each.name} is a text.")
            is_for_ever = each.name == "times" and value is None
            if isinstance(each.default, int | float) and not (is_number or is_for_ever):
                raise BadRule(f"{each.name} is a number.")
        if not isinstance(self.headers, dict) or not all(
            isinstance(value, str) for value in self.headers.values()
        ):
            raise BadRule("headers are texts by name.")

    def fits(self, method: str, path: str, entity: str, operation: str, realm: str) -> bool:
        return (
            (not self.method or self.method.upper() == method)
            and (not self.path or self._path.search(path) is not None)
            and (not self.entity or self.entity.lower() == entity.lower())
            and (not self.operation or self._fits_operation(operation))
            and (not self.realm or self.realm == realm)
        )

    def _fits_operation(self, operation: str) -> bool:
        if self.operation == "write":
            return operation in WRITES
        if self.operation == "token":
            return operation in {"token", "refresh"}
        if self.kind == "cut_request":  # which one it is would stand in the unread body
            unread = {"write": WRITES, "token": {"token", "refresh"}}
            return self.operation in unread.get(operation, {operation})
        return self.operation == operation

    def _also(self) -> list[str]:
        return [code.strip() for code in self.also.split(",") if code.strip()]

    def fault(self) -> Fault:
        """What a rule that refuses answers."""
        code = self.code or {"stale": "5010", "throttle": "3001"}.get(self.kind, "10000")
        if self.kind == "closed_period":
            usual = CODES["6210"]
            code = self.code or "6210"
            return errors.of_code(code, message=usual.message, detail=usual.detail)
        fault = errors.of_code(
            code,
            message=self.message,
            detail=self.detail,
            element=self.element or None,
            status=self.status,
        )
        fault.also = tuple(errors.of_code(code) for code in self._also())
        if fault.status >= 500:
            fault.kind = "SystemFault"
        return fault

    def strikes(self) -> bool:
        """Count a matching call; does this one go wrong?"""
        self.matched += 1
        if self.nth and self.matched != self.nth:
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def is_over(self, now: float) -> bool:
        if self.until_seconds and now >= self.armed_at + self.until_seconds:
            return True
        if self.nth and self.matched >= self.nth:
            return True
        return self.times is not None and self.hits >= self.times


class Faults:
    """The armed rules, oldest first; the first that strikes wins."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.spent: list[Rule] = []
        self._number = 0

    def arm(self, wish: dict[str, Any], now: float) -> Rule:
        """
        Arm a rule. `operation` and `entity` narrow it to API calls of that kind.

        Raises:
            BadRule: an unknown kind or property, or a wrong value.
        """
        known = set(Rule.__dataclass_fields__) - {"number", "armed_at", "matched", "hits"}
        unknown = set(wish) - known
        if unknown or "kind" not in wish:
            raise BadRule(f"A rule has {', '.join(sorted(known))}; not {', '.join(unknown)}.")
        try:
            rule = Rule(**wish)
        except TypeError as error:
            raise BadRule(str(error)) from error
        if rule.until_seconds and "times" not in wish:
            rule.times = None
        if rule.probability < 1 and "times" not in wish:
            rule.times = None
        self._number += 1
        rule.number, rule.armed_at = self._number, now
        self.rules.append(rule)
        return rule

    def strike(
        self,
        *,
        method: str,
        path: str,
        entity: str,
        operation: str,
        realm: str,
        now: float,
        kinds: Container[str] = KINDS,
    ) -> Rule | None:
        """The rule of these kinds that hits this call, if any."""
        if not self.rules:
            return None
        struck = None
        for rule in list(self.rules):
            if rule.kind not in kinds:
                continue
            if rule.is_over(now):
                self._retire(rule)
            elif rule.fits(method, path, entity, operation, realm) and rule.strikes():
                if rule.is_over(now):
                    self._retire(rule)
                struck = rule
                break
        return struck

    def _retire(self, rule: Rule) -> None:
        self.rules.remove(rule)
        self.spent = [*self.spent[-99:], rule]

    def remove(self, number: int) -> bool:
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.number != number]
        return len(self.rules) < before

    def clear(self) -> None:
        self.rules, self.spent = [], []

    def as_dicts(self) -> dict[str, Any]:
        return {
            "armed": [asdict(rule) for rule in self.rules],
            "spent": [asdict(rule) for rule in self.spent],
            "kinds": KINDS,
        }
