"""The form of a payment in a real browser: the split follows what is typed, and nothing is lost."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from playwright.sync_api import expect

from billing.models import Payment
from contacts.models import Contact
from firms.models import Membership
from tests.factories import NOW, make_contact, make_firm, make_invoice, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def member() -> Membership:
    return make_member(make_firm(name="Alder & Finch Accounting"), name="Priya Raman")


@pytest.fixture
def contact(member: Membership) -> Contact:
    contact = make_contact(member.firm, display_name="Cobalt Classic Cars")
    for number, day in (("INV-1", 1), ("INV-2", 2)):
        issued_on = NOW.date().replace(day=day)
        make_invoice(member.firm, contact=contact, number=number, issued_on=issued_on)
    return contact


def test_the_split_follows_the_amount_until_it_is_ones_own(open_page, member, contact):
    page = open_page(member.user)
    said: list[str] = []
    page.on("console", lambda it: said.append(it.text) if it.type == "error" else None)
    page.goto(f"/payments/new/?contact={contact.pk}")
    first, second = page.get_by_label("Amount for INV-1"), page.get_by_label("Amount for INV-2")

    page.get_by_label("Amount", exact=True).fill("200")
    expect(second).to_have_value("50.00")
    expect(first).to_have_value("150.00")
    expect(page.get_by_role("button", name="Record $200.00")).to_be_visible()

    second.fill("20")
    expect(page.locator("#sums")).to_contain_text("$30.00")
    page.get_by_label("Amount", exact=True).fill("400")
    expect(page.locator("#sums")).to_contain_text("$230.00")
    expect(second).to_have_value("20")

    page.get_by_role("button", name="Oldest first").click()
    expect(second).to_have_value("150.00")
    page.get_by_role("button", name="Apply nothing").click()
    expect(first).to_have_value("")
    expect(page.locator("#sums")).to_contain_text("$400.00")

    page.get_by_label("Reference").fill("2291")
    page.get_by_label("Reference").press("Enter")
    page.wait_for_url("**/payments/*/")
    payment = Payment.objects.get()
    assert (payment.amount, payment.reference, payment.parts.count()) == (D(400), "2291", 0)
    assert said == []


def test_a_double_click_and_back_record_once(open_page, member, contact):
    page = open_page(member.user)
    page.goto(f"/payments/new/?contact={contact.pk}")
    page.get_by_label("Amount", exact=True).fill("200")
    expect(page.get_by_label("Amount for INV-2")).to_have_value("50.00")
    page.get_by_role("button", name="Record $200.00").dblclick()
    page.wait_for_url("**/payments/*/")

    page.go_back()  # a form of its own: nothing of the one that was sent is in it
    expect(page.get_by_label("Amount", exact=True)).to_have_value("")
    expect(page.get_by_label("Amount for INV-1")).to_have_count(0)
    page.get_by_role("button", name="Record payment").click()

    assert Payment.objects.count() == 1


def test_without_javascript_a_payment_is_split_and_recorded(open_page, member, contact):
    page = open_page(member.user, java_script_enabled=False)
    page.goto(f"/contacts/{contact.pk}/")
    page.get_by_role("link", name="Record payment").click()
    page.get_by_label("Amount", exact=True).fill("200")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_label("Amount for INV-2")).to_have_value("50.00")
    page.get_by_role("button", name="Record $200.00").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Payment of $200.00")
    assert sorted(Payment.objects.get().parts.values_list("amount", flat=True)) == [D(50), D(150)]
