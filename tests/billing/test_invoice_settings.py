"""The page of numbers and tax rates: what it saves, what it refuses, who may."""

import re
from decimal import Decimal as D
from html import unescape

import pytest

from billing.models import InvoiceNumbering, TaxRate
from billing.services import numbering, tax_rates
from firms.permissions import VIEWER
from tests.factories import NOW, make_actor, make_firm, make_invoice, make_member, make_tax_rate

pytestmark = pytest.mark.django_db
PAGE = "/invoices/settings/"
NUMBERING = f"{PAGE}numbering/"
NEW_RATE = f"{PAGE}tax-rates/new/"


@pytest.fixture
def staff(client, firm):
    membership = make_member(firm)
    client.force_login(membership.user)
    return membership


def text_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def set_numbering(client, prefix, next_number):
    data = {"number_prefix": prefix, "next_number": next_number}
    return client.post(NUMBERING, data, follow=True)


def add_rate(client, name, parts):
    return client.post(NEW_RATE, {"name": name, "parts": parts}, follow=True)


def change(client, rate, **data):
    return client.post(f"{PAGE}tax-rates/{rate.pk}/", data, follow=True)


def test_the_next_number_is_shown_and_set(client, staff, firm):
    assert "The next invoice gets INV-1001" in text_of(client.get(PAGE))

    answer = set_numbering(client, "2026-", "7")

    assert "The next invoice gets 2026-7" in text_of(answer)
    assert make_invoice(firm).number == "2026-7"


@pytest.mark.parametrize(
    ("prefix", "next_number", "words"),
    [
        ("x" * 13, "1", "at most 12 characters"),
        ("A-", "", "Enter a number"),
        ("A-", "seven", "Enter a whole number"),
        ("A-", "0", "has to be 1 or more"),
        ("A-", "9" * 25, "at most 21 characters together"),
    ],
)
def test_a_numbering_that_cannot_be_is_refused_with_the_reason(
    client, staff, prefix, next_number, words
):
    answer = set_numbering(client, prefix, next_number)

    assert words in text_of(answer)
    assert f'value="{prefix}"' in answer.content.decode()
    assert not InvoiceNumbering.objects.exists()


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ("8.7", [("State", D("8.7"))]),
        ("8.7 %", [("State", D("8.7"))]),
        ("State 2\r\n\r\nThe County 6.7%", [("State", D(2)), ("The County", D("6.7"))]),
    ],
)
def test_a_rate_is_added_of_one_percentage_or_of_parts(client, staff, parts, kept):
    answer = add_rate(client, "State", parts)

    assert "State added" in text_of(answer)
    assert list(TaxRate.objects.get().parts.values_list("name", "percent")) == kept


@pytest.mark.parametrize(
    ("name", "parts", "words"),
    [
        ("", "5", "Enter a name"),
        ("A", "", "Enter a percentage"),
        ("A", "much", '"much" ends with no percentage'),
        ("A", "101", "between 0 and 100"),
        ("A", "-1", "between 0 and 100"),
        ("A", "NaN", "has to be a number"),
        ("A", "1\n" * 21, "1 to 20 percentages"),
        ("taken", "5", "Choose another name"),
        ("A", "\n", "Enter a percentage"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_with_the_reason(client, staff, firm, name, parts, words):
    make_tax_rate(firm, name="Taken")

    assert words in text_of(add_rate(client, name, parts))
    assert TaxRate.objects.count() == 1


def test_a_rate_is_renamed_archived_and_restored(client, staff, firm):
    rate = make_tax_rate(firm, name="Old")

    assert "New renamed" in text_of(change(client, rate, name="New", version="1"))
    assert "Old was changed" not in text_of(change(client, rate, do="archive"))
    rate.refresh_from_db()
    assert (rate.name, rate.is_archived) == ("New", True)
    assert "New restored" in text_of(change(client, rate, do="restore"))


@pytest.mark.parametrize("version", ["1", "", "x", "9" * 30])
def test_of_two_people_who_rename_the_second_is_told(client, staff, firm, version):
    rate = make_tax_rate(firm, name="Old")
    tax_rates.rename_tax_rate(actor=make_actor(firm), rate=rate, version=1, name="Theirs", now=NOW)

    assert "changed by somebody else" in text_of(change(client, rate, name="Mine", version=version))
    rate.refresh_from_db()
    assert rate.name == "Theirs"


def test_viewers_see_the_page_with_the_reason_and_cannot_change(client, firm):
    rate = make_tax_rate(firm, name="State")
    client.force_login(make_member(firm, role="Viewer", permissions=VIEWER).user)

    page = client.get(PAGE)

    assert "You can look but not change" in text_of(page)
    assert "<button" not in page.content.decode().split("<main")[1].split("</main>")[0]
    for answer in (
        set_numbering(client, "A", "1"),
        add_rate(client, "A", "1"),
        change(client, rate, do="archive"),
    ):
        assert answer.status_code == 403
    assert numbering.propose(firm) == "INV-1001"


def test_without_the_licence_there_is_no_page(client, staff, firm):
    firm.licences = []
    firm.save()

    assert client.get(PAGE).status_code == 403


def test_hostile_names_are_only_text(client, staff, firm):
    add_rate(client, "<b>State</b>", "5")

    assert "<b>State" not in client.get(PAGE).content.decode()


def test_queries_do_not_grow_with_the_rates(client, staff, firm, django_assert_max_num_queries):
    counts = []
    for size in (2, 40):
        for _ in range(size):
            make_invoice(firm, tax_rate_id=make_tax_rate(firm).pk)
        with django_assert_max_num_queries(12) as queries:
            client.get(PAGE)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_rates_of_other_firms_are_not_shown(client, staff, firm):
    make_tax_rate(make_firm(), name="Strange rate")

    assert "Strange rate" not in text_of(client.get(PAGE))
