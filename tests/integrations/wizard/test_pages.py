"""The pages of set-up, as a person meets them."""

from __future__ import annotations

import gzip

import pytest
from django.core import mail
from django.urls import reverse

from firms.permissions import STAFF
from integrations.models import Connection, Link, MatchProposal, Setup
from integrations.sync.access import open_books
from integrations.sync.company_facts import refresh_facts
from integrations.wizard import importing
from tests.factories import make_firm, make_member


@pytest.fixture
def page(client, wizard):
    """Signed in as the admin who walks the wizard."""
    client.force_login(wizard.member.user)
    return client


def address(name, *args):
    return reverse(f"setup:{name}", args=args)


def test_the_filter_step_counts_and_chooses_active(page, wizard):
    text = page.get(address("contacts")).content.decode()

    active = sum(each.get("Active", True) for each in wizard.emulator.objects())
    assert 'value="active" id="which-active" checked' in text
    assert f">{active}<small>in QuickBooks" in text


def test_the_filter_step_works_where_quickbooks_does_not_answer(page, wizard):
    wizard.emulator.fault("status", status=503, operation="query", times=None)

    text = page.get(address("contacts")).content.decode()

    assert "We couldn&#x27;t count them just now" in text or "We couldn't count" in text
    assert "Start</button>" in text


def test_the_filter_step_shows_what_was_found_in_quickbooks(page, wizard):
    books = open_books(wizard.connection, lane="people")
    refresh_facts(connection=wizard.connection, company=books.company(), now=wizard.clock.now)

    text = " ".join(page.get(address("contacts")).content.decode().split())

    grave, _, fine = text.partition('<details class="more">')
    assert "What we found in Craig&#x27;s Design and Landscaping Services" in grave
    assert "Mind this: </span></span>Custom transaction numbers</th><td><bdi>Off</bdi>" in grave
    assert "Good to know: </span></span>Estimates</th><td><bdi>On</bdi>" in grave
    assert "Sales tax" not in grave
    assert "Fine: </span></span>Sales tax</th><td><bdi>Set by hand</bdi>" in fine
    assert "Home currency</th><td><bdi>USD</bdi>" in fine


def test_the_filter_step_says_that_nothing_was_read_yet(page, wizard):
    text = page.get(address("contacts")).content.decode()

    assert "The settings of the company were not read yet." in text


def test_a_post_without_a_choice_is_refused_in_words(page, wizard):
    answer = page.post(address("contacts"), {})

    assert "Choose which contacts to import" in answer.content.decode()
    assert "<title>Error: " in answer.content.decode()
    wizard.setup.refresh_from_db()
    assert wizard.setup.import_state == Setup.Import.NOT_STARTED


def walk(page, wizard):
    """Start, and let a worker read."""
    assert page.post(address("contacts"), {"which": "active"}).status_code == 302
    assert page.get(address("contacts_progress")).status_code == 200
    wizard.read()


def test_the_progress_page_moves_on_by_itself(page, wizard):
    page.post(address("contacts"), {"which": "active"})
    poll = {"headers": {"HX-Request": "true"}}
    assert page.get(address("contacts_progress"), **poll).status_code == 200

    wizard.read()
    answer = page.get(address("contacts_progress"), **poll)

    assert answer.status_code == 286
    assert answer["HX-Redirect"] == address("contacts_list", "matched")
    assert page.get(address("contacts_progress")).status_code == 302


def test_lists_open_only_after_the_import(page, wizard):
    assert page.get(address("contacts_list", "matched")).url == address("contacts")
    assert page.get(address("contacts_list", "elsewhere")).status_code == 404


def test_sync_opens_once_every_list_was_opened(page, wizard):
    walk(page, wizard)
    for name in ("matched", "unmatched", "duplicates"):
        text = page.get(address("contacts_list", name)).content.decode()
    assert "Check New from QuickBooks before syncing" in text
    assert page.get(address("contacts_sync")).status_code == 302

    text = page.get(address("contacts_list", "new")).content.decode()

    assert f'href="{address("contacts_sync")}">Sync contacts</a>' in text
    assert page.get(address("contacts_sync")).status_code == 200


def test_unmatch_says_so_and_undo_takes_it_back(page, wizard):
    wizard.contact(display_name="Cool Cars")
    walk(page, wizard)
    row = wizard.row("matched", "Cool Cars")
    here = address("contacts_list", "matched")

    text = page.post(here, {"one": f"unmatch:{row.pk}"}, follow=True).content.decode()

    assert "Cool Cars unmatched." in text
    undo = text.split('name="undo" value="')[1].split('"')[0]
    text = page.post(here, {"undo": undo}, follow=True).content.decode()
    assert "Undone." in text
    assert wizard.row("matched", "Cool Cars").pk == row.pk


def test_what_was_linked_before_and_differs_is_not_called_the_same(page, wizard):
    contact = wizard.contact(display_name="Cool Cars", email="ours@cars.example")
    Link.objects.create(
        connection=wizard.connection,
        firm=wizard.connection.firm,
        entity="contact",
        local_id=contact.pk,
        remote_id="3",
        label="Cool Cars",
        state=Link.State.LINKED,
    )
    walk(page, wizard)
    assert wizard.row("matched", "Cool Cars").is_linked

    text = page.get(address("contacts_list", "matched")).content.decode()

    assert "Linked before" in text
    assert '<span class="d">ours@cars.example</span>' in text
    assert '<span class="sr">Same</span>' not in text


def test_ids_of_another_firms_run_do_nothing(page, wizard, client):
    wizard.contact(display_name="Cool Cars")
    walk(page, wizard)
    row = wizard.row("matched", "Cool Cars")
    stranger = make_member(make_firm())
    client.force_login(stranger.user)

    assert client.get(address("contacts_find", row.pk)).status_code == 404
    client.post(address("contacts_list", "matched"), {"one": f"unmatch:{row.pk}"})

    assert wizard.row("matched", "Cool Cars").decision == "link"


@pytest.mark.parametrize("name", ["contacts", "contacts_progress", "contacts_sync", "report"])
def test_without_the_permission_every_page_is_closed(client, wizard, name):
    staff = make_member(wizard.firm, role="Staff", permissions=STAFF)
    client.force_login(staff.user)

    assert client.get(address(name)).status_code == 403
    assert client.post(address("contacts"), {"which": "all"}).status_code == 403


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", 'O\'Brien \\ "Sons"', "שלום"])
def test_hostile_names_are_shown_and_run_nothing(page, wizard, name):
    wizard.contact(display_name=name)
    walk(page, wizard)

    text = page.get(address("contacts_list", "unmatched")).content.decode()

    assert "<script>alert" not in text
    row = wizard.rows("unmatched")[0]
    answer = page.post(
        address("contacts_list", "unmatched"), {"one": f"create_there:{row.pk}"}, follow=True
    )
    assert "will be created in QuickBooks" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()


def fill(wizard, count, *, on="unmatched"):
    """That many rows, without the records they are about."""
    Setup.objects.update(import_state=Setup.Import.DONE, matched_at=wizard.clock.now)
    MatchProposal.objects.bulk_create(
        MatchProposal(
            setup=wizard.setup,
            entity="contact",
            list=on,
            home=on,
            sort_key=f"contact number {at:05}",
            local_id=1_000_000 + at,
            local_label=f"Contact Number {at:05} Incorporated",
            local_email=f"office{at * 7919 % 10007}@firm{at}.example",
            remote_id=str(at),
            remote_label=f"Contact Number {at:05} Incorporated" if on == "matched" else "",
            remote_email=f"office{at * 7919 % 10007}@firm{at}.example" if on == "matched" else "",
            decision="link" if on == "matched" else "",
        )
        for at in range(count)
    )
    Setup.objects.update(counts={on: count})


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (300, 1), (301, 2), (901, 4)])
def test_three_hundred_a_page(page, wizard, count, pages):
    fill(wizard, count)
    shown = []
    here = address("contacts_list", "unmatched")
    for number in range(1, pages + 1):
        text = page.get(here).content.decode()
        shown += [part.split('"')[0] for part in text.split('name="id" value="')[1:]]
        assert ("Next page" in text) == (pages > 1)
        if number < pages:
            here = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert 'rel="next"' not in text

    expected = MatchProposal.objects.order_by("sort_key").values_list("pk", flat=True)
    assert [int(each) for each in shown] == list(expected)


def test_a_page_by_its_number_alone_is_the_same_page(page, wizard):
    fill(wizard, 901)

    text = page.get(address("contacts_list", "unmatched") + "?page=3").content.decode()

    assert "Contact Number 00600" in text
    assert "Contact Number 00899" in text
    assert "Contact Number 00900" not in text
    back = text.split('rel="prev" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "Contact Number 00300" in page.get(back).content.decode()


@pytest.mark.parametrize("name", ["matched", "unmatched", "new"])
def test_a_page_of_300_is_few_queries_and_few_bytes(
    page, wizard, name, django_assert_max_num_queries
):
    fill(wizard, 700, on=name)
    page.get(address("contacts_list", name))  # seen

    with django_assert_max_num_queries(12):
        answer = page.get(address("contacts_list", name) + "?page=2")

    assert answer.content.count(b'name="id"') == 300
    assert len(answer.content) <= 300_000
    assert len(gzip.compress(answer.content, 6)) <= 25_000


def test_what_was_searched_is_what_all_means(page, wizard):
    fill(wizard, 650)
    here = address("contacts_list", "unmatched") + "?q=number+001"  # 00100 to 00199
    text = page.get(here + "&pick=all").content.decode()
    assert "All 100 that match selected" in text

    page.post(here, {"bulk": "create_there", "scope": "all"})

    assert MatchProposal.objects.filter(decision="create_there").count() == 100


def test_a_revoked_consent_while_reviewing_loses_nothing_and_says_so(page, wizard):
    wizard.contact(display_name="Cool Cars")
    walk(page, wizard)
    for name in ("matched", "unmatched", "duplicates", "new"):
        page.get(address("contacts_list", name))
    Connection.objects.update(state=Connection.State.RECONNECT, state_reason="Access was revoked.")

    text = page.get(address("contacts_list", "matched")).content.decode()

    assert "QuickBooks is disconnected." in text
    assert "Reconnect before syncing" in text
    assert wizard.row("matched", "Cool Cars").decision == "link"
    answer = page.post(address("contacts_sync"), {"shown": "x"})
    assert "Reconnect first; your decisions are kept." in answer.content.decode()
    assert not Link.objects.exists()


def test_a_second_admin_comes_in_where_the_first_one_left(page, wizard):
    walk(page, wizard)
    page.get(address("contacts_list", "matched"))
    other = make_member(wizard.firm)
    page.force_login(other.user)

    assert page.get(address("contacts")).url == address("contacts_list", "unmatched")
    assert page.get(address("go_on")).url == address("contacts_list", "unmatched")


def test_two_people_who_press_sync_make_one_run(page, wizard):
    wizard.contact(display_name="Cool Cars")
    walk(page, wizard)
    for name in ("matched", "unmatched", "duplicates", "new"):
        page.get(address("contacts_list", name))
    text = page.get(address("contacts_sync")).content.decode()
    shown = text.split('name="shown" value="')[1].split('"')[0]

    first = page.post(address("contacts_sync"), {"shown": shown})
    second = page.post(address("contacts_sync"), {"shown": shown})  # a double click, or Back

    assert first.url == address("contacts_sync")
    assert second.status_code == 200
    assert Link.objects.filter(wake_at__isnull=False).count() == 1 + len(wizard.rows("new"))
    assert "Syncing contacts with QuickBooks" in page.get(address("contacts_sync")).content.decode()


def test_the_whole_import_asks_for_two_counts_and_once_a_page(page, wizard):
    page.get(address("contacts"))
    page.post(address("contacts"), {"which": "active"})
    wizard.read(importing.Pace(page=3, overlap=1, step_back=2))

    total = wizard.setup.import_total
    assert len(wizard.queries()) == 2 + -(-total // 2)  # pages of 3 that share one


def test_the_person_who_started_hears_when_the_lists_are_ready(page, wizard):
    walk(page, wizard)

    assert [each.to for each in mail.outbox] == [[wizard.member.user.email]]
    assert "lists are ready" in mail.outbox[0].subject


def test_three_hundred_decisions_are_few_statements(page, wizard, django_assert_max_num_queries):
    fill(wizard, 300)
    ids = [str(pk) for pk in MatchProposal.objects.values_list("pk", flat=True)]

    with django_assert_max_num_queries(16):
        page.post(address("contacts_list", "unmatched"), {"bulk": "create_there", "id": ids})

    assert MatchProposal.objects.filter(decision="create_there").count() == 300
