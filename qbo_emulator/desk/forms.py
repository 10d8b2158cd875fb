"""
Descriptions of tables and forms, and the way between a form's texts and an object's properties.

A page says which columns and which inputs it has; what they look like is in `templates/parts.html`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..errors import Fault

Document = dict[str, Any]
Values = dict[str, str]
Cell = dict[str, str]

_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,12})?|\.\d{1,12})", re.ASCII)


class Wrong(ValueError):
    """What was typed cannot be read; the text is a sentence for the person who typed it."""


def anything(document: Document) -> bool:
    return True


@dataclass(frozen=True)
class Column:
    """
    A column of a table.

    path: where the value stands, as "CustomerRef.name".
    kind: text, link (to the object itself), money, number, flag or state.
    """

    text: str
    path: str = ""
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in {"money", "number"}


@dataclass(frozen=True)
class Input:
    """
    A field of a form.

    path: the property it changes, as "SalesTermRef.value"; also its name in the form.
    kind: text, long, number, date, tick, choice or pick.
    choices: the words of a choice.  picks: the list a pick takes from; `where` narrows it.
    needs: the preference without which the form lacks it.
    at_create: only in the form of a new one.
    """

    path: str
    text: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    picks: str = ""
    where: Callable[[Document], bool] = anything
    needs: str = ""
    at_create: bool = False


def sentence(refused: Fault | Wrong) -> str:
    """Why a form was not taken."""
    if isinstance(refused, Wrong):
        return str(refused)
    return f"{refused.message}: {refused.detail} ({refused.code})"


def at(document: Document, path: str) -> Any:
    """What stands at a path; None where nothing does."""
    found: Any = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(document: Document, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for name in way:
        document = document.setdefault(name, {})
    document[last] = value


def money(amount: Any) -> str:
    return "" if amount is None else f"{Decimal(amount):,.2f}"


def number(text: str, what: str) -> Decimal | None:
    """
    A number as people type it, such as "$1,250.00"; None for nothing.

    Raises:
        Wrong: it is none.
    """
    bare = text.strip().replace(",", "").removeprefix("$")
    if not bare:
        return None
    if not _NUMBER.fullmatch(bare):
        raise Wrong(f"{what} is a number, not “{text.strip()[:40]}”.")
    return Decimal(bare)


def plain(value: Any) -> str:
    """A property as a form shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def shown(inputs: Iterable[Input], document: Document) -> Values:
    """What a form shows of a document."""
    return {each.path: plain(at(document, each.path)) for each in inputs}


def changed(inputs: Iterable[Input], values: Values, document: Document) -> Document:
    """
    The properties in which a form differs from a document ({} for a new one).

    A tick that was not sent is off; any other field that was not sent stays.
    Raises:
        Wrong: a number that is none.
    """
    body: Document = {}
    for each in inputs:
        before = clean(plain(at(document, each.path)))
        if each.kind == "tick":
            after = "on" if each.path in values else ""
        else:
            after = clean(values.get(each.path, before))
        if after == before:
            continue
        value: Any = after
        if each.kind == "tick":
            value = after == "on"
        elif each.kind == "number" and after:
            value = number(after, each.text)
        put(body, each.path, value)
    return body


def cells(
    columns: Iterable[Column],
    document: Document,
    address: Callable[[str], str],
    state: tuple[str, str],
) -> list[Cell]:
    """
    One row of a table as the macros take it.

    Args:
        address: the page of an object with this id.
        state: its word and colour.
    """
    return [_cell(each, document, address, state) for each in columns]


def _cell(
    column: Column, document: Document, address: Callable[[str], str], state: tuple[str, str]
) -> Cell:
    value = at(document, column.path) if column.path else None
    cell = {"kind": column.kind, "text": "" if value is None else str(value)}
    if column.kind == "money":
        cell["text"] = money(value)
    elif column.kind == "flag":
        cell["text"] = "Yes" if value else "No"
    elif column.kind == "state":
        cell["text"], cell["colour"] = state
    elif column.kind == "link":
        cell |= {"text": str(value or "no number"), "href": address(document["Id"])}
    return cell
