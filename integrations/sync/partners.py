"""Push-only: which customer there is our contact, and what the books did beside our sync."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from integrations.errors import Refused
from integrations.models import Link
from integrations.providers.base import Snapshot
from integrations.reconcile import record as compare
from integrations.reconcile.record import Life, Record


class SeveralMatches(Refused):
    """Several customers there could be this contact, or only an inactive one is."""

    code = "several_matches"

    def __init__(self, sentence: str, *, candidates: Sequence[Snapshot], what_to_do: str) -> None:
        super().__init__(sentence, what_to_do=what_to_do)
        self.candidates = [{"id": each.remote_id, "label": each.label} for each in candidates]


class DeleteHeld(Refused):
    """The books did more with it than we know of: deleting it would lose that."""

    code = "delete_held"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"It was voided here, but {reason} in QuickBooks.",
            what_to_do="Void it there instead, leave it there, or delete it anyway.",
        )


def choose(found: Sequence[Snapshot], key: str) -> Snapshot | SeveralMatches | None:
    """
    The customer with this e-mail, or what a person has to say (ledger rule 31).

    Args:
        key: trimmed and case-folded. Any address of a comma list counts.
    """
    fitting = [each for each in found if key in _emails_of(each)]
    active = [each for each in fitting if each.record.life is Life.LIVE]
    if not fitting:
        return None
    if not active:
        return SeveralMatches(
            "The customer with this email is inactive in QuickBooks.",
            candidates=fitting,
            what_to_do="Make the customer active there, then retry, or choose another.",
        )
    top = [each for each in active if len(each.path) <= 1]
    if len(active) == 1:
        return active[0]
    if len(top) == 1:
        return top[0]
    return SeveralMatches(
        f"{len(active)} customers in QuickBooks have this email.",
        candidates=active,
        what_to_do="Choose the one this contact is. The answer is remembered.",
    )


def _emails_of(snapshot: Snapshot) -> set[str]:
    told = str(snapshot.record.values().get("email") or "")
    return {str(compare.email(each)) for each in told.split(",")}


def done_there(link: Link, record: type[Record], *, goes_with: Decimal) -> str:
    """
    What the books did with an invoice beside our sync, in words; "" if nothing.

    Args:
        goes_with: paid on it by payments that are voided together with it.
    """
    facts = link.facts
    paid = Decimal(facts.get("total") or 0) - Decimal(facts.get("balance") or 0)
    if paid != goes_with:
        return "it has a payment or a credit"
    fields = {each.name: each for each in record.fields()}
    agreed = link.base
    edited = [
        name
        for name, value in link.seen.items()
        if name in fields and name in agreed and not fields[name].same(agreed[name], value)
    ]
    return "it was edited" if edited else ""
