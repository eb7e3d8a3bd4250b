"""What a query may ask of an event, in the one form in which both are compared.

An EPC and its class, a place, a party or a document number is found in whichever form (URN, Digital Link, another
resolver's domain) it was captured or is asked for; a term of the CBV likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from standards.epcis import (
    AggregationEvent,
    AssociationEvent,
    Context,
    EpcisEvent,
    ObjectEvent,
    StandardEvent,
    TransactionEvent,
    TransformationEvent,
    vocabulary,
)
from standards.epcis.parts import ErrorDeclaration, Quantity, SensorElement
from standards.identifiers import canonical, class_link

CLASS: Final = "*"
"""At the end of a key's name: the class of the thing, for queries with a pattern."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    """One of text and number."""

    name: str
    text: str | None = None
    number: float | None = None


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def identifier(value: str) -> str:
    return canonical(vocabulary.from_urn(value.strip()))


def term(vocabulary_name: str, value: str, context: Context) -> str:
    return vocabulary.web_uri(vocabulary_name, value.strip(), context)


def keys(event: EpcisEvent) -> list[Key]:
    """Each once, in the order of the event."""
    found = dict.fromkeys(_keys(event))
    return list(found)


def _keys(event: EpcisEvent) -> Iterator[Key]:
    if event.error_declaration is not None:
        yield from _of_declaration(event.error_declaration, event.context)
    if isinstance(event, StandardEvent):
        yield from _of_context(event)
        yield from _of_things(event)
        for element in event.sensor_element_list:
            yield from _of_sensor(element, event.context)


def _of_declaration(declared: ErrorDeclaration, context: Context) -> Iterator[Key]:
    yield Key("errorDeclarationTime", number=micros(declared.declaration_time))
    if declared.reason is not None:
        yield Key("errorReason", term("reason", declared.reason, context))
    for event_id in declared.corrective_event_ids:
        yield Key("correctiveEventID", event_id)


def _of_context(event: StandardEvent) -> Iterator[Key]:
    for name, value in (("bizStep", event.biz_step), ("disposition", event.disposition)):
        if value is not None:
            yield Key(name, term(name, value, event.context))
    lasting = event.persistent_disposition
    for name, values in (("set", lasting.set if lasting else None), ("unset", lasting.unset if lasting else None)):
        for value in values or ():
            yield Key(f"persistentDisposition_{name}", term("disposition", value, event.context))
    for name, place in (("readPoint", event.read_point), ("bizLocation", event.biz_location)):
        if place is not None:
            yield Key(name, identifier(place.id))
    for transaction in event.biz_transaction_list:
        kind = term("bizTransactionType", transaction.type, event.context) if transaction.type else ""
        yield Key(f"bizTransaction_{kind}", identifier(transaction.biz_transaction))
    for source in event.source_list:
        yield Key(f"source_{term('partyType', source.type, event.context)}", identifier(source.source))
    for target in event.destination_list:
        yield Key(f"destination_{term('partyType', target.type, event.context)}", identifier(target.destination))


def _of_things(event: StandardEvent) -> Iterator[Key]:
    if isinstance(event, TransformationEvent):
        if event.transformation_id is not None:
            yield Key("transformationID", identifier(event.transformation_id))
        yield from _epcs("input", event.input_epc_list)
        yield from _epcs("output", event.output_epc_list)
        yield from _quantities("inputClass", event.input_quantity_list)
        yield from _quantities("outputClass", event.output_quantity_list)
        return
    if isinstance(event, ObjectEvent | TransactionEvent | AggregationEvent | AssociationEvent):
        yield Key("action", event.action)
    if isinstance(event, ObjectEvent | TransactionEvent):
        yield from _epcs("epc", event.epc_list or ())
        yield from _quantities("class", event.quantity_list or ())
    if isinstance(event, AggregationEvent | AssociationEvent):
        yield from _epcs("epc", event.child_epcs or ())
        yield from _quantities("class", event.child_quantity_list or ())
    if isinstance(event, TransactionEvent | AggregationEvent | AssociationEvent) and event.parent_id is not None:
        yield from _epcs("parent", (event.parent_id,))


def _epcs(name: str, values: Iterable[str]) -> Iterator[Key]:
    for value in values:
        link = identifier(value)
        yield Key(name, link)
        of_class = class_link(link)
        if of_class is not None:
            yield Key(name + CLASS, of_class)


def _quantities(name: str, quantities: Iterable[Quantity]) -> Iterator[Key]:
    for entry in quantities:
        yield from _epcs(name, (entry.epc_class,))
        if entry.quantity is not None:
            yield Key("quantity", number=float(entry.quantity))


def _of_sensor(element: SensorElement, context: Context) -> Iterator[Key]:
    about = element.sensor_metadata
    if about is not None:
        for name, moment in (("startTime", about.start_time), ("endTime", about.end_time)):
            if moment is not None:
                yield Key(name, number=micros(moment))
    for part in (*((about,) if about else ()), *element.sensor_report):
        for name, value in (
            ("deviceID", part.device_id),
            ("dataProcessingMethod", part.data_processing_method),
            ("bizRules", part.biz_rules),
        ):
            if value is not None:
                yield Key(name, identifier(value))
    for report in element.sensor_report:
        yield Key("type", term("measurement", report.type, context))
        for name, value in (
            ("microorganism", report.microorganism),
            ("chemicalSubstance", report.chemical_substance),
            ("uriValue", report.uri_value),
        ):
            if value is not None:
                yield Key(name, identifier(value))
        if report.string_value is not None:
            yield Key("stringValue", report.string_value)
        if report.hex_binary_value is not None:
            yield Key("hexBinaryValue", report.hex_binary_value.upper())
        if report.boolean_value is not None:
            yield Key("booleanValue", "true" if report.boolean_value else "false")
