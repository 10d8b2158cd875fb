"""QuickBooks Online: joins the parts of this folder into a Provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from integrations.errors import OutcomeUnknown, Refused, TryLater
from integrations.providers.base import (
    ChangePage,
    Company,
    Default,
    Fetched,
    Finding,
    Gate,
    Gone,
    Lists,
    Notice,
    NotKnown,
    Operation,
    Outgoing,
    Page,
    Present,
    Snapshot,
    Tokens,
    TokenSet,
)
from integrations.providers.quickbooks import feed, oauth, preflight, short_lists
from integrations.providers.quickbooks.client import AtOnce, Post, QuickBooksClient
from integrations.providers.quickbooks.mapping import MAPPINGS, EntityMapping
from integrations.providers.quickbooks.values import json_ready, to_json
from integrations.reconcile.record import Life

PAGE_SIZE = 1000  # the most a query gives (7.2)
NOT_FOUND = "610"
WHICH = {"all": "Active IN (true, false)", "active": "Active = true", "inactive": "Active = false"}


class QuickBooksBooks:
    """The books of one company, for one thread. See providers.base.Books."""

    one_at_a_time = frozenset({"contact", "service_item"})  # names are unique: writes wait there

    def __init__(self, client: QuickBooksClient) -> None:
        self._client = client

    def company(self) -> Company:
        company_id = str(self._client.company_id)
        info = _object(self._client.get_single_object("CompanyInfo", company_id), "CompanyInfo")
        url = f"{self._client.api_url}/company/{company_id}/preferences"
        preferences = _object(self._client.get(url), "Preferences")
        return _company(company_id, json_ready(info), json_ready(preferences))

    def lists(self) -> Lists:
        return short_lists.read_lists(self._select)

    def _select(self, resource: str, condition: str) -> list[dict[str, Any]]:
        """Every object of a resource that holds few: page by page all the same."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self._client.query(
                f"SELECT * FROM {resource} WHERE {condition} ORDERBY Id"
                f" STARTPOSITION {len(found) + 1} MAXRESULTS {PAGE_SIZE}"
            )
            told = _object(answer, "QueryResponse").get(resource) or []
            found += [json_ready(each) for each in told]
            if len(told) < PAGE_SIZE:
                return found

    def count(self, entity: str, *, which: str) -> int:
        resource = MAPPINGS[entity].resource
        answer = self._query(f"SELECT COUNT(*) FROM {resource}{_where(MAPPINGS[entity], which)}")
        return int(answer.get("totalCount") or 0)

    def list(self, entity: str, *, which: str, position: int, size: int = PAGE_SIZE) -> Page:
        mapping = MAPPINGS[entity]
        answer = self._client.query(
            f"SELECT * FROM {mapping.resource}{_where(mapping, which)} ORDERBY Id"
            f" STARTPOSITION {position} MAXRESULTS {size}"
        )
        found = _snapshots(mapping, answer)
        return Page(
            snapshots=found,
            next_position=position + len(found) if len(found) >= size else None,
            read_at=feed.answer_time(answer),
        )

    def fetch(self, entity: str, remote_ids: Sequence[str]) -> dict[str, Fetched]:
        mapping = MAPPINGS[entity]
        wanted = [each for each in dict.fromkeys(remote_ids) if each.isdecimal()]
        found: dict[str, Fetched] = {each: NotKnown() for each in remote_ids}
        for start in range(0, len(wanted), PAGE_SIZE):
            found |= self._fetch_page(mapping, wanted[start : start + PAGE_SIZE])
        for remote_id in wanted:
            if isinstance(found[remote_id], NotKnown):
                found[remote_id] = self._fetch_one(mapping, remote_id)
        return found

    def _fetch_page(self, mapping: EntityMapping, ids: Sequence[str]) -> dict[str, Fetched]:
        """Those that a query shows. That it does not show one proves nothing."""
        if len(ids) == 1:
            return {}
        answer = self._client.query(
            f"SELECT * FROM {mapping.resource} WHERE Id IN ({_texts(ids)})"
            f"{'' if mapping.is_transaction else ' AND ' + WHICH['all']} MAXRESULTS {PAGE_SIZE}"
        )
        wanted = set(ids)
        return {
            each.remote_id: Present(snapshot=each)
            for each in _snapshots(mapping, answer)
            if each.remote_id in wanted
        }

    def _fetch_one(self, mapping: EntityMapping, remote_id: str) -> Fetched:
        """A read by id also shows inactive ones (3.5); 610 says that there is none (5.12)."""
        try:
            answer = self._client.get_single_object(mapping.resource, remote_id)
        except Refused as error:
            if error.provider_code == NOT_FOUND:
                return Gone()
            raise
        snapshot = mapping.snapshot(json_ready(_object(answer, mapping.resource)))
        return Present(snapshot=replace(snapshot, trace=self._client.last_trace))

    def find_by_name(self, entity: str, name: str) -> Sequence[Snapshot]:
        mapping = MAPPINGS[entity]
        answer = self._client.query(
            f"SELECT * FROM {mapping.resource} WHERE {mapping.name_property}"
            f" IN ({_texts(mapping.spellings(name))})"
            f"{'' if mapping.is_transaction else ' AND ' + WHICH['all']} MAXRESULTS {PAGE_SIZE}"
        )
        wanted = name.strip().casefold()
        return [
            each for each in _snapshots(mapping, answer) if each.label.strip().casefold() == wanted
        ]

    def find_partners(self, entity: str, key: str) -> Sequence[Snapshot]:
        mapping = MAPPINGS[entity]
        wildcard = key.replace("%", "")  # LIKE finds more than is meant; the caller compares
        answer = self._client.query(
            f"SELECT * FROM {mapping.resource} WHERE PrimaryEmailAddr LIKE"
            f" {quoted(f'%{wildcard}%')} AND {WHICH['all']} MAXRESULTS {PAGE_SIZE}"
        )
        return _snapshots(mapping, answer)

    def numbers(self, entity: str, *, prefix: str) -> Sequence[str]:
        """Whether DocNumber sorts as text or as a number is not told, so the newest count too."""
        mapping = MAPPINGS[entity]
        newest = f"SELECT * FROM {mapping.resource} ORDERBY MetaData.CreateTime DESC"
        last = (
            f"SELECT * FROM {mapping.resource} WHERE {mapping.name_property} LIKE"
            f" {quoted(prefix.replace('%', '') + '%')} ORDERBY {mapping.name_property} DESC"
        )
        found = _snapshots(mapping, self._client.query(f"{newest} MAXRESULTS {PAGE_SIZE}"))
        if len(found) >= PAGE_SIZE:
            found += _snapshots(mapping, self._client.query(f"{last} MAXRESULTS {PAGE_SIZE}"))
        return [number for each in found if (number := str(each.facts.get("number") or ""))]

    def find_by_amount(
        self, entity: str, amount: Decimal, *, first: date, last: date
    ) -> Sequence[Snapshot]:
        mapping = MAPPINGS[entity]
        answer = self._client.query(
            f"SELECT * FROM {mapping.resource} WHERE TotalAmt = {quoted(f'{amount:.2f}')}"
            f" AND TxnDate >= {quoted(first.isoformat())} AND TxnDate <= {quoted(last.isoformat())}"
            f" MAXRESULTS {PAGE_SIZE}"
        )
        return _snapshots(mapping, answer)

    def changes_since(self, cursor: datetime, entities: Sequence[str]) -> ChangePage:
        return feed.read_changes(self._client, cursor, entities)

    def compose(
        self,
        entity: str,
        operation: Operation,
        values: Mapping[str, Any],
        *,
        remote_id: str = "",
        version: int | None = None,
        kept: Mapping[str, Any] | None = None,
        company: Mapping[str, Any] | None = None,
    ) -> Outgoing:
        mapping = MAPPINGS[entity]
        if mapping.is_transaction and operation is Operation.RETIRE:
            is_deleted = values.get("life") == Life.DELETED
            operation = Operation.DELETE if is_deleted else Operation.VOID
        payload = mapping.payload(
            operation,
            values,
            remote_id=remote_id,
            version=version,
            kept=kept or {},
            company=company or {},
        )
        return Outgoing(
            entity=entity,
            operation=operation,
            body=to_json(payload),
            remote_id=remote_id,
            version=version,
            params=mapping.params(operation, company or {}),
        )

    def send(self, outgoing: Outgoing, *, request_id: str) -> Snapshot:
        return self.start(outgoing, request_id=request_id, threads=AtOnce()).result()

    def start(
        self, outgoing: Outgoing, *, request_id: str, threads: Executor
    ) -> QuickBooksUnderWay:
        # A create and an update are the same call; the Id in the body makes the difference (5.1).
        post = self._client.start_write(
            MAPPINGS[outgoing.entity].resource,
            outgoing.body,
            request_id=request_id,
            params=outgoing.params,
            threads=threads,
        )
        return QuickBooksUnderWay(client=self._client, outgoing=outgoing, post=post)

    def _query(self, statement: str) -> Mapping[str, Any]:
        return _object(self._client.query(statement), "QueryResponse")


@dataclass(frozen=True, kw_only=True)
class QuickBooksUnderWay:
    """See providers.base.UnderWay."""

    client: QuickBooksClient
    outgoing: Outgoing
    post: Post

    @property
    def answered(self) -> Future[Any]:
        return self.post.answered

    def result(self) -> Snapshot:
        mapping = MAPPINGS[self.outgoing.entity]
        answer = self.post.result()
        try:
            told = json_ready(_object(answer, mapping.resource))
            if self.outgoing.operation is Operation.DELETE:  # the answer names it, no more (5.4)
                told = {**told, "SyncToken": str((self.outgoing.version or 0) + 1)}
            snapshot = mapping.snapshot(told)
        except (TryLater, KeyError, ValueError):
            raise OutcomeUnknown(
                detail="The answer to a write does not hold the record.",
                trace=self.client.last_trace,
            ) from None
        return replace(snapshot, trace=self.client.last_trace)


class QuickBooksProvider:
    """See providers.base.Provider."""

    key = "quickbooks"
    name = "QuickBooks Online"
    defaults: tuple[Default, ...] = ()  # contacts need none

    def consent_url(self, *, state: str) -> str:
        return oauth.consent_url(keys=settings.QUICKBOOKS, state=state)

    def exchange(self, *, code: str, now: datetime) -> TokenSet:
        return oauth.exchange_code(keys=settings.QUICKBOOKS, code=code, now=now)

    def refresh(self, *, refresh_token: str, now: datetime) -> TokenSet:
        return oauth.refresh(keys=settings.QUICKBOOKS, refresh_token=refresh_token, now=now)

    def revoke(self, *, refresh_token: str) -> None:
        oauth.revoke(keys=settings.QUICKBOOKS, refresh_token=refresh_token)

    def open(self, *, company_id: str, tokens: Tokens, gate: Gate) -> QuickBooksBooks:
        return QuickBooksBooks(
            QuickBooksClient(
                company_id=company_id,
                api_url=settings.QUICKBOOKS["api_url"],
                tokens=tokens,
                gate=gate,
            )
        )

    def read_webhook(self, *, headers: Mapping[str, str], body: bytes) -> list[Notice]:
        verifier = settings.QUICKBOOKS["webhook_verifier"]
        return feed.read_webhook(headers=headers, body=body, verifier=verifier)

    def read_stored(self, entity: str, raw: Mapping[str, Any]) -> Snapshot:
        return MAPPINGS[entity].snapshot(raw)

    def preflight(self, facts: Mapping[str, Any], *, home_currency: str) -> list[Finding]:
        return preflight.preflight(facts, home_currency=home_currency)


def quoted(text: str) -> str:
    """A text as a query takes it: in single quotes, with a backslash as escape (3.3)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _where(mapping: EntityMapping, which: str) -> str:
    """Transactions are neither active nor inactive."""
    parts = [mapping.where, "" if mapping.is_transaction else WHICH[which]]
    told = " AND ".join(each for each in parts if each)
    return f" WHERE {told}" if told else ""


def _texts(values: Sequence[str]) -> str:
    return ",".join(quoted(each) for each in values)


def _object(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object of an answer under its type's name."""
    found = answer.get(name)
    if not isinstance(found, dict):
        raise TryLater(detail=f"An answer without {name}.")
    return found


def _snapshots(mapping: EntityMapping, answer: Mapping[str, Any]) -> list[Snapshot]:
    """The objects of a query's answer; nothing found has no list at all (3.6)."""
    listed = _object(answer, "QueryResponse").get(mapping.resource) or []
    return [mapping.snapshot(json_ready(each)) for each in listed]


def _company(company_id: str, info: Mapping[str, Any], preferences: Mapping[str, Any]) -> Company:
    """Keys of `preferences` are ours; what they are for: README.md."""
    names = _named(info.get("NameValue"))
    currency = preferences.get("CurrencyPrefs") or {}
    return Company(
        company_id=company_id,
        name=str(info.get("CompanyName") or ""),
        country=str(info.get("Country") or ""),
        home_currency=str((currency.get("HomeCurrency") or {}).get("value") or ""),
        is_multi_currency=currency.get("MultiCurrencyEnabled") is True,
        edition=names.get("OfferingSku", ""),
        preferences=_preferences(preferences, names),
    )


def _named(pairs: Any) -> dict[str, str]:
    """A list of names and values, as QuickBooks tells what has no property of its own."""
    told = [each for each in pairs or [] if isinstance(each, dict)]
    return {str(each.get("Name")): str(each.get("Value") or "") for each in told}


def _custom_fields(sales: Mapping[str, Any]) -> list[str]:
    """
    The names of the custom fields on sales forms, by their place; "" for one that is not in use.

    Two groups tell them: uses and names (4.12). The place is the field's DefinitionId (4.0).
    """
    told = {
        str(each.get("Name")).rpartition(".")[2]: each
        for group in sales.get("CustomField") or []
        for each in group.get("CustomField") or []
    }
    return [
        str(told.get(f"SalesCustomName{place}", {}).get("StringValue") or "")
        if told.get(f"UseSalesCustom{place}", {}).get("BooleanValue") is True
        else ""
        for place in "123"
    ]


def _preferences(preferences: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    sales = preferences.get("SalesFormsPrefs") or {}
    accounting = preferences.get("AccountingInfoPrefs") or {}
    tax = preferences.get("TaxPrefs") or {}
    others = _named((preferences.get("OtherPrefs") or {}).get("NameValue"))
    return {
        "subscription": names.get("SubscriptionStatus", ""),
        "own_numbers": sales.get("CustomTxnNumbers") is True,
        "discounts": sales.get("AllowDiscount") is True,
        "discount_account": str(sales.get("DefaultDiscountAccount") or ""),
        "deposits": sales.get("AllowDeposit") is True,
        "shipping": sales.get("AllowShipping") is True,
        "estimates": sales.get("AllowEstimates") is True,
        "progress_invoicing": sales.get("UsingProgressInvoicing") is True,
        "pay_online": sales.get("ETransactionPaymentEnabled") is True,
        "automatic_credits": sales.get("AutoApplyCredit") is True,
        "default_item": others.get("SalesFormsPrefs.DefaultItem", ""),
        "custom_fields": _custom_fields(sales),
        "default_terms": str((sales.get("DefaultTerms") or {}).get("value") or ""),
        "sales_tax": tax.get("UsingSalesTax") is True,
        "automated_sales_tax": tax.get("PartnerTaxEnabled") is True,
        "books_closed_on": str(accounting.get("BookCloseDate") or ""),
        "classes": accounting.get("ClassTrackingPerTxn") is True
        or accounting.get("ClassTrackingPerTxnLine") is True,
        "locations": accounting.get("TrackDepartments") is True,
        "customer_word": str(accounting.get("CustomerTerminology") or ""),
    }
