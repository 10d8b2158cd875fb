"""Pages of payments: the list, one payment, record, change, void; and what a contact shows."""

import gzip
import re
from datetime import date, timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import panels
from billing.models import Payment, PaymentPart
from billing.payment_forms import read_amount, split_in_order
from billing.queries import balances_of
from billing.services import invoices as invoice_services
from billing.services import payments
from firms.marks import SyncMark
from firms.middleware import actor_of
from firms.permissions import VIEWER, Actor
from tests.billing.forms import controls
from tests.factories import (
    NOW,
    make_contact,
    make_firm,
    make_invoice,
    make_member,
    make_payment,
    today_of,
)

LIST = "/payments/"
FORM = "payment-form"
OLD, NEW, LATER = date(2026, 9, 1), date(2026, 10, 1), date(2199, 1, 1)


@pytest.fixture
def firm(db):
    return make_firm(name="Alder & Finch")


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm, email="priya@alder.test", name="Priya Raman")
    client.force_login(membership.user)
    return membership


@pytest.fixture
def viewer(client, firm):
    membership = make_member(firm, role="Viewer", permissions=VIEWER)
    client.force_login(membership.user)
    return membership


@pytest.fixture
def contact(firm):
    return make_contact(firm, display_name="Cobalt Classic Cars")


@pytest.fixture
def two(firm, contact):
    """Two open invoices of 150.00, the older one first."""
    return [
        make_invoice(firm, contact=contact, number=number, issued_on=day, due_on=LATER)
        for number, day in (("INV-1", OLD), ("INV-2", NEW))
    ]


def pay_url(invoice):
    return reverse("billing:payment_new", args=[invoice.pk])


def contact_url(contact):
    return f"{reverse('billing:contact_payment_new')}?contact={contact.pk}"


def url(name, payment):
    return reverse(f"billing:payment_{name}", args=[payment.pk])


def send(client, address, form=None, **changes):
    """Send the form of the page at `address` as a browser without scripts does."""
    values = controls(form or client.get(address), FORM)
    return client.post(address, {**values, **changes})


def words(answer):
    return answer.content.decode()


def balance(invoice):
    return balances_of(type(invoice).objects.filter(pk=invoice.pk))[invoice.pk]


def parts_of(payment):
    return dict(payment.parts.values_list("invoice__number", "amount"))


def listed(client, query=""):
    """Contacts in the order of the list."""
    return re.findall(r'<td class="full wrap"><bdi>([^<]*)', words(client.get(f"{LIST}{query}")))


def tabs(client, query=""):
    page = words(client.get(f"{LIST}{query}"))
    nav = page[page.index('aria-label="Payment state"') :].split("</nav>")[0]
    return {
        name.lower(): int(count) for name, count in re.findall(r">(\w+) <span[^>]*>(\d+)<", nav)
    }


def note(payment, **values):
    """Have the books say something of it."""
    payments.note_from_books(
        actor=Actor.for_sync(firm_id=payment.firm_id), payment_id=payment.pk, now=NOW, **values
    )


def received(invoice, applied, amount):
    part = {"invoice_id": invoice.pk, "amount": D(applied)}
    return make_payment(invoice, amount, parts=[part])


def changed_meanwhile(payment, **changes):
    other = make_member(payment.firm, name="Tom Okafor")
    current = Payment.objects.get(pk=payment.pk)
    payments.update_payment(
        actor=actor_of(other),
        payment=current,
        version=current.version,
        changes=changes,
        now=timezone.now(),
    )


# -- What is pure ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "amount"),
    [("", None), ("43", D(43)), ("$1,043.75", D("1043.75")), (" .5 ", D("0.5"))],
)
def test_amounts_are_read_as_people_type_them(text, amount):
    assert read_amount(text) == amount


@pytest.mark.parametrize("text", ["-1", "1.005", "NaN", "Infinity", "1e3", "1,50", "x", "9" * 12])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        read_amount(text)


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("0", {}),
        ("100", {1: 100}),
        ("150", {1: 150}),
        ("200", {1: 150, 3: 50}),
        ("999", {1: 150, 3: 80}),
    ],
)
def test_the_first_invoices_are_paid_first(amount, parts):
    owed = [(1, D(150)), (2, D(0)), (3, D(80))]

    assert split_in_order(D(amount), owed) == parts


# -- The list --------------------------------------------------------------------------------------
@pytest.fixture
def one_of_each(firm, staff):
    actor = Actor.for_sync(firm_id=firm.pk)
    for name, amount, total in (("Full", "150", "150"), ("Part", "50", "80")):
        invoice = make_invoice(firm, contact=make_contact(firm, display_name=name))
        received(invoice, amount, total)
    void = make_payment(make_invoice(firm, contact=make_contact(firm, display_name="Gone")), 10)
    payments.void_payment(actor=actor, payment=void, version=1, now=NOW)
    make_payment(make_invoice(make_firm()), 10)


def test_each_tab_lists_its_payments_and_says_how_many(client, one_of_each):
    assert tabs(client) == {"received": 2, "unapplied": 1, "void": 1, "all": 3}
    for query, names in {
        "": {"Full", "Part"},
        "?tab=unapplied": {"Part"},
        "?tab=void": {"Gone"},
        "?tab=all": {"Full", "Part", "Gone"},
        "?tab=nonsense": {"Full", "Part"},
    }.items():
        assert set(listed(client, query)) == names, query
    assert 'Unapplied credit <b class="ink">$30.00</b>' in words(client.get(LIST))


@pytest.mark.parametrize(
    "search", ["cobalt", "2064", "check", "inv-1", "150.00", "$150", "check cobalt"]
)
def test_names_references_numbers_and_amounts_are_found(client, staff, firm, two, search):
    make_payment(two[0], 150)
    make_payment(make_invoice(firm, number="X"), 20, reference="9", method="Cash")

    assert listed(client, f"?q={search}") == ["Cobalt Classic Cars"]


@pytest.mark.parametrize("query", ["%25", "_", "\\", "'", "%00", "%F0%9F%98%80", "x" * 3000])
def test_odd_searches_break_nothing(client, staff, two, query):
    make_payment(two[0], 150)

    assert len(listed(client, f"?q={query}")) <= 1


def test_the_list_can_be_narrowed_to_a_month_a_year_a_contact_and_a_sync_state(client, staff, firm):
    old = make_payment(make_invoice(firm), 10, received_on=date(2025, 12, 31))
    new = make_payment(make_invoice(firm), 10, received_on=date(2026, 11, 30))
    SyncMark.objects.create(
        firm=firm, entity="payment", local_id=new.pk, state="failed", changed_at=NOW
    )
    names = [str(old.contact), str(new.contact)]

    assert listed(client, "?received=2026-11") == names[1:]
    assert listed(client, "?received=2025") == names[:1]
    assert listed(client, f"?contact={old.contact_id}") == names[:1]
    assert listed(client, "?sync=failed") == names[1:]
    assert listed(client, "?sync=needs_you") == names[1:]
    assert listed(client, "?sync=not_synced") == names[:1]
    assert listed(client, "?received=1&contact=x&sync=x") == names[::-1]


def test_the_list_sorts_by_date_contact_and_amount(client, staff, firm):
    for name, amount, day in (("b", 20, 1), ("a", 10, 2), ("c", 30, 3)):
        invoice = make_invoice(firm, contact=make_contact(firm, display_name=name))
        make_payment(invoice, amount, received_on=date(2026, 11, day))

    assert listed(client) == ["c", "a", "b"]
    assert listed(client, "?sort=received") == ["b", "a", "c"]
    assert listed(client, "?sort=contact") == ["a", "b", "c"]
    assert listed(client, "?sort=-amount") == ["c", "b", "a"]


def make_many(firm, number):
    contact = make_contact(firm)
    invoice = make_invoice(firm, contact=contact)
    made = Payment.objects.bulk_create(
        Payment(
            firm=firm,
            contact=contact,
            received_on=OLD,
            amount=D(each + 1),
            method="Check",
            reference=f"{each:04}",
            created_at=NOW,
            updated_at=NOW,
        )
        for each in range(number)
    )
    PaymentPart.objects.bulk_create(
        PaymentPart(payment=each, position=1, invoice=invoice, amount=D(1)) for each in made
    )


@pytest.mark.parametrize(("number", "pages"), [(0, 1), (300, 1), (301, 2)])
def test_pages_hold_three_hundred(client, staff, firm, number, pages):
    if number:
        make_many(firm, number)

    assert len(listed(client)) == min(number, 300)
    assert len(listed(client, "?page=2")) == (number if pages == 1 else number - 300)


def test_queries_and_bytes_of_a_list_have_a_limit(client, staff, firm):
    make_many(firm, 1)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    make_many(firm, 299)
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST)

    assert len(listed(client)) == 300
    assert len(many) == len(few) <= 9
    assert len(gzip.compress(page.content)) <= 25_000


def test_a_search_by_htmx_answers_the_list_alone(client, staff, two):
    make_payment(two[0], 150)

    page = words(client.get(LIST, headers={"HX-Request": "true"}))

    assert "<html" not in page
    assert "data-page" in page


# -- One payment -----------------------------------------------------------------------------------
def test_a_payment_shows_what_it_pays_and_what_is_left_as_credit(client, staff, two):
    payment = received(two[0], 100, 130)

    page = words(client.get(f"{LIST}{payment.pk}/"))

    assert f'href="/invoices/{two[0].pk}/"' in page
    assert "Part paid" in page
    assert "<span>Unapplied credit</span><span>$30.00</span>" in page


def test_queries_of_a_payment_do_not_grow_with_its_parts(client, staff, firm, contact, two):
    one = make_payment(two[0], 10)
    parts = [
        {"invoice_id": make_invoice(firm, contact=contact).pk, "amount": D(1)} for _ in range(5)
    ]
    several = make_payment(two[1], 20, parts=parts)
    counts = []
    for payment in (one, several):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{LIST}{payment.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 10


def test_other_apps_may_show_a_panel_on_a_payment(client, staff, two, monkeypatch):
    payment = make_payment(two[0], 100)
    shown = []
    monkeypatch.setitem(
        panels._makers, panels.Page.PAYMENT, [lambda request, subject: shown.append(subject)]
    )

    client.get(f"{LIST}{payment.pk}/")

    assert shown == [payment]


def test_a_locked_payment_says_why_and_offers_nothing(client, staff, two):
    payment = make_payment(two[0], 100)
    note(payment, lock_reason="It is part of a bank deposit.")

    detail, edit, void = (
        words(client.get(address))
        for address in (f"{LIST}{payment.pk}/", url("edit", payment), url("void", payment))
    )

    for page in (detail, edit, void):
        assert "It is part of a bank deposit." in page
    assert url("edit", payment) not in detail
    assert f'id="{FORM}"' not in edit
    assert "danger" not in void.split("<main")[1]


# -- Record ----------------------------------------------------------------------------------------
def test_the_page_of_an_invoice_proposes_what_it_owes(client, staff, two):
    make_payment(two[1], 30)

    answer = send(client, pay_url(two[1]), method="Check", reference="2291")

    assert answer.url == f"/invoices/{two[1].pk}/"
    payment = Payment.objects.get(reference="2291")
    assert (payment.amount, payment.method) == (D(120), "Check")
    assert parts_of(payment) == {"INV-2": D(120)}


def test_a_contacts_payment_is_split_over_the_oldest_after_one_look(client, staff, contact, two):
    answer = send(client, contact_url(contact), amount="200")

    assert not Payment.objects.exists()
    assert "Not recorded yet" in words(answer)
    fields = controls(answer, FORM)
    assert fields[f"pays-{two[0].pk}"] == ["150.00"]
    assert fields[f"pays-{two[1].pk}"] == ["50.00"]

    answer = send(client, contact_url(contact), form=answer)

    payment = Payment.objects.get()
    assert answer.url == f"/payments/{payment.pk}/"
    assert parts_of(payment) == {"INV-1": D(150), "INV-2": D(50)}


def test_a_split_of_ones_own_is_taken_as_it_is(client, staff, contact, two):
    send(client, contact_url(contact), amount="200", **{f"pays-{two[1].pk}": "$120"})

    assert parts_of(Payment.objects.get()) == {"INV-2": D(120)}


def test_without_scripts_buttons_split_and_clear(client, staff, contact, two):
    address = contact_url(contact)
    split = send(client, address, amount="200", do="split")
    cleared = send(client, address, form=split, do="clear")

    assert controls(split, FORM)[f"pays-{two[1].pk}"] == ["50.00"]
    assert controls(cleared, FORM)[f"pays-{two[0].pk}"] == [""]
    assert not Payment.objects.exists()

    send(client, address, form=cleared)

    assert parts_of(Payment.objects.get()) == {}


def test_the_rest_is_shown_while_one_types(client, staff, contact, two):
    fields = controls(client.get(contact_url(contact)), FORM)
    asked = {**fields, "do": "sums", "amount": "200"}

    page = words(client.post(contact_url(contact), asked, headers={"HX-Request": "true"}))
    own = {**asked, f"pays-{two[0].pk}": "250"}
    more = words(client.post(contact_url(contact), own, headers={"HX-Request": "true"}))

    assert "<html" not in page
    assert 'value="50.00"' in page  # the second invoice is proposed what is left of 200
    assert "Unapplied credit</span><span>$0.00" in page
    assert "Applied too much</span><span>($50.00)" in more
    assert f'id="pays-{two[0].pk}"' not in more  # what a person types is not touched
    assert not Payment.objects.exists()


def test_invoices_of_descendants_are_offered_and_those_of_others_are_not(client, staff, firm):
    parent = make_contact(firm, display_name="Maple Ridge")
    child = make_contact(firm, display_name="Maple Ridge North", parent_id=parent.pk)
    below, other = make_invoice(firm, contact=child), make_invoice(firm)

    fields = controls(client.get(contact_url(parent)), FORM)
    refused = send(client, contact_url(parent), amount="10", **{f"pays-{other.pk}": "10"})
    send(client, contact_url(parent), amount="10", **{f"pays-{below.pk}": "10"})

    assert f"pays-{below.pk}" in fields
    assert f"pays-{other.pk}" not in fields
    assert "is of another contact" in words(refused)
    assert Payment.objects.get().contact == parent


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"amount": ""}, "id_amount", "Enter the amount"),
        ({"amount": "x"}, "id_amount", "as a number"),
        ({"amount": "-5"}, "id_amount", "as a number"),
        ({"amount": "0"}, "id_amount", "more than 0"),
        ({"received_on": ""}, "id_received_on", "Enter the day"),
        ({"received_on": "soon"}, "id_received_on", "is not a date"),
        ({"method": "m" * 32}, "id_method", "at most 31"),
        ({"reference": "r" * 101}, "id_reference", "at most 100"),
        ({"part": "x"}, "pays-", "enter an amount"),
        ({"part": "151"}, "pays-", "is too much"),
    ],
)
def test_bad_input_is_marked_at_its_field_and_kept(client, staff, two, changes, field, sentence):
    if "part" in changes:
        changes = {f"pays-{two[0].pk}": changes["part"], "amount": "400"}
        field += str(two[0].pk)
    answer = send(client, pay_url(two[0]), **changes)
    page = words(answer)

    assert not Payment.objects.exists()
    assert "<title>Error: " in page
    summary = page[page.index('class="errsum"') :].split("</ul>")[0]
    assert f'href="#{field}"' in summary
    assert sentence in summary
    control = next(tag for tag in re.findall(r"<input[^>]*>", page) if f'id="{field}"' in tag)
    assert 'aria-invalid="true"' in control
    kept = controls(answer, FORM)
    assert all(kept[name] == [value] for name, value in changes.items())


def test_more_applied_than_received_is_refused(client, staff, two):
    answer = send(client, pay_url(two[0]), amount="100", **{f"pays-{two[0].pk}": "120"})

    assert "120.00 is applied, but only 100.00 was received" in words(answer)
    assert not Payment.objects.exists()


def test_a_double_click_or_back_records_once(client, staff, two):
    form = client.get(pay_url(two[0]))

    first = send(client, pay_url(two[0]), form=form)
    second = send(client, pay_url(two[0]), form=form)
    third = send(client, pay_url(two[0]), form=form, amount="20")

    payment = Payment.objects.get()
    assert first.url == f"/invoices/{two[0].pk}/"
    assert second.url == third.url == f"/payments/{payment.pk}/"
    assert payment.amount == D(150)
    assert "was not recorded again" in words(client.get(second.url))


def test_nothing_is_recorded_on_a_draft_or_what_is_void_or_paid(client, staff, firm):
    draft, void, paid = make_invoice(firm, status="draft"), make_invoice(firm), make_invoice(firm)
    invoice_services.void_invoice(actor=Actor.for_sync(firm_id=firm.pk), invoice=void, now=NOW)
    make_payment(paid, 150)

    for invoice, reason in ((draft, "is a draft"), (void, "is void"), (paid, "is paid")):
        answer = client.get(pay_url(invoice), follow=True)
        assert reason in words(answer)
        made = client.post(
            pay_url(invoice),
            {"amount": "5", "received_on": "t", f"pays-{invoice.pk}": "5", "form_key": uuid4()},
        )
        assert made.status_code == 200
    assert Payment.objects.count() == 1


def test_who_paid_is_asked_where_no_contact_is_named(client, staff, firm, two):
    make_contact(firm, display_name="Nobody")

    page = words(client.get("/payments/new/?q=cobalt"))

    assert f"/payments/new/?contact={two[0].contact_id}" in page
    assert "$300.00" in page
    assert "Nobody" not in page


@pytest.mark.parametrize("contact", ["x", "", "9" * 30, "-1"])
def test_a_contact_that_is_no_number_asks_who_paid(client, staff, contact):
    assert "Who paid?" in words(client.get(f"/payments/new/?contact={contact}"))


def test_a_contact_of_another_firm_is_not_found(client, staff):
    assert client.get(contact_url(make_contact(make_firm()))).status_code == 404


def test_queries_of_the_form_do_not_grow_with_the_invoices(client, staff, firm, contact, two):
    with CaptureQueriesContext(connection) as few:
        client.get(contact_url(contact))
    for _ in range(6):
        make_invoice(firm, contact=contact)
    with CaptureQueriesContext(connection) as many:
        client.get(contact_url(contact))

    assert len(many) == len(few) <= 12


# -- Change ----------------------------------------------------------------------------------------
def test_a_payment_is_changed(client, staff, two):
    payment = make_payment(two[0], 100)

    answer = send(client, url("edit", payment), amount="180", **{f"pays-{two[1].pk}": "80"})

    assert answer.url == f"/payments/{payment.pk}/"
    payment.refresh_from_db()
    assert (payment.amount, payment.version, payment.changed_by) == (D(180), 2, "Priya Raman")
    assert parts_of(payment) == {"INV-1": D(100), "INV-2": D(80)}


def test_saving_the_form_as_it_is_changes_nothing(client, staff, two):
    payment = make_payment(two[0], 150)

    send(client, url("edit", payment))

    payment.refresh_from_db()
    assert payment.version == 1
    assert parts_of(payment) == {"INV-1": D(150)}


def test_what_somebody_else_changed_is_told_and_nothing_is_lost(client, staff, two):
    payment = make_payment(two[0], 100)
    form = client.get(url("edit", payment))
    changed_meanwhile(payment, amount=D(140), reference="77")

    answer = send(client, url("edit", payment), form=form, amount="130", method="Cash")
    page = words(answer)

    assert "<bdi>Tom Okafor</bdi> changed this at" in page
    assert "130.00" in page
    assert "140.00" in page
    fields = controls(answer, FORM)
    assert (fields["amount"], fields["method"]) == (["130.00"], ["Cash"])
    assert fields["reference"] == ["77"]  # only they changed it
    assert fields["version"] == ["2"]

    send(client, url("edit", payment), form=answer)

    payment.refresh_from_db()
    assert (payment.amount, payment.method, payment.reference) == (D(130), "Cash", "77")


def test_two_splits_are_shown_side_by_side(client, staff, two):
    payment = make_payment(two[0], 100)
    form = client.get(url("edit", payment))
    changed_meanwhile(payment, parts=[{"invoice_id": two[0].pk, "amount": D(60)}])

    answer = send(client, url("edit", payment), form=form, **{f"pays-{two[0].pk}": "70"})

    assert "INV-1: 70.00" in words(answer)
    assert "INV-1: 60.00" in words(answer)
    assert controls(answer, FORM)[f"pays-{two[0].pk}"] == ["70.00"]


def test_a_void_payment_has_no_form(client, staff, two):
    payment = make_payment(two[0], 100)
    client.post(url("void", payment), {"version": 1})

    assert "It is void." in words(client.get(url("edit", payment)))
    assert "It is void." in words(client.post(url("edit", payment), {"amount": "1"}))
    assert client.get(url("void", payment)).url == f"/payments/{payment.pk}/"


# -- Void ------------------------------------------------------------------------------------------
def test_the_void_page_says_what_opens_again_and_does_it(client, staff, two):
    payment = received(two[0], 100, 130)

    page = words(client.get(url("void", payment)))
    answer = client.post(url("void", payment), {"version": 1, "reason": "Bounced"})

    assert "INV-1" in page
    assert "$100.00 more, $150.00 to pay" in page
    assert "$30.00 of unapplied credit will be gone" in page
    assert answer.url == f"/payments/{payment.pk}/"
    payment.refresh_from_db()
    assert (payment.is_void, payment.void_reason) == (True, "Bounced")
    assert balance(two[0]) == D(150)


def test_a_void_of_what_changed_meanwhile_asks_again_and_keeps_the_reason(client, staff, two):
    payment = make_payment(two[0], 100)
    changed_meanwhile(payment, amount=D(140))

    answer = client.post(url("void", payment), {"version": 1, "reason": "Bounced"})

    payment.refresh_from_db()
    assert not payment.is_void
    assert "Tom Okafor changed this at" in words(answer)
    assert 'value="Bounced"' in words(answer)
    assert 'name="version" value="2"' in words(answer)


def test_a_reason_that_is_too_long_is_refused(client, staff, two):
    payment = make_payment(two[0], 100)

    answer = client.post(url("void", payment), {"version": 1, "reason": "x" * 501})

    assert "at most 500 characters" in words(answer)
    assert not Payment.objects.get().is_void


def test_a_closed_period_is_told_before_anything_is_asked(client, staff, two, monkeypatch):
    payment = make_payment(two[0], 100)
    closed = payment.received_on + timedelta(days=1)
    monkeypatch.setattr("billing.periods._sources", [lambda firm_id: closed])

    assert "The books are closed" in words(client.get(url("void", payment)))
    assert "The books are closed" in words(client.get(url("edit", payment)))


# -- Who may ---------------------------------------------------------------------------------------
def test_who_may_only_look_sees_all_and_changes_nothing(client, viewer, firm, contact, two):
    payment = make_payment(two[0], 100)

    for address in (LIST, f"{LIST}{payment.pk}/"):
        page = words(client.get(address))
        assert "You can look but not change" in page
        assert 'aria-disabled="true"' in page
    for address in (
        pay_url(two[0]),
        contact_url(contact),
        "/payments/new/",
        url("edit", payment),
        url("void", payment),
    ):
        for answer in (client.get(address), client.post(address, {"version": 1})):
            assert answer.status_code == 403
            assert "Record Payments" in words(answer)
    assert Payment.objects.get().version == 1


def test_who_may_not_look_sees_nothing(client, firm, two):
    membership = make_member(firm, role="Nobody", permissions=[])
    client.force_login(membership.user)
    payment = make_payment(two[0], 100)

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{payment.pk}/").status_code == 403


def test_a_firm_without_the_licence_has_no_payments(client, db):
    firm = make_firm(licences=[])
    client.force_login(make_member(firm).user)
    contact = make_contact(firm)

    assert client.get(LIST).status_code == 403
    assert client.get(contact_url(contact)).status_code == 403
    page = words(client.get(f"/contacts/{contact.pk}/"))
    assert 'href="/payments/"' not in page
    assert "Open balance" not in page


def test_the_navigation_leads_to_payments(client, staff):
    assert 'href="/payments/" aria-current="page"' in words(client.get(LIST))


# -- A contact's page ------------------------------------------------------------------------------
def test_a_contact_shows_its_money_invoices_and_payments(client, staff, firm, contact, two):
    today = today_of(firm)
    late = make_invoice(firm, contact=contact, issued_on=OLD, due_on=today - timedelta(days=1))
    payment = received(two[0], 100, 130)

    page = words(client.get(f"/contacts/{contact.pk}/"))

    tiles = dict(re.findall(r"<dt>([^<]*)</dt><dd class=\"v[^\"]*\">([^<]*)<", page))
    assert tiles["Open balance"] == "$350.00"
    assert tiles["Unapplied credit"] == "$30.00"
    assert tiles["Overdue"] == "$150.00"
    assert "Invoiced this year" in tiles
    assert f'href="/invoices/{late.pk}/"' in page
    assert f'href="/invoices/{two[1].pk}/"' in page
    assert f'href="/payments/{payment.pk}/"' in page
    assert contact_url(contact) in page


def test_queries_of_a_contact_do_not_grow_with_what_it_was_billed(
    client, staff, firm, contact, two
):
    make_payment(two[0], 10)
    with CaptureQueriesContext(connection) as few:
        client.get(f"/contacts/{contact.pk}/")
    for _ in range(12):
        make_payment(make_invoice(firm, contact=contact), 10)
    with CaptureQueriesContext(connection) as many:
        page = words(client.get(f"/contacts/{contact.pk}/"))

    assert len(many) == len(few)
    assert page.count("View all") == 2
