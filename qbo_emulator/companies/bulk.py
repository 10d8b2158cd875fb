"""bulk:N: a company of N customers."""

import random
from collections.abc import Iterator
from json.encoder import encode_basestring

from .. import clock as clocks
from ..store import Row
from .rows import SEEDED_BY

_GIVEN = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gus", "Hana", "Ivo", "June", "Kai", "Lena")
_FAMILY = ("Abel", "Brandt", "Costa", "Duarte", "Ekman", "Flores", "Grant", "Huber", "Ito", "Kovac")
_TRADE = ("Bakery", "Boats", "Cars", "Cycles", "Dental", "Design", "Farms", "Foods", "Garden")
_CITY = ("Bayshore", "Half Moon Bay", "Menlo Park", "Middlefield", "Palo Alto", "San Mateo")


def bulk(realm: str, count: int, made: float) -> Iterator[Row]:
    """Customers 1 to `count`, always the same for the same count; text is put together by hand."""
    choose = random.Random(20260101)
    time = clocks.metadata_time(made)
    for number in range(1, count + 1):
        given, family = choose.choice(_GIVEN), choose.choice(_FAMILY)
        name = f"{family} {choose.choice(_TRADE)} {number:06d}"
        active = choose.random() < 0.97
        shown = name if active else f"{name} (deleted)"
        mail = ""
        if choose.random() < 0.9:
            mail = f'"PrimaryEmailAddr":{{"Address":"{given.lower()}.{number}@bulk.example"}},'
        phone = f"(650) 555-{choose.randrange(10_000):04d}"
        quoted = encode_basestring(shown)
        doc = (
            f'{{"Taxable":true,"BillAddr":{{"Id":"{2000 + number}",'
            f'"Line1":"{choose.randrange(1, 9999)} Main St.","City":"{choose.choice(_CITY)}",'
            f'"CountrySubDivisionCode":"CA","PostalCode":"{choose.randrange(90001, 96162)}"}},'
            f'"Job":false,"BillWithParent":false,"Balance":0,"BalanceWithJobs":0,'
            f'"CurrencyRef":{{"value":"USD","name":"United States Dollar"}},'
            f'"PreferredDeliveryMethod":"Print","IsProject":false,"GivenName":"{given}",'
            f'"FamilyName":"{family}","FullyQualifiedName":{quoted},"CompanyName":"{name}",'
            f'"DisplayName":{quoted},"PrintOnCheckName":"{name}",'
            f'"Active":{"true" if active else "false"},'
            f'"PrimaryPhone":{{"FreeFormNumber":"{phone}"}},{mail}'
            f'"DefaultTaxCodeRef":{{"value":"2"}},"domain":"QBO","sparse":false,"Id":"{number}",'
            f'"SyncToken":"0","MetaData":{{"CreateTime":"{time}","LastUpdatedTime":"{time}"}}}}'
        )
        key = shown.casefold()
        yield Row(
            realm, "Customer", str(number), number, 0, int(active), None, "names", key, key, "",
            made, made, SEEDED_BY, doc,
        )  # fmt: skip
