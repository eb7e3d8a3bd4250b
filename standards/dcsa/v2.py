"""What Track & Trace 2.2 requires of an event, and its code lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, Strict

from standards.dcsa import events
from standards.dcsa.events import DcsaEvent, Indicator

EquipmentCode = Literal["LOAD", "DISC", "GTIN", "GTOT", "STUF", "STRP", "PICK", "DROP", "INSP", "RSEA", "RMVD"]
ShipmentCode = Literal[
    "RECE", "DRFT", "PENA", "PENU", "REJE", "APPR", "ISSU", "SURR", "SUBM", "VOID", "CONF", "REQS", "CMPL", "HOLD",
    "RELS", "PENC", "CANC",
]  # fmt: skip
DocumentCode = Literal["CBR", "BKG", "SHI", "SRM", "TRD", "ARN", "VGM", "CAS", "CUS", "DGD", "OOG"]

_MESSAGE: Final = frozenset({"eventID", "eventCreatedDateTime", "eventDateTime", "isRetracted"})


class Vessel(events.Vessel):
    imo_number: str = Field(alias="vesselIMONumber", min_length=1)


class TransportCall(events.TransportCall):
    id: str = Field(alias="transportCallID", min_length=1)
    mode: Literal["VESSEL", "RAIL", "TRUCK", "BARGE"] = Field(alias="modeOfTransport")
    vessel: Vessel | None = None


class Seal(events.Seal):
    type: Literal["KLP", "BLT", "WIR"] = Field(alias="sealType")
    source: Literal["CAR", "SHI", "PHY", "VET", "CUS"] | None = Field(None, alias="sealSource")


class TransportEvent(events.TransportEvent):
    type: Literal["TRANSPORT"] = Field(alias="eventType")
    transport_code: Literal["ARRI", "DEPA"] = Field(alias="transportEventTypeCode")
    transport_call: TransportCall = Field(alias="transportCall")


class EquipmentEvent(events.EquipmentEvent):
    type: Literal["EQUIPMENT"] = Field(alias="eventType")
    equipment_code: EquipmentCode = Field(alias="equipmentEventTypeCode")
    empty_indicator: Indicator = Field(alias="emptyIndicatorCode")
    transport_call: TransportCall | None = Field(None, alias="transportCall")
    seals: Annotated[tuple[Seal, ...], Strict(False)] = ()


class ShipmentEvent(events.ShipmentEvent):
    type: Literal["SHIPMENT"] = Field(alias="eventType")
    shipment_code: ShipmentCode = Field(alias="shipmentEventTypeCode")
    document_code: DocumentCode = Field(alias="documentTypeCode")


class UnknownEvent(DcsaEvent):
    """An event of no type that 2.2 has; it is never valid."""

    type: Literal["TRANSPORT", "EQUIPMENT", "SHIPMENT"] = Field(alias="eventType")


EVENT_TYPES: Final[Mapping[str, type[DcsaEvent]]] = {
    "TRANSPORT": TransportEvent,
    "EQUIPMENT": EquipmentEvent,
    "SHIPMENT": ShipmentEvent,
}


def fact_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """The event without what belongs to the message: its id and when it was made."""
    return {name: value for name, value in source.items() if name not in _MESSAGE}
