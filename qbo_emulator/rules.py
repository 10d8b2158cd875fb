"""
What a write may hold and what becomes of it: types, limits, emptying, defaults, names.

Plain functions on documents (dicts) and entity descriptions; nothing here reads the store.
Section numbers are those of the API reference.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from . import errors
from .entities import Entity, Field, Kind
from .money import rounded
from .switches import Switches


class Cleared:
    """A property that the request empties."""

    def __repr__(self) -> str:
        return "CLEARED"


CLEARED = Cleared()
MOST_DIGITS = 11  # in front of the point
NEWER = {"CustomExtensions", "V4IDPseudonym", "LastModifiedByRef", "LineEx"}
LEVEL_MARK = "\x01"  # sorts before everything a name can hold
DELETED_SUFFIX = re.compile(r" \(deleted(?: \d+)?\)$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WEBSITE = re.compile(
    r"(https?://)?[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE
)
_LONG_NUMBER = re.compile(r"(?<![\w.-])(?<!\d )\d(?:[ -]?\d){12,15}(?![\w-]|\.\w| \d)", re.ASCII)
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)+")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*|[Zz]|[+-]\d{2}:?\d{2})?")
_ADDRESS_LIMITS = {
    "Line1": 500,
    "Line2": 500,
    "Line3": 500,
    "Line4": 500,
    "Line5": 500,
    "City": 255,
    "Country": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
}
_ADDRESS_IGNORED = ("Id", "Lat", "Long", "Note", "Tag", "CountryCode", "CountrySubDivision")
_PHONE_IGNORED = (
    "Id",
    "DeviceType",
    "CountryCode",
    "AreaCode",
    "ExchangeCode",
    "Extension",
    "Default",
    "Tag",
)


# --- Reading a request (2.4, 6.3) ---


def read_body(
    entity: Entity, body: Any, switches: Switches, *, by_person: bool = False
) -> dict[str, Any]:
    """
    Check a request's properties.

    by_person: a person in the books may write what apps can only read.

    Returns: writable property -> value, or CLEARED; properties sent as null are left out.
    Raises:
        Fault: 2010 for unknown properties and wrong types, 2040, 2050, 2070, 2170, 2200, 2210,
            6530.
    """
    if not isinstance(body, dict):
        raise errors.unparsable()
    for name in body:
        if name not in entity.by_name:
            raise errors.unrecognized_property(name, entity.name, list(entity.by_name))
    sent = {}
    if not by_person:
        _check_newer(entity, body, switches)
    for name, value in body.items():
        field = entity.by_name[name]
        if field.read_only or value is None:
            continue
        if not by_person:
            value = _for_apps(field, value)
        sent[name] = _READERS[field.kind](field, value, switches)
    return {name: value for name, value in sent.items() if value is not None}


def _check_newer(entity: Entity, sent: Any, switches: Switches) -> None:
    """Newer read-only properties, wherever they stand, that clients send back (11.3)."""
    if switches.newer_properties == "ignore":
        return
    if isinstance(sent, list | tuple):
        for each in sent:
            _check_newer(entity, each, switches)
    elif isinstance(sent, dict):
        for name, value in sent.items():
            if name in NEWER:
                raise errors.unrecognized_property(name, entity.name, list(entity.by_name))
            _check_newer(entity, value, switches)


def _for_apps(field: Field, value: Any) -> Any:
    """Without the parts that only a person can change; they are ignored (4.12)."""
    hidden = {part.name for part in field.parts if part.only_in_ui}
    if not hidden or not isinstance(value, dict):
        return value
    return {name: part for name, part in value.items() if name not in hidden}


def identity(entity: Entity, document: dict[str, Any]) -> str:
    """What a DATED object is found by, as "EUR-2026-11-28"."""
    for name in entity.identity:
        if document.get(name) in (None, CLEARED):
            raise errors.required_missing(name)
    return "-".join(document[name] for name in entity.identity)


def read_id(entity: Entity, value: Any) -> str:
    """The Id of a body or path: digits, also as a number; "" where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise errors.unparsable()
    text = str(value).strip()
    if text in {"", "0"}:
        return ""
    return check_id(entity, text)


def check_id(entity: Entity, text: str) -> str:
    """An id in its own spelling: digits, or a word of the entity (TAX, NON)."""
    for word in entity.literal_ids:
        if word.lower() == text.lower():
            return word
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise errors.invalid_id(text)
    return text


def read_token(value: Any) -> int:
    """
    The SyncToken of a body.

    Raises:
        Fault: 2020 where there is none.
    """
    if value is None or value == "":
        raise errors.required_missing("SyncToken")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise errors.unparsable()
    text = str(value).strip()
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18):
        raise errors.invalid_number("SyncToken", text[:50])
    return int(text)


def check_sent(names: tuple[str, ...], sent: dict[str, Any]) -> None:
    """These properties were sent and hold something (2020)."""
    for name in names:
        if sent.get(name) in (None, CLEARED, []):
            raise errors.required_missing(name)


def is_sparse(body: dict[str, Any]) -> bool:
    return body.get("sparse") in (True, "true", "True", "TRUE")


def _plain(name: str, value: Any, switches: Switches) -> str:
    """A scalar as text, with blanks cut and characters checked."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, str | int | Decimal):
        raise errors.unparsable()
    text = str(value)
    if switches.trim_texts:
        text = text.strip(" ")
    if _CONTROL.search(text):
        raise errors.invalid_string(name)
    if switches.text_encoding != "utf-8":
        try:
            text.encode("iso-8859-1")
        except UnicodeEncodeError:
            if switches.text_encoding == "refuse":
                raise errors.invalid_string(name) from None
            text = text.encode("iso-8859-1", "replace").decode("iso-8859-1")
    return text


def _limited(name: str, text: str, limit: int) -> str:
    if limit and len(text) > limit:
        raise errors.wrong_length(name, 0, limit, len(text))
    return text


def _read_text(field: Field, value: Any, switches: Switches) -> Any:
    text = _plain(field.name, value, switches)
    if any(character in text for character in field.forbidden):
        raise errors.invalid_string(field.name)
    if field.choices and text:
        word = next((each for each in field.choices if each.lower() == text.lower()), None)
        if word is None:
            raise errors.invalid_enumeration(field.name, text[:100])
        text = word
    _check_no_card(field.name, text)
    return _limited(field.name, text, field.limit) or CLEARED


def _check_no_card(name: str, text: str) -> None:
    """A text holds no card number (6530): 13 to 16 digits whose check digit is right."""
    for found in _LONG_NUMBER.findall(text):
        digits = [int(each) for each in found if each.isdigit()]
        doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
        is_sound = (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
        if is_sound and digits[0] in {3, 4, 5, 6}:  # the networks' first digits
            raise errors.card_number(name)


def _read_bool(field: Field, value: Any, switches: Switches) -> Any:
    if value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise errors.unparsable()


def _read_decimal(field: Field, value: Any, switches: Switches) -> Any:
    if value == "":
        return CLEARED
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise errors.unparsable()
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise errors.unparsable() from None
    if not number.is_finite() or number.adjusted() >= MOST_DIGITS:
        raise errors.invalid_number(field.name, str(value)[:50])
    if (field.low is not None and number < field.low) or (
        field.high is not None and number > field.high
    ):
        raise errors.out_of_range(field.name, field.low, field.high, str(value)[:50])
    return rounded(number, field.places)


def _read_integer(field: Field, value: Any, switches: Switches) -> Any:
    number = _read_decimal(field, value, switches)
    if number is CLEARED:
        return CLEARED
    if number != int(number):
        raise errors.unparsable()
    return int(number)


def _read_date(field: Field, value: Any, switches: Switches) -> Any:
    if value == "":
        return CLEARED
    if not isinstance(value, str):
        raise errors.unparsable()
    matched = _DATE.fullmatch(value.strip())
    try:
        return _check_day(matched[1]) if matched else _check_day("")
    except ValueError:
        raise errors.invalid_date(field.name, value[:50]) from None


def _check_day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _single(inner: str, ignored: tuple[str, ...], java_class: str) -> Callable[..., str]:
    """Read a sub-object that holds one text, such as {"Address": ...}."""

    def read(field: Field, value: Any, switches: Switches) -> str:
        if not isinstance(value, dict):
            raise errors.unparsable()
        for name in value:
            if name != inner and name not in ignored:
                raise errors.unrecognized_property(name, java_class, [inner, *ignored])
        text = value.get(inner)
        return "" if text is None else _plain(field.name, text, switches)

    return read


_email_text = _single("Address", ("Id", "Default", "Tag"), "EmailAddress")
_phone_text = _single("FreeFormNumber", _PHONE_IGNORED, "TelephoneNumber")
_web_text = _single("URI", ("Id", "Default", "Tag"), "WebSiteAddress")


def _read_email(field: Field, value: Any, switches: Switches) -> Any:
    text = _email_text(field, value, switches)
    if not text:
        return CLEARED
    _limited(field.name, text, field.limit)
    if not are_addresses(text):
        raise errors.invalid_email(field.name)
    return {"Address": text}


def are_addresses(text: str) -> bool:
    """One e-mail address, or several with commas between them (4.0)."""
    return all(_EMAIL.fullmatch(each.strip()) for each in text.split(","))


def _read_phone(field: Field, value: Any, switches: Switches) -> Any:
    text = _phone_text(field, value, switches)
    return {"FreeFormNumber": _limited(field.name, text, field.limit)} if text else CLEARED


def _read_web(field: Field, value: Any, switches: Switches) -> Any:
    text = _web_text(field, value, switches)
    if not text:
        return CLEARED
    _limited(field.name, text, field.limit)
    if not _WEBSITE.fullmatch(text):
        raise errors.malformed_website(field.name)
    return {"URI": text}


def _read_address(field: Field, value: Any, switches: Switches) -> Any:
    if not isinstance(value, dict):
        raise errors.unparsable()
    address = {}
    for name, part in value.items():
        if name in _ADDRESS_IGNORED or part is None:
            continue
        if name not in _ADDRESS_LIMITS:
            known = [*_ADDRESS_LIMITS, *_ADDRESS_IGNORED]
            raise errors.unrecognized_property(name, "PhysicalAddress", known)
        text = _plain(f"{field.name}.{name}", part, switches)
        address[name] = _limited(f"{field.name}.{name}", text, _ADDRESS_LIMITS[name])
    lines = sum(len(text) for name, text in address.items() if name.startswith("Line"))
    if lines > 2000:
        raise errors.wrong_length(field.name, 0, 2000, lines)
    if any(address.values()) or (address and switches.sparse_objects == "merge"):
        return {name: address[name] for name in _ADDRESS_LIMITS if name in address}
    return CLEARED


def _read_ref(field: Field, value: Any, switches: Switches) -> Any:
    if not isinstance(value, dict):
        raise errors.unparsable()
    for name in value:
        if name not in {"value", "name", "type"}:
            raise errors.unrecognized_property(name, "ReferenceType", ["value", "name", "type"])
    target = value.get("value")
    text = "" if target is None else _plain(field.name, target, switches)
    if not text:
        return CLEARED
    reference = {"value": _limited(field.name, text, field.limit or 100)}
    if field.refers_to_any and value.get("type"):
        kind = _plain(field.name, value["type"], switches)
        words = {word.lower(): word for word in field.refers_to_any}
        if kind.lower() not in words:
            raise errors.invalid_enumeration(f"{field.name}.type", kind[:100])
        reference["type"] = words[kind.lower()]
    return reference


def _read_memo(field: Field, value: Any, switches: Switches) -> Any:
    if not isinstance(value, dict):
        raise errors.unparsable()
    for name in value:
        if name not in {"value", "id"}:
            raise errors.unrecognized_property(name, "MemoRef", ["value", "id"])
    text = value.get("value")
    text = "" if text is None else _plain(field.name, text, switches)
    _check_no_card(field.name, text)
    return {"value": _limited(field.name, text, field.limit)} if text else CLEARED


def _read_list(field: Field, value: Any, switches: Switches) -> Any:
    if not isinstance(value, list):
        raise errors.unparsable()
    if field.limit and len(value) > field.limit:
        raise errors.too_many_entries(field.name, field.limit)
    if not field.parts:
        return value
    return [_read_parts(field, each, switches) for each in value]


def _read_object(field: Field, value: Any, switches: Switches) -> Any:
    if not isinstance(value, dict):
        raise errors.unparsable()
    return _read_parts(field, value, switches) if field.parts else value


def _read_parts(field: Field, value: Any, switches: Switches) -> dict[str, Any]:
    """An object inside a document, property by property; what is empty is left out."""
    if not isinstance(value, dict):
        raise errors.unparsable()
    known = {part.name: part for part in field.parts}
    read = {}
    for name, each in value.items():
        part = known.get(name)
        if part is None:
            raise errors.unrecognized_property(name, field.java_class or field.name, list(known))
        if not part.read_only and each is not None:
            read[name] = _READERS[part.kind](part, each, switches)
    return {
        name: each
        for name, each in read.items()
        if each is not None and (field.laid_over or each is not CLEARED)
    }


_READERS: dict[Kind, Callable[[Field, Any, Switches], Any]] = {
    Kind.TEXT: _read_text,
    Kind.BOOL: _read_bool,
    Kind.DECIMAL: _read_decimal,
    Kind.INTEGER: _read_integer,
    Kind.DATE: _read_date,
    Kind.EMAIL: _read_email,
    Kind.PHONE: _read_phone,
    Kind.WEB: _read_web,
    Kind.ADDRESS: _read_address,
    Kind.REF: _read_ref,
    Kind.MEMO: _read_memo,
    Kind.LIST: _read_list,
    Kind.OBJECT: _read_object,
}


# --- Putting a document together (5.1, 5.2) ---


def new_document(entity: Entity, sent: dict[str, Any]) -> dict[str, Any]:
    """A document for a create: what was sent and the defaults, in the order of the description."""
    document = {}
    for field in entity.fields:
        value = sent.get(field.name, CLEARED)
        if value is CLEARED:
            value = default_of(field)
        if value is not None:
            document[field.name] = value
    return document


def default_of(field: Field) -> Any:
    return list(field.default) if isinstance(field.default, tuple) else field.default


def updated_document(
    entity: Entity, current: dict[str, Any], sent: dict[str, Any], *, sparse: bool, merge: bool
) -> dict[str, Any]:
    """
    The document after an update: sparse changes what was sent, full replaces what can be written.

    merge: whether a sub-object of a sparse update is laid over the stored one (or replaces it).
    """
    document = {}
    for field in entity.fields:
        old = current.get(field.name)
        value = _updated_value(entity, field, old, sent, sparse=sparse, merge=merge)
        if value is not None:
            document[field.name] = value
    return document


def _updated_value(
    entity: Entity, field: Field, old: Any, sent: dict[str, Any], *, sparse: bool, merge: bool
) -> Any:
    if field.read_only or field.at_create:
        return old
    value = sent.get(field.name)
    if value is None:
        return old if sparse or field.keeps else default_of(field)
    if value is CLEARED:
        cannot = field.name == entity.name_field or field.fixed
        return old if sparse and cannot else default_of(field)
    if field.fixed and old is not None and value.get("value") != old.get("value"):
        raise errors.invalid_currency(value.get("value", ""))
    if not (isinstance(value, dict) and isinstance(old, dict)):
        return value
    if field.kind is Kind.ADDRESS:
        laid_over = {**old, **value} if sparse and merge else {"Id": old.get("Id"), **value}
        return {name: part for name, part in laid_over.items() if part}
    if field.kind is Kind.REF:
        return old if old.get("value") == value.get("value") else value
    if field.laid_over:
        return merged(old, value)
    return value


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new` laid over `old`, group by group; what is CLEARED goes."""
    result = dict(old)
    for name, value in new.items():
        if value is CLEARED:
            result.pop(name, None)
            continue
        inner = result.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            value = merged(inner, value)
        result[name] = value
    return result


def name_itself(entity: Entity, document: dict[str, Any], no_name_code: str) -> None:
    """Build the name from its parts where it is missing; refuse a document without any (4.1)."""
    if entity.one_of and all(document.get(name) is None for name in entity.one_of):
        raise errors.required_missing(" or ".join(entity.one_of))
    if document.get(entity.name_field):
        return
    parts = [document[part] for part in entity.name_parts if document.get(part)]
    if not parts and not entity.name_parts:
        raise errors.required_missing(entity.name_field)
    if not parts:
        raise errors.no_name(no_name_code)
    document[entity.name_field] = " ".join(parts)


def name_key(name: str) -> str:
    """Names that fold to the same key are the same name to QuickBooks."""
    return name.strip().casefold()


def full_key(full_name: str) -> str:
    """The default order of a name list: children right after their parent (3.5)."""
    return full_name.casefold().replace(":", LEVEL_MARK)


def depth(key: str) -> int:
    """How many parents an object with this full key has."""
    return key.count(LEVEL_MARK)


def deleted_name(name: str, is_taken: Callable[[str], bool], limit: int) -> str:
    """The name of what is made inactive: `X (deleted)`, then `X (deleted 2)` (5.6)."""
    count = 1
    while True:
        suffix = " (deleted)" if count == 1 else f" (deleted {count})"
        candidate = name[: limit - len(suffix)] + suffix
        if not is_taken(candidate):
            return candidate
        count += 1


def without_suffix(name: str) -> str:
    return DELETED_SUFFIX.sub("", name)
