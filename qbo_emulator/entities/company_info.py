"""CompanyInfo (4.11): one per company, Id 1."""

from typing import Any

from .base import Entity, Field, Kind, Shape

ADDRESSES = ("CompanyAddr", "CustomerCommunicationAddr", "LegalAddr")
# What may be written for a country -> how its addresses show it (4.0); others stay as written.
COUNTRY_CODES = {
    "us": "USA",
    "united states": "USA",
    "united states of america": "USA",
    "ca": "CAN",
    "canada": "CAN",
    "gb": "GBR",
    "uk": "GBR",
    "united kingdom": "GBR",
    "au": "AUS",
    "australia": "AUS",
    "fr": "FRA",
    "france": "FRA",
    "in": "IND",
    "india": "IND",
}


def show_country_codes(company: dict[str, Any]) -> None:
    for name in ADDRESSES:
        address = company.get(name, {})
        written = address.get("Country", "")
        if written:
            code = COUNTRY_CODES.get(written.lower(), written)
            company[name] = {**address, "Country": code.upper() if len(code) == 3 else code}


COMPANY_INFO = Entity(
    name="CompanyInfo",
    shape=Shape.SINGLE,
    noun="company",
    required_in_updates=("CompanyName", "CompanyAddr"),
    can_create=False,
    on_write=show_country_codes,
    fields=(
        Field("CompanyName", limit=1024),
        Field("LegalName", limit=1024),
        Field("CompanyAddr", Kind.ADDRESS),
        Field("CustomerCommunicationAddr", Kind.ADDRESS, keeps=True),
        Field("LegalAddr", Kind.ADDRESS, keeps=True),
        Field("CustomerCommunicationEmailAddr", Kind.EMAIL, limit=100),
        Field("PrimaryPhone", Kind.PHONE, limit=30),
        Field("CompanyStartDate", Kind.DATE, read_only=True),
        Field("FiscalYearStartMonth", keeps=True),
        Field("Country", read_only=True),
        Field("Email", Kind.EMAIL, limit=100),
        Field("WebAddr", Kind.WEB, limit=1000),
        Field("SupportedLanguages", read_only=True),
        Field("EmployerId", limit=100),
        Field("NameValue", Kind.LIST, read_only=True),
    ),
)
