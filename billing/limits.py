"""What QuickBooks Online would refuse of a service item: warned of at entry, never enforced here.

Lengths are those of our own columns (billing.models), which are QuickBooks'; this is the rest.
Source: developer.intuit.com, Item, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FORBIDDEN = {":": "colon", "\t": "tab", "\n": "line break"}


def warnings(values: Mapping[str, Any]) -> dict[str, str]:
    """Say what QuickBooks would refuse of flat `values`: field -> one sentence with the limit."""
    name = str(values.get("name") or "")
    hit = [word for sign, word in FORBIDDEN.items() if sign in name]
    if not hit:
        return {}
    proposal = " ".join(re.sub(r"\s*:\s*", " - ", name).split())
    return {
        "name": f'QuickBooks allows no {" or ".join(hit)} in an item\'s name. Try "{proposal}".'
    }
