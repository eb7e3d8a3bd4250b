"""A receipt advice as EPCIS event, so that one hash names the fact whichever way it came."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from standards.epcis.references import OWN_NAMES, own_urn
from standards.ubl.event_parts import GS1_CONTEXT, consignment_links, party_link, plain, quantity_element, sscc_links
from standards.ubl.moments import offset_of
from standards.ubl.receipt_advice import ReceiptAdvice, ReceiptLine

NAMESPACE: Final = f"{OWN_NAMES}ubl:receipt-advice:"
CONTEXT: Final = [GS1_CONTEXT, {"ubl": NAMESPACE}]


def to_epcis(advice: ReceiptAdvice) -> dict[str, Any]:
    """A bare EPCIS 2.0 event with what was accepted (received less rejected), by line.

    Goods received are an ObjectEvent with the step `receiving`; a consignment turned away has no step and is
    `non_conformant`. An answer to the despatch advice document alone is a TransactionEvent without step: no goods
    moved. A cancellation is the event that it voids, with an error declaration.
    """
    event: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "ObjectEvent" if advice.is_about_goods else "TransactionEvent",
        "eventTime": advice.received,
        "eventTimeZoneOffset": offset_of(advice.received),
        "recordTime": advice.issued,
        "action": "OBSERVE",
        "epcList": sscc_links(advice.handling_units) + consignment_links(advice.consignment),
        "bizTransactionList": _documents(advice),
        "ubl:receiptAdvice": _original(advice),
    }
    if advice.is_about_goods:
        event["quantityList"] = [_quantity(line) for line in advice.lines]
        event |= {"disposition": "non_conformant"} if advice.is_rejected else {"bizStep": "receiving"}
    receiver = party_link(advice.receiver)
    if receiver is not None:
        event["destinationList"] = [{"type": "possessing_party", "destination": receiver}]
    if advice.is_cancelled:
        event["errorDeclaration"] = {"declarationTime": advice.issued, "reason": "did_not_occur"}
    return event


def _documents(advice: ReceiptAdvice) -> list[dict[str, str]]:
    orders = dict.fromkeys(order for order in (advice.order, *(line.order for line in advice.lines)) if order)
    documents = [{"type": "po", "bizTransaction": own_urn("order", order)} for order in orders]
    if advice.despatch_advice:
        documents.append({"type": "desadv", "bizTransaction": own_urn("despatch_advice", advice.despatch_advice)})
    advice_urn = f"{OWN_NAMES}receipt_advice:{quote(advice.id, safe='')}"
    return [*documents, {"type": "recadv", "bizTransaction": advice_urn}]


def _quantity(line: ReceiptLine) -> dict[str, Any]:
    return quantity_element(line.gtin, line.seller_item, line.id, line.accepted, line.unit)


def _original(advice: ReceiptAdvice) -> dict[str, Any]:
    """What the advice states beyond the event's own fields. Its status stays out: it concerns the message."""
    stated: dict[str, Any] = {"ubl:id": advice.id, "ubl:typeCode": advice.type_code}
    stated["ubl:note"] = list(advice.notes)
    stated["ubl:condition"] = [
        {f"ubl:{name}": value for name, value in asdict(condition).items() if value is not None}
        for condition in advice.conditions
    ]
    stated["ubl:line"] = [_original_line(line) for line in advice.lines]
    return stated


def _original_line(line: ReceiptLine) -> dict[str, Any]:
    stated = {
        "ubl:id": line.id,
        "ubl:received": line.received,
        "ubl:short": line.short,
        "ubl:rejected": line.rejected,
        "ubl:oversupplied": line.oversupplied,
        "ubl:shortageAction": line.shortage_action,
        "ubl:rejectReason": line.reject_reason,
        "ubl:rejectAction": line.reject_action,
    }
    return {name: plain(value) for name, value in stated.items() if value is not None}
