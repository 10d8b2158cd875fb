"""People are told once when something starts to need them."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from firms.permissions import STAFF
from integrations.sync import notices
from integrations.tasks import mail_needs_you
from tests.factories import make_contact, make_firm, make_member
from tests.integrations.web.rows import make_connection, make_issue, make_link

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    firm = make_firm()
    make_member(firm, email="admin@example.test")
    make_member(firm, email="staff@example.test", role="Staff", permissions=STAFF)
    return firm


def test_the_first_issue_asks_for_one_mail_and_the_next_for_none(firm):
    connection = make_connection(firm)
    OrmQ.objects.all().delete()
    first = make_issue(make_link(connection, make_contact(firm)))
    notices.issue_opened(first, timezone.now())
    second = make_issue(make_link(connection, make_contact(firm)))
    asked = OrmQ.objects.count()

    notices.issue_opened(second, timezone.now())

    assert OrmQ.objects.count() == asked
    assert [each.func() for each in OrmQ.objects.all()].count(
        "integrations.tasks.mail_needs_you"
    ) == 1


def test_the_mail_lists_what_is_open_and_goes_to_who_can_act(firm, mailoutbox):
    connection = make_connection(firm)
    for name in ("Ada", "Bob\nBcc: x@y.test"):
        make_issue(make_link(connection, make_contact(firm), label=name))

    mail_needs_you(connection.pk)

    [mail] = mailoutbox
    assert mail.to == ["admin@example.test"]
    assert mail.subject == "QuickBooks: 2 things need you"
    assert "- Ada: QuickBooks already has a customer of this name." in mail.body
    assert "- Bob Bcc: x@y.test:" in mail.body
    assert "/settings/integrations/qbo/" in mail.body


def test_nothing_is_mailed_when_it_was_mended_meanwhile(firm, mailoutbox):
    mail_needs_you(make_connection(firm).pk)

    assert mailoutbox == []
