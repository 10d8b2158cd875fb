"""Tax rates are written by services only; their percentages never change."""

from decimal import Decimal as D

import pytest

from billing import queries
from billing.licence import NotLicensed
from billing.models import TaxRate
from billing.services import tax_rates as services
from firms.permissions import VIEWER, NotAllowed, WrongFirm
from tests.factories import NOW, make_actor, make_firm, make_invoice, make_tax_rate

pytestmark = pytest.mark.django_db


def create(actor, *percents, name="State"):
    parts = [services.Part(name="", percent=percent) for percent in percents or (D("8.7"),)]
    return services.create_tax_rate(actor=actor, name=name, parts=parts, now=NOW)


def rename(actor, rate, name, version=1):
    return services.rename_tax_rate(actor=actor, rate=rate, version=version, name=name, now=NOW)


def archive(actor, rate):
    return services.archive_tax_rate(actor=actor, rate=rate, now=NOW)


def restore(actor, rate):
    return services.restore_tax_rate(actor=actor, rate=rate, now=NOW)


def test_a_rate_keeps_its_parts_in_order(actor):
    parts = [services.Part(name="State", percent=D(2)), services.Part(name="", percent=D("6.7"))]

    rate = services.create_tax_rate(actor=actor, name=" Both ", parts=parts, now=NOW)

    assert (rate.name, rate.version, rate.firm_id) == ("Both", 1, actor.firm_id)
    assert list(rate.parts.values_list("name", "percent")) == [("State", 2), ("Both", D("6.7"))]


@pytest.mark.parametrize(
    ("percents", "name", "error", "words"),
    [
        ([D(-1)], "A", services.PercentNotPossible, "between 0 and 100"),
        ([D("100.01")], "A", services.PercentNotPossible, "between 0 and 100"),
        ([D("NaN")], "A", services.PercentNotPossible, "has to be a number"),
        ([D("0.00000001")], "A", services.PercentNotPossible, "at most 7 decimals"),
        ([D(1)] * 21, "A", services.PercentNotPossible, "1 to 20 percentages"),
        ([D(1)], " ", services.NameMissing, "needs a name"),
        ([D(1)], "x" * 101, services.NameTooLong, "at most 100 characters; these are 101"),
        ([D(1)], "STATE", services.NameTaken, "Choose another name"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(actor, percents, name, error, words):
    create(actor)

    with pytest.raises(error, match=words):
        create(actor, *percents, name=name)

    assert TaxRate.objects.count() == 1


def test_a_rate_without_a_percentage_is_refused(actor):
    with pytest.raises(services.PercentNotPossible):
        services.create_tax_rate(actor=actor, name="A", parts=[], now=NOW)


def test_0_and_100_percent_are_possible(actor):
    assert create(actor, D(0), D(100)).parts.count() == 2


def test_a_rate_is_renamed_by_who_saw_it_last(actor):
    rate = create(actor)

    assert rename(actor, rate, "County").version == 2
    with pytest.raises(services.TaxRateChanged):
        rename(actor, rate, "City")
    rate.refresh_from_db()
    assert rename(actor, rate, "County", version=2).version == 2


def test_the_name_of_an_archived_rate_is_free_and_then_it_cannot_come_back(actor):
    old = create(actor)
    archive(actor, old)
    assert archive(actor, old).version == 2

    create(actor)

    with pytest.raises(services.NameTaken):
        restore(actor, old)


def test_an_archived_rate_comes_back(actor):
    rate = create(actor)
    archive(actor, rate)

    assert restore(actor, rate).is_archived is False


WRITES = [
    lambda actor, rate: create(actor, name="New"),
    lambda actor, rate: rename(actor, rate, "New"),
    archive,
    restore,
]


@pytest.mark.parametrize("write", WRITES)
def test_writing_needs_permission_and_licence(firm, write):
    rate = make_tax_rate(firm)

    with pytest.raises(NotAllowed, match="Create & Edit Invoices"):
        write(make_actor(firm, role="Viewer", permissions=VIEWER), rate)
    firm.licences = []
    firm.save()
    with pytest.raises(NotLicensed):
        write(make_actor(firm), rate)


@pytest.mark.parametrize("write", WRITES[1:])
def test_a_rate_of_another_firm_cannot_be_written(actor, write):
    with pytest.raises(WrongFirm):
        write(actor, make_tax_rate(make_firm()))


def test_the_lists_are_of_one_firm_and_say_what_is_used(firm, actor):
    used, old = make_tax_rate(firm, name="A"), make_tax_rate(firm, name="B")
    archive(actor, old)
    make_tax_rate(make_firm())
    make_invoice(firm, tax_rate_id=used.pk)

    assert [rate.pk for rate in queries.tax_rates_of(firm)] == [used.pk]
    found = [(rate.pk, rate.is_used) for rate in queries.tax_rates_with_use(firm)]
    assert found == [(used.pk, True), (old.pk, False)]
