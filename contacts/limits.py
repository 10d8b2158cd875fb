"""What QuickBooks Online would refuse of a contact: warned of at entry, never enforced here.

Lengths are those of our own columns (contacts.models), which are QuickBooks'; this is the rest.
Source: developer.intuit.com, Customer, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NAMES = {
    "display_name": "display name",
    "given_name": "first name",
    "family_name": "last name",
    "company_name": "company name",
}
FORBIDDEN = {":": "colon", "\t": "tab", "\n": "line break"}
FORBIDDEN_IN = ("display_name", "given_name", "family_name")
EMAIL = re.compile(r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+$")
LONGEST_EMAIL = 100


def warnings(values: Mapping[str, Any], *, namesakes: int = 0) -> dict[str, str]:
    """
    Say what QuickBooks would refuse.

    Args:
        values: flat values of a contact, `services.FIELDS`.
        namesakes: how many other contacts have this display name.
    Returns:
        field -> one sentence that names the limit.
    """
    found = {}
    for name in FORBIDDEN_IN:
        if sentence := _forbidden(name, str(values.get(name) or "")):
            found[name] = sentence
    if namesakes and "display_name" not in found:
        found["display_name"] = (
            "Two contacts share this name; QuickBooks allows one. It won't sync until one of "
            "them is renamed."
        )
    email = str(values.get("email") or "")
    if email and not EMAIL.match(email):
        found["email"] = (
            "QuickBooks takes one address with an @ and a dot, such as ann@example.com."
        )
    elif len(email) > LONGEST_EMAIL:
        found["email"] = (
            f"QuickBooks takes at most {LONGEST_EMAIL} characters; these are {len(email)}."
        )
    return found


def _forbidden(name: str, value: str) -> str:
    hit = [word for sign, word in FORBIDDEN.items() if sign in value]
    if not hit:
        return ""
    proposal = " ".join(re.sub(r"\s*:\s*", " - ", value).split())
    return f'QuickBooks allows no {" or ".join(hit)} in a {NAMES[name]}. Try "{proposal[:120]}".'
