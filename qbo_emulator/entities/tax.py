"""TaxCode, TaxRate and TaxAgency (4.13): apps read them; `taxservice` makes new ones."""

from .base import Entity, Field, Kind, Shape

# US companies have these beside their own codes; their ids are words.
PSEUDO_CODES = ("TAX", "NON", "CustomSalesTax")

TAX_CODE = Entity(
    name="TaxCode",
    shape=Shape.NAME_LIST,
    noun="tax code",
    counter="tax_code",
    name_field="Name",
    name_space="tax_codes",
    required=("Name",),
    reference_kind="TaxCodes",
    literal_ids=PSEUDO_CODES,
    read_only=True,
    in_cdc=False,
    fields=(
        Field("Name", limit=100, filters=True, sorts=True),
        Field("Description", limit=100),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field("Hidden", Kind.BOOL, default=False, keeps=True),
        Field("Taxable", Kind.BOOL, default=True, keeps=True),
        Field("TaxGroup", Kind.BOOL, default=True, keeps=True),
        Field("TaxCodeConfigType", keeps=True),
        Field("SalesTaxRateList", Kind.OBJECT, keeps=True),
        Field("PurchaseTaxRateList", Kind.OBJECT, keeps=True),
    ),
)

TAX_RATE = Entity(
    name="TaxRate",
    shape=Shape.NAME_LIST,
    noun="tax rate",
    counter="tax_rate",
    name_field="Name",
    name_space="tax_rates",
    required=("Name", "RateValue", "AgencyRef"),
    reference_kind="TaxRates",
    read_only=True,
    in_cdc=False,
    fields=(
        Field("Name", limit=100, filters=True, sorts=True),
        Field("Description", limit=100),
        Field("Active", Kind.BOOL, default=True, keeps=True, filters=True),
        Field("RateValue", Kind.DECIMAL, places=7, low=0, high=100, keeps=True),
        Field("AgencyRef", Kind.REF, refers_to="TaxAgency", keeps=True),
        Field("TaxReturnLineRef", Kind.REF, keeps=True),
        Field("SpecialTaxType", default="NONE", keeps=True),
        Field("DisplayType", default="ReadOnly", keeps=True),
        Field("EffectiveTaxRate", Kind.LIST, keeps=True),
    ),
)

TAX_AGENCY = Entity(
    name="TaxAgency",
    shape=Shape.NAME_LIST,
    noun="tax agency",
    counter="tax_agency",
    name_field="DisplayName",
    name_space="tax_agencies",
    required=("DisplayName",),
    reference_kind="TaxAgencies",
    read_only=True,
    in_cdc=False,
    sends_events=("Create", "Update"),
    fields=(
        Field("DisplayName", limit=100),
        Field("TaxTrackedOnPurchases", Kind.BOOL, default=False, keeps=True),
        Field("TaxTrackedOnSales", Kind.BOOL, default=True, keeps=True),
        Field("TaxRegistrationNumber", limit=100),
    ),
)
