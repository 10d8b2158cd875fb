"""
Odd requests: bodies from the descriptions of the entities, then broken in some places.

A seed makes a request, so that the one that failed can be made again.
"""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from qbo_emulator.entities import ENTITIES, Entity, Field, Kind

from . import odd_values as values
from .inside import Ask

# What a reference may point at in the sample company, so that enough requests pass the checks.
KNOWN = {
    "CustomerRef": ["1", "2", "3", "5", "6", "58"],
    "ItemRef": ["1", "2", "5", "6", "11"],
    "GroupItemRef": ["1", "2"],
    "TaxCodeRef": ["TAX", "NON"],
    "TxnTaxCodeRef": ["2", "3"],
    "CurrencyRef": ["USD"],
    "VendorRef": ["30", "31", "33"],
    "DepositToAccountRef": ["4", "35"],
    "AccountRef": ["1", "2", "79"],
    "IncomeAccountRef": ["1", "79"],
}
LINKED = ["Invoice", "Invoice", "CreditMemo", "Payment", "Estimate"]
Objects = Callable[[str], list[tuple[str, str]]]


class Odd:
    """
    The request of one seed.

    access: `realm`, and the access tokens `live`, `expired`, `foreign`.
    objects: objects(entity) are the ids there are, each with its SyncToken.
    """

    def __init__(self, seed: int, access: dict[str, str], objects: Objects) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice
        self.access = access
        self.objects = objects

    def one_in(self, count: int) -> bool:
        return self.random.randrange(count) == 0

    def some(self, choices: Sequence[Any], most: int) -> list[Any]:
        count = min(len(choices), self.random.randrange(most + 1))
        return self.random.sample(choices, count)

    def request(self) -> Ask:
        """A request below /v3: a write, a batch, a query, CDC, any path, a report."""
        makers = [self.write] * 12 + [self.query] * 4 + [self.batch, self.path] * 2
        wanted = self.pick([*makers, self.cdc, self.report, self.upload])()
        params = {}
        if self.one_in(12):
            params["requestid"] = self.pick(values.REQUEST_IDS)
        if self.one_in(12):
            params["minorversion"] = self.pick(values.MINOR_VERSIONS)
        if self.one_in(30):
            params[self.pick(values.TEXTS)] = self.pick(values.TEXTS)
        query = _encoded(params)
        if self.one_in(40):
            query += self.pick(["?", "&", "&&=", "?%", "%ff=%fe", "&a=%zz", "&%00"])
        joint = "&" if "?" in wanted.target else "?"
        realm = self.pick(values.REALMS) if self.one_in(40) else self.access["realm"]
        wanted.target = f"/v3/company/{realm}/{wanted.target}" + (joint + query if query else "")
        wanted.headers |= self.headers()
        return wanted

    def headers(self) -> dict[str, str]:
        accept = self.pick(values.ACCEPTS) if self.one_in(8) else "application/json"
        token = f"Bearer {self.access['live']}"
        if self.one_in(25):
            expired, foreign = (f"Bearer {self.access[name]}" for name in ("expired", "foreign"))
            token = self.pick([expired, foreign, *values.TOKENS])
        return {"Accept": accept} | ({"Authorization": token} if token else {})

    # --- Writes ---

    def write(self) -> Ask:
        entity = self.pick(ENTITIES)
        params = {}
        if self.one_in(5):
            params["operation"] = self.pick(["delete", "void", *values.OPERATIONS])
        if self.one_in(10):
            params["include"] = self.pick(values.INCLUDES)
        content_type = self.pick(values.CONTENT_TYPES) if self.one_in(40) else "application/json"
        target = entity.path + (f"?{_encoded(params)}" if params else "")
        return Ask("POST", target, {"Content-Type": content_type}, self.raw(self.body(entity)))

    def batch(self) -> Ask:
        """Up to a few writes and queries in one request, now and then too many (5.7)."""
        items: list[Any] = []
        for place in range(self.pick([0, 1, 2, 3, 3, 31])):
            entity = self.pick(ENTITIES)
            item: dict[str, Any] = {"bId": str(place) if self.one_in(3) else f"b{place}"}
            if self.one_in(4):
                item["Query"] = self.statement()
            else:
                operation = self.pick(["create", "update", *values.OPERATIONS])
                item |= {"operation": operation, entity.name: self.body(entity)}
            if self.one_in(6):
                self.spoil(item)
            items.append(item)
        raw = self.raw({"BatchItemRequest": items})
        return Ask("POST", "batch", {"Content-Type": "application/json"}, raw)

    def body(self, entity: Entity) -> dict[str, Any]:
        """What QuickBooks would take, or nearly; then broken in up to three places."""
        must = {*entity.required, *entity.one_of[:1], entity.name_field, "Line"}
        fields = [field for field in entity.fields if field.name in must]
        fields += self.some(entity.fields, 4)
        body = {field.name: self.good(field) for field in fields}
        if self.one_in(2):
            id, token = self.pick(self.objects(entity.name) or [("1", "0")])
            id = self.pick(values.IDS) if self.one_in(8) else id
            body |= {"Id": id, "SyncToken": token, "sparse": self.one_in(2)}
        for _ in range(self.pick([0, 0, 0, 1, 1, 2, 3])):
            self.spoil(body)
        return body

    def good(self, field: Field) -> Any:
        """A value that a property can hold."""
        if field.name in {"TxnId", "TxnType"}:
            some = self.objects("Invoice") or [("1", "0")]
            return self.pick(some)[0] if field.name == "TxnId" else self.pick(LINKED)
        if field.choices:
            return self.pick(field.choices)
        match field.kind:
            case Kind.BOOL:
                return self.one_in(2)
            case Kind.DECIMAL | Kind.INTEGER:
                return self.pick([0, 1, 5, 10, 35, "12"])
            case Kind.DATE:
                return self.pick(["2026-11-01", "2026-01-31", "2019-12-31"])
            case Kind.EMAIL:
                return {"Address": "nora@quist.example"}
            case Kind.PHONE:
                return {"FreeFormNumber": "(650) 555-0101"}
            case Kind.WEB:
                return {"URI": "http://quist.example"}
            case Kind.ADDRESS:
                return {"Line1": "1 Quay", "City": "Bayshore", "PostalCode": "94326"}
            case Kind.REF:
                return {"value": self.pick(KNOWN.get(field.name, ["1", "2", "3"]))}
            case Kind.MEMO:
                return {"value": "Thank you"}
            case Kind.LIST if field.parts:
                return [self.parts(field) for _ in range(self.pick([0, 1, 1, 2]))]
            case Kind.LIST:
                return []
            case Kind.OBJECT:
                return self.parts(field)
        return f"{field.name[:10]} {self.random.randrange(200)}"

    def parts(self, field: Field) -> dict[str, Any]:
        """An object inside a document; a line has one kind of detail."""
        by_name = {part.name: part for part in field.parts}
        if "DetailType" not in by_name:
            return {part.name: self.good(part) for part in self.some(field.parts, 4)}
        kinds = [name for name in by_name if name.endswith("LineDetail")]
        detail = self.pick(kinds)
        inner = {part.name: self.good(part) for part in self.some(by_name[detail].parts, 2)}
        if "ItemRef" in {part.name for part in by_name[detail].parts}:
            inner["ItemRef"] = {"value": self.pick(KNOWN["ItemRef"])}
        kind = detail.replace("DescriptionLineDetail", "DescriptionOnly")
        line = {"Amount": self.pick([0, 10, 35.5]), "DetailType": kind, detail: inner}
        plain = [part for name, part in by_name.items() if name not in kinds]
        return line | {part.name: self.good(part) for part in self.some(plain, 1)}

    def spoil(self, body: dict[str, Any]) -> None:
        """Break one place of a body."""
        places = list(_places(body))
        doing = self.pick(["value", "value", "value", "remove", "list", "add", "text"])
        odd = copy.deepcopy(self.pick(values.VALUES))
        if not places or doing == "add":
            insides = [body, *(inner for _, _, inner in places if isinstance(inner, dict))]
            self.pick(insides)[self.pick(values.UNKNOWN_NAMES)] = odd
            return
        where, key, old = self.pick(places)
        if doing == "remove":
            del where[key]
        else:
            where[key] = {"value": odd, "list": [old], "text": str(old)}[doing]

    def raw(self, body: dict[str, Any]) -> bytes:
        """The body as bytes, now and then no JSON at all."""
        raw = json.dumps(body, ensure_ascii=self.one_in(2)).encode("utf-8", "surrogatepass")
        for mark, text in values.RAW.items():
            raw = raw.replace(f'"{mark}"'.encode(), text)
        breakers: list[Callable[[], bytes]] = [
            lambda: raw[: len(raw) // 2],
            lambda: raw.replace(b"{", b'{"Id":"1","Id":"2","SyncToken":0,', 1),
            lambda: b"\xef\xbb\xbf" + raw,
            lambda: raw.replace(b"i", b"\xff", 1),
            lambda: b"[" + raw + b"]",
            lambda: self.pick(values.BODIES),
            lambda: raw.replace(b":", b':"' + b"y" * 2**20 + b'","Notes":', 1),
            lambda: raw + b" " * 2**20,
            lambda: raw.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass"),
            lambda: self.random.randbytes(40),
        ]
        return self.pick(breakers)() if self.one_in(12) else raw

    # --- Reads and the rest ---

    def statement(self) -> str:
        entity = self.pick(ENTITIES)
        words = [self.pick(values.WORDS) for _ in range(self.random.randrange(8))]
        name, value = self.pick(entity.fields).name, self.pick(values.WORDS)
        where = ["WHERE", name, self.pick(["=", "LIKE", "IN", "<", ">="]), value]
        start = ["SELECT", self.pick(["*", "COUNT(*)", "Id"]), "FROM", entity.name]
        return " ".join(self.pick([start + where, start + where + words, start + words, words]))

    def query(self) -> Ask:
        text = self.statement()
        if self.one_in(4):
            return Ask("GET", f"query?{_encoded({'query': text})}")
        raw = text.encode("utf-8", "surrogatepass")
        if self.one_in(40):
            raw = self.pick([b"", b"\xff", raw + b"\xff", raw + b" " * 2**20])
        content_type = self.pick(values.CONTENT_TYPES) if self.one_in(12) else "application/text"
        return Ask("POST", "query", {"Content-Type": content_type}, raw)

    def cdc(self) -> Ask:
        names = [*(entity.name for entity in ENTITIES), *values.NOT_ENTITIES]
        params = {
            "entities": ",".join(self.some(names, 4)),
            "changedSince": self.pick(values.TIMES),
        }
        if self.one_in(10):
            params.pop(self.pick(sorted(params)))
        return Ask("GET", f"cdc?{_encoded(params)}")

    def path(self) -> Ask:
        """Any address, method and body."""
        entity = self.pick(ENTITIES)
        ids = [id for id, _ in self.objects(entity.name)] if self.one_in(2) else values.IDS
        id = quote(self.pick(ids or ["1"]), safe="", errors="surrogatepass")
        words = {"E": entity.path, "I": id}
        target = "/".join(words.get(word, word) for word in self.pick(values.PATHS).split("/"))
        if self.one_in(5):
            target += f"?{_encoded({'sendTo': self.pick(values.TEXTS)})}"
        headers = {"Content-Type": self.pick(values.CONTENT_TYPES)}
        return Ask(self.pick(values.METHODS), target, headers, self.pick(values.BODIES))

    def upload(self) -> Ask:
        """A form of parts, each with an odd head or body."""
        parts = []
        for _ in range(self.pick([1, 2, 2, 3])):
            head = self.pick(values.PART_HEADS)
            kind = self.pick(["application/json", "text/plain", "image/png", "é"])
            inner = self.pick([self.raw(self.body(self.pick(ENTITIES))), *values.BODIES])
            content_type = f"Content-Type: {kind}\r\n\r\n".encode()
            parts.append(b"--x\r\n" + head.encode() + b"\r\n" + content_type + inner + b"\r\n")
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        return Ask("POST", "upload", headers, b"".join(parts) + self.pick([b"--x--\r\n", b""]))

    def report(self) -> Ask:
        words = [*values.TIMES, *values.TEXTS, "Cash", "Month"]
        params = {name: self.pick(words) for name in self.some(values.REPORT_OPTIONS, 3)}
        return Ask("GET", f"reports/{quote(self.pick(values.REPORTS))}?{_encoded(params)}")


def _encoded(params: dict[str, str]) -> str:
    return urlencode(params, errors="surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every place in a body: the object or list it is in, its key, what stands there."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key, inner
        if isinstance(inner, dict | list):
            yield from _places(inner)
