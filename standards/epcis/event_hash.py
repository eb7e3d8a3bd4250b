"""The CBV 2.0 event hash: one fingerprint for one event, however it is written.

An event becomes a pre-hash string: `key=value` one after the other without separators, in an order fixed here, lists
sorted by their bytes, values in one form. Its SHA-256 names the event. `recordTime`, `eventID` and `errorDeclaration`
stay out, so that a declared error has the hash of the event that it voids.

The known answers write business transactions, sources and destinations among what follows in alphabetical order (with
master data and extensions), not where the text of the CBV has them; so do we.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

from standards.epcis import vocabulary
from standards.epcis.canonical_value import canonical_number, canonical_text, plain_text
from standards.epcis.context import Context
from standards.epcis.errors import EpcisInvalid
from standards.epcis.events import EpcisEvent
from standards.epcis.times import canonical_time
from standards.problems import Problem, pointer

Write = Callable[[Any, Context], str]

_OUTSIDE: Final = frozenset({"@context", "type", "recordTime", "eventID", "errorDeclaration"})
_COMMENTS: Final = frozenset({"rdfs:comment", "comment"})


def event_hash(event: EpcisEvent | Mapping[str, Any], context: Context | None = None) -> str:
    """`ni:///sha-256;<hex>?ver=CBV2.0`. A mapping without `context` is read by its own `@context`."""
    return f"ni:///sha-256;{event_digest(event, context).hex()}?ver=CBV2.0"


def event_digest(event: EpcisEvent | Mapping[str, Any], context: Context | None = None) -> bytes:
    """The 32 bytes of the event hash."""
    return sha256(pre_hash_string(event, context).encode()).digest()


def pre_hash_string(event: EpcisEvent | Mapping[str, Any], context: Context | None = None) -> str:
    """What the event hash is taken over. Raises EpcisInvalid where a value has a form that no event can have."""
    if isinstance(event, EpcisEvent):
        source, declared = event.source, context or event.context
    else:
        source, declared = event, context or Context().with_declared(event.get("@context"))
    return f"eventType={source['type']}{_ordered(source, _EVENT, declared)}{_others(source, declared)}"


def _ordered(source: Mapping[str, Any], order: Mapping[str, Write], context: Context) -> str:
    written = []
    # Asked before the loop: what is no mapping is a problem of whoever holds it.
    given = source.keys()
    name = ""
    try:
        for name in [name for name in order if name in given]:
            value = source[name]
            if value is not None:
                written.append(order[name](value, context))
    except (AttributeError, TypeError, ValueError) as error:
        raise _unwritable(name, error) from error
    return "".join(written)


def _unwritable(name: str, error: Exception) -> EpcisInvalid:
    if isinstance(error, EpcisInvalid):
        return EpcisInvalid([Problem(pointer(name) + inner.pointer, inner.message) for inner in error.problems])
    why = str(error) if type(error) is ValueError else "it has not the structure that EPCIS gives it"
    return EpcisInvalid([Problem(pointer(name), why)])


def _others(source: Mapping[str, Any], context: Context) -> str:
    """Everything beyond the fixed order, sorted: the business lists, master data and extensions."""
    entries: list[str] = []
    for name, value in source.items():
        if name in _LISTS:
            entries.append(_ordered(source, {name: _LISTS[name]}, context))
        elif name not in _EVENT and name not in _OUTSIDE and name not in _COMMENTS:
            entries += _entries(name, value, context)
    return "".join(sorted(entries))


def _entries(name: str, value: Any, context: Context) -> Iterable[str]:
    """One entry for each value under an extension's name; null says nothing."""
    if isinstance(value, list):
        for item in value:
            yield from _entries(name, item, context)
    elif isinstance(value, Mapping):
        yield context.expanded_name(name) + _object(value, context)
    elif value is not None:
        text = canonical_text(value, context)
        yield context.expanded_name(name) + (f"={text}" if text else "")


def _object(source: Mapping[str, Any], context: Context) -> str:
    members = ((name, value) for name, value in source.items() if name not in _COMMENTS)
    return "".join(sorted(entry for name, value in members for entry in _entries(name, value, context)))


def _field(name: str, canonical: Callable[[Any, Context], str] = canonical_text) -> Write:
    """`name=value` for each value, sorted; nothing for an empty one."""

    def write(value: Any, context: Context) -> str:
        if not isinstance(value, list):
            text = canonical(value, context)
            return f"{name}={text}" if text else ""
        texts = sorted([canonical(item, context) for item in value])
        return "".join([f"{name}={text}" for text in texts if text])

    return write


def _term(name: str, vocabulary_name: str) -> Write:
    words, stem = vocabulary.BY_NAME[vocabulary_name]

    def canonical(value: Any, context: Context) -> str:
        term = plain_text(value)
        if term in words:
            return stem + term
        if term and not vocabulary.is_term(vocabulary_name, term):
            raise ValueError(f"{term!r} is neither a word of the vocabulary ({vocabulary_name}) nor a URI of one's own")
        return canonical_text(vocabulary.web_uri(vocabulary_name, term, context), context)

    return _field(name, canonical)


def _time(name: str) -> Write:
    return _field(name, lambda value, _: canonical_time(plain_text(value)))


def _epcs(name: str) -> Write:
    return _under(name, _field("epc"))


def _under(name: str, write_inside: Write) -> Write:
    """A name before what stands under it, and nothing where that is empty."""

    def write(value: Any, context: Context) -> str:
        inside = write_inside(value, context)
        return name + inside if inside else ""

    return write


def _part(order: Mapping[str, Write]) -> Write:
    """An object: its own fields in order, then its extensions."""

    def write(value: Any, context: Context) -> str:
        own = _ordered(value, order, context)
        rest = {name: item for name, item in value.items() if name not in order}
        return own + _object(rest, context) if rest else own

    return write


def _each(order: Mapping[str, Write], name: str = "") -> Write:
    """A list of objects, written one by one and sorted."""
    write_part = _under(name, _part(order))
    return lambda value, context: "".join(sorted([write_part(item, context) for item in value]))


def _text(name: str) -> Write:
    """A text that is a text even where it looks like a number."""
    return _field(name, lambda value, _: plain_text(value))


def _number(name: str) -> Write:
    return _field(name, lambda value, _: canonical_number(value))


_QUANTITY: Final = {"epcClass": _field("epcClass"), "quantity": _number("quantity"), "uom": _field("uom")}
_PLACE: Final = {"id": _field("id")}
_DEVICE: Final = {name: _field(name) for name in ("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod")}
_METADATA: Final = {
    **{name: _time(name) for name in ("time", "startTime", "endTime")},
    **_DEVICE,
    "bizRules": _field("bizRules"),
}
_REPORT: Final = {
    "type": _term("type", "measurement"),
    "exception": _term("exception", "alert"),
    **_DEVICE,
    "bizRules": _field("bizRules"),
    "time": _time("time"),
    "microorganism": _field("microorganism"),
    "chemicalSubstance": _field("chemicalSubstance"),
    "value": _number("value"),
    "component": _term("component", "component"),
    "stringValue": _text("stringValue"),
    "booleanValue": _field("booleanValue"),
    "hexBinaryValue": _text("hexBinaryValue"),
    "uriValue": _field("uriValue"),
    **{name: _number(name) for name in ("minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")},
    "uom": _field("uom"),
    "coordinateReferenceSystem": _field("coordinateReferenceSystem"),
}
_SENSOR: Final = {
    "sensorMetadata": _under("sensorMetadata", _part(_METADATA)),
    "sensorReport": _each(_REPORT, "sensorReport"),
}
_EVENT: Final[Mapping[str, Write]] = {
    "eventTime": _time("eventTime"),
    "eventTimeZoneOffset": _field("eventTimeZoneOffset"),
    "certificationInfo": _field("certificationInfo"),
    "parentID": _field("parentID"),
    "epcList": _epcs("epcList"),
    "inputEPCList": _epcs("inputEPCList"),
    "childEPCs": _epcs("childEPCs"),
    "quantityList": _under("quantityList", _each(_QUANTITY, "quantityElement")),
    "childQuantityList": _under("childQuantityList", _each(_QUANTITY, "quantityElement")),
    "inputQuantityList": _under("inputQuantityList", _each(_QUANTITY, "quantityElement")),
    "outputEPCList": _epcs("outputEPCList"),
    "outputQuantityList": _under("outputQuantityList", _each(_QUANTITY, "quantityElement")),
    "action": _field("action"),
    "transformationID": _field("transformationID"),
    "bizStep": _term("bizStep", "bizStep"),
    "disposition": _term("disposition", "disposition"),
    "persistentDisposition": _under(
        "persistentDisposition", _part({name: _term(name, "disposition") for name in ("set", "unset")})
    ),
    "readPoint": _under("readPoint", _part(_PLACE)),
    "bizLocation": _under("bizLocation", _part(_PLACE)),
    "sensorElementList": _under("sensorElementList", _each(_SENSOR, "sensorElement")),
}
_LISTS: Final[Mapping[str, Write]] = {
    "bizTransactionList": _under(
        "bizTransactionList",
        _each({"type": _term("type", "bizTransactionType"), "bizTransaction": _field("bizTransaction")}),
    ),
    "sourceList": _under("sourceList", _each({"type": _term("type", "partyType"), "source": _field("source")})),
    "destinationList": _under(
        "destinationList", _each({"type": _term("type", "partyType"), "destination": _field("destination")})
    ),
}
