"""The demo's firms, people, contacts and invoices, made to meet QuickBooks' sample company.

The contacts of the paid firm fill the wizard's four lists: some carry the name of a customer
(matched), some only look like one (unmatched), two share the name of one customer (duplicates),
and customers without a contact remain (new from QuickBooks).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from canopy_sync import demo_billing
from contacts import services
from firms.middleware import actor_of
from firms.models import BillingPlan, Firm, Licence, Membership, Role, User
from firms.permissions import ADMIN, STAFF, VIEWER

PASSWORD = "try-canopy-sync"
ROLES = {"Admin": ADMIN, "Staff accountant": STAFF, "Viewer": VIEWER}


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    role: str
    firm: str
    what: str  # for the list that the demo prints


PAID, FREE, NOTICES = "Alder & Finch Accounting", "Corner Street Books", "Notice Desk Partners"
FIRMS: dict[str, dict[str, Any]] = {
    PAID: {"billing_plan": BillingPlan.PAID, "licences": [Licence.TIME_AND_BILLING]},
    FREE: {"billing_plan": BillingPlan.FREE, "licences": [Licence.TIME_AND_BILLING]},
    NOTICES: {"billing_plan": BillingPlan.PAID, "licences": [Licence.TRANSCRIPTS_AND_NOTICES]},
}
PEOPLE = (
    Person("priya@alderfinch.example", "Priya Raman", "Admin", PAID, f"Admin of {PAID}"),
    Person("tom@alderfinch.example", "Tom Okafor", "Staff accountant", PAID, "Staff, same firm"),
    Person("wen@alderfinch.example", "Wen Castellanos", "Viewer", PAID, "Viewer, same firm"),
    Person("nadia@cornerstreet.example", "Nadia Brandt", "Admin", FREE, "Admin, free plan"),
    Person(
        "luis@noticedesk.example",
        "Luis Marchetti",
        "Admin",
        NOTICES,
        "Admin, only Transcripts and Notices",
    ),
)


def _address(kind: str, line1: str, city: str, region: str, postal_code: str) -> dict[str, str]:
    return {
        f"{kind}_line1": line1,
        f"{kind}_city": city,
        f"{kind}_region": region,
        f"{kind}_postal_code": postal_code,
    }


# Values of contacts in the order in which they are made; `parent` names one made before.
MATCHED: tuple[dict[str, Any], ...] = (
    {  # all equal
        "display_name": "Amy's Bird Sanctuary",
        "given_name": "Amy",
        "family_name": "Lauterbach",
        "company_name": "Amy's Bird Sanctuary",
        "email": "Birds@Intuit.com",
        "phone": "(650) 555-3311",
        **_address("billing", "4581 Finch St.", "Bayshore", "CA", "94326"),
        **_address("shipping", "4581 Finch St.", "Bayshore", "CA", "94326"),
    },
    {  # another phone and no address here
        "display_name": "Bill's Windsurf Shop",
        "given_name": "Bill",
        "family_name": "Lucchini",
        "company_name": "Bill's Windsurf Shop",
        "email": "Surf@Intuit.com",
        "phone": "(415) 444-0000",
    },
    {  # another e-mail here, written in other case and spaces
        "display_name": "cool  cars",
        "given_name": "Grace",
        "family_name": "Pariente",
        "email": "grace@coolcars.example",
        "phone": "(415) 555-9933",
    },
    {"display_name": "Diego Rodriguez", "email": "Diego@Rodriguez.com", "mobile": "(650) 555-4400"},
    {
        "display_name": "Freeman Sporting Goods",
        "company_name": "Freeman Sporting Goods",
        "email": "Sporting_goods@intuit.com",
        "phone": "(650) 555-0987",
    },
    {"display_name": "55 Twin Lane", "parent": "Freeman Sporting Goods", "given_name": "Amelia"},
    {  # all equal
        "display_name": "Geeta Kalapatapu",
        "given_name": "Geeta",
        "family_name": "Kalapatapu",
        "email": "Geeta@Kalapatapu.com",
        "phone": "(650) 555-0022",
        "is_tax_exempt": True,
        **_address("billing", "1987 Main St.", "Middlefield", "CA", "94303"),
        **_address("shipping", "1987 Main St.", "Middlefield", "CA", "94303"),
    },
    {"display_name": "Kate Whelan", "email": "Kate@Whelan.com", "phone": "(650) 554-8822"},
    {
        "display_name": "Paulsen Medical Supplies",
        "company_name": "Paulsen Medical Supplies",
        "email": "billing@paulsen.example",
        **_address("billing", "900 Main Street, Suite 4", "Middlefield", "CA", "94303"),
    },
    {"display_name": "Red Rock Diner", "given_name": "Stephanie", "family_name": "Martini"},
    {"display_name": "Travis Waldron", "email": "Travis@Waldron.com"},
    {"display_name": "Weiskopf Consulting", "email": "Consulting@intuit.com"},
)
UNMATCHED: tuple[dict[str, Any], ...] = (
    {"display_name": "Jeffs Jalopies", "email": "jalopies@intuit.com"},
    {"display_name": "Mark Choe", "email": "Mark@Cho.com", "phone": "(650) 554-1479"},
    {"display_name": "Sonnenschein Store", "email": "office@sonnenschein.example"},
    {"display_name": "Karen Pye", "company_name": "Pye's Cakes", "email": "pyescakes@intuit.com"},
    {"display_name": "Harbor Light Yoga", "email": "hello@harborlight.example"},
    {"display_name": "Okonkwo & Daughters", "email": "ada@okonkwo.example"},
    {"display_name": "Vasquez Tile and Stone", "phone": "(520) 555-0142"},
    {"display_name": "Linden Street Bakery", "email": "orders@lindenstreet.example"},
)
DUPLICATES: tuple[dict[str, Any], ...] = (
    {"display_name": "John Melton", "email": "John@Melton.com", "phone": "(650) 555-5879"},
    {"display_name": "John Melton", "email": "john.melton@home.example"},
)
ARCHIVED: tuple[dict[str, Any], ...] = ({"display_name": "Old Mill Antiques", "is_archived": True},)


@transaction.atomic
def fill(*, now: datetime) -> None:
    """Make firms, people and contacts; where they are there already, change nothing."""
    if Firm.objects.filter(name=PAID).exists():
        return
    for name, fields in FIRMS.items():
        firm = Firm.objects.create(name=name, **fields)
        for role, permissions in ROLES.items():
            Role.objects.create(firm=firm, name=role, permissions=list(permissions))
    password = make_password(PASSWORD)  # once: it is slow on purpose
    members = [_add(person, password) for person in PEOPLE]
    _add_contacts(members[0], now=now)
    demo_billing.fill(actor=actor_of(members[0]), today=timezone.localdate(now), now=now)


def _add(person: Person, password: str) -> Membership:
    firm = Firm.objects.get(name=person.firm)
    user = User.objects.create(email=person.email, name=person.name, password=password)
    return Membership.objects.create(user=user, firm=firm, role=firm.roles.get(name=person.role))


def _add_contacts(admin: Membership, *, now: datetime) -> None:
    actor = actor_of(admin)
    made: dict[str, int] = {}
    for values in (*MATCHED, *UNMATCHED, *DUPLICATES, *ARCHIVED):
        values = dict(values)
        parent = values.pop("parent", None)
        if parent:
            values["parent_id"] = made[parent]
        contact = services.create_contact(actor=actor, values=values, now=now)
        made[contact.display_name] = contact.pk
