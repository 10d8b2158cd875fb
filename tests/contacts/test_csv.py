"""CSV: every fault is named, one imports nothing, and what we wrote comes back as it was."""

import csv
import io

import pytest

from contacts import csv_files, imports, services
from contacts.csv_files import Unreadable
from contacts.models import Contact, ImportFile
from contacts.queries import Filters, parents_first, search
from firms.permissions import VIEWER, NotAllowed
from tests.factories import NOW, make_actor, make_contact, make_firm

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm():
    return make_firm()


@pytest.fixture
def actor(firm):
    return make_actor(firm)


def keep(actor, text):
    data = text if isinstance(text, bytes) else text.encode()
    return imports.keep(actor=actor, name="contacts.csv", data=data, now=NOW)


def run(actor, text, *, leave_known_out=False):
    file = keep(actor, text)
    return imports.run(actor=actor, file_id=file.pk, leave_known_out=leave_known_out, now=NOW)


def faults(actor, text):
    with pytest.raises(services.ImportRefused) as caught:
        keep(actor, text)
    return [(fault.row, fault.column, fault.reason) for fault in caught.value.faults]


def names(firm):
    return sorted(Contact.objects.for_firm(firm).values_list("display_name", flat=True))


def test_the_template_can_be_imported_as_it_is(firm, actor):
    assert run(actor, csv_files.template()) == 1

    contact = Contact.objects.get(firm=firm)
    assert (contact.display_name, contact.phone) == ("Maple Ridge Dental Group", "(555) 010-4482")
    assert str(contact.addresses.get()) == "88 Ridge Ave, Suite 4, Fairmont"


def test_one_bad_row_imports_nothing_and_is_named(firm, actor):
    text = f"Display name,Phone\nAda,555\n,556\nBob,{'5' * 31}\n"

    assert faults(actor, text) == [
        (3, "Display name", "is empty"),
        (4, "Phone", "has 31 characters; 30 are the most"),
    ]
    assert names(firm) == []
    assert not ImportFile.objects.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Display name\n", "no rows"),
        ("Company\nX\n", "Display name is missing"),
        ("Display name,Colour\nAda,red\n", "No column of ours is called 'Colour'"),
        ("Display name,DISPLAY  NAME\nAda,Ada\n", "there twice"),
        ('Display name\n"Ada\n', "not valid CSV"),
        (b"Display name\nA\x00da\n", "not a text file"),
        ("Display name\nAda\n".encode("utf-16"), "not a text file"),
        ("Display name\n" + "x\n" * 10_001, "10,000 are the most"),
        (b"Display name\n" + b"x" * (5 * 1024 * 1024), "larger than 5 MB"),
        ("Display name\n" + "x" * 200_000 + "\n", "not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(actor, text, reason):
    with pytest.raises(Unreadable) as caught:
        keep(actor, text)

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        "Display name\nMüller & Söhne\n".encode("utf-8-sig"),
        "Display name\nMüller & Söhne\n".encode(),
        "Display name\r\nMüller & Söhne\r\n".encode("cp1252"),
        "display NAME ; Phone\nMüller & Söhne;555\n".encode(),
        "Display name\n\nMüller & Söhne\n\n".encode(),
    ],
)
def test_usual_encodings_separators_and_blank_rows_are_understood(firm, actor, data):
    run(actor, data)

    assert names(firm) == ["Müller & Söhne"]


def test_a_parent_may_come_after_its_child_or_be_here_already(firm, actor):
    here = make_contact(firm, display_name="Here")
    run(actor, "Display name,Parent contact\nRoom,House\nHouse,here\nStreet,\n")

    house = Contact.objects.get(display_name="House")
    assert house.parent == here
    assert Contact.objects.get(display_name="Room").parent == house


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Room,House\n", "neither in the file nor a contact of yours"),
        ("Room,Twin\n", "the name of several contacts"),
        ("House,\nHouse,\nRoom,House\n", "the name of several contacts"),
        ("Room,Room\n", "is the contact itself"),
        ("Room,House\nHouse,Room\n", "in a circle"),
        ("B,A\nC,B\nD,C\nE,D\nF,E\nA,\n", "five levels deep"),
        ("D,Third\nE,D\nF,E\n", "five levels deep"),
        ("Room,Foreign\n", "neither in the file"),
    ],
)
def test_a_parent_that_is_not_possible_is_named(firm, actor, text, reason):
    make_contact(firm, display_name="Twin")
    make_contact(firm, display_name="Twin")
    make_contact(make_firm(), display_name="Foreign")
    first = make_contact(firm, display_name="First")
    second = make_contact(firm, display_name="Second", parent_id=first.pk)
    make_contact(firm, display_name="Third", parent_id=second.pk)

    found = faults(actor, "Display name,Parent contact\n" + text)

    assert any(reason in why for _, _, why in found)
    assert Contact.objects.for_firm(firm).count() == 5


def test_flags_are_yes_or_no(firm, actor):
    run(actor, "Display name,Archived\nAda,YES\nBob,no\nCyd,\n")

    assert names(firm) == ["Ada", "Bob", "Cyd"]
    assert Contact.objects.get(is_archived=True).display_name == "Ada"
    assert "write yes or no" in faults(actor, "Display name,Archived\nAda,maybe\n")[0][2]


def test_names_that_are_here_can_be_left_out(firm, actor):
    make_contact(firm, display_name="Ada")

    assert run(actor, "Display name\nADA\nBob\n", leave_known_out=True) == 1
    assert names(firm) == ["Ada", "Bob"]


def test_a_second_yes_to_the_same_file_imports_nothing(firm, actor):
    file = keep(actor, "Display name\nAda\n")
    imports.run(actor=actor, file_id=file.pk, leave_known_out=False, now=NOW)

    with pytest.raises(imports.AlreadyImported):
        imports.run(actor=actor, file_id=file.pk, leave_known_out=False, now=NOW)
    assert names(firm) == ["Ada"]


def test_a_file_is_imported_only_by_who_uploaded_it(firm, actor):
    file = keep(actor, "Display name\nAda\n")

    for other in (make_actor(firm), make_actor(make_firm())):
        with pytest.raises(ImportFile.DoesNotExist):
            imports.run(actor=other, file_id=file.pk, leave_known_out=False, now=NOW)


def test_importing_needs_the_permission(firm):
    viewer = make_actor(firm, role="Viewer", permissions=VIEWER)

    with pytest.raises(NotAllowed):
        keep(viewer, "Display name\nAda\n")
    with pytest.raises(NotAllowed):
        services.import_contacts(actor=viewer, rows=[], now=NOW)


def test_each_imported_contact_is_told_of_once(firm, actor):
    from contacts.events import contact_changed

    told = []

    def listen(**event):
        told.append((event["contact_id"], event["version"]))

    contact_changed.connect(listen)
    try:
        run(actor, "Display name,Parent contact\nRoom,House\nHouse,\n")
    finally:
        contact_changed.disconnect(listen)

    assert sorted(told) == sorted((pk, 1) for pk in Contact.objects.values_list("pk", flat=True))


def test_ten_thousand_rows_take_a_fixed_number_of_queries_but_for_the_events(
    firm, actor, django_assert_max_num_queries
):
    text = "Display name,Billing city\n" + "".join(f"Contact {n},Fairmont\n" for n in range(500))
    file = keep(actor, text)

    with django_assert_max_num_queries(500 + 25):
        imports.run(actor=actor, file_id=file.pk, leave_known_out=True, now=NOW)


HOSTILE = [
    "=1+1",
    "+1 555",
    "-5",
    "@SUM(A1)",
    "'=quoted",
    "''=twice",
    "'plain",
    'say "hi", you',
    "שלום",
]


def written(firm):
    filters = Filters(status="all")
    return "".join(csv_files.write(parents_first(search(firm, filters), filters)))


def test_cells_that_a_spreadsheet_would_run_are_neutralised(firm):
    for text in HOSTILE:
        make_contact(firm, display_name=text, company_name=text[:100], notes=f"\t{text}")

    cells = [cell for row in list(csv.reader(io.StringIO(written(firm))))[1:] for cell in row]

    assert cells
    assert not [cell for cell in cells if cell.startswith(csv_files.RUNS)]


def test_what_was_exported_comes_back_as_it_was(firm):
    parent = make_contact(firm, display_name="Zed", more_emails=["a@x.test", "b@x.test"])
    for text in HOSTILE:
        make_contact(
            firm,
            display_name=text,
            notes=f"{text}\nsecond line",
            parent_id=parent.pk,
            bill_with_parent=True,
            is_tax_exempt=True,
            shipping_line1=text,
            shipping_region="NY",
        )
    make_contact(firm, display_name="Old", is_archived=True)
    other = make_firm()
    run(make_actor(other), written(firm))

    def facts(owner):
        contacts = Contact.objects.for_firm(owner).order_by("display_name", "pk")
        return [
            {
                **services.values_of(contact),
                "parent_id": str(contact.parent),
                "is_archived": contact.is_archived,
            }
            for contact in contacts
        ]

    assert facts(other) == facts(firm)
