"""A firm, somebody who may do all in it, and what listeners of billing heard."""

import pytest

from billing import events
from tests.factories import make_actor, make_firm


@pytest.fixture
def firm(db):
    return make_firm()


@pytest.fixture
def actor(firm):
    return make_actor(firm)


@pytest.fixture
def heard():
    """What listeners heard of invoices: the invoice, its version, who did it."""
    told = []

    def listen(**facts):
        told.append((facts["invoice_id"], facts["version"], facts["actor"].label))

    events.invoice_changed.connect(listen)
    yield told
    events.invoice_changed.disconnect(listen)


@pytest.fixture
def heard_of_payments():
    told = []

    def listen(**facts):
        told.append((facts["payment_id"], facts["version"]))

    events.payment_changed.connect(listen)
    yield told
    events.payment_changed.disconnect(listen)
