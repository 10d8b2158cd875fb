"""CompanyInfo (4.11): one per company, Id 1."""

from .base import Entity, Field, Kind, Shape

COMPANY_INFO = Entity(
    name="CompanyInfo",
    shape=Shape.SINGLE,
    noun="company",
    required_in_updates=("CompanyName", "CompanyAddr"),
    can_create=False,
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
