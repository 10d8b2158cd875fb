"""The pages that merge two contacts: which, side by side, and why it cannot be done."""

import re

import pytest
from django.urls import reverse

from contacts import merge_choices, services
from contacts.models import Contact
from firms.middleware import actor_of
from firms.permissions import VIEWER
from tests.factories import NOW, make_contact, make_firm, make_invoice, make_member, make_payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return make_firm(name="Alder & Finch")


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm)
    client.force_login(membership.user)
    return membership


@pytest.fixture
def keep(firm):
    return make_contact(firm, display_name="Maple", phone="1")


@pytest.fixture
def lose(firm):
    return make_contact(firm, display_name="Maple Inc", phone="2", email="a@x.test")


def address(keep, lose=None):
    page = reverse("contacts:merge", args=[keep.pk])
    return f"{page}?other={lose.pk}" if lose else page


def press(client, keep, lose, **chosen):
    versions = {"keep_version": keep.version, "lose_version": lose.version}
    return client.post(address(keep, lose), {**versions, **chosen}, follow=True)


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_other_contact_is_searched_for(client, staff, firm, keep, lose):
    make_contact(firm, display_name="Birch")
    make_contact(make_firm(), display_name="Maple of others")

    page = client.get(f"{address(keep)}?q=maple")
    options = client.get(f"{address(keep)}?q=maple", headers={"HX-Request": "true"})

    for answer in (page, options):
        shown = answer.content.decode()
        assert f'href="{address(keep, lose)}"' in shown
        assert "Birch" not in shown
        assert "Maple of others" not in shown
    assert "<h1>" not in options.content.decode()


def test_both_are_shown_with_what_moves_before_anything_happens(client, staff, keep, lose):
    make_payment(make_invoice(keep.firm, contact=lose), "100.00")

    shown = text_of(client.get(address(keep, lose)))

    assert "Merge Maple Inc into Maple" in shown
    assert "1 invoice, 50.00 open" in shown
    assert "1 payment, 100.00 received" in shown
    assert Contact.objects.standing().count() == 2


def test_blanks_are_filled_and_the_rest_is_chosen(client, staff, keep, lose):
    page = client.get(address(keep, lose)).content.decode()
    assert 'name="take-email" value="other" checked' in page
    assert 'name="take-phone" value="this" checked' in page

    answer = press(client, keep, lose, **{"take-email": "other", "take-phone": "other"})

    keep.refresh_from_db()
    assert (keep.display_name, keep.phone, keep.email) == ("Maple", "2", "a@x.test")
    assert answer.redirect_chain == [(reverse("contacts:contact", args=[keep.pk]), 302)]
    assert "Maple Inc merged into Maple" in text_of(answer)


def test_whether_it_is_tax_exempt_is_chosen_like_the_rest(client, staff, keep, lose):
    """It was left out: the survivor of an exempt client was taxed without a word."""
    services.update_contact(
        actor=actor_of(staff), contact=lose, version=1, changes={"is_tax_exempt": True}, now=NOW
    )
    lose.refresh_from_db()
    page = client.get(address(keep, lose)).content.decode()
    assert "Tax exempt" in page
    assert 'name="take-is_tax_exempt" value="this" checked' in page

    press(client, keep, lose, **{"take-is_tax_exempt": "other"})

    keep.refresh_from_db()
    assert keep.is_tax_exempt


def test_every_field_that_a_merge_may_take_can_be_chosen():
    chosen = {field for name in merge_choices.LABELS for field in merge_choices.fields_of(name)}

    assert chosen == services.MERGED_FIELDS


def test_a_contact_changed_meanwhile_is_shown_as_it_is_now(client, staff, keep, lose):
    services.update_contact(
        actor=actor_of(staff), contact=lose, version=1, changes={"fax": "9"}, now=NOW
    )

    answer = press(client, keep, lose)

    assert "Maple Inc was changed by somebody else meanwhile" in text_of(answer)
    assert "<title>Error: " in answer.content.decode()
    assert 'name="take-fax"' in answer.content.decode()
    assert Contact.objects.standing().count() == 2


def test_what_is_refused_cannot_be_pressed(client, staff, firm, keep):
    below = make_contact(firm, display_name="Branch", parent_id=keep.pk)

    page = client.get(address(below, keep)).content.decode()
    answer = press(client, below, keep)

    assert "Branch lies below Maple" in page
    assert 'aria-disabled="true" aria-describedby="why-not">Merge contacts' in page
    assert "Nothing was merged" in text_of(answer)
    assert Contact.objects.standing().count() == 2


def test_the_page_of_a_merged_contact_says_where_it_went(client, staff, keep, lose):
    press(client, keep, lose)

    answer = client.get(reverse("contacts:contact", args=[lose.pk]))
    restored = client.post(reverse("contacts:restore", args=[lose.pk]), follow=True)
    listed = client.get("/contacts/?status=archived")

    assert "Maple Inc was merged into Maple" in text_of(answer)
    assert f'href="{reverse("contacts:contact", args=[keep.pk])}"' in answer.content.decode()
    assert "Restore" not in answer.content.decode()
    assert "was merged into Maple, which stands for it now" in text_of(restored)
    assert "merged into Maple" in text_of(listed)
    assert "merged into Maple already" in text_of(client.get(address(keep, lose)))


def test_a_merged_contact_is_offered_nowhere(client, staff, firm, keep, lose):
    press(client, keep, lose)
    other = make_contact(firm, display_name="Birch")

    assert "Maple Inc" not in client.get(f"{address(other)}?q=maple").content.decode()
    assert "Maple Inc" not in client.get("/contacts/parents/?parent=maple").content.decode()


@pytest.mark.parametrize("other", ["", "x", "-1", "9" * 15, "9" * 40])
def test_an_other_that_cannot_be_is_asked_for_or_not_found(client, staff, keep, other):
    answer = client.get(f"{address(keep)}?other={other}")

    assert answer.status_code == (404 if other == "9" * 15 else 200)


def test_contacts_of_another_firm_are_not_found(client, staff, keep):
    stranger = make_contact(make_firm())

    assert client.get(address(keep, stranger)).status_code == 404
    assert client.get(address(stranger, keep)).status_code == 404
    assert press(client, keep, stranger).status_code == 404


def test_a_viewer_may_not_merge(client, firm, keep, lose):
    client.force_login(make_member(firm, role="Viewer", permissions=VIEWER).user)

    assert client.get(address(keep, lose)).status_code == 403
    assert press(client, keep, lose).status_code == 403


def test_hostile_names_are_shown_as_text(client, staff, firm):
    evil = "<script>alert(1)</script>"
    keep, lose = make_contact(firm, display_name=evil), make_contact(firm, email=evil)

    for answer in (
        client.get(address(keep)),
        client.get(address(keep, lose)),
        press(client, keep, lose),
        client.get(reverse("contacts:contact", args=[lose.pk])),
    ):
        assert evil not in answer.content.decode()
