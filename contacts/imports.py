"""A CSV file comes in two steps: kept and checked, then, after the person's yes, imported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Upper

from contacts import csv_files, limits, services
from contacts.models import Contact, ImportFile
from firms.permissions import Actor, Permission

KEPT_FOR = timedelta(days=1)


class AlreadyImported(services.ContactError):
    """The file was imported already, perhaps by a double press."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an import would do. `known`: rows whose name a contact has already."""

    rows: int
    known: int
    archived: int
    warned: int  # rows that QuickBooks would not take as they are
    first: list[services.ImportRow]


@transaction.atomic
def keep(*, actor: Actor, name: str, data: bytes, now: datetime) -> ImportFile:
    """
    Check a file and keep it for the person's yes.

    Raises:
        csv_files.Unreadable: the file as a whole cannot be read.
        services.ImportRefused: rows are wrong; `faults` names each.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=actor.firm_id)
    if actor.user_id is None:
        raise ValueError("Only a person uploads a file.")
    _rows(actor.firm_id, data)
    ImportFile.objects.filter(uploaded_at__lt=now - KEPT_FOR).delete()
    return ImportFile.objects.create(
        firm_id=actor.firm_id,
        user_id=actor.user_id,
        name=name[:200],
        content=data,
        uploaded_at=now,
    )


def preview(file: ImportFile) -> Preview:
    """
    Raises:
        services.ImportRefused: contacts changed since, so that rows are wrong now.
    """
    rows = _rows(file.firm_id, bytes(file.content))
    known = _known_names(file.firm_id, rows)
    return Preview(
        rows=len(rows),
        known=sum(_name(row) in known for row in rows),
        archived=sum(bool(row.values.get("is_archived")) for row in rows),
        warned=sum(bool(limits.warnings(row.values)) for row in rows),
        first=rows[:10],
    )


def files_of(actor: Actor, *, now: datetime) -> QuerySet[ImportFile]:
    """The kept files of a person."""
    return ImportFile.objects.filter(
        firm=actor.firm_id, user=actor.user_id or 0, uploaded_at__gte=now - KEPT_FOR
    )


@transaction.atomic
def run(*, actor: Actor, file_id: int, leave_known_out: bool, now: datetime) -> int:
    """
    Import a kept file, once; return how many contacts were made.

    Raises:
        ImportFile.DoesNotExist: this person keeps no such file, or no longer.
        AlreadyImported: nothing was imported a second time.
        services.ImportRefused: rows are wrong by now; nothing was imported.
    """
    actor.must(Permission.MANAGE_CONTACTS, in_firm=actor.firm_id)
    file = files_of(actor, now=now).select_for_update().get(pk=file_id)
    if file.imported_at:
        raise AlreadyImported(f"{file} was imported already.")
    rows = _rows(file.firm_id, bytes(file.content))
    if leave_known_out:
        known = _known_names(file.firm_id, rows)
        rows = [row for row in rows if _name(row) not in known]
    made = services.import_contacts(actor=actor, rows=rows, now=now)
    file.imported_at = now
    file.save(update_fields=["imported_at"])
    return len(made)


def _rows(firm_id: int, data: bytes) -> list[services.ImportRow]:
    sheet = csv_files.read(data)
    faults = [*sheet.faults, *services.check_import(firm_id=firm_id, rows=sheet.rows)]
    if faults:
        raise services.ImportRefused(sorted(set(faults), key=lambda each: (each.row, each.column)))
    return list(sheet.rows)


def _known_names(firm_id: int, rows: list[services.ImportRow]) -> set[str]:
    contacts = Contact.objects.for_firm(firm_id).standing().annotate(upper=Upper("display_name"))
    names = {_name(row) for row in rows}
    return set(contacts.filter(upper__in=names).values_list("upper", flat=True))


def _name(row: services.ImportRow) -> str:
    return str(row.values["display_name"]).upper()
