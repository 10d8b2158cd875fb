"""The demo's firms: what their people may do, and what the wizard will show them."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.utils import timezone

from billing.models import Invoice
from billing.queries import with_balance, with_status
from canopy_sync import demo_data
from contacts.models import Contact
from firms.middleware import actor_of
from firms.models import Firm, Membership
from firms.permissions import Permission
from integrations.models import MatchProposal, Setup
from integrations.wizard import importing, services
from tests.factories import connect


@pytest.fixture
def filled(transactional_db: None) -> Firm:
    demo_data.fill(now=timezone.now())
    return Firm.objects.get(name=demo_data.PAID)


def test_everybody_it_prints_can_sign_in(filled):
    for person in demo_data.PEOPLE:
        user = authenticate(None, username=person.email, password=demo_data.PASSWORD)
        assert user is not None, person
        assert Membership.objects.get(user=user).firm.name == person.firm


def test_admins_alone_manage_integrations(filled):
    members = {each.user.email: actor_of(each) for each in Membership.objects.all()}
    may = {email for email, actor in members.items() if actor.can(Permission.MANAGE_INTEGRATIONS)}

    assert may == {
        "priya@alderfinch.example", "nadia@cornerstreet.example", "luis@noticedesk.example",
    }  # fmt: skip
    assert not Firm.objects.get(name=demo_data.FREE).is_paying
    assert not Firm.objects.get(name=demo_data.NOTICES).has_billing


def test_invoices_are_there_in_every_state_that_a_page_shows(filled):
    today = timezone.localdate()
    rows = with_status(with_balance(Invoice.objects.for_firm(filled)), today=today)

    assert set(rows.values_list("shown_status", flat=True)) == {
        "draft", "sent", "paid", "overdue", "void",
    }  # fmt: skip


def test_filling_twice_is_filling_once(filled):
    before = Contact.objects.count()

    demo_data.fill(now=timezone.now())

    assert Contact.objects.count() == before


def test_its_contacts_fill_all_four_lists_and_there_is_something_to_compare(filled, qbo):
    actor = actor_of(Membership.objects.get(user__email="priya@alderfinch.example"))
    connection = connect(filled, qbo.base_url, contacts_synced_at=None)
    setup = services.begin_setup(actor=actor, connection=connection, now=timezone.now())
    services.start_import(actor=actor, setup=setup, which="active", now=timezone.now())

    importing.run(setup.pk)

    setup.refresh_from_db()
    assert setup.import_state == Setup.Import.DONE
    rows = MatchProposal.objects.filter(setup=setup)
    listed = Counter(rows.values_list("list", flat=True))
    assert listed["matched"] == len(demo_data.MATCHED)
    assert listed["unmatched"] >= len(demo_data.UNMATCHED)
    assert listed["duplicates"] >= 2
    assert listed["new"] >= 8
    assert rows.filter(list="matched", has_differences=True).count() >= 5
    assert rows.filter(list="matched", has_differences=False).count() == 2
    assert rows.filter(list="unmatched", suggested__isnull=False).count() >= 3
