"""Tax rates and terms over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing import terms
from billing.api.fields import text
from billing.api.views import BillingView
from billing.models import TaxRate, TaxRatePart
from billing.services import tax_rates
from firms.api import docs
from firms.api.fields import Body, Nothing, Number, Text
from firms.api.idempotency import idempotent
from firms.api.paging import PageAsked
from firms.api.preconditions import version_asked, version_needed

TAG = "Tax rates"


class TaxRatePartIn(Body):
    """One percentage of a rate."""

    name = text(TaxRatePart, "name", "As it is printed; that of the rate unless told.")
    percent = Number(digits=10, help_text='0 to 100; "8.7" is 8.7 %. Up to 7 decimals.')


class TaxRateIn(Body):
    """A rate of one or several parts."""

    name = Text(max_length=100, help_text="One active rate a name; capitals don't count.")
    parts = TaxRatePartIn(many=True, allow_empty=False)


class TaxRateName(Body):
    """Percentages never change: another one is another rate."""

    name = Text(max_length=100)


class TaxRatePartOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    percent = Number(digits=10, help_text='"8.7" is 8.7 %.')


class TaxRateOut(serializers.Serializer[Any]):
    """What invoices are taxed with."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    parts = TaxRatePartOut(many=True)
    is_archived = serializers.BooleanField()
    version = serializers.IntegerField(help_text="The ETag without its quotes.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TaxRatesAsked(PageAsked):
    name = serializers.CharField(
        required=False, max_length=100, help_text="Exactly this one; capitals don't count."
    )
    is_archived = serializers.BooleanField(required=False)


class TermOut(serializers.Serializer[Any]):
    """Terms of payment. Invoices may have any other number of days, too."""

    days = serializers.IntegerField(help_text="From the issue date to the due date.")
    name = serializers.CharField()


EXAMPLE_IN = {
    "name": "State and county",
    "parts": [{"name": "State", "percent": "6.7"}, {"name": "County", "percent": "2"}],
}
EXAMPLE_OUT = {
    "id": 3,
    **EXAMPLE_IN,
    "is_archived": False,
    "version": 1,
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
}


class TaxRateView(BillingView):
    def rates(self) -> QuerySet[TaxRate]:
        return TaxRate.objects.for_firm(self.firm).prefetch_related("parts")

    def rate(self, pk: int) -> TaxRate:
        rate: TaxRate = self.found(self.rates(), pk)
        return rate

    def done_by(self, request: Request, pk: int, service: Callable[..., TaxRate]) -> Response:
        """The answer of a service that takes the rate and no body."""
        rate = self.rate(pk)
        self.no_body()
        version = version_asked(request, current=rate.version)
        return self.answer(
            service(actor=self.actor, rate=rate, version=version, now=timezone.now())
        )

    def answer(self, rate: TaxRate, *, status: int = 200) -> Response:
        location = reverse("billing_api:tax_rate", args=[rate.pk]) if status == 201 else ""
        return self.one(self.rate(rate.pk), TaxRateOut, entity="", status=status, location=location)


class TaxRates(TaxRateView):
    @docs.lists(
        "list_tax_rates", TaxRateOut, TaxRatesAsked,
        tag=TAG, summary="List tax rates, the newest first", sample=EXAMPLE_OUT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(TaxRatesAsked)
        found = self.rates()
        if "is_archived" in asked:
            found = found.filter(is_archived=asked["is_archived"])
        if "name" in asked:
            found = found.filter(name__iexact=asked["name"])
        return self.page(found, TaxRateOut, entity="", asked=asked)

    @docs.posts(
        "create_tax_rate", TaxRateIn, TaxRateOut, status=201, sent=EXAMPLE_IN,
        tag=TAG, summary="Create a tax rate", sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        sent = self.body(TaxRateIn)
        parts = [tax_rates.Part(name=part.get("name", ""), percent=part["percent"])
                 for part in sent["parts"]]  # fmt: skip
        made = tax_rates.create_tax_rate(
            actor=self.actor, name=sent["name"], parts=parts, now=timezone.now()
        )
        return self.answer(made, status=201)


class OneTaxRate(TaxRateView):
    @docs.reads("read_tax_rate", TaxRateOut, tag=TAG, summary="Read a tax rate", sample=EXAMPLE_OUT)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.rate(pk))

    @docs.patches(
        "rename_tax_rate", TaxRateName, TaxRateOut,
        tag=TAG, summary="Rename a tax rate", sent={"name": "State 2027"},
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        rate = self.rate(pk)
        changed = tax_rates.rename_tax_rate(
            actor=self.actor,
            rate=rate,
            version=version_needed(request, current=rate.version),
            name=self.body(TaxRateName)["name"],
            now=timezone.now(),
        )
        return self.answer(changed)


class ArchiveTaxRate(TaxRateView):
    @docs.posts(
        "archive_tax_rate", Nothing, TaxRateOut, versioned=True,
        tag=TAG, summary="Take a tax rate out of the lists",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.done_by(request, pk, tax_rates.archive_tax_rate)


class RestoreTaxRate(TaxRateView):
    @docs.posts(
        "restore_tax_rate", Nothing, TaxRateOut, versioned=True,
        tag=TAG, summary="Offer an archived tax rate again",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.done_by(request, pk, tax_rates.restore_tax_rate)


class Terms(BillingView):
    @docs.lists(
        "list_terms", TermOut, None,
        tag="Terms", summary="List the usual terms", sample={"days": 30, "name": "Net 30"},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        self.asked(serializers.Serializer)
        data = [{"days": days, "name": terms.name_of(days)} for days in terms.STANDARD_DAYS]
        return Response({"data": TermOut(data, many=True).data})
