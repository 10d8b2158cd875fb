"""The pages of the second half of set-up, as a browser without scripts uses them."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Invoice, ServiceItem
from integrations.models import Connection, Link, Setup
from integrations.wizard import services
from tests.factories import make_invoice, make_member
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


def yesterday():
    """A day that is past for every firm, wherever it is."""
    return (timezone.localdate() - timedelta(days=1)).isoformat()


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


@pytest.fixture
def lists(half):
    """Everything is read, and every list was looked at."""
    half.import_all()
    half.see_all()
    return half


def test_a_firm_without_billing_is_not_offered_the_second_half(half, page):
    half.firm.licences = ["transcripts_and_notices"]
    half.firm.save()

    assert page(START, status=302) == reverse("integrations:integrations")
    assert page(SYNC, status=302) == reverse("integrations:integrations")
    text = page(reverse("integrations:integrations"))
    assert "Start service items" not in text
    assert ">Next</a>" not in text


def test_before_the_contacts_are_synced_it_does_not_open(half, page):
    Setup.objects.filter(half="contacts").update(worked_off_at=None)

    assert page(START, status=302) == reverse("integrations:integrations")


def test_skipped_at_the_start_it_can_be_started_later_from_integrations(half, page):
    answer = page.post(reverse("setup:services_skip"))
    assert answer["Location"] == reverse("integrations:integrations")
    text = page(reverse("integrations:integrations"))
    assert "Skipped" in text
    assert f'href="{START}"' in text

    page.post(START)
    half.read()
    text = page(reverse("integrations:integrations"))

    assert "Skipped" not in text
    assert "Not finished" in text


def test_skipping_from_the_lists_asks_first(lists, page):
    assert "Skip service items and invoices?" in page(reverse("setup:services_skip"))
    assert Setup.objects.get(half="billing").import_state == Setup.Import.DONE

    page.post(reverse("setup:services_skip"))

    assert Setup.objects.get(half="billing").import_state == Setup.Import.NOT_STARTED


def test_sync_waits_until_every_list_was_looked_at(half, page):
    half.import_all()
    text = page(a_list("matched"))
    assert "2 of 3 lists left to check" in text
    assert page(SYNC, status=302) == a_list("unmatched")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({}, "Choose which invoices sync"),
        ({"start": "some"}, "Choose which invoices sync"),
        ({"start": "all", "income_account": ""}, "Choose an income account"),
        (
            {"start": "all", "income_account": "99999"},
            "Choose an income account of this QuickBooks company",
        ),
        ({"start": "from", "on": ""}, "Enter the first day whose invoices sync"),
        ({"start": "from", "on": "31.31.2026"}, "Enter the first day as a date"),
        ({"start": "from", "on": "0000-00-00"}, "Enter the first day as a date"),
        ({"start": "from", "on": "2999-01-01"}, "The first day can't be in the future"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_answered_is_asked_again_and_nothing_starts(lists, page, answers, told, method):
    given = {"asked": 1, "income_account": INCOME_ACCOUNT, "shown": "x", **answers}
    if method == "GET":
        text = page(SYNC, **given)
    else:
        text = html.unescape(page.post(SYNC, **given).content.decode())

    assert told in text
    assert "Error: Sync service items?" in text
    assert 'name="shown"' not in text
    assert Connection.objects.get().billing_synced_at is None


def test_neither_choice_is_made_for_the_person_and_the_numbers_stand_beside_each(lists, page):
    text = page(SYNC)
    radios = re.findall(r'<input type="radio" name="start"[^>]*>', text)
    assert len(radios) == 2
    assert not any("checked" in each for each in radios)
    box = re.search(r'<input type="checkbox" name="brings_open"[^>]*>', text)
    assert box is not None
    assert "checked" in box[0]
    assert "from QuickBooks" in text


def test_a_confirm_of_other_numbers_is_refused(lists, page):
    answer = page.post(SYNC, income_account=INCOME_ACCOUNT, start="all", shown="0" * 16)

    assert "The lists changed since these numbers were worked out" in answer.content.decode()
    assert Connection.objects.get().billing_synced_at is None


def test_the_older_open_ones_can_be_unticked(lists, page):
    lists.linked_contact("Amy's Bird Sanctuary")
    asked = {"asked": 1, "income_account": INCOME_ACCOUNT, "start": "from", "on": yesterday()}

    ticked = page(SYNC, **asked, brings_open="on")
    unticked = page(SYNC, **asked)

    assert "older and unpaid in QuickBooks" in ticked
    assert "older and unpaid in QuickBooks" not in unticked
    assert shown(ticked) != shown(unticked)


def older(side):
    return reverse("setup:services_older", args=[side])


def test_older_unpaid_ones_are_unticked_one_by_one_and_all_at_once(lists, page):
    lists.linked_contact("Geeta Kalapatapu")
    lists.linked_contact("Amy's Bird Sanctuary")
    asked = {
        "asked": 1, "income_account": INCOME_ACCOUNT, "start": "from", "on": yesterday(),
        "brings_open": "on",
    }  # fmt: skip
    address = f"{older('theirs')}?{urlencode(asked)}"
    assert address in page(SYNC, **asked)
    text = page(address)
    assert "Amy's Bird Sanctuary" in text
    rows = re.findall(r'name="row" value="(\d+)"', text)
    assert len(re.findall(r'name="comes"[^>]* checked', text)) == len(rows) > 1

    page.post(address, row=rows, comes=rows[1:])
    assert len(re.findall(r'name="comes"[^>]* checked', page(address))) == len(rows) - 1
    assert "1 of them unpaid in QuickBooks" in page(SYNC, **asked)
    page.post(address, every="none")
    assert not re.findall(r'name="comes"[^>]* checked', page(address))
    page.post(address, every="all")
    assert len(re.findall(r'name="comes"[^>]* checked', page(address))) == len(rows)


def test_one_of_ours_is_linked_on_its_page_and_that_is_taken_back(half, page):
    amy = half.linked_contact("Amy's Bird Sanctuary")
    day = timezone.localdate() - timedelta(days=40)
    make_invoice(half.firm, contact=amy, number="INV-77", issued_on=day)
    half.import_all()
    half.see_all()
    asked = {
        "asked": 1, "income_account": INCOME_ACCOUNT, "start": "from",
        "on": yesterday(),
    }  # fmt: skip
    address = f"{older('ours')}?{urlencode(asked)}"
    found = re.search(r'href="([^"]*sync/link/[^"]*)"', page(address))
    assert found is not None

    offered = re.search(r'name="remote_id" value="(\d+)"', page(found[1]))
    assert offered is not None
    page.post(found[1], remote_id=offered[1])
    text = page(address)
    assert "Linked with" in text

    undo = re.search(r'action="([^"]*sync/link/[^"]*)"', text)
    assert undo is not None
    page.post(undo[1])
    assert "Linked with" not in page(address)


def test_use_theirs_shows_the_values_before_it_copies_them(half, page):
    item = half.item(name="Gardening", rate="12.50", sku="G-1")
    half.import_all()
    row = half.row("unmatched", "Gardening")
    address = reverse("setup:services_theirs", args=[row.pk])
    assert f'href="{address}"' in page(a_list("unmatched"))
    text = page(address)
    assert "12.50" in text
    assert "(none)" in text
    item.refresh_from_db()
    assert item.sku == "G-1"

    answer = page.post(address, version=item.version)

    assert answer["Location"] == a_list("unmatched")
    item.refresh_from_db()
    assert (item.rate, item.sku) == (0, "")
    assert half.row("matched", "Gardening").local_id == item.pk


def test_edit_ours_comes_back_to_the_list(half, page):
    item = half.item(name="Gardening", rate="12.50", sku="G-1")
    half.import_all()
    form = reverse("billing:edit_item", args=[item.pk])
    assert f"{form}?back={a_list('unmatched')}" in page(a_list("unmatched"))

    given = {"name": "Gardening", "rate": "0", "sku": "", "version": item.version}
    answer = page.post(f"{form}?back={a_list('unmatched')}", **given)
    assert answer["Location"] == a_list("unmatched")
    assert "1 service item changed here" in page(a_list("unmatched"))
    page.post(reverse("setup:services_check_again"), list="unmatched")

    assert half.row("matched", "Gardening").local_id == item.pk


@pytest.mark.parametrize("back", ["https://elsewhere.test/", "//elsewhere.test/", "nowhere"])
def test_edit_goes_back_only_within_our_pages(half, page, back):
    item = half.item(name="Gardening", rate="12.50")
    form = reverse("billing:edit_item", args=[item.pk])

    given = {"name": "Gardening", "rate": "13", "version": item.version}
    answer = page.post(f"{form}?back={back}", **given)

    assert answer["Location"] == reverse("billing:item", args=[item.pk])


def test_what_differs_is_marked_with_the_reason(half, page):
    half.item(name="Gardening", rate="12.50")
    half.item(name="Nobody has this", rate="210")
    half.import_all()

    text = page(a_list("unmatched"))

    assert "Rate differs" in text
    assert '<span class="d">12.50</span>' in text
    assert "Not in QuickBooks" in text
    assert "2 unmatched service items will not sync." in text


def test_buttons_of_the_lists_decide_one_row_or_many_and_can_be_undone(half, page):
    half.item(name="Gardening", rate="12.50")
    half.item(name="Nobody has this", rate="210")
    half.import_all()
    row = half.row("unmatched", "Gardening")

    page.post(a_list("unmatched"), one=f"match:{row.pk}")
    assert half.row("matched", "Gardening").decision == "link"
    text = page(a_list("matched"))
    undo = re.search(r'name="undo" value="([^"]+)"', text)
    assert undo is not None
    page.post(a_list("matched"), undo=undo[1])
    assert half.row("unmatched", "Gardening").decision == ""

    page.post(f"{a_list('unmatched')}?pick=all", bulk="create_there", scope="all")
    assert {each.decision for each in half.rows("unmatched")} == {"create_there"}
    answer = page.post(a_list("unmatched"), bulk="leave_out")
    assert "Choose at least one row" in answer.content.decode()
    page.post(a_list("new"), bulk="unknown", scope="all")
    assert "leave_out" not in {each.decision for each in half.rows("new")}


def test_an_item_found_by_name_is_matched_anyway(half, page):
    half.item(name="Nobody has this", rate="210")
    half.import_all()
    row = half.row("unmatched", "Nobody has this")
    address = reverse("setup:services_find", args=[row.pk])
    assert "Match anyway" in page(address, q="Gardening")
    remote_id = half.imported("Gardening").remote_id

    page.post(address, remote_id=remote_id)

    assert half.row("matched", "Nobody has this").remote_label == "Gardening"


@pytest.mark.parametrize("name", ["matched", "unmatched", "new"])
def test_the_number_of_queries_does_not_depend_on_the_rows(
    half, page, name, django_assert_max_num_queries
):
    for number in range(40):
        half.item(name=f"Ours {number}", rate="1")
    half.item(name="Gardening", rate="0")
    half.import_all()
    page(a_list(name))

    with django_assert_max_num_queries(20):
        page(a_list(name))


def test_rows_of_another_firm_are_not_found(half, page, client):
    half.item(name="Gardening", rate="12.50")
    half.import_all()
    row = half.row("unmatched", "Gardening")
    stranger = make_member(type(half.firm).objects.create(name="Other", billing_plan="paid"))
    client.force_login(stranger.user)

    address = reverse("setup:services_theirs", args=[row.pk])
    assert client.get(address).status_code != 200
    client.post(address, {"version": 1})

    assert ServiceItem.objects.get(name="Gardening").rate == 12.5
    assert client.get(reverse("setup:services_link", args=[row.pk])).status_code == 404


def test_the_second_admin_sees_the_import_that_the_first_one_started(half, page, client):
    page.post(START)
    second = make_member(half.firm, name="Tom Okafor")
    client.force_login(second.user)

    assert page(START, status=302) == PROGRESS
    assert "Started by Priya Raman" in page(PROGRESS)
    page.post(START)

    assert half.read().endswith("Done")


def test_the_downloads_answer(lists, page, client):
    answer = client.get(
        reverse("setup:services_plan"),
        {"asked": 1, "income_account": INCOME_ACCOUNT, "start": "all"},
    )
    assert b"What happens,Record,Ours" in b"".join(answer.streaming_content)
    assert client.get(reverse("setup:services_plan")).status_code == 404
    assert client.get(reverse("setup:services_report_csv")).status_code == 404
    lists.confirm()
    lists.drain()
    services.finish(actor=lists.actor, setup=lists.setup, now=lists.clock.now)

    answer = client.get(reverse("setup:services_report_csv"))
    assert b"Result,Record" in b"".join(answer.streaming_content)
    assert "Report of Sync service items" in page(reverse("setup:services_report"))
    text = page(reverse("integrations:integrations"))
    assert "Download the report" in text
    assert not Link.objects.filter(state="undecided", wake_at__isnull=False).exists()
