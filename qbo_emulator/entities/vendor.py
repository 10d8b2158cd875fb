"""Vendor (4.2): who is bought from; shares the space of names with customers and employees."""

from typing import Any

from ..money import home_currency
from .base import NO_NAME_CHARACTERS, Entity, Field, Kind, Shape, joined, mask

PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")


def fill_from_company(vendor: dict[str, Any], preferences: dict[str, Any]) -> None:
    vendor.setdefault("CurrencyRef", home_currency(preferences))
    vendor.pop("TermRef", None)  # reported as ignored on create; an update sets it


def fill_from_itself(vendor: dict[str, Any]) -> None:
    mask(vendor, "TaxIdentifier")
    if not vendor.get("PrintOnCheckName"):
        name = vendor.get("CompanyName") or joined(vendor, PARTS) or vendor["DisplayName"]
        vendor["PrintOnCheckName"] = name[:100]


VENDOR = Entity(
    name="Vendor",
    shape=Shape.NAME_LIST,
    noun="vendor",
    counter="names",
    name_field="DisplayName",
    name_space="names",
    name_parts=PARTS,
    reference_kind="Names",
    balance="Balance",
    sends_events=("Create", "Update", "Delete", "Merge"),
    on_create=fill_from_company,
    on_write=fill_from_itself,
    system_before="Title",
    fields=(
        Field("BillAddr", Kind.ADDRESS),
        Field("TaxIdentifier", limit=20),
        Field("AcctNum", limit=100),
        Field("Balance", Kind.DECIMAL, default=0, read_only=True, filters=True, sorts=True),
        Field("OpenBalanceDate", Kind.DATE, at_create=True),
        Field("BillRate", Kind.DECIMAL),
        Field("CostRate", Kind.DECIMAL),
        Field("Vendor1099", Kind.BOOL, default=False),
        Field("TermRef", Kind.REF, refers_to="Term"),
        Field("CurrencyRef", Kind.REF, keeps=True, fixed=True),
        Field("APAccountRef", Kind.REF, refers_to="Account"),
        Field("TaxReportingBasis", limit=50),
        Field("Notes", limit=2000),
        Field("Title", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("GivenName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("MiddleName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("FamilyName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("Suffix", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("CompanyName", limit=100, filters=True, sorts=True),
        Field("DisplayName", limit=500, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field(
            "PrintOnCheckName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True
        ),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True, sorts=True),
        Field("PrimaryPhone", Kind.PHONE, limit=30),
        Field("AlternatePhone", Kind.PHONE, limit=30),
        Field("Mobile", Kind.PHONE, limit=30),
        Field("Fax", Kind.PHONE, limit=30),
        Field("PrimaryEmailAddr", Kind.EMAIL, limit=100, filters=True),
        Field("WebAddr", Kind.WEB, limit=1000),
        Field("Telephone", Kind.PHONE, read_only=True),
        Field("V4IDPseudonym", read_only=True),
    ),
)
