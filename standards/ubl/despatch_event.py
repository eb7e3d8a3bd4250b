"""A despatch advice as EPCIS event: what its sender says left, by line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote

from standards.epcis.references import OWN_NAMES
from standards.ubl.despatch_advice import DespatchAdvice
from standards.ubl.event_parts import (
    GS1_CONTEXT,
    consignment_links,
    container_urns,
    document,
    party_link,
    plain,
    quantity_element,
    sscc_links,
)
from standards.ubl.moments import offset_of

NAMESPACE: Final = f"{OWN_NAMES}ubl:despatch-advice:"
CONTEXT: Final = [GS1_CONTEXT, {"ubl": NAMESPACE}]


def despatch_to_epcis(advice: DespatchAdvice) -> dict[str, Any]:
    """A bare EPCIS 2.0 event with the step `shipping`. A cancellation is the event that it voids, with an error
    declaration."""
    units, boxes = sscc_links(advice.handling_units), container_urns(advice.containers)
    event: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "ObjectEvent",
        "eventTime": advice.despatched,
        "eventTimeZoneOffset": offset_of(advice.despatched),
        "recordTime": advice.issued,
        "action": "OBSERVE",
        "bizStep": "shipping",
        "epcList": units + boxes + consignment_links(advice.consignment),
        "quantityList": [
            quantity_element(line.gtin, line.seller_item, line.id, line.delivered, line.unit) for line in advice.lines
        ],
        "bizTransactionList": _documents(advice),
        "ubl:despatchAdvice": _original(advice),
    }
    for name, party in (("source", advice.supplier), ("destination", advice.receiver)):
        link = party_link(party)
        if link is not None:
            event[f"{name}List"] = [{"type": "possessing_party", name: link}]
    if advice.is_cancelled:
        event["errorDeclaration"] = {"declarationTime": advice.issued, "reason": "did_not_occur"}
    return event


def _documents(advice: DespatchAdvice) -> list[dict[str, str]]:
    orders = dict.fromkeys(order for order in (advice.order, *(line.order for line in advice.lines)) if order)
    return [
        *(document("po", "order", order) for order in orders),
        document("desadv", "despatch_advice", advice.id),
    ]


def _original(advice: DespatchAdvice) -> dict[str, Any]:
    """What the advice states beyond the event's own fields. Its status stays out: it concerns the message."""
    stated: dict[str, Any] = {"ubl:id": advice.id, "ubl:typeCode": advice.type_code, "ubl:actual": advice.is_actual}
    if advice.carrier:
        stated["ubl:carrier"] = quote(advice.carrier, safe="")
    stated["ubl:note"] = list(advice.notes)
    stated["ubl:line"] = [
        {f"ubl:{name}": plain(value) for name, value in asdict(line).items() if value is not None}
        for line in advice.lines
    ]
    return stated
