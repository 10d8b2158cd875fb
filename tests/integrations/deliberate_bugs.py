"""
Bugs made on purpose, and for each a short history in which the accounts must not balance.

They show that the accounts of `history.py` can fail. Each replaces one small step of the engine,
in tests only; without its bug the same history must balance.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any
from unittest import mock

from contacts.models import Contact
from integrations.errors import Stale
from integrations.models import Cursor, InboxEntry, Intent, Link, OutboxEntry
from integrations.reconcile.policy import Side
from integrations.sync import intents, issues
from tests.integrations.history import LATE_COMMIT, History

BOOKS = "integrations.providers.quickbooks.provider.QuickBooksBooks"


@dataclass(frozen=True)
class Bug:
    """`place` of the engine does what `make(original)` returns instead."""

    place: str
    make: Callable[[Any], Any]
    story: Callable[[History], None]
    breaks: str  # the guarantee that the accounts must name

    def switched_on(self) -> Any:
        return mock.patch(self.place, self.make(resolve_name(self.place)))


# -- stories ---------------------------------------------------------------------------------------


def linked(history: History) -> None:
    """One contact that both sides hold, with a phone."""
    history.create_here()
    history.edit_here(history.contacts[0], "phone")
    history.sync()


def edited_here_twice(history: History) -> None:
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.sync()


def renamed_there_after_a_lost_create(history: History) -> None:
    history.create_here()
    history.quickbooks.fault("cut_after_commit", operation="create")
    history.sync()
    history.edit_there(history.customers[0], "display_name")
    history.advance(LATE_COMMIT)
    history.sync()


def renamed_here_after_a_lost_create(history: History) -> None:
    history.create_here()
    history.quickbooks.fault("cut_after_commit", operation="create")
    history.sync()
    history.edit_here(history.contacts[0], "display_name")
    history.advance(LATE_COMMIT)
    history.sync()


def edited_again_after_a_lost_answer(history: History) -> None:
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.quickbooks.fault("cut_after_commit", operation="update")
    history.sync()
    history.edit_here(history.contacts[0], "phone")
    history.advance(LATE_COMMIT)
    history.sync()


def seen_by_the_feed_after_a_lost_create(history: History) -> None:
    history.create_here()
    history.quickbooks.fault("cut_after_commit", operation="create")
    history.sync()
    history.sync(feed=True)


def killed_while_it_stored_the_feed(history: History) -> None:
    linked(history)
    history.edit_there(history.customers[0], "phone")
    history.advance(16 * 60)
    history.sync(feed=True, dies_at="feed read, not stored")


def refused_once(history: History) -> None:
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.quickbooks.fault("fault", operation="update", code="9999", message="No")
    history.sync()


def edited_on_both_sides(history: History) -> None:
    linked(history)
    history.edit_there(history.customers[0], "phone")
    history.edit_here(history.contacts[0], "phone")
    history.sync()


def decided_too_late(history: History) -> None:
    edited_on_both_sides(history)
    history.decide(history.conflicts[0], Side.LOCAL)
    history.edit_there(history.customers[0], "phone")
    history.advance(12)
    history.sync(feed=True)


def listed_while_reads_lag(history: History) -> None:
    linked(history)
    history.quickbooks.switch(cdc_older_than_30_days="refuse")
    history.advance(40 * 24 * 3600)
    Cursor.objects.update(wanted_at=None)  # so long nobody read the feed
    history.create_here()
    Cursor.objects.update(wanted_at=None)  # it is sent first, and listed after that
    history.sync()
    history.quickbooks.switch(read_lag_seconds=30)
    history.sync(feed=True)
    history.sync(feed=True)


def read_by_id_while_reads_lag(history: History) -> None:
    """Edited here and there; what is read for their webhook is older than both."""
    linked(history)
    history.advance(120)
    history.edit_here(history.contacts[0], "phone")
    history.sync()
    history.advance(5)
    history.edit_there(history.customers[0], "email")
    history.collect_webhooks()
    history.quickbooks.switch(read_lag_seconds=300, id_read_lag_seconds=300)
    history.deliver(history.heard[-1])
    history.sync(feed=True)
    history.advance(200)  # so long nothing newer came that what is read is taken for the newest
    history.sync(feed=True)


def told_too_late(history: History) -> None:
    linked(history)
    history.advance(600)
    history.edit_there(history.customers[0], "phone")
    history.advance(3)
    history.quickbooks.switch(read_lag_seconds=30)
    history.sync(feed=True)
    history.advance(600)


def killed_with_an_intent(history: History) -> None:
    linked(history)
    history.edit_here(history.contacts[0], "phone")
    history.sync(dies_at="intent stored")


def merged(history: History) -> None:
    linked(history)
    history.create_there()
    history.merge_there(history.customers[0], history.customers[1])
    history.deliver(history.merges[0])
    history.sync(feed=True)


# -- bugs ------------------------------------------------------------------------------------------


def _skip_the_base(reconcile: Any) -> Any:
    return lambda *, base, **rest: reconcile(base={}, **rest)


def _forget_the_request_id(start: Any) -> Any:
    return lambda books, outgoing, *, request_id, threads: start(
        books, outgoing, request_id=str(uuid.uuid4()), threads=threads
    )


def _new_id_after_an_edit(begin: Any) -> Any:
    def instead(link: Link, *args: Any) -> Any:
        edits = OutboxEntry.objects.filter(local_id=link.local_id, is_ours=False)
        if link.local_version and edits.filter(version__gt=link.local_version).exists():
            Intent.objects.filter(link=link, sent_at__isnull=False).delete()
        return begin(link, *args)

    return instead


def _take_todays_values_for_sent(begin: Any) -> Any:
    def instead(link: Link, *args: Any) -> Any:
        for intent in Intent.objects.filter(link=link, sent_at__isnull=False):
            phone = Contact.objects.get(pk=link.local_id).phone
            intent.values = {**intent.values, "phone": phone}
            intent.save()
        return begin(link, *args)

    return instead


def _move_the_cursor_early(changes_since: Any) -> Any:
    def instead(books: Any, *args: Any) -> Any:
        page = changes_since(books, *args)
        Cursor.objects.filter(value__isnull=False).update(value=page.next_cursor)
        return page

    return instead


def _store_the_base_of_both_parts(write_here: Any) -> Any:
    def instead(look: Any, plan: Any, *, is_harmful: bool) -> Any:
        return (*write_here(look, plan, is_harmful=is_harmful), Side.REMOTE)

    return instead


def _keep_a_version_beside_an_older_base(finish: Any) -> Any:
    """Stale: take the new version only, and send the same once more."""

    def instead(sending: Any, *, books: Any) -> Any:
        intent = sending.intent
        try:
            return finish(sending, books=books)
        except Stale:
            found = books.fetch(intent.link.entity, [intent.remote_id])[intent.remote_id]
            version = found.snapshot.version
            body = intent.body.replace(
                f'"SyncToken": "{intent.version}"', f'"SyncToken": "{version}"'
            ).replace(f'"SyncToken":"{intent.version}"', f'"SyncToken":"{version}"')
            Intent.objects.filter(pk=intent.pk).update(
                body=body, version=version, request_id=uuid.uuid4()
            )
            intent.refresh_from_db()
            return books.send(intents.as_outgoing(intent), request_id=str(intent.request_id))

    return instead


def _absent_means_gone(take_in: Any) -> Any:
    def instead(connection: Any, told: Any, *, source: str, now: Any) -> Any:
        news = take_in(connection, told, source=source, now=now)
        if source == InboxEntry.Source.LISTING:
            shown = [each.remote_id for each in told]
            for link in Link.objects.filter(connection=connection, state="linked"):
                if link.remote_id not in shown:
                    link.state, link.wake_at = Link.State.MERGED, None
                    link.save()
                    issues.open_merged(link, now=now)
        return news

    return instead


def _trust_a_lagging_read(_: Any) -> Any:
    return lambda heard, link: False


def _no_overlap(overlap: Any) -> Any:
    return overlap * 0


def _lose_a_wake_up(send: Any) -> Any:
    """The pair is taken from those that are due before its write, not after its answer."""

    def instead(link: Link, *args: Any, **more: Any) -> Any:
        Link.objects.filter(pk=link.pk).update(wake_at=None)
        return send(link, *args, **more)

    return instead


def _ignore_what_was_shown(_: Any) -> Any:
    return lambda merge, decision, group: True


def _take_in_what_may_be_ours(_: Any) -> Any:
    return lambda link: False


def _forget_merges(_: Any) -> Any:
    return lambda connection, entity, *, gone, into, now: None


BEGIN = "integrations.sync.engine._begin"
MERGE = "integrations.reconcile.three_way._Merge"

BUGS = {
    "skip the base": Bug(
        "integrations.sync.apply.reconcile", _skip_the_base, edited_here_twice, "P3"
    ),
    "forget the request id": Bug(
        f"{BOOKS}.start", _forget_the_request_id, renamed_there_after_a_lost_create, "P5"
    ),
    "a new id after an edit": Bug(
        BEGIN, _new_id_after_an_edit, renamed_here_after_a_lost_create, "P19"
    ),
    "take today's values for what was sent": Bug(
        BEGIN, _take_todays_values_for_sent, edited_again_after_a_lost_answer, "P19"
    ),
    "move the cursor early": Bug(
        f"{BOOKS}.changes_since", _move_the_cursor_early, killed_while_it_stored_the_feed, "P1"
    ),
    "store the base of a part that was not done": Bug(
        "integrations.sync.apply._Look._write_here",
        _store_the_base_of_both_parts,
        refused_once,
        "P19",
    ),
    "keep a version beside an older base": Bug(
        "integrations.sync.intents.finish",
        _keep_a_version_beside_an_older_base,
        edited_on_both_sides,
        "P4",
    ),
    "absent means gone": Bug(
        "integrations.sync.feed.take_in", _absent_means_gone, listed_while_reads_lag, "P19"
    ),
    "trust a lagging read": Bug(
        "integrations.sync.look._is_older",
        _trust_a_lagging_read,
        read_by_id_while_reads_lag,
        "P19",
    ),
    "let the windows not overlap": Bug(
        "integrations.sync.feed.OVERLAP", _no_overlap, told_too_late, "P1"
    ),
    "lose a wake-up": Bug(
        "integrations.sync.engine._send", _lose_a_wake_up, killed_with_an_intent, "P1"
    ),
    "ignore what a decision was shown": Bug(
        f"{MERGE}._still_holds", _ignore_what_was_shown, decided_too_late, "P4"
    ),
    "take in what may be ours": Bug(
        "integrations.sync.intents.outcome_is_open",
        _take_in_what_may_be_ours,
        seen_by_the_feed_after_a_lost_create,
        "P5",
    ),
    "forget merges": Bug("integrations.sync.links.follow_merge", _forget_merges, merged, "P7"),
}
