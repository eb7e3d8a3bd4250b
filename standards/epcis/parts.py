"""The parts that events are made of. Unknown extensions stay in `model_extra`, or are refused in closed parts."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StrictBool, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from standards.epcis import fields
from standards.epcis.fields import Instant, Number, Uri

Item = TypeVar("Item")
Action = Literal["ADD", "OBSERVE", "DELETE"]

# A JSON array; strict mode alone would take tuples only.
Listing = Annotated[tuple[Item, ...], Strict(False)]
Filled = Annotated[tuple[Item, ...], Strict(False), AfterValidator(fields.not_empty)]


class Part(BaseModel):
    """A closed part: the standard allows no extension inside it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _no_property_is_null(cls, values: Any) -> Any:
        if isinstance(values, dict) and None in values.values():
            declared = {field.alias or name for name, field in cls.model_fields.items()}
            for name, value in values.items():
                if value is None and name in declared:
                    raise PydanticCustomError("null", "it is null; what is not known is left out", {"below": name})
        return values


class OpenPart(Part):
    """A part with extensions, whose names must be URIs or `prefix:local`."""

    model_config = ConfigDict(extra="allow")

    has_extensions_of_any_name: ClassVar[bool] = False

    @model_validator(mode="after")
    def _extensions_have_namespaces(self) -> Self:
        for name in self.model_extra or ():
            if not self.has_extensions_of_any_name and not fields.is_uri(name):
                message = "it is no property of EPCIS, and an extension needs a namespace (prefix:name)"
                raise PydanticCustomError("extension", message, {"below": name})
        return self


class Place(Part):
    """A read point or a business location; anything may stand beside its id."""

    model_config = ConfigDict(extra="allow")

    id: Uri


class Quantity(Part):
    """So many of a class of goods; without `uom` (UN/CEFACT Recommendation 20) pieces."""

    epc_class: Uri = Field(alias="epcClass")
    quantity: fields.Amount | None = None
    uom: fields.Unit | None = None


class BizTransaction(Part):
    """A business document that the event belongs to."""

    biz_transaction: Uri = Field(alias="bizTransaction")
    type: fields.TransactionType | None = None


class Source(Part):
    """Where, or with whom, the goods were before."""

    type: fields.PartyType
    source: Uri


class Destination(Part):
    """Where, or with whom, the goods will be."""

    type: fields.PartyType
    destination: Uri


class PersistentDisposition(Part):
    """Lasting states of the goods that the event begins (`set`) or ends (`unset`)."""

    set: Filled[fields.Disposition] | None = None
    unset: Filled[fields.Disposition] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.set is None and self.unset is None:
            raise PydanticCustomError("empty", "it must set or unset something")
        for states in (self.set or (), self.unset or ()):
            refuse_repeats(states)
        return self


class ErrorDeclaration(OpenPart):
    """Says that the event it stands in is void since `declaration_time`."""

    declaration_time: Instant = Field(alias="declarationTime")
    reason: fields.ErrorReason | None = None
    corrective_event_ids: Listing[Uri] = Field((), alias="correctiveEventIDs")


class SensorMetadata(OpenPart):
    """When, with which device and by which rules a sensor measured."""

    time: Instant | None = None
    start_time: Instant | None = Field(None, alias="startTime")
    end_time: Instant | None = Field(None, alias="endTime")
    device_id: Uri | None = Field(None, alias="deviceID")
    device_metadata: Uri | None = Field(None, alias="deviceMetadata")
    raw_data: Uri | None = Field(None, alias="rawData")
    data_processing_method: Uri | None = Field(None, alias="dataProcessingMethod")
    biz_rules: Uri | None = Field(None, alias="bizRules")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start_time and self.end_time and self.start_time > self.end_time:
            raise PydanticCustomError("order", "startTime lies after endTime")
        return self


class SensorReport(OpenPart):
    """One thing that a sensor measured."""

    type: fields.Measurement
    exception: fields.Alert | None = None
    device_id: Uri | None = Field(None, alias="deviceID")
    device_metadata: Uri | None = Field(None, alias="deviceMetadata")
    raw_data: Uri | None = Field(None, alias="rawData")
    data_processing_method: Uri | None = Field(None, alias="dataProcessingMethod")
    biz_rules: Uri | None = Field(None, alias="bizRules")
    time: Instant | None = None
    microorganism: Uri | None = None
    chemical_substance: Uri | None = Field(None, alias="chemicalSubstance")
    coordinate_reference_system: Uri | None = Field(None, alias="coordinateReferenceSystem")
    value: Number | None = None
    component: fields.Component | None = None
    string_value: StrictStr | None = Field(None, alias="stringValue")
    boolean_value: StrictBool | None = Field(None, alias="booleanValue")
    hex_binary_value: fields.Hexadecimal | None = Field(None, alias="hexBinaryValue")
    uri_value: Uri | None = Field(None, alias="uriValue")
    min_value: Number | None = Field(None, alias="minValue")
    max_value: Number | None = Field(None, alias="maxValue")
    mean_value: Number | None = Field(None, alias="meanValue")
    s_dev: Number | None = Field(None, alias="sDev")
    perc_rank: Number | None = Field(None, alias="percRank")
    perc_value: Number | None = Field(None, alias="percValue")
    uom: StrictStr | None = None


class SensorElement(OpenPart):
    """What sensors reported at one time."""

    sensor_metadata: SensorMetadata | None = Field(None, alias="sensorMetadata")
    sensor_report: Filled[SensorReport] = Field(alias="sensorReport")


def refuse_repeats(values: tuple[str, ...]) -> None:
    """Raises when a list that the standard wants free of repeats has one."""
    if len(set(values)) != len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise PydanticCustomError("repeat", "{value} is listed twice", {"value": repr(twice)})
