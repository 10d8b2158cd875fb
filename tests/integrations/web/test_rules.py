"""The rules page: what may be chosen, what each choice does, who may choose."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.services import invoices
from billing.services.invoices import LineInput
from firms.models import AuditEntry
from integrations.errors import SyncError
from integrations.models import Activity, Connection, Issue, Link, TaxCode
from integrations.sync import rule_changes, rule_values
from tests.factories import make_actor, make_firm, make_tax_rate
from tests.integrations.sync.test_invoices import draft, make_item
from tests.integrations.web.billed import browser_of, words
from tests.integrations.web.rows import make_connection, make_link
from tests.world import DEFAULTS, World

RULES = "/settings/integrations/qbo/rules/"
LISTS = {
    "lists": {
        "income_accounts": [{"id": "1", "label": "Services"}],
        "deposit_accounts": [
            {"id": "4", "label": "Undeposited Funds"},
            {"id": "35", "label": "Checking"},
        ],
        "bank_ids": ["35"],
        "items": [{"id": "6", "label": "Gardening"}],
        "terms": [{"id": "3", "name": "Net 30", "days": 30}],
        "methods": [],
        "tax_codes": [],
    },
    "preferences": {"sales_tax": True, "own_numbers": False},
}
SENT = {"on_conflict": "ask"}


@pytest.fixture
def connection(db, firm) -> Connection:
    return make_connection(firm, company_facts=LISTS, billing_synced_at="2026-11-01T00:00Z")


def make_code(connection: Connection, remote_id: str, name: str, **fields) -> TaxCode:
    return TaxCode.objects.create(
        connection=connection,
        firm_id=connection.firm_id,
        remote_id=remote_id,
        name=name,
        read_at=connection.connected_at,
        **fields,
    )


def test_every_rule_is_saved_with_what_it_was_before(connection, client: Client):
    client.post(
        RULES,
        {
            "on_conflict": "local",
            "syncs_private_notes": "on",
            "invoices_direction": "push",
            "number_rule": "theirs",
            "void_rule": "delete",
            "service_item": "6",
            "income_account": "1",
            "deposit_account": "4",
        },
    )

    connection.refresh_from_db()
    assert connection.on_conflict == "local"
    assert connection.syncs_private_notes
    assert not connection.syncs_notes
    assert (connection.invoices_direction, connection.number_rule) == ("push", "theirs")
    assert connection.void_rule == "delete"
    assert connection.defaults == {
        "service_item": {"id": "6", "label": "Gardening"},
        "income_account": {"id": "1", "label": "Services"},
        "deposit_account": {"id": "4", "label": "Undeposited Funds"},
    }
    entry = Activity.objects.get(title="Rules changed")
    assert entry.before["service_item"] == ""
    assert entry.after["service_item"] == "Gardening"
    assert entry.after["void_rule"] == "delete"
    assert "syncs_notes" not in entry.after
    assert AuditEntry.objects.get(action="QuickBooks: Rules changed").after == entry.after


def test_what_was_not_sent_stays(connection, client: Client):
    Connection.objects.update(defaults=DEFAULTS, void_rule="delete")

    client.post(RULES, SENT)

    connection.refresh_from_db()
    assert connection.defaults == DEFAULTS
    assert connection.void_rule == "delete"
    assert not Activity.objects.exists()


def test_a_default_can_be_taken_away(connection, client: Client):
    Connection.objects.update(defaults=DEFAULTS)

    client.post(RULES, {**SENT, "service_item": ""})

    connection.refresh_from_db()
    assert "service_item" not in connection.defaults
    assert connection.defaults["income_account"] == DEFAULTS["income_account"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("service_item", "999"),
        ("income_account", "35"),
        ("deposit_account", "nothing"),
        ("on_conflict", "whoever"),
        ("void_rule", "\x00"),
        ("number_rule", "OURS"),
        ("invoices_direction", "pull"),
    ],
)
def test_what_is_not_offered_is_refused_with_the_reason(connection, client: Client, name, value):
    page = client.post(RULES, {**SENT, name: value}).content.decode()

    assert "There is a problem" in page
    assert "Error: " in page.partition("</title>")[0]
    connection.refresh_from_db()
    assert connection.defaults == {}
    assert (connection.on_conflict, connection.void_rule) == ("ask", "void")
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    "wanted",
    [
        {"void_rule": "burn"},
        {"syncs_notes": "yes"},
        {"service_item": "999"},
        {"tax_codes": {1: "999"}},
        {"on_conflict": True},
        {"nothing": "1"},
    ],
)
def test_the_service_refuses_what_cannot_be_chosen(connection, wanted):
    actor = make_actor(connection.firm)

    with pytest.raises(rule_values.RuleNotPossible):
        rule_changes.set_rules(
            actor=actor, connection=connection, now=connection.connected_at, **wanted
        )

    assert not Activity.objects.exists()


def test_a_tax_code_is_chosen_for_each_rate_and_means_one(connection, client: Client):
    state, city = make_tax_rate(connection.firm, name="State"), make_tax_rate(connection.firm)
    make_code(connection, "2", "California", parts=[{"name": "CA", "percent": "8"}])
    make_code(connection, "3", "Tucson")
    both = {f"tax_code_{state.pk}": "2", f"tax_code_{city.pk}": "2"}

    page = client.post(RULES, {**SENT, **both}).content.decode()
    assert "A tax code can mean one tax rate only." in page
    assert "California (8 %)" in page

    client.post(RULES, {**SENT, **both, f"tax_code_{city.pk}": "3"})
    chosen = dict(TaxCode.objects.values_list("remote_id", "tax_rate_id"))
    assert chosen == {"2": state.pk, "3": city.pk}

    client.post(RULES, {**SENT, f"tax_code_{state.pk}": "3", f"tax_code_{city.pk}": "2"})
    chosen = dict(TaxCode.objects.values_list("remote_id", "tax_rate_id"))
    assert chosen == {"3": state.pk, "2": city.pk}
    assert "State: Tucson" in Activity.objects.latest("at").after["tax_codes"]


def test_rates_and_codes_of_another_firm_are_none_of_ours(connection):
    other = make_connection(make_firm())
    make_code(other, "77", "Theirs")
    rate = make_tax_rate(connection.firm)

    with pytest.raises(rule_values.RuleNotPossible):
        rule_changes.set_rules(
            actor=make_actor(connection.firm),
            connection=connection,
            now=connection.connected_at,
            tax_codes={rate.pk: "77"},
        )


def test_linked_service_items_may_be_the_default_before_lists_are_read(db, client: Client, firm):
    connection = make_connection(firm, billing_synced_at="2026-11-01T00:00Z")
    make_link(
        connection,
        entity="service_item",
        state=Link.State.LINKED,
        local_id=5,
        remote_id="19",
        remote_label="Trimming",
    )
    page = client.get(RULES).content.decode()
    assert '<option value="19">Trimming</option>' in page
    assert "were not read yet" in page

    client.post(RULES, {**SENT, "service_item": "19"})

    connection.refresh_from_db()
    assert connection.defaults["service_item"] == {"id": "19", "label": "Trimming"}


@pytest.mark.parametrize(("account", "warned"), [("35", True), ("4", False), ("", False)])
def test_a_bank_account_is_warned_of(connection, client: Client, account, warned):
    client.post(RULES, {**SENT, "deposit_account": account})

    assert ("This is a bank account" in client.get(RULES).content.decode()) is warned


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (True, "Custom transaction numbers is on"),
        (False, "ours are not sent, whatever is chosen here"),
        (None, "It was not read yet whether"),
    ],
)
def test_the_page_says_what_the_company_makes_of_the_number_rule(
    connection, client: Client, own, told
):
    facts = {**LISTS, "preferences": {} if own is None else {"own_numbers": own}}
    Connection.objects.update(company_facts=facts)

    assert told in client.get(RULES).content.decode()


def test_each_rule_about_notes_has_its_warning(connection, client: Client):
    page = " ".join(client.get(RULES).content.decode().split())

    assert "Notes may hold what bookkeepers must not see." in page
    assert "which prints it on the statements that clients get" in page
    assert not connection.syncs_notes
    assert not connection.syncs_private_notes


def test_facts_that_nobody_chooses_are_told(connection, client: Client):
    page = client.get(RULES).content.decode()

    assert "Stays here: your QuickBooks company has no PO number field." in page
    assert "Matched by their days: Net 30." in page


def test_a_firm_without_billing_has_the_rules_of_contacts_only(connection, client: Client, firm):
    firm.licences = ["transcripts_and_notices"]
    firm.save()

    page = client.get(RULES).content.decode()

    assert "Sync the notes of contacts" in page
    assert "Deposit account" not in page
    assert "Which way it goes" not in page


def test_in_push_only_there_is_no_direction_and_no_conflict(connection, client: Client):
    Connection.objects.update(profile="push_only", invoices_direction="push")

    page = client.get(RULES).content.decode()
    assert "Both sides changed the same field" not in page
    assert "Invoices and payments go" not in page
    assert "Set up both ways" in page

    client.post(RULES, {"void_rule": "void"})
    connection.refresh_from_db()
    assert connection.void_rule == "void"
    with pytest.raises(rule_values.RuleNotPossible):
        rule_changes.set_rules(
            actor=make_actor(connection.firm),
            connection=connection,
            now=connection.connected_at,
            invoices_direction="two_way",
        )


@pytest.mark.parametrize("number", [1, 15])
def test_the_page_takes_the_same_queries_however_many_rates(
    connection, client: Client, django_assert_max_num_queries, number
):
    for _ in range(number):
        make_tax_rate(connection.firm)
    client.get(RULES)

    with django_assert_max_num_queries(20):
        client.get(RULES)


# -- With the books --------------------------------------------------------------------------------


@pytest.fixture
def books(world: World) -> World:
    world.switch_billing_on()
    return world


def test_what_there_is_to_choose_from_is_read_by_a_button(books):
    Connection.objects.update(defaults={})
    browser = browser_of(books)
    assert "were not read yet" in words(browser, RULES)

    browser.post(reverse("integrations:read_lists"))

    page = words(browser, RULES)
    assert "Gardening</option>" in page
    assert "Undeposited Funds</option>" in page
    assert "Net 30" in page
    books.connection.refresh_from_db()
    assert rule_values.is_bank(books.connection, "35")
    assert not rule_values.is_bank(books.connection, "4")
    assert books.writes() == 0


def test_the_books_may_not_answer_when_lists_are_read(books):
    books.quickbooks.fault("status", status=503, operation="query", times=None)
    with pytest.raises(SyncError):
        rule_changes.read_lists(actor=books.actor, connection=books.connection, now=books.now)

    books.connection.refresh_from_db()
    assert "lists" not in books.connection.company_facts


def test_what_waited_for_a_choice_goes_on_once_it_is_made(books):
    rule_changes.read_lists(actor=books.actor, connection=books.connection, now=books.now)
    Connection.objects.update(defaults={"income_account": DEFAULTS["income_account"]})
    made = draft(books, books.linked("Quist Boats"), make_item(books))

    made = invoices.update_invoice(
        actor=books.actor,
        invoice=made,
        version=made.version,
        changes={"lines": [LineInput(description="Odd", quantity=Decimal(1), rate=Decimal(9))]},
        now=books.now,
    )
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()
    assert books.open_issue().kind == Issue.Kind.SET_UP
    browser = browser_of(books)
    assert reverse("integrations:rules") in words(browser)

    browser.post(RULES, {**SENT, "service_item": "6"})
    books.sync(after=60)

    line = books.theirs(invoice)["Line"][0]["SalesItemLineDetail"]
    assert line["ItemRef"]["value"] == "6"
    assert not Issue.objects.filter(state="open").exists()


def test_a_rate_without_a_code_waits_and_goes_on_once_one_is_chosen(books):
    rule_changes.read_lists(actor=books.actor, connection=books.connection, now=books.now)
    facts = dict(books.connection.company_facts)
    facts["preferences"] = {"sales_tax": True}
    Connection.objects.update(company_facts=facts)
    TaxCode.objects.update(tax_rate_id=None)
    rate = make_tax_rate(books.firm, "8")
    item = make_item(books, is_taxable=True)

    made = draft(books, books.linked("Quist Boats"), item)
    line = LineInput(
        service_item_id=item.pk, quantity=Decimal(1), rate=Decimal(100), is_taxable=True
    )
    made = invoices.update_invoice(
        actor=books.actor,
        invoice=made,
        version=made.version,
        changes={"lines": [line], "tax_rate_id": rate.pk},
        now=books.now,
    )
    invoice = invoices.mark_as_sent(actor=books.actor, invoice=made, now=books.now)
    books.sync()
    assert Issue.objects.get(state="open").kind == Issue.Kind.SET_UP

    code = TaxCode.objects.get(name="California")
    browser = browser_of(books)
    browser.post(RULES, {**SENT, f"tax_code_{rate.pk}": code.remote_id})
    books.sync(after=60)

    theirs = books.theirs(invoice)
    assert theirs["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] == code.remote_id
    assert theirs["TotalAmt"] == 108


def test_a_rule_over_open_conflicts_answers_them(books):
    contact = books.linked("Ada Lovelace", phone="555-0100")
    books.edit(contact, phone="555-0111")
    books.edit_there(contact, PrimaryPhone={"FreeFormNumber": "555-0199"})
    books.sync(feed=True)
    assert books.open_issue().is_conflict

    browser_of(books).post(RULES, {"on_conflict": "local"})
    books.sync(after=60)

    assert books.customer(contact)["PrimaryPhone"]["FreeFormNumber"] == "555-0111"
    assert not Issue.objects.filter(state="open").exists()
