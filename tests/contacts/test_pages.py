"""Pages of contacts: what they show, who may do what, other firms' ids, hostile text."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts import panels, services
from contacts.models import Contact
from firms.marks import SyncMark
from firms.permissions import VIEWER
from tests.factories import NOW, make_actor, make_contact, make_firm, make_member

pytestmark = pytest.mark.django_db

CHANGING = ["contacts:edit", "contacts:archive", "contacts:restore", "contacts:merge"]
WITH_ID = ["contacts:contact", *CHANGING]


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


def mark(contact, state):
    SyncMark.objects.create(
        firm=contact.firm, entity="contact", local_id=contact.pk, state=state, changed_at=NOW
    )


def listed(client, query=""):
    """Names in the order of the list."""
    page = client.get(f"/contacts/{query}").content.decode()
    return re.findall(r'<a class="strong"[^>]*><bdi>([^<]*)</bdi>', page)


def values_of_form(answer):
    form = answer.context["form"]
    return {
        name: "" if (value := form[name].value()) is None else value
        for name in form.fields
        if name not in ("bill_with_parent", "is_tax_exempt")
    }


def make_many(firm, number):
    Contact.objects.bulk_create(
        Contact(firm=firm, display_name=f"Contact {n:04}", created_at=NOW, updated_at=NOW)
        for n in range(number)
    )


# -- The list ------------------------------------------------------------------------------------


def test_the_list_shows_active_contacts_of_the_own_firm_by_name(client, staff, firm):
    make_contact(firm, display_name="bob")
    make_contact(firm, display_name="Ada")
    make_contact(firm, display_name="Old", is_archived=True)
    make_contact(make_firm(), display_name="Stranger")

    assert listed(client) == ["Ada", "bob"]
    assert listed(client, "?status=archived") == ["Old"]
    assert listed(client, "?status=all") == ["Ada", "bob", "Old"]


@pytest.mark.parametrize(
    "words", ["maple", "MAPLE dent", "billing@maple", "010-44", "Ridge Inc", "Rowan"]
)
def test_the_search_looks_at_names_company_email_and_phone(client, staff, firm, words):
    make_contact(
        firm,
        display_name="Maple Dental",
        company_name="Ridge Inc",
        email="billing@maple.test",
        phone="(555) 010-4482",
        given_name="Rowan",
    )
    make_contact(firm, display_name="Else")

    assert listed(client, f"?q={words.replace(' ', '+')}") == ["Maple Dental"]


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", '"', "%00", "%F0%9F%98%80", "x" * 3000])
def test_signs_in_the_search_are_only_text(client, staff, firm, query):
    make_contact(firm, display_name="Ada")
    query = query if query == "%00" or "%F0" in query else query.replace("%", "%25")

    found = listed(client, f"?q={query}")

    assert found == (["Ada"] if query == "%00" else [])


def test_the_list_is_filtered_by_sync_state(client, staff, firm):
    synced, failed = make_contact(firm, display_name="A"), make_contact(firm, display_name="B")
    make_contact(firm, display_name="Never looked at")
    mark(synced, "synced")
    mark(failed, "failed")

    assert listed(client, "?sync=failed") == ["B"]
    assert listed(client, "?sync=not_synced") == ["Never looked at"]
    assert listed(client, "?sync=nonsense") == ["A", "B", "Never looked at"]
    assert "Sync state: Failed" in client.get("/contacts/?sync=failed").content.decode()


def test_headings_sort_and_say_so(client, staff, firm):
    make_contact(firm, display_name="A", email="z@x.test")
    make_contact(firm, display_name="B", email="a@x.test")

    assert listed(client, "?sort=email") == ["B", "A"]
    assert listed(client, "?sort=-email") == ["A", "B"]
    assert listed(client, "?sort=password") == ["A", "B"]
    page = client.get("/contacts/?sort=-email&q=x").content.decode()
    assert page.count("aria-sort=") == 1
    assert 'aria-sort="descending"><a href="?sort=email&amp;q=x"' in page


@pytest.mark.parametrize(
    ("number", "pages", "count"),
    [
        (0, 1, None),
        (1, 1, "1–1 of 1 contacts"),
        (300, 1, "1–300 of 300 contacts"),
        (301, 2, "1–300 of 301 contacts"),
        (901, 4, "1–300 of 901 contacts"),
    ],
)
def test_three_hundred_a_page_and_arrows_only_where_there_are_more(
    client, staff, firm, number, pages, count
):
    make_many(firm, number)

    page = client.get("/contacts/").content.decode()

    assert page.count('<tr><th scope="row"') == min(number, 300)
    assert ('rel="next"' in page) is (pages > 1)
    assert ("Previous page (this is the first)" in page) is (pages > 1)
    assert f"page 1 of {pages}" in page if pages > 1 else "page 1 of" not in page
    if count:
        assert count in page
    else:
        assert "No contacts yet" in page
        assert 'class="pager"' not in page


def test_the_last_page_has_the_rest_and_no_next(client, staff, firm):
    make_many(firm, 901)

    page = client.get("/contacts/?page=4").content.decode()

    assert page.count('<tr><th scope="row"') == 1
    assert "901–901 of 901 contacts" in page
    assert 'rel="next"' not in page
    assert "Next page (this is the last)" in page


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "1e9"])
def test_a_page_that_is_not_there_is_the_nearest_one(client, staff, firm, page):
    make_many(firm, 301)

    assert client.get(f"/contacts/?page={page}").status_code == 200


def test_queries_do_not_grow_with_the_rows(client, staff, firm, django_assert_max_num_queries):
    client.get("/contacts/")  # fills what is kept for the run
    parent = make_contact(firm)
    numbers = []
    for number in (3, 300):
        for each in range(number):
            contact = make_contact(firm, parent_id=parent.pk)
            if each % 2:
                mark(contact, "synced")
        with django_assert_max_num_queries(8) as queries:  # three of them are the frame's
            client.get("/contacts/")
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_htmx_gets_the_list_alone_with_its_title(client, staff, firm):
    make_many(firm, 301)

    page = client.get("/contacts/?page=2", headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in page
    assert 'data-title="Contacts (page 2 of 2) - Canopy Sync"' in page


def test_an_empty_result_says_so_and_how_to_clear_it(client, staff, firm):
    make_contact(firm)

    page = client.get("/contacts/?q=nothing").content.decode()

    assert "No contacts match" in page
    assert "Clear filters" in page


# -- One contact ---------------------------------------------------------------------------------


@pytest.mark.parametrize("route", WITH_ID)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_contact_of_another_firm_is_not_found(client, staff, route, method):
    stranger = make_contact(make_firm(), display_name="Stranger")

    answer = getattr(client, method)(reverse(route, args=[stranger.pk]))

    assert answer.status_code == (405 if (route, method) == (WITH_ID[0], "post") else 404)
    stranger.refresh_from_db()
    assert (stranger.display_name, stranger.version) == ("Stranger", 1)


@pytest.mark.parametrize("pk", [0, 10**30])
def test_an_id_that_cannot_be_is_not_found(client, staff, pk):
    assert client.get(f"/contacts/{pk}/").status_code == 404


@pytest.mark.parametrize("route", CHANGING)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_viewer_may_not_change_a_contact(client, viewer, firm, route, method):
    contact = make_contact(firm)

    answer = getattr(client, method)(reverse(route, args=[contact.pk]))

    assert answer.status_code == 403
    assert "It needs the Manage Contacts permission." in answer.content.decode()


@pytest.mark.parametrize("route", ["contacts:new", "contacts:import"])
def test_a_viewer_may_not_make_contacts(client, viewer, route):
    assert client.get(reverse(route)).status_code == 403
    assert client.post(reverse(route), {"display_name": "Mine"}).status_code == 403
    assert not Contact.objects.exists()


def test_a_viewer_sees_everything_and_why_nothing_can_be_changed(client, viewer, firm):
    contact = make_contact(firm, display_name="Ada")

    for page in (client.get("/contacts/"), client.get(f"/contacts/{contact.pk}/")):
        text = page.content.decode()
        assert "Ada" in text
        assert 'aria-disabled="true" aria-describedby="why-not"' in text
        assert "Manage Contacts permission" in text
        assert "/edit/" not in text
        assert "/archive/" not in text
    assert client.get("/contacts/export.csv").status_code == 200


def test_the_detail_shows_parent_children_and_addresses(client, staff, firm):
    parent = make_contact(firm, display_name="House")
    contact = make_contact(
        firm, display_name="Room", parent_id=parent.pk, billing_line1="88 Ridge Ave"
    )
    make_contact(firm, display_name="Bed", parent_id=contact.pk)

    page = client.get(f"/contacts/{contact.pk}/").content.decode()

    assert f'href="/contacts/{parent.pk}/"' in page
    assert "Bed" in page
    assert "88 Ridge Ave" in page


def test_other_apps_show_panels_on_the_detail(client, staff, firm, monkeypatch):
    monkeypatch.setattr(panels, "_makers", [])
    contact = make_contact(firm)
    badge = "components/badge.html"
    panels.register(
        lambda request, shown: panels.Panel(template=badge, context={"text": f"about {shown.pk}"})
    )
    panels.register(lambda request, shown: None)

    page = client.get(f"/contacts/{contact.pk}/").content.decode()

    assert f"about {contact.pk}" in page


# -- New and edit --------------------------------------------------------------------------------


def test_a_new_contact_is_kept_with_all_that_was_typed(client, staff, firm):
    parent = make_contact(firm, display_name="House")
    answer = client.post(
        reverse("contacts:new"),
        {
            "display_name": " Ada Lovelace ",
            "more_emails": "a@x.test,  b@x.test,",
            "notes": "one\r\ntwo",
            "parent": "house",
            "bill_with_parent": "on",
            "is_tax_exempt": "on",
            "shipping_city": "London",
        },
    )

    contact = Contact.objects.get(display_name="Ada Lovelace")
    assert answer["Location"] == f"/contacts/{contact.pk}/"
    assert contact.more_emails == ["a@x.test", "b@x.test"]
    assert contact.notes == "one\ntwo"
    assert (contact.parent, contact.bill_with_parent) == (parent, True)
    assert contact.is_tax_exempt
    assert "Tax exempt" in client.get(answer["Location"]).content.decode()
    assert contact.addresses.get().city == "London"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"display_name": ""}, "Enter a display name"),
        ({"display_name": "x" * 501}, "Display name: at most 500 characters; these are 501"),
        ({"phone": "5" * 31}, "Phone: at most 30 characters; these are 31"),
        ({"parent": "Nobody"}, "No contact is called Nobody"),
        ({"parent": "Twin"}, "Several contacts are called Twin"),
        ({"parent": "Foreign"}, "No contact is called Foreign"),
        ({"display_name": "A\x00b"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_the_values(client, staff, firm, values, words):
    for _ in range(2):
        make_contact(firm, display_name="Twin")
    make_contact(make_firm(), display_name="Foreign")

    page = client.post(
        reverse("contacts:new"), {"display_name": "Ada", "website": "kept.test", **values}
    ).content.decode()

    assert "<title>Error: " in page
    assert page.count(words) >= 2  # in the summary and beside the field
    assert 'value="kept.test"' in page
    assert Contact.objects.filter(firm=firm).count() == 2


def test_what_quickbooks_would_refuse_is_warned_of_once_and_then_saved(client, staff, firm):
    typed = {"display_name": "Smith: Bob", "email": "nobody"}

    first = client.post(reverse("contacts:new"), typed)
    page = first.content.decode()

    assert "no colon in a display name" in page
    assert "Save anyway" in page
    assert not Contact.objects.exists()
    client.post(reverse("contacts:new"), {**typed, "accepted": first.context["accepted"]})
    assert Contact.objects.get().display_name == "Smith: Bob"
    shown = client.get(f"/contacts/{Contact.objects.get().pk}/").content.decode()
    assert "QuickBooks won't take this contact as it is" in shown


def test_a_new_warning_is_shown_though_another_was_accepted(client, staff, firm):
    page = client.post(
        reverse("contacts:new"),
        {"display_name": "Smith: Bob", "email": "nobody", "accepted": "display_name"},
    ).content.decode()

    assert "an @ and a dot" in page
    assert not Contact.objects.exists()


def test_a_second_contact_of_a_name_is_warned_of(client, staff, firm):
    make_contact(firm, display_name="Ada")
    make_contact(make_firm(), display_name="Bob")

    assert (
        "Two contacts share this name"
        in client.post(reverse("contacts:new"), {"display_name": "ADA"}).content.decode()
    )
    assert client.post(reverse("contacts:new"), {"display_name": "Bob"}).status_code == 302


def test_saving_a_form_as_it_was_drawn_changes_nothing(client, staff, firm):
    parent = make_contact(firm, display_name="House")
    contact = make_contact(
        firm,
        display_name="Ada",
        notes="one\ntwo",
        more_emails=["a@x.test", "b@x.test"],
        parent_id=parent.pk,
        billing_line1="88 Ridge Ave",
    )
    drawn = values_of_form(client.get(f"/contacts/{contact.pk}/edit/"))

    answer = client.post(f"/contacts/{contact.pk}/edit/", drawn)

    contact.refresh_from_db()
    assert answer.status_code == 302
    assert contact.version == 1


def test_of_two_edits_of_different_fields_both_survive(client, staff, firm):
    contact = make_contact(firm, display_name="Ada", phone="1", email="a@x.test")
    drawn = values_of_form(client.get(f"/contacts/{contact.pk}/edit/"))
    services.update_contact(
        actor=make_actor(firm), contact=contact, version=1, changes={"phone": "2"}, now=NOW
    )

    asked = client.post(f"/contacts/{contact.pk}/edit/", {**drawn, "email": "b@x.test"})
    again = values_of_form(asked)
    client.post(f"/contacts/{contact.pk}/edit/", again)

    contact.refresh_from_db()
    assert "Somebody changed this contact" in asked.content.decode()
    assert (contact.phone, contact.email) == ("2", "b@x.test")


def test_of_two_edits_of_one_field_both_values_are_shown_and_keep_mine_keeps_mine(
    client, staff, firm
):
    contact = make_contact(firm, display_name="Ada", phone="1")
    drawn = values_of_form(client.get(f"/contacts/{contact.pk}/edit/"))
    services.update_contact(
        actor=make_actor(firm), contact=contact, version=1, changes={"phone": "2"}, now=NOW
    )

    asked = client.post(f"/contacts/{contact.pk}/edit/", {**drawn, "phone": "3"})

    assert asked.context["conflict"] == [{"label": "Phone", "mine": "3", "theirs": "2"}]
    contact.refresh_from_db()
    assert contact.phone == "2"
    client.post(f"/contacts/{contact.pk}/edit/", values_of_form(asked))
    contact.refresh_from_db()
    assert contact.phone == "3"


def test_a_warning_that_was_accepted_is_not_asked_about_again_after_a_clash(client, staff, firm):
    contact = make_contact(firm, display_name="Smith: Bob", phone="1")
    drawn = values_of_form(client.get(f"/contacts/{contact.pk}/edit/"))
    services.update_contact(
        actor=make_actor(firm), contact=contact, version=1, changes={"phone": "2"}, now=NOW
    )

    asked = client.post(
        f"/contacts/{contact.pk}/edit/", {**drawn, "phone": "3", "accepted": "display_name"}
    )

    assert asked.context["accepted"] == "display_name"
    again = {**values_of_form(asked), "accepted": asked.context["accepted"]}
    assert client.post(f"/contacts/{contact.pk}/edit/", again).status_code == 302


@pytest.mark.parametrize("seen", ["", "[]", "{", "null", '"x"'])
def test_a_form_without_what_was_seen_is_asked_about_not_saved(client, staff, firm, seen):
    contact = make_contact(firm, display_name="Ada", phone="1")

    answer = client.post(
        f"/contacts/{contact.pk}/edit/",
        {"display_name": "Ada", "phone": "3", "version": "99", "seen": seen},
    )

    contact.refresh_from_db()
    assert answer.status_code == 200
    assert contact.phone == "1"


def test_a_contact_is_archived_and_restored_by_post_only(client, staff, firm):
    contact = make_contact(firm, display_name="Ada")

    assert "Archive" in client.get(f"/contacts/{contact.pk}/archive/").content.decode()
    client.get(f"/contacts/{contact.pk}/restore/")
    assert listed(client) == ["Ada"]
    client.post(f"/contacts/{contact.pk}/archive/")
    assert listed(client) == []
    client.post(f"/contacts/{contact.pk}/restore/")
    assert listed(client) == ["Ada"]


def test_parent_options_are_of_the_own_firm(client, staff, firm):
    make_contact(firm, display_name="House")
    make_contact(make_firm(), display_name="House of others")

    page = client.get("/contacts/parents/?parent=hou").content.decode()

    assert "House #" in page
    assert "others" not in page


# -- CSV -----------------------------------------------------------------------------------------


def upload(client, text, name="contacts.csv"):
    file = SimpleUploadedFile(name, text.encode())
    return client.post(reverse("contacts:import"), {"file": file}, follow=True)


def test_a_file_is_checked_then_asked_about_then_imported(client, staff, firm):
    make_contact(firm, display_name="Ada")

    asked = upload(client, "Display name,Email\nAda,\nBob,nobody\n")

    page = asked.content.decode()
    assert "Import 2 contacts?" in page
    assert listed(client) == ["Ada"]
    client.post(asked.request["PATH_INFO"], {"leave_known_out": "on"})
    assert listed(client) == ["Ada", "Bob"]


def test_a_double_press_imports_once_and_says_so(client, staff, firm):
    path = upload(client, "Display name\nAda\n").request["PATH_INFO"]
    client.post(path)

    page = client.post(path, follow=True).content.decode()

    assert "contacts.csv was imported already." in page
    assert listed(client) == ["Ada"]


def test_a_file_with_a_bad_row_imports_nothing_and_names_row_and_reason(client, staff, firm):
    page = upload(client, 'Display name,Archived\nAda,no\n"<b>Bob</b>",<i>\n').content.decode()

    assert "Nothing was imported: 1 row is wrong" in page
    assert '<td data-l="Row">3</td><td>Archived</td>' in page
    assert "<i>" not in page.split("<main", 1)[1]
    assert listed(client) == []


def test_the_file_of_another_person_is_not_found(client, staff, firm):
    asked = upload(client, "Display name\nAda\n")
    client.force_login(make_member(firm).user)

    assert client.get(asked.request["PATH_INFO"]).status_code == 404
    assert client.post(asked.request["PATH_INFO"]).status_code == 404
    assert listed(client) == []


def test_the_export_has_what_the_list_shows(client, staff, firm):
    make_contact(firm, display_name="Ada")
    make_contact(firm, display_name="Old", is_archived=True)
    make_contact(make_firm(), display_name="Stranger")

    answer = client.get("/contacts/export.csv?status=archived")
    text = b"".join(answer.streaming_content).decode()

    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer["Cache-Control"]
    assert "Old" in text
    assert "Ada" not in text
    assert "Stranger" not in text


# -- Hostile text --------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE contacts_contact; --",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "javascript:alert(1)",
    "\u202eevil\u202c",
    "x" * 500,
    "a&amp;b",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text_on_every_page(client, staff, firm, text):
    contact = make_contact(
        firm,
        display_name=text,
        company_name=text[:100],
        email=text[:300],
        phone=text[:30],
        website=text,
        notes=text,
        billing_line1=text,
    )
    make_contact(firm, display_name="Child", parent_id=contact.pk)

    for path in (
        "/contacts/",
        f"/contacts/{contact.pk}/",
        f"/contacts/{contact.pk}/edit/",
        f"/contacts/{contact.pk}/archive/",
        "/contacts/parents/?parent=",
    ):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
        assert "{{ 7" in page or "{{" not in text
    assert text in client.get(f"/contacts/{contact.pk}/").context["contact"].display_name
