from typing import Any

import pytest
from epcis_factories import GS1_CONTEXT, document, event, written

from standards.epcis import (
    EpcisInvalid,
    ObjectEvent,
    event_hash,
    event_hashes,
    parse_document,
    parse_event,
    pre_hash_string,
)

EVENT = "/epcisBody/eventList/0"
HEADER = "/epcisHeader/epcisMasterData"


def pointers(value: Any) -> list[str]:
    with pytest.raises(EpcisInvalid) as refused:
        parse_document(written(value))
    return [problem.pointer for problem in refused.value.problems]


def test_document_query_document_and_bare_event_hold_the_same_event() -> None:
    results = {"queryName": "q", "resultsBody": {"eventList": [event()]}}
    query = document(type="EPCISQueryDocument", epcisBody={"queryResults": results})
    bare = event() | {"@context": GS1_CONTEXT}

    hashes = {event_hash(parse_document(written(value)).events[0]) for value in (document(), query, bare)}

    assert len(hashes) == 1


def test_event_is_read_with_its_instant_step_and_context() -> None:
    [read] = parse_document(written(document(event(bizStep="cbv:BizStep-receiving", disposition="in_progress")))).events

    assert isinstance(read, ObjectEvent)
    assert read.occurred_at.isoformat() == "2026-05-28T07:30:00+00:00"
    assert (read.step, read.state, read.action) == ("receiving", "in_progress", "OBSERVE")
    assert read.context.prefixes["example"] == "https://ns.example.com/epcis/"


def test_unknown_extensions_survive() -> None:
    [read] = parse_document(written(document(event(**{"example:seal": {"example:number": "42"}})))).events

    assert read.source["example:seal"] == {"example:number": "42"}
    assert read.model_extra == {"example:seal": {"example:number": "42"}}


def test_unknown_remote_context_is_neither_fetched_nor_fatal() -> None:
    elsewhere = "https://nowhere.example/context.jsonld"

    read = parse_document(written(document(event(**{"hc:ward": "7"}), **{"@context": [GS1_CONTEXT, elsewhere]})))

    assert read.context.unknown == (elsewhere,)
    assert "hc:ward=7" in pre_hash_string(read.events[0])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"eventTime": "22-07-2026"}, "/eventTime"),
        ({"eventTime": "2026-05-28T09:30:00"}, "/eventTime"),
        ({"eventTime": None}, "/eventTime"),
        ({"eventTimeZoneOffset": "+15:00"}, "/eventTimeZoneOffset"),
        ({"eventTimeZoneOffset": None}, "/eventTimeZoneOffset"),
        ({"action": "MOVE"}, "/action"),
        ({"action": None}, "/action"),
        ({"bizStep": "recieving"}, "/bizStep"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:receiving"}, "/bizStep"),
        ({"disposition": "lost"}, "/disposition"),
        ({"eventID": "no uri"}, "/eventID"),
        ({"quantityList": None}, ""),
        ({"quantityList": []}, ""),
        ({"quantityList": [{"quantity": 5}]}, "/quantityList/0/epcClass"),
        ({"quantityList": [{"epcClass": "a:b", "quantity": -1}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "a:b", "quantity": "5"}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "a:b", "quantity": True}]}, "/quantityList/0/quantity"),
        ({"quantityList": [{"epcClass": "a:b", "uom": "kg"}]}, "/quantityList/0/uom"),
        ({"quantityList": [{"epcClass": "a:b", "ex:x": 1}]}, "/quantityList/0/ex:x"),
        ({"epcList": ["a:b", "a:b"]}, ""),
        ({"epcList": ["not a uri"]}, "/epcList/0"),
        ({"readPoint": {"name": "gate"}}, "/readPoint/id"),
        ({"bizTransactionList": [{"type": "invoice", "bizTransaction": "a:b"}]}, "/bizTransactionList/0/type"),
        ({"sourceList": [{"type": "location"}]}, "/sourceList/0/source"),
        ({"ilmd": {"ex:lot": "1"}}, "/ilmd"),
        ({"ilmd": {"lot": "1"}, "action": "ADD"}, "/ilmd"),
        ({"seal": "42"}, "/seal"),
        ({"persistentDisposition": {}}, "/persistentDisposition"),
        ({"errorDeclaration": {"reason": "incorrect_data"}}, "/errorDeclaration/declarationTime"),
        ({"sensorElementList": [{"sensorReport": [{"value": 5}]}]}, "/sensorElementList/0/sensorReport/0/type"),
        ({"sensorElementList": [{"sensorReport": []}]}, "/sensorElementList/0/sensorReport"),
        ({"certificationInfo": 5}, "/certificationInfo"),
    ],
)
def test_fault_in_an_event_is_pointed_at(changes: dict[str, Any], place: str) -> None:
    assert pointers(document(event(**changes))) == [EVENT + place]


def test_null_is_refused_where_epcis_leaves_out() -> None:
    assert pointers(document(event() | {"bizStep": None})) == [f"{EVENT}/bizStep"]


def test_sensor_period_that_ends_before_it_starts_is_refused() -> None:
    period = {"startTime": "2026-05-02T00:00:00Z", "endTime": "2026-05-01T00:00:00Z"}
    element = {"sensorMetadata": period, "sensorReport": [{"type": "Temperature", "value": 5}]}

    assert pointers(document(event(sensorElementList=[element]))) == [f"{EVENT}/sensorElementList/0/sensorMetadata"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"@context": None}, "/@context"),
        ({"@context": ["not a uri"]}, "/@context"),
        ({"schemaVersion": "two"}, "/schemaVersion"),
        ({"creationDate": "yesterday"}, "/creationDate"),
        ({"epcisBody": None}, "/epcisBody"),
        ({"epcisBody": {}}, "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": {}}}, "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": [7]}}, "/epcisBody/eventList/0"),
        ({"note": "x"}, "/note"),
        ({"type": "EPCISReport"}, "/type"),
        ({"epcisHeader": {"epcisMasterData": {"vocabularyList": [{}]}}}, HEADER + "/vocabularyList/0/type"),
    ],
)
def test_fault_in_the_frame_is_pointed_at(changes: dict[str, Any], place: str) -> None:
    assert pointers(document(**changes)) == [place]


def test_every_faulty_event_is_named() -> None:
    assert pointers(document(event(action="MOVE"), event(), event(eventTime="x"))) == [
        "/epcisBody/eventList/0/action",
        "/epcisBody/eventList/2/eventTime",
    ]


def test_aggregation_without_its_whole_is_refused_unless_only_observed() -> None:
    packed = event(type="AggregationEvent", quantityList=None, childEPCs=["a:b"], action="ADD")

    assert pointers(document(packed)) == [f"{EVENT}/parentID"]
    assert parse_document(written(document(packed | {"action": "OBSERVE"}))).events[0].type == "AggregationEvent"


def test_transformation_needs_inputs_and_outputs_or_an_id() -> None:
    half = event(type="TransformationEvent", quantityList=None, action=None, inputEPCList=["a:b"])

    assert pointers(document(half)) == [EVENT]
    assert parse_document(written(document(half | {"transformationID": "a:c"}))).events


def test_hashing_asks_for_less_than_validity() -> None:
    loose = document(event(bizStep="urn:epcglobal:cbv:bizstep:receiving"), schemaVersion=None)

    assert event_hashes(written(loose)) == event_hashes(written(document()))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (document(event(eventTime="x")), "/epcisBody/eventList/0/eventTime: 'x' is not a time"),
        (document(event(eventTime=None)), "/epcisBody/eventList/0/eventTime: it is missing"),
        (document(event(quantityList=[5])), "/epcisBody/eventList/0/quantityList: it has not the structure"),
        (document(event(readPoint="a:b")), "/epcisBody/eventList/0/readPoint: it has not the structure"),
        (document(5), "/epcisBody/eventList/0: it must be an event"),
        (document(epcisBody={}), "/epcisBody/eventList: it is missing"),
        ([], "it must be a JSON object"),
    ],
)
def test_what_cannot_be_hashed_is_refused_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(EpcisInvalid, match=message):
        event_hashes(written(value))


def test_a_converted_event_brings_its_own_context() -> None:
    bare = event(**{"@context": {"own": "urn:own:"}, "own:fact": "1"})

    assert "{urn:own:}fact=1" in pre_hash_string(parse_event(bare))
