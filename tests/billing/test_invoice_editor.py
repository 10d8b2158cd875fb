"""The invoice editor: what it saves, what it shows, who may do what, and two people at once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal as D
from html import unescape

import pytest

from billing import panels
from billing.models import Invoice, InvoiceNumbering, Payment, PaymentPart
from billing.services import invoices, service_items, tax_rates
from firms.permissions import VIEWER, Actor
from tests.billing.forms import controls
from tests.factories import (
    NOW,
    make_actor,
    make_contact,
    make_firm,
    make_invoice,
    make_line,
    make_member,
    make_service_item,
    make_tax_rate,
    today_of,
)

pytestmark = pytest.mark.django_db
NEW = "/invoices/new/"


@pytest.fixture
def firm():
    return make_firm(name="Alder & Finch")


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm, name="Priya Raman")
    client.force_login(membership.user)
    return membership


@pytest.fixture
def contact(firm):
    return make_contact(firm, display_name="Tamarack Brewing Co", email="ap@tamarack.example")


def edit_of(invoice):
    return f"/invoices/{invoice.pk}/edit/"


def form_of(client, address=NEW):
    return controls(client.get(address), "editor")


def send(client, address, form, *, do="save", htmx=False, **typed):
    data = {**form, "do": do, **typed}
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(address, data, headers=headers)


def cells(**values):
    """Values of the controls of line 1."""
    return {f"line-0-{name}": value for name, value in values.items()}


def fill(client, to, **typed):
    """The form of a new invoice with a contact and a line of 2 x 75."""
    line = cells(description="Bookkeeping", quantity="2", rate="75")
    return {**form_of(client), "contact": to.display_name, **line, **typed}


def text_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def is_marked(page, control):
    """Whether the control is told as wrong to who cannot see it."""
    (tag,) = re.findall(rf'<(?:input|textarea|select)[^>]*id="{control}"[^>]*>', page)
    return 'aria-invalid="true"' in tag


def pay(invoice, amount):
    payment = Payment.objects.create(
        firm=invoice.firm,
        contact=invoice.contact,
        received_on=date(2026, 11, 21),
        amount=amount,
        created_at=NOW,
        updated_at=NOW,
    )
    PaymentPart.objects.create(payment=payment, position=1, invoice=invoice, amount=amount)


# -- A new one -------------------------------------------------------------------------------------
def test_a_new_form_proposes_number_dates_and_terms(client, staff, firm):
    form = form_of(client)

    today = today_of(firm)
    assert form["number"] == ["INV-1001"]
    assert form["term_days"] == ["30"]
    assert form["issued_on"] == [f"{today:%b} {today.day}, {today.year}"]
    assert not Invoice.objects.exists()
    assert not InvoiceNumbering.objects.exists()


def test_a_draft_is_saved_as_typed(client, staff, firm, contact):
    item = make_service_item(firm, name="Advice", rate=D("12.5"))
    rate = make_tax_rate(firm, "10")
    form = fill(client, contact)

    answer = send(
        client,
        NEW,
        form,
        po_number="TB-1",
        issued_on="11/2/2026",
        term_days="15",
        tax_rate_id=str(rate.pk),
        discount="5",
        message="Thank you\r\nvery much",
        **cells(
            item="advice",
            served_on="11/1/2026",
            quantity="1,000.5",
            rate="$2.50",
            is_taxable="1",
        ),
    )

    made = Invoice.objects.get()
    assert answer["Location"] == edit_of(made)
    assert (made.contact, made.number, made.po_number, made.status) == (
        contact,
        "INV-1001",
        "TB-1",
        "draft",
    )
    assert (made.issued_on, made.term_days, made.due_on) == (
        date(2026, 11, 2),
        15,
        date(2026, 11, 17),
    )
    assert (made.message, made.discount_percent) == ("Thank you\nvery much", D(5))
    line = made.lines.get()
    assert (line.service_item, line.served_on) == (item, date(2026, 11, 1))
    assert (line.quantity, line.rate, line.amount) == (D("1000.5"), D("2.5"), D("2501.25"))
    assert made.tax == D("237.62")


def test_what_was_saved_is_shown_and_saving_it_again_changes_nothing(client, staff, firm, contact):
    rate = make_tax_rate(firm, "2", "6.7")
    item = make_service_item(firm, name="Advice")
    draft = make_invoice(
        firm,
        contact=contact,
        status="draft",
        tax_rate_id=rate.pk,
        discount_amount=D("5.5"),
        message="\nA\nB",
        lines=[
            make_line(service_item_id=item.pk, rate=D("0.1234567"), served_on=date(2026, 11, 1)),
            make_line(kind="text", description="Only words"),
            make_line(quantity=None, rate=None, amount=D("99.9"), is_taxable=True),
        ],
    )

    answer = send(client, edit_of(draft), form_of(client, edit_of(draft)))

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.version == 1


def test_a_due_date_that_is_typed_is_no_longer_by_terms(client, staff, contact):
    send(client, NEW, fill(client, contact), issued_on="11/2/2026", due_on="+10")

    made = Invoice.objects.get()
    assert (made.term_days, made.due_on) == (None, date(2026, 11, 12))


def test_an_item_gives_its_rate_and_one_piece_without_scripts(client, staff, firm, contact):
    make_service_item(firm, name="Advice", rate=D("12.5"))

    send(client, NEW, fill(client, contact, **cells(item="Advice", quantity="", rate="")))

    line = Invoice.objects.get().lines.get()
    assert (line.quantity, line.rate) == (D(1), D("12.5"))


def test_a_row_of_words_alone_is_a_line_of_text_and_an_empty_one_is_none(client, staff, contact):
    form = send(client, NEW, fill(client, contact), do="add")
    form = {**controls(form, "editor"), "line-1-description": "Only words"}
    form = controls(send(client, NEW, form, do="add"), "editor")

    send(client, NEW, form)

    kinds = Invoice.objects.get().lines.values_list("kind", "description")
    assert list(kinds) == [("item", "Bookkeeping"), ("text", "Only words")]


def test_the_proposed_number_gives_way_and_a_typed_one_does_not(client, staff, firm, contact):
    form = fill(client, contact)
    make_invoice(firm, contact=contact)  # takes INV-1001 meanwhile

    send(client, NEW, form)
    assert Invoice.objects.order_by("pk").last().number == "INV-1002"

    answer = send(client, NEW, fill(client, contact), number="inv-1001")
    assert "Another invoice has the number inv-1001" in text_of(answer)


def test_a_contact_named_in_the_address_is_chosen(client, staff, firm, contact):
    assert form_of(client, f"{NEW}?contact={contact.pk}")["contact"] == ["Tamarack Brewing Co"]
    stranger = make_contact(make_firm())
    for value in (stranger.pk, "x", "9" * 30, "-1"):
        assert form_of(client, f"{NEW}?contact={value}")["contact"] == [""]


# -- Made once -------------------------------------------------------------------------------------
def test_a_double_click_makes_one(client, staff, contact):
    form = fill(client, contact)

    first, second = send(client, NEW, form), send(client, NEW, form)

    assert first["Location"] == second["Location"]
    assert Invoice.objects.get().version == 1


def test_back_after_submit_edits_the_one_that_was_made(client, staff, contact):
    form = fill(client, contact)
    send(client, NEW, form)

    send(client, NEW, form, message="Forgotten")

    assert Invoice.objects.get().message == "Forgotten"


def test_back_after_it_was_changed_elsewhere_asks(client, staff, firm, contact):
    form = fill(client, contact)
    send(client, NEW, form)
    made = Invoice.objects.get()
    change(firm, made, message="Theirs")

    answer = send(client, NEW, form, message="Mine")

    assert "Tom Okafor changed this at" in text_of(answer)
    made.refresh_from_db()
    assert made.message == "Theirs"


# -- What is wrong ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "words", "control"),
    [
        ({"contact": ""}, "Choose a contact", "id_contact"),
        ({"contact": "Nobody"}, 'No contact is called "Nobody"', "id_contact"),
        ({"number": "x" * 22}, "at most 21 characters", "id_number"),
        ({"issued_on": "soon"}, '"soon" is not a date', "id_issued_on"),
        ({"issued_on": ""}, "Enter the issue date", "id_issued_on"),
        ({"due_on": "1/1/2020"}, "before the issue date", "id_due_on"),
        ({"discount": "many"}, "Enter the discount as a number", "id_discount"),
        ({"discount": "101"}, "between 0 and what the lines come to", "id_discount"),
        ({"message": "x" * 1001}, "at most 1000 characters", "id_message"),
        (cells(quantity="two"), "Line 1: enter the quantity as a number", "line-0-quantity"),
        (cells(quantity="1.00000001"), "Line 1: The quantity can have at", "line-0-quantity"),
        (cells(rate="NaN"), "Line 1: The rate has to be a number", "line-0-rate"),
        (cells(rate="1e400"), "Line 1: The rate can be at most", "line-0-rate"),
        (cells(rate=""), "Line 1: enter a rate", "line-0-rate"),
        (cells(item="Nothing"), 'no service item is called "Nothing"', "line-0-item"),
        (cells(served_on="soon"), 'Line 1: "soon" is not a date', "line-0-served_on"),
        (cells(rate="-75"), "that is a credit; make it in QuickBooks", None),
    ],
)
def test_what_cannot_be_saved_is_said_beside_the_field_and_kept(
    client, staff, contact, typed, words, control
):
    form = fill(client, contact)

    answer = send(client, NEW, form, **typed)

    page = answer.content.decode()
    assert words in text_of(answer)
    assert "<title>Error: " in page
    if control:
        assert f'<a href="#{control}">' in page
        assert is_marked(page, control)
    again = controls(answer, "editor")
    for name, value in typed.items():
        assert again[name] == [value]
    assert not Invoice.objects.exists()


def test_hostile_text_is_only_text(client, staff, firm):
    name = "<script>alert(1)</script>'\"&"
    contact = make_contact(firm, display_name=name)
    make_service_item(firm, name=name, description=name, sku=name)

    answer = send(client, NEW, fill(client, contact, **cells(item=name, description=name)))
    shown = client.get(answer["Location"]).content.decode()
    options = client.get("/invoices/options/items/?x=script").content.decode()

    for page in (shown, options, client.get("/invoices/options/contacts/").content.decode()):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page
    assert Invoice.objects.get().lines.get().description == name


def test_two_contacts_of_one_name_are_told_apart_by_number(client, staff, firm, contact):
    twin = make_contact(firm, display_name=contact.display_name)

    answer = send(client, NEW, fill(client, contact))

    assert f"Several contacts have this name. Enter {contact} #{contact.pk} or" in text_of(answer)
    send(client, NEW, fill(client, contact, contact=f"{contact} #{twin.pk}"))
    send(client, NEW, fill(client, contact, contact_id=str(contact.pk)))
    made = Invoice.objects.order_by("pk").values_list("contact", flat=True)
    assert list(made) == [twin.pk, contact.pk]


@pytest.mark.parametrize(
    "broken",
    [
        {"seen": "{"},
        {"seen": "[]"},
        {"seen": '{"due_on": 5}'},
        {"form_key": "x"},
        {"version": "x"},
        {"contact_id": "x"},
        {"line": ["9", "\x00", ""]},
        {"line-0-line_id": "9" * 40},
        {"line-0-item_id": "٣"},
        {"term_days": "31"},
        {"tax_rate_id": "x"},
        {"discount_kind": "x"},
        {"do": "remove-99"},
        {"do": "dance"},
        {"number": "\x00"},
    ],
)
def test_a_form_that_no_page_of_ours_sends_breaks_nothing(client, staff, contact, broken):
    answer = client.post(NEW, {**fill(client, contact), "do": "save", **broken})

    assert answer.status_code in (200, 302)


# -- Lines -----------------------------------------------------------------------------------------
def test_lines_are_added_and_removed_without_saving(client, staff, contact):
    form = fill(client, contact)

    added = controls(send(client, NEW, form, do="add"), "editor")
    assert added["line"] == ["0", "1"]
    removed = controls(send(client, NEW, added, do="remove-0"), "editor")

    assert removed["line"] == ["0"]
    assert removed["line-0-description"] == [""]
    assert removed["contact"] == ["Tamarack Brewing Co"]
    assert not Invoice.objects.exists()


def test_htmx_gets_the_lines_alone_and_the_keyboard_goes_on_in_the_new_one(client, staff, contact):
    page = send(client, NEW, fill(client, contact), do="add", htmx=True).content.decode()

    assert "<html" not in page
    assert re.search(r'id="line-1-item"[^>]* autofocus', page)
    assert 'id="totals" class="sums" hx-swap-oob="true"' in page


def test_the_last_items_of_the_contact_are_added(client, staff, firm, contact):
    item = make_service_item(firm, name="Advice")
    make_invoice(firm, contact=contact, issued_on=date(2026, 1, 1))
    make_invoice(
        firm,
        contact=contact,
        issued_on=date(2026, 2, 1),
        lines=[
            make_line(service_item_id=item.pk, served_on=date(2026, 2, 1), is_taxable=True),
            make_line(kind="text", description="Words"),
        ],
    )
    make_invoice(firm, contact=contact, issued_on=date(2026, 3, 1), status="draft")
    make_invoice(firm, issued_on=date(2026, 4, 1))

    form = controls(send(client, NEW, fill(client, contact), do="last"), "editor")

    assert form["line"] == ["0", "1", "2"]
    assert form["line-1-item"] == ["Advice"]
    assert form["line-1-is_taxable"] == ["1"]
    assert form["line-1-served_on"] == [""]
    assert form["line-2-description"] == ["Words"]


def test_without_an_earlier_invoice_it_says_that_there_is_nothing_to_add(client, staff, contact):
    answer = send(client, NEW, fill(client, contact), do="last")

    assert "Nothing was sent to Tamarack Brewing Co yet" in text_of(answer)


# -- Totals ----------------------------------------------------------------------------------------
def test_totals_are_those_of_the_saved_invoice_and_nothing_is_saved(client, staff, firm, contact):
    rate = make_tax_rate(firm, "6.25", name="State")
    form = fill(
        client,
        contact,
        tax_rate_id=str(rate.pk),
        discount="5",
        **cells(quantity="3.3333333", rate="99.99", is_taxable="1"),
    )

    shown = text_of(send(client, NEW, form, do="totals", htmx=True))

    assert not Invoice.objects.exists()
    send(client, NEW, form)
    made = Invoice.objects.get()
    for part in (f"{made.total:,} USD", f"({made.discount:,})", f"{made.tax:,}"):
        assert part in shown


def test_totals_need_no_contact_and_say_what_they_lack(client, staff, contact):
    form = fill(client, contact, contact="")

    assert "Total 150.00 USD" in text_of(send(client, NEW, form, do="totals", htmx=True))
    wrong = send(client, NEW, form, do="totals", htmx=True, **cells(quantity="two"))
    assert "Line 1: enter the quantity as a number" in text_of(wrong)


def test_a_tax_exempt_contact_has_no_tax_and_the_reason_in_words(client, staff, firm, contact):
    rate = make_tax_rate(firm, "10", name="State")
    make_contact(firm, display_name="School", is_tax_exempt=True)
    taxable = cells(is_taxable="1")
    form = fill(client, contact, tax_rate_id=str(rate.pk), **taxable)
    assert "is tax exempt" not in text_of(send(client, NEW, form, do="totals", htmx=True))

    chosen = {**form, "contact": "School"}
    shown = text_of(send(client, NEW, chosen, do="totals", htmx=True))

    assert "No tax: School is tax exempt." in shown
    assert "Total 150.00 USD" in shown
    page = send(client, NEW, chosen, do="totals")
    kept = controls(page, "editor")
    assert kept["tax_rate_id"] == [str(rate.pk)]  # for who chooses another contact
    assert 'id="tax"' not in send(client, NEW, kept, do="totals", htmx=True).content.decode()
    send(client, NEW, kept)
    made = Invoice.objects.get()
    assert (made.tax_rate_id, made.total) == (None, 150)
    assert "School is tax exempt" in text_of(client.get(edit_of(made)))


def test_new_terms_bring_their_due_date(client, staff, contact):
    form = fill(client, contact, issued_on="Nov 2, 2026", term_days="10")

    page = send(client, NEW, form, do="totals", htmx=True).content.decode()

    assert 'data-due="Nov 12, 2026"' in page


# -- A draft saves itself --------------------------------------------------------------------------
def test_a_draft_saves_itself_and_goes_on_at_its_own_address(client, staff, contact):
    form = fill(client, contact)

    first = send(client, NEW, form, do="auto", htmx=True)

    made = Invoice.objects.get()
    assert first["HX-Replace-Url"] == edit_of(made)
    assert "Saved just now" in text_of(first)
    assert re.search(r'name="version"[^>]*value="1" hx-swap-oob', first.content.decode())
    second = send(client, NEW, form, do="auto", htmx=True, version="1", message="More")
    made.refresh_from_db()
    assert (made.version, made.message) == (2, "More")
    assert "HX-Replace-Url" not in second


def test_what_keeps_a_draft_from_saving_itself_is_said(client, staff, contact):
    answer = send(client, NEW, fill(client, contact, contact=""), do="auto", htmx=True)

    assert "Not saved yet: Choose a contact." in text_of(answer)
    assert not Invoice.objects.exists()


def test_a_draft_does_not_save_itself_over_somebody_elses_change(client, staff, firm, contact):
    draft = make_invoice(firm, contact=contact, status="draft")
    form = form_of(client, edit_of(draft))
    change(firm, draft, message="Theirs")

    answer = send(client, edit_of(draft), form, do="auto", htmx=True, message="Mine")

    assert "Not saved: Tom Okafor changed this at" in text_of(answer)
    draft.refresh_from_db()
    assert draft.message == "Theirs"


def test_what_was_sent_never_saves_itself(client, staff, firm, contact):
    sent = make_invoice(firm, contact=contact)
    form = form_of(client, edit_of(sent))

    assert send(client, edit_of(sent), form, do="auto", message="X").status_code == 204
    sent.refresh_from_db()
    assert sent.message == ""
    assert 'id="saved"' not in client.get(edit_of(sent)).content.decode()


# -- Two people ------------------------------------------------------------------------------------
def change(firm, invoice, **changes):
    """Tom saves the invoice."""
    invoice.refresh_from_db()
    tom = Actor.for_sync(firm_id=firm.pk, label="Tom Okafor")
    return invoices.update_invoice(
        actor=tom, invoice=invoice, version=invoice.version, changes=changes, now=NOW
    )


def test_of_two_people_the_second_sees_who_and_what_and_can_keep_hers(client, staff, firm, contact):
    draft = make_invoice(firm, contact=contact, status="draft")
    form = form_of(client, edit_of(draft))
    change(firm, draft, message="Theirs", po_number="T-1", lines=[make_line(description="Theirs")])

    answer = send(
        client, edit_of(draft), form, message="Mine", **cells(description="Mine", quantity="3")
    )

    told = text_of(answer)
    assert "Tom Okafor changed this at" in told
    assert "Message to the client Mine Theirs" in told
    assert "Lines 3 × 75.00 Mine 2 × 75.00 Theirs" in told
    assert "T-1" not in told  # only they changed it: it stays
    assert "Total 225.00 USD" in told  # what hers would come to
    draft.refresh_from_db()
    assert (draft.version, draft.message) == (2, "Theirs")

    send(client, edit_of(draft), controls(answer, "editor"))
    draft.refresh_from_db()
    assert (draft.version, draft.message, draft.po_number) == (3, "Mine", "T-1")
    assert draft.lines.get().description == "Mine"


def test_the_same_change_by_both_leaves_nothing_to_decide(client, staff, firm, contact):
    draft = make_invoice(firm, contact=contact, status="draft")
    form = form_of(client, edit_of(draft))
    change(firm, draft, message="Same")

    answer = send(client, edit_of(draft), form, message="Same")

    assert "They saved the same values as you" in text_of(answer)


def test_a_change_by_the_other_only_is_not_undone_by_keeping_mine(client, staff, firm, contact):
    draft = make_invoice(firm, contact=contact, status="draft")
    form = form_of(client, edit_of(draft))
    change(firm, draft, lines=[make_line(rate=D(90))])

    answer = send(client, edit_of(draft), form, message="Mine")
    send(client, edit_of(draft), controls(answer, "editor"))

    draft.refresh_from_db()
    assert (draft.message, draft.total) == ("Mine", D(180))


# -- Leaving draft ---------------------------------------------------------------------------------
def test_mark_as_sent_saves_and_leaves_draft(client, staff, contact):
    answer = send(client, NEW, fill(client, contact), do="mark")

    made = Invoice.objects.get()
    assert (made.status, answer["Location"]) == ("sent", f"/invoices/{made.pk}/")


def test_save_and_send_saves_and_goes_on_to_the_e_mail(client, staff, contact):
    answer = send(client, NEW, fill(client, contact), do="send")

    made = Invoice.objects.get()
    assert (made.status, answer["Location"]) == ("draft", f"/invoices/{made.pk}/send/")


@pytest.mark.parametrize("do", ["mark", "send"])
def test_what_cannot_be_billed_stays_a_saved_draft_with_the_reason(
    client, staff, firm, contact, do
):
    item = make_service_item(firm, name="Faxing")
    draft = make_invoice(
        firm, contact=contact, status="draft", lines=[make_line(service_item_id=item.pk)]
    )
    service_items.archive_service_item(actor=make_actor(firm), item=item, now=NOW)

    answer = send(client, edit_of(draft), form_of(client, edit_of(draft)), do=do, message="Kept")

    assert "Line 1: Faxing is archived. Restore it" in text_of(answer)
    draft.refresh_from_db()
    assert (draft.status, draft.message) == ("draft", "Kept")
    assert controls(answer, "editor")["version"] == ["2"]


# -- What is fixed ---------------------------------------------------------------------------------
def test_with_a_payment_money_is_text_with_the_reason_and_words_can_change(
    client, staff, firm, contact
):
    sent = make_invoice(firm, contact=contact, discount_percent=D(10))
    pay(sent, D(50))

    form = form_of(client, edit_of(sent))

    money = {"contact", "tax_rate_id", "discount", "discount_kind", "line-0-quantity"}
    assert not money & set(form)
    page = text_of(client.get(edit_of(sent)))
    assert "Payments or credits stand against this invoice, so its total and contact stay." in page
    answer = send(client, edit_of(sent), form, message="Thanks", **cells(description="Other words"))
    assert answer["Location"] == f"/invoices/{sent.pk}/"
    sent.refresh_from_db()
    line = sent.lines.get()
    assert (sent.message, sent.total, sent.discount_percent) == ("Thanks", D(135), D(10))
    assert (line.description, line.quantity, line.amount) == ("Other words", D(2), D(150))


def test_what_is_fixed_cannot_be_posted_either(client, staff, firm, contact):
    sent = make_invoice(firm, contact=contact)
    pay(sent, D(50))
    form = form_of(client, edit_of(sent))
    other = make_contact(firm, display_name="Other")

    send(client, edit_of(sent), form, contact=str(other), discount="5", **cells(quantity="9"))
    added = send(client, edit_of(sent), {**form, "line": ["0", "1"], "line-1-rate": "9"})

    assert "has to stay 150.00" in text_of(added)
    sent.refresh_from_db()
    assert (sent.contact, sent.total) == (contact, D(150))


def test_an_invoice_linked_to_an_estimate_shows_its_lines_as_text(client, staff, firm, contact):
    sent = make_invoice(firm, contact=contact)
    invoices.note_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=sent.pk,
        line_ids=None,
        credits=None,
        lock_reason="It is linked to an estimate",
        now=NOW,
    )

    form = form_of(client, edit_of(sent))
    assert not {name for name in form if name.startswith(("line", "contact", "discount"))}
    send(client, edit_of(sent), form, term_days="60")

    sent.refresh_from_db()
    assert (sent.term_days, sent.lines.count(), sent.total) == (60, 1, D(150))
    assert "It is linked to an estimate" in text_of(client.get(edit_of(sent)))


def test_a_locked_line_is_text_and_the_others_can_change(client, staff, firm, contact):
    theirs = invoices.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=None,
        values={
            "contact_id": contact.pk,
            "issued_on": date(2026, 11, 1),
            "due_on": date(2026, 11, 1),
            "lines": [
                {"kind": "locked", "item_name": "Bundle", "amount": D(10), "lock_reason": "B"},
                {"item_name": "Their item", "books_item": "7", "amount": D(5)},
            ],
        },
        now=NOW,
    )

    form = form_of(client, edit_of(theirs))
    assert "line-0-description" not in form
    assert form["line-1-amount"] == ["5.00"]
    answer = send(client, edit_of(theirs), {**form, "line-1-description": "Words"})

    assert answer.status_code == 302
    lines = theirs.lines.values_list("item_name", "description", "amount", "books_item")
    assert list(lines) == [("Bundle", "", 10, ""), ("Their item", "Words", 5, "7")]


def test_a_void_invoice_has_no_form(client, staff, firm, contact):
    sent = make_invoice(firm, contact=contact)
    form = form_of(client, edit_of(sent))
    invoices.void_invoice(actor=make_actor(firm), invoice=sent, now=NOW)

    answer = client.get(edit_of(sent))

    assert controls(answer, "editor") == {}
    assert "This invoice is void" in text_of(answer)
    assert send(client, edit_of(sent), form, message="X").status_code == 200
    sent.refresh_from_db()
    assert sent.message == ""


def test_an_archived_tax_rate_stays_on_the_invoice_that_has_it(client, staff, firm, contact):
    rate = make_tax_rate(firm, name="Old rate")
    draft = make_invoice(firm, contact=contact, status="draft", tax_rate_id=rate.pk)
    tax_rates.archive_tax_rate(actor=make_actor(firm), rate=rate, now=NOW)

    form = form_of(client, edit_of(draft))
    send(client, edit_of(draft), form, message="X")

    draft.refresh_from_db()
    assert (draft.tax_rate, draft.message) == (rate, "X")
    assert "Old rate" not in text_of(client.get(NEW))


# -- Comboboxes ------------------------------------------------------------------------------------
def options(client, kind, text=""):
    page = client.get(f"/invoices/options/{kind}/", {"whatever": text}).content.decode()
    return [unescape(name) for name in re.findall(r'data-text="([^"]*)"', page)]


def test_contacts_are_found_by_words_in_name_or_address_and_names_that_start_so_come_first(
    client, staff, firm, contact
):
    make_contact(firm, display_name="Old Tamarack", is_archived=True)
    make_contact(firm, display_name="A friend of Tamarack")
    make_contact(make_firm(), display_name="Tamarack of others")

    assert options(client, "contacts", "tama") == ["Tamarack Brewing Co", "A friend of Tamarack"]
    assert options(client, "contacts", "co ap@tam") == ["Tamarack Brewing Co"]
    assert options(client, "contacts", "%") == []
    assert options(client, "contacts", "\x00") == ["A friend of Tamarack", "Tamarack Brewing Co"]


def test_items_are_found_by_name_and_sku_and_at_most_eight(client, staff, firm):
    for number in range(10):
        make_service_item(firm, name=f"Payroll {number}", sku=f"PR-{number}")
    make_service_item(firm, name="Payroll old", is_archived=True)
    make_service_item(make_firm(), name="Payroll of others")

    assert len(options(client, "items", "payroll")) == 8
    assert options(client, "items", "pr-7") == ["Payroll 7"]


def test_a_new_item_can_be_made_by_who_may(client, staff, firm):
    address = "/service-items/new/?name=pay%20roll"
    assert address in client.get("/invoices/options/items/?x=pay roll").content.decode()
    assert 'value="pay roll"' in client.get(address).content.decode()

    make_service_item(firm, name="Pay roll")
    assert address not in client.get("/invoices/options/items/?x=pay roll").content.decode()

    biller = make_member(firm, role="Biller", permissions=["edit_invoices"])
    client.force_login(biller.user)
    assert "/service-items/new/" not in client.get("/invoices/options/items/?x=p").content.decode()


# -- Who may ---------------------------------------------------------------------------------------
def test_viewers_are_told_why_and_nothing_is_saved(client, firm, contact):
    draft = make_invoice(firm, contact=contact, status="draft")
    viewer = make_member(firm, role="Viewer", permissions=VIEWER)
    client.force_login(viewer.user)

    for address in (NEW, edit_of(draft)):
        for answer in (client.get(address), client.post(address, {"message": "X"})):
            assert answer.status_code == 403
            assert "Create & Edit Invoices" in text_of(answer)
    for kind in ("contacts", "items"):
        assert client.get(f"/invoices/options/{kind}/").status_code == 403
    draft.refresh_from_db()
    assert draft.version == 1


def test_without_the_licence_there_is_no_editor(client, staff, firm):
    firm.licences = []
    firm.save()

    assert "Time & Billing licence" in text_of(client.get(NEW))


# -- Panels and cost -------------------------------------------------------------------------------
def test_other_apps_draw_beside_the_form(client, staff, firm, contact):
    told = []

    def make(request, subject):
        told.append(subject)
        return panels.Panel(template="components/notice.html", context={"text": "From afar"})

    item = make_service_item(firm, name="Advice")
    panels.register(panels.Page.EDITOR, make)
    try:
        form = fill(client, contact, **cells(item="Advice", item_id=str(item.pk)))
        answer = send(client, NEW, form, do="totals", htmx=True)
    finally:
        panels._makers[panels.Page.EDITOR].remove(make)

    assert "From afar" in text_of(answer)
    assert (told[-1].contact, told[-1].number) == (contact, "INV-1001")
    assert list(told[-1].service_items) == [item.pk]


def test_queries_do_not_grow_with_the_lines(
    client, staff, firm, contact, django_assert_max_num_queries
):
    counts = []
    for size in (2, 60):
        items = [make_service_item(firm) for _ in range(size)]
        draft = make_invoice(
            firm,
            contact=contact,
            status="draft",
            lines=[make_line(service_item_id=item.pk) for item in items],
        )
        form = form_of(client, edit_of(draft))
        with django_assert_max_num_queries(25) as shown:
            client.get(edit_of(draft))
        with django_assert_max_num_queries(25) as totals:
            send(client, edit_of(draft), form, do="totals", htmx=True)
        with django_assert_max_num_queries(40) as saved:
            changed = {**form, "line-0-rate": "9", "line-1-item": "Nothing known"}
            send(client, edit_of(draft), {**changed, "line-1-item": str(items[0])})
        counts.append([len(each) for each in (shown, totals, saved)])

    assert counts[0] == counts[1]


def test_a_thousand_lines_are_drawn_and_saved(client, staff, firm, contact):
    draft = make_invoice(
        firm, contact=contact, status="draft", lines=[make_line(rate=D("0.01"))] * 1000
    )

    form = form_of(client, edit_of(draft))
    answer = send(client, edit_of(draft), {**form, "line-999-rate": "1"})

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.total, draft.lines.count()) == (D("21.98"), 1000)


def test_an_odd_invoice_of_quickbooks_that_is_saved_untouched_is_no_change(client, staff, firm):
    item = make_service_item(firm, name="Two  words ")
    theirs = invoices.accept_from_books(
        actor=Actor.for_sync(firm_id=firm.pk),
        invoice_id=None,
        values={
            "contact_id": make_contact(firm, display_name=" Cool  Cars ").pk,
            "number": " 7 ",
            "po_number": " P ",
            "issued_on": date(1899, 11, 1),
            "due_on": date(1898, 11, 1),
            "message": " A\r\nB ",
            "private_note": "\r\n",
            "discount_percent": D("33.3333333"),
            "discount": D(1),
            "total": D(7),
            "lines": [
                {"books_id": "1", "item_name": " Theirs ", "quantity": D(2), "amount": D(9)},
                {"books_id": "2", "rate": D("0.0000001"), "amount": D(9), "is_taxable": True},
                {"books_id": "3", "description": " A\r\nB\r", "amount": D("-10")},
                {"books_id": "4", "kind": "text", "description": "\n\nWords\n"},
                {"books_id": "5", "kind": "locked", "item_name": "Bundle", "amount": D(0)},
                {
                    "service_item_id": item.pk,
                    "item_name": item.name,
                    "quantity": D("0.0000001"),
                    "rate": D("99999999998.9999999"),
                    "amount": D(1),
                    "served_on": date(101, 1, 1),
                },
            ],
        },
        now=NOW,
    )

    answer = send(client, edit_of(theirs), form_of(client, edit_of(theirs)))

    assert answer.status_code == 302, text_of(answer)
    theirs.refresh_from_db()
    assert (theirs.version, theirs.total) == (1, D(7))
