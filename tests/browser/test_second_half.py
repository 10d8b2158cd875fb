"""The second half of set-up in a real browser: axe, both themes, and every width."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from firms.middleware import actor_of
from integrations.models import Link, MatchProposal, Setup
from integrations.wizard import importing, services
from integrations.wizard.steps import LISTS_OF_ITEMS
from tests.browser.test_pages import findings
from tests.factories import (
    connect,
    make_contact,
    make_firm,
    make_invoice,
    make_member,
    make_service_item,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SETUP = "/settings/integrations/qbo/setup"


@pytest.fixture
def walk(qbo):
    """The items of the sample company were read, beside some of ours; contacts are synced."""
    member = make_member(make_firm(), name="Priya Raman")
    now, actor = timezone.now(), actor_of(member)
    connection = connect(member.firm, qbo.base_url)
    contacts = services.begin_setup(actor=actor, connection=connection, now=now)
    done = {"confirmed_at": now, "worked_off_at": now}
    Setup.objects.filter(pk=contacts.pk).update(import_state=Setup.Import.DONE, **done)
    for name, rate, sku in (
        ("Installation", "50", ""),
        ("Design", "80", "W" * 100),
        ("Pest Controls", "99999999998.5", ""),
        ("W" * 100, "1", ""),
    ):
        make_service_item(member.firm, name=name, rate=rate, sku=sku)
    _bill_before(qbo, connection)
    setup = services.begin_setup(
        actor=actor, connection=connection, half=Setup.Half.BILLING, now=now
    )
    services.start_services(actor=actor, setup=setup, now=now)
    importing.run(setup.pk)
    setup.refresh_from_db()
    for name in LISTS_OF_ITEMS:
        services.see_list(actor=actor, setup=setup, name=name, now=now)
    return member, setup


def _bill_before(qbo, connection):
    """A contact whose invoices there are older, and two of ours for it, one of a long number."""
    [customer] = qbo.named("Amy's Bird Sanctuary")
    contact = make_contact(connection.firm, display_name="Amy's Bird Sanctuary")
    Link.objects.create(
        connection=connection,
        firm=connection.firm,
        entity="contact",
        local_id=contact.pk,
        remote_id=customer["Id"],
        label=contact.display_name,
        state=Link.State.LINKED,
    )
    for number in ("INV-1", "W" * 21):
        make_invoice(connection.firm, contact=contact, number=number, issued_on=date(2026, 1, 5))


FROM = "?asked=1&start=from&on=2026-11-20&income_account=1&brings_open=on"


def addresses(setup):
    row = MatchProposal.objects.get(setup=setup, local_label="Design")
    mine = MatchProposal.objects.get(setup=setup, local_label="INV-1")
    lists = [f"{SETUP}/services/{name}/" for name in LISTS_OF_ITEMS]
    return [
        *lists,
        f"{lists[1]}?pick=page",
        f"{SETUP}/services/row/{row.pk}/theirs/",
        f"{SETUP}/services/row/{row.pk}/find/?q=Design",
        f"{SETUP}/services/skip/",
        f"{SETUP}/services/sync/",
        f"{SETUP}/services/sync/?asked=1&start=from",
        f"{SETUP}/services/sync/?asked=1&start=all&income_account=1",
        f"{SETUP}/services/sync/{FROM}",
        f"{SETUP}/services/sync/older/theirs/{FROM}",
        f"{SETUP}/services/sync/older/ours/{FROM}",
        f"{SETUP}/services/sync/link/{mine.pk}/{FROM}",
    ]


@pytest.mark.parametrize(
    ("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (320, "light")]
)
def test_its_pages_fit_every_width_and_axe_finds_nothing(open_page, walk, width, theme):
    member, setup = walk
    page = open_page(member.user, width=width, color_scheme=theme)

    found = {}
    for address in addresses(setup):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found[address] = findings(page)
    Setup.objects.filter(pk=setup.pk).update(import_state=Setup.Import.RUNNING)
    page.goto(f"{SETUP}/services/progress/")
    found["progress"] = findings(page)
    Setup.objects.filter(pk=setup.pk).update(import_state=Setup.Import.NOT_STARTED)
    page.goto(f"{SETUP}/services/")
    found["start"] = findings(page)
    now = timezone.now()
    done = {"import_state": "done", "confirmed_at": now, "worked_off_at": now}
    Setup.objects.filter(pk=setup.pk).update(**done)
    page.goto(f"{SETUP}/finish/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found["finish"] = findings(page)

    assert {address: each for address, each in found.items() if each} == {}


def test_the_menu_of_a_row_stays_on_the_screen(open_page, walk):
    member, _ = walk
    page = open_page(member.user, width=390)
    page.goto(f"{SETUP}/services/unmatched/")

    page.get_by_label("More for Design").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Match anyway").first.click()
    page.get_by_text("Design matched.").wait_for()
