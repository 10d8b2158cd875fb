"""
Which permission every service asks for, and that it asks first.

The functions are found by looking, so a new one without a row fails the first test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction

from firms.permissions import ADMIN, STAFF, VIEWER, NotAllowed, Permission, WrongFirm
from tests.architecture.service_calls import House, modules, services, takes_a_row, takes_an_actor
from tests.architecture.test_tenancy import our_models

pytestmark = pytest.mark.django_db
ROLES = (ADMIN, STAFF, VIEWER)

NEEDS: dict[Permission, str] = {
    Permission.MANAGE_TEAM: """
        firms.roles: create_role update_role delete_role
        firms.services: update_firm invite_member change_role remove_member
    """,
    Permission.MANAGE_CONTACTS: """
        contacts.imports: keep run
        contacts.services: create_contact update_contact archive_contact restore_contact
        contacts.services: import_contacts merge_contacts
        integrations.sync.resolving: rename
    """,
    Permission.MANAGE_SERVICE_ITEMS: """
        billing.services.service_items: create_service_item update_service_item
        billing.services.service_items: archive_service_item restore_service_item
    """,
    Permission.EDIT_INVOICES: """
        billing.services.invoices: create_draft update_invoice delete_draft send_invoice
        billing.services.invoices: mark_as_sent check_can_be_sent note_emailed void_invoice
        billing.services.invoices: duplicate_invoice renumber preview
        billing.services.numbering: change_numbering
        integrations.sync.numbers: use
        billing.services.sending: send_by_email
        billing.services.tax_rates: create_tax_rate rename_tax_rate
        billing.services.tax_rates: archive_tax_rate restore_tax_rate
    """,
    Permission.RECORD_PAYMENTS: """
        billing.services.payments: record_payment update_payment void_payment
    """,
    Permission.MANAGE_INTEGRATIONS: """
        integrations.sync.agreement: start
        integrations.sync.consent: begin_consent finish_consent confirm_other_company
        integrations.sync.consent: refuse_other_company
        integrations.sync.connections: pause resume release_hold sync_now
        integrations.sync.rule_changes: set_rules read_lists
        integrations.sync.connections: disconnect restart skip_services
        integrations.sync.resolving: retry retry_all decide undo ignore link_to_existing choose
        integrations.sync.resolving: void_here pick same_payment archive_merged accept_end make_anew
        integrations.sync.bulk: resolve
        integrations.sync.links: match unmatch leave_out create_there create_here create_other_side
        integrations.sync.links: make_anew
        integrations.sync.numbers: read
        integrations.api.issue_actions: resolve
        integrations.sync.trial: begin
        integrations.sync.turn_on: create_service turn_on go_two_way go_push_only
        integrations.wizard.decisions: unmatch match_suggested match use_theirs decide undo
        integrations.wizard.decisions: carry_out
        integrations.wizard.older: tick link unlink
        integrations.wizard.importing: check_again
        integrations.wizard.services: begin_setup start_import stop_import start_again carry_on
        integrations.wizard.services: change_filter start_services skip_services finish see_list
        integrations.wizard.services: choose open_run
        integrations.wizard.syncing: confirm confirm_services
    """,
    Permission.VIEW_ONLY: """
        firms.api_tokens: create_token
        billing.services.invoices: note_downloaded
        integrations.sync.links: sync_now
    """,
}

# Why no permission is asked -> of which functions.
ONLY_THE_SYNC = "It refuses every actor but the sync."
INNER = "A step of a service, or of the worker: no page and no address of the API calls it."
WITHOUT: dict[str, str] = {
    ONLY_THE_SYNC: """
        contacts.services: accept_from_books
        billing.services.invoices_from_books: accept_from_books note_from_books take_back_void
        billing.services.payments_from_books: accept_from_books note_from_books take_back_void
        billing.services.service_items: accept_from_books note_from_books
    """,
    INNER: """
        firms.services: create_firm lock_team must_leave_a_manager
        billing.services.invoice_store: insert update lock write_lines write_taxes
        billing.services.moving: follow
        billing.services.numbering: take
        billing.services.sending: deliver
        billing.services.payment_store: insert update lock
        billing.services.settlement: keep_payments void_payments
        integrations.sync.activity: write note note_connection changed
        integrations.sync.agreement: begin start_due ring work prune
        integrations.sync.rule_changes: store_rules
        integrations.sync.connection_parts: audit managed_firm must new_setup note wake
        integrations.sync.consent: refresh_token_of revoke
        integrations.sync.rule_changes: look_at_what_waits_for_rules
        integrations.sync.merging: follow hold
        contacts.followers: follow hold register
        integrations.sync.links: wake_blocked adopt drop_unseen follow_merge drop_intent read_again
        integrations.sync.short_lists: keep create_missing_rates
        integrations.sync.trial: go_on
        integrations.wizard.importing: run due_imports ring_due_imports
        integrations.wizard.services: ring start_feed_at
        integrations.wizard.syncing: note_finished
    """,
    "It writes nothing; the page that shows it asks who may look.": """
        contacts.imports: files_of preview
        contacts.services: check_import values_of foresee_merge
        contacts.followers: foresee
        billing.services.invoice_store: lines_of
        billing.services.invoices: values_of
        billing.services.moving: foresee
        billing.services.numbering: propose check check_length
        billing.services.payments: values_of family_of
        billing.services.sending: default_letter address_of today_of file_name read_addresses
        billing.services.service_items: values_of
        integrations.sync.activity: title_of
        integrations.sync.agreement: reads_of_full followed differing totals
        integrations.sync.consent: reasons_against key_of_token
        integrations.sync.trial: last
        integrations.sync.bulk: actions_of
        integrations.sync.resolving: ended_on may_make_anew
        integrations.sync.links: is_called
        integrations.sync.merging: foresee
        integrations.sync.numbers: told
        integrations.api.issue_actions: actions_of
        integrations.wizard.older: contacts_of offers_for rows_of
        integrations.wizard.decisions: suggested_row
        integrations.wizard.importing: entities_of
        integrations.wizard.services: known_book_counts
        integrations.wizard.syncing: sync_progress
    """,
    "Counts of the books that the import page read; it shows them again for a while.": """
        integrations.wizard.services: note_book_counts
        integrations.wizard.importing: book_counts
    """,
    "One's own, or another's with Manage Team: tests/firms/test_api_tokens.py.": """
        firms.api_tokens: revoke_token
    """,
    "It says who a token stands for: tests/firms/test_api_tokens.py.": """
        firms.api_tokens: authenticate_token
    """,
    "Whoever lacks a permission asks for it: tests/firms/test_services.py.": """
        firms.services: ask_admin
    """,
    "Who did something does not choose whether it is noted.": """
        firms.services: write_audit
    """,
    "It takes back what the same person and session asked for, and that alone.": """
        integrations.sync.consent: give_up_consent program_of
    """,
}
# What these ask for besides, afterwards.
ALSO_NEEDED = {
    "contacts.services.merge_contacts": {Permission.EDIT_INVOICES, Permission.RECORD_PAYMENTS},
    "integrations.sync.resolving.archive_merged": {Permission.MANAGE_CONTACTS},
    "integrations.sync.trial.begin": {Permission.EDIT_INVOICES},
}
# Arguments of these, where those that fit most do not fit.
FITTING: dict[str, dict[str, Any]] = {
    "firms.roles.create_role": {"permissions": [Permission.MANAGE_TEAM]},
    "firms.roles.update_role": {"permissions": [Permission.MANAGE_TEAM]},
    "integrations.sync.bulk.resolve": {"action": "retry"},
    "integrations.wizard.decisions.carry_out": {"name": "unmatched"},
    "integrations.wizard.decisions.decide": {"name": "unmatched"},
    "integrations.wizard.decisions.undo": {"what": "unmatched"},
}


def named(rows: str) -> Iterator[str]:
    for line in rows.strip().splitlines():
        module, _, names = line.strip().partition(": ")
        yield from (f"{module}.{name}" for name in names.split())


NEEDED = {name: permission for permission, rows in NEEDS.items() for name in named(rows)}
REASONS = {name: reason for reason, rows in WITHOUT.items() for name in named(rows)}
FOUND = services()


def test_every_service_is_decided_on():
    missing = sorted(set(FOUND) - set(NEEDED) - set(REASONS))
    assert missing == [], (
        "Say in NEEDS which permission these ask for (they do so first, by `actor.must`), or in "
        "WITHOUT why they need none."
    )


def test_the_table_names_no_function_twice_and_none_that_is_gone():
    assert set(NEEDED) & set(REASONS) == set()
    assert (set(NEEDED) | set(REASONS)) - set(FOUND) == set()
    assert all(takes_an_actor(FOUND[name]) for name in NEEDED)


# -- Trying them -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def houses(django_db_setup, django_db_blocker):
    """Two firms, made once: what a test does to them is rolled back to here."""
    block = transaction.atomic()
    block._from_testcase = True  # no transaction of the product's
    with django_db_blocker.unblock(), block:
        yield House(company_id="1"), House(company_id="2")
        transaction.set_rollback(True)


@pytest.fixture
def house(houses):
    return houses[0]


def call(name, *, actor, house):
    arguments = {**house.arguments(FOUND[name]), **FITTING.get(name, {})}
    return FOUND[name](actor=actor, **arguments)


def state():
    return {model: list(model._default_manager.order_by("pk").values()) for model in our_models()}


@pytest.mark.parametrize("name", NEEDED)
def test_without_the_permission_it_is_refused_and_changes_nothing(name, house):
    before = state()
    lacking = [set(ADMIN) - {NEEDED[name]}, set()]
    lacking += [role for role in ROLES if NEEDED[name] not in role]

    for permissions in lacking:
        with pytest.raises(NotAllowed) as caught:
            call(name, actor=house.actor(permissions), house=house)
        assert caught.value.permission == NEEDED[name]

    assert state() == before


@pytest.mark.parametrize("name", NEEDED)
def test_with_the_permission_alone_it_is_not_refused_for_want_of_one(name, house, qbo):
    """It may be refused for what it was called with: that is not what is tried here."""
    permissions = {NEEDED[name], *ALSO_NEEDED.get(name, ())}
    refused = None
    try:
        call(name, actor=house.actor(permissions), house=house)
    except PermissionDenied as error:
        refused = error
    except Exception:  # noqa: BLE001  whatever comes behind the permission
        pass

    assert refused is None


@pytest.mark.parametrize("name", [name for name in NEEDED if takes_a_row(FOUND[name])])
def test_whoever_may_do_all_in_another_firm_changes_nothing_here(name, houses, house):
    before = state()
    stranger = houses[1].actor(ADMIN)

    with pytest.raises((WrongFirm, ObjectDoesNotExist)):
        call(name, actor=stranger, house=house)

    assert state() == before


@pytest.mark.parametrize("name", list(named(WITHOUT[ONLY_THE_SYNC])))
def test_what_the_books_hold_is_written_by_the_sync_alone(name, house):
    before = state()

    with pytest.raises(ValueError, match="Only the sync"):
        call(name, actor=house.actor(ADMIN), house=house)

    assert state() == before


def test_no_page_and_no_address_of_the_api_calls_a_step_that_asks_for_nothing():
    steps = {FOUND[name]: name for name in named(WITHOUT[INNER])}
    used = {
        f"{module.__name__} calls {steps[each]}"
        for module in modules()
        if {"views", "web", "api"} & set(module.__name__.replace("_views", ".views").split("."))
        for each in functions_used(module)
        if each in steps
    }

    assert used == set()


def functions_used(module: ModuleType) -> Iterator[Any]:
    """Whatever the source of a module names, plainly or as `other_module.name`."""
    for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
        if isinstance(node, ast.Name):
            found = vars(module).get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = getattr(vars(module).get(node.value.id), node.attr, None)
        else:
            continue
        if isinstance(found, FunctionType):
            yield found
