"""What billing's pages show of QuickBooks: how a record stands there, and what will be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing import panels
from billing.models import Invoice, Payment, ServiceItem
from billing.panels import Edited, Page, Panel
from contacts.models import Contact
from firms.http import FirmRequest
from firms.models import Firm
from firms.permissions import Permission
from integrations.entities import ENTITIES
from integrations.models import Connection, Link
from integrations.sync import numbers
from integrations.sync.rules import po_field, preferences_of, rules_of
from integrations.web import queries, wording
from integrations.web.loaded import Loaded, is_waiting, load

STAYS_HERE = "Stays here: your QuickBooks company has no PO number field."
RECORDS = (Page.INVOICE, Page.PAYMENT, Page.ITEM)


def install() -> None:
    """Have billing's pages ask for these panels."""
    panels.register(Page.EDITOR, editor)
    panels.register(Page.VOID, before_void)
    panels.register(Page.NUMBERS, next_number)
    for page in RECORDS:
        panels.register(page, attention)
        panels.register(page, record)


# -- A record's own page -------------------------------------------------------------------------


def attention(request: FirmRequest, subject: Invoice | Payment | ServiceItem) -> Panel | None:
    """On top: what needs a person, with a link to it."""
    loaded = _load(request, subject)
    if loaded is None or not loaded.issues:
        return None
    return Panel(
        template="integrations/_panel_attention.html",
        context={"issues": loaded.issues},
        place="top",
    )


def record(request: FirmRequest, subject: Invoice | Payment | ServiceItem) -> Panel | None:
    """The pair: its partner, how it stands, what can be done."""
    loaded = _load(request, subject)
    if loaded is None:
        return None
    connection, link = loaded.connection, loaded.link
    spec = ENTITIES[loaded.entity]
    return Panel(
        template="integrations/_panel_record.html",
        context={
            "connection": connection,
            "link": link,
            "entity": loaded.entity,
            "local_id": loaded.local_id,
            "noun": spec.singular,
            "is_linked": loaded.is_linked,
            "is_draft": isinstance(subject, Invoice) and subject.is_draft,
            "is_on": connection.syncs_since(spec.half) is not None,
            "does_sync": bool(spec.directions[connection.profile]),
            "is_waiting": not loaded.is_linked and is_waiting(loaded),
            "mark": loaded.mark,
            "can_manage": loaded.can_manage,
            "last_synced_at": _last_synced_at(link),
            "sums": _sums(link),
            "po_number": _told_po_number(connection, subject),
            "memo": str(link.facts.get("memo") or "") if link else "",
            "has_credits": isinstance(subject, Invoice) and subject.credits.exists(),
            "default_service": ((connection.defaults or {}).get("service_item") or {}).get("label"),
        },
    )


def _told_po_number(connection: Connection, subject: Invoice | Payment | ServiceItem) -> str:
    """Where the PO number of an invoice stands there; "" where it has none."""
    if not isinstance(subject, Invoice) or not subject.po_number:
        return ""
    return po_field(preferences_of(connection)) or STAYS_HERE


def _load(request: FirmRequest, subject: Invoice | Payment | ServiceItem) -> Loaded | None:
    entity = {Invoice: "invoice", Payment: "payment", ServiceItem: "service_item"}[type(subject)]
    return load(request, entity, subject.pk)


def _last_synced_at(link: Link | None) -> datetime | None:
    if link is None:
        return None
    return max((each for each in (link.sent_at, link.remote_changed_at) if each), default=None)


def _sums(link: Link | None) -> dict[str, str]:
    """What QuickBooks says it comes to: shown and compared, never copied."""
    if link is None or not link.facts:
        return {}
    told = {name: link.facts.get(name) for name in ("total", "tax", "balance", "unapplied")}
    return {name: wording.money(value) for name, value in told.items() if value not in (None, "")}


# -- Before it is voided -------------------------------------------------------------------------


def before_void(request: FirmRequest, invoice: Invoice) -> Panel | None:
    """What voiding it does there, by the connection's rule."""
    loaded = _load(request, invoice)
    if loaded is None or not loaded.is_linked or loaded.connection.billing_synced_at is None:
        return None
    return Panel(
        template="integrations/_panel_void.html",
        context={
            "is_deleted": loaded.connection.void_rule == Connection.VoidRule.DELETE,
            "number": str((loaded.link.facts if loaded.link else {}).get("number") or ""),
        },
        place="main",
    )


# -- How invoices are numbered --------------------------------------------------------------------


def next_number(request: FirmRequest, firm: Firm) -> Panel | None:
    """Whether the next number is clear of those in QuickBooks."""
    connection = queries.connection_of(firm)
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return None
    told = numbers.told(connection)
    if told is None:
        return None
    return Panel(
        template="integrations/_numbers.html",
        context={"connection": connection, "numbers": told, "back": "invoices"},
        place="main",
    )


# -- The editor: what will be written ------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that will happen, or that keeps the invoice from going out."""

    title: str
    text: str
    tone: str = ""  # "", "warn" (not as one may expect), "bad" (it holds the invoice)
    find: tuple[str, int] | None = None  # entity and id of what should be matched
    is_rule: bool = False  # the remedy stands under Rules


def editor(request: FirmRequest, edited: Edited) -> Panel | None:
    """Beside the form: customer, services, number, tax. The same queries however many lines."""
    connection = queries.connection_of(request.firm)
    if connection is None or connection.state == Connection.State.DISCONNECTED:
        return None
    context: dict[str, Any] = {
        "connection": connection,
        "is_on": connection.billing_synced_at is not None,
        "can_manage": request.actor.can(Permission.MANAGE_INTEGRATIONS),
        "is_out": edited.invoice is not None and not edited.invoice.is_draft,
    }
    if context["is_on"]:
        facts = _facts(connection, edited)
        context |= {"facts": facts, "is_held": any(each.tone == "bad" for each in facts)}
    return Panel(template="integrations/_panel_editor.html", context=context)


def _facts(connection: Connection, edited: Edited) -> list[Fact]:
    known = _links(connection, edited)
    return [
        *_customer(connection, edited.contact, known),
        *_services(connection, edited, known),
        _number(connection, edited),
        *_switched_off(connection),
        _po_number(connection),
    ]


def _links(connection: Connection, edited: Edited) -> dict[tuple[str, int], Link]:
    """Pairs of the contact and the items, in one query."""
    ids = {each for each in edited.service_items if each is not None}
    rows = Link.objects.filter(connection=connection, local_id__isnull=False).exclude(
        state=Link.State.FORMER
    )
    of_items = rows.filter(entity="service_item", local_id__in=ids)
    contact_id = edited.contact.pk if edited.contact else 0
    of_contact = rows.filter(entity="contact", local_id=contact_id)
    return {(each.entity, each.local_id or 0): each for each in of_items.union(of_contact)}


def _customer(
    connection: Connection, contact: Contact | None, known: Mapping[tuple[str, int], Link]
) -> list[Fact]:
    if contact is None:
        return []
    link = known.get(("contact", contact.pk))
    if link is not None and link.state == Link.State.LINKED:
        name = link.remote_label or link.label
        return [Fact(title="Customer", text=f"{name}, linked with this contact.")]
    if connection.profile == Connection.Profile.PUSH_ONLY:
        if contact.email:
            told = f"The customer with {contact.email}; if there is none, a new one."
        else:
            told = f"A new customer, {contact}: it has no email to find one by."
        return [Fact(title="Customer", text=told)]
    if link is None or link.state == Link.State.UNDECIDED:
        return [Fact(title="Customer", text=f"A new customer, {contact}, is created first.")]
    told = f"{contact} isn't synced. That holds the invoice."
    return [Fact(title="Customer", text=told, tone="bad", find=("contact", contact.pk))]


def _services(
    connection: Connection, edited: Edited, known: Mapping[tuple[str, int], Link]
) -> list[Fact]:
    default = ((connection.defaults or {}).get("service_item") or {}).get("label")
    if connection.profile == Connection.Profile.PUSH_ONLY or _on_default(connection, edited):
        return [_all_on_default(default)]
    facts = []
    lines = list(enumerate(edited.service_items, start=1))
    without = [number for number, item in lines if item is None]
    if without:
        facts.append(_without_service(without, default))
    chosen = _chosen_for_default(connection, edited)
    on_default = [number for number, item in lines if item in chosen]
    if on_default:
        facts.append(Fact(title=_lines(on_default), text=f"On {default}, as was chosen."))
    lines = [(number, item) for number, item in lines if item not in chosen]
    held = [(number, item) for number, item in lines if item and _is_left_out(known, item)]
    names = _names([item for _, item in held])
    for item in dict.fromkeys(item for _, item in held):
        numbers = [number for number, each in held if each == item]
        facts.append(
            Fact(
                title=_lines(numbers),
                text=f"{names.get(item, 'Its service item')} isn't synced. That holds the invoice. "
                "Match it or create it there; once it waits you can also put the lines on the "
                "default service.",
                tone="bad",
                find=("service_item", item),
            )
        )
    synced = [number for number, item in lines if item and not _is_left_out(known, item)]
    if synced:
        facts.append(Fact(title=_lines(synced), text="With its own service item, by its link."))
    return facts


def _on_default(connection: Connection, edited: Edited) -> bool:
    """It was made while everything went to QuickBooks only."""
    return bool(_options(connection, edited).get("use_default_item"))


def _chosen_for_default(connection: Connection, edited: Edited) -> Sequence[int]:
    """Service items whose lines of this invoice somebody put on the default service."""
    return list(_options(connection, edited).get("default_items") or [])


def _options(connection: Connection, edited: Edited) -> Mapping[str, Any]:
    if edited.invoice is None:
        return {}
    link = Link.objects.filter(
        connection=connection, entity="invoice", local_id=edited.invoice.pk
    ).exclude(state=Link.State.FORMER)
    found = link.first()
    return found.options if found is not None else {}


def _all_on_default(default: str | None) -> Fact:
    if default:
        return Fact(title="Lines", text=f"All on {default}, the default service.")
    text = "No default service is chosen. That holds the invoice."
    return Fact(title="Lines", text=text, tone="bad", is_rule=True)


def _without_service(numbers: Sequence[int], default: str | None) -> Fact:
    if default:
        return Fact(
            title=_lines(numbers), text=f"No service item: on {default}, the default service."
        )
    text = "No service item, and no default service is chosen. That holds the invoice."
    return Fact(title=_lines(numbers), text=text, tone="bad", is_rule=True)


def _is_left_out(known: Mapping[tuple[str, int], Link], item: int) -> bool:
    link = known.get(("service_item", item))
    return link is not None and link.state in (Link.State.LEFT_OUT, Link.State.MERGED)


def _names(ids: Sequence[int]) -> dict[int, str]:
    return dict(ServiceItem.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def _lines(numbers: Sequence[int]) -> str:
    told = ", ".join(str(each) for each in numbers)
    return f"Line {told}" if len(numbers) == 1 else f"Lines {told}"


def _number(connection: Connection, edited: Edited) -> Fact:
    """Who numbers it there: the preference of the company, then the rule (ledger rule 14)."""
    own = preferences_of(connection).get("own_numbers")
    link = _their_number(connection, edited)
    if link:
        return Fact(title="Number", text=f"{link} there.")
    if rules_of(connection).sends_numbers:
        return Fact(title="Number", text=f"{edited.number or 'The number'}, as here.")
    if own:
        text = "None is sent, by the rule: it stays blank there until somebody types one."
        return Fact(title="Number", text=text, tone="warn")
    return Fact(title="Number", text="QuickBooks gives it its own. Both are shown.")


def _their_number(connection: Connection, edited: Edited) -> str:
    if edited.invoice is None:
        return ""
    found = Link.objects.filter(
        connection=connection,
        entity="invoice",
        local_id=edited.invoice.pk,
        state=Link.State.LINKED,
    ).first()
    return str(found.facts.get("number") or "") if found is not None else ""


def _switched_off(connection: Connection) -> list[Fact]:
    """What the company would refuse, said before it does."""
    preferences = preferences_of(connection)
    if not preferences:
        return []
    facts = []
    if not preferences.get("sales_tax"):
        text = "Sales tax is off there: an invoice with tax waits."
        facts.append(Fact(title="Tax", text=text, tone="warn"))
    if not (preferences.get("discounts") and preferences.get("discount_account")):
        text = "Discounts are off there: an invoice with one waits."
        facts.append(Fact(title="Discount", text=text, tone="warn"))
    return facts


def _po_number(connection: Connection) -> Fact:
    name = po_field(preferences_of(connection))
    return Fact(title="PO number", text=f"Goes into {name}." if name else STAYS_HERE)
