"""Customer (4.1): the deepest of the name lists. Sub-customers, balances, tax, addresses."""

from typing import Any

from ..money import home_currency
from .base import NO_NAME_CHARACTERS, Entity, Field, Find, Hierarchy, Kind, Shape, joined, mask

PERSON = ("GivenName", "MiddleName", "FamilyName")
PARTS = ("Title", *PERSON, "Suffix")


def fill_from_company(customer: dict[str, Any], preferences: dict[str, Any]) -> None:
    customer.setdefault("CurrencyRef", home_currency(preferences))
    tax_code = preferences.get("TaxPrefs", {}).get("TaxGroupCodeRef")
    if customer.get("Taxable") and tax_code:
        customer.setdefault("DefaultTaxCodeRef", {"value": tax_code["value"]})


def settle_tax(customer: dict[str, Any], current: dict[str, Any], find: Find) -> None:
    """Automated tax chooses the customer's code itself, and alone knows of exemptions (4.1)."""
    tax = (find("Preferences", "1") or {}).get("TaxPrefs", {})
    if not tax.get("PartnerTaxEnabled"):
        customer.pop("TaxExemptionReasonId", None)
        return
    code = current.get("DefaultTaxCodeRef") or tax.get("TaxGroupCodeRef")
    customer.pop("DefaultTaxCodeRef", None)
    if code:
        customer["DefaultTaxCodeRef"] = {"value": code["value"]}


def fill_from_itself(customer: dict[str, Any]) -> None:
    if not customer.get("PrintOnCheckName"):
        name = customer.get("CompanyName") or joined(customer, PARTS) or customer["DisplayName"]
        customer["PrintOnCheckName"] = name[:110]
    mask(customer, "PrimaryTaxIdentifier", "SecondaryTaxIdentifier")
    if customer.get("TaxExemptionReasonId"):
        customer["Taxable"] = False
    if not customer.get("ParentRef"):
        customer["BillWithParent"] = False


CUSTOMER = Entity(
    name="Customer",
    shape=Shape.NAME_LIST,
    noun="customer",
    counter="names",
    name_field="DisplayName",
    name_space="names",
    name_parts=PARTS,
    reference_kind="Names",
    balance="Balance",
    balance_with_children="BalanceWithJobs",
    hierarchy=Hierarchy(is_shown_in_full=False),
    not_in_rows=("DefaultTaxCodeRef",),
    sends_events=("Create", "Update", "Delete", "Merge"),
    on_create=fill_from_company,
    on_change=settle_tax,
    on_write=fill_from_itself,
    system_before="Title",
    fields=(
        Field("Taxable", Kind.BOOL, default=True),
        Field("BillAddr", Kind.ADDRESS),
        Field("ShipAddr", Kind.ADDRESS),
        Field("Notes", limit=2000),
        Field("Job", Kind.BOOL, default=False),
        Field("BillWithParent", Kind.BOOL, default=False),
        Field("ParentRef", Kind.REF, refers_to="Customer"),
        Field("Level", Kind.INTEGER, read_only=True),
        Field("SalesTermRef", Kind.REF, refers_to="Term"),
        Field("PaymentMethodRef", Kind.REF, refers_to="PaymentMethod"),
        Field("CustomerTypeRef", Kind.REF, refers_to="CustomerType"),
        Field("Balance", Kind.DECIMAL, default=0, at_create=True, filters=True, sorts=True),
        Field("OpenBalanceDate", Kind.DATE, at_create=True),
        Field("BalanceWithJobs", Kind.DECIMAL, default=0, read_only=True, sorts=True),
        Field("CurrencyRef", Kind.REF, keeps=True, fixed=True),
        Field(
            "PreferredDeliveryMethod",
            default="Print",
            choices=("Print", "Email", "None"),
            keeps=True,
        ),
        Field("IsProject", Kind.BOOL, default=False, read_only=True),
        Field("ResaleNum", limit=16),
        Field("TaxExemptionReasonId", choices=tuple(str(number) for number in range(1, 16))),
        Field("PrimaryTaxIdentifier", limit=100),
        Field("SecondaryTaxIdentifier", limit=100),
        Field("Title", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("GivenName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("MiddleName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("FamilyName", limit=100, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field("Suffix", limit=16, forbidden=NO_NAME_CHARACTERS),
        Field("FullyQualifiedName", read_only=True, filters=True, sorts=True),
        Field("CompanyName", limit=100, filters=True, sorts=True),
        Field("DisplayName", limit=500, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True),
        Field(
            "PrintOnCheckName", limit=110, forbidden=NO_NAME_CHARACTERS, filters=True, sorts=True
        ),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True, sorts=True),
        Field("PrimaryPhone", Kind.PHONE, limit=30),
        Field("AlternatePhone", Kind.PHONE, limit=30),
        Field("Mobile", Kind.PHONE, limit=30),
        Field("Fax", Kind.PHONE, limit=30),
        Field("PrimaryEmailAddr", Kind.EMAIL, limit=100, filters=True),
        Field("WebAddr", Kind.WEB, limit=1000),
        Field("DefaultTaxCodeRef", Kind.REF, refers_to="TaxCode", keeps=True),
        Field("ARAccountRef", Kind.REF, refers_to="Account"),
        Field("GSTIN", limit=15),
        Field("BusinessNumber", limit=10),
        Field("GSTRegistrationType", limit=15),
        Field("Source", read_only=True),
        Field("ClientEntityId", read_only=True),
        Field("V4IDPseudonym", read_only=True),
        Field("CustomField", Kind.LIST, read_only=True),
    ),
)
