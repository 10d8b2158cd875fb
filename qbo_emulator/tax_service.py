"""`POST taxservice/taxcode` (4.13): the way an app makes a tax code, with new or known rates."""

from typing import Any

from . import clock, errors, rules
from .books import Actor
from .emulator import Emulator
from .entities import BY_NAME, Entity, Field, Kind, Shape
from .jsontext import loads

REQUEST = Entity(
    name="TaxService",
    shape=Shape.SINGLE,
    noun="tax service",
    fields=(
        Field("TaxCode", limit=100),
        Field("TaxCodeId", read_only=True),
        Field(
            "TaxRateDetails",
            Kind.LIST,
            java_class="TaxRateDetails",
            parts=(
                Field("TaxRateName", limit=100),
                Field("TaxRateId", limit=100),
                Field("RateValue", Kind.DECIMAL, places=7, low=0, high=100),
                Field("TaxAgencyId", limit=100),
                Field("TaxApplicableOn", choices=("Sales", "Purchase")),
            ),
        ),
    ),
)


def create_tax_code(emulator: Emulator, realm: str, body: Any, actor: Actor) -> dict[str, Any]:
    """
    Make a tax code and those of its rates that are new.

    Returns: the answer: the request with the ids filled in.
    Raises:
        Fault: 2020 for what is missing, 2500 for unknown rates and agencies, 6240 for a name
            that a code or rate has; then nothing was made.
    """
    sent = rules.read_body(REQUEST, body, emulator.switches)
    for name in ("TaxCode", "TaxRateDetails"):
        if sent.get(name) in (None, rules.CLEARED, []):
            raise errors.required_missing(name)
    with emulator.store.transaction():
        details = [_rate(emulator, realm, each, actor) for each in sent["TaxRateDetails"]]
        lists: dict[str, list[dict[str, Any]]] = {"Sales": [], "Purchase": []}
        for detail in details:
            rate = {"value": detail["TaxRateId"], "name": detail["TaxRateName"]}
            lists[detail["TaxApplicableOn"]].append(
                {"TaxRateRef": rate, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
            )
        code = {
            "Name": sent["TaxCode"],
            "Description": sent["TaxCode"],
            "TaxCodeConfigType": "USER_DEFINED",
            "SalesTaxRateList": {"TaxRateDetail": lists["Sales"]},
            "PurchaseTaxRateList": {"TaxRateDetail": lists["Purchase"]},
        }
        row = emulator.books.insert(realm, BY_NAME["TaxCode"], code, actor)
    return {"TaxCode": sent["TaxCode"], "TaxCodeId": row.id, "TaxRateDetails": details}


def _rate(emulator: Emulator, realm: str, detail: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """A detail of the answer, its rate found by TaxRateId or made."""
    applies = {"TaxApplicableOn": detail.get("TaxApplicableOn", "Sales")}
    known = detail.get("TaxRateId")
    if known:
        row = emulator.store.get(realm, "TaxRate", known)
        if row is None:
            raise errors.unknown_reference("TaxRateId", "TaxRates", known)
    else:
        for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
            if detail.get(name) is None:
                raise errors.required_missing(name)
        begins = clock.metadata_time(emulator.clock.epoch())
        rate = {
            "Name": detail["TaxRateName"],
            "Description": detail["TaxRateName"],
            "RateValue": detail["RateValue"],
            "AgencyRef": {"value": detail["TaxAgencyId"]},
            "EffectiveTaxRate": [{"RateValue": detail["RateValue"], "EffectiveDate": begins}],
        }
        row = emulator.books.insert(realm, BY_NAME["TaxRate"], rate, actor)
    document = loads(row.doc)
    return {
        "TaxRateName": document["Name"],
        "TaxRateId": row.id,
        "RateValue": document["RateValue"],
        "TaxAgencyId": document["AgencyRef"]["value"],
        **applies,
    }
