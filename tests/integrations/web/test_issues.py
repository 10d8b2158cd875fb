"""The buttons of what needs a person, pressed: with the real engine and the emulator."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from contacts import services
from firms.models import Membership, User
from integrations.models import Activity, InboxEntry, Issue, Link
from integrations.sync import links
from tests.world import World

HOME = "/settings/integrations/qbo/"
TAKEN = "Amy's Bird Sanctuary"  # a customer of the sample company


@pytest.fixture
def browser(world: World) -> Client:
    """The browser of the admin of the world's firm."""
    client = Client()
    client.force_login(User.objects.get(pk=world.actor.user_id))
    return client


def words(client: Client, url: str = HOME) -> str:
    return " ".join(client.get(url).content.decode().split())


def press(client: Client, action: str, issue: Issue, **posted: str):
    return client.post(reverse(f"integrations:{action}", args=[issue.pk]), posted)


@pytest.fixture
def contested(world: World):
    """A contact whose phone and e-mail were changed on both sides."""
    contact = world.linked("Ada Lovelace", phone="555-0100", email="ada@one.test")
    world.edit(contact, phone="555-0111", email="ada@ours.test")
    world.edit_there(
        contact,
        PrimaryPhone={"FreeFormNumber": "555-0199"},
        PrimaryEmailAddr={"Address": "ada@theirs.test"},
    )
    world.sync(feed=True)
    assert world.open_issue().is_conflict
    return contact


def both(world: World, contact) -> tuple[tuple[str, str], tuple[str, str]]:
    contact.refresh_from_db()
    customer = world.customer(contact)
    return (contact.phone, contact.email), (
        customer["PrimaryPhone"]["FreeFormNumber"],
        customer["PrimaryEmailAddr"]["Address"],
    )


@pytest.mark.parametrize(
    ("side", "kept"),
    [
        ("local", ("555-0111", "ada@ours.test")),
        ("remote", ("555-0199", "ada@theirs.test")),
    ],
)
def test_keeping_a_side_makes_both_equal(world, browser, contested, side, kept):
    press(browser, "decide", world.open_issue(), keep_all=side)
    assert "Decided." in words(browser)
    assert ">Undo</button>" in words(browser)

    world.sync(after=60)

    assert both(world, contested) == (kept, kept)
    assert "Nothing needs you" in words(browser)


def test_field_by_field_each_side_may_win(world, browser, contested):
    press(browser, "decide", world.open_issue(), keep_phone="local", keep_email="remote")

    world.sync(after=60)

    kept = ("555-0111", "ada@theirs.test")
    assert both(world, contested) == (kept, kept)


def test_a_decision_can_be_undone_until_it_is_sent(world, browser, contested):
    issue = world.open_issue()
    press(browser, "decide", issue, keep_all="local")

    press(browser, "undo", issue)
    world.sync(after=60)

    ours, theirs = both(world, contested)
    assert (ours[0], theirs[0]) == ("555-0111", "555-0199")
    assert world.open_issue().decided_at is None


def test_a_decision_without_a_choice_is_asked_for(world, browser, contested):
    press(browser, "decide", world.open_issue())

    assert "Choose which side to keep" in words(browser)
    assert world.open_issue().decided_at is None


def test_a_decision_that_came_too_late_says_so(world, browser, contested):
    issue = world.open_issue()
    press(browser, "decide", issue, keep_all="local")
    world.sync(after=60)

    press(browser, "decide", issue, keep_all="remote")

    assert "It was decided or mended meanwhile." in words(browser)


@pytest.fixture
def refused(world: World) -> Issue:
    """A contact that QuickBooks would not take: the name is taken."""
    world.create(TAKEN, email="amy@example.test")
    world.sync()
    issue = world.open_issue()
    assert issue.kind == Issue.Kind.DUPLICATE_NAME
    return issue


def test_linking_to_the_existing_customer_makes_no_second_one(
    world,
    browser,
    refused,
):
    [existing] = world.customers_named(TAKEN)

    press(browser, "link_to_existing", refused, remote_id=existing["Id"])
    world.sync(after=60, feed=True)

    link = Link.objects.get(pk=refused.link_id)
    assert (link.state, link.remote_id) == ("linked", existing["Id"])
    assert len(world.customers_named(TAKEN)) == 1
    refused.refresh_from_db()
    assert refused.state == Issue.State.RESOLVED


def test_a_vendor_of_that_name_is_not_linked_but_told(world, browser):
    vendor = world.quickbooks.objects("Vendor")[0]["DisplayName"]
    contact = world.create(vendor)
    world.sync()
    assert "Link to existing customer</button>" in words(browser)

    press(browser, "link_to_existing", world.open_issue())
    world.sync(after=60)

    issue = world.open_issue()
    assert issue.kind == Issue.Kind.DUPLICATE_NAME
    assert world.link(contact).remote_id is None
    page = words(browser)
    assert f"A vendor or an employee in QuickBooks is called {vendor}." in page
    assert "Rename contact" in page
    assert "Link to existing customer" not in page


def test_archiving_one_with_a_balance_says_how_to_go_on_and_can_be_taken_back(world, browser):
    owing = next(each for each in world.quickbooks.objects() if float(each.get("Balance", 0)) > 0)
    contact = world.create("Somebody")
    links.match(
        actor=world.actor,
        connection=world.connection,
        entity="contact",
        local_id=contact.pk,
        remote_id=owing["Id"],
        now=world.now,
    )
    world.sync()
    for each in list(Issue.objects.filter(state="open")):
        press(browser, "decide", each, keep_all="remote")
    world.sync(after=60)
    contact.refresh_from_db()
    services.archive_contact(actor=world.actor, contact=contact, now=world.now)
    world.sync()

    page = words(browser)
    assert "QuickBooks keeps a customer active while it has an open balance." in page
    assert "open the contact and restore it" in page
    assert "Open contact" in page

    contact.refresh_from_db()
    services.restore_contact(actor=world.actor, contact=contact, now=world.now)
    world.sync(after=60)

    assert "Nothing needs you" in words(browser)
    assert world.link(contact).state == Link.State.LINKED


def test_the_existing_customer_can_be_found_by_asking_there(
    world,
    browser,
    refused,
):
    [existing] = world.customers_named(TAKEN)
    find = reverse("integrations:find", args=["contact", refused.link.local_id])

    page = words(browser, f"{find}?ask=1")

    assert f'name="remote_id" value="{existing["Id"]}"' in page
    assert "Same name" in page


def test_another_name_is_sent(world, browser, refused):
    page = words(browser, reverse("integrations:issue", args=[refused.pk]))
    assert "Rename and try again" in page
    version = refused.link.local_version or 1

    press(browser, "rename", refused, name="Amy Lauterbach", version=str(version))
    world.sync(after=60)

    assert len(world.customers_named("Amy Lauterbach")) == 1
    assert "Nothing needs you" in words(browser)


def test_an_empty_name_is_refused_beside_the_field(world, browser, refused):
    page = press(browser, "rename", refused, name="", version="1").content.decode()

    assert "There is a problem" in page
    assert "Enter a name" in page


def test_a_retry_counts_as_another_try(world, browser, refused):
    press(browser, "retry", refused)
    world.sync(after=60)

    refused.refresh_from_db()
    assert refused.tries == 2


def test_retry_all_retries_errors_and_never_conflicts(
    world,
    browser,
    contested,
    django_capture_on_commit_callbacks,
):
    world.create(TAKEN)
    world.sync()
    conflict = Issue.objects.get(kind=Issue.Kind.CONFLICT)
    before = conflict.link.wake_at

    answer = browser.post(reverse("integrations:retry_all"), follow=True)

    assert "1 error will be tried again." in answer.content.decode()
    conflict.refresh_from_db()
    assert conflict.link.wake_at == before


def test_ignoring_needs_a_reason_and_keeps_it(world, browser, refused):
    page = press(browser, "ignore", refused, reason="").content.decode()
    assert "Say why it can be put aside" in page

    press(browser, "ignore", refused, reason="Only a prospect")

    refused.refresh_from_db()
    assert (refused.state, refused.closing_note) == (Issue.State.IGNORED, "Only a prospect")
    assert Activity.objects.filter(title__contains="Only a prospect").exists()


def test_a_closed_issue_still_has_its_page(world, browser, refused):
    press(browser, "ignore", refused, reason="Only a prospect")

    page = words(browser, reverse("integrations:issue", args=[refused.pk]))

    assert "<b>Ignored</b>" in page
    assert "/retry/" not in page


def test_a_new_contact_is_on_its_way_and_offers_no_button_to_create_it(world, browser):
    contact = world.create("Grace Hopper")
    address = reverse("contacts:contact", args=[contact.pk])

    assert "It is on its way to QuickBooks." in words(browser, address)
    assert "Create in QuickBooks" not in words(browser, address)

    world.sync()

    assert "Linked to" in words(browser, address)


def test_a_left_out_contact_is_created_there_by_its_button(world, browser):
    contact = world.create("Grace Hopper")
    Link.objects.create(
        connection=world.connection,
        firm=world.firm,
        entity="contact",
        local_id=contact.pk,
        label="Grace Hopper",
        state=Link.State.LEFT_OUT,
    )
    link = world.link(contact)
    world.sync()
    assert world.customers_named("Grace Hopper") == []

    browser.post(reverse("integrations:left_out_create"), {"side": "ours", "only": str(link.pk)})
    world.sync(after=60)

    assert len(world.customers_named("Grace Hopper")) == 1


def test_unmatching_stops_the_copying_and_deletes_nothing(world, browser):
    contact = world.linked("Ada Lovelace")
    link = world.link(contact)
    page = words(browser, reverse("integrations:unmatch", args=[link.pk]))
    assert "Changes stop being copied. Nothing is deleted." in page

    browser.post(reverse("integrations:unmatch", args=[link.pk]))
    world.edit(contact, phone="555-0777")
    world.sync(after=60)

    [customer] = world.customers_named("Ada Lovelace")
    assert "PrimaryPhone" not in customer
    assert "Not linked. It doesn't sync." in words(browser, f"/contacts/{contact.pk}/").replace(
        "&#x27;", "'"
    )


def test_a_linked_contact_shows_both_sides_and_its_timeline(world, browser):
    contact = world.linked("Ada Lovelace", phone="555-0100")
    world.edit(contact, phone="555-0111")

    page = words(browser, f"/contacts/{contact.pk}/")

    assert "Details on both sides" in page
    assert '<span class="d"><bdi>555-0111</bdi></span>' in page
    assert '<span class="d"><bdi>555-0100</bdi></span>' in page
    assert "On its way" in page
    assert reverse("integrations:unmatch", args=[world.link(contact).pk]) in page


def test_a_hostile_customer_is_harmless_on_the_contacts_page(world, browser):
    contact = world.linked("Ada Lovelace")
    world.edit_there(contact, DisplayName='<script>alert("x")</script>')
    world.sync(feed=True)

    page = words(browser, f"/contacts/{contact.pk}/") + words(browser)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_sync_now_of_a_contact_is_for_everybody_who_may_look(world):
    contact = world.linked("Ada Lovelace")
    membership = Membership.objects.get(user_id=world.actor.user_id)
    membership.role.permissions = ["view_only"]
    membership.role.save()
    client = Client()
    client.force_login(membership.user)

    answer = client.post(
        reverse("integrations:pair_sync_now", args=[world.link(contact).pk]), follow=True
    )

    assert "is looked at now." in answer.content.decode()


def test_two_customers_merged_there_can_be_merged_here(world, browser):
    left, gone = world.linked("Quist Marine"), world.linked("Quist Boats")
    into = world.link(left).remote_id
    InboxEntry.objects.create(
        connection=world.connection,
        entity="contact",
        remote_id=into,
        merged_from=world.link(gone).remote_id or "",
        source="webhook",
        operation="merged",
        needs_read=True,
        made_at=world.now,
    )
    world.quickbooks.act("merge", world.link(gone).remote_id or "", into=into)
    world.sync()
    page = f"{reverse('contacts:merge', args=[left.pk])}?other={gone.pk}"
    assert f'href="{page}">Merge the two here</a>' in words(browser)

    gone.refresh_from_db()
    left.refresh_from_db()
    browser.post(page, {"keep_version": left.version, "lose_version": gone.version})
    world.sync()

    gone.refresh_from_db()
    assert gone.merged_into == left
    assert "Nothing needs you" in words(browser)
