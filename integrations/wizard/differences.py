"""What differs between the two sides of a row of the lists: marks for pages and programs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integrations.entities import CONTACT
from integrations.models import MatchProposal
from integrations.wizard import pairing

List = MatchProposal.List
LABELS_AT_MOST = 2  # of fields named in a row; the rest is counted


def mark_contact(row: Any) -> None:
    """The fields of a matched row that differ, and what the two were matched on."""
    told = row.plan or pairing.NOTHING
    groups = sorted({*told["here"], *told["there"], *told["ask"]})
    row.name_differs = "display_name" in groups
    row.email_differs = "email" in groups
    others = [each for each in groups if each not in ("display_name", "email")]
    labels = pairing.labels(others, CONTACT.record)
    row.other_differences = ", ".join(labels[:LABELS_AT_MOST])
    row.more_differences = max(0, len(labels) - LABELS_AT_MOST)
    same_email = row.local_email and row.local_email.casefold() == row.remote_email.casefold()
    if row.is_linked:  # nothing is planned for it: what is seen here may differ all the same
        row.name_differs = row.local_label != row.remote_label
        row.email_differs = row.local_email.casefold() != row.remote_email.casefold()
        row.matched_on = "Linked before"
    elif row.home != List.MATCHED:
        row.matched_on = "By you"
    else:
        row.matched_on = "Name, email" if same_email else "Name"


def mark_item(row: Any) -> None:
    """What differs between the two sides of a row, and why it does not match, in words."""
    theirs = row.remote_told  # of an unmatched row: of the one that looks like it
    is_alone = row.list == List.UNMATCHED and row.suggested is not None
    label = row.suggested.label if is_alone else row.remote_label
    row.their_label = label
    row.our_rate, row.their_rate = _rate(row.local_told), _rate(theirs)
    row.name_differs = _folded(row.local_label) != _folded(label)
    row.rate_differs = _cents(row.our_rate) != _cents(row.their_rate)
    row.sku_differs = _folded(row.local_told.get("sku")) != _folded(theirs.get("sku"))
    row.differing = [
        word
        for word, differs in (
            ("name", row.name_differs), ("rate", row.rate_differs), ("SKU", row.sku_differs),
        )
        if differs
    ]  # fmt: skip
    row.why = _why(row.differing)


def _why(differing: list[str]) -> str:
    """ "Name and rate differ"."""
    if not differing:
        return ""
    words = " and ".join([", ".join(differing[:-1]), differing[-1]] if differing[1:] else differing)
    told = f"{words} {'differ' if differing[1:] else 'differs'}"
    return told[:1].upper() + told[1:]


def _rate(told: dict[str, str]) -> Decimal | None:
    return Decimal(told["rate"]) if told.get("rate") else None


def _cents(rate: Decimal | None) -> Decimal | None:
    return None if rate is None else round(rate, 2)


def _folded(text: str | None) -> str:
    return " ".join((text or "").casefold().split())
