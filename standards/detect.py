"""Which standard a file from outside follows, told by its first level only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from standards import strict_json, xml
from standards.epcis.documents import MAY_REPEAT
from standards.epcis.events import EVENT_TYPES
from standards.errors import StandardsError
from standards.prices.price_list import PRICE_LIST
from standards.ubl.reading import DOCUMENTS

Standard = Literal[
    "epcis", "dcsa", "receipt_advice", "despatch_advice", "transportation_status", "invoice", "order", "prices"
]

PDF: Final = b"%PDF-"
# A tuple: what a sender calls a type may be anything, also what has no hash.
_EPCIS_TYPES: Final = ("EPCISDocument", "EPCISQueryDocument", *EVENT_TYPES)
_OF_DCSA: Final = (
    "eventType", "eventClassifierCode", "metadata", "eventRouting", "eventClassification", "eventUpdatedDateTime",
    "isRetracted",
)  # fmt: skip
_ROOTS: Final[Mapping[str, Standard]] = {
    f"{{{DOCUMENTS}ReceiptAdvice-2}}ReceiptAdvice": "receipt_advice",
    f"{{{DOCUMENTS}DespatchAdvice-2}}DespatchAdvice": "despatch_advice",
    f"{{{DOCUMENTS}TransportationStatus-2}}TransportationStatus": "transportation_status",
    f"{{{DOCUMENTS}Invoice-2}}Invoice": "invoice",
    f"{{{DOCUMENTS}CreditNote-2}}CreditNote": "invoice",
    f"{{{DOCUMENTS}Order-2}}Order": "order",
    "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice": "invoice",
}


class NotRecognised(StandardsError):
    """The bytes follow none of the standards that we read."""


def detect(data: bytes, limit_bytes: int = xml.DEFAULT_LIMIT_BYTES) -> Standard:
    """The standard that `data` follows: EPCIS 2.0, DCSA, our price list in JSON; UBL, CII in XML; invoices in PDF.

    Raises NotRecognised for any other, JsonRefused or XmlRefused for what cannot even be read.
    """
    return detected(data, limit_bytes)[0]


def detected(data: bytes, limit_bytes: int = strict_json.DEFAULT_LIMIT_BYTES) -> tuple[Standard, Any]:
    """The standard, and of JSON the value that `data` writes, so that it need not be read twice; else None."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:8]
    if start.startswith(PDF):
        return "invoice", None
    if start.startswith(b"<") or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _of_xml(data, limit_bytes), None
    if start[:1] in (b"{", b"["):
        value = strict_json.parse(data, limit_bytes, MAY_REPEAT)
        return _of_json(value), value
    raise NotRecognised("the file is neither JSON nor XML nor PDF" if start else "the file is empty")


def _of_xml(data: bytes, limit_bytes: int) -> Standard:
    root = str(xml.parse(data, limit_bytes).tag)
    standard = _ROOTS.get(root)
    if standard is not None:
        return standard
    if root.endswith(("}EPCISDocument", "}EPCISQueryDocument")):
        raise NotRecognised("EPCIS as XML is not read; send EPCIS 2.0 as JSON")
    raise NotRecognised(f"no XML document with the root element {root} is read here")


def _of_json(value: Any) -> Standard:
    if isinstance(value, dict) and value.get("type") == PRICE_LIST:
        return "prices"
    sample = value
    if isinstance(sample, dict) and isinstance(sample.get("events"), list):
        sample = sample["events"]
    if isinstance(sample, list):
        if not sample:
            raise NotRecognised("the list of events is empty")
        sample = sample[0]
    if not isinstance(sample, dict):
        raise NotRecognised("the JSON holds no event")
    if any(name in sample for name in _OF_DCSA):
        return "dcsa"
    if isinstance(value, dict) and ("epcisBody" in value or value.get("type") in _EPCIS_TYPES or "eventTime" in value):
        return "epcis"
    raise NotRecognised("the JSON is neither an EPCIS 2.0 document or event, nor a list of DCSA events or of prices")
