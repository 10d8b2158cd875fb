"""What can go wrong in billing. `str()` is a sentence for the person, with what to do."""

from __future__ import annotations


class BillingError(Exception):
    """It could not be done; nothing was saved."""
