"""Where accounting systems tell that something changed there."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations import inbox
from integrations.providers import get_provider
from integrations.providers.base import BadWebhook, WrongSignature

logger = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024


@csrf_exempt  # signed instead
@login_not_required
@require_POST
def quickbooks(request: HttpRequest) -> HttpResponse:
    """
    Keep what it says and answer at once; the reading is done by a drain.

    A company we do not know is answered as one we do.
    """
    body = _read_body(request)
    if body is None:
        return HttpResponse(status=413)
    try:
        notices = get_provider("quickbooks").read_webhook(headers=request.headers, body=body)
    except WrongSignature:
        return HttpResponse(status=401)
    except BadWebhook as error:
        logger.warning("A signed webhook was not understood: %s", error)
        return HttpResponse(status=400)
    inbox.hear(notices, provider="quickbooks", now=timezone.now())
    return HttpResponse(status=200)


def _read_body(request: HttpRequest) -> bytes | None:
    """The raw bytes, or None if there are too many, whatever the header says."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_BYTES:
        return None
    body = request.read(MOST_BYTES + 1)
    return body if len(body) <= MOST_BYTES else None
