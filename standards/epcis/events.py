"""The five event types of EPCIS 2.0 as models, with the rules that the standard sets for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import Field, PrivateAttr, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from standards.epcis import fields, vocabulary
from standards.epcis.context import Context
from standards.epcis.fields import Instant, Uri
from standards.epcis.parts import (
    Action,
    BizTransaction,
    Destination,
    ErrorDeclaration,
    Filled,
    Listing,
    OpenPart,
    PersistentDisposition,
    Place,
    Quantity,
    SensorElement,
    Source,
    refuse_repeats,
)

_OF_GS1: Final = Context()


class EpcisEvent(OpenPart):
    """What every event has. `source` is the event as it came, `context` what its document declared."""

    type: str
    event_time: Instant = Field(alias="eventTime")
    event_time_zone_offset: fields.Offset = Field(alias="eventTimeZoneOffset")
    record_time: Instant | None = Field(None, alias="recordTime")
    event_id: Uri | None = Field(None, alias="eventID")
    certification_info: fields.Uris = Field((), alias="certificationInfo")
    error_declaration: ErrorDeclaration | None = Field(None, alias="errorDeclaration")
    declared_context: fields.ContextDeclaration = Field(default=None, alias="@context")

    # No factories: pydantic would look up their signatures for each event, which takes as long as all the rest.
    _source: Mapping[str, Any] | None = PrivateAttr(default=None)
    _context: Context | None = PrivateAttr(default=None)

    @property
    def source(self) -> Mapping[str, Any]:
        return (self.__pydantic_private__ or {}).get("_source") or {}

    @property
    def context(self) -> Context:
        # The way that pydantic itself goes to a private attribute is ten times as long, and this is asked often.
        return (self.__pydantic_private__ or {}).get("_context") or _OF_GS1

    @property
    def occurred_at(self) -> datetime:
        """The instant, in UTC. The offset only tells the calendar at the place."""
        return self.event_time

    @property
    def is_void(self) -> bool:
        """Whether an error declaration takes the event back."""
        return self.error_declaration is not None


class ExtendedEvent(EpcisEvent):
    """An event of a type of somebody's own, named by a URI: what it holds besides is its own affair."""

    has_extensions_of_any_name: ClassVar[bool] = True

    @model_validator(mode="after")
    def _type_is_a_uri(self) -> Self:
        if not fields.is_uri(self.type):
            message = "{type} is neither an event type of EPCIS nor a URI"
            raise PydanticCustomError("type", message, {"type": repr(self.type), "below": "type"})
        return self


class StandardEvent(EpcisEvent):
    """What the five standard types share: the business context."""

    biz_step: fields.BusinessStep | None = Field(None, alias="bizStep")
    disposition: fields.Disposition | None = None
    persistent_disposition: PersistentDisposition | None = Field(None, alias="persistentDisposition")
    read_point: Place | None = Field(None, alias="readPoint")
    biz_location: Place | None = Field(None, alias="bizLocation")
    biz_transaction_list: Listing[BizTransaction] = Field((), alias="bizTransactionList")
    source_list: Listing[Source] = Field((), alias="sourceList")
    destination_list: Listing[Destination] = Field((), alias="destinationList")
    sensor_element_list: Listing[SensorElement] = Field((), alias="sensorElementList")

    @property
    def step(self) -> str | None:
        """The business step as bare CBV word, in whichever form it came; None when absent or not of the CBV."""
        return vocabulary.bare("bizStep", self.biz_step, self.context)

    @property
    def state(self) -> str | None:
        """The disposition as bare CBV word; None when absent or not of the CBV."""
        return vocabulary.bare("disposition", self.disposition, self.context)


class ObjectEvent(StandardEvent):
    """Something happened to objects."""

    type: Literal["ObjectEvent"]
    action: Action
    epc_list: Listing[Uri] | None = Field(None, alias="epcList")
    quantity_list: Listing[Quantity] | None = Field(None, alias="quantityList")
    ilmd: dict[StrictStr, Any] | None = None

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Self:
        sensed = self.sensor_element_list and self.read_point is not None
        if self.epc_list is None and not self.quantity_list and not sensed:
            message = "it needs an epcList, a quantityList, or a sensorElementList with a readPoint"
            raise PydanticCustomError("what", message)
        refuse_repeats(self.epc_list or ())
        if self.ilmd is not None and self.action != "ADD":
            raise PydanticCustomError("ilmd", "ilmd may stand in an event with action ADD only", {"below": "ilmd"})
        _check_ilmd(self.ilmd)
        return self


class _Grouping(StandardEvent):
    """Parts and the whole that they belong to."""

    action: Action
    parent_id: Uri | None = Field(None, alias="parentID")
    child_epcs: Listing[Uri] | None = Field(None, alias="childEPCs")
    child_quantity_list: Listing[Quantity] | None = Field(None, alias="childQuantityList")

    @model_validator(mode="after")
    def _names_whole_and_parts(self) -> Self:
        if not self.child_epcs and not self.child_quantity_list and self.action != "DELETE":
            message = "it needs childEPCs or a childQuantityList unless action is DELETE (all children)"
            raise PydanticCustomError("what", message)
        if self.parent_id is None and self.action != "OBSERVE":
            message = "parentID is missing; only action OBSERVE may leave it out"
            raise PydanticCustomError("parent", message, {"below": "parentID"})
        return self


class AggregationEvent(_Grouping):
    """Objects were put together with, or taken from, a whole that stays loose: pallets, boxes."""

    type: Literal["AggregationEvent"]


class AssociationEvent(_Grouping):
    """Objects were fixed to, or taken from, an asset or a place: a sensor on a container."""

    type: Literal["AssociationEvent"]
    parent_id: Uri = Field(alias="parentID")


class TransactionEvent(StandardEvent):
    """Objects were tied to, or freed from, business transactions."""

    type: Literal["TransactionEvent"]
    action: Action
    biz_transaction_list: Filled[BizTransaction] = Field(alias="bizTransactionList")
    parent_id: Uri | None = Field(None, alias="parentID")
    epc_list: Listing[Uri] | None = Field(None, alias="epcList")
    quantity_list: Listing[Quantity] | None = Field(None, alias="quantityList")

    @model_validator(mode="after")
    def _names_what_it_is_about(self) -> Self:
        if self.epc_list is None and not self.quantity_list and self.action != "DELETE":
            message = "it needs an epcList or a quantityList unless action is DELETE (everything)"
            raise PydanticCustomError("what", message)
        return self


class TransformationEvent(StandardEvent):
    """Inputs were used up to make outputs."""

    type: Literal["TransformationEvent"]
    transformation_id: Uri | None = Field(None, alias="transformationID")
    input_epc_list: Listing[Uri] = Field((), alias="inputEPCList")
    input_quantity_list: Listing[Quantity] = Field((), alias="inputQuantityList")
    output_epc_list: Listing[Uri] = Field((), alias="outputEPCList")
    output_quantity_list: Listing[Quantity] = Field((), alias="outputQuantityList")
    ilmd: dict[StrictStr, Any] | None = None

    @model_validator(mode="after")
    def _has_inputs_and_outputs(self) -> Self:
        inputs = bool(self.input_epc_list or self.input_quantity_list)
        outputs = bool(self.output_epc_list or self.output_quantity_list)
        if not (inputs and outputs) and not (self.transformation_id and (inputs or outputs)):
            message = "it needs inputs and outputs, or a transformationID with one of them"
            raise PydanticCustomError("what", message)
        refuse_repeats(self.input_epc_list)
        refuse_repeats(self.output_epc_list)
        _check_ilmd(self.ilmd)
        return self


EVENT_TYPES: Final[Mapping[str, type[EpcisEvent]]] = {
    "ObjectEvent": ObjectEvent,
    "AggregationEvent": AggregationEvent,
    "AssociationEvent": AssociationEvent,
    "TransactionEvent": TransactionEvent,
    "TransformationEvent": TransformationEvent,
}


def _check_ilmd(ilmd: Mapping[str, Any] | None) -> None:
    for name in ilmd or ():
        if not fields.is_uri(name):
            message = "master data in ilmd needs a namespace (prefix:name): {name}"
            raise PydanticCustomError("extension", message, {"name": repr(name), "below": "ilmd"})
