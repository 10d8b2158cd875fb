"""Service items are written by services only: one transaction, one version, one event."""

from decimal import Decimal as D
from threading import Thread

import pytest
from django.db import connection, transaction

from billing import events, limits, queries
from billing.licence import NotLicensed
from billing.models import ServiceItem
from billing.services import service_items as services
from firms.marks import SyncMark
from firms.models import Licence
from firms.permissions import VIEWER, Actor, NotAllowed, WrongFirm
from tests.factories import NOW, make_actor, make_firm, make_service_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return make_firm()


@pytest.fixture
def actor(firm):
    return make_actor(firm)


@pytest.fixture
def told():
    """What listeners heard: the item, its version, who did it."""
    heard = []

    def listen(**facts):
        heard.append((facts["service_item_id"], facts["version"], facts["actor"].label))

    events.service_item_changed.connect(listen)
    yield heard
    events.service_item_changed.disconnect(listen)


def create(actor, **values):
    return services.create_service_item(
        actor=actor, values={"name": "Bookkeeping", **values}, now=NOW
    )


def update(actor, item, version=1, **changes):
    return services.update_service_item(
        actor=actor, item=item, version=version, changes=changes, now=NOW
    )


def archive(actor, item):
    return services.archive_service_item(actor=actor, item=item, now=NOW)


def restore(actor, item):
    return services.restore_service_item(actor=actor, item=item, now=NOW)


def accept(firm, item=None, **values):
    return services.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk), item_id=item and item.pk, values=values, now=NOW
    )


def test_a_new_item_keeps_all_its_values_and_is_told_of(actor, told):
    values = {
        "name": "Bookkeeping",
        "description": "Monthly books",
        "rate": D("75.1234567"),
        "sku": "BK-1",
        "is_taxable": True,
        "category": "Accounting:Monthly",
        "income_account_id": "79",
    }

    item = services.create_service_item(actor=actor, values=values, now=NOW)

    item.refresh_from_db()
    assert services.values_of(item) == values
    assert (item.firm_id, item.version, item.created_at) == (actor.firm_id, 1, NOW)
    assert told == [(item.pk, 1, actor.label)]


def test_the_event_is_part_of_the_transaction(actor):
    def fail(**facts):
        raise RuntimeError("The outbox is full.")

    events.service_item_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            create(actor)
    finally:
        events.service_item_changed.disconnect(fail)

    assert not ServiceItem.objects.exists()


def test_an_edit_of_a_version_that_was_seen_raises_the_version(actor, told):
    item = create(actor)

    changed = update(actor, item, rate=D("80"), description="New")

    assert (changed.version, changed.rate, changed.description) == (2, D("80"), "New")
    assert [each[1] for each in told] == [1, 2]


def test_an_edit_of_an_older_version_is_refused_and_names_the_current_one(actor):
    item = create(actor)
    update(actor, item, rate=D("80"))

    with pytest.raises(services.ServiceItemChanged, match="changed by somebody else") as caught:
        update(actor, item, rate=D("90"))

    assert caught.value.item.rate == D("80")
    item.refresh_from_db()
    assert (item.version, item.rate) == (2, D("80"))


def test_an_edit_that_changes_nothing_raises_no_version_and_tells_nobody(actor, told):
    item = create(actor, rate=D("75"))

    same = update(actor, item, name="Bookkeeping", rate=D("75.00"))

    assert (same.version, len(told)) == (1, 1)


def test_archiving_twice_is_archiving_once(actor, told):
    item = create(actor)

    archive(actor, item)
    again = archive(actor, item)

    assert (again.is_archived, again.version, len(told)) == (True, 2, 2)
    assert restore(actor, item).is_archived is False


WRITES = [
    lambda actor, item: create(actor, name="New"),
    lambda actor, item: update(actor, item, name="New"),
    archive,
    restore,
]


@pytest.mark.parametrize("write", WRITES)
def test_writing_needs_the_permission(firm, write, told):
    item = make_service_item(firm)
    told.clear()

    with pytest.raises(NotAllowed, match="Manage Service Items"):
        write(make_actor(firm, role="Viewer", permissions=VIEWER), item)

    assert told == []
    assert list(ServiceItem.objects.values_list("name", "version")) == [(item.name, 1)]


@pytest.mark.parametrize("write", WRITES)
def test_writing_needs_the_licence(write):
    firm = make_firm(licences=[Licence.TRANSCRIPTS_AND_NOTICES])
    item = make_service_item(firm)

    with pytest.raises(NotLicensed, match=r"need the Time & Billing licence.*Billing plan"):
        write(make_actor(firm), item)


@pytest.mark.parametrize("write", WRITES[1:])
def test_an_item_of_another_firm_cannot_be_written(actor, write):
    item = make_service_item(make_firm())

    with pytest.raises(WrongFirm):
        write(actor, item)


# -- Names -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["Bookkeeping", "BOOKKEEPING"])
def test_two_active_items_cannot_share_a_name(actor, name):
    create(actor)
    other = create(actor, name="Other")

    with pytest.raises(services.NameTaken, match="Choose another name, or archive"):
        create(actor, name=name)
    with pytest.raises(services.NameTaken):
        update(actor, other, name=name)

    assert ServiceItem.objects.filter(name__iexact=name).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_use_a_name_at_once_one_is_refused(actor):
    refused = []

    def create_too():
        try:
            create(actor)
        except services.NameTaken as error:
            refused.append(error)
        finally:
            connection.close()

    other = Thread(target=create_too)
    with transaction.atomic():
        create(actor)
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()  # it waits until the first is saved
    other.join(timeout=10)

    assert len(refused) == 1
    assert ServiceItem.objects.count() == 1


def test_the_name_of_an_archived_item_is_free_and_then_it_cannot_come_back(actor):
    old = create(actor)
    archive(actor, old)

    new = create(actor)

    with pytest.raises(services.NameTaken):
        restore(actor, old)
    update(actor, new, name="Books")
    assert restore(actor, old).is_archived is False


def test_two_firms_may_share_a_name(actor):
    create(actor)

    assert create(make_actor(make_firm())).name == "Bookkeeping"


def test_an_item_keeps_its_own_name_and_may_change_its_capitals(actor):
    item = create(actor)

    assert update(actor, item, name="bookkeeping").name == "bookkeeping"


# -- What cannot be saved --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "error", "field", "words"),
    [
        ({"name": ""}, services.NameMissing, "name", "needs a name"),
        ({"name": " \t"}, services.NameMissing, "name", "needs a name"),
        (
            {"name": "x" * 101},
            services.TextTooLong,
            "name",
            "at most 100 characters; these are 101",
        ),
        ({"description": "x" * 4001}, services.TextTooLong, "description", "at most 4000"),
        ({"sku": "x" * 101}, services.TextTooLong, "sku", "at most 100"),
        ({"rate": D("1.00000001")}, services.RateNotPossible, "rate", "at most 7 decimals"),
        ({"rate": D("NaN")}, services.RateNotPossible, "rate", "has to be a number"),
        ({"rate": D("-Infinity")}, services.RateNotPossible, "rate", "has to be a number"),
        ({"rate": D("-0.01")}, services.RateNotPossible, "rate", "can't be negative"),
        ({"rate": D("100000000000")}, services.RateNotPossible, "rate", "at most 99,999,999,999"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_what_to_do(actor, told, values, error, field, words):
    item = create(actor, name="Here")
    told.clear()

    for write in (lambda: create(actor, **values), lambda: update(actor, item, **values)):
        with pytest.raises(error, match=words) as caught:
            write()
        assert caught.value.field == field

    assert told == []
    assert list(ServiceItem.objects.values_list("name", "version")) == [("Here", 1)]


@pytest.mark.parametrize("write", [create, lambda actor, **it: update(actor, create(actor), **it)])
def test_a_rate_is_never_a_float(actor, write):
    with pytest.raises(TypeError, match="a Decimal, not a float"):
        write(actor, rate=75.5)


def test_the_largest_values_are_kept_as_they_are(actor):
    values = {
        "name": "x" * 100,
        "description": "x" * 4000,
        "sku": "x" * 100,
        "rate": D("99999999998.9999999"),
    }

    item = create(actor, **values)

    item.refresh_from_db()
    assert {name: getattr(item, name) for name in values} == values


def test_a_value_that_no_item_has_is_a_mistake_of_ours(actor):
    with pytest.raises(ValueError, match="has no price"):
        create(actor, price=D("1"))


# -- From the books --------------------------------------------------------------------------------
def test_what_the_books_hold_always_lands(firm, actor):
    create(actor)

    twin = accept(firm, name="Bookkeeping", category="Other", rate=D("-10"))

    assert (twin.rate, twin.version) == (D("-10"), 1)
    assert accept(firm, twin, rate=D("-11")).version == 2


def test_an_item_with_a_name_that_the_books_repeat_can_still_be_edited(firm, actor):
    create(actor)
    twin = accept(firm, name="Bookkeeping", rate=D("-10"))

    assert update(actor, twin, description="The other one").description == "The other one"


def test_only_the_sync_writes_what_the_books_hold(actor):
    with pytest.raises(ValueError, match="Only the sync"):
        services.accept_from_books(actor=actor, item_id=None, values={"name": "A"}, now=NOW)


def test_the_sync_of_one_firm_cannot_write_an_item_of_another(firm):
    item = make_service_item(make_firm())

    with pytest.raises(ServiceItem.DoesNotExist):
        accept(firm, item, name="Mine")


# -- Limits ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Design: Fountains", 'no colon in an item\'s name. Try "Design - Fountains"'),
        ("A\tB", 'no tab in an item\'s name. Try "A B"'),
        ("A\nB", "no line break"),
    ],
)
def test_a_limit_of_quickbooks_is_named(name, words):
    assert words in limits.warnings({"name": name})["name"]


def test_usual_names_are_not_warned_of():
    assert limits.warnings({"name": "Books & taxes (2026), 1/2 Größe"}) == {}


# -- Reads -----------------------------------------------------------------------------------------
def names(firm, **query):
    filters = queries.ItemFilters.read(query)
    return [it.name for it in queries.listed_items(queries.search_items(firm, filters), filters)]


def test_the_list_is_of_one_firm_searched_filtered_and_sorted(firm):
    make_service_item(firm, name="b", rate=D("2"), sku="S-1", description="Fountain")
    make_service_item(firm, name="A", rate=D("3"), category="Garden")
    make_service_item(firm, name="c", rate=D("1"), is_archived=True)
    make_service_item(make_firm(), name="d")

    assert names(firm) == ["A", "b"]
    assert names(firm, status="all", sort="-rate") == ["A", "b", "c"]
    assert names(firm, status="archived") == ["c"]
    assert names(firm, q="fount s-1") == ["b"]
    assert names(firm, q="garden") == ["A"]
    assert names(firm, q="%") == []
    assert names(firm, sort="no such", status="no such") == ["A", "b"]
    found = queries.search_items(firm, queries.ItemFilters())
    assert queries.count_items_by_status(found) == {"all": 3, "archived": 1, "active": 2}


def test_the_sync_state_is_the_items_own_not_that_of_a_contact_with_its_number(firm):
    item = make_service_item(firm)
    for entity, state in (("contact", "failed"), ("service_item", "synced")):
        SyncMark.objects.create(
            firm=firm, entity=entity, local_id=item.pk, state=state, changed_at=NOW
        )

    filters = queries.ItemFilters()
    listed = queries.listed_items(queries.search_items(firm, filters), filters)
    assert [it.sync_state for it in listed] == [queries.item_sync_state(item)] == ["synced"]
