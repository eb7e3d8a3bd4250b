"""The three event types of DCSA Track & Trace 2.2 as models. Properties that the standard does not know survive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, Strict, model_validator
from pydantic_core import PydanticCustomError

from standards.epcis.times import instant
from standards.identifiers import IdentifierInvalid, container

Classifier = Literal["PLN", "EST", "ACT"]
TransportMode = Literal["VESSEL", "RAIL", "TRUCK", "BARGE"]
TransportCode = Literal["ARRI", "DEPA"]
EquipmentCode = Literal["LOAD", "DISC", "GTIN", "GTOT", "STUF", "STRP", "PICK", "DROP", "INSP", "RSEA", "RMVD"]
ShipmentCode = Literal[
    "RECE", "DRFT", "PENA", "PENU", "REJE", "APPR", "ISSU", "SURR", "SUBM", "VOID", "CONF", "REQS", "CMPL", "HOLD",
    "RELS", "PENC", "CANC",
]  # fmt: skip
DocumentCode = Literal["CBR", "BKG", "SHI", "SRM", "TRD", "ARN", "VGM", "CAS", "CUS", "DGD", "OOG"]

# Containers are younger than this, and no standard of today outlives the other: beyond lie typing errors.
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2090, 1, 1, tzinfo=UTC)
# Gates and ships keep clocks of their own: so much may an actual event seem to lie ahead of its message.
CLOCK_SKEW: Final = timedelta(minutes=15)
_OFFSET: Final = re.compile(r"[+-]\d\d:\d\d$", re.ASCII)
_FURTHEST_OFFSET: Final = "14:00"


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("moment", "a time must be text such as 2026-05-12T06:40:00+02:00")
    try:
        moment = instant(value)
    except ValueError as error:
        raise PydanticCustomError("moment", "{why}", {"why": str(error)}) from error
    offset = _OFFSET.search(value)
    if offset and offset[0][1:] > _FURTHEST_OFFSET:
        raise PydanticCustomError("moment", "{value} has an offset beyond 14:00", {"value": value})
    if not EARLIEST <= moment < LATEST:
        message = "{value} lies outside the years 1970 to 2089"
        raise PydanticCustomError("moment", message, {"value": value})
    return moment


def _container(value: str) -> str:
    try:
        return container(value)
    except IdentifierInvalid as error:
        raise PydanticCustomError("container", "{why}", {"why": str(error)}) from error


Moment = Annotated[datetime, BeforeValidator(_moment)]
Container = Annotated[str, AfterValidator(_container)]


class DcsaPart(BaseModel):
    """A part of an event."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)


class DocumentReference(DcsaPart):
    """A booking (BKG) or transport document (TRD); other types of later versions are kept and mean nothing here."""

    type: str = Field(alias="documentReferenceType")
    value: str = Field(alias="documentReferenceValue", min_length=1)


class PartyReference(DcsaPart):
    """A reference of a party: FF, SI, PO, CR, AAO, or EQ for equipment."""

    type: str = Field(alias="referenceType")
    value: str = Field(alias="referenceValue", min_length=1)


class Vessel(DcsaPart):
    """The ship."""

    imo_number: str = Field(alias="vesselIMONumber", min_length=1)
    name: str | None = Field(None, alias="vesselName")


class Location(DcsaPart):
    """A place: coordinates come as text or number."""

    name: str | None = Field(None, alias="locationName")
    unlocode: str | None = Field(None, alias="UNLocationCode")
    facility_code: str | None = Field(None, alias="facilityCode")
    latitude: Any = None
    longitude: Any = None


class TransportCall(DcsaPart):
    """One call of one means of transport at one place."""

    id: str = Field(alias="transportCallID", min_length=1)
    mode: TransportMode = Field(alias="modeOfTransport")
    sequence: int | None = Field(None, alias="transportCallSequenceNumber")
    unlocode: str | None = Field(None, alias="UNLocationCode")
    facility_code: str | None = Field(None, alias="facilityCode")
    facility_type: str | None = Field(None, alias="facilityTypeCode")
    location: Location | None = None
    vessel: Vessel | None = None


class Seal(DcsaPart):
    """A seal on the container."""

    number: str = Field(alias="sealNumber")
    type: Literal["KLP", "BLT", "WIR"] = Field(alias="sealType")
    source: Literal["CAR", "SHI", "PHY", "VET", "CUS"] | None = Field(None, alias="sealSource")


class DcsaEvent(DcsaPart):
    """What every event has. Only classifier ACT tells of something that happened; PLN and EST never do."""

    type: Literal["TRANSPORT", "EQUIPMENT", "SHIPMENT"] = Field(alias="eventType")
    id: str | None = Field(None, alias="eventID", min_length=1)
    created_at: Moment = Field(alias="eventCreatedDateTime")
    classifier: Classifier = Field(alias="eventClassifierCode")
    occurred_at: Moment = Field(alias="eventDateTime")
    document_references: Annotated[tuple[DocumentReference, ...], Strict(False)] = Field((), alias="documentReferences")
    party_references: Annotated[tuple[PartyReference, ...], Strict(False)] = Field((), alias="references")

    _source: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _nothing_is_reported_before_it_happens(self) -> Self:
        if self.classifier == "ACT" and self.created_at < self.occurred_at - CLOCK_SKEW:
            message = "an actual event was created before it happened ({occurred})"
            detail = {"occurred": self.occurred_at.isoformat(), "below": "eventCreatedDateTime"}
            raise PydanticCustomError("order", message, detail)
        return self

    @property
    def source(self) -> Mapping[str, Any]:
        """The event as it came."""
        return self._source

    @property
    def is_actual(self) -> bool:
        return self.classifier == "ACT"

    @property
    def local_offset(self) -> str:
        """The UTC offset at the place, as +02:00."""
        match = _OFFSET.search(str(self.source["eventDateTime"]))
        return match[0] if match else "+00:00"

    @property
    def code(self) -> str:
        """The event type code: DEPA, LOAD, ISSU…"""
        raise TypeError("an event without type has no code")

    @property
    def container(self) -> str | None:
        """The container that the event is about, where it names one with a right check digit."""
        numbers = [reference.value for reference in self.party_references if reference.type == "EQ"]
        for number in numbers:
            try:
                return container(number)
            except IdentifierInvalid:
                continue
        return None


class TransportEvent(DcsaEvent):
    """A ship, train, truck or barge arrived or departed."""

    type: Literal["TRANSPORT"] = Field(alias="eventType")
    transport_code: TransportCode = Field(alias="transportEventTypeCode")
    transport_call: TransportCall = Field(alias="transportCall")
    delay_reason: str | None = Field(None, alias="delayReasonCode")

    @property
    def code(self) -> str:
        return self.transport_code


class EquipmentEvent(DcsaEvent):
    """Something happened to a container."""

    type: Literal["EQUIPMENT"] = Field(alias="eventType")
    equipment_code: EquipmentCode = Field(alias="equipmentEventTypeCode")
    empty_indicator: Literal["EMPTY", "LADEN"] = Field(alias="emptyIndicatorCode")
    equipment_reference: Container | None = Field(None, alias="equipmentReference")
    location: Location | None = Field(None, alias="eventLocation")
    transport_call: TransportCall | None = Field(None, alias="transportCall")
    seals: Annotated[tuple[Seal, ...], Strict(False)] = ()

    @property
    def code(self) -> str:
        return self.equipment_code

    @property
    def is_laden(self) -> bool:
        return self.empty_indicator == "LADEN"

    @property
    def container(self) -> str | None:
        return self.equipment_reference or super().container


class ShipmentEvent(DcsaEvent):
    """A shipping document changed its state."""

    type: Literal["SHIPMENT"] = Field(alias="eventType")
    shipment_code: ShipmentCode = Field(alias="shipmentEventTypeCode")
    document_code: DocumentCode = Field(alias="documentTypeCode")
    document_id: str = Field(alias="documentID", min_length=1)
    reason: str | None = None

    @property
    def code(self) -> str:
        return self.shipment_code


EVENT_TYPES: Final[Mapping[str, type[DcsaEvent]]] = {
    "TRANSPORT": TransportEvent,
    "EQUIPMENT": EquipmentEvent,
    "SHIPMENT": ShipmentEvent,
}
