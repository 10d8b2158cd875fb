"""node-quickbooks, unchanged but for its addresses, does a day's work (2, 3, 5, 6)."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import Quick

HERE = Path(__file__).parent / "node"


@pytest.fixture
def day(qbo: Quick) -> dict[str, Any]:
    """What the script has seen."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules" / "node-quickbooks").exists():
        pytest.skip("No Node.js with node-quickbooks here: `make clients` installs it")
    command = [node, "day.js", json.dumps(qbo.access)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_node_quickbooks_does_a_days_work_2_3_5_6(qbo: Quick, day: dict[str, Any]) -> None:
    assert day["connect"] == {
        "refreshed": "bearer",
        "is_new_token": True,
        "company": "Craig's Design and Landscaping Services",
        "currency": "USD",
    }
    assert day["names"] == {
        "id": "58",
        "replayed": "58",
        "changed": ["changed", "1", "nora@quist.example"],
        "stale": {"error": {"status": 400, "code": "5010"}},
        "found": ["Nora's Quist"],
        "fetched": 30,
        "counted": 30,
        "duplicate": {"error": {"status": 400, "code": "6240"}},
        "absent": {"error": {"status": 400, "code": "610"}},
        "nonsense": {"error": {"status": 400, "code": "2010"}},
    }
    assert day["invoices"] == {
        "balances": [100, 0, 100, 0],
        "found": [True],
        "deleted": "Deleted",
        "cdc": ["Deleted"],
    }
    assert day["others"] == {
        "Estimate": [5, "Deleted"],
        "CreditMemo": [5, "Deleted"],
        "SalesReceipt": [5, "Deleted"],
        "Items": 3,
        "Accounts": 3,
        "Terms": 3,
        "TaxCodes": 3,
        "Vendors": 3,
        "PaymentMethods": 3,
    }
    assert day["batch"] == ["Batch", "6240", 2]
    assert day["leave"] == {"stranger": {"error": {"status": 401}}, "revoked": None}
    counts = qbo.counts
    assert (counts["creates"]["Customer"], counts["replays"]) == (2, 1)
    assert not [status for status in counts["by_status"] if int(status) >= 500]
