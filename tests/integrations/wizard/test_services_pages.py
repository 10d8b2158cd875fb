"""The pages of the second half of set-up, as a browser without scripts uses them."""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, ServiceItem
from integrations.models import Connection, Link, Setup
from integrations.wizard import services
from tests.factories import make_member
from tests.integrations.wizard.second_half import INCOME_ACCOUNT

START = reverse("setup:services")
PROGRESS = reverse("setup:services_progress")
SYNC = reverse("setup:services_sync")
FINISH = reverse("setup:finish")


def a_list(name):
    return reverse("setup:services_list", args=[name])


@pytest.fixture
def page(client, half):
    client.force_login(half.member.user)

    def get(address, *, status=200, **data):
        answer = client.get(address, data)
        assert answer.status_code == status, (address, answer.status_code, answer.headers)
        if status != 200:
            return answer["Location"]
        return html.unescape(answer.content.decode())

    get.post = lambda address, **data: client.post(address, data)
    return get


def shown(text):
    found = re.search(r'name="shown" value="(\w+)"', text)
    return found[1] if found else ""


def test_from_start_to_finish(half, page):
    half.linked_contact("Amy's Bird Sanctuary")
    half.item(name="Gardening", rate="0")
    assert "Skip Service Items & Invoices" in page(START)

    assert page.post(START)["Location"] == PROGRESS
    assert "Accounts, terms, payment methods and tax codes" in page(PROGRESS)
    half.read()
    assert page(PROGRESS, status=302) == a_list("matched")
    for name in ("matched", "unmatched", "new"):
        page(a_list(name))
    text = page(SYNC)
    assert "checked" not in text.split('name="start"')[1].split(">")[0]
    assert "Show what happens" in text
    text = page(SYNC, asked=1, income_account=INCOME_ACCOUNT, start="all")
    answer = page.post(
        SYNC, income_account=INCOME_ACCOUNT, start="all", brings_open="on", shown=shown(text)
    )
    assert answer["Location"] == SYNC
    assert "Syncing service items and invoices" in page(SYNC)

    half.clock.now = timezone.now()  # the pages look at the real clock
    assert half.drain()
    assert page(SYNC, status=302) == FINISH
    text = page(FINISH)
    assert "Everything you chose is in sync" in text
    assert "See it work" in text
    answer = page.post(FINISH)
    assert answer["Location"] == reverse("integrations:home")
    walk = Setup.objects.get(connection=half.connection, half="contacts", is_current=True)
    assert walk.finished_at is not None
    assert Invoice.objects.filter(contact__display_name="Amy's Bird Sanctuary").exists()
    assert ServiceItem.objects.count() > 5
    assert half.emulator.writes == []
