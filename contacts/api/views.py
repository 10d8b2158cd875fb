"""Contacts over the API: read what was sent, call the service that the pages call, answer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import merge_choices, queries, services
from contacts.api.serializers import (
    EXAMPLE_IN,
    EXAMPLE_OUT,
    ContactIn,
    ContactOut,
    ContactsAsked,
    MergeIn,
    values_of,
)
from contacts.models import Contact
from firms.api import docs, problems
from firms.api.fields import Nothing
from firms.api.idempotency import idempotent
from firms.api.preconditions import version_asked, version_needed
from firms.api.views import ApiView

TAG, ENTITY = "Contacts", "contact"

problems.register(services.ContactError, 422)
problems.register(services.ContactChanged, 412)
problems.register(services.ContactMerged, 409)
problems.register(services.MergeRefused, 409)


class ContactView(ApiView):
    def contacts(self) -> QuerySet[Contact]:
        return Contact.objects.for_firm(self.firm).prefetch_related("addresses")

    def answer(self, contact: Contact, *, status: int = 200) -> Response:
        current = self.contacts().get(pk=contact.pk)
        location = reverse("contacts_api:contact", args=[contact.pk]) if status == 201 else ""
        return self.one(current, ContactOut, entity=ENTITY, status=status, location=location)


class Contacts(ContactView):
    @docs.lists(
        "list_contacts", ContactOut, ContactsAsked,
        tag=TAG, summary="List contacts, the newest first", sample=EXAMPLE_OUT,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = self.asked(ContactsAsked)
        filters = queries.Filters(q=asked.get("q", ""), sync=asked.get("sync_state", ""))
        found = queries.search(self.firm, filters)
        for name in ("email", "parent_id", "is_archived"):
            if name in asked:
                found = found.filter(**{name: asked[name]})
        if "display_name" in asked:
            found = found.filter(display_name__iexact=asked["display_name"])
        if "updated_since" in asked:
            found = found.filter(updated_at__gte=asked["updated_since"])
        rows = found.prefetch_related("addresses")
        return self.page(rows, ContactOut, entity=ENTITY, asked=asked)

    @docs.posts(
        "create_contact", ContactIn, ContactOut, status=201, sent=EXAMPLE_IN,
        tag=TAG, summary="Create a contact", sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        values = values_of(self.body(ContactIn))
        made = services.create_contact(actor=self.actor, values=values, now=timezone.now())
        return self.answer(made, status=201)


class OneContact(ContactView):
    @docs.reads("read_contact", ContactOut, tag=TAG, summary="Read a contact", sample=EXAMPLE_OUT)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer(self.found(self.contacts(), pk))

    @docs.patches(
        "update_contact", ContactIn, ContactOut,
        tag=TAG, summary="Change the fields of a contact that are named",
        sent={"phone": "555 0199"},
    )  # fmt: skip
    def patch(self, request: Request, pk: int) -> Response:
        contact = self.found(self.contacts(), pk)
        changed = services.update_contact(
            actor=self.actor,
            contact=contact,
            version=version_needed(request, current=contact.version),
            changes=values_of(self.body(ContactIn, partial=True)),
            now=timezone.now(),
        )
        return self.answer(changed)


class _SetArchived(ContactView):
    def set_archived(self, pk: int, *, is_archived: bool) -> Response:
        """With If-Match only if it still has that version; archiving twice is archiving once."""
        contact = self.found(self.contacts(), pk)
        self.no_body()
        version = version_asked(self.request, current=contact.version)
        call: dict[str, Any] = {"actor": self.actor, "contact": contact, "now": timezone.now()}
        if version is not None:
            changes = {"is_archived": is_archived}
            changed = services.update_contact(**call, version=version, changes=changes)
        elif is_archived:
            changed = services.archive_contact(**call)
        else:
            changed = services.restore_contact(**call)
        return self.answer(changed)


class ArchiveContact(_SetArchived):
    @docs.posts(
        "archive_contact", Nothing, ContactOut, versioned=True,
        tag=TAG, summary="Take a contact out of use",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.set_archived(pk, is_archived=True)


class RestoreContact(_SetArchived):
    @docs.posts(
        "restore_contact", Nothing, ContactOut, versioned=True,
        tag=TAG, summary="Take an archived contact into use again",
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        return self.set_archived(pk, is_archived=False)


class MergeContact(ContactView):
    @docs.posts(
        "merge_contact", MergeIn, ContactOut, versioned=True,
        tag=TAG, summary="Make one contact of two: this one stays, the other one is archived",
        sent={"other": 42, "fields": {"phone": "other"}}, sample=EXAMPLE_OUT,
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        keep = self.found(self.contacts(), pk)
        sent = self.body(MergeIn)
        lose = self.contacts().filter(pk=sent["other"]).first()
        if lose is None:
            raise ValidationError({"other": ["There is no such contact. Check the id."]})
        version = version_asked(request, current=keep.version)
        kept = services.merge_contacts(
            actor=self.actor,
            keep=keep,
            lose=lose,
            versions=(
                keep.version if version is None else version,
                sent.get("other_version", lose.version),
            ),
            take=merge_choices.fields_to_take(keep, lose, sent.get("fields", {})),
            now=timezone.now(),
        )
        return self.answer(kept)
