"""Contacts as a CSV file: the columns, reading with every fault named, writing safely."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.models import Address, Contact
from contacts.services import ADDRESS_FIELDS, Fault, ImportRow
from firms.csv_cells import RUNS, neutralise

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_FAULTS = 200  # named to the person; the rest is counted

# Heading -> the contact's value. The parent is written as a name.
COLUMNS = {
    "Display name": "display_name",
    "First name": "given_name",
    "Last name": "family_name",
    "Company": "company_name",
    "Email": "email",
    "More emails": "more_emails",
    "Phone": "phone",
    "Mobile": "mobile",
    "Other phone": "other_phone",
    "Fax": "fax",
    "Website": "website",
    "Notes": "notes",
    "Parent contact": "parent",
    "Bill with parent": "bill_with_parent",
    "Tax exempt": "is_tax_exempt",
    "Archived": "is_archived",
    **{
        f"{kind.label} {part.replace('line', 'line ').replace('region', 'state')}".replace(
            "_", " "
        ): (f"{kind.value}_{part}")
        for kind in Address.Kind
        for part in Address.PARTS
    },
}
HEADINGS = {heading.casefold(): name for heading, name in COLUMNS.items()}
HEADING_OF = {name: heading for heading, name in COLUMNS.items()}
YES_OR_NO = ("bill_with_parent", "is_tax_exempt", "is_archived")
FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


class Unreadable(Exception):
    """The file as a whole cannot be read. `str()` is a sentence for the person."""


@dataclass(frozen=True)
class Sheet:
    rows: Sequence[ImportRow]
    faults: Sequence[Fault]


def read(data: bytes) -> Sheet:
    """
    Read a file whole. One fault is enough to import nothing, so all are looked for.

    Raises:
        Unreadable: too large, no text, no heading that we know.
    """
    lines = _lines(_text(data))
    if not lines:
        raise Unreadable("The file is empty.")
    (_, headings), *body = lines
    names = _names(headings)
    if len(body) > MOST_ROWS:
        raise Unreadable(f"The file has {len(body):,} rows; {MOST_ROWS:,} are the most.")
    faults: list[Fault] = []
    rows = []
    for number, cells in body:
        row, wrong = _row(number, names, cells)
        rows.append(row)
        faults.extend(wrong)
    if not rows:
        raise Unreadable("The file has headings but no rows.")
    return Sheet(rows, faults)


def template() -> str:
    """An example that `read` takes as it is."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerow(
        {
            "Display name": "Maple Ridge Dental Group",
            "Company": "Maple Ridge Dental Group",
            "Email": "billing@mapleridge.example",
            "Phone": "(555) 010-4482",
            "Archived": "no",
            "Billing line 1": "88 Ridge Ave",
            "Billing line 2": "Suite 4",
            "Billing city": "Fairmont",
        }
    )
    return out.getvalue()


def write(contacts: Iterable[Contact]) -> Iterator[str]:
    """Yield the lines of a file, headings first. Needs `parent` and `addresses` read with them."""
    line = csv.writer(_Echo())
    yield "\ufeff" + line.writerow(COLUMNS)  # the mark tells Excel that this is UTF-8
    for contact in contacts:
        values = _cells(contact)
        yield line.writerow([neutralise(values[name]) for name in COLUMNS.values()])


class _Echo:
    def write(self, text: str) -> str:
        return text


def _cells(contact: Contact) -> dict[str, str]:
    addresses = {address.kind: address for address in contact.addresses.all()}
    cells = {
        f"{kind}_{part}": getattr(addresses.get(kind), part, "")
        for kind in Address.Kind.values
        for part in Address.PARTS
    }
    for name in COLUMNS.values():
        if name not in ADDRESS_FIELDS and name != "parent":
            cells[name] = _cell(getattr(contact, name))
    cells["parent"] = contact.parent.display_name if contact.parent else ""
    return cells


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise Unreadable("The file is larger than 5 MB.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise Unreadable("This is not a text file that we can read. Save it as CSV (UTF-8).")


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """Return the number and the cells of each row that is not blank."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                lines.append((number, cells))
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num} is not valid CSV: {error}.") from error
    return lines


def _names(headings: Sequence[str]) -> list[str]:
    names = [HEADINGS.get(" ".join(each.split()).casefold(), "") for each in headings]
    unknown = [each.strip() for each, name in zip(headings, names, strict=True) if not name]
    if unknown:
        raise Unreadable(
            f"No column of ours is called {', '.join(repr(each[:60]) for each in unknown[:5])}. "
            "Take the headings from the template."
        )
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Unreadable(f"The column {HEADING_OF[min(twice)]} is there twice.")
    if "display_name" not in names:
        raise Unreadable("The column Display name is missing.")
    return names


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> tuple[ImportRow, list[Fault]]:
    faults = []
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        faults.append(Fault(number, "", f"has more than {len(names)} columns"))
    values: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=False):
        try:
            values[name] = _value(name, cell)
        except ValueError as error:
            faults.append(Fault(number, HEADING_OF[name], str(error)))
    if not values.get("display_name") and not any(
        fault.column == HEADING_OF["display_name"] for fault in faults
    ):
        faults.append(Fault(number, HEADING_OF["display_name"], "is empty"))
    parent = str(values.pop("parent", ""))
    if parent and parent.casefold() == str(values.get("display_name", "")).casefold():
        faults.append(Fault(number, HEADING_OF["parent"], "is the contact itself"))
    return ImportRow(number, values, parent), faults


def _value(name: str, cell: str) -> Any:
    text = _stripped(cell)
    if name in YES_OR_NO:
        if text.casefold() not in FLAGS:
            raise ValueError(f'is "{text[:40]}"; write yes or no')
        return FLAGS[text.casefold()]
    if name == "more_emails":
        emails = [part.strip() for part in text.split(",") if part.strip()]
        if any(len(each) > 320 for each in emails):
            raise ValueError("has an address of more than 320 characters")
        return emails
    longest = _longest(name)
    if longest and len(text) > longest:
        raise ValueError(f"has {len(text)} characters; {longest} are the most")
    return text


def _stripped(cell: str) -> str:
    is_guarded = cell.startswith("'") and cell.lstrip("'").startswith(RUNS)
    return (cell[1:] if is_guarded else cell).strip().replace("\r\n", "\n")


def _longest(name: str) -> int | None:
    if name == "parent":
        return 500
    model: Any = Address if name in ADDRESS_FIELDS else Contact
    column = name.split("_", 1)[1] if name in ADDRESS_FIELDS else name
    return model._meta.get_field(column).max_length
