"""What a "Needs you" card shows: an issue in words, its two sides, and its buttons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import NoReverseMatch, reverse

from billing.models import Invoice, Payment
from integrations.entities import ENTITIES
from integrations.models import Activity, ImportedRecord, Issue, Link
from integrations.reconcile.policy import Side
from integrations.reconcile.record import Life
from integrations.sync import resolving
from integrations.sync.resolving import NUMBER_LIMIT
from integrations.web import wording
from integrations.web.wording import Names, names_in, shown

Kind = Issue.Kind
PLURAL = ("lines", "dates", "terms", "notes", "parts", "taxes")


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
        return self._effect("in QuickBooks", [row.ours for row in self.rows])

    @property
    def effect_of_theirs(self) -> str:
        return self._effect("here", [row.theirs for row in self.rows])

    def _effect(self, where: str, values: Sequence[str]) -> str:
        pairs = zip(self.rows, values, strict=True)
        told = "; ".join(_becomes(row.label, where, value) for row, value in pairs)
        return told if told.endswith(".") else f"{told}."


def _becomes(label: str, where: str, value: str) -> str:
    verb = "become" if label.casefold() in PLURAL else "becomes"
    return f"{label} {where} {verb} {value.replace(chr(10), ', ') or 'blank'}"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A button that answers an issue (resolving.choose), and what pressing it does."""

    option: str
    label: str
    effect: str
    proposal: str = ""  # for a field beside the button
    longest: int = 0  # characters of that field; 0: there is none
    is_danger: bool = False


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A record that may be the same one, or the one that is meant."""

    id: str
    label: str
    dated_on: str = ""
    amount: str = ""
    url: str = ""  # of our record


NAME_LIMIT = 500  # characters of a name in QuickBooks
SUFFIX = " (2)"


@dataclass(frozen=True, kw_only=True)
class Needed:
    """The record that an issue waits for, and which does not sync."""

    entity: str
    noun: str
    their_noun: str
    label: str
    local_id: int | None
    url: str


@dataclass(frozen=True, kw_only=True)
class Card:
    issue: Issue
    link: Link
    url: str  # of our record; "" if there is none
    noun: str  # "Contact"
    their_noun: str  # "customer"
    groups: Sequence[Group] = ()
    buttons: frozenset[str] = field(default_factory=frozenset)
    choices: Sequence[Choice] = ()
    candidates: Sequence[Candidate] = ()
    sums: Sequence[Row] = ()  # what each side computed
    needed: Needed | None = None
    edit_url: str = ""
    rules_place: str = ""  # of the page of rules: the field that is missing
    merge_url: str = ""  # of the page that merges ours with the contact that is left
    twin_url: str = ""
    twin_label: str = ""

    @property
    def title(self) -> str:
        return self.link.label or self.link.remote_label

    @property
    def suffixed(self) -> str:
        """Our name of it, told apart from the other one's: "Quist Boats (2)"."""
        return f"{self.link.label[: NAME_LIMIT - len(SUFFIX)]}{SUFFIX}"

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
    Kind.DUPLICATE_NUMBER: frozenset({"change_number", "retry"}),
    Kind.INACTIVE_REFERENCE: frozenset({"edit", "find", "retry"}),
    Kind.HAS_BALANCE: frozenset({"edit", "retry"}),
    Kind.PERIOD_CLOSED: frozenset({"change_date", "edit", "retry"}),
    Kind.DEPOSITED: frozenset({"edit", "retry"}),
    Kind.SEVERAL_MATCHES: frozenset({"pick", "find", "retry"}),
    Kind.SAME_PAYMENT: frozenset({"same"}),
    Kind.BILLED_TWICE: frozenset({"twins"}),
    Kind.TOTALS_DIFFER: frozenset({"edit", "retry"}),
    Kind.SET_UP: frozenset({"rules", "edit", "retry"}),
    Kind.MERGED_THERE: frozenset({"archive", "find", "unmatch"}),
    Kind.DELETED_THERE: frozenset({"archive", "find", "unmatch"}),
    Kind.DELETE_HELD: frozenset({"edit"}),
    Kind.HELD: frozenset({"needed", "retry"}),
    Kind.NO_ANSWER: frozenset({"retry"}),
    Kind.INTERNAL: frozenset({"retry"}),
}
CHOSEN_AT = {  # by what QuickBooks calls it
    "IncomeAccountRef": "id_income_account",
    "ItemRef": "id_service_item",
    "DepositToAccountRef": "id_deposit_account",
}
FINDABLE = ("contact", "service_item")  # where another partner there may be chosen from a card


def cards(issues: Iterable[Issue]) -> list[Card]:
    """Cards of these issues (with `link` and `connection` loaded); a fixed number of queries."""
    found = list(issues)
    more = _More.of(found)
    return [_card(issue, more) for issue in found]


# -- What the cards mention, read for all of them at once ----------------------------------------


@dataclass(frozen=True, kw_only=True)
class _More:
    names: Names
    needed: Mapping[int, Link]
    invoices: Mapping[int, Invoice]  # those whose totals differ
    our_payments: Mapping[int, Payment]
    their_payments: Mapping[str, ImportedRecord]

    @classmethod
    def of(cls, issues: Sequence[Issue]) -> _More:
        firm_id = issues[0].firm_id if issues else 0
        return cls(
            names=names_in(firm_id, _told(issues)) if issues else Names(),
            needed=_needed(issues),
            invoices=_invoices(issues),
            our_payments=_our_payments(issues),
            their_payments=_their_payments(issues),
        )


def _told(issues: Iterable[Issue]) -> Iterable[tuple[str, Any]]:
    for issue in issues:
        for group in issue.detail.get("groups", []):
            for each in group.get("fields", []) if isinstance(group, dict) else []:
                yield each.get("name", ""), each.get("local")
                yield each.get("name", ""), each.get("remote")


def _needed(issues: Iterable[Issue]) -> dict[int, Link]:
    wanted = [each.detail.get("blocked_on") for each in issues if each.kind == Kind.HELD]
    return Link.objects.in_bulk([each for each in wanted if each]) if wanted else {}


def _invoices(issues: Iterable[Issue]) -> dict[int, Invoice]:
    wanted = [
        each.link.local_id
        for each in issues
        if each.kind == Kind.TOTALS_DIFFER and each.link.entity == "invoice"
    ]
    return Invoice.objects.in_bulk([each for each in wanted if each]) if wanted else {}


def _offered(issues: Iterable[Issue], *, ours: bool) -> list[str]:
    """Ids that may be the same payment: of our payments, or of theirs."""
    return [
        str(candidate["id"])
        for issue in issues
        if issue.kind == Kind.SAME_PAYMENT and (issue.link.local_id is None) is ours
        for candidate in issue.detail.get("candidates", [])
    ]


def _our_payments(issues: Iterable[Issue]) -> dict[int, Payment]:
    wanted = [int(each) for each in _offered(issues, ours=True) if each.isdecimal()]
    return Payment.objects.in_bulk(wanted) if wanted else {}


def _their_payments(issues: Sequence[Issue]) -> dict[str, ImportedRecord]:
    wanted = _offered(issues, ours=False)
    if not wanted:
        return {}
    rows = ImportedRecord.objects.filter(
        connection_id=issues[0].connection_id, entity="payment", remote_id__in=wanted
    )
    return {row.remote_id: row for row in rows.defer("raw")}


# -- One card ------------------------------------------------------------------------------------


def _card(issue: Issue, more: _More) -> Card:
    link, detail = issue.link, issue.detail
    return Card(
        issue=issue,
        link=link,
        url=record_url(link.entity, link.local_id),
        noun=noun(link.entity),
        their_noun=ENTITIES[link.entity].theirs,
        groups=[
            _group(link, each, more.names)
            for each in detail.get("groups", [])
            if isinstance(each, dict)
        ],
        buttons=_buttons(issue),
        choices=_choices(issue, more),
        candidates=_candidates(issue, more),
        sums=_sums(issue, more),
        needed=_what_is_needed(issue, more),
        edit_url=edit_url(link.entity, link.local_id),
        rules_place=CHOSEN_AT.get(str(detail.get("element") or ""), ""),
        merge_url=_merge_url(issue),
        twin_url=record_url("invoice", detail.get("twin")),
        twin_label=str(detail.get("twin_label") or "the other one"),
    )


def _merge_url(issue: Issue) -> str:
    """Where two customers were merged there, both with a contact of ours."""
    other = issue.detail.get("other_local_id")
    if issue.kind != Kind.MERGED_THERE or issue.link.entity != "contact" or not other:
        return ""
    return f"{reverse('contacts:merge', args=[other])}?other={issue.link.local_id}"


def _buttons(issue: Issue) -> frozenset[str]:
    link = issue.link
    buttons = BUTTONS.get(issue.kind, frozenset())
    if link.local_id is None:
        buttons -= {
            "link",
            "rename",
            "edit",
            "change_number",
            "change_date",
            "find",
            "archive",
            "pick",
        }
    if link.entity not in FINDABLE:
        buttons -= {"link", "rename", "find", "archive", "unmatch"}
    if issue.kind == Kind.DELETED_THERE and link.entity == "service_item":
        buttons -= {"archive"}
    if issue.detail.get("element") in CHOSEN_AT:
        buttons |= {"rules"}
    if issue.detail.get("is_another_kind"):
        buttons -= {"link"}
    return buttons


def _choices(issue: Issue, more: _More) -> list[Choice]:
    match issue.kind:
        case Kind.CONFLICT if not issue.decided_at:
            return _of_end(issue)
        case Kind.DUPLICATE_NUMBER:
            return _of_number(issue.link)
        case Kind.SAME_PAYMENT:
            where = "here, too" if issue.link.local_id is None else "in QuickBooks, too"
            return [
                Choice(
                    option="record_both",
                    label="Record both",
                    effect=f"The client paid twice: this payment is recorded {where}.",
                )
            ]
        case Kind.BILLED_TWICE:
            return [
                Choice(
                    option="both_right",
                    label="Both are right",
                    effect="Both invoices stay and sync as they are. You are not asked again.",
                )
            ]
        case Kind.DELETE_HELD:
            return DELETE_CHOICES
        case Kind.DELETED_THERE if issue.link.entity in ("invoice", "payment"):
            return _of_deleted(issue.link)
        case Kind.HELD:
            return _of_held(issue, more)
    return []


def _of_number(link: Link) -> list[Choice]:
    return [
        Choice(
            option="same_number",
            label="Same number anyway",
            effect=f"It goes to QuickBooks as {link.label}, though another form there has this "
            "number.",
        ),
        Choice(
            option="number_there",
            label="Use this number in QuickBooks",
            effect=f"It goes out under the number beside the button. Here it stays {link.label}, "
            "and neither number is changed by the sync from then on.",
            proposal=with_suffix(link.label),
            longest=NUMBER_LIMIT,
        ),
    ]


def with_suffix(number: str) -> str:
    """A number that tells a second one apart: "INV-1047-2"."""
    return f"{number[: NUMBER_LIMIT - 2]}-2"


DELETE_CHOICES = [
    Choice(
        option="void_there",
        label="Void there",
        effect="It keeps its number in QuickBooks and counts as zero. What was paid on it becomes "
        "a credit of the customer.",
    ),
    Choice(
        option="leave",
        label="Leave",
        effect="It stays in QuickBooks as it is, and is void here.",
    ),
    Choice(
        option="delete_anyway",
        label="Delete anyway",
        effect="It is deleted in QuickBooks. What was done with it there is lost; payments on it "
        "become a credit of the customer.",
        is_danger=True,
    ),
]


ENDS = {Life.VOID: "void", Life.DELETED: "deleted"}
END_IT = {"invoice": "void it", "payment": "void it"}  # what else there is, is archived


def _of_end(issue: Issue) -> list[Choice]:
    """It ended for good on one side: what can be done is no choice between the two."""
    side = resolving.ended_on(issue)
    if side is None:
        return []
    kind, lives = noun(issue.link.entity).lower(), issue.detail["groups"][0]
    ended = ENDS.get(lives[side]["life"], "over")
    where, other = ("in QuickBooks", "here") if side is Side.REMOTE else ("here", "in QuickBooks")
    found = [
        Choice(
            option="accept",
            label=f"Accept: {END_IT.get(issue.link.entity, 'archive it')} {other}",
            effect=f"The {kind} ends {other}, too. What was changed {other} stays in the history.",
        ),
        Choice(
            option="leave",
            label="Leave both as they are",
            effect=f"The {kind} is {ended} {where} and goes on {other}. Neither is told any more "
            "what becomes of the other, and you are not asked again.",
        ),
    ]
    if resolving.may_make_anew(issue):
        found.append(
            Choice(
                option="make_anew",
                label="Make it anew in QuickBooks",
                effect=f"A new {kind} is made there from ours and linked with it. The deleted one "
                "stays deleted.",
            )
        )
    return found


def _of_deleted(link: Link) -> list[Choice]:
    kind = noun(link.entity).lower()
    return [
        Choice(
            option="void_here",
            label="Void here, too",
            effect=f"The {kind} keeps its number here and counts as zero."
            if link.entity == "invoice"
            else "The payment counts as zero here, and the invoices it paid are open again.",
        ),
        Choice(
            option="leave",
            label="Leave",
            effect=f"The {kind} stays here as it is. It no longer exists in QuickBooks.",
        ),
    ]


def _of_held(issue: Issue, more: _More) -> list[Choice]:
    needed = more.needed.get(issue.detail.get("blocked_on") or 0)
    if needed is None or needed.entity != "service_item" or issue.link.entity != "invoice":
        return []
    return _default_service(issue)


def _default_service(issue: Issue) -> list[Choice]:
    """Only where there is one; else the card leads to the rules."""
    chosen = (issue.connection.defaults or {}).get("service_item") or {}
    if not chosen.get("id"):
        return []
    name = chosen.get("label") or "the default service"
    items = [each["label"] or "a service item" for each in issue.detail.get("items", [])]
    is_one = len(items) == 1
    these = "this service item" if is_one else "these service items"
    verb = "its line goes" if is_one else "their lines go"
    return [
        Choice(
            option="default_items",
            label=f"Use the default service for {these}",
            effect=f"{wording.listed(items)}: in QuickBooks {verb} out on {name}. Here each line "
            "keeps its service item, and other lines keep theirs on both sides.",
        )
    ]


def _candidates(issue: Issue, more: _More) -> list[Candidate]:
    if issue.kind not in (Kind.SAME_PAYMENT, Kind.SEVERAL_MATCHES):
        return []
    are_ours = issue.link.local_id is None
    return [
        _candidate(each, more, are_ours=are_ours and issue.kind == Kind.SAME_PAYMENT)
        for each in issue.detail.get("candidates", [])
    ]


def _candidate(told: Mapping[str, Any], more: _More, *, are_ours: bool) -> Candidate:
    key = str(told["id"])
    amount: Any = None
    if are_ours and key.isdecimal() and (ours := more.our_payments.get(int(key))):
        amount = ours.amount
    elif theirs := more.their_payments.get(key):
        amount = theirs.amount
    return Candidate(
        id=key,
        label=str(told.get("label") or key),
        dated_on=wording.day(told.get("dated_on")),
        amount=wording.money(amount),
        url=record_url("payment", int(key)) if are_ours and key.isdecimal() else "",
    )


def _sums(issue: Issue, more: _More) -> list[Row]:
    """Both computations of an invoice, as far as each side told its own."""
    if issue.kind != Kind.TOTALS_DIFFER:
        return []
    detail = issue.detail
    rows = [
        Row(
            label="Total", ours=_money(detail, "local_total"), theirs=_money(detail, "remote_total")
        )
    ]
    invoice = more.invoices.get(issue.link.local_id or 0)
    if invoice is None:
        return rows
    before = [
        ("Subtotal", invoice.subtotal, ""),
        ("Discount", -invoice.discount, ""),
        ("Tax", invoice.tax, _money(detail, "remote_tax")),
    ]
    if invoice.other_amount:
        before.append(("Other in QuickBooks", invoice.other_amount, ""))
    return [
        *(
            Row(label=label, ours=wording.money(ours), theirs=theirs)
            for label, ours, theirs in before
        ),
        *rows,
    ]


def _money(detail: Mapping[str, Any], name: str) -> str:
    return wording.money(detail.get(name))


def _what_is_needed(issue: Issue, more: _More) -> Needed | None:
    link = more.needed.get(issue.detail.get("blocked_on") or 0)
    if issue.kind != Kind.HELD or link is None:
        return None
    return Needed(
        entity=link.entity,
        noun=noun(link.entity).lower(),
        their_noun=ENTITIES[link.entity].theirs,
        label=link.label or link.remote_label,
        local_id=link.local_id,
        url=record_url(link.entity, link.local_id),
    )


def _group(link: Link, told: Mapping[str, Any], names: Names) -> Group:
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


LABELS = {"life": "State", "discount": "Discount in money", "taxes": "Tax in money"}


def label_of(name: str, label: str) -> str:
    """A field's name on the pages; a record's life reads "State: Active"."""
    return LABELS.get(name, label)


def record_url(entity: str, local_id: int | None) -> str:
    """The page of our record, if there is one."""
    spec = ENTITIES.get(entity)
    if spec is None or local_id is None:
        return ""
    try:
        return reverse(spec.url_name, args=[local_id])
    except NoReverseMatch:
        return ""


EDITORS = {
    "contact": "contacts:edit",
    "service_item": "billing:edit_item",
    "invoice": "billing:invoice_edit",
    "payment": "billing:payment_edit",
}


def edit_url(entity: str, local_id: int | None) -> str:
    """Where our record is edited; its page where it has no editor."""
    name = EDITORS.get(entity)
    if name is None or local_id is None:
        return ""
    try:
        return reverse(name, args=[local_id])
    except NoReverseMatch:
        return record_url(entity, local_id)


def noun(entity: str) -> str:
    spec = ENTITIES.get(entity)
    return spec.singular.capitalize() if spec else ""


def changes(entry: Activity) -> list[Row]:
    """Fields of an entry before and after: `ours` is before, `theirs` after."""
    told = {**entry.before, **entry.after}
    spec = ENTITIES.get(entry.entity)
    labels = {each.name: each.label for each in spec.record.fields()} if spec else {}
    side = Side.REMOTE if entry.direction == entry.Direction.SENT else Side.LOCAL
    names = names_in(entry.firm_id, [*entry.before.items(), *entry.after.items()])
    rows = [
        Row(
            label=label_of(name, labels.get(name, name.replace("_", " ").capitalize())),
            ours=shown(name, entry.before.get(name), side, names),
            theirs=shown(name, entry.after.get(name), side, names),
        )
        for name in told
    ]
    return [row for row in rows if row.ours or row.theirs]
