"""Nothing of one firm is ever visible to another: every model, every route."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter

from firms.models import Firm, Membership
from tests.architecture.firm_rows import fill

OURS = ("firms", "api", "contacts", "billing", "integrations")
NOT_OF_A_FIRM = {"firms.User", "firms.Firm"}
NOT_OURS = ("admin/", "accounts/", "api-auth/")


def our_models() -> list[type[models.Model]]:
    return [
        model
        for label in OURS
        if apps.is_installed(label)
        for model in apps.get_app_config(label).get_models()
        if model._meta.label not in NOT_OF_A_FIRM
    ]


def belongs_to_a_firm(model: type[models.Model], seen: frozenset[type] = frozenset()) -> bool:
    """Directly, or through a parent it cannot exist without."""
    for field in model._meta.get_fields():
        if field.name == "firm_id" and not field.null:  # a plain column, in partitioned tables
            return True
        if not isinstance(field, models.ForeignKey) or field.null:
            continue
        parent = field.related_model
        if parent is Firm:
            return True
        is_ours = parent not in seen and parent._meta.app_label in OURS
        if is_ours and belongs_to_a_firm(parent, seen | {model}):
            return True
    return False


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_row_belongs_to_a_firm(model):
    assert belongs_to_a_firm(model)


# -- Routes ----------------------------------------------------------------------------------------
Route = tuple[str, dict[str, Any]]


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    """Every address with an id in it: its pattern and its converters."""
    for each in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, pattern)
        elif isinstance(each, URLPattern) and not pattern.startswith(NOT_OURS):
            converters = converters_of(pattern, each)
            if any(isinstance(it, IntConverter | UUIDConverter) for it in converters.values()):
                yield pattern, converters


def converters_of(pattern: str, route: URLPattern) -> dict[str, Any]:
    from django.urls.resolvers import _route_to_regex

    return _route_to_regex(pattern, is_endpoint=True)[1]


OTHER_PARTS = {"half": "contacts"}  # of addresses that have more than an id to fill in


def addresses(pattern: str, converters: dict[str, Any], ids: list[int | UUID]) -> Iterator[str]:
    """The address with each id of the other firm that fits; other parts as they are tried."""
    for one in ids:
        address = "/" + pattern
        for name, converter in converters.items():
            kind = type(converter).__name__.removesuffix("Converter").lower()
            fits = {"int": int, "uuid": UUID}.get(kind)
            if fits and not isinstance(one, fits):
                break
            value = str(one) if fits else OTHER_PARTS.get(name, "contact")
            for spelling in (f"<{kind}:{name}>", f"<str:{name}>", f"<{name}>"):
                address = address.replace(spelling, value)
        else:
            yield address


@pytest.fixture
def client_of_one_firm(db: None, client: Client) -> Client:
    firm = fill(company_id="1")
    member = Membership.objects.filter(firm=firm).first()
    assert member is not None
    client.force_login(member.user)
    return client


@pytest.fixture
def ids_of_another_firm(client_of_one_firm: Client) -> list[int | UUID]:
    before = {model: keys(model) for model in our_models()}
    with connection.cursor() as cursor:
        for model in [*our_models(), Firm]:
            table, column = model._meta.db_table, model._meta.pk.column
            if isinstance(model._meta.pk, models.AutoField | models.BigAutoField):
                # Far away from ours. A sequence keeps its place after a test is rolled back.
                cursor.execute(
                    "SELECT setval(its.name, nextval(its.name) + 1000000)"
                    " FROM (SELECT pg_get_serial_sequence(%s, %s) AS name) AS its",
                    [table, column],
                )
    firm = fill(company_id="2")
    ids = {key for model in our_models() for key in keys(model) - before[model]}
    return sorted(ids | {firm.pk}, key=str)


@pytest.fixture
def own_ids(client_of_one_firm: Client) -> list[int | UUID]:
    return sorted({key for model in our_models() for key in keys(model)}, key=str)


def keys(model: type[models.Model]) -> set[Any]:
    return set(model._default_manager.values_list("id", flat=True))


def test_there_are_routes_to_try():
    assert len(list(routes())) >= 1


@pytest.mark.parametrize(("pattern", "converters"), list(routes()), ids=[r[0] for r in routes()])
def test_ids_of_another_firm_are_not_found(
    pattern, converters, client_of_one_firm, ids_of_another_firm
):
    tried = 0
    for address in addresses(pattern, converters, ids_of_another_firm):
        answers = {
            method: getattr(client_of_one_firm, method)(address).status_code
            for method in ("get", "post")
        }
        assert set(answers.values()) <= {404, 405}, (address, answers)
        assert 404 in answers.values(), (address, answers)
        tried += 1
    assert tried


@pytest.mark.parametrize(("pattern", "converters"), list(routes()), ids=[r[0] for r in routes()])
def test_ids_of_ones_own_firm_are_found(pattern, converters, client_of_one_firm, own_ids):
    """Otherwise the test above could not fail."""
    client_of_one_firm.raise_request_exception = False
    answers = {
        getattr(client_of_one_firm, method)(address).status_code
        for address in addresses(pattern, converters, own_ids)
        for method in ("get", "post")
    }
    assert answers - {404, 405}
