"""The tour of the API (docs/api-tour.md): its shell blocks as they stand, and what they made."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.demo import PASSWORD, Demo, running_demo

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 300  # for the whole tour
PERMISSIONS = (
    "manage_integrations", "manage_team", "manage_contacts", "manage_service_items",
    "edit_invoices", "record_payments", "view_only",
)  # fmt: skip


@pytest.fixture
def demo() -> Iterator[Demo]:
    # pytest's own temporary folders are closed to the user the database runs as.
    with (
        tempfile.TemporaryDirectory(prefix="canopy-tour-") as folder,
        running_demo(Path(folder) / "data", seconds=180) as running,
    ):
        yield running


def make_token(demo: Demo) -> str:
    """What a person does in Settings, API tokens."""
    session = requests.Session()
    session.trust_env = False

    def post(path: str, **fields: Any) -> str:
        session.get(demo.url + path, timeout=30)
        fields["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
        answer = session.post(demo.url + path, fields, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.text

    post("/sign-in/", login="priya@alderfinch.example", password=PASSWORD)
    page = post("/settings/api-tokens/new/", name="Tour", days="7", permissions=PERMISSIONS)
    found = re.search(r"canopy_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", page)
    assert found, page
    return found[0]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 240)
def test_the_tour_of_the_api_goes_as_it_says(demo, tmp_path):
    token = make_token(demo)
    blocks = BLOCK.findall((ROOT / "docs" / "api-tour.md").read_text())
    environment = {**os.environ, "BASE": demo.url, "QBO": demo.qbo_url, "TOKEN": token}

    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", "\n".join(blocks)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip

    told = done.stdout
    assert done.returncode == 0, f"{told[-3000:]}\n{done.stderr[-3000:]}"
    assert len(blocks) >= 15
    assert '"outcome":"connected"' in told
    assert "('contact', " in told
    assert re.search(r"\d+ records agree, \d+ differs?, \d+ (is|are) missing\.", told), told
    assert told.rstrip().endswith("}")
    assert '"code":"contact_changed"' in told
    [customer] = [each for each in demo.customers() if each["DisplayName"] == "Harbor Tour Co."]
    [invoice] = [
        each for each in demo.objects("Invoice") if each["CustomerRef"]["value"] == customer["Id"]
    ]
    [payment] = [
        each for each in demo.objects("Payment") if each["CustomerRef"]["value"] == customer["Id"]
    ]
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "555 0111"
    assert (invoice["TotalAmt"], invoice["Balance"], payment["TotalAmt"]) == (150, 0, 150)
