"""With whom: the accounting systems, by their key."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from integrations.providers.base import Provider

PROVIDERS = {
    "quickbooks": "integrations.providers.quickbooks.provider:QuickBooksProvider",
}


@cache
def get_provider(key: str) -> Provider:
    module, _, name = PROVIDERS[key].partition(":")
    return cast(Provider, getattr(import_module(module), name)())
