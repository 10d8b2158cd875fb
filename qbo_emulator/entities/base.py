"""What a description of an entity can say. Storage, checks, query and answers are driven by it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any


class Kind(StrEnum):
    """What a property holds, and so how it is checked, compared and emptied."""

    TEXT = "text"
    BOOL = "bool"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    WEB = "web"
    ADDRESS = "address"
    REF = "ref"
    MEMO = "memo"
    LIST = "list"
    OBJECT = "object"


class Shape(StrEnum):
    """
    NAME_LIST: has a name and Active. TRANSACTION: has a date. SINGLE: one per company.
    DATED: the value of something on a day; has no Id, is found by its `identity`.
    ATTACHMENT: has neither name nor date and can be deleted.
    """

    NAME_LIST = "name_list"
    TRANSACTION = "transaction"
    ATTACHMENT = "attachment"
    SINGLE = "single"
    DATED = "dated"


NO_NAME_CHARACTERS = ":\t\n\r"


@dataclass(frozen=True)
class Field:
    """
    One property.

    limit: most characters (of the text, the address line, the number), most entries of a LIST;
    0 is no limit.
    places: most digits behind the point of a DECIMAL; more are rounded half up.
    parts: what an OBJECT or each entry of a LIST may hold; without parts it is taken as it comes.
    default: what a create fills in; also what a full update without it goes back to.
    read_only: ignored silently in writes.  at_create: read only after the create.
    keeps: a full update without it keeps the value.  fixed: cannot change once set.
    only_in_ui: read only for apps, not for people.
    laid_over: an OBJECT that is laid over the stored one, part by part.
    choices: the words it may hold.  refers_to: the entity a reference points at.
    refers_to_any: the entities of which its `type` names one; their ids are one sequence.
    low, high: the range of a number (else 2240).
    shows_name: answers give the name of what a reference points at.
    filters, sorts: usable in WHERE and ORDERBY (3.7).
    in_list: for a property of queries alone, the list whose entries are looked through and the path
    inside an entry, as ("AttachableRef", "EntityRef.type").
    """

    name: str
    kind: Kind = Kind.TEXT
    limit: int = 0
    places: int = 2
    parts: tuple["Field", ...] = ()
    java_class: str = ""
    default: Any = None
    forbidden: str = ""
    choices: tuple[str, ...] = ()
    refers_to: str = ""
    refers_to_any: tuple[str, ...] = ()
    shows_name: bool = False
    low: int | None = None
    high: int | None = None
    read_only: bool = False
    only_in_ui: bool = False
    laid_over: bool = False
    at_create: bool = False
    keeps: bool = False
    fixed: bool = False
    filters: bool = False
    sorts: bool = False
    in_list: tuple[str, str] = ("", "")

    @property
    def json_path(self) -> str:
        """Where the value to compare stands in the stored document."""
        inner = {
            Kind.EMAIL: ".Address",
            Kind.PHONE: ".FreeFormNumber",
            Kind.WEB: ".URI",
            Kind.REF: ".value",
            Kind.MEMO: ".value",
        }
        return f"$.{self.name}{inner.get(self.kind, '')}"


@dataclass(frozen=True)
class Hierarchy:
    """
    Parents and children of one entity, as customers and sub-customers.

    flag: true below a parent; flag_at_top: it is shown, as false, without a parent too.
    level: the property that counts the parents; "" where the entity has none.
    is_shown_in_full: references to it show the full name, not the one of its level.
    parent_is: a property and the word it must hold in a parent (else 700).
    """

    parent: str = "ParentRef"
    flag: str = "Job"
    flag_at_top: bool = True
    full_name: str = "FullyQualifiedName"
    level: str = "Level"
    levels: int = 5
    is_shown_in_full: bool = True
    parent_is: tuple[str, str] = ("", "")


# on_create(document, preferences): fills in what depends on the company.
OnCreate = Callable[[dict[str, Any], dict[str, Any]], None]
# find(entity, id): the stored document, None where there is none.
Find = Callable[[str, str], dict[str, Any] | None]
# on_change(document, current, find): fills in and refuses what depends on the document before
# ({} at a create) or on other objects.
OnChange = Callable[[dict[str, Any], dict[str, Any], Find], None]
# on_write(document): fills in what depends on the document alone.
OnWrite = Callable[[dict[str, Any]], None]
# on_number(document, realm, id): fills in what depends on the Id of a new object.
OnNumber = Callable[[dict[str, Any], str, str], None]
# settle(form): everything a transaction's document says after a write that was not sent as such:
# defaults, lines, totals. `form` is a transactions.form.Form.
Settle = Callable[[Any], None]
# settle_open(form): what follows from links alone: open amounts, the status of an estimate.
# links(form): what it uses or marks (list of transactions.links.Link).
Links = Callable[[Any], list[Any]]
# post(form): the transaction in the ledger (list of ledger.Posting), debits and credits in balance.
Post = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Entity:
    """
    One entity of the API.

    name_field and name_space: the name, and the list of names it must be unique in;
    unique_within_parent: two parents may have children of one name.
    name_parts: the properties the name is built from when it is not sent.
    one_of: a create needs one of these (else 2020).
    required, required_in_updates: what a create, and what any update, must send.
    counter: entities with the same counter never share an Id.
    literal_ids: ids that are words.  identity: what stands in place of an Id (DATED).
    default_order: the column of a query without ORDERBY.
    noun: the word in texts for people.  reference_kind: the word in 2500.
    not_in_rows: properties that query rows lack although a read shows them (3.6).
    can_create: False for what a company has from its start.
    read_only: apps may not write it; read_only_types: nor objects of these Types;
    needs_preference: apps may write it where this is on (else 5030).
    marks_inactive: the name of an inactive one ends with " (deleted)" (5.6).
    sends_events: the operations a webhook tells of, under event_name or else its name (8.5).
    query_fields: properties that only queries know.
    system_before: the property that domain, Id and their like stand in front of, as recorded;
    "" puts them last.

    Transactions:
    party: the property that names whose it is, and the entity it points at.
    names_links: the TxnTypes its LinkedTxn may be sent with; all others are shown only.
    numbers: the counter of its DocNumber; entities with the same one share numbers (4.6.4).
    settle, settle_open, post, links: see above; without `post` it is not in the ledger
    (estimates), without `settle_open` a new link settles the whole document.
    open_amount: the property that holds what is still open, if it can be paid or used up.
    moves_stock: 1 where its item lines bring stock in, -1 where they take it out.
    void: how a void is asked for: "operation" or "include" (5.5); "" for none.
    can_email, can_print: whether it can be sent and has a PDF (5.10, 5.11).
    """

    name: str
    shape: Shape
    fields: tuple[Field, ...]
    noun: str
    counter: str = "txn"
    name_field: str = ""
    name_space: str = ""
    unique_within_parent: bool = False
    name_parts: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    required_in_updates: tuple[str, ...] = ()
    reference_kind: str = ""
    balance: str = ""
    balance_with_children: str = ""
    hierarchy: Hierarchy | None = None
    not_in_rows: tuple[str, ...] = ()
    literal_ids: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    default_order: str = "full_key"
    can_create: bool = True
    read_only: bool = False
    read_only_types: tuple[str, ...] = ()
    needs_preference: str = ""
    marks_inactive: bool = True
    in_cdc: bool = True
    sends_events: tuple[str, ...] = ()
    event_name: str = ""
    on_create: OnCreate | None = None
    on_change: OnChange | None = None
    on_write: OnWrite | None = None
    on_number: OnNumber | None = None
    query_fields: tuple[Field, ...] = ()
    system_before: str = ""
    party: str = ""
    party_entity: str = ""
    numbers: str = ""
    settle: Settle | None = None
    settle_open: Settle | None = None
    post: Post | None = None
    links: Links | None = None
    names_links: tuple[str, ...] = ()
    open_amount: str = ""
    moves_stock: int = 0
    void: str = ""
    can_email: bool = False
    can_print: bool = False

    @property
    def path(self) -> str:
        return self.name.lower()

    @property
    def can_delete(self) -> bool:
        """Whether apps may delete it (5.4); lists can only be made inactive."""
        return self.shape in {Shape.TRANSACTION, Shape.ATTACHMENT}

    @property
    def is_name(self) -> bool:
        """Is a write of it a write to the names list (6000, 6240)?"""
        return self.name_space == "names"

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in (*SYSTEM_FIELDS, *self.fields)}

    @cached_property
    def by_lower_name(self) -> dict[str, Field]:
        """Queries do not care about case (3.2)."""
        fields = {field.name.lower(): field for field in self.by_name.values()}
        further = (*QUERY_TIMES, *self.query_fields)
        fields.update({field.name.lower(): field for field in further})
        return fields


SYSTEM_FIELDS = (
    Field("Id", read_only=True, filters=True, sorts=True),
    Field("SyncToken", read_only=True),
    Field("MetaData", Kind.OBJECT, read_only=True),
    Field("domain", read_only=True),
    Field("sparse", Kind.BOOL, read_only=True),
    Field("status", read_only=True),
)
QUERY_TIMES = (
    Field("MetaData.CreateTime", Kind.DATE, filters=True, sorts=True),
    Field("MetaData.LastUpdatedTime", Kind.DATE, filters=True, sorts=True),
)


def mask(document: dict[str, Any], *names: str) -> None:
    """Answers show the last characters of a tax number only (4.1, 4.2)."""
    for name in names:
        if document.get(name):
            document[name] = "X" * (len(document[name]) - 4) + document[name][-4:]


def joined(document: dict[str, Any], names: tuple[str, ...]) -> str:
    return " ".join(document[name] for name in names if document.get(name))
