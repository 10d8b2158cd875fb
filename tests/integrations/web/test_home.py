"""The integration home: its numbers, its notices, and who may press what."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Activity,
    CallCount,
    Connection,
    Issue,
    OutboxEntry,
)
from integrations.sync import connections
from tests.factories import make_contact, make_firm
from tests.integrations.web.rows import make_conflict, make_connection, make_issue, make_link

pytestmark = pytest.mark.django_db
HOME = "/settings/integrations/qbo/"


def words(client, url=HOME):
    return " ".join(client.get(url).content.decode().split())


def make_activity(connection, **fields):
    values = {
        "at": timezone.now(),
        "connection_id": connection.pk,
        "firm_id": connection.firm_id,
        "entity": "contact",
        "label": "Ada",
        "direction": Activity.Direction.SENT,
        "result": Activity.Result.DONE,
        "title": "Created in QuickBooks",
        **fields,
    }
    return Activity.objects.create(**values)


def test_without_a_connection_it_leads_to_the_list(client):
    assert client.get(HOME).url == "/settings/integrations/"


def test_all_well_says_that_nothing_needs_anybody(client, firm):
    make_connection(firm)

    page = words(client)

    assert "Nothing needs you" in page
    assert "Change a record that syncs and it shows up here." in page
    assert "Connected</span> Alder &amp; Finch Accounting LLC" in page
    assert "Retry all" not in page


def test_the_tiles_count_what_waits_what_was_called_and_what_was_synced(client, firm):
    one, other = make_contact(firm), make_contact(firm)
    connection = make_connection(firm)
    now = timezone.now()
    minute = now.replace(second=0, microsecond=0)
    CallCount.objects.create(connection=connection, minute=minute, calls=84, metered=12)
    make_link(connection, one, wake_at=now - timedelta(seconds=9))
    OutboxEntry.objects.create(
        connection=connection, entity="contact", local_id=7, version=1, cause="Ada", made_at=now
    )
    make_activity(connection)
    make_issue(make_link(connection, other, rests="issue"))

    page = words(client)

    assert "2 <small>waiting</small>" in page
    assert "84 <small>of 500 a minute</small>" in page
    assert "12 metered reads this month" in page
    assert "Peak 84, limit 500." in page
    assert "Records synced each hour, last 24 hours. Highest 1." in page
    assert "1 error, 0 conflicts" in page


def test_the_tiles_renew_themselves_and_count_new_cards(client, firm):
    connection = make_connection(firm)
    first = make_issue(make_link(connection, make_contact(firm)))
    page = words(client)
    assert f"/qbo/tiles/?seen={first.pk}" in page
    for _ in range(2):
        make_issue(make_link(connection, make_contact(firm)))

    fragment = words(client, f"{reverse('integrations:tiles')}?seen={first.pk}")

    assert "2 new, show" in fragment
    assert "<h1" not in fragment


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": Connection.State.RECONNECT}, "QuickBooks is disconnected."),
        ({"state": Connection.State.UNAVAILABLE}, "is not available."),
        ({"state": Connection.State.DISCONNECTED}, "QuickBooks is not connected."),
        ({"is_paused": True}, "Sync is paused."),
        ({"held_reason": "It would archive 40 contacts."}, "It would archive 40 contacts."),
    ],
)
def test_each_state_of_the_connection_has_its_notice(client, firm, fields, said):
    make_connection(firm, **fields)

    assert said in words(client)


def test_a_setup_that_was_left_can_be_gone_on_with(client, staff_client, firm):
    make_connection(firm, contacts_synced_at=None, setup={"confirmed_at": None})
    go_on = f'href="{reverse("setup:go_on")}">Continue setup</a>'

    assert "Setup isn't finished." in html.unescape(client.get(HOME).content.decode())
    assert go_on in client.get(HOME).content.decode()
    assert go_on not in staff_client.get(HOME).content.decode()


def test_being_slowed_down_says_until_when(client, firm):
    connection = make_connection(firm)
    connection.budget.rests_until = timezone.now() + timedelta(seconds=50)
    connection.budget.save()

    assert "QuickBooks asked us to slow down." in words(client)


def test_a_sign_in_that_ends_within_14_days_is_told(client, firm):
    connection = make_connection(firm)
    assert "Sign in to QuickBooks again by" not in words(client)
    connection.credential.hard_ends_at = timezone.now() + timedelta(days=13)
    connection.credential.save()

    assert "Sign in to QuickBooks again by" in words(client)


def test_an_error_card_says_what_to_do_and_offers_it(client, firm):
    issue = make_issue(make_link(make_connection(firm), make_contact(firm), label="Ada"), tries=3)

    page = words(client)

    assert "<b>What to do.</b> Link to the existing customer" in page
    assert "tried 3 times" in page
    assert "Link to existing customer</a>" in page
    assert reverse("integrations:retry", args=[issue.pk]) in page
    assert "6240 Duplicate Name Exists Error" in page
    assert "intuit_tid 1-69207c" in page


def test_a_conflict_card_shows_both_sides_and_what_each_choice_does(client, firm):
    make_conflict(make_link(make_connection(firm), make_contact(firm)), email=("a@x", "b@x"))

    page = words(client)

    assert "Email in QuickBooks becomes a@x." in page
    assert "Email here becomes b@x." in page
    assert "Choose field by field" not in page  # there is but one


def test_hostile_values_of_quickbooks_are_harmless(client, firm):
    link = make_link(make_connection(firm), make_contact(firm), label="<b>x</b>")
    make_conflict(link, email=('"><script>alert(1)</script>', "<img src=x onerror=alert(2)>"))
    make_issue(link, sentence="<script>alert(3)</script>", detail={"message": "</pre><script>"})

    page = words(client)

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "</pre><script>" not in page


def test_staff_may_look_but_nothing_can_be_pressed(staff_client, firm):
    link = make_link(make_connection(firm), make_contact(firm))
    make_issue(link)
    make_conflict(link, email=("a@x", "b@x"))

    page = words(staff_client)

    assert "You can look but not change." in page
    assert page.count('aria-describedby="look-only"') >= 5
    assert "/retry/" not in page


POSTS = [
    ("integrations:sync_now", ()),
    ("integrations:pause", ()),
    ("integrations:resume", ()),
    ("integrations:release", ()),
    ("integrations:rules", ()),
    ("integrations:disconnect", ()),
    ("integrations:restart", ()),
    ("setup:services", ()),
    ("setup:services_skip", ()),
    ("integrations:retry_all", ()),
    ("integrations:left_out_create", ()),
    ("integrations:retry", ("issue",)),
    ("integrations:decide", ("issue",)),
    ("integrations:undo", ("issue",)),
    ("integrations:ignore", ("issue",)),
    ("integrations:link_to_existing", ("issue",)),
    ("integrations:choose", ("issue",)),
    ("integrations:same_payment", ("issue",)),
    ("integrations:pick", ("issue",)),
    ("integrations:archive", ("issue",)),
    ("integrations:issue_unmatch", ("issue",)),
    ("integrations:match", ("entity", "contact")),
    ("integrations:create_there", ("entity", "contact")),
    ("integrations:unmatch", ("link",)),
]
SENT = {
    "on_conflict": "local",
    "links": "remove",
    "keep_all": "local",
    "reason": "x",
    "remote_id": "58",
    "all": "1",
}


@pytest.mark.parametrize(("name", "needs"), POSTS)
def test_the_server_refuses_staff_whatever_the_page_shows(staff_client, firm, name, needs):
    contact = make_contact(firm)
    connection = make_connection(firm)
    link = make_link(connection, contact)
    issue = make_conflict(link, email=("a@x", "b@x"))
    ids = {"issue": issue.pk, "entity": "contact", "contact": contact.pk, "link": link.pk}

    answer = staff_client.post(reverse(name, args=[ids[each] for each in needs]), SENT)

    assert answer.status_code == 403
    link.refresh_from_db()
    connection.refresh_from_db()
    assert (link.state, link.decisions) == ("linked", {})
    assert (connection.is_paused, connection.on_conflict) == (False, "ask")
    assert Issue.objects.get().state == Issue.State.OPEN


@pytest.mark.parametrize(("name", "needs"), [each for each in POSTS if each[1]])
def test_rows_of_another_firm_are_not_found(client, firm, name, needs):
    make_connection(firm)
    other = make_firm()
    contact = make_contact(other)
    link = make_link(make_connection(other), contact)
    issue = make_conflict(link, email=("a@x", "b@x"))
    ids = {"issue": issue.pk, "entity": "contact", "contact": contact.pk, "link": link.pk}

    answer = client.post(reverse(name, args=[ids[each] for each in needs]), SENT)

    assert answer.status_code == 404


@pytest.mark.parametrize("number", [1, 30])
def test_the_number_of_queries_does_not_depend_on_the_rows(
    client, firm, django_assert_num_queries, number
):
    connection = make_connection(firm)
    for _ in range(number):
        link = make_link(connection, make_contact(firm))
        make_issue(link)
        make_conflict(link, parent=(link.local_id, None))
        make_activity(connection, local_id=link.local_id)
    client.get(HOME)

    with django_assert_num_queries(27):
        client.get(HOME)


def test_pause_keeps_the_queue_and_resume_goes_on(client, firm, admin):
    connection = make_connection(firm)
    client.post(reverse("integrations:pause"))
    connection.refresh_from_db()
    assert connection.is_paused
    assert "Priya Raman paused it at" in words(client)

    client.post(reverse("integrations:resume"))

    connection.refresh_from_db()
    assert not connection.is_paused
    titles = Activity.objects.order_by("at").values_list("title", flat=True)
    assert list(titles) == ["Sync paused", "Sync resumed"]


def test_sync_now_wants_the_feed_read(client, firm):
    connection = make_connection(firm)

    client.post(reverse("integrations:sync_now"))

    connection.cursor.refresh_from_db()
    assert connection.cursor.wanted_at is not None


def test_sync_now_says_why_not_while_paused(client, firm):
    make_connection(firm, is_paused=True)

    client.post(reverse("integrations:sync_now"))

    assert "Nothing can be synced now." in words(client)


def test_rules_are_saved_with_what_they_were_before(client, firm):
    connection = make_connection(firm)

    client.post(reverse("integrations:rules"), {"on_conflict": "remote", "syncs_notes": "on"})

    connection.refresh_from_db()
    assert (connection.on_conflict, connection.syncs_notes) == ("remote", True)
    entry = Activity.objects.get(title="Rules changed")
    assert entry.before == {"on_conflict": "ask", "syncs_notes": False}


def test_rules_show_what_the_companys_settings_do_as_text(client, firm):
    facts = {
        "home_currency": "USD",
        "country": "US",
        "edition": "<b>Plus</b>",
        "preferences": {"books_closed_on": "2025-12-31", "custom_fields": ["<i>Crew</i>"]},
    }
    make_connection(firm, company_facts=facts)

    page = client.get(reverse("integrations:rules")).content.decode()

    assert "nothing dated Dec 31, 2025 or before can be changed" in page
    assert "&lt;b&gt;Plus&lt;/b&gt;" in page
    assert "&lt;i&gt;Crew&lt;/i&gt;" in page


def test_disconnect_keeps_links_and_queue_and_forgets_the_tokens(client, firm, qbo):
    contact = make_contact(firm)
    connection = make_connection(firm)
    link = make_link(connection, contact, wake_at=timezone.now())
    page = words(client, reverse("integrations:disconnect"))
    assert "1 waiting change is kept and sent if you reconnect" in page

    client.post(reverse("integrations:disconnect"), {"links": "keep"})

    connection.refresh_from_db()
    link.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert not hasattr(Connection.objects.get(), "credential")
    assert (link.state, link.wake_at is None) == ("linked", False)


def test_disconnect_may_remove_the_links_and_setup_starts_over(client, firm, qbo):
    connection = make_connection(firm)
    link = make_link(connection, make_contact(firm), wake_at=timezone.now())
    make_issue(link)

    client.post(reverse("integrations:disconnect"), {"links": "remove"})

    connection.refresh_from_db()
    link.refresh_from_db()
    assert (link.state, link.wake_at) == ("former", None)
    assert connection.contacts_synced_at is None
    assert connection.setups.get(is_current=True).confirmed_at is None
    assert Issue.objects.get().state == Issue.State.RESOLVED


def test_disconnect_works_while_quickbooks_is_silent(client, firm, settings):
    settings.QUICKBOOKS = {**settings.QUICKBOOKS, "discovery_url": "http://127.0.0.1:9/none"}
    connection = make_connection(firm)

    answer = client.post(reverse("integrations:disconnect"), {"links": "keep"}, follow=True)

    connection.refresh_from_db()
    assert connection.state == Connection.State.DISCONNECTED
    assert connections.NOT_TOLD in answer.content.decode()


def test_restart_begins_a_new_setup_and_keeps_the_links(client, firm):
    connection = make_connection(firm)
    link = make_link(connection, make_contact(firm))
    before = connection.setups.get()

    answer = client.post(reverse("integrations:restart"))

    assert answer.url == "/settings/integrations/qbo/setup/contacts/"
    assert connection.setups.get(is_current=True).pk != before.pk
    link.refresh_from_db()
    assert link.state == "linked"


def test_disconnect_works_when_no_key_opens_the_tokens_any_more(client, firm, settings):
    connection = make_connection(firm)
    settings.TOKEN_KEYS = ["YW5vdGhlci1rZXktb2YtMzItYnl0ZXMtZm9yLXRoaXM="]

    client.post(reverse("integrations:disconnect"), {"links": "keep"})

    connection.refresh_from_db()
    assert (connection.state, connection.state_reason) == ("disconnected", connections.NOT_TOLD)
