"""
The switches: what can be set, its default, and the readings of unsure rules.

`GET /emulator/switches` lists them, `POST /emulator/switches` sets some. Unknown names and wrong
types are refused, so that a test with a typing error fails.
"""

from typing import Any

COMPANY_STATES = (
    "ok",
    "subscription_ended",
    "locked_out",
    "maintenance",
    "wrong_cluster",
    "no_access",
)
# name: (default, allowed values or None, what it does)
SWITCHES: dict[str, tuple[Any, tuple[Any, ...] | None, str]] = {
    # Limits (7.1, 7.4)
    "limits": (True, None, "429 above the limits below"),
    "limit_per_minute": (500, None, "requests a minute and realm, sliding"),
    "limit_per_second": (10, None, "requests a second, realm and app; 0 is off"),
    "limit_at_once": (10, None, "requests in flight, realm and app; 0 is off"),
    "limit_all_per_minute": (800, None, "requests a minute, realm and app, OAuth too; 0 is off"),
    "limit_batches_per_minute": (40, None, "batches a minute, realm and app; 0 is off"),
    "limit_realm_batches_per_minute": (120, None, "batches a minute and realm; 0 is off"),
    "limit_reports_per_minute": (0, None, "reports a minute and realm; 0 is off"),
    "batch_counts": ("once", ("once", "items"), "what a batch is in the requests a minute"),
    "limit_mails_per_day": (40, None, "e-mails a day and realm, sliding; 0 is off"),
    "request_seconds": (120.0, None, "a request that takes longer is answered with 504"),
    "throttle_shape": ("lower", ("lower", "upper", "xml"), "how a 429 is written"),
    "retry_after": (0, None, "seconds in a Retry-After header of a 429; 0 sends none"),
    "metered_allowance": (0, None, "CorePlus calls a month before 429; 0 is no end"),
    # Names (4.1, 5.6, 9)
    "one_name_at_a_time": (True, None, "6000 while another name of the realm is being written"),
    "write_seconds": (0.0, None, "how long every write takes"),
    "sub_names": ("global", ("global", "within_parent"), "where a sub-customer's name is unique"),
    "bill_with_parent_change": ("refuse", ("refuse", "allow"), "of a customer with invoices"),
    "no_name_code": ("6080", ("6080", "2020"), "fault when no name at all is sent"),
    "reactivation_strips_suffix": (False, None, "Active: true alone removes ' (deleted)'"),
    "sparse_objects": ("replace", ("replace", "merge"), "a sub-object in a sparse update"),
    "trim_texts": (True, None, "blanks around texts are cut off"),
    "text_encoding": ("utf-8", ("utf-8", "question_mark", "refuse"), "texts beyond ISO-8859-1"),
    "newer_properties": ("ignore", ("ignore", "refuse"), "newer read-only ones sent back (11.3)"),
    "xml_by_default": (True, None, "XML when Accept does not name JSON"),
    "tid_header": ("intuit_tid", ("intuit_tid", "Intuit-Tid"), "name of the tid header (2.3)"),
    # Transactions (4.6, 4.7, 5.5, 9)
    "tax_without_code": ("none", ("none", "customer"), "code of a form sent without one"),
    "wrong_amount": ("refuse", ("refuse", "recompute"), "Amount beside the price, automated tax"),
    "explicit_tax": ("automated", ("automated", "always", "never"), "where a sent TotalTax stands"),
    "explicit_tax_after_edit": ("recompute", ("recompute", "keep"), "after its lines were edited"),
    "inactive_item_on_update": ("allow", ("allow", "refuse"), "an old form keeps inactive items"),
    "number_sent_when_off": ("store", ("store", "ignore"), "DocNumber without the preference"),
    "custom_numbers_reading": ("reference", ("reference", "reversed"), "what the preference means"),
    "duplicate_numbers_refused": (True, None, "6140 for a DocNumber that is taken"),
    "email_sent_directly": ("keep", ("keep", "ignore"), "EmailStatus EmailSent in a write"),
    "payment_over_balance": ("refuse", ("refuse", "cap"), "a payment line above what is open"),
    "paid_and_deposited_invoice": ("allow", ("allow", "refuse"), "change, delete, void of one"),
    "apply_tax_after_discount": (False, None, "default of ApplyTaxAfterDiscount"),
    # The company and its users (1.9, 6.3)
    "company_state": ("ok", COMPANY_STATES, "of every company that has no state of its own"),
    "lost_rights_answer": ("120", ("120", "3100"), "what calls of a user without rights get"),
    # requestid (2.6)
    "requestid": (True, None, "an id seen before gets the first answer again"),
    "requestid_remembers": ("all", ("all", "success"), "which answers are kept"),
    "requestid_other_body": ("replay", ("replay", "600"), "same id, other body"),
    "requestid_seconds": (0, None, "seconds until an id is forgotten; 0 is never"),
    # Batch (5.7)
    "batch_order": ("same", ("same", "shuffled"), "order of the answers in a batch"),
    # Reads (5.8, 7.2, 9)
    "read_seconds": (0.0, None, "how long every read, query, report and read item takes"),
    "read_lag_seconds": (0.0, None, "queries and CDC show the state of so long ago"),
    "id_read_lag_seconds": (0.0, None, "the same for reads by id"),
    "cdc_older_than_30_days": ("answer", ("answer", "refuse"), "deletions are gone either way"),
    "cdc_cap": ("total", ("total", "entity"), "what the 1000 of a CDC answer counts"),
    "cdc_boundary": ("inclusive", ("inclusive", "exclusive"), "changedSince itself"),
    # Queries (3.2)
    "query_not_equal": ("answer", ("answer", "refuse"), "a condition with != or <>"),
    "query_projection": ("cut", ("cut", "whole"), "what shows a row of which properties are asked"),
    # OAuth (1.3 to 1.5)
    "code_seconds": (600, None, "life of a code"),
    "refresh_rotation": ("daily", ("daily", "always", "grace"), "when a refresh token changes"),
    "refresh_grace_seconds": (3600, None, "how long the old one lives with 'grace'"),
    "refresh_reuse_revokes": (False, None, "using a dead refresh token ends the connection"),
    "reconnect_ends_old": (True, None, "connecting again ends the connection before"),
    "refresh_seconds": (0.0, None, "how long a refresh takes; a second one meanwhile is refused"),
    "long_tokens": (False, None, "tokens of 4096 and 512 characters, as long as they may be"),
    "access_token_seconds": (3600, None, "life of an access token"),
    "refresh_token_seconds": (8726400, None, "life of a refresh token, rolling"),
    "hard_expiry_seconds": (157680000, None, "end of a connection, from its start"),
    # Webhooks (8)
    "webhook_format": ("cloudevents", ("cloudevents", "legacy"), "shape of the body"),
    "webhook_content_type": ("", None, "content type; empty: the one of the format"),
    "webhook_delay_seconds": (0.2, None, "changes are collected for so long"),
    "webhook_answer_seconds": (3.0, None, "a delivery not answered for so long is tried again"),
    "webhook_in_line": (False, None, "later deliveries wait until earlier ones were answered"),
    "webhook_hold": (False, None, "deliveries wait until released"),
    "webhook_copies": (1, None, "each delivery is sent so many times"),
    "webhook_reorder": (False, None, "events leave newest first, deliveries too"),
    "webhook_drop": (0.0, None, "share of deliveries that are lost (0 to 1)"),
    "webhook_wrong_signature": (False, None, "the signature does not fit"),
    "webhook_mix_realms": (True, None, "one delivery may hold several companies"),
    "webhook_entities": ("", None, "names of the entities that are sent, by commas; empty: all"),
    "webhook_need_connection": (True, None, "only companies with a live connection send"),
    "webhook_inactive_event": ("deleted", ("deleted", "updated"), "event of making inactive"),
    "webhook_retry": (True, None, "the ladder of 10 s, 20 s, 30 s, 5 min, 20 min, 2 h, 4 h, 6 h"),
}


class UnknownSwitch(ValueError):
    """There is no such switch, or it cannot have this value."""


class Switches:
    """Read as attributes: `switches.limits`."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values.get(name, SWITCHES[name][0])
        except KeyError:
            raise AttributeError(name) from None

    def set(self, changes: dict[str, Any]) -> None:
        """
        Set some; None sets a switch back to its default.

        Raises:
            UnknownSwitch: nothing was set.
        """
        for name, value in self.check(changes).items():
            self._values[name] = value

    @staticmethod
    def check(changes: dict[str, Any]) -> dict[str, Any]:
        """
        What `set` would set.

        Raises:
            UnknownSwitch: one of them does not exist, or cannot have this value.
        """
        return {name: _checked(name, value) for name, value in changes.items()}

    def set_from_text(self, pair: str) -> None:
        """Set one from `name=value`, as on the command line."""
        name, _, text = pair.partition("=")
        if name not in SWITCHES:
            raise UnknownSwitch(f"There is no switch {name!r}.")
        default = SWITCHES[name][0]
        value: Any = text
        if isinstance(default, bool):
            value = text.lower() in {"1", "true", "on", "yes"}
        elif isinstance(default, int | float):
            value = float(text) if "." in text or isinstance(default, float) else int(text)
        self.set({name: value})

    def clear(self) -> None:
        self._values.clear()

    def changed(self) -> dict[str, Any]:
        return dict(self._values)

    def all(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in SWITCHES}


def _checked(name: str, value: Any) -> Any:
    if name not in SWITCHES:
        raise UnknownSwitch(f"There is no switch {name!r}.")
    default, choices, _ = SWITCHES[name]
    if value is None:
        return default
    if choices is not None:
        if value not in choices:
            raise UnknownSwitch(f"{name} is one of {', '.join(map(str, choices))}.")
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise UnknownSwitch(f"{name} is true or false.")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise UnknownSwitch(f"{name} is a text.")
    elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UnknownSwitch(f"{name} is a number, 0 or more.")
    return value
