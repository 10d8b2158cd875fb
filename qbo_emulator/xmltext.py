"""The XML form of an answer, for callers that do not ask for JSON (2.2)."""

import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://schema.intuit.com/finance/v3"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(body: dict[str, Any]) -> str:
    """An IntuitResponse with what the JSON answer holds."""
    time = body.get("time", "")
    inner = "".join(_element(name, value) for name, value in body.items() if name != "time")
    start = f'<IntuitResponse xmlns="{NAMESPACE}" time="{escape(str(time))}">'
    return _only_xml(f"{HEAD}{start}{inner}</IntuitResponse>")


def _only_xml(text: str) -> str:
    """A fault may repeat characters from a request that XML has no way to write."""
    return _NOT_IN_XML.sub("\ufffd", text)


def gateway_fault(kind: str, message: str, detail: str, code: str) -> str:
    """A refusal of the gateway; a 429 was recorded so although JSON was asked for (6.2)."""
    return (
        f'{HEAD}<IntuitResponse xmlns="{NAMESPACE}"><Fault type="{kind}"><Error code="{code}">'
        f"<Message>{escape(message)}</Message><Detail>{escape(detail)}</Detail></Error></Fault>"
        "</IntuitResponse>"
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))


def _element(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if not isinstance(value, dict):
        return f"<{name}>{_text(value)}</{name}>"
    if "value" in value:  # a reference
        rest = {key: each for key, each in value.items() if key != "value"}
        marks = "".join(f" {key}={quoteattr(str(each))}" for key, each in rest.items())
        return f"<{name}{marks}>{_text(value['value'])}</{name}>"
    flat = {"domain", "sparse", "status", "type", "code", "element", "startPosition", "maxResults"}
    flat |= {"totalCount", "bId"}
    marks = "".join(
        f" {key}={quoteattr(_text(each))}" for key, each in value.items() if key in flat
    )
    inner = "".join(_element(key, each) for key, each in value.items() if key not in flat)
    return f"<{name}{marks}>{inner}</{name}>"
