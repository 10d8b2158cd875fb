"""
The codes of the API (6.3), a closed table: what each answers where nobody said otherwise.

`errors.py` makes the faults that the emulator raises by itself; an armed fault of a code takes its
texts from here. A code that is not here does not exist.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """How a code is answered: its Message, a usual Detail, element, HTTP status, fault type."""

    message: str
    detail: str = ""
    element: str | None = ""
    status: int = 400
    kind: str = "ValidationFault"


_INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
_CLOSED = (
    "The account period has closed and the account books cannot be updated through the QBO"
    " Services API. Please use the QBO website to make these changes."
)
_ACCESS = "AuthorizationFault"
_LOGIN = "AuthenticationFault"
_SYSTEM = "SystemFault"

CODES: dict[str, Code] = {
    "100": Code("General Authentication Error", "AuthenticationErrorGeneral", None, 401, _LOGIN),
    "110": Code("Authentication OAuth Error", "AuthenticationOAuthError", None, 401, _LOGIN),
    "120": Code(
        "Authorization Failure",
        "AuthorizationFailure: -11014-You do not have access to use QuickBooks Online Plus.",
        None,
        401,
        _ACCESS,
    ),
    "130": Code("Accessing Wrong Cluster", "WrongClusterError: Accessing Wrong Cluster", None),
    "140": Code("Company Locked Out", "Company Locked Out", None),
    "150": Code("Company Under Maintenance", "Company Under Maintenance", None),
    "270": Code("Token rejected", "Token rejected", None, 401, _LOGIN),
    "500": Code("Unsupported Operation", "Operation is not supported.", None),
    "600": Code("Duplicate Request ID", "Duplicate Request ID"),
    "610": Code("Object Not Found", f"Object Not Found : {_INACTIVE}"),
    "620": Code("Transaction cannot be linked", "Txn Id cannot be linked"),
    "630": Code("Duplicate Object", "Duplicate Object"),
    "700": Code("Parent invalid", "Parent invalid"),
    "800": Code("Cannot delete object", "Cannot delete object : it has dependencies"),
    "900": Code("Parent cannot be child", "Parent cannot be child", "ParentRef"),
    "1000": Code("Operation failed", "Operation failed"),
    "1010": Code("Create failed", "Create failed"),
    "1020": Code("Update failed", "Update failed"),
    "1040": Code("Batch size exceeds allowed limit", "Batch size exceeds allowed limit"),
    "1050": Code("Invalid Content Type", "Invalid Content Type"),
    "2000": Code("Invalid or unsupported object name", "Invalid or unsupported object name"),
    "2010": Code(
        "Request has invalid or unsupported property",
        "Property Name:failed to parse json object specified is unsupported or invalid",
    ),
    "2020": Code(
        "Required param missing, need to supply the required value for the API",
        "Required parameter Line is missing in the request",
        "Line",
    ),
    "2030": Code("Invalid ID", "Id should be a valid number. Supplied value:1.5", "Id"),
    "2040": Code("Invalid String", "The text has one or more invalid characters"),
    "2050": Code(
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length."
        " Min:0 Max:21 supported. Supplied length:45",
        "DocNumber",
    ),
    "2060": Code("Invalid Date Format", "Invalid date format"),
    "2070": Code("Invalid Date", "Invalid date"),
    "2080": Code("Invalid Number Format", "Invalid number format"),
    "2090": Code("Invalid Number", "Invalid Number"),
    "2100": Code("Invalid Decimal Format", "Invalid decimal format"),
    "2110": Code("Invalid Decimal", "Invalid decimal"),
    "2120": Code("Invalid Type", "Invalid type"),
    "2130": Code("Invalid Request Id Format", "Invalid Request Id Format"),
    "2140": Code("Invalid Amount", "Invalid amount"),
    "2150": Code("Invalid Percent", "Invalid percent"),
    "2160": Code("Invalid Quantity", "Invalid quantity"),
    "2170": Code("Invalid Enumeration", "Invalid Enumeration"),
    "2200": Code("Malformed website", "Malformed website", "WebAddr"),
    "2210": Code(
        "Invalid Email Address format",
        "Email address supplied does not conform to RFC 822 format.",
        "PrimaryEmailAddr",
    ),
    "2220": Code("Invalid currency", "Invalid currency", "CurrencyRef"),
    "2230": Code("Invalid Boolean", "Invalid boolean"),
    "2240": Code("Invalid Number Range", "Invalid number range"),
    "2250": Code("Missing lines", "At least one line is needed", "Line"),
    "2280": Code("Tax amount missing", "Tax amount missing"),
    "2290": Code("Negative amount", "The amount is negative"),
    "2300": Code("Debits not equal to credits", "Debits are not equal to credits"),
    "2500": Code(
        "Invalid Reference Id",
        "Invalid Reference Id : Names element id 583 not found",
        "Reference Id",
    ),
    "2600": Code("Conflicting elements in request", "Conflicting elements in request"),
    "3000": Code("Invalid Custom Field", "Invalid Custom Field", "CustomField"),
    "3001": Code(
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        None,
        429,
        "SERVICE",
    ),
    "3100": Code(
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "",
        None,
        403,
        "SERVICE",
    ),
    "3200": Code(
        "message=AuthenticationFailed; errorCode=003200; statusCode=401",
        "Token expired: eyJlbmMiOiJ...",
        None,
        401,
        "AUTHENTICATION",
    ),
    "3202": Code(
        "message=EmptyField; errorCode=003202; statusCode=401",
        "Token missing",
        None,
        401,
        "AUTHENTICATION",
    ),
    "4000": Code("Error parsing query", "QueryParserError: null", None),
    "4001": Code("Invalid query", "QueryValidationError: null", None),
    "4002": Code("Error processing query", "QueryProcessingError: null", None),
    "5000": Code("Deprecated field", "Deprecated field"),
    "5010": Code(
        "Stale Object Error",
        "Stale Object Error : You and Sam Park were working on this at the same time."
        " Sam Park finished before you did, so your work was not saved.",
    ),
    "5020": Code(
        "Permission Denied Error",
        "Permission Denied Error : Sorry, but your role or access permissions don't allow you to"
        " do this.",
    ),
    "5030": Code("Feature Not Supported Error", "Feature Not Supported Error"),
    "6000": Code(
        "A business validation error has occurred while processing your request",
        "Business Validation Error: You can only add or edit one name at a time. Please try again.",
    ),
    "6010": Code("Invalid AccountType / SubType", "Invalid AccountType / SubType"),
    "6030": Code("Upload too large", "Upload too large"),
    "6040": Code("Metadata is not Attachable", "Metadata is not Attachable"),
    "6041": Code("Invalid Uploaded File", "Invalid Uploaded File"),
    "6050": Code("Unsupported entity for Attachable", "Unsupported entity for Attachable"),
    "6070": Code(
        "Amount calculation incorrect in the request",
        "Amount is not equal to UnitPrice * Qty. Supplied value:1,861.07",
        "Line",
    ),
    "6080": Code("No Name Provided", "No name provided", "DisplayName"),
    "6090": Code("Discount amount or percent missing", "A discount line needs amount or percent."),
    "6100": Code("Invalid tax code", "Invalid tax code on a line: use TAX or NON."),
    "6130": Code("Cannot change who customer bills with", "Cannot change who customer bills with"),
    "6140": Code(
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has"
        " already been used. DocNumber=1042 is assigned to TxnType=Invoice with TxnId=155",
        "DocNumber",
    ),
    "6150": Code("ParentRef required", "ParentRef is required for a job", "ParentRef"),
    "6160": Code("CustomSalesTax cannot be used", "CustomSalesTax cannot be used"),
    "6170": Code("TxnTaxDetail not allowed", "TxnTaxDetail is not allowed with NotApplicable"),
    "6180": Code("Too many levels", "Too many levels", "ParentRef"),
    "6190": Code(
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem : You can't add"
        " data to QuickBooks Online Plus because your trial or subscription period ended.",
    ),
    "6200": Code("Account Period Closed", "Account Period Closed"),
    "6210": Code("Account Period Closed, Cannot Update Through Services API", _CLOSED),
    "6220": Code(
        "Delete List Has Balance Error",
        "Delete List Has Balance Error : The entity you are trying to delete has an open balance."
        " : This customer cannot be deleted because it has a non-zero balance",
    ),
    "6230": Code("TxnTaxDetail not allowed", "TxnTaxDetail is not allowed"),
    "6240": Code(
        "Duplicate Name Exists Error", "The name supplied already exists. : null", "DisplayName"
    ),
    "6250": Code("Invalid sales customer", "The customer is missing or inactive", "CustomerRef"),
    "6270": Code("Inventory transaction before start date", "Inventory start date"),
    "6280": Code("Customer has unbilled charges", "The customer has unbilled charges"),
    "6420": Code("Email address is required", "Email address is required", "BillEmail"),
    "6430": Code(
        "Invalid account type used",
        "Invalid account type: You need to select a different type of account for this"
        " transaction.",
    ),
    "6440": Code("Transaction detail information required", "Transaction detail required"),
    "6450": Code("Void failed, already settled", "Void failed, already settled"),
    "6480": Code("Matched transaction delete error", "Matched transaction delete error"),
    "6530": Code("Card number found in the request", "A raw card number was found"),
    "6540": Code(
        "Deposited Transaction cannot be changed",
        "Deposited Transaction cannot be changed : remove it from the deposit first",
    ),
    "6560": Code("Invalid tax rate/account", "Invalid tax rate/account"),
    "10000": Code(
        "An application error has occurred while processing your request",
        "System Failure Error: something went wrong",
        None,
        500,
        _SYSTEM,
    ),
    "10100": Code("Result set too big", "Result set too big", None),
    "10200": Code("Company was reset", "Company was reset", None),
}
