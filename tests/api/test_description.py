"""The description of the API is the one that is checked in, and its pages come from here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import get_resolver

from canopy_sync.api.views import description
from tests.api.test_routes import api_routes

ROOT = Path(__file__).resolve().parents[2]
CHECKED_IN = json.loads((ROOT / "docs" / "openapi.json").read_text())


def operations():
    for path, calls in CHECKED_IN["paths"].items():
        for method, call in calls.items():
            yield pytest.param(call, id=f"{method} {path}")


def test_the_description_that_is_checked_in_is_that_of_the_code():
    """If not: `manage.py describe_api docs/openapi.json`."""
    assert (ROOT / "docs" / "openapi.json").read_text() == description()


def test_it_is_made_without_a_warning(capfd):
    description.cache_clear()
    description()

    assert capfd.readouterr().err == ""


def test_it_is_openapi_3_1_and_names_every_address():
    addresses = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", pattern.replace(":pk>", ":id>"))
        for pattern, _ in api_routes(get_resolver())
    }

    assert CHECKED_IN["openapi"].startswith("3.1")
    assert set(CHECKED_IN["paths"]) == addresses


@pytest.mark.parametrize("call", operations())
def test_every_call_says_what_it_does_and_how_it_is_refused(call):
    assert call["summary"]
    assert call["tags"]
    assert {"401", "403", "429"} <= set(call["responses"])


@pytest.mark.parametrize(
    "call", [each for each in operations() if each.id.startswith(("post", "patch"))]
)
def test_every_call_with_a_body_says_how_repeats_and_races_end(call):
    headers = {each["name"] for each in call["parameters"] if each["in"] == "header"}

    assert headers & {"Idempotency-Key", "If-Match"}
    assert "422" in call["responses"]


@pytest.mark.django_db
def test_the_examples_of_bodies_are_bodies(program):
    """Each example can be sent as it is, as far as its ids are known here."""
    for address in ("/contacts/", "/service-items/", "/tax-rates/"):
        call = CHECKED_IN["paths"]["/api/v1" + address]["post"]
        [example] = call["requestBody"]["content"]["application/json"]["examples"].values()

        response = program.post(address, example["value"])

        assert response.status_code == 201, response.content


@pytest.mark.django_db
def test_the_examples_of_answers_have_the_fields_of_answers(program):
    made = program.post("/contacts/", {"display_name": "Ada"}).json()
    call = CHECKED_IN["paths"]["/api/v1/contacts/{id}/"]["get"]
    [example] = call["responses"]["200"]["content"]["application/json"]["examples"].values()

    assert set(example["value"]) == set(made)


def test_the_description_is_there_for_everybody(client):
    response = client.get("/api/v1/openapi.json")

    assert response.status_code == 200
    assert response.json() == CHECKED_IN


@pytest.mark.django_db
def test_the_pages_load_only_files_of_ours_and_no_script_within(client):
    response = client.get("/api/v1/docs/")
    html = response.content.decode()
    files = re.findall(r'(?:src|href)="([^"]+)"', html)

    assert response.status_code == 200
    assert all(each.startswith("/") for each in files)
    for each in files:
        if each.startswith("/static/"):
            assert finders.find(each.removeprefix("/static/")), each
    assert re.findall(r"<script[^>]*>([^<]+)</script>", html) == []
    assert "default-src 'self'" in response["Content-Security-Policy"]
