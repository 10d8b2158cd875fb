"""Sync service items: which invoices and payments come along, and that the numbers are kept."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from billing.models import Invoice, Payment, ServiceItem
from integrations.models import Connection, Issue, Link, Setup, TaxCode
from integrations.sync import links
from integrations.wizard import decisions, dry_run, importing, older, report, services, syncing
from integrations.wizard.answers import Answers
from integrations.wizard.decisions import Rows
from tests.factories import make_invoice, make_line, make_payment
from tests.integrations.wizard.second_half import ALL, INCOME_ACCOUNT

CARS = "Cool Cars"
AMY = "Amy's Bird Sanctuary"  # has an open credit, which QuickBooks applies by itself


@pytest.fixture
def today(half):
    return half.clock.now.date()


def bill(half, customer, amount, day, number="", **more):
    """An invoice of the books to a customer, of one line."""
    [found] = half.emulator.named(customer)
    fields: dict[str, Any] = {
        "CustomerRef": {"value": found["Id"]},
        "TxnDate": day.isoformat(),
        "Line": [
            {
                "Amount": amount,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
            }
        ],
        **more,
    }
    if number:
        fields["DocNumber"] = number
    return half.emulator.act("create", entity="Invoice", fields=fields)


def pay(half, invoice, amount, day):
    return half.emulator.act(
        "create",
        entity="Payment",
        fields={
            "CustomerRef": invoice["CustomerRef"],
            "TotalAmt": amount,
            "TxnDate": day.isoformat(),
            "Line": [
                {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
            ],
        },
    )


def only_mine(half):
    """Empty the books of what the sample company holds of invoices and payments."""
    for entity in ("Deposit", "Payment", "Invoice"):
        for each in half.emulator.objects(entity):
            half.emulator.act("delete", each["Id"], entity=entity)


def sent(half, contact, amount, day, number):
    return make_invoice(
        half.firm,
        contact=contact,
        number=number,
        issued_on=day,
        lines=[make_line(quantity=Decimal(1), rate=Decimal(amount))],
    )


def counts():
    linked = Link.objects.filter(state=Link.State.LINKED).count()
    return linked, Invoice.objects.count(), ServiceItem.objects.count()


def of(link_of):
    return Link.objects.exclude(state="former").get(**link_of)


def test_all_invoices_come_in_with_their_payments_and_items(half, today):
    half.linked_contact(AMY)
    half.import_all()

    shown = half.confirm()
    assert half.drain()

    amy = [each for each in half.emulator.objects("Invoice") if each["CustomerRef"]["name"] == AMY]
    assert Invoice.objects.count() == len(amy) == shown.invoices.create_here.number > 0
    assert sum(each.total for each in Invoice.objects.all()) == shown.invoices.create_here.money
    assert Payment.objects.count() == shown.payments.create_here.number
    assert ServiceItem.objects.count() == shown.items.create_here
    assert shown.invoices.held_there.number == len(half.emulator.objects("Invoice")) - len(amy)
    assert half.emulator.writes == []


def test_from_a_date_leaves_older_ones_alone_but_brings_the_unpaid_in(half, today):
    only_mine(half)
    half.linked_contact(CARS)
    old = bill(half, CARS, 100, today - timedelta(days=400), "OLD-PAID")
    pay(half, old, 100, today - timedelta(days=390))
    bill(half, CARS, 70, today - timedelta(days=300), "OLD-OPEN")
    bill(half, CARS, 30, today, "NEW")
    half.import_all()
    answers = Answers(income_account=INCOME_ACCOUNT, since=today - timedelta(days=1))

    without = half.plan(replace(answers, brings_open=False))
    assert without.invoices.create_here.number == 1
    assert without.invoices.older_there.number == 2
    shown = half.confirm(answers)
    assert shown.invoices.create_here.number == 2
    assert shown.invoices.create_here.money == 100
    assert shown.invoices.open_older.money == 70
    assert half.drain()

    assert {each.number for each in Invoice.objects.all()} == {"OLD-OPEN", "NEW"}
    assert not Payment.objects.exists()
    assert of({"entity": "invoice", "remote_id": old["Id"]}).state == Link.State.LEFT_OUT
    connection = Connection.objects.get()
    assert connection.go_live_on == answers.since
    assert connection.billing_synced_at == half.clock.now
    assert connection.defaults["income_account"] == {"id": "1", "label": "Services"}


def test_an_older_one_left_alone_is_not_imported_when_the_feed_tells_of_it(half, today):
    only_mine(half)
    half.linked_contact(CARS)
    old = bill(half, CARS, 100, today - timedelta(days=400), "OLD-PAID")
    pay(half, old, 100, today - timedelta(days=390))
    half.import_all()
    half.confirm(Answers(income_account=INCOME_ACCOUNT, since=today))
    half.drain()

    half.emulator.act(
        "update", old["Id"], entity="Invoice", fields={"CustomerMemo": {"value": "Thanks"}}
    )
    half.clock.pass_(5)
    half.connection.cursor.wanted_at = half.clock.now
    half.connection.cursor.save()
    half.drain()

    assert not Invoice.objects.exists()


def test_older_ones_of_ours_are_not_sent(half, today):
    only_mine(half)
    cars = half.linked_contact(CARS)
    old = sent(half, cars, 100, today - timedelta(days=400), "INV-1")
    new = sent(half, cars, 60, today, "INV-2")
    half.import_all()

    shown = half.confirm(Answers(income_account=INCOME_ACCOUNT, since=today))
    assert shown.invoices.create_there.money == 60
    assert shown.invoices.older_here.money == 100
    half.drain()

    assert of({"entity": "invoice", "local_id": old.pk}).state == Link.State.LEFT_OUT
    assert of({"entity": "invoice", "local_id": new.pk}).may_create


@pytest.mark.parametrize("since", [None, 1])
def test_what_both_sides_hold_is_linked_with_its_payment_and_never_sent_again(half, today, since):
    only_mine(half)
    cars = half.linked_contact(CARS)
    day = today - timedelta(days=200)
    theirs = bill(half, CARS, 150, day, "1047")
    paid = pay(half, theirs, 150, day + timedelta(days=20))
    ours = sent(half, cars, 150, day + timedelta(days=1), "1047")
    payment = make_payment(ours, "150", received_on=day + timedelta(days=15), method="")
    half.import_all()
    go_live = None if since is None else today

    shown = half.confirm(Answers(income_account=INCOME_ACCOUNT, since=go_live))
    assert shown.invoices.link.number == shown.payments.link.number == 1
    assert shown.invoices.create_here.number == shown.invoices.create_there.number == 0
    half.drain()

    assert of({"entity": "invoice", "local_id": ours.pk}).remote_id == theirs["Id"]
    assert of({"entity": "payment", "local_id": payment.pk}).remote_id == paid["Id"]
    assert len(half.emulator.objects("Invoice")) == len(half.emulator.objects("Payment")) == 1
    assert Invoice.objects.count() == Payment.objects.count() == 1


@pytest.mark.parametrize(
    "differs", [{"number": "1048"}, {"amount": 151}, {"customer": "Kookies by Kathy"}]
)
def test_with_another_number_total_or_customer_it_is_not_the_same(half, today, differs):
    only_mine(half)
    cars = half.linked_contact(CARS)
    half.linked_contact("Kookies by Kathy")
    told = {"customer": CARS, "amount": 150, "number": "1047", **differs}
    bill(half, told["customer"], told["amount"], today, told["number"])
    sent(half, cars, 150, today, "1047")
    half.import_all()

    shown = half.plan()

    assert shown.invoices.link.number == 0
    assert shown.invoices.create_here.number == shown.invoices.create_there.number == 1


def test_an_invoice_of_a_customer_left_out_comes_in_when_the_contact_is_matched(half, today):
    only_mine(half)
    theirs = bill(half, CARS, 150, today, "1047")
    pay(half, theirs, 50, today)
    contact = half.contact(display_name="The cool cars")
    Link.objects.create(
        connection=half.connection,
        firm=half.firm,
        entity="contact",
        local_id=contact.pk,
        label="The cool cars",
        state=Link.State.LEFT_OUT,
    )
    half.import_all()
    shown = half.confirm()
    assert shown.invoices.held_there.money == 150
    half.drain()
    assert not Invoice.objects.exists()
    held = of({"entity": "invoice", "remote_id": theirs["Id"]})
    assert (held.state, held.rests) == (Link.State.LEFT_OUT, Link.Rests.DEPENDENCY)

    links.match(
        actor=half.actor,
        connection=half.connection,
        entity="contact",
        local_id=contact.pk,
        remote_id=theirs["CustomerRef"]["value"],
        now=half.clock.now,
    )
    half.drain()
    half.clock.pass_(60)
    half.drain()

    assert Invoice.objects.get().contact_id == contact.pk
    assert Payment.objects.get().amount == 50


def test_items_are_linked_created_or_left_out_as_decided(half):
    act: dict[str, Any] = {"actor": half.actor, "setup": half.setup, "now": half.clock.now}
    linked = half.item(name="Gardening", rate="0")
    created = half.item(name="Quite ours", rate="12.5", sku="Q-1")
    left = half.item(name="Stays here", rate="3")
    half.import_all()
    rows = Rows(ids=[half.row("unmatched", "Quite ours").pk])
    decisions.decide(name="unmatched", rows=rows, decision="create_there", **act)
    decisions.decide(name="new", rows=Rows(is_all=True), decision="leave_out", **act)

    shown = half.confirm()
    assert (shown.items.create_here, shown.items.create_there) == (0, 1)
    half.drain()

    assert of({"entity": "service_item", "local_id": left.pk}).state == Link.State.LEFT_OUT
    item = half.emulator.stored(
        of({"entity": "service_item", "local_id": created.pk}).remote_id, "Item"
    )
    assert (item["Name"], item["Sku"], item["UnitPrice"]) == ("Quite ours", "Q-1", 12.5)
    assert item["IncomeAccountRef"]["value"] == INCOME_ACCOUNT
    assert ServiceItem.objects.count() == 3
    assert of({"entity": "service_item", "local_id": linked.pk}).remote_id


def test_tax_codes_become_rates_at_sync_and_not_before(half):
    half.import_all()
    assert not TaxCode.objects.exclude(tax_rate_id=None).exists()

    half.confirm()

    assert TaxCode.objects.get(name="California").tax_rate_id is not None


def test_what_would_happen_now_has_to_be_what_was_shown(half, today):
    amy = half.linked_contact(AMY)
    half.import_all()
    half.see_all()
    shown = half.plan()
    half.clock.pass_(1)
    sent(half, amy, 60, today, "INV-2")
    Invoice.objects.update(updated_at=half.clock.now)

    with pytest.raises(syncing.ShownDiffers):
        syncing.confirm_services(
            actor=half.actor,
            setup=half.setup,
            shown=shown.digest,
            answers=ALL,
            now=half.clock.now,
        )

    assert not Link.objects.exclude(entity="contact").exists()
    assert Connection.objects.get().billing_synced_at is None


def test_an_account_of_another_company_is_refused(half):
    half.import_all()
    half.see_all()
    answers = replace(ALL, income_account="99999")

    with pytest.raises(syncing.NotReady):
        syncing.confirm_services(
            actor=half.actor,
            setup=half.setup,
            shown=half.plan(answers).digest,
            answers=answers,
            now=half.clock.now,
        )


def test_of_two_who_press_at_once_one_starts_it(half):
    half.import_all()
    half.confirm()
    number = Link.objects.count()

    with pytest.raises(syncing.AlreadyConfirmed):
        half.confirm()

    assert Link.objects.count() == number


def test_a_draft_gets_no_link_and_syncs_once_it_is_sent(half, today):
    amy = half.linked_contact(AMY)
    make_invoice(half.firm, contact=amy, status="draft", issued_on=today - timedelta(days=400))
    half.import_all()
    half.confirm(Answers(income_account=INCOME_ACCOUNT, since=today))

    assert not Link.objects.filter(entity="invoice", local_id__isnull=False).exists()


def test_the_csv_of_the_plan_tells_each_row(half, today):
    only_mine(half)
    amy = half.linked_contact(AMY)
    sent(half, amy, 100, today - timedelta(days=400), "INV-1")
    bill(half, AMY, 30, today, "NEW")
    bill(half, "Cool Cars", 30, today, "HELD")
    half.import_all()
    answers = Answers(income_account=INCOME_ACCOUNT, since=today)
    half.plan(answers)

    text = "".join(dry_run.services_as_csv(half.setup, answers)).lstrip("\ufeff")
    told = {
        row["Ours"] or row["In QuickBooks"]: (row["What happens"], row["Amount"])
        for row in csv.DictReader(io.StringIO(text))
    }

    assert told["INV-1"] == ("Leave alone: older", "100.00")
    assert told["NEW"] == ("Create here", "30.00")
    assert told["HELD"] == ("Leave out: its contact does not sync", "30.00")
    assert told["Gardening"][0] == "Create here"


def test_the_report_and_its_mail_tell_how_it_went(half, today):
    only_mine(half)
    half.linked_contact(AMY)
    bill(half, AMY, 30, today, "NEW")
    bill(half, "Cool Cars", 30, today, "HELD")
    half.import_all()
    shown = half.confirm()
    assert half.drain()
    mail.outbox.clear()

    sentence = report.write(half.setup.pk, now=half.clock.now)

    assert sentence == f"{shown.to_do} synced."
    [letter] = mail.outbox
    assert letter.subject == "Service items and invoices synced with QuickBooks"
    assert "Invoices, left out: 1" in letter.body
    text = "".join(report.as_csv(half.setup)).lstrip("\ufeff")
    results = {
        (row["Record"], row["In QuickBooks"]): (row["Result"], row["Reason"])
        for row in csv.DictReader(io.StringIO(text))
    }
    assert results["Invoice", "NEW"] == ("Created here", "")
    assert results["Invoice", "HELD"] == ("Left out", "Its contact doesn't sync")


def test_finish_ends_the_walk_and_only_after_the_sync(half):
    walk = Setup.objects.get(half="contacts", is_current=True)
    half.import_all()
    with pytest.raises(services.NotThere):
        services.finish(actor=half.actor, setup=half.setup, now=half.clock.now)
    half.confirm()
    half.drain()

    services.finish(actor=half.actor, setup=half.setup, now=half.clock.now)

    walk.refresh_from_db()
    assert walk.finished_at == half.clock.now


def test_a_second_run_links_nothing_twice(half, today):
    half.linked_contact(AMY)
    half.import_all()
    half.confirm()
    half.drain()
    numbers = counts()
    Setup.objects.update(is_current=False)
    Setup.objects.filter(half="contacts").update(is_current=True)
    half.setup = services.begin_setup(
        actor=half.actor, connection=half.connection, half="billing", now=half.clock.now
    )

    half.import_all()
    shown = half.confirm()
    half.drain()

    assert shown.items.create_here == shown.invoices.create_here.number == 0
    assert shown.invoices.linked_before.number == numbers[1]
    assert counts() == numbers
    assert importing.entities_of(half.setup) == ["service_item", "invoice", "payment"]


def test_the_dry_run_tells_what_waits_for_a_service_item(half, today):
    only_mine(half)
    cars = half.linked_contact(CARS)
    items = [half.item(name=name, rate="10") for name in ("Stays here", "Goes there")]
    for number, item in enumerate(items, start=1):
        line = make_line(service_item_id=item.pk, quantity=Decimal(1), rate=Decimal(10 * number))
        make_invoice(half.firm, contact=cars, number=f"INV-{number}", issued_on=today, lines=[line])
    half.import_all()
    act: dict[str, Any] = {"actor": half.actor, "setup": half.setup, "now": half.clock.now}
    before = half.plan().invoices
    assert (before.wait_for_item.number, before.wait_for_item.money) == (2, 30)

    rows = Rows(ids=[half.row("unmatched", "Goes there").pk])
    decisions.decide(name="unmatched", rows=rows, decision="create_there", **act)

    planned = half.confirm().invoices
    assert (planned.wait_for_item.number, planned.wait_for_item.money) == (1, 10)
    half.drain()
    assert Issue.objects.get(link__entity="invoice").kind == Issue.Kind.HELD


# -- older invoices, one by one ------------------------------------------------------------------


def ticked(half, side, since, **said):
    """`comes` and `stays`: labels."""
    rows = older.rows_of(half.setup, side, since)
    by_label = {each.local_label or each.remote_label: each.pk for each in rows}
    chosen = {name: [by_label[each] for each in said.get(name, ())] for name in ("comes", "stays")}
    act = {"actor": half.actor, "setup": half.setup, "now": half.clock.now}
    return older.tick(side=side, since=since, **chosen, **act)


def test_an_older_unpaid_one_that_is_unticked_stays_there_with_its_payment(half, today):
    only_mine(half)
    half.linked_contact(CARS)
    comes = bill(half, CARS, 70, today - timedelta(days=300), "COMES")
    stays = bill(half, CARS, 90, today - timedelta(days=200), "STAYS")
    for invoice in (comes, stays):
        pay(half, invoice, 20, today)
    half.import_all()
    answers = Answers(income_account=INCOME_ACCOUNT, since=today - timedelta(days=1))

    assert ticked(half, "theirs", answers.since, stays=["STAYS"], comes=["COMES"]) == 1
    shown = half.confirm(answers)

    assert (shown.invoices.open_older.number, shown.invoices.open_older.money) == (1, 70)
    assert (shown.invoices.unticked.number, shown.invoices.unticked.money) == (1, 90)
    assert shown.payments.create_here.number == 1
    half.drain()
    assert [each.number for each in Invoice.objects.all()] == ["COMES"]
    assert [each.amount for each in Payment.objects.all()] == [20]
    assert of({"entity": "invoice", "remote_id": stays["Id"]}).state == Link.State.LEFT_OUT


def test_older_ones_of_ours_go_there_one_by_one_with_their_payments(half, today):
    only_mine(half)
    cars = half.linked_contact(CARS)
    for number in (1, 2):
        invoice = sent(half, cars, 100, today - timedelta(days=400), f"INV-{number}")
        make_payment(invoice, "40", received_on=today - timedelta(days=380), method="")
    half.import_all()
    answers = Answers(income_account=INCOME_ACCOUNT, since=today)

    ticked(half, "ours", today, comes=["INV-1"], stays=["INV-2"])
    shown = half.confirm(answers)

    assert (shown.invoices.sent_older.number, shown.invoices.older_here.number) == (1, 1)
    assert (shown.payments.create_there.number, shown.payments.older_here.number) == (1, 1)


def test_what_is_ticked_outlasts_that_the_rows_are_made_anew_and_can_be_taken_back(half, today):
    only_mine(half)
    half.linked_contact(CARS)
    bill(half, CARS, 90, today - timedelta(days=200), "STAYS")
    half.import_all()
    since = today - timedelta(days=1)
    ticked(half, "theirs", since, stays=["STAYS"])

    importing.check_again(actor=half.actor, setup=half.setup, now=half.clock.now)
    answers = Answers(income_account=INCOME_ACCOUNT, since=since)
    assert half.plan(answers).invoices.unticked.number == 1

    ticked(half, "theirs", since, comes=["STAYS"])
    assert half.plan(answers).invoices.open_older.number == 1


def test_an_older_one_of_ours_is_linked_by_hand_with_its_payment(half, today):
    only_mine(half)
    cars = half.linked_contact(CARS)
    day = today - timedelta(days=200)
    theirs = bill(half, CARS, 150, day, "A-17")
    paid = pay(half, theirs, 150, day)
    ours = sent(half, cars, 150, day, "INV-1")
    payment = make_payment(ours, "150", received_on=day, method="")
    half.import_all()
    [row] = older.rows_of(half.setup, "ours", today)
    [offer] = older.offers_for(half.setup, row)
    assert offer.is_same_amount
    act = {"actor": half.actor, "setup": half.setup, "now": half.clock.now}

    older.link(row_id=row.pk, remote_id=offer.row.remote_id, **act)
    shown = half.confirm(Answers(income_account=INCOME_ACCOUNT, since=today))
    assert shown.invoices.link.number == shown.payments.link.number == 1
    half.drain()

    assert of({"entity": "invoice", "local_id": ours.pk}).remote_id == theirs["Id"]
    assert of({"entity": "payment", "local_id": payment.pk}).remote_id == paid["Id"]
    assert Invoice.objects.count() == len(half.emulator.objects("Invoice")) == 1


def test_a_link_by_hand_is_taken_back(half, today):
    only_mine(half)
    cars = half.linked_contact(CARS)
    theirs = bill(half, CARS, 150, today - timedelta(days=200), "A-17")
    sent(half, cars, 150, today - timedelta(days=200), "INV-1")
    half.import_all()
    act = {"actor": half.actor, "setup": half.setup, "now": half.clock.now}
    [row] = older.rows_of(half.setup, "ours", today)
    older.link(row_id=row.pk, remote_id=theirs["Id"], **act)
    [row] = older.rows_of(half.setup, "ours", today)
    assert row.list == "matched"

    older.unlink(row_id=row.pk, **act)

    [row] = older.rows_of(half.setup, "ours", today)
    assert (row.list, row.decided_at) == ("unmatched", None)
