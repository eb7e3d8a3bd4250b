"""DCSA Track & Trace 2.2: what carriers report of transports, equipment and shipping documents."""

from standards.dcsa.conversion import to_epcis
from standards.dcsa.documents import DcsaInvalid, parse_events
from standards.dcsa.events import Classifier, DcsaEvent, EquipmentEvent, ShipmentEvent, TransportEvent

__all__ = [
    "Classifier",
    "DcsaEvent",
    "DcsaInvalid",
    "EquipmentEvent",
    "ShipmentEvent",
    "TransportEvent",
    "parse_events",
    "to_epcis",
]
