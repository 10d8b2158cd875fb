"""Pages of service items: what they show, who may do what, other firms' ids, hostile text."""

import re
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils.html import escape

from billing.models import ServiceItem
from billing.services import service_items as services
from firms.marks import SyncMark
from firms.models import Licence
from firms.permissions import VIEWER
from tests.factories import NOW, make_actor, make_firm, make_member, make_service_item

pytestmark = pytest.mark.django_db

LIST = "/service-items/"
WITH_ID = ["billing:item", "billing:edit_item", "billing:archive_item", "billing:restore_item"]


@pytest.fixture
def firm():
    return make_firm(name="Alder & Finch")


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm)
    client.force_login(membership.user)
    return membership


@pytest.fixture
def viewer(client, firm):
    membership = make_member(firm, role="Viewer", permissions=VIEWER)
    client.force_login(membership.user)
    return membership


def listed(client, query=""):
    """Names in the order of the list."""
    page = client.get(f"{LIST}{query}").content.decode()
    return re.findall(r'<a class="strong"[^>]*><bdi>([^<]*)</bdi>', page)


def values_of_form(answer):
    """What a browser would send: an unticked box is not sent."""
    form = answer.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values["accepted"] = answer.context["accepted"]
    return {name: "" if it is None else it for name, it in values.items() if it is not False}


def make_many(firm, number):
    ServiceItem.objects.bulk_create(
        ServiceItem(firm=firm, name=f"Item {each:04}", created_at=NOW, updated_at=NOW)
        for each in range(number)
    )


# -- The list --------------------------------------------------------------------------------------
def test_the_list_shows_active_items_of_the_own_firm_with_their_rates(client, staff, firm):
    make_service_item(firm, name="tax return", rate=D("1250.5"), category="Tax")
    make_service_item(firm, name="Advice", rate=D("0.1234567"))
    make_service_item(firm, name="Old", is_archived=True)
    make_service_item(make_firm(), name="Stranger")

    page = client.get(LIST).content.decode()

    assert listed(client) == ["Advice", "tax return"]
    assert '<td class="num">1,250.50</td>' in page
    assert '<td class="num">0.1234567</td>' in page
    assert listed(client, "?status=archived") == ["Old"]
    assert listed(client, "?status=all") == ["Advice", "Old", "tax return"]
    assert listed(client, "?q=tax") == ["tax return"]


@pytest.mark.parametrize("query", ["%25", "_", "\\", "'", '"', "%00", "%F0%9F%98%80", "x" * 3000])
def test_signs_in_the_search_are_only_text(client, staff, firm, query):
    make_service_item(firm, name="Advice")

    assert listed(client, f"?q={query}") == (["Advice"] if query == "%00" else [])


def test_headings_sort_and_say_so(client, staff, firm):
    make_service_item(firm, name="A", rate=D("2"))
    make_service_item(firm, name="B", rate=D("1"))

    assert listed(client, "?sort=rate") == ["B", "A"]
    assert listed(client, "?sort=-rate") == ["A", "B"]
    assert listed(client, "?sort=firm") == ["A", "B"]
    page = client.get(f"{LIST}?sort=-rate").content.decode()
    assert page.count("aria-sort=") == 1
    assert 'aria-sort="descending"><a href="?sort=rate"' in page


def test_three_hundred_a_page_and_the_last_page_has_the_rest(client, staff, firm):
    make_many(firm, 601)

    first = client.get(LIST).content.decode()
    last = client.get(f"{LIST}?page=3").content.decode()

    assert first.count('<tr><th scope="row"') == 300
    assert "1–300 of 601 service items" in first
    assert 'rel="next"' in first
    assert last.count('<tr><th scope="row"') == 1
    assert 'rel="next"' not in last


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "1e9"])
def test_a_page_that_is_not_there_is_the_nearest_one(client, staff, firm, page):
    make_many(firm, 301)

    assert client.get(f"{LIST}?page={page}").status_code == 200


def test_queries_do_not_grow_with_the_rows(client, staff, firm, django_assert_max_num_queries):
    client.get(LIST)  # fills what is kept for the run
    numbers = []
    for number in (3, 290):
        for each in range(number):
            item = make_service_item(firm)
            if each % 2:
                SyncMark.objects.create(
                    firm=firm,
                    entity="service_item",
                    local_id=item.pk,
                    state="synced",
                    changed_at=NOW,
                )
        with django_assert_max_num_queries(8) as queries:  # three of them are the frame's
            client.get(LIST)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_htmx_gets_the_list_alone_with_its_title(client, staff, firm):
    make_many(firm, 301)

    page = client.get(f"{LIST}?page=2", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert 'data-title="Service items (page 2 of 2) - Canopy Sync"' in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "No service items yet"),
        ("?q=nothing", "No service items match"),
        ("?status=archived", "No archived service items"),
    ],
)
def test_an_empty_list_says_why(client, staff, query, words):
    assert words in client.get(f"{LIST}{query}").content.decode()


# -- Who may ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("route", ["billing:items", "billing:new_item", *WITH_ID])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_firm_without_the_licence_is_told_so(client, route, method):
    firm = make_firm(licences=[Licence.TRANSCRIPTS_AND_NOTICES])
    item = make_service_item(firm)
    client.force_login(make_member(firm).user)
    is_read = (route, method) in [("billing:items", "post"), ("billing:item", "post")]

    answer = getattr(client, method)(reverse(route, args=[item.pk] if route in WITH_ID else []))

    assert answer.status_code == (405 if is_read else 403)
    if not is_read:
        assert "need the Time &amp; Billing licence" in answer.content.decode()
    assert list(ServiceItem.objects.values_list("version", flat=True)) == [1]


@pytest.mark.parametrize("is_licensed", [True, False])
def test_the_navigation_shows_service_items_to_firms_with_the_licence(client, is_licensed):
    firm = make_firm(licences=[Licence.TIME_AND_BILLING] if is_licensed else [])
    client.force_login(make_member(firm).user)

    page = client.get("/contacts/").content.decode()

    assert (f'href="{LIST}"' in page) is is_licensed


@pytest.mark.parametrize("route", WITH_ID)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_item_of_another_firm_is_not_found(client, staff, route, method):
    stranger = make_service_item(make_firm(), name="Stranger")

    answer = getattr(client, method)(reverse(route, args=[stranger.pk]))

    assert answer.status_code == (405 if (route, method) == (WITH_ID[0], "post") else 404)
    stranger.refresh_from_db()
    assert (stranger.name, stranger.version) == ("Stranger", 1)


@pytest.mark.parametrize("pk", [0, 10**30])
def test_an_id_that_cannot_be_is_not_found(client, staff, pk):
    assert client.get(f"{LIST}{pk}/").status_code == 404


@pytest.mark.parametrize("route", ["billing:new_item", *WITH_ID[1:]])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_may_not_change_anything(client, viewer, firm, route, method):
    item = make_service_item(firm)
    address = reverse(route, args=[item.pk] if route in WITH_ID else [])

    answer = getattr(client, method)(address, {"name": "Mine", "version": 1})

    assert answer.status_code == 403
    assert "It needs the Manage Service Items permission." in answer.content.decode()
    assert list(ServiceItem.objects.values_list("name", "version")) == [(item.name, 1)]


def test_a_viewer_sees_everything_and_why_nothing_can_be_changed(client, viewer, firm):
    item = make_service_item(firm, name="Advice")

    for address in (LIST, f"{LIST}{item.pk}/"):
        text = client.get(address).content.decode()
        assert "Advice" in text
        assert 'aria-disabled="true" aria-describedby="why-not"' in text
        assert "Manage Service Items permission" in text
        assert "/edit/" not in text
        assert "/archive/" not in text


# -- Forms -----------------------------------------------------------------------------------------
TYPED = {
    "name": "Advice",
    "description": "One hour\r\nof advice",
    "rate": "75.1234567",
    "sku": "AD-1",
    "category": "Consulting",
    "is_taxable": "on",
}


def test_a_new_item_is_kept_with_all_that_was_typed(client, staff, firm):
    answer = client.post(f"{LIST}new/", TYPED, follow=True)

    item = ServiceItem.objects.get()
    assert services.values_of(item) == {
        "name": "Advice",
        "description": "One hour\nof advice",
        "rate": D("75.1234567"),
        "sku": "AD-1",
        "category": "Consulting",
        "is_taxable": True,
        "income_account_id": "",
    }
    page = answer.content.decode()
    assert answer.redirect_chain == [(f"{LIST}{item.pk}/", 302)]
    assert "Advice saved" in page
    assert "75.1234567 USD" in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 101}, "Name: at most 100 characters; these are 101"),
        ({"name": "TAKEN"}, "Choose another name, or archive that one first."),
        ({"rate": "1.00000001"}, "The rate can have at most 7 decimals."),
        ({"rate": "-1"}, "The rate can&#x27;t be negative."),
        ({"rate": "100000000000"}, "The rate can be at most 99,999,999,999."),
        ({"rate": "NaN"}, "Enter the rate as a number"),
        ({"rate": "1e9999999"}, "The rate can be at most"),
        ({"rate": "$75"}, "Enter the rate as a number"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_the_values(client, staff, firm, typed, words):
    make_service_item(firm, name="Taken")

    answer = client.post(f"{LIST}new/", {**TYPED, **typed})

    page = answer.content.decode()
    assert "There is a problem" in page
    assert words in page
    assert 'value="AD-1"' in page
    assert ServiceItem.objects.count() == 1


def test_an_empty_rate_is_nothing(client, staff, firm):
    client.post(f"{LIST}new/", {**TYPED, "rate": ""})

    assert ServiceItem.objects.get().rate == 0


def test_what_quickbooks_would_refuse_is_warned_of_once_and_then_saved(client, staff, firm):
    typed = {**TYPED, "name": "Tax: Return"}

    asked = client.post(f"{LIST}new/", typed)

    assert "Not saved yet" in asked.content.decode()
    assert not ServiceItem.objects.exists()
    client.post(f"{LIST}new/", {**typed, "accepted": asked.context["accepted"]})
    item = ServiceItem.objects.get()
    assert "won't take this service item" in client.get(f"{LIST}{item.pk}/").content.decode()


def test_saving_a_form_as_it_was_drawn_changes_nothing(client, staff, firm):
    item = make_service_item(firm, rate=D("12.5"), is_taxable=True, description="a\nb")

    drawn = values_of_form(client.get(f"{LIST}{item.pk}/edit/"))
    answer = client.post(f"{LIST}{item.pk}/edit/", drawn)

    assert answer.status_code == 302
    item.refresh_from_db()
    assert item.version == 1
    assert drawn["rate"] == "12.5"


def test_an_edit_is_kept_and_the_income_account_stays(client, staff, firm):
    item = make_service_item(firm, income_account_id="79", is_taxable=True)
    drawn = values_of_form(client.get(f"{LIST}{item.pk}/edit/"))
    del drawn["is_taxable"]

    client.post(f"{LIST}{item.pk}/edit/", {**drawn, "rate": "80"})

    item.refresh_from_db()
    assert (item.rate, item.is_taxable, item.income_account_id) == (D("80"), False, "79")


def edit_meanwhile(firm, item, **changes):
    services.update_service_item(
        actor=make_actor(firm), item=item, version=1, changes=changes, now=NOW
    )


def test_of_two_edits_of_different_fields_both_survive(client, staff, firm):
    item = make_service_item(firm, name="Advice", rate=D("75"))
    drawn = values_of_form(client.get(f"{LIST}{item.pk}/edit/"))
    edit_meanwhile(firm, item, sku="AD-9")

    asked = client.post(f"{LIST}{item.pk}/edit/", {**drawn, "rate": "80"})
    client.post(f"{LIST}{item.pk}/edit/", values_of_form(asked))

    item.refresh_from_db()
    assert (item.rate, item.sku) == (D("80"), "AD-9")


def test_of_two_edits_of_one_field_both_values_are_shown_and_keep_mine_keeps_mine(
    client, staff, firm
):
    item = make_service_item(firm, name="Advice", rate=D("75"))
    drawn = values_of_form(client.get(f"{LIST}{item.pk}/edit/"))
    edit_meanwhile(firm, item, rate=D("76.5"))

    asked = client.post(f"{LIST}{item.pk}/edit/", {**drawn, "rate": "80"})

    assert asked.context["conflict"] == [{"label": "Rate", "mine": "80", "theirs": "76.5"}]
    item.refresh_from_db()
    assert item.rate == D("76.5")
    client.post(f"{LIST}{item.pk}/edit/", values_of_form(asked))
    item.refresh_from_db()
    assert item.rate == D("80")


@pytest.mark.parametrize("seen", ["", "[]", "{", "null", '{"rate": 7}'])
def test_a_form_without_what_was_seen_is_asked_about_not_saved(client, staff, firm, seen):
    item = make_service_item(firm, name="Advice")

    answer = client.post(f"{LIST}{item.pk}/edit/", {**TYPED, "seen": seen})

    assert "Somebody changed this service item" in answer.content.decode()
    item.refresh_from_db()
    assert item.version == 1


# -- Archive, restore ------------------------------------------------------------------------------
def test_an_item_is_archived_and_restored_by_post_only(client, staff, firm):
    item = make_service_item(firm)
    for verb, is_archived in (("archive", True), ("restore", False)):
        assert client.get(f"{LIST}{item.pk}/{verb}/").status_code == 200
        item.refresh_from_db()
        assert item.is_archived is not is_archived

        answer = client.post(f"{LIST}{item.pk}/{verb}/", follow=True)

        item.refresh_from_db()
        assert item.is_archived is is_archived
        assert f"{item} {verb}d" in answer.content.decode()


def test_an_item_whose_name_was_taken_stays_archived_and_says_why(client, staff, firm):
    item = make_service_item(firm, name="Advice", is_archived=True)
    make_service_item(firm, name="Advice")

    answer = client.post(f"{LIST}{item.pk}/restore/", follow=True)

    item.refresh_from_db()
    assert item.is_archived
    assert "Choose another name, or archive that one first." in answer.content.decode()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7|add:7 }}", "\u202eevil"])
def test_hostile_text_is_shown_as_text_on_every_page(client, staff, firm, text):
    item = make_service_item(firm, name=text, description=text, sku=text, category=text)

    for address in (LIST, *(reverse(route, args=[item.pk]) for route in WITH_ID)):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert escape(text) in page
