"""What a "Needs you" card shows: an issue in words, its two sides, and its buttons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse

from contacts.models import Contact
from integrations.entities import ENTITIES
from integrations.models import Activity, Issue, Link
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Life

LIVES = {
    Side.LOCAL: {Life.LIVE: "Active", Life.INACTIVE: "Archived"},
    Side.REMOTE: {Life.LIVE: "Active", Life.INACTIVE: "Inactive", Life.DELETED: "Deleted"},
}
Kind = Issue.Kind


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field on both sides, as text; "" is blank."""

    label: str
    ours: str
    theirs: str

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fields that are decided together, and what each choice does."""

    name: str
    label: str
    rows: Sequence[Row]
    kept: str = ""  # "local" or "remote" where it was decided

    @property
    def effect_of_ours(self) -> str:
        return self._effect("in QuickBooks becomes", [row.ours for row in self.rows])

    @property
    def effect_of_theirs(self) -> str:
        return self._effect("here becomes", [row.theirs for row in self.rows])

    def _effect(self, verb: str, values: Sequence[str]) -> str:
        pairs = zip(self.rows, values, strict=True)
        told = "; ".join(f"{row.label} {verb} {value or 'blank'}" for row, value in pairs)
        return told if told.endswith(".") else f"{told}."


@dataclass(frozen=True, kw_only=True)
class Card:
    issue: Issue
    link: Link
    url: str  # of our record; "" if there is none
    noun: str  # "Contact"
    groups: Sequence[Group] = ()
    buttons: frozenset[str] = field(default_factory=frozenset)

    @property
    def title(self) -> str:
        return self.link.label or self.link.remote_label

    @property
    def is_decided(self) -> bool:
        return self.issue.is_conflict and self.issue.decided_at is not None

    @property
    def effects_of_ours(self) -> list[str]:
        return [group.effect_of_ours for group in self.groups]

    @property
    def effects_of_theirs(self) -> list[str]:
        return [group.effect_of_theirs for group in self.groups]

    @property
    def effects_of_decision(self) -> list[str]:
        return [
            group.effect_of_ours if group.kept == Side.LOCAL else group.effect_of_theirs
            for group in self.groups
            if group.kept
        ]

    @property
    def technical(self) -> str:
        detail = self.issue.detail
        told = [detail.get("code", ""), detail.get("message", "")]
        lines = [" ".join(str(each) for each in told if each)]
        if detail.get("element"):
            lines.append(f"Field {detail['element']}")
        if detail.get("trace"):
            lines.append(f"intuit_tid {detail['trace']}")
        return "\n".join(line for line in lines if line)


BUTTONS: Mapping[str, frozenset[str]] = {
    Kind.CONFLICT: frozenset(),
    Kind.REFUSED: frozenset({"edit", "retry"}),
    Kind.DUPLICATE_NAME: frozenset({"link", "rename", "retry"}),
    Kind.INACTIVE_REFERENCE: frozenset({"find", "retry"}),
    Kind.HAS_BALANCE: frozenset({"edit", "retry"}),
    Kind.PERIOD_CLOSED: frozenset({"retry"}),
    Kind.SEVERAL_MATCHES: frozenset({"find", "create_there"}),
    Kind.MERGED_THERE: frozenset({"archive", "find", "unmatch"}),
    Kind.DELETED_THERE: frozenset({"archive", "find", "unmatch"}),
    Kind.HELD: frozenset({"find", "retry"}),
    Kind.INTERNAL: frozenset({"retry"}),
}


def cards(issues: Iterable[Issue]) -> list[Card]:
    """Cards of these issues (with `link` loaded); one query for the names they mention."""
    found = list(issues)
    names = _names(found)
    return [_card(issue, names) for issue in found]


def _card(issue: Issue, names: Mapping[int, str]) -> Card:
    link = issue.link
    groups = [
        _group(link, each, names)
        for each in issue.detail.get("groups", [])
        if isinstance(each, dict)
    ]
    buttons = BUTTONS.get(issue.kind, frozenset())
    if link.local_id is None:
        buttons -= {"link", "rename", "edit", "find", "create_there", "archive"}
    if issue.detail.get("is_another_kind"):
        buttons -= {"link"}
    return Card(
        issue=issue,
        link=link,
        url=record_url(link.entity, link.local_id),
        noun=noun(link.entity),
        groups=groups,
        buttons=buttons,
    )


def _group(link: Link, told: Mapping[str, Any], names: Mapping[int, str]) -> Group:
    rows = [
        Row(
            label=_label(each, told),
            ours=shown(each["name"], each.get("local"), Side.LOCAL, names),
            theirs=shown(each["name"], each.get("remote"), Side.REMOTE, names),
        )
        for each in told.get("fields", [])
    ]
    return Group(
        name=told["group"],
        label=label_of(told["group"], told.get("label") or told["group"]),
        rows=[row for row in rows if row.differs] or rows,
        kept=link.decisions.get(told["group"], {}).get("keep", ""),
    )


def _label(each: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """A part of an address says of which."""
    label = label_of(each["name"], str(each.get("label") or each["name"]))
    whole = str(told.get("label") or "")
    return f"{whole}, {label}" if label[:1].islower() and whole else label


def label_of(name: str, label: str) -> str:
    """A field's name on the pages; a record's life reads "State: Active"."""
    return "State" if name == "life" else label


def shown(name: str, value: Any, side: Side, names: Mapping[int, str]) -> str:
    """A stored value in the words of the pages; "" where nothing is there."""
    if name == "life":
        return LIVES[side].get(value, str(value).capitalize()) if value else ""
    if name == "parent":
        return names.get(value, "") if isinstance(value, int) else ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def _names(issues: Iterable[Issue]) -> dict[int, str]:
    wanted: set[int] = set()
    firm_id = 0
    for issue in issues:
        firm_id = issue.firm_id
        for group in issue.detail.get("groups", []):
            for each in group.get("fields", []):
                if each.get("name") == "parent":
                    wanted.update(
                        value for value in (each.get("local"), each.get("remote"))
                        if isinstance(value, int)
                    )  # fmt: skip
    return names_of(firm_id, wanted) if wanted else {}


def names_of(firm_id: int, contact_ids: Iterable[int]) -> dict[int, str]:
    rows = Contact.objects.for_firm(firm_id).filter(pk__in=list(contact_ids))
    return dict(rows.values_list("pk", "display_name"))


def record_url(entity: str, local_id: int | None) -> str:
    """The page of our record, if there is one."""
    spec = ENTITIES.get(entity)
    if spec is None or local_id is None:
        return ""
    try:
        return reverse(spec.url_name, args=[local_id])
    except NoReverseMatch:
        return ""


def noun(entity: str) -> str:
    spec = ENTITIES.get(entity)
    return spec.singular.capitalize() if spec else ""


def changes(entry: Activity) -> list[Row]:
    """Fields of an entry before and after: `ours` is before, `theirs` after."""
    names = [*entry.before, *(name for name in entry.after if name not in entry.before)]
    spec = ENTITIES.get(entry.entity)
    labels = {each.name: each.label for each in spec.record.fields()} if spec else {}
    side = Side.REMOTE if entry.direction == entry.Direction.SENT else Side.LOCAL
    return [
        Row(
            label=label_of(name, labels.get(name, name.replace("_", " ").capitalize())),
            ours=shown(name, entry.before.get(name), side, {}),
            theirs=shown(name, entry.after.get(name), side, {}),
        )
        for name in names
    ]
