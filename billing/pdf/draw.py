"""Puts a layout on paper. The same invoice at the same time gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from billing.paper import Paper
from billing.pdf.layout import HEIGHT, WIDTH, Layout, Mark, Rule, lay_out
from billing.pdf.text import BOLD


def draw_invoice(paper: Paper, *, now: datetime) -> bytes:
    """Return a PDF of US Letter pages; `now` is written into it as the time it was made."""
    layout = lay_out(paper)
    file = BytesIO()
    # invariant: no clock, no random id.
    canvas = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=1, lang="en-US")
    made_at = f"D:{now.astimezone(UTC):%Y%m%d%H%M%S}+00'00'"
    canvas.setDateFormatter(lambda *_: made_at)
    canvas.setTitle(layout.title)
    canvas.setAuthor(layout.firm_name)
    canvas.setCreator("Canopy Sync")
    for page in layout.pages:
        _stamp(canvas, layout)
        for mark in page:
            _draw(canvas, mark)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _draw(canvas: Canvas, mark: Mark) -> None:
    if isinstance(mark, Rule):
        canvas.setStrokeColor(HexColor(mark.colour))
        canvas.setLineWidth(mark.thick)
        canvas.line(mark.x, HEIGHT - mark.y, mark.to, HEIGHT - mark.y)
        return
    canvas.setFont(mark.font, mark.size)
    canvas.setFillColor(HexColor(mark.colour))
    write = canvas.drawRightString if mark.align == "right" else canvas.drawString
    write(mark.x, HEIGHT - mark.y, mark.text)


def _stamp(canvas: Canvas, layout: Layout) -> None:
    """The word across the page, under all else, so that no number is covered."""
    if not layout.stamp:
        return
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(38)
    canvas.setFont(BOLD, 150)
    canvas.setFillColor(HexColor("#f6dedb" if layout.stamp == "Void" else "#e6ecec"))
    canvas.drawCentredString(0, -50, layout.stamp.upper())
    canvas.restoreState()
