"""DCSA Track & Trace: what carriers report of transports, equipment, documents, reefers and devices.

2.2 is read by default; the beta of 3.0 (that of the reefer and IoT interfaces) and two dialects of 3.0 where asked for.
"""

from standards.dcsa.conversion import to_epcis
from standards.dcsa.documents import DcsaInvalid, Message, parse_events, split_events
from standards.dcsa.events import (
    Classifier,
    DcsaEvent,
    EquipmentEvent,
    IotEvent,
    OfCall,
    ReeferEvent,
    Retraction,
    ShipmentEvent,
    TransportEvent,
)
from standards.dcsa.versions import DEFAULT_VERSIONS, Version

__all__ = [
    "DEFAULT_VERSIONS",
    "Classifier",
    "DcsaEvent",
    "DcsaInvalid",
    "EquipmentEvent",
    "IotEvent",
    "Message",
    "OfCall",
    "ReeferEvent",
    "Retraction",
    "ShipmentEvent",
    "TransportEvent",
    "Version",
    "parse_events",
    "split_events",
    "to_epcis",
]
