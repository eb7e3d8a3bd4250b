"""Events of DCSA Track & Trace as models, in the words of 2.2. What is required differs from version to version: `v2`
and `v3` say so. Properties that a version does not know survive in the event as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, Strict, model_validator
from pydantic_core import PydanticCustomError

from standards.dcsa.versions import Version
from standards.epcis.times import instant
from standards.identifiers import IdentifierInvalid, container, vessel
from standards.problems import Problem

Classifier = Literal["PLN", "EST", "ACT"]
Indicator = Literal["EMPTY", "LADEN"]

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


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PydanticCustomError("number", "it must be a number")
    return Decimal(value)


Moment = Annotated[datetime, BeforeValidator(_moment)]
Container = Annotated[str, AfterValidator(_container)]
Number = Annotated[Decimal, BeforeValidator(_number)]


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

    imo_number: str | None = Field(None, alias="vesselIMONumber", min_length=1)
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

    id: str | None = Field(None, alias="transportCallID", min_length=1)
    mode: str | None = Field(None, alias="modeOfTransport")
    sequence: int | None = Field(None, alias="transportCallSequenceNumber")
    unlocode: str | None = Field(None, alias="UNLocationCode")
    facility_code: str | None = Field(None, alias="facilityCode")
    facility_type: str | None = Field(None, alias="facilityTypeCode")
    location: Location | None = None
    vessel: Vessel | None = None


class Seal(DcsaPart):
    """A seal on the container."""

    number: str = Field(alias="sealNumber")
    type: str | None = Field(None, alias="sealType")
    source: str | None = Field(None, alias="sealSource")


class Stated(DcsaPart):
    """Whatever a message may be: where it came from, and what of it is the fact."""

    id: str | None = Field(None, alias="eventID", min_length=1)
    """Unique for its publisher; of 3.0 it begins with the originating party, which it is unique for."""
    created_at: Moment = Field(alias="eventCreatedDateTime")
    """When the message was made, or, of 3.0, last updated."""

    _source: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _fact: Mapping[str, Any] = PrivateAttr(default_factory=dict)
    _moment_text: str = PrivateAttr(default="")
    _version: Version = PrivateAttr(default=Version.V2_2)

    def came_as(self, version: Version, source: Mapping[str, Any], fact: Mapping[str, Any], moment: str) -> Self:
        """Remembers the event as it came; `fact` is what of it makes the event's hash, `moment` its time as written."""
        self._version, self._source, self._fact, self._moment_text = version, source, fact, moment
        return self

    @property
    def source(self) -> Mapping[str, Any]:
        """The event as it came."""
        return self._source

    @property
    def fact(self) -> Mapping[str, Any]:
        """What it states, without what belongs to the message."""
        return self._fact

    @property
    def version(self) -> Version:
        return self._version

    @property
    def moment_text(self) -> str:
        """The time of the event as it was written."""
        return self._moment_text

    @property
    def local_offset(self) -> str:
        """The UTC offset at the place, as +02:00."""
        match = _OFFSET.search(self._moment_text)
        return match[0] if match else "+00:00"


class Retraction(Stated):
    """Takes back the event with the id `retracted_id`; whatever else the message says does not count."""

    retracted_id: str = Field(alias="retractedEventID", min_length=1)


class DcsaEvent(Stated):
    """What every event has. Only classifier ACT tells of something that happened; PLN and EST never do."""

    type: str = Field(alias="eventType")
    classifier: Classifier = Field(alias="eventClassifierCode")
    occurred_at: Moment = Field(alias="eventDateTime")
    document_references: Annotated[tuple[DocumentReference, ...], Strict(False)] = Field((), alias="documentReferences")
    party_references: Annotated[tuple[PartyReference, ...], Strict(False)] = Field((), alias="references")

    @model_validator(mode="after")
    def _nothing_is_reported_before_it_happens(self) -> Self:
        if self.classifier == "ACT" and self.created_at < self.occurred_at - CLOCK_SKEW:
            message = "an actual event was created before it happened ({occurred})"
            detail = {"occurred": self.occurred_at.isoformat(), "below": "eventCreatedDateTime"}
            raise PydanticCustomError("order", message, detail)
        return self

    @property
    def is_actual(self) -> bool:
        return self.classifier == "ACT"

    @property
    def code(self) -> str:
        """The event type code: DEPA, LOAD, ISSU…"""
        raise TypeError("an event without type has no code")

    @property
    def container(self) -> str | None:
        """The container that the event is about, where it names one with a right check digit."""
        return next((found for found, _ in self._listed_containers() if found is not None), None)

    @property
    def dropped(self) -> tuple[Problem, ...]:
        """References that it names and that are none: their check digit is wrong."""
        return tuple(problem for _, problem in self._listed_containers() if problem is not None)

    def _listed_containers(self) -> Iterator[tuple[str | None, Problem | None]]:
        for place, reference in enumerate(self.party_references):
            if reference.type == "EQ":
                try:
                    yield container(reference.value), None
                except IdentifierInvalid as error:
                    yield None, Problem(f"references/{place}", f"reference left out: {error}")


class OfCall(DcsaEvent):
    """An event at a call of a means of transport, where it names one."""

    transport_call: TransportCall | None = Field(None, alias="transportCall")
    location: Location | None = Field(None, alias="eventLocation")

    @property
    def vessel_number(self) -> str | None:
        """The ship's IMO number, where its check digit is right."""
        named = self.transport_call.vessel if self.transport_call else None
        if named is None or named.imo_number is None:
            return None
        try:
            return vessel(named.imo_number)
        except IdentifierInvalid:
            return None

    @property
    def dropped(self) -> tuple[Problem, ...]:
        named = self.transport_call.vessel if self.transport_call else None
        if named is None or named.imo_number is None or self.vessel_number is not None:
            return super().dropped
        why = f"vessel left out: {named.imo_number!r} is not a valid IMO number"
        return (*super().dropped, Problem("transportCall/vessel", why))


class TransportEvent(OfCall):
    """A ship, train, truck or barge arrived or departed."""

    transport_code: str = Field(alias="transportEventTypeCode")
    delay_reason: str | None = Field(None, alias="delayReasonCode")

    @property
    def code(self) -> str:
        return self.transport_code


class OfContainer(OfCall):
    """An event of one container."""

    equipment_reference: Container | None = Field(None, alias="equipmentReference")

    @property
    def container(self) -> str | None:
        return self.equipment_reference or super().container


class EquipmentEvent(OfContainer):
    """Something happened to a container."""

    equipment_code: str = Field(alias="equipmentEventTypeCode")
    empty_indicator: Indicator | None = Field(None, alias="emptyIndicatorCode")
    seals: Annotated[tuple[Seal, ...], Strict(False)] = ()

    @property
    def code(self) -> str:
        return self.equipment_code

    @property
    def is_laden(self) -> bool:
        return self.empty_indicator == "LADEN"


class ShipmentEvent(DcsaEvent):
    """A shipping document changed its state."""

    shipment_code: str = Field(alias="shipmentEventTypeCode")
    document_code: str = Field(alias="documentTypeCode", min_length=1)
    document_id: str = Field(alias="documentID", min_length=1)
    reason: str | None = None

    @property
    def code(self) -> str:
        return self.shipment_code


class ReeferEvent(OfContainer):
    """What a refrigerated container measured: the temperatures of its cargo in `unit`, and the humidity in per cent.

    Setpoints are wishes and the ambient temperature is that outside: neither is a measurement of the goods.
    """

    reefer_code: str = Field(alias="reeferEventTypeCode")
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] | None = Field(None, alias="temperatureUnit")
    temperatures: tuple[Number, ...] = ()
    humidity: Number | None = None

    @property
    def code(self) -> str:
        return self.reefer_code

    @property
    def is_measurement(self) -> bool:
        return self.reefer_code in ("MEAS", "MEASURED")


class IotEvent(OfContainer):
    """What a device on a container noticed; of all that only its doors are a condition of the goods."""

    iot_code: str = Field(alias="iotEventCode")

    @property
    def code(self) -> str:
        return self.iot_code

    @property
    def door_is_open(self) -> bool | None:
        """None where it is not about a door."""
        return {"DRO": True, "DOOR_OPENED": True, "DOOR_CLOSED": False}.get(self.iot_code)
