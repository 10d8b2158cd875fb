"""What odd requests are made of: texts, numbers, ids, words of queries, bodies."""

import json
from typing import Any

HALF_A_PAIR = "half \ud800 a pair"
TEXTS = [
    "", " ", "Quist", "'", "\\", '"', ":", "\t", "\n", "\r\n", "\x00", "\x0b", "\x1f", "\x7f",
    "\ufeff", "\ufffe", "\u2028", "é", "e\u0301", "😀", HALF_A_PAIR, "<a b='c'>&amp;", "%00",
    "null", "true", "1.5", "-1", "9" * 30, "1e999", "NaN", "2026-02-30", "2026-01-01",
    "0000-00-00", "9999-12-31T23:59:59Z", "2026-01-01T25:00:00+99:99", "a@b", "a@b.c",
    "x" * 22, "x" * 101, "x" * 600, "x" * 5000, "../..", "1; DROP TABLE object", "٣", "１２",
]  # fmt: skip
DEEP = 5000
# What json.dumps cannot write stands in bodies as a word with marks and becomes these bytes.
RAW = {
    f"@{text[:30]}@{len(text)}".replace('"', ""): text.encode()
    for text in (
        "1e999", "1E+400", "1e-400", "-1e-9", "1e999999999", "1e99999999999999999999", "NaN",
        "Infinity", "-Infinity", "9" * 400, "9" * 5000, "0." + "3" * 400, "01", "1.", "0x10",
        "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP,
    )
}  # fmt: skip
NUMBERS = [0, 1, -1, 7, 10**15, -(10**15), 2**63, 2**64, 10**30, 0.1, 1.005, 1e22, 1e308, -0.0]
OTHERS = [
    None, True, False, [], {}, [None], [[]], [{}], {"value": None}, {"value": {}}, {"value": []},
    {"value": "1"}, {"value": "999999"}, {"value": 1}, {"value": "-1"}, {"value": "1", "x": 1},
    {"": ""}, {"a b<": "c"}, [1, "a", None, {"value": "1"}], {"Address": 5}, {"URI": None},
    {"Line1": ["x"]}, {"TxnId": "1", "TxnType": "Invoice"},
]  # fmt: skip
VALUES = [*TEXTS, *NUMBERS, *RAW, *OTHERS]
UNKNOWN_NAMES = ["Nonsense", "", "id", "a b", "$", "é", "Id ", "__class__", "x" * 300, "a\x00b"]
IDS = [
    "1", "2", "3", "5", "7", "20", "33", "40", "58", "59", "60", "145", "146", "150", "0", "-1",
    "01", "1.0", "1e2", " 1", "", "NG:1", "9" * 20, "9" * 400, "TAX", "NON", "x", "'", "%", "\x00",
    "é", "😀", "٣", "１", "²", "null", "../1", "1/2", "1?x", "1#2", "a b", "1;2", "\ud800",
]  # fmt: skip
OPERATIONS = ["delete", "void", "update", "create", "UPDATE", "merge", "", "é", "\x00"]
INCLUDES = ["void", "allowduplicatedocnum", "void,void", "", "updateAccountOnTxns", "é"]
REQUEST_IDS = ["r1", "r2", "", " ", "x" * 50, "x" * 51, "x" * 5000, "é", "\x00", "'", "\ud800"]
MINOR_VERSIONS = ["75", "1", "0", "-1", "", "abc", "1e9", "9" * 400, "7.5", "\x00", "é"]
TIMES = [
    "2026-11-01", "2026-11-01T00:00:00-08:00", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00",
    "", "0", "now", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z",
    "2026-13-01", "2026-11-01T99:00:00Z", "2026-11-01 00:00:00 08:00", "1e99", "9" * 400, "\x00",
    "0000-01-01", "2026-11-01T00:00:00.123456789Z", "2026-11-01T00:00:00+99:99", "é", "\ud800",
]  # fmt: skip
WORDS = [
    "SELECT", "select", "*", "COUNT(*)", "FROM", "WHERE", "AND", "OR", "NOT", "Id", "Active",
    "DisplayName", "Name", "Balance", "TotalAmt", "TxnDate", "DocNumber", "CustomerRef", "Line",
    "MetaData", "MetaData.CreateTime", "MetaData.LastUpdatedTime", "Line.Id", "=", "<", ">=", "!=",
    "LIKE", "IN", "BETWEEN", "('1','2')", "('1',)", "()", "(true)", "'x'", "'%'", "'_'", "''",
    "'2026-01-01'", "'2026-01-01T00:00:00Z'", "'9999-12-31T23:59:59Z'", "'0001-01-01T00:00:00Z'",
    "5", "-1", "1e9", "1e999", "9" * 400, "true", "false", "null", "ORDERBY", "ORDER BY", "ASC",
    "DESC", "STARTPOSITION", "MAXRESULTS", "10", "0", "-5", "1.5", "99999999999999999999", "'",
    "CURRENT_DATE", "(", ")", ",", "\\", "\\'", "\n", "\x00", "é", "😀", ";", "--", "'é'", "\ufeff",
    "x" * 3000,
]  # fmt: skip
REPORTS = ["ProfitAndLoss", "BalanceSheet", "AgedReceivables", "GeneralLedger", "Nonsense", "", "é"]
REPORT_OPTIONS = [
    "start_date", "end_date", "date_macro", "accounting_method", "summarize_column_by", "customer",
    "columns", "sort_by", "report_date", "aging_period", "num_periods", "qzurl", "item", "x",
]  # fmt: skip
CONTENT_TYPES = [
    "application/json", "application/json;charset=utf-8", "application/text", "text/plain", "",
    "application/xml", "multipart/form-data", "multipart/form-data; boundary=x", "é", "x" * 500,
    "application/octet-stream", "application/x-www-form-urlencoded", "application/pdf",
]  # fmt: skip
ACCEPTS = ["application/json", "application/xml", "*/*", "", "application/pdf", "text/html", "é"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "FOO"]
# Forms of paths below the company; E an entity, I an id.
PATHS = [
    "E", "E/I", "E/I/pdf", "E/I/send", "E/I/I", "E/", "E//I", "", "query", "cdc", "batch",
    "upload", "download/I", "download", "reports", "taxservice", "taxservice/taxcode",
    "taxservice/I", "I", "I/I", "nonsense", "query/I", "E/pdf", "exchangerate",
    "companyinfo/I", "preferences", "entitlements", "changedatacapture", "E/I/receipt",
]  # fmt: skip
TOKENS = ["", "Bearer ", "Basic eDp5", "Bearer é'%00", "Bearer " + "x" * 8000, "é", "Bearer a b"]
REALMS = ["0", "1", "9" * 30, "x", "%00", "%F0%9F%98%80", "-"]
NOT_ENTITIES = ["Nonsense", "", " ", "customer", "*", "é", "\x00", "Line"]


def _batch(*items: Any) -> bytes:
    return json.dumps({"BatchItemRequest": list(items)}).encode()


_PART = b'--x\r\nContent-Disposition: form-data; name="file_content_0"; filename="a.txt"\r\n'
_DISPOSITION = "Content-Disposition: form-data; name="
PART_HEADS = [
    _DISPOSITION + '"file_metadata_0"; filename="a.json"',
    _DISPOSITION + '"file_metadata_01"',
    _DISPOSITION + '"file_content_0"; filename="a.txt"',
    _DISPOSITION + '"file_content_01"; filename="../../é.png"',
    _DISPOSITION + '"file_content_0"',
    _DISPOSITION + '""; filename=""',
    "Content-Disposition: x",
    "X: y",
]
BODIES = [
    b"",
    b"{}",
    b"null",
    b"\xff",
    b'{"BatchItemRequest":{}}',
    b'{"BatchItemRequest":null}',
    b'{"BatchItemRequest":[1,null,[],"x"]}',
    _batch({}),
    _batch({"bId": "1"}, {"bId": "1"}),
    _batch({"bId": None, "operation": "create", "Customer": None}),
    _batch({"bId": "1", "operation": "create", "Customer": {"DisplayName": "\t"}}),
    _batch({"bId": "1", "operation": "create", "Customer": []}),
    _batch({"bId": "1", "operation": [], "Nonsense": {}}),
    _batch({"bId": {}, "Query": "SELECT * FROM Customer"}),
    _batch({"bId": "1", "Query": {"a": 1}}, {"bId": "2", "Query": "SELECT"}),
    _batch({"bId": "1", "operation": "delete", "Invoice": {"Id": "\ud800", "SyncToken": -1}}),
    _batch({"bId": "1", "operation": "update", "Invoice": {"Id": {}, "SyncToken": []}}),
    _batch({"bId": "x" * 99, "optionsData": 5, "operation": "void", "Payment": {"Id": "1"}}),
    _batch(*({"bId": str(each), "Query": "SELECT * FROM Term"} for each in range(31))),
    b'{"TaxCode":"x","TaxRateDetails":[]}',
    b'{"TaxCode":null,"TaxRateDetails":[{"TaxRateName":"x","RateValue":"NaN","TaxAgencyId":"1"}]}',
    b'{"TaxCode":"y","TaxRateDetails":[{"TaxRateName":1,"RateValue":"1e999","TaxAgencyId":[]}]}',
    b'{"TaxCode":[],"TaxRateDetails":{}}',
    _PART + b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n",
    _PART + b"\r\n\xff\xfe\r\n--x--\r\n",
    b"--x\r\n\r\n--x--",
    b"--x",
    b'--x\r\nContent-Disposition: form-data; name="file_metadata_0"\r\n\r\n{"A":\r\n--x--\r\n',
]
