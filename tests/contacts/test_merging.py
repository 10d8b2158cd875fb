"""Two contacts become one: what moves, what stays, and why it may be refused."""

from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection, transaction

from billing import queries
from billing.errors import BillingError
from billing.models import Invoice, Payment
from billing.services import payments
from contacts import merge_choices, services
from contacts import queries as contact_queries
from contacts.models import Contact
from firms.models import AuditEntry
from firms.permissions import NotAllowed, Permission, WrongFirm
from tests.factories import (
    NOW,
    make_actor,
    make_contact,
    make_firm,
    make_invoice,
    make_payment,
)

pytestmark = pytest.mark.django_db


def make_payment_of(firm, contact):
    return payments.record_payment(
        actor=make_actor(firm),
        values={
            "contact_id": contact.pk,
            "received_on": NOW.date(),
            "amount": Decimal("10.00"),
            "method": "Check",
            "reference": "1",
        },
        now=NOW,
    )


@pytest.fixture
def firm():
    return make_firm()


@pytest.fixture
def actor(firm):
    return make_actor(firm)


@pytest.fixture
def two(firm):
    """The contact that stays, and the one that goes."""
    return make_contact(firm, display_name="Maple"), make_contact(firm, display_name="Maple Inc")


def merge(actor, keep, lose, take=()):
    keep.refresh_from_db()
    lose.refresh_from_db()
    return services.merge_contacts(
        actor=actor,
        keep=keep,
        lose=lose,
        versions=(keep.version, lose.version),
        take=take,
        now=NOW,
    )


def refusal(actor, keep, lose):
    with pytest.raises(services.MergeRefused) as caught:
        merge(actor, keep, lose)
    return str(caught.value)


# -- What moves ----------------------------------------------------------------------------------


def test_the_other_contact_is_archived_and_points_to_the_one_that_stays(actor, two):
    keep, lose = two

    merge(actor, keep, lose)

    lose.refresh_from_db()
    assert (lose.is_archived, lose.merged_into, lose.version) == (True, keep, 2)


def test_invoices_and_payments_of_every_kind_move_with_what_they_come_to(firm, actor, two):
    keep, lose = two
    draft = make_invoice(firm, contact=lose, status="draft")
    paid = make_invoice(firm, contact=lose)
    part = {"invoice_id": paid.pk, "amount": Decimal("100.00")}
    payment = make_payment(paid, "120.00", parts=[part])
    own = make_invoice(firm, contact=keep)
    kept = ("number", "status", "total", "tax", "is_changed_since_sent")
    before = list(Invoice.objects.order_by("pk").values_list(*kept))

    merge(actor, keep, lose)

    assert set(Invoice.objects.values_list("contact", flat=True)) == {keep.pk}
    assert list(Invoice.objects.order_by("pk").values_list(*kept)) == before
    payment.refresh_from_db()
    assert (payment.contact, payment.version) == (keep, 2)
    versions = dict(Invoice.objects.values_list("pk", "version"))
    assert versions[draft.pk] == draft.version + 1
    assert versions[own.pk] == own.version
    money = queries.contact_money(keep, today=NOW.date())
    assert (money.open, money.unapplied) == (Decimal("200.00"), Decimal("20.00"))


def test_contacts_below_it_move(firm, actor, two):
    keep, lose = two
    child = make_contact(firm, display_name="Branch", parent_id=lose.pk)

    merge(actor, keep, lose)

    child.refresh_from_db()
    assert (child.parent, child.version) == (keep, 2)


def test_the_log_of_the_firm_tells_of_it(firm, actor, two):
    keep, lose = two
    make_invoice(firm, contact=lose)

    merge(actor, keep, lose, take=["display_name"])

    entry = AuditEntry.objects.get(action="Contacts merged")
    assert entry.before == {"display_name": "Maple"}
    assert entry.after == {"display_name": "Maple Inc"}
    assert entry.detail == {
        "kept": f"Maple Inc #{keep.pk}",
        "merged": f"Maple Inc #{lose.pk}",
        "moved": "1 invoice, 150.00 open",
    }


# -- What is taken -------------------------------------------------------------------------------


def test_what_is_blank_is_filled_and_the_rest_stays_unless_chosen(firm, actor):
    keep = make_contact(firm, display_name="Maple", phone="1")
    lose = make_contact(
        firm, display_name="Maple Inc", phone="2", email="a@x.test", billing_city="Fairmont"
    )

    take = merge_choices.fields_to_take(keep, lose, {})
    kept = merge(actor, keep, lose, take=take)

    assert (kept.display_name, kept.phone, kept.email) == ("Maple", "1", "a@x.test")
    assert services.values_of(Contact.objects.get(pk=keep.pk))["billing_city"] == "Fairmont"


def test_an_address_is_taken_whole(firm, actor):
    keep = make_contact(firm, billing_line1="1 Elm", billing_city="Dover")
    lose = make_contact(firm, billing_line1="2 Oak")

    take = merge_choices.fields_to_take(keep, lose, {"billing_address": "other"})
    merge(actor, keep, lose, take=take)

    values = services.values_of(Contact.objects.get(pk=keep.pk))
    assert (values["billing_line1"], values["billing_city"]) == ("2 Oak", "")


# -- What is refused -----------------------------------------------------------------------------


def test_a_contact_that_was_changed_since_is_not_merged(firm, actor, two):
    keep, lose = two
    services.update_contact(actor=actor, contact=lose, version=1, changes={"phone": "1"}, now=NOW)

    with pytest.raises(services.ContactChanged, match="Maple Inc was changed"):
        services.merge_contacts(
            actor=actor, keep=keep, lose=lose, versions=(1, 1), take=[], now=NOW
        )
    assert Contact.objects.standing().count() == 2


def test_a_contact_is_not_merged_with_itself_or_twice(firm, actor, two):
    keep, lose = two
    third = make_contact(firm, display_name="Third")

    assert "the same one" in refusal(actor, keep, keep)
    merge(actor, keep, lose)
    assert "merged into Maple already" in refusal(actor, third, lose)
    assert "merged into Maple already" in refusal(actor, lose, third)


def test_the_one_that_stays_is_in_use(actor, two):
    keep, lose = two
    services.archive_contact(actor=actor, contact=keep, now=NOW)

    assert "Restore it first" in refusal(actor, keep, lose)
    merge(actor, lose, keep)  # an archived one may go


def test_a_contact_is_not_merged_into_one_below_it(firm, actor, two):
    top, _ = two
    below = make_contact(firm, display_name="Branch", parent_id=top.pk)

    assert "lies below Maple" in refusal(actor, below, top)
    merge(actor, top, below)


def test_contacts_below_it_do_not_come_to_lie_too_deep(firm, actor, two):
    _, lose = two
    make_contact(firm, display_name="Branch", parent_id=lose.pk)
    deep = make_contact(firm, display_name="Level 1")
    for level in range(2, 6):
        deep = make_contact(firm, display_name=f"Level {level}", parent_id=deep.pk)

    assert "no deeper" in refusal(actor, deep, lose)


def test_what_a_parent_paid_keeps_it_below_that_parent(firm, actor, two):
    keep, _ = two
    parent = make_contact(firm, display_name="Parent")
    child = make_contact(firm, display_name="Child", parent_id=parent.pk)
    make_payment(make_invoice(firm, contact=child), "10.00", contact_id=parent.pk)

    assert "A payment of Parent pays invoices of Child" in refusal(actor, keep, child)
    keep = services.update_contact(
        actor=actor, contact=keep, version=1, changes={"parent_id": parent.pk}, now=NOW
    )
    merge(actor, keep, child)


@pytest.mark.parametrize(
    ("lacks", "what"),
    [
        (Permission.EDIT_INVOICES, "Create & Edit Invoices"),
        (Permission.RECORD_PAYMENTS, "Record Payments"),
    ],
)
def test_what_moves_needs_its_permission(firm, two, lacks, what):
    keep, lose = two
    make_payment(make_invoice(firm, contact=lose), "10.00")
    actor = make_actor(firm, role="Some", permissions=set(Permission) - {lacks})

    with pytest.raises(NotAllowed, match=f"This needs the {what} permission"):
        merge(actor, keep, lose)
    assert Invoice.objects.get().contact == lose
    assert Payment.objects.get().contact == lose


def test_merging_needs_the_permission_for_contacts_of_the_same_firm(firm, actor, two):
    keep, lose = two
    stranger = make_contact(make_firm())

    with pytest.raises(NotAllowed):
        merge(make_actor(firm, role="Viewer", permissions=[Permission.VIEW_ONLY]), keep, lose)
    with pytest.raises(WrongFirm):
        merge(actor, keep, stranger)
    with pytest.raises(WrongFirm):
        merge(actor, stranger, keep)


# -- Afterwards ----------------------------------------------------------------------------------


def test_a_merged_contact_stays_as_it_is(firm, actor, two):
    keep, lose = two
    merge(actor, keep, lose)
    lose.refresh_from_db()

    with pytest.raises(services.ContactMerged, match="merged into Maple"):
        services.restore_contact(actor=actor, contact=lose, now=NOW)
    with pytest.raises(services.ContactMerged):
        services.update_contact(
            actor=actor, contact=lose, version=lose.version, changes={"phone": "1"}, now=NOW
        )
    with pytest.raises(services.ParentNotPossible, match="Choose that one"):
        make_contact(firm, parent_id=lose.pk)
    with pytest.raises(BillingError, match="merged into Maple"):
        make_invoice(firm, contact=lose)


def test_two_of_one_name_no_longer_clash(firm, actor):
    keep, lose = make_contact(firm, display_name="Maple"), make_contact(firm, display_name="Maple")

    merge(actor, keep, lose)

    assert contact_queries.namesakes(firm, "Maple", other_than=keep.pk) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [make_invoice, make_payment_of])
def test_what_is_made_for_it_meanwhile_waits_and_is_refused(firm, actor, two, make):
    keep, lose = two
    said = []

    def click():
        try:
            make(firm, contact=lose)
        except BillingError as error:
            said.append(str(error))
        finally:
            connection.close()

    other = Thread(target=click)
    with transaction.atomic():
        merge(actor, keep, lose)
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()  # it waits until the two are merged
    other.join(timeout=10)

    assert said == ["Maple Inc was merged into Maple. Choose that one."]
