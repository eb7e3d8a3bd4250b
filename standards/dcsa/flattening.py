"""Events of the beta and of 3.0 in the flat form of 2.2, each property with the place that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from standards.dcsa.words import of_document, of_reference, word

Path = tuple[str, ...]
Source = Mapping[str, Any]

_MESSAGE_OF_3: Final = frozenset(
    {"eventID", "eventUpdatedDateTime", "eventDateTime", "isRetracted", "eventRouting", "feedbackElements"}
)
_ABSENT: Final = object()


@dataclass
class Flat:
    """`values` in the names of 2.2, `places` where each of them stood, `fact` what of the event is no message."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Path] = field(default_factory=dict)
    fact: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str, source: Source, *paths: Path, words: str = "") -> Any:
        """The value at the first of the paths that there is; where none is, errors point to the first one."""
        self.places[name] = paths[0]
        for path in paths:
            value = _at(source, path)
            if value is not _ABSENT:
                self.places[name] = path
                self.values[name] = word(words, value) if words else value
                return value
        return None


def of_beta(source: Source) -> Flat:
    """`metadata` and `payload`: the payload is the fact."""
    flat = Flat()
    for name in ("eventID", "eventCreatedDateTime", "eventType", "retractedEventID", "isRetracted"):
        flat.take(name, source, ("metadata", name))
    payload = _object(source, "payload")
    for name in payload:
        if name not in flat.values:
            flat.take(name, source, ("payload", name))
    flat.places["eventDateTime"], flat.places["eventClassifierCode"] = (
        ("payload", "eventDateTime"),
        ("payload", "eventClassifierCode"),
    )
    related = _list(payload, "relatedDocumentReferences")
    if related and "documentReferences" not in flat.values:
        flat.values["documentReferences"] = [_document(item) for item in related]
        flat.places["documentReferences"] = ("payload", "relatedDocumentReferences")
    flat.take("eventLocation", source, ("payload", "eventLocation"), ("payload", "geoLocation"))
    measured = _object(payload, "measurements")
    _take_measured(flat, measured, ("payload", "measurements"), [measured.get("temperature")], measured.get("humidity"))
    flat.fact = {"eventType": flat.values.get("eventType")} | {k: v for k, v in payload.items() if k != "eventDateTime"}
    return flat


def of_3(source: Source) -> Flat:
    """Both dialects of 2026: they differ in names and words only, and samples of one have names of the other."""
    flat = Flat(fact={name: value for name, value in source.items() if name not in _MESSAGE_OF_3})
    flat.take("eventID", source, ("eventID",))
    flat.take("isRetracted", source, ("isRetracted",))
    flat.take("eventCreatedDateTime", source, ("eventUpdatedDateTime",))
    flat.take("eventDateTime", source, ("eventDateTime",))
    _take_classification(flat, source)
    _take_documents(flat, source)
    _take_equipment(flat, source)
    call = _object(_object(source, "transportDetails"), "transportCall")
    if call:
        flat.values["transportCall"] = _call(call)
    flat.places["transportCall"] = ("transportDetails", "transportCall")
    place = source.get("eventLocation")
    if place is not None:
        flat.values["eventLocation"] = _location(place)
    _take_reefer(flat, source)
    return flat


def originator(source: Source) -> str:
    """The originating party as list and code; event ids of 3.0 are unique only within it. Empty where none is named."""
    routing = _object(source, "eventRouting")
    parties = _list(routing, "originatingParties")
    party = parties[0] if parties else routing.get("originatingParty")
    if not isinstance(party, dict):
        return ""
    return "|".join(str(party.get(name) or "") for name in ("codeListProvider", "codeListName", "partyCode"))


def _take_classification(flat: Flat, source: Source) -> None:
    where = "eventClassification"
    flat.take("eventType", source, (where, "eventTypeCode"), (where, "eventType"))
    flat.take(
        "eventClassifierCode",
        source,
        (where, "eventClassifierCode"),
        (where, "eventClassifier"),
        words="classifier",
    )
    for kind in ("transport", "equipment", "shipment", "reefer"):
        old, new = f"{kind}EventTypeCode", f"{kind}EventType"
        flat.take(old, source, (where, old), (where, new), words=kind)
    # Which thing happened stands in the details, or, in June, in the type.
    details = ("iotDetails", "iotEventCode"), ("iotDetails", "iotEventType")
    flat.take("iotEventCode", source, *details, (where, "iotEventType"), (where, "iotEventTypeCode"))


def _take_documents(flat: Flat, source: Source) -> None:
    details, where = _object(source, "shipmentDetails"), "shipmentDetails"
    primary = details.get("documentReference")
    documents = [_document(item) for item in [primary, *_list(details, "additionalDocumentReferences")] if item]
    if documents:
        flat.values["documentReferences"] = documents
    flat.places["documentReferences"] = (where, "documentReference")
    references = _list(details, "shipmentReferences")
    if references:
        flat.values["references"] = [_reference(item) for item in references]
    flat.places["references"] = (where, "shipmentReferences")
    flat.take("reason", source, (where, "reason"))
    for name, of in (("documentTypeCode", "documentReferenceType"), ("documentID", "documentReferenceValue")):
        flat.places[name] = (where, "documentReference")
        if isinstance(primary, dict) and documents[0].get(of) is not None:
            flat.values[name] = documents[0][of]


def _take_equipment(flat: Flat, source: Source) -> None:
    where = "equipmentDetails"
    flat.take("equipmentReference", source, (where, "equipmentReference"))
    flat.take("emptyIndicatorCode", source, (where, "emptyIndicatorCode"), (where, "emptyIndicator"))
    seals = _list(_object(source, where), "seals")
    if seals:
        names = {"number": "sealNumber", "source": "sealSource", "type": "sealType"}
        flat.values["seals"] = [_renamed(item, names) for item in seals]
    flat.places["seals"] = (where, "seals")


def _take_reefer(flat: Flat, source: Source) -> None:
    details = _object(source, "reeferDetails")
    probes = [item for item in _list(details, "temperatureProbeMeasurements") if isinstance(item, dict)]
    found = [probe.get("measuredTemperatureValue", probe.get("temperature")) for probe in probes]
    if not any(value is not None for value in found):
        # What comes back from the cargo is the nearest to it; what is blown in is what the machine wishes.
        found = [_object(details, "returnAirTemperatureMeasurement").get("temperatureValue")]
    humidity = _object(details, "measuredParameters").get("humidityPercentage")
    _take_measured(flat, details, ("reeferDetails",), found, humidity)


def _take_measured(flat: Flat, details: Source, where: Path, temperatures: list[Any], humidity: Any) -> None:
    given = tuple(value for value in temperatures if value is not None)
    for name, value in (("temperatures", given or None), ("humidity", humidity)):
        flat.places[name] = where
        if value is not None:
            flat.values[name] = value
    if details.get("temperatureUnit") is not None:
        flat.values["temperatureUnit"] = details["temperatureUnit"]
    flat.places["temperatureUnit"] = (*where, "temperatureUnit")


def _document(item: Any) -> Any:
    """Of the beta: type and value; of 3.0: type or typeCode, and reference."""
    if not isinstance(item, dict):
        return item
    kind, value = item.get("typeCode", item.get("type")), item.get("reference", item.get("value"))
    return {"documentReferenceType": of_document(kind), "documentReferenceValue": value}


def _reference(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    kind = item.get("typeCode", item.get("type"))
    return {"referenceType": of_reference(kind), "referenceValue": item.get("reference", item.get("value"))}


def _call(call: Source) -> dict[str, Any]:
    """The one call, whichever means of transport it is of."""
    flat = dict(_renamed(call, {"transportCallReference": "transportCallID"}))
    vessel = call.get("vessel", call.get("vesselTransport"))
    if vessel is not None:
        flat["vessel"] = vessel
    return flat


def _location(place: Any) -> Any:
    """Codes and coordinates may stand in objects of their own."""
    if not isinstance(place, dict):
        return place
    inner = [_object(place, "facility"), _object(place, "geoCoordinate")]
    return dict(place) | {k: v for part in inner for k, v in part.items() if k not in place}


def _renamed(item: Any, names: Mapping[str, str]) -> Any:
    return {names.get(key, key): value for key, value in item.items()} if isinstance(item, dict) else item


def _at(source: Any, path: Path) -> Any:
    value = source
    for part in path:
        if not isinstance(value, dict) or value.get(part) is None:
            return _ABSENT
        value = value[part]
    return value


def _object(source: Source, name: str) -> Source:
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def _list(source: Source, name: str) -> list[Any]:
    value = source.get(name)
    return value if isinstance(value, list) else []


def malformed(source: Source) -> Iterator[tuple[Path, str]]:
    """Parts that are there in a form that nothing can be read from, with what they must be."""
    for path, kind, what in _PARTS:
        value = _at(source, path)
        if value is not _ABSENT and not isinstance(value, kind):
            yield path, f"it must be {what}"


_PARTS: Final[tuple[tuple[Path, type, str], ...]] = tuple(
    (path, dict, "an object")
    for path in (
        ("metadata",),
        ("payload",),
        ("payload", "measurements"),
        ("eventRouting",),
        ("eventClassification",),
        ("shipmentDetails",),
        ("shipmentDetails", "documentReference"),
        ("transportDetails",),
        ("transportDetails", "transportCall"),
        ("equipmentDetails",),
        ("reeferDetails",),
        ("reeferDetails", "measuredParameters"),
        ("reeferDetails", "returnAirTemperatureMeasurement"),
        ("iotDetails",),
    )
) + tuple(
    (path, list, "a list")
    for path in (
        ("payload", "relatedDocumentReferences"),
        ("eventRouting", "originatingParties"),
        ("shipmentDetails", "additionalDocumentReferences"),
        ("shipmentDetails", "shipmentReferences"),
        ("equipmentDetails", "seals"),
        ("reeferDetails", "temperatureProbeMeasurements"),
    )
)
