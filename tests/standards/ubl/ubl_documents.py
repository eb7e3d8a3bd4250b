"""Logistics documents that a test writes itself, each a valid one of which it changes what it is about."""

from __future__ import annotations

NAMES = """xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\""""
DESPATCH_LINE = """<cac:DespatchLine><cbc:ID>1</cbc:ID>
  <cbc:DeliveredQuantity unitCode="C62">300</cbc:DeliveredQuantity>
  <cac:OrderLineReference><cbc:LineID>1</cbc:LineID></cac:OrderLineReference>
  <cac:Item><cbc:Name>Goods</cbc:Name><cac:StandardItemIdentification><cbc:ID schemeID="0160">4012345101027</cbc:ID>
  </cac:StandardItemIdentification></cac:Item></cac:DespatchLine>"""
LEFT = """<cbc:ActualDespatchDate>2026-05-27</cbc:ActualDespatchDate>
  <cbc:ActualDespatchTime>08:00:00+02:00</cbc:ActualDespatchTime>"""
BOX = "<cac:TransportEquipment><cbc:ID>APZU4812090</cbc:ID></cac:TransportEquipment>"


def despatch_advice(
    status: str = "9", type_code: str = "1", left: str = LEFT, lines: str = DESPATCH_LINE, number: str = "DA-1"
) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<DespatchAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2" {NAMES}>
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-05-28</cbc:IssueDate><cbc:IssueTime>12:00:00Z</cbc:IssueTime>
  <cbc:DocumentStatusCode>{status}</cbc:DocumentStatusCode>
  <cbc:DespatchAdviceTypeCode>{type_code}</cbc:DespatchAdviceTypeCode>
  <cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>
  <cac:Shipment><cbc:ID>NA</cbc:ID>
    <cac:Consignment><cbc:ID schemeID="GINC">735005233GS1T1</cbc:ID></cac:Consignment>
    <cac:Delivery><cac:Despatch>{left}</cac:Despatch></cac:Delivery>
    <cac:TransportHandlingUnit><cbc:ID schemeID="SSCC">173500538500000016</cbc:ID>{BOX}</cac:TransportHandlingUnit>
  </cac:Shipment>
  {lines}
</DespatchAdvice>""".encode()


def happened(
    code: str = "24",
    complete: str | None = "true",
    date: str | None = "2026-05-28",
    time: str | None = "09:00:00+02:00",
    more: str = "",
) -> str:
    """A transport event."""
    parts = {"OccurrenceDate": date, "OccurrenceTime": time, "TransportEventTypeCode": code}
    parts["CompletionIndicator"] = complete
    body = "".join(f"<cbc:{name}>{value}</cbc:{name}>" for name, value in parts.items() if value is not None)
    return f"<cac:TransportEvent>{body}{more}</cac:TransportEvent>"


def consignment(*events: str, number: str = "735005233GS1T1", scheme: str = "GINC", more: str = "") -> str:
    return f'<cac:Consignment><cbc:ID schemeID="{scheme}">{number}</cbc:ID>{"".join(events)}{more}</cac:Consignment>'


def transportation_status(
    *parts: str, status: str | None = None, number: str = "TS-1", issued: str = "12:00:00Z", document: str = ""
) -> bytes:
    """`parts` are consignments and events of the whole document."""
    code = "" if status is None else f"<cbc:DocumentStatusCode>{status}</cbc:DocumentStatusCode>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<TransportationStatus xmlns="urn:oasis:names:specification:ubl:schema:xsd:TransportationStatus-2" {NAMES}>
  <cbc:ID>{number}</cbc:ID><cbc:IssueDate>2026-05-28</cbc:IssueDate><cbc:IssueTime>{issued}</cbc:IssueTime>
  <cbc:ShippingOrderID>SO-1</cbc:ShippingOrderID>{code}
  {"".join(parts)}{document}
</TransportationStatus>""".encode()
