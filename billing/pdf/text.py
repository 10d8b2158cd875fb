"""Text as our font can print it, and how wide it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD = "NotoSans", "NotoSans-Bold"
FILES = {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"}
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
LEAST_SIZE = 4.0


@cache
def _font(name: str) -> TTFont:
    font = TTFont(name, str(FOLDER / FILES[name]))
    pdfmetrics.registerFont(font)
    return font


def prepare_fonts() -> None:
    for name in FILES:
        _font(name)


def printable(text: str) -> str:
    """
    Return what can be printed: accents joined to their letters, no control characters but line
    breaks, and a visible sign in place of each letter that the font lacks.
    """
    known = _font(REGULAR).face.charToGlyph
    joined = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    signs = []
    for sign in joined:
        kind = unicodedata.category(sign)
        if sign == "\n":
            signs.append(sign)
        elif kind == "Cf":  # directions and joiners: they print nothing
            continue
        elif kind in ("Cc", "Zl", "Zp", "Zs"):
            signs.append(" ")
        else:
            signs.append(sign if ord(sign) in known else UNKNOWN)
    return "".join(signs)


def width_of(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def wrap(text: str, width: float, font: str, size: float) -> list[str]:
    """Break printable text into lines of at most `width` points; a word too long is cut."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph, width, font, size):
            longer = f"{line} {word}" if line else word
            if line and width_of(longer, font, size) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def clip(text: str, width: float, font: str, size: float) -> str:
    """One line of text that ends in "..." where it would be wider than `width`."""
    text = " ".join(text.split())
    if width_of(text, font, size) <= width:
        return text
    while text and width_of(f"{text}...", font, size) > width:
        text = text[: -max(1, len(text) // 20)]
    return f"{text}..."


def size_to_fit(text: str, width: float, font: str, size: float) -> float:
    """The largest size up to `size` in which the text is at most `width` points wide."""
    wide = width_of(text, font, size)
    return size if wide <= width else max(LEAST_SIZE, size * width / wide)


def _words(paragraph: str, width: float, font: str, size: float) -> Iterator[str]:
    for word in paragraph.split():
        while width_of(word, font, size) > width and len(word) > 1:
            fits = _how_many_fit(word, width, font, size)
            yield word[:fits]
            word = word[fits:]
        yield word


def _how_many_fit(word: str, width: float, font: str, size: float) -> int:
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(word[:middle], font, size) <= width:
            low = middle
        else:
            high = middle - 1
    return low
