"""Stories of invoices and payments that pages tell of: real engine, real emulator."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from billing.models import Invoice
from firms.models import User
from integrations.models import Connection, Issue
from tests.integrations.sync.test_invoices import make_item, sent
from tests.world import World

HOME = "/settings/integrations/qbo/"


def browser_of(world: World) -> Client:
    """The browser of the admin of the world's firm."""
    client = Client()
    client.force_login(User.objects.get(pk=world.actor.user_id))
    return client


def words(client: Client, url: str = HOME) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split()).replace("&#x27;", "'")


def press(client: Client, action: str, issue: Issue, **posted: str) -> Any:
    return client.post(reverse(f"integrations:{action}", args=[issue.pk]), posted)


def send_our_numbers(world: World) -> None:
    """The company takes our numbers: Custom transaction numbers is on there."""
    world.quickbooks.act(
        "update",
        "1",
        entity="Preferences",
        fields={"SalesFormsPrefs": {"CustomTxnNumbers": True}},
    )
    facts = {"preferences": {"own_numbers": True}}
    Connection.objects.filter(pk=world.connection.pk).update(company_facts=facts)
    world.connection.refresh_from_db()


def number_clash(world: World) -> Invoice:
    """An invoice of ours whose number a form there has already."""
    send_our_numbers(world)
    taken = world.quickbooks.objects("Invoice")[0]["DocNumber"]
    invoice = sent(world, number=taken)
    world.sync()
    assert world.open_issue().kind == Issue.Kind.DUPLICATE_NUMBER
    return invoice


def make_there(world: World, customer: str, amount: int = 300, **fields: Any) -> dict[str, Any]:
    """An invoice that a bookkeeper makes."""
    line = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "6"}},
    }
    return world.quickbooks.act(
        "create",
        entity="Invoice",
        fields={"CustomerRef": {"value": customer}, "Line": [line], **fields},
    )


def left_out(world: World, entity: str, local_id: int, label: str) -> None:
    from integrations.models import Link

    Link.objects.create(
        connection=world.connection,
        firm=world.firm,
        entity=entity,
        local_id=local_id,
        label=label,
        state=Link.State.LEFT_OUT,
    )


__all__ = [
    "HOME",
    "browser_of",
    "left_out",
    "make_item",
    "make_there",
    "number_clash",
    "press",
    "send_our_numbers",
    "sent",
    "words",
]
