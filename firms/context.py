"""What the frame around every page shows: the firm, the person, the theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from firms.models import Membership

THEME_COOKIE = "theme"
THEMES = ("light", "dark")


def frame(request: HttpRequest) -> dict[str, Any]:
    """
    `theme` ("light", "dark" or "" for the system's), `membership`, `firm`, `other_memberships`
    of a person in several firms, and `may`: permission name -> True for what the role allows.
    """
    theme = request.COOKIES.get(THEME_COOKIE, "")
    membership: Membership | None = getattr(request, "membership", None)
    return {
        "theme": theme if theme in THEMES else "",
        "membership": membership,
        "firm": membership.firm if membership else None,
        "may": dict.fromkeys(membership.role.permissions, True) if membership else {},
        "other_memberships": getattr(request, "other_memberships", []),
    }
