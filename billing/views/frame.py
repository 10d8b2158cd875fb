"""What views of billing share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from billing.licence import must_have_billing
from firms.http import FirmRequest

View = Callable[..., HttpResponse]


def needs_billing(view: View) -> View:
    """Answer 403 with the reason where the firm lacks the Time & Billing licence."""

    @wraps(view)
    def checked(request: FirmRequest, **kwargs: Any) -> HttpResponse:
        must_have_billing(request.firm)
        return view(request, **kwargs)

    return checked
