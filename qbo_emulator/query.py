"""
The query language of section 3: text -> statement -> SQL.

    SELECT * | COUNT(*) | prop [, prop]... FROM Entity
    [WHERE cond [AND cond]...] [ORDERBY prop [ASC|DESC] [, ...]] [STARTPOSITION n] [MAXRESULTS n]
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from . import clock as clocks
from . import errors
from .entities import BY_PATH, Entity, Field, Kind, Shape
from .jsontext import dumps, loads
from .rules import name_key
from .store import Store, fold

DEFAULT_RESULTS = 100
MOST_RESULTS = 1000
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<STRING>'(?:[^'\\]|\\.)*')
      | (?P<NUMBER>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<WORD>[A-Za-z_][\w.]*)
      | (?P<SIGN><=|>=|!=|<>|=|<|>|\(|\)|,|\*)
    )""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = {
    "select", "from", "where", "and", "orderby", "order", "by", "asc", "desc", "startposition",
    "maxresults", "like", "in", "or", "not", "null", "is", "group",
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """A piece of the statement; `at` is its offset in the text."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Condition:
    name: str
    operator: str
    values: tuple[Any, ...]  # str, or bool for TRUE and FALSE without quotes


@dataclass
class Statement:
    """A parsed query; names are as written, nothing is checked against an entity yet."""

    entity: str = ""
    count: bool = False
    names: list[str] = field(default_factory=list)  # empty: all properties
    conditions: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)  # name, is descending
    start: int = 1
    most: int = DEFAULT_RESULTS


def parse(text: str, today: str = "") -> Statement:
    """
    Parse a statement.

    Args:
        today: what CURRENT_DATE stands for, `YYYY-MM-DD`.
    Raises:
        Fault: 4000 for what the grammar does not know, 4001 for positions out of range.
    """
    return _Parser(text, today).statement()


class _Parser:
    def __init__(self, text: str, today: str) -> None:
        self.text = text
        self.today = today
        self.tokens = list(self._tokens())
        self.position = 0

    def _tokens(self) -> Any:
        at = 0
        end = len(self.text.rstrip())
        while at < end:
            matched = _TOKEN.match(self.text, at)
            if matched is None:
                start = at + len(self.text[at:]) - len(self.text[at:].lstrip())
                where = self._where(start)
                raise errors.query_parse_error(
                    f"Lexical error at {where}.  Encountered: {dumps(self.text[start])}"
                    f' ({ord(self.text[start])}), after : ""'
                )
            kind = matched.lastgroup or ""
            word, start = matched[kind], matched.start(kind)
            if kind == "WORD" and word.lower() in _KEYWORDS:
                kind = "KEYWORD"
            yield Token(kind, word, start)
            at = matched.end()
        yield Token("EOF", "", len(self.text))

    def _where(self, at: int) -> str:
        before = self.text[:at]
        line = before.count("\n") + 1
        column = at - (before.rfind("\n") + 1) + 1
        return f"line {line}, column {column}"

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def _refuse(self, expected: str) -> errors.Fault:
        token = self.token
        kinds = {"STRING": "<STRING> ", "NUMBER": "<NUMBER> ", "WORD": "<IDENTIFIER> "}
        kind = kinds.get(token.kind, "")
        if token.kind == "KEYWORD":  # as the grammar writes it, then as it was sent
            kind = f'"{token.text.lower()}" '
        shown = "<EOF>" if token.kind == "EOF" else f'" {kind}"{token.text} ""'
        return errors.query_parse_error(
            f"Encountered {shown} at {self._where(token.at)}.\n"
            f"Was expecting:\n    {expected} ...\n    "
        )

    def _take(self) -> Token:
        token = self.token
        if token.kind != "EOF":
            self.position += 1
        return token

    def _is(self, *words: str) -> bool:
        return self.token.kind in {"KEYWORD", "SIGN"} and self.token.text.lower() in words

    def _accept(self, *words: str) -> bool:
        if self._is(*words):
            self.position += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._refuse(f'"{word}"')

    def _name(self) -> str:
        if self.token.kind != "WORD":
            raise self._refuse("<IDENTIFIER>")
        return self._take().text

    def statement(self) -> Statement:
        result = Statement()
        self._expect("select")
        self._selected(result)
        self._expect("from")
        result.entity = self._name()
        if self._accept("where"):
            result.conditions.append(self._condition())
            while self._accept("and"):
                result.conditions.append(self._condition())
        if self._accept("orderby"):
            result.order = self._order()
        elif self._accept("order"):
            self._expect("by")
            result.order = self._order()
        self._paging(result)
        if self.token.kind != "EOF":
            raise self._refuse("<EOF>")
        return result

    def _selected(self, result: Statement) -> None:
        is_count = self.token.text.lower() == "count" and self.tokens[self.position + 1].text == "("
        if is_count:
            self._take()
            for sign in "(*)":
                self._expect(sign)
            result.count = True
            return
        has_star = False
        while True:
            if self._accept("*"):
                has_star = True
            else:
                result.names.append(self._name())
            if not self._accept(","):
                break
        if has_star:  # SELECT *, Sku: all properties anyway
            result.names = []

    def _condition(self) -> Condition:
        name = self._name()
        if self._accept("in"):
            self._expect("(")
            values = [self._value()]
            while self._accept(","):
                values.append(self._value())
            self._expect(")")
            return Condition(name, "in", tuple(values))
        if self._accept("like"):
            return Condition(name, "like", (self._value(),))
        if not self._is("=", "<", ">", "<=", ">=", "!=", "<>"):
            raise self._refuse('"="')
        operator = self._take().text
        return Condition(name, "!=" if operator == "<>" else operator, (self._value(),))

    def _value(self) -> Any:
        token = self.token
        word = token.text.lower()
        if token.kind == "STRING":
            self._take()
            return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
        if token.kind == "NUMBER":
            return self._take().text
        if token.kind == "WORD" and word in {"true", "false"}:
            self._take()
            return word == "true"
        if token.kind == "WORD" and word == "current_date":
            self._take()
            return self.today
        raise self._refuse("<STRING>")

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            name = self._name()
            descending = self._accept("desc")
            if not descending:
                self._accept("asc")
            order.append((name, descending))
            if not self._accept(","):
                return order

    def _paging(self, result: Statement) -> None:
        while self._is("startposition", "maxresults"):
            word = self._take().text.lower()
            if self.token.kind != "NUMBER" or "." in self.token.text:
                raise self._refuse("<INTEGER>")
            number = int(self._take().text[:12])
            if number < 1:
                raise errors.query_invalid(f"value {number} is too small. Min allowed value is 1")
            if word == "startposition":
                result.start = number
            elif number > MOST_RESULTS:
                raise errors.query_invalid(
                    f"value {number} is too large. Max allowed value is {MOST_RESULTS}"
                )
            else:
                result.most = number


# --- From statement to SQL ---


@dataclass
class Answer:
    """What a query found. `rows` are (id, token, JSON text); `count` is set for COUNT(*)."""

    entity: Entity
    start: int = 1
    rows: list[tuple[str, int, str]] = field(default_factory=list)
    count: int | None = None

    def body(self) -> str:
        """The QueryResponse as JSON text (3.6)."""
        if self.count is not None:
            return f'{{"totalCount":{self.count}}}'
        if not self.rows:
            return "{}"
        documents = ",".join(row[2] for row in self.rows)
        return (
            f'{{"{self.entity.name}":[{documents}],"startPosition":{self.start},'
            f'"maxResults":{len(self.rows)}}}'
        )


AS_OF = """(
    SELECT {columns} FROM object WHERE realm = :realm AND entity = :entity AND updated <= :as_of
    UNION ALL
    SELECT {columns} FROM version v WHERE realm = :realm AND entity = :entity AND seq = (
        SELECT MAX(seq) FROM version w WHERE w.realm = v.realm AND w.entity = v.entity
        AND w.id = v.id AND w.updated <= :as_of
    ) AND EXISTS (
        SELECT 1 FROM object o WHERE o.realm = v.realm AND o.entity = v.entity AND o.id = v.id
        AND o.updated > :as_of
    )
)"""
COLUMNS = (
    "realm, entity, id, id_number, token, active, gone, space, name_key, full_key, parent,"
    " created, updated, doc"
)


def source(as_of: float | None) -> str:
    """The table to read from: the objects, or the objects as they were at `:as_of`."""
    return "object" if as_of is None else AS_OF.format(columns=COLUMNS)


def run(store: Store, realm: str, statement: Statement, as_of: float | None = None) -> Answer:
    """
    Run a statement.

    Args:
        as_of: show the state of this moment (seconds since 1970) instead of now.
    Raises:
        Fault: 4001 for unknown entities and properties, and for those that cannot be compared.
    """
    entity = BY_PATH.get(statement.entity.lower())
    if entity is None:
        raise errors.query_invalid(f"Invalid context declaration: {statement.entity}")
    builder = _Builder(entity, realm, as_of)
    for condition in statement.conditions:
        builder.add(condition)
    if entity.shape is Shape.NAME_LIST and not builder.names_active:
        builder.where.append("active = 1")
    where = builder.conditions()
    table = source(as_of)
    answer = Answer(entity, statement.start)
    names = [_known(entity, name).name for name in statement.names]
    order = builder.order(statement.order)
    if statement.count:
        index = builder.index if as_of is None else ""
        sql = f"SELECT COUNT(*) FROM {table} {index} WHERE {where}"
        answer.count = store.db.execute(sql, builder.values).fetchone()[0]
        return answer
    hidden = "".join(f", '$.{name}'" for name in entity.not_in_rows)
    text = f"json_remove(doc{hidden})" if hidden else "doc"
    builder.values |= {"most": statement.most, "skip": statement.start - 1}
    if as_of is None:  # the page is found in an index, only its rows are fetched
        page = (
            f"SELECT rowid FROM object {builder.index} WHERE {where} ORDER BY {order}"
            " LIMIT :most OFFSET :skip"
        )
        sql = f"SELECT id, token, {text} FROM object WHERE rowid IN ({page}) ORDER BY {order}"
    else:
        sql = (
            f"SELECT id, token, {text} FROM {table} WHERE {where} ORDER BY {order}"
            " LIMIT :most OFFSET :skip"
        )
    rows = store.db.execute(sql, builder.values).fetchall()
    answer.rows = [(id, token, _cut(doc, names)) for id, token, doc in rows] if names else rows
    return answer


def _cut(doc: str, names: list[str]) -> str:
    """Only the asked properties, marked sparse."""
    document = loads(doc)
    kept: dict[str, Any] = {}
    for name in names:
        group, _, inner = name.partition(".")
        if group not in document:
            continue
        if inner:
            if inner in document[group]:
                kept.setdefault(group, {})[inner] = document[group][inner]
        else:
            kept[group] = document[group]
    return dumps({**kept, "domain": "QBO", "sparse": True})


def _known(entity: Entity, name: str) -> Field:
    known = entity.by_lower_name.get(name.lower())
    if known is None:
        raise errors.query_invalid(f"Property {name} not found for Entity {entity.name}")
    return known


class _Builder:
    """Collects the WHERE of one query."""

    def __init__(self, entity: Entity, realm: str, as_of: float | None) -> None:
        self.entity = entity
        self.where = ["realm = :realm", "entity = :entity", "gone IS NULL"]
        self.values: dict[str, Any] = {"realm": realm, "entity": entity.name}
        if as_of is not None:
            self.values["as_of"] = as_of
        self.names_active = False
        self.index = ""  # the planner would rather follow the order
        self.in_lists: dict[str, list[str]] = {}  # list -> what one of its entries must be

    def _bind(self, value: Any) -> str:
        key = f"v{len(self.values)}"
        self.values[key] = value
        return f":{key}"

    def add(self, condition: Condition) -> None:
        known = _known(self.entity, condition.name)
        if not known.filters:
            raise errors.query_invalid(f"property '{known.name}' is not queryable")
        if known.name == "Id":
            self._add_id(condition)
        elif known.in_list[0]:
            self._add_in_list(known, condition)
        elif known.name == self.entity.party and condition.operator in {"=", "in"}:
            self._add_party(condition)
        elif known.name == "DocNumber" and condition.operator in {"=", "in"}:
            self._add_doc_number(known, condition)
        elif known.name.startswith("MetaData."):
            self._add_time(known, condition)
        elif known.kind is Kind.BOOL:
            self._add_bool(known, condition)
        elif known.kind in {Kind.DECIMAL, Kind.INTEGER}:
            self._add_number(known, condition)
        elif known.kind is Kind.DATE:
            self._add_date(known, condition)
        else:
            self._add_text(known, condition)

    def _add_id(self, condition: Condition) -> None:
        if condition.operator not in {"=", "in"}:
            raise errors.query_invalid(f"operator '{condition.operator}' is not supported for Id")
        marks = ", ".join(self._bind(str(value)) for value in condition.values)
        self.where.append(f"id IN ({marks})")
        self.index = "INDEXED BY object_id"

    def _add_in_list(self, known: Field, condition: Condition) -> None:
        """All conditions on one list hold for the same entry of it (4.18)."""
        if condition.operator not in {"=", "in"}:
            raise errors.query_invalid(
                f"operator '{condition.operator}' is not supported for {known.name}"
            )
        name, path = known.in_list
        marks = ", ".join(self._bind(fold(value)) for value in condition.values)
        self.in_lists.setdefault(name, []).append(
            f"fold(json_extract(value, '$.{path}')) IN ({marks})"
        )

    def _add_party(self, condition: Condition) -> None:
        """Whose a transaction is stands in a column with an index."""
        kind = self.entity.party_entity
        marks = ", ".join(self._bind(f"{kind}:{str(value).strip()}") for value in condition.values)
        self.where.append(f"parent IN ({marks}) AND parent <> ''")
        self.index = "INDEXED BY object_parent"

    def _add_doc_number(self, known: Field, condition: Condition) -> None:
        """So does its number; ' ' finds those without one."""
        if not self.entity.numbers or not all(str(each).strip() for each in condition.values):
            self._add_text(known, condition)
            return
        marks = ", ".join(self._bind(name_key(str(value))) for value in condition.values)
        space = self._bind(f"number:{self.entity.numbers}")
        self.where.append(f"space = {space} AND name_key IN ({marks})")
        self.index = "INDEXED BY object_name"

    def conditions(self) -> str:
        """The whole WHERE."""
        lists = [
            f"EXISTS (SELECT 1 FROM json_each(doc, '$.{name}') WHERE {' AND '.join(each)})"
            for name, each in self.in_lists.items()
        ]
        return " AND ".join([*self.where, *lists])

    def _compare(self, column: str, condition: Condition, values: list[Any]) -> None:
        if condition.operator == "in":
            self.where.append(f"{column} IN ({', '.join(self._bind(value) for value in values)})")
        elif condition.operator == "like":
            raise errors.query_invalid(f"operator LIKE is not supported for {condition.name}")
        else:
            self.where.append(f"{column} {condition.operator} {self._bind(values[0])}")

    def _add_time(self, known: Field, condition: Condition) -> None:
        column = "created" if known.name.endswith("CreateTime") else "updated"
        try:
            values = [clocks.parse_time(str(value)) for value in condition.values]
        except ValueError:
            raise errors.query_invalid(
                f"Invalid value for property {known.name}: {condition.values[0]}"
            ) from None
        self._compare(f"CAST({column} AS INTEGER)", condition, values)
        if condition.operator in {">", ">="}:  # lets the index find them
            self.where.append(f"{column} >= {self._bind(int(values[0]))}")

    def _add_date(self, known: Field, condition: Condition) -> None:
        """Days; one with a time or an offset counts by its day. ' ' is null."""
        values = []
        for value in map(str, condition.values):
            try:
                values.append(date.fromisoformat(value[:10]).isoformat() if value.strip() else "")
            except ValueError:
                raise errors.query_invalid(
                    f"Invalid value for property {known.name}: {value[:50]}"
                ) from None
        column = f"COALESCE(json_extract(doc, '{known.json_path}'), '')"
        if condition.operator in {"<", "<="}:  # what has no day is not before one
            self.where.append(f"{column} <> ''")
        self._compare(column, condition, values)

    def _add_bool(self, known: Field, condition: Condition) -> None:
        words = {"true": 1, "false": 0}
        values = [words.get(str(value).lower()) for value in condition.values]
        if None in values:
            raise errors.query_invalid(f"Invalid boolean value for property {known.name}")
        if known.name == "Active":
            self.names_active = True
            self._compare("active", condition, values)
        else:
            self._compare(f"COALESCE(json_extract(doc, '{known.json_path}'), 0)", condition, values)

    def _add_number(self, known: Field, condition: Condition) -> None:
        try:
            values = [float(value) for value in condition.values if not isinstance(value, bool)]
        except ValueError:
            values = []
        if len(values) != len(condition.values):
            raise errors.query_invalid(f"Invalid number for property {known.name}")
        column = f"CAST(COALESCE(json_extract(doc, '{known.json_path}'), 0) AS REAL)"
        self._compare(column, condition, values)

    def _add_text(self, known: Field, condition: Condition) -> None:
        is_name = known.name == self.entity.name_field
        column = "name_key" if is_name else f"fold(json_extract(doc, '{known.json_path}'))"
        values = [fold(value) or "" for value in condition.values]
        if is_name and condition.operator in {"=", "in"}:
            self.where.append(f"space = {self._bind(self.entity.name_space)}")
            self.index = "INDEXED BY object_name"
        if condition.operator == "like":
            pattern = re.sub(r"([\\_])", r"\\\1", values[0])
            self.where.append(f"{column} LIKE {self._bind(pattern)} ESCAPE '\\'")
        elif condition.operator in {"=", "!="} and not values[0].strip():  # ' ' is null
            missing = f"COALESCE({column}, '') = ''"
            self.where.append(missing if condition.operator == "=" else f"NOT ({missing})")
        else:
            self._compare(column, condition, [name_key(v) if is_name else v for v in values])

    def order(self, asked: list[tuple[str, bool]]) -> str:
        """The ORDER BY; a tie is settled by Id so that pages do not overlap by themselves."""
        parts = []
        for name, descending in asked:
            known = _known(self.entity, name)
            if not known.sorts:
                raise errors.query_invalid(f"property '{known.name}' is not sortable")
            parts.append(self._order_column(known) + (" DESC" if descending else ""))
        if not parts and self.entity.shape is not Shape.NAME_LIST:
            return "updated DESC, id_number DESC"
        return ", ".join([*(parts or [self.entity.default_order]), "id_number"])

    def _order_column(self, known: Field) -> str:
        columns = {
            "Id": "id_number",
            "MetaData.CreateTime": "CAST(created AS INTEGER)",
            "MetaData.LastUpdatedTime": "CAST(updated AS INTEGER)",
            "Active": "active",
            self.entity.name_field: "name_key",
            "FullyQualifiedName": "full_key",
        }
        if known.name in columns:
            return columns[known.name]
        value = f"json_extract(doc, '{known.json_path}')"
        return value if known.kind in {Kind.DECIMAL, Kind.INTEGER} else f"fold({value})"


def today(epoch: float) -> str:
    """CURRENT_DATE: the company's day, Pacific here."""
    return clocks.pacific(datetime.fromtimestamp(epoch, clocks.UTC)).date().isoformat()
