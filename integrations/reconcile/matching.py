"""
What belongs together on the first sync, and what only looks like it.

Records are matched by their key alone, and only one with one. For our records that stay alone
there are suggestions, each with its reason in words; a suggestion never links by itself.

Pure, the same for any order of the input, and near-linear: records are compared only where they
share an e-mail, a phone, or a rare word of their name. A bucket of many says nothing and is left
out, so that ten thousand "Customer 1", "Customer 2" do not meet one another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

CROWD: Final = 40  # a word or e-mail that more records share tells nobody apart
CLOSEST: Final = 10  # records compared with one of ours, the rarest evidence first
SIMILAR: Final = 0.8  # of 1: share of letter pairs two names have in common
RATHER_SIMILAR: Final = 0.5  # enough where the e-mail speaks for it too
FORMS: Final = {
    "the", "and", "inc", "incorporated", "llc", "llp", "lp", "ltd", "limited",
    "co", "company", "corp", "corporation", "plc", "pllc", "pc",
}  # fmt: skip
PUBLIC_DOMAINS: Final = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "me.com",
    "yahoo.com", "aol.com", "icloud.com", "mac.com", "comcast.net", "att.net", "verizon.net",
    "proton.me", "protonmail.com", "gmx.com",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Candidate[T: (int, str)]:
    """A record of one side, as far as matching needs it."""

    id: T
    key: str  # of the match rule; blank matches nothing
    label: str
    email: str = ""  # one address, or several with commas
    phones: tuple[str, ...] = ()
    company: str = ""
    person: str = ""  # given and family name
    sku: str = ""  # of a service item
    is_active: bool = True


@dataclass(frozen=True)
class Suggestion:
    remote_id: str
    reason: str  # "Similar name, same email"


@dataclass
class Matching:
    """Every record is in exactly one list; all lists are in order of our ids, else of theirs."""

    pairs: list[tuple[int, str]] = field(default_factory=list)
    unmatched: list[tuple[int, Suggestion | None]] = field(default_factory=list)
    duplicates: list[tuple[str, list[int], list[str]]] = field(default_factory=list)  # by key
    new: list[str] = field(default_factory=list)
    compared: int = 0  # pairs that were held side by side for a suggestion


def match(ours: Iterable[Candidate[int]], theirs: Iterable[Candidate[str]]) -> Matching:
    """Sort all records of both sides into the four lists of the review."""
    found = Matching()
    by_key: dict[str, tuple[list[Candidate[int]], list[Candidate[str]]]] = {}
    for mine in sorted(ours, key=lambda each: each.id):
        by_key.setdefault(mine.key, ([], []))[0].append(mine)
    for other in sorted(theirs, key=lambda each: each.id):
        by_key.setdefault(other.key, ([], []))[1].append(other)

    alone, free = by_key.pop("", ([], []))
    for key, (mine_of_key, theirs_of_key) in by_key.items():
        active = [each for each in theirs_of_key if each.is_active]
        # An inactive namesake does not make the active one doubtful.
        standing = active if len(active) == 1 else theirs_of_key
        if len(mine_of_key) > 1 or len(standing) > 1:
            ids = [each.id for each in mine_of_key], [each.id for each in theirs_of_key]
            found.duplicates.append((key, *ids))
            continue
        if mine_of_key and standing:
            found.pairs.append((mine_of_key[0].id, standing[0].id))
            free.extend(each for each in theirs_of_key if each is not standing[0])
        else:
            alone.extend(mine_of_key)
            free.extend(theirs_of_key)

    alone.sort(key=lambda each: each.id)
    suggested, found.compared = _suggest(alone, sorted(free, key=lambda each: each.id))
    found.unmatched = [(each.id, suggested.get(each.id)) for each in alone]
    found.new = sorted(each.id for each in free)
    found.pairs.sort()
    found.duplicates.sort()
    return found


# -- suggestions -----------------------------------------------------------------------------------


def _suggest(
    alone: Sequence[Candidate[int]], free: Sequence[Candidate[str]]
) -> tuple[dict[int, Suggestion], int]:
    """The closest free record for each of ours, none of them twice; and how many were compared."""
    traits = [_Traits(each) for each in free]
    buckets = _Buckets(traits)
    close: list[tuple[float, int, int, str]] = []  # worst first: -score, our id, place, reason
    compared = 0
    for mine in alone:
        about = _Traits(mine)
        for place in buckets.near(about):
            compared += 1
            score, reason = _compare(about, traits[place])
            if reason:
                close.append((-score, mine.id, place, reason))
    chosen: dict[int, Suggestion] = {}
    taken: set[int] = set()
    for _, mine_id, place, reason in sorted(close):
        if mine_id not in chosen and place not in taken:
            chosen[mine_id] = Suggestion(free[place].id, reason)
            taken.add(place)
    return chosen, compared


class _Traits:
    """What of a record is compared: its name in words, its addresses, its phones."""

    def __init__(self, record: Candidate[int] | Candidate[str]) -> None:
        self.record = record
        self.words = words_of(record.label)
        self.name = "".join(self.words)
        self.emails = emails_of(record.email) if record.email else frozenset()
        self.domains = {each.rpartition("@")[2] for each in self.emails} - PUBLIC_DOMAINS
        self.sku = record.sku.strip().casefold()
        self.phones = {digits for each in record.phones if each and (digits := digits_of(each))}

    @cached_property
    def letter_pairs(self) -> frozenset[str]:
        return frozenset(map("".join, zip(self.name, self.name[1:], strict=False)))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Words with a digit: "Unit 12" is not nearly "Unit 13"."""
        return frozenset(word for word in self.words if any(map(str.isdigit, word)))

    @cached_property
    def other_names(self) -> frozenset[str]:
        if not (self.record.company or self.record.person):
            return frozenset()
        names = (self.record.company, self.record.person)
        return frozenset("".join(words_of(name)) for name in names if name) - {""}

    def evidence(self) -> set[str]:
        """All that a record like it would share, each with a letter for its kind."""
        found = {f"{WORD}{word}" for word in self.words}
        found.update(f"{EMAIL}{email}" for email in self.emails)
        found.update(f"{PHONE}{phone}" for phone in self.phones)
        found.update(f"{DOMAIN}{domain}" for domain in self.domains)
        found.update(f"{NAME}{name}" for name in self.other_names)
        if self.sku:
            found.add(SKU + self.sku)
        if self.name:
            found.add(NAME + self.name)
            found.add(NAME + "".join(sorted(self.words)))
        if len(self.name) >= 6:
            found.add(START + self.name[:5])
            found.add(END + self.name[-5:])
        return found


EMAIL, PHONE, NAME, WORD, DOMAIN, START, END, SKU = "epnwdsek"
STRONG: Final = {EMAIL, PHONE, NAME, SKU}


class _Buckets:
    """The free records by what they have; crowded buckets are left out."""

    def __init__(self, traits: Sequence[_Traits]) -> None:
        places: dict[str, list[int]] = {}
        for place, each in enumerate(traits):
            for evidence in each.evidence():
                places.setdefault(evidence, []).append(place)
        self._places = {key: found for key, found in places.items() if len(found) <= CROWD}

    def near(self, about: _Traits) -> list[int]:
        """Places of at most CLOSEST records, those first that share what few others have."""
        weights: dict[int, float] = {}
        for evidence in about.evidence():
            found = self._places.get(evidence)
            if found is None:
                continue
            weight = (8 if evidence[0] in STRONG else 1) / len(found)
            for place in found:
                weights[place] = weights.get(place, 0.0) + weight
        if len(weights) <= CLOSEST:
            return sorted(weights)
        return sorted(weights, key=lambda place: (-round(weights[place], 9), place))[:CLOSEST]


def _compare(mine: _Traits, other: _Traits) -> tuple[float, str]:
    """How much speaks for the two being one, and why in words; no words: too little."""
    has_email = not mine.emails.isdisjoint(other.emails)
    has_phone = not mine.phones.isdisjoint(other.phones)
    has_domain = not has_email and not mine.domains.isdisjoint(other.domains)
    has_sku = bool(mine.sku) and mine.sku == other.sku
    is_near = has_email or has_phone or has_domain or has_sku
    enough = RATHER_SIMILAR if is_near else SIMILAR
    score, reason = _compare_names(mine, other, enough)
    reasons = [reason] if reason else []
    if has_email:
        score += 4
        reasons.append("same email")
    if has_phone:
        score += 3
        reasons.append("same phone")
    if has_sku:
        score += 3
        reasons.append("same SKU")
    if has_domain and reasons:
        score += 1
        reasons.append("same email domain")
    told = ", ".join(reasons)
    return score, told[:1].upper() + told[1:]


def _compare_names(mine: _Traits, other: _Traits, enough: float) -> tuple[float, str]:
    if not mine.name or not other.name:
        return 0.0, ""
    if mine.words == other.words:
        is_same = mine.record.label.casefold() == other.record.label.casefold()
        return 5.0, "Same name, other parent" if is_same else "Similar name"
    if sorted(mine.words) == sorted(other.words):
        return 4.5, "Same words, other order"
    if mine.name in other.other_names or other.name in mine.other_names:
        companies = {"".join(words_of(each.record.company)) for each in (mine, other)}
        is_company = bool(companies & {mine.name, other.name})
        return 4.0, "Company name" if is_company else "First and last name"
    if mine.numbers != other.numbers:
        return 0.0, ""
    share = _share(mine.letter_pairs, other.letter_pairs)
    return (2 + share, "Similar name") if share >= enough else (0.0, "")


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Of 0 to 1: the part of letter pairs two names have in common (Dice's coefficient)."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0


_WORD = re.compile(r"[^\W_]+")
_NOT_A_DIGIT = re.compile(r"\D+")


def words_of(name: str) -> tuple[str, ...]:
    """The words that tell a name apart: folded, without accents, "&", "The", "Inc" and the like."""
    if not name.isascii():
        split = unicodedata.normalize("NFKD", name)
        name = "".join(letter for letter in split if not unicodedata.combining(letter))
    name = name.casefold().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    words = tuple(_WORD.findall(name))
    return tuple(word for word in words if word not in FORMS) or words


def emails_of(text: str) -> frozenset[str]:
    """The addresses of a text that holds one, or several with commas."""
    return frozenset(part.strip().casefold() for part in text.split(",")) - {""}


def digits_of(phone: str) -> str:
    """The last ten digits; a number of fewer than seven tells nobody apart and is none."""
    digits = _NOT_A_DIGIT.sub("", phone)
    return digits[-10:] if len(digits) >= 7 else ""
