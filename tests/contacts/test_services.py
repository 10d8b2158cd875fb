"""Contacts are written by services only: one transaction, one version, one event."""

import pytest

from contacts import services
from tests.factories import NOW, make_actor, make_contact, make_firm

pytestmark = pytest.mark.django_db


def test_an_edit_of_a_version_that_was_seen_raises_the_version():
    firm = make_firm()
    contact = make_contact(firm, display_name="Ada")

    changed = services.update_contact(
        actor=make_actor(firm), contact=contact, version=1, changes={"email": "a@x.test"}, now=NOW
    )

    assert (changed.version, changed.email) == (2, "a@x.test")


def test_an_edit_of_an_older_version_is_refused_and_names_the_current_one():
    firm = make_firm()
    contact = make_contact(firm, display_name="Ada")
    actor = make_actor(firm)
    services.update_contact(
        actor=actor, contact=contact, version=1, changes={"email": "a@x.test"}, now=NOW
    )

    with pytest.raises(services.ContactChanged) as caught:
        services.update_contact(
            actor=actor, contact=contact, version=1, changes={"phone": "1"}, now=NOW
        )

    assert caught.value.contact.email == "a@x.test"
