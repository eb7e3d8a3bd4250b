"""What is asked of an event of 3.0, whose schema requires nothing: no more than is needed to know what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from standards.dcsa import events
from standards.dcsa.events import DcsaEvent

EquipmentCode = Literal[
    "LOAD", "DISC", "GTIN", "GTOT", "STUF", "STRP", "PICK", "DROP", "INSP", "RSEA", "RMVD",
    "AVDO", "AVPU", "CROS", "CUSI", "CUSR", "CUSS",
]  # fmt: skip


class TransportEvent(events.TransportEvent):
    type: Literal["TRANSPORT"] = Field(alias="eventType")
    transport_code: Literal["ARRI", "DEPA", "APPROACHING"] = Field(alias="transportEventTypeCode")


class EquipmentEvent(events.EquipmentEvent):
    type: Literal["EQUIPMENT"] = Field(alias="eventType")
    equipment_code: EquipmentCode = Field(alias="equipmentEventTypeCode")


class ShipmentEvent(events.ShipmentEvent):
    type: Literal["SHIPMENT"] = Field(alias="eventType")
    shipment_code: str = Field(alias="shipmentEventTypeCode", min_length=1, max_length=100)


class ReeferEvent(events.ReeferEvent):
    type: Literal["REEFER"] = Field(alias="eventType")
    reefer_code: str = Field(alias="reeferEventTypeCode", min_length=1, max_length=100)


class IotEvent(events.IotEvent):
    type: Literal["IOT"] = Field(alias="eventType")
    iot_code: str = Field(alias="iotEventCode", min_length=1, max_length=100)


class UnknownEvent(DcsaEvent):
    """An event of no type that 3.0 has; it is never valid."""

    type: Literal["TRANSPORT", "EQUIPMENT", "SHIPMENT", "REEFER", "IOT"] = Field(alias="eventType")


EVENT_TYPES: Final[Mapping[str, type[DcsaEvent]]] = {
    "TRANSPORT": TransportEvent,
    "EQUIPMENT": EquipmentEvent,
    "SHIPMENT": ShipmentEvent,
    "REEFER": ReeferEvent,
    "IOT": IotEvent,
}
