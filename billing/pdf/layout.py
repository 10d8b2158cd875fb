"""
Where everything of an invoice stands: pages of marks. Points from the top left of a Letter page.

Nothing is drawn here. All pages are known before the first is drawn: each says how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from billing.models import InvoiceLine
from billing.money import write_money, write_number
from billing.paper import Paper, Row
from billing.pdf.text import (
    BOLD,
    REGULAR,
    clip,
    prepare_fonts,
    printable,
    size_to_fit,
    width_of,
    wrap,
)

WIDTH, HEIGHT = 612.0, 792.0
LEFT, RIGHT = 54.0, 558.0
TOP, BOTTOM = 54.0, 728.0  # the foot is below
FOOT = 752.0
INK, SOFT, ACCENT, LINE = "#122022", "#58686d", "#0b5563", "#c3cdce"

DETAIL_WIDTH = 262.0
QUANTITY, RATE, AMOUNT = 374.0, 462.0, RIGHT  # right edges
QUANTITY_WIDTH, RATE_WIDTH, AMOUNT_WIDTH = 52.0, 82.0, 90.0
TOTALS = 318.0  # left edge of what adds up
SIZE, SMALL = 9.5, 8.5
LEADING, SMALL_LEADING = 13.0, 11.5
TALLEST_KEPT_WHOLE = 240.0  # a line of the invoice that is taller may go over to the next page


@dataclass(frozen=True, kw_only=True)
class Text:
    """One run of text; `y` is its baseline, `x` its left or right edge."""

    x: float
    y: float
    text: str
    font: str = REGULAR
    size: float = SIZE
    colour: str = INK
    align: Literal["left", "right"] = "left"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A level line from `x` to `to`."""

    x: float
    to: float
    y: float
    thick: float = 0.5
    colour: str = LINE


Mark = Text | Rule


@dataclass(kw_only=True)
class Layout:
    """The pages, and the word that is stamped over each: "Void", "Draft" or nothing."""

    title: str
    firm_name: str
    stamp: str = ""
    pages: list[list[Mark]] = field(default_factory=list)


def lay_out(paper: Paper) -> Layout:
    prepare_fonts()
    writer = _Writer(paper)
    writer.write()
    return writer.layout


class _Writer:
    """Goes down the page and starts a new one where there is no room."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.invoice = paper.invoice
        self.number = printable(paper.invoice.number) or "without a number"
        self.layout = Layout(
            title=f"Invoice {self.number}",
            firm_name=printable(paper.firm_name),
            stamp={"void": "Void", "draft": "Draft"}.get(paper.invoice.status, ""),
        )
        self.y = TOP

    def write(self) -> None:
        self._turn()
        self._write_head()
        self._write_parties()
        self._write_columns()
        for line in self.paper.lines:
            self._write_line(line)
        self._write_totals()
        self._write_message()
        self._write_feet()

    def _turn(self) -> None:
        self.layout.pages.append([])
        self.y = TOP

    def _next_page_of_lines(self) -> None:
        self._turn()
        self._text(f"{self.layout.title}, continued", font=BOLD, y=self.y + 10)
        self.y += 26
        self._write_columns()

    def _text(self, text: str, *, x: float = LEFT, y: float | None = None, **look: object) -> None:
        mark = Text(x=x, y=self.y if y is None else y, text=text, **look)  # type: ignore[arg-type]
        self.layout.pages[-1].append(mark)

    def _rule(self, y: float, *, x: float = LEFT, thick: float = 0.5, colour: str = LINE) -> None:
        self.layout.pages[-1].append(Rule(x=x, to=RIGHT, y=y, thick=thick, colour=colour))

    def _write_head(self) -> None:
        """The firm at the left; what this is and its number at the right."""
        name = wrap(self.layout.firm_name, 300, BOLD, 15)[:3]
        self._text("INVOICE", x=RIGHT, y=TOP + 12, size=9, font=BOLD, colour=ACCENT, align="right")
        number = clip(self.number, 190, BOLD, 15)
        self._text(number, x=RIGHT, y=TOP + 31, size=15, font=BOLD, align="right")
        self.y = TOP + 18
        for line in name:
            self._text(line, size=15, font=BOLD)
            self.y += 18
        self.y = max(self.y - 4, TOP + 44)
        self._rule(self.y, thick=1.5, colour=ACCENT)
        self.y += 24

    def _write_parties(self) -> None:
        """Whom it bills at the left, its dates and what is owed at the right."""
        start = self.y
        self._text("Bill to", size=SMALL, colour=SOFT)
        self.y += 14
        for place, line in enumerate(self.paper.bill_to):
            font = REGULAR if place else BOLD
            for part in wrap(printable(line), 250, font, SIZE)[:6]:
                self._text(part, font=font)
                self.y += LEADING
        left_end, self.y = self.y, start
        for label, value in self._facts():
            self._text(label, x=TOTALS, size=SMALL, colour=SOFT)
            shown = clip(printable(value), 150, REGULAR, SIZE)
            self._text(shown, x=RIGHT, align="right")
            self.y += 15
        self._rule(self.y - 6, x=TOTALS)
        self.y += 12
        due = write_money(self.paper.settling[-1].amount, self.invoice.currency)
        self._text("Balance due", x=TOTALS, font=BOLD)
        size = size_to_fit(due, 160, BOLD, 15)
        self._text(due, x=RIGHT, size=size, font=BOLD, align="right")
        self.y = max(left_end, self.y + 14) + 20

    def _facts(self) -> list[tuple[str, str]]:
        invoice = self.invoice
        facts = [("Issued", _day(invoice.issued_on))]
        if invoice.term_days is not None:
            facts.append(("Terms", self.paper.terms))
        facts.append(("Due", _day(invoice.due_on)))
        if invoice.po_number:
            facts.append(("PO number", invoice.po_number))
        return facts

    def _write_columns(self) -> None:
        for label, x in (("Quantity", QUANTITY), ("Rate", RATE), ("Amount", AMOUNT)):
            self._text(label, x=x, size=SMALL, colour=SOFT, align="right")
        self._text("Service", size=SMALL, colour=SOFT)
        self._rule(self.y + 6, thick=0.75, colour=INK)
        self.y += 21

    def _write_line(self, line: InvoiceLine) -> None:
        rows = _rows_of(line)
        height = sum(leading for *_, leading in rows) + 9
        if self.y + height > BOTTOM and height <= TALLEST_KEPT_WHOLE:
            self._next_page_of_lines()
        for place, (text, font, size, colour, leading) in enumerate(rows):
            if self.y + leading > BOTTOM:
                self._next_page_of_lines()
            self._text(text, font=font, size=size, colour=colour)
            if not place:
                self._write_numbers(line)
            self.y += leading
        self._rule(self.y - 5)
        self.y += 9

    def _write_numbers(self, line: InvoiceLine) -> None:
        numbers = [
            (line.quantity, 0, QUANTITY, QUANTITY_WIDTH),
            (line.rate, 2, RATE, RATE_WIDTH),
        ]
        for value, decimals, x, width in numbers:
            if value is not None:
                self._number(write_number(value, decimals), x, width)
        if line.amount is not None:
            self._number(write_money(line.amount), AMOUNT, AMOUNT_WIDTH)

    def _number(self, text: str, x: float, width: float) -> None:
        size = size_to_fit(text, width, REGULAR, SIZE)
        self._text(text, x=x, size=size, align="right")

    def _write_totals(self) -> None:
        rows = [*self.paper.adding_up, *self.paper.settling]
        if self.y + min(len(rows) * 17 + 30, BOTTOM - TOP - 60) > BOTTOM:
            self._next_page()
        self.y += 8
        for row in rows:
            labels = wrap(_label(row), 156, BOLD if row.weight else REGULAR, SIZE)
            if self.y + len(labels) * LEADING + 8 > BOTTOM:
                self._next_page()
            self._write_total(row, labels)

    def _next_page(self) -> None:
        self._turn()
        self._text(f"{self.layout.title}, continued", font=BOLD, y=self.y + 10)
        self.y += 36

    def _write_total(self, row: Row, labels: Sequence[str]) -> None:
        """The total has a line above; what is owed two, and is larger."""
        font, size = (BOLD if row.weight else REGULAR), (11.5 if row.weight == "due" else SIZE)
        if row.weight:
            self.y += 4
            self._rule(self.y - 13, x=TOTALS, colour=INK)
        if row.weight == "due":
            self._rule(self.y - 15.5, x=TOTALS, colour=INK)
            self.y += 3
        shown = write_money(row.amount, self.invoice.currency if row.weight else "")
        room = RIGHT - TOTALS - max(width_of(label, font, size) for label in labels) - 8
        shown_size = size_to_fit(shown, room, font, size)
        self._text(shown, x=RIGHT, font=font, size=shown_size, align="right")
        for label in labels:
            self._text(label, x=TOTALS, font=font, size=size)
            self.y += LEADING
        self.y += 4

    def _write_message(self) -> None:
        if not self.invoice.message.strip():
            return
        self.y += 18
        for line in wrap(printable(self.invoice.message).strip(), RIGHT - LEFT, REGULAR, SIZE):
            if self.y > BOTTOM:
                self._next_page()
            self._text(line)
            self.y += LEADING

    def _write_feet(self) -> None:
        of = len(self.layout.pages)
        left = clip(f"{self.layout.title} from {self.layout.firm_name}", 380, REGULAR, 8)
        for place, page in enumerate(self.layout.pages, start=1):
            page.append(Rule(x=LEFT, to=RIGHT, y=FOOT - 13))
            page.append(Text(x=LEFT, y=FOOT, text=left, size=8, colour=SOFT))
            right = f"Page {place} of {of}"
            page.append(Text(x=RIGHT, y=FOOT, text=right, size=8, colour=SOFT, align="right"))


def _rows_of(line: InvoiceLine) -> list[tuple[str, str, float, str, float]]:
    """The left column of one line: (text, font, size, colour, leading) for each row."""
    name, description = printable(line.item_name), printable(line.description)
    is_text = line.kind == InvoiceLine.Kind.TEXT
    # A line of text has the whole width to itself.
    width = RIGHT - LEFT if is_text and line.amount is None else DETAIL_WIDTH
    rows: list[tuple[str, str, float, str, float]] = []
    if name.strip():
        rows += [(text, BOLD, SIZE, INK, LEADING) for text in wrap(name, width, BOLD, SIZE)]
    if description.strip() and description.strip() != name.strip():
        if rows or is_text:
            look = (REGULAR, SMALL, SOFT, SMALL_LEADING)
        else:
            look = (REGULAR, SIZE, INK, LEADING)
        texts = wrap(description.strip(), width, look[0], look[1])
        rows += [(text, *look) for text in texts]
    if line.served_on:
        rows.append((_day(line.served_on), REGULAR, SMALL, SOFT, SMALL_LEADING))
    return rows or [("", REGULAR, SIZE, INK, LEADING)]


def _label(row: Row) -> str:
    """A client has nothing to do with where the firm keeps its books."""
    return printable(row.label.removesuffix(" in QuickBooks"))


def _day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year:04}"
