"""EPCIS 2.0 in JSON: documents and events, the CBV 2.0 event hash, and what an event says about its trade."""

from standards.epcis.context import Context
from standards.epcis.documents import EpcisDocument, parse_document, parse_event, read_document
from standards.epcis.errors import EpcisInvalid
from standards.epcis.event_hash import event_digest, event_hash, pre_hash_string
from standards.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    EpcisEvent,
    ExtendedEvent,
    ObjectEvent,
    StandardEvent,
    TransactionEvent,
    TransformationEvent,
)
from standards.epcis.extensions import extensions
from standards.epcis.files import event_hashes
from standards.epcis.mentions import documents, parties, place, subjects
from standards.epcis.references import ReferenceKind, TradeReference, quantity_thousandths, references
from standards.epcis.sensors import (
    DOOR_TYPE,
    Condition,
    Measurement,
    MeasurementRefused,
    SensorReadings,
    sensor_readings,
)
from standards.problems import Problem

__all__ = [
    "DOOR_TYPE",
    "AggregationEvent",
    "AssociationEvent",
    "Condition",
    "Context",
    "EpcisDocument",
    "EpcisEvent",
    "EpcisInvalid",
    "ExtendedEvent",
    "Measurement",
    "MeasurementRefused",
    "ObjectEvent",
    "Problem",
    "ReferenceKind",
    "SensorReadings",
    "StandardEvent",
    "TradeReference",
    "TransactionEvent",
    "TransformationEvent",
    "documents",
    "event_digest",
    "event_hash",
    "event_hashes",
    "extensions",
    "parse_document",
    "parse_event",
    "parties",
    "place",
    "pre_hash_string",
    "quantity_thousandths",
    "read_document",
    "references",
    "sensor_readings",
    "subjects",
]
