"""Activity, what was left out, and finding a customer: filters, pages, bulk, CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Activity, ImportedRecord, Link
from tests.factories import make_contact, make_firm
from tests.integrations.web.rows import make_connection, make_link
from tests.integrations.web.test_home import make_activity, words

pytestmark = pytest.mark.django_db
ACTIVITY = "/settings/integrations/qbo/activity/"
LEFT_OUT = "/settings/integrations/qbo/left-out/"


def test_activity_is_narrowed_by_direction_result_and_words(client, firm):
    connection = make_connection(firm)
    make_activity(connection, label="Ada", title="Created in QuickBooks")
    make_activity(connection, label="Bob", direction="received", title="Phone updated")
    make_activity(connection, label="Cleo", result="failed", title="Name taken")

    assert "Bob" not in words(client, f"{ACTIVITY}?type=sent")
    assert "Ada" not in words(client, f"{ACTIVITY}?result=failed")
    assert "Cleo" not in words(client, f"{ACTIVITY}?q=phone")
    assert "Bob" in words(client, f"{ACTIVITY}?q=phone")
    assert "No activity matches" in words(client, f"{ACTIVITY}?q=nobody")


def test_activity_of_another_firm_is_not_shown(client, firm):
    make_connection(firm)
    make_activity(make_connection(make_firm()), label="Somebody else")

    assert "Somebody else" not in words(client, ACTIVITY)


def test_activity_turns_pages_at_three_hundred(client, firm):
    connection = make_connection(firm)
    now = timezone.now()
    for number in range(301):
        make_activity(connection, label=f"Contact {number}", at=now - timedelta(seconds=number))

    first, second = words(client, ACTIVITY), words(client, f"{ACTIVITY}?page=2")

    assert "1–300 of 301" in first
    assert "Contact 300<" in second
    assert "301–301 of 301" in second


def test_the_csv_holds_what_is_filtered_and_runs_nothing(client, firm):
    connection = make_connection(firm)
    make_activity(connection, label="=HYPERLINK(1)", duration_ms=412)
    make_activity(connection, label="Bob", direction="received")

    answer = client.get(reverse("integrations:activity_csv"), {"type": "sent"})
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))

    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert [row[2] for row in rows] == ["Record", "'=HYPERLINK(1)"]
    assert rows[1][7] == "412"


def test_one_entry_shows_its_fields_before_and_after(client, firm):
    entry = make_activity(
        make_connection(firm),
        before={"email": "a@x", "life": "live"},
        after={"email": "<b>b@x</b>", "life": "inactive"},
        trace="1-69207c-41d0",
    )

    page = words(client, reverse("integrations:activity_entry", args=[entry.id]))

    assert "a@x" in page
    assert "&lt;b&gt;b@x" in page
    assert "Inactive" in page
    assert "1-69207c-41d0" in page


def test_an_entry_of_another_firm_is_not_found(client, firm):
    make_connection(firm)
    entry = make_activity(make_connection(make_firm()))

    answer = client.get(reverse("integrations:activity_entry", args=[entry.id]))

    assert answer.status_code == 404


def left_out(connection, *names):
    firm = connection.firm
    return [
        make_link(connection, make_contact(firm, display_name=name), state="left_out",
                  remote_id=None)
        for name in names
    ]  # fmt: skip


def test_both_sides_of_what_was_left_out_are_listed_and_searched(client, firm):
    connection = make_connection(firm)
    left_out(connection, "Ada", "Bob")
    make_link(connection, remote_label="Their Customer")

    assert "Bob" in words(client, LEFT_OUT)
    assert "Their Customer" not in words(client, LEFT_OUT)
    assert "Bob" not in words(client, f"{LEFT_OUT}?q=ad")
    assert "Their Customer" in words(client, f"{LEFT_OUT}?side=theirs")
    assert "Nothing matches" in words(client, f"{LEFT_OUT}?q=zzz")


@pytest.mark.parametrize(("number", "arrows"), [(300, False), (301, True)])
def test_arrows_are_there_only_beyond_three_hundred(client, firm, number, arrows):
    connection = make_connection(firm)
    Link.objects.bulk_create(
        Link(connection=connection, firm=firm, entity="contact", local_id=n, label=f"C{n}",
             state="left_out")
        for n in range(number)
    )  # fmt: skip

    assert ("Next page" in words(client, LEFT_OUT)) is arrows


def test_chosen_rows_are_created_in_quickbooks_and_the_others_not(client, firm):
    connection = make_connection(firm)
    one, other = left_out(connection, "Ada", "Bob")

    answer = client.post(
        reverse("integrations:left_out_create"),
        {"side": "ours", "link": [str(one.pk)]},
        follow=True,
    )

    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.may_create) == ("undecided", True)
    assert other.state == "left_out"
    assert "1 record will be created in QuickBooks." in answer.content.decode()


def test_all_that_match_the_search_are_created_not_what_is_on_screen(client, firm):
    connection = make_connection(firm)
    left_out(connection, "Ada One", "Ada Two", "Bob")

    client.post(reverse("integrations:left_out_create"), {"side": "ours", "q": "ada", "all": "1"})

    states = dict(Link.objects.values_list("label", "state"))
    assert states == {"Ada One": "undecided", "Ada Two": "undecided", "Bob": "left_out"}


def test_a_customer_is_created_here_by_its_button(client, firm):
    connection = make_connection(firm)
    link = make_link(connection, remote_label="Their Customer")

    client.post(reverse("integrations:left_out_create"), {"side": "theirs", "only": str(link.pk)})

    link.refresh_from_db()
    assert (link.state, link.may_create) == ("undecided", True)


def test_nothing_chosen_is_said(client, firm):
    left_out(make_connection(firm), "Ada")

    client.post(reverse("integrations:left_out_create"), {"side": "ours"})

    assert "Choose at least one row." in words(client, LEFT_OUT)


def imported(connection, remote_id, label, **fields):
    return ImportedRecord.objects.create(
        connection=connection,
        entity="contact",
        remote_id=remote_id,
        version=1,
        raw={},
        label=label,
        read_at=timezone.now(),
        **fields,
    )


def test_candidates_say_why_and_who_is_linked_already(client, firm):
    contact = make_contact(firm, display_name="Ada", email="ada@x.test", phone="555")
    taken = make_contact(firm, display_name="Bob")
    connection = make_connection(firm)
    imported(connection, "71", "Ada L.", email="ADA@x.test", phone="555")
    imported(connection, "72", "Somebody", email="s@x.test")
    make_link(connection, taken, remote_id="73", remote_label="Ada Old")

    page = words(client, reverse("integrations:find", args=["contact", contact.pk]))

    assert "Same email and phone" in page
    assert "Somebody" not in page
    assert "Linked with Bob" in page
    assert page.count('name="remote_id"') == 1


def test_a_match_is_refused_where_the_customer_is_linked_already(client, firm):
    contact, taken = make_contact(firm, display_name="Ada"), make_contact(firm)
    connection = make_connection(firm)
    make_link(connection, taken, remote_id="73", remote_label="Ada Old")

    client.post(reverse("integrations:match", args=["contact", contact.pk]), {"remote_id": "73"})

    page = words(client, reverse("integrations:find", args=["contact", contact.pk]))
    assert "is linked with" in page
    assert Link.objects.filter(local_id=contact.pk).count() == 0


def test_a_left_out_contact_shows_both_candidates(client, firm):
    contact = make_contact(firm, display_name="Ada", email="ada@x.test")
    connection = make_connection(firm)
    make_link(connection, contact, state="left_out", remote_id=None)
    imported(connection, "71", "Ada", email="one@x.test")
    imported(connection, "72", "Ada", email="two@x.test")

    page = words(client, f"/contacts/{contact.pk}/")

    assert "one@x.test" in page
    assert "two@x.test" in page
    assert page.count("Match<span") == 2
    assert "Create in QuickBooks" in page


def test_a_contact_without_a_connection_shows_nothing_of_quickbooks(client, firm):
    contact = make_contact(firm)

    assert 'id="books"' not in words(client, f"/contacts/{contact.pk}/")


def test_activity_is_only_ever_added_to(client, firm):
    entry = make_activity(make_connection(firm))
    url = reverse("integrations:activity_entry", args=[entry.id])

    assert client.post(url).status_code == 405
    assert Activity.objects.count() == 1


def test_one_press_creates_three_hundred_and_counts_the_rest(client, firm, monkeypatch):
    left_out(make_connection(firm), "Ada", "Bob", "Cleo")
    monkeypatch.setattr("integrations.web.views.left_out.AT_ONCE", 2)

    client.post(reverse("integrations:left_out_create"), {"side": "ours", "all": "1"})

    assert Link.objects.filter(may_create=True).count() == 2
    assert "1 more match. Press again for the next ones." in words(client, LEFT_OUT)
