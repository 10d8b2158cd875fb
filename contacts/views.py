"""Pages of contacts: list, detail, forms, CSV."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from contacts import csv_files, imports, limits, panels, queries, services
from contacts.forms import LABELS, ContactForm, ImportForm, initial_of
from contacts.models import Contact
from firms.http import FirmRequest
from firms.marks import SyncState
from firms.permissions import Permission

PAGE = 300
CHILDREN_SHOWN = 100
SYNC_CHOICES = tuple((each.value, each.label) for each in SyncState)


@require_safe
def contact_list(request: FirmRequest) -> HttpResponse:
    filters = queries.Filters.read(request.GET)
    found = queries.search(request.firm, filters)
    counts = queries.count_by_status(found)
    page = _page(request, queries.listed(found, filters), count=counts[filters.status])
    context = {
        "section": "contacts",
        "filters": filters,
        "counts": counts,
        "page": page,
        "title": _list_title(page),
        "sync_choices": SYNC_CHOICES,
        "sync_label": dict(SYNC_CHOICES).get(filters.sync, ""),
        "sort_columns": _sort_columns(filters),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "contacts/_contact_list.html" if is_fragment else "contacts/contact_list.html"
    return render(request, template, context)


@require_safe
def contact_detail(request: FirmRequest, pk: int) -> HttpResponse:
    contacts = Contact.objects.for_firm(request.firm).select_related("parent", "merged_into")
    contact = get_object_or_404(contacts.prefetch_related("addresses"), pk=pk)
    children = list(
        contact.children.standing().order_by("display_name", "pk")[: CHILDREN_SHOWN + 1]
    )
    values = services.values_of(contact)
    namesakes = queries.namesakes(request.firm, contact.display_name, other_than=contact.pk)
    context = {
        "section": "contacts",
        "contact": contact,
        "children": children[:CHILDREN_SHOWN],
        "has_more_children": len(children) > CHILDREN_SHOWN,
        # Another contact stands for a merged one: there is nothing to do about it.
        "warnings": {} if contact.merged_into else limits.warnings(values, namesakes=namesakes),
        "sync_state": queries.sync_state(contact),
        "panels": {} if contact.merged_into else panels.draw(request, contact),
    }
    return render(request, "contacts/contact_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new_contact(request: FirmRequest) -> HttpResponse:
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    if request.method != "POST":
        return _form_page(request, ContactForm(firm=request.firm))
    form = ContactForm(request.POST, firm=request.firm)
    if form.is_valid() and _is_accepted(request, form):
        try:
            contact = services.create_contact(
                actor=request.actor, values=form.values(), now=timezone.now()
            )
        except services.ContactError as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, f"{contact} saved")
            return redirect("contacts:contact", pk=contact.pk)
    return _form_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
def edit_contact(request: FirmRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    if request.method != "POST":
        form = ContactForm(initial=initial_of(contact), firm=request.firm)
        return _form_page(request, form, contact=contact)
    form = ContactForm(request.POST, firm=request.firm)
    if form.is_valid() and _is_accepted(request, form, contact=contact):
        try:
            services.update_contact(
                actor=request.actor,
                contact=contact,
                version=form.cleaned_data["version"] or 0,
                changes=form.values(),
                now=timezone.now(),
            )
        except services.ContactChanged as changed:
            return _conflict_page(request, form, changed.contact)
        except services.ContactError as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, f"{form.cleaned_data['display_name']} saved")
            return redirect("contacts:contact", pk=pk)
    return _form_page(request, form, contact=contact)


@require_http_methods(["GET", "HEAD", "POST"])
def archive_contact(request: FirmRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    if request.method != "POST":
        return _confirm_page(request, contact, "contacts/contact_archive.html")
    try:
        services.archive_contact(actor=request.actor, contact=contact, now=timezone.now())
    except services.ContactMerged as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{contact} archived")
    return redirect("contacts:contact", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def restore_contact(request: FirmRequest, pk: int) -> HttpResponse:
    contact = _contact(request, pk)
    if request.method != "POST":
        return _confirm_page(request, contact, "contacts/contact_restore.html")
    try:
        services.restore_contact(actor=request.actor, contact=contact, now=timezone.now())
    except services.ContactMerged as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{contact} restored")
    return redirect("contacts:contact", pk=pk)


@require_safe
def parent_options(request: FirmRequest) -> HttpResponse:
    """Options for the field Parent contact, as a person types."""
    found = queries.possible_parents(request.firm, request.GET.get("parent", ""))
    return render(request, "contacts/_parent_options.html", {"parents": found})


@require_http_methods(["GET", "HEAD", "POST"])
def import_contacts(request: FirmRequest) -> HttpResponse:
    """Take a file: check every row, keep it, and ask."""
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"section": "contacts", "form": form}
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > csv_files.MOST_BYTES:
                raise csv_files.Unreadable("The file is larger than 5 MB.")
            kept = imports.keep(
                actor=request.actor, name=upload.name, data=upload.read(), now=timezone.now()
            )
        except csv_files.Unreadable as error:
            form.add_error("file", str(error))
        except services.ImportRefused as refused:
            form.add_error("file", _refusal(refused))
            context |= {"faults": refused.faults[: csv_files.MOST_FAULTS], "file": upload.name}
        else:
            return redirect("contacts:import_confirm", pk=kept.pk)
    context["columns"] = list(csv_files.COLUMNS)
    return render(request, "contacts/contact_import.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_import(request: FirmRequest, pk: int) -> HttpResponse:
    """Show what a kept file would do; a post does it."""
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    file = get_object_or_404(imports.files_of(request.actor, now=timezone.now()), pk=pk)
    if request.method == "POST":
        return _run_import(request, pk)
    try:
        preview = imports.preview(file)
    except services.ImportRefused as refused:
        messages.error(request, f"{_refusal(refused)}. Contacts changed since; upload it again.")
        return redirect("contacts:import")
    context = {"section": "contacts", "file": file, "preview": preview}
    return render(request, "contacts/contact_import_confirm.html", context)


@require_safe
def import_template(request: FirmRequest) -> HttpResponse:
    answer = HttpResponse("\ufeff" + csv_files.template(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="contacts-template.csv"'
    return answer


@require_safe
def export_contacts(request: FirmRequest) -> StreamingHttpResponse:
    """The contacts that the list shows, all pages. Parents come before their children."""
    filters = queries.Filters.read(request.GET)
    lines = csv_files.write(queries.parents_first(queries.search(request.firm, filters), filters))
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"contacts-{date.today():%Y-%m-%d}.csv"  # noqa: DTZ011 - only a file name
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _contact(request: FirmRequest, pk: int) -> Contact:
    return get_object_or_404(Contact.objects.for_firm(request.firm), pk=pk)


def _page(request: FirmRequest, listed: Any, *, count: int) -> Page:
    paginator = Paginator(listed, PAGE)
    paginator.count = count  # counted already, with the tabs
    return paginator.get_page(request.GET.get("page"))


def _list_title(page: Page) -> str:
    pages = page.paginator.num_pages
    return f"Contacts (page {page.number} of {pages})" if pages > 1 else "Contacts"


def _sort_columns(filters: queries.Filters) -> list[dict[str, str]]:
    """Headings that sort: their direction now, and what a press asks for."""
    columns = []
    for key, label in (
        ("name", "Name"),
        ("company", "Company"),
        ("email", "Email"),
        ("changed", "Changed"),
    ):
        is_current = key == filters.sort
        now = ("descending" if filters.is_descending else "ascending") if is_current else ""
        turn = is_current and not filters.is_descending
        columns.append({"label": label, "now": now, "ask": f"-{key}" if turn else key})
    return columns


def _is_accepted(
    request: FirmRequest, form: ContactForm, *, contact: Contact | None = None
) -> bool:
    """QuickBooks' limits are warned of once: a second press saves all the same."""
    found = _warnings(request, form, contact)
    return set(found) <= set(form.cleaned_data["accepted"].split())


def _warnings(request: FirmRequest, form: ContactForm, contact: Contact | None) -> dict[str, str]:
    if not form.is_bound or not form.is_valid():
        return {}
    values = form.values()
    namesakes = queries.namesakes(
        request.firm, values["display_name"], other_than=contact.pk if contact else None
    )
    return limits.warnings(values, namesakes=namesakes)


def _form_page(
    request: FirmRequest,
    form: ContactForm,
    *,
    contact: Contact | None = None,
    **more: Any,
) -> HttpResponse:
    found = _warnings(request, form, contact)
    context = {
        "section": "contacts",
        "form": form,
        "contact": contact,
        "warnings": found,
        "accepted": " ".join(found),
        **more,
    }
    return render(request, "contacts/contact_form.html", context)


def _conflict_page(request: FirmRequest, form: ContactForm, current: Contact) -> HttpResponse:
    """
    Somebody else saved first. The form comes back with the person's own changes over the contact
    as it is now, so that Keep mine is to send it again; fields that only the other changed stay.
    """
    seen, now = form.seen_values(), services.values_of(current)
    mine = {name: value for name, value in form.values().items() if value != seen.get(name)}
    clash = {name: value for name, value in mine.items() if value != now[name]}
    again = ContactForm(initial=initial_of(current, overlay=clash), firm=request.firm)
    rows = [
        {"label": LABELS[name], "mine": _shown(name, value), "theirs": _shown(name, now[name])}
        for name, value in clash.items()
    ]
    return _form_page(
        request,
        again,
        contact=current,
        conflict=rows,
        is_conflict=True,
        accepted=form.cleaned_data["accepted"],
    )


def _shown(name: str, value: Any) -> str:
    if name == "parent_id":
        return str(Contact.objects.filter(pk=value).first() or "None")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return ", ".join(value) if isinstance(value, list) else str(value or "Empty")


def _confirm_page(request: FirmRequest, contact: Contact, template: str) -> HttpResponse:
    request.actor.must(Permission.MANAGE_CONTACTS, in_firm=request.firm.pk)
    return render(request, template, {"section": "contacts", "contact": contact})


def _run_import(request: FirmRequest, pk: int) -> HttpResponse:
    try:
        made = imports.run(
            actor=request.actor,
            file_id=pk,
            leave_known_out=request.POST.get("leave_known_out") == "on",
            now=timezone.now(),
        )
    except services.ImportRefused as refused:
        messages.error(request, f"{_refusal(refused)}. Contacts changed since; upload it again.")
        return redirect("contacts:import")
    except imports.AlreadyImported as error:
        messages.error(request, str(error))
        return redirect("contacts:import")
    messages.success(request, f"{made} contact{'' if made == 1 else 's'} imported")
    return redirect("contacts:contacts")


def _refusal(refused: services.ImportRefused) -> str:
    count = len({fault.row for fault in refused.faults})
    return f"Nothing was imported: {count} row{' is' if count == 1 else 's are'} wrong"


def _field_of(error: services.ContactError) -> str | None:
    if isinstance(error, services.NameMissing):
        return "display_name"
    return "parent" if isinstance(error, services.ParentNotPossible) else None
