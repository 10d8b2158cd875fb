"""
The faults of the API, by name. Texts are as recorded (3.8 and 6 of the reference the README names).
A fault is raised anywhere below the routes and becomes an answer in `api.py`. All codes there are
stand in `codes.py`.
"""

from dataclasses import dataclass, field
from typing import Any

from .codes import CODES, Code

INACTIVE_TEXT = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


@dataclass
class Fault(Exception):
    """
    One error of the API, with further ones in `also`, which the same answer holds (6.1).
    `status` is the HTTP status; `kind` the fault's type.
    """

    code: str
    message: str
    detail: str = ""
    element: str | None = ""
    status: int = 400
    kind: str = "ValidationFault"
    has_time: bool = True
    notes: dict[str, Any] = field(default_factory=dict)
    also: tuple["Fault", ...] = ()

    def _error(self) -> dict[str, Any]:
        error: dict[str, Any] = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element is not None:
            error["element"] = self.element
        return error

    def body(self, time: str) -> dict[str, Any]:
        errors = [each._error() for each in (self, *self.also)]
        answer: dict[str, Any] = {"Fault": {"Error": errors, "type": self.kind}}
        if self.has_time:
            answer["time"] = time
        return answer


def of_code(
    code: str,
    *,
    message: str = "",
    detail: str = "",
    element: str | None = None,
    status: int = 0,
) -> Fault:
    """
    The usual fault of a code; whatever is given takes the place of the table's. A code that is
    not in the table, as a new one of QuickBooks would be, has the message that is given.
    """
    usual = CODES.get(code) or Code(message)
    return Fault(
        code,
        message or usual.message,
        detail or usual.detail,
        usual.element if element is None else element,
        status or usual.status,
        usual.kind,
    )


def unsupported_operation(detail: str) -> Fault:
    return Fault("500", "Unsupported Operation", detail, None)


def unsupported_path(path: str, full_path: str) -> Fault:
    return unsupported_operation(
        f"Operation Could not find resource for relative : {path} of full path: {full_path}"
        " is not supported."
    )


def not_utf8(byte_number: int) -> Fault:
    return unsupported_operation(f"Invalid byte {byte_number} of 1-byte UTF-8 sequence.")


def duplicate_request_id() -> Fault:
    return Fault("600", "Duplicate Request ID", "Duplicate Request ID")


def object_not_found() -> Fault:
    return Fault("610", "Object Not Found", f"Object Not Found : {INACTIVE_TEXT}")


def parent_invalid(detail: str) -> Fault:
    return Fault("700", "Parent invalid", f"Parent invalid : {detail}", "ParentRef")


def parent_cannot_be_child() -> Fault:
    return Fault("900", "Parent cannot be child", "Parent cannot be child", "ParentRef")


def batch_too_large(most: int, count: int) -> Fault:
    return Fault(
        "1040",
        "Batch size exceeds allowed limit",
        f"Batch size exceeds allowed limit : at most {most} items. Supplied:{count}",
    )


def invalid_content_type(content_type: str) -> Fault:
    return Fault("1050", "Invalid Content Type", f"Invalid Content Type : {content_type}")


def unrecognized_property(name: str, entity: str, known: list[str]) -> Fault:
    names = ", ".join(f'"{each}"' for each in known[:10])
    return Fault(
        "2010",
        "Request has invalid or unsupported property",
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}),'
        f" not marked as ignorable ({len(known)} known properties: {names} [truncated]])"
        " specified is unsupported or invalid",
    )


def unparsable(what: str = "failed to parse json object") -> Fault:
    return Fault(
        "2010",
        "Request has invalid or unsupported property",
        f"Property Name:{what} specified is unsupported or invalid",
    )


def required_missing(name: str) -> Fault:
    return Fault(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        name,
    )


def invalid_id(value: str) -> Fault:
    detail = f"Id should be a valid number. Supplied value:{value}"
    return Fault("2030", "Invalid ID", detail, "Id", has_time=False)


def invalid_string(name: str) -> Fault:
    return Fault("2040", "Invalid String", f"{name} has one or more invalid characters", name)


def wrong_length(name: str, low: int, high: int, length: int) -> Fault:
    return Fault(
        "2050",
        "String length is either shorter or longer than supported by specification",
        f"String length specified does not match the supported length. "
        f"Min:{low} Max:{high} supported. Supplied length:{length}",
        name,
    )


def invalid_date(name: str, value: str) -> Fault:
    return Fault("2070", "Invalid Date", f"Invalid date. Supplied value:{value}", name)


def invalid_number(name: str, value: str) -> Fault:
    return Fault("2090", "Invalid Number", f"Invalid Number : {value}", name)


def invalid_request_id(length: int, most: int = 50, what: str = "Request id") -> Fault:
    return Fault(
        "2130",
        "Invalid Request Id Format",
        f"{what} can be at most {most} characters. Supplied length:{length}",
    )


def invalid_enumeration(name: str, value: str) -> Fault:
    return Fault("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", name)


def invalid_email(name: str) -> Fault:
    return Fault(
        "2210",
        "Invalid Email Address format",
        "Email address supplied does not conform to RFC 822 format.",
        name,
    )


def malformed_website(name: str) -> Fault:
    detail = "Website address supplied is malformed. It is like http://www.example.com."
    return Fault("2200", "Malformed website", detail, name)


def invalid_currency(value: str, name: str = "CurrencyRef") -> Fault:
    return Fault("2220", "Invalid currency", f"Invalid currency : {value}", name)


def out_of_range(name: str, low: int | None, high: int | None, value: str) -> Fault:
    detail = f"Number out of range. Min:{low} Max:{high} supported. Supplied value:{value}"
    return Fault("2240", "Invalid Number Range", detail, name)


def unknown_reference(name: str, kind: str, value: str) -> Fault:
    return Fault(
        "2500",
        "Invalid Reference Id",
        f"Invalid Reference Id : {kind} element id {value} not found",
        name,
        notes={"unknown_reference": True},
    )


def inactive_reference(name: str) -> Fault:
    return Fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {INACTIVE_TEXT}", name)


def query_parse_error(detail: str) -> Fault:
    return Fault("4000", "Error parsing query", f"QueryParserError: {detail}", None)


def query_invalid(detail: str) -> Fault:
    return Fault("4001", "Invalid query", f"QueryValidationError: {detail}", None)


def stale_object(other: str) -> Fault:
    return Fault(
        "5010",
        "Stale Object Error",
        f"Stale Object Error : You and {other} were working on this at the same time. "
        f"{other} finished before you did, so your work was not saved.",
    )


def business_validation(detail: str, element: str = "") -> Fault:
    return Fault(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
        element,
    )


def too_many_entries(name: str, most: int) -> Fault:
    return business_validation(f"{name} has more than the {most:,} a transaction can have.", name)


def one_name_at_a_time() -> Fault:
    return business_validation("You can only add or edit one name at a time. Please try again.")


def invalid_account_type(name: str, value: str) -> Fault:
    return Fault(
        "6010",
        "Invalid AccountType / SubType",
        f"Invalid AccountType / SubType : {value}",
        name,
    )


def upload_too_large(megabytes: int) -> Fault:
    return Fault("6030", "Upload too large", f"An upload may have {megabytes} MB in all.")


def invalid_metadata() -> Fault:
    return Fault(
        "6040", "Metadata is not Attachable", "The metadata of a file is a JSON Attachable."
    )


def invalid_file(detail: str) -> Fault:
    return Fault("6041", "Invalid Uploaded File", f"Invalid Uploaded File : {detail}")


def cannot_attach(kind: str) -> Fault:
    return Fault(
        "6050",
        "Unsupported entity for Attachable",
        f"Unsupported entity for Attachable : {kind[:50]}",
        "AttachableRef",
    )


def no_name(code: str = "6080") -> Fault:
    if code == "2020":
        return required_missing("DisplayName")
    return Fault(
        "6080",
        "No Name Provided",
        "No name provided : At least one of Title, GivenName, MiddleName, FamilyName, Suffix or"
        " DisplayName is needed",
        "DisplayName",
    )


def cannot_change_who_is_billed() -> Fault:
    return Fault(
        "6130",
        "Cannot change who customer bills with",
        "Cannot change who customer bills with : there are invoices of this customer.",
        "BillWithParent",
    )


def parent_required() -> Fault:
    return Fault("6150", "ParentRef required", "ParentRef is required for a job", "ParentRef")


def too_many_levels(levels: int) -> Fault:
    return Fault("6180", "Too many levels", f"At most {levels} levels are supported", "ParentRef")


def repeated_batch_id(b_id: str) -> Fault:
    return Fault("2600", "Conflicting elements in request", f"bId {b_id} is there twice", "bId")


def has_balance(noun: str) -> Fault:
    return Fault(
        "6220",
        "Delete List Has Balance Error",
        "Delete List Has Balance Error : The entity you are trying to delete has an open balance."
        f" : This {noun} cannot be deleted because it has a non-zero balance",
    )


def duplicate_name(other_id: str, name: str = "DisplayName") -> Fault:
    detail = f"The name supplied already exists. : Id={other_id}"
    return Fault("6240", "Duplicate Name Exists Error", detail, name)


def wrong_account_type(name: str) -> Fault:
    return Fault(
        "6430",
        "Invalid account type used",
        "Invalid account type: You need to select a different type of account for this"
        " transaction.",
        name,
    )


# Transactions


def cannot_link(detail: str) -> Fault:
    return Fault("620", "Transaction cannot be linked", detail, "LinkedTxn")


def negative_amount(name: str) -> Fault:
    return Fault("2290", "Negative amount", f"Negative amount is not allowed in {name}", name)


def category_on_line(id: str, place: str) -> Fault:
    return Fault(
        "2500",
        "Invalid Reference Id",
        f"Invalid Reference Id : The item {id} is set up as a category and cannot be used here.",
        place,
    )


def unknown_account(id: str) -> Fault:
    detail = f"Invalid Reference Id : Accounts element id {id} is invalid"
    return Fault(
        "2500", "Invalid Reference Id", detail, "AccountRef", notes={"unknown_reference": True}
    )


def debits_not_credits(difference: str) -> Fault:
    return Fault(
        "2300",
        "Debits not equal to credits",
        f"Debits are not equal to credits. Difference:{difference}",
        "Line.Amount",
    )


def name_required(type: str, noun: str) -> Fault:
    """A line on receivables or payables needs to say whose it is."""
    return business_validation(
        f"When you use {type}, you must choose a {noun} in the Name field.", "Line"
    )


def permission_denied(detail: str) -> Fault:
    return Fault("5020", "Permission Denied Error", f"Permission Denied Error : {detail}")


def feature_not_supported(detail: str, element: str = "") -> Fault:
    return Fault(
        "5030", "Feature Not Supported Error", f"Feature Not Supported Error : {detail}", element
    )


def wrong_amount(shown: str) -> Fault:
    return Fault(
        "6070",
        "Amount calculation incorrect in the request",
        f"Amount is not equal to UnitPrice * Qty. Supplied value:{shown}",
        "Line.Amount",
    )


def discount_without_value() -> Fault:
    return Fault(
        "6090", "Discount amount or percent missing", "A discount line needs amount or percent.",
        "Line.DiscountLineDetail",
    )  # fmt: skip


def invalid_tax_code(code: str) -> Fault:
    return Fault(
        "6100", "Invalid tax code", f"Invalid tax code {code[:50]} on a line: use TAX or NON.",
        "TaxCodeRef",
    )  # fmt: skip


def duplicate_number(number: str, kind: str, id: str) -> Fault:
    return Fault(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has"
        f" already been used. DocNumber={number} is assigned to TxnType={kind} with TxnId={id}",
        "DocNumber",
    )


def period_closed() -> Fault:
    return Fault(
        "6210",
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through the QBO"
        " Services API. Please use the QBO website to make these changes.",
    )


def before_stock(item: str) -> Fault:
    return Fault(
        "6270",
        "Inventory transaction before start date",
        f"The transaction is dated before the inventory start date of the item {item}.",
        "TxnDate",
    )


def invalid_custom_field(id: str) -> Fault:
    detail = f"Invalid Custom Field : {id[:30]} is not defined"
    return Fault("3000", "Invalid Custom Field", detail, "CustomField")


def email_required() -> Fault:
    return Fault("6420", "Email address is required", "Email address is required", "BillEmail")


def unbilled_charges() -> Fault:
    return Fault(
        "6280",
        "Customer has unbilled charges",
        "Customer has unbilled charges : bill them or delete them first.",
        "Active",
    )


def already_settled() -> Fault:
    return Fault(
        "6450",
        "Void failed, already settled",
        "Void failed, already settled : the card payment has been settled.",
    )


def card_number(name: str) -> Fault:
    return Fault("6530", "Card number found in the request", f"{name} holds a card number", name)


def deposited() -> Fault:
    return Fault(
        "6540",
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed : This transaction has been deposited. If you"
        " want to change it, remove it from the deposit first.",
    )


# The gateway in front of the API: lower-case names, other shape (section 6.2).


@dataclass
class GatewayFault(Exception):
    """A refusal before the API is reached. `headers` go with the answer; html has a title."""

    status: int
    code: str
    word: str
    detail: str | None
    kind: str
    shape: str = "lower"  # lower | upper | xml | html
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return f"message={self.word}; errorCode={int(self.code):06d}; statusCode={self.status}"

    def body(self, epoch: float) -> dict[str, Any]:
        error: dict[str, Any]
        if self.shape == "upper":
            error = {"Message": self.message, "Detail": self.detail, "code": self.code}
            return {"Fault": {"Error": [error], "type": self.kind}}
        error = {
            "message": self.message,
            "detail": self.detail,
            "code": self.code,
            "element": None,
        }
        fault = {"error": [error], "type": self.kind}
        if self.status != 401:
            return {"fault": fault}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": fault,
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": int(epoch * 1000),
            "status": None,
            "cdcresponse": [],
        }


def unauthenticated(
    detail: str, code: str = "3200", word: str = "AuthenticationFailed"
) -> GatewayFault:
    headers = {"Www-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
    return GatewayFault(401, code, word, detail, "AUTHENTICATION", headers=headers)


def unauthorized() -> GatewayFault:
    return GatewayFault(403, "3100", "ApplicationAuthorizationFailed", None, "SERVICE")


def throttled(shape: str = "lower", detail: str | None = None) -> GatewayFault:
    text = detail or "The request limit was reached.  Try again later"
    return GatewayFault(429, "3001", "ThrottleExceeded", text, "SERVICE", shape=shape)


def request_too_large() -> GatewayFault:
    return GatewayFault(413, "413", "Request Entity Too Large", None, "SERVICE", shape="html")


def took_too_long() -> GatewayFault:
    return GatewayFault(504, "504", "Gateway Time-out", None, "SERVICE", shape="html")


# Companies and users that may not (6.3).


def company_refuses(state: str) -> Fault:
    """What a company in this state answers; `state` is a value of the switch company_state."""
    return of_code(COMPANY_STATES[state])


COMPANY_STATES = {
    "subscription_ended": "6190",
    "locked_out": "140",
    "maintenance": "150",
    "wrong_cluster": "130",
    "no_access": "120",
}
