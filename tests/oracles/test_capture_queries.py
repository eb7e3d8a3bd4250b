"""GET /events with the query language of EPCIS 2.0, and pages."""

from __future__ import annotations

import itertools
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from capture_desk import events_of, lone, new_desk
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import NOON, declared_error, epcis, epcis_event, temperature

from oracles.capture.parameters import parse_paging, parse_query
from oracles.capture.problems import ParameterInvalid
from oracles.http.settings import Right

ITEM = "urn:epc:id:sgtin:4012345.011111.9876"
ITEM_LINK = "https://id.gs1.org/01/04012345111118/21/9876"
PALLET = "urn:epc:id:sscc:4012345.3111111111"
LOT = "urn:epc:class:lgtin:4012345.011111.L7"
PLACE = "urn:epc:id:sgln:4012345.00005.122"
SEND = {"source": "urn:epc:id:pgln:4012345.00005", "type": "possessing_party"}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    """Five events: A receives an item, B packs it, C turns it into a lot, D measures, E declares A an error."""
    desk = new_desk(tmp_path_factory.mktemp("stocked"))
    receiving = epcis_event(
        epcList=[ITEM],
        quantity=None,
        eventID="urn:x:A",
        disposition="https://ref.gs1.org/cbv/Disp-in_progress",
        readPoint={"id": PLACE},
        bizLocation={"id": "https://id.gs1.org/414/4012345000054"},
        sourceList=[SEND],
        persistentDisposition={"set": ["conformant"]},
    )
    packing = {
        "type": "AggregationEvent",
        "eventID": "urn:x:B",
        "eventTime": (NOON - timedelta(minutes=30)).isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "action": "ADD",
        "bizStep": "cbv:BizStep-packing",
        "parentID": PALLET,
        "childEPCs": [ITEM_LINK],
        "childQuantityList": [{"epcClass": LOT, "quantity": 12.5, "uom": "KGM"}],
    }
    making = {
        "type": "TransformationEvent",
        "eventID": "urn:x:C",
        "eventTime": (NOON - timedelta(minutes=20)).isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "transformationID": "urn:epc:id:gdti:4012345.00005.7",
        "inputEPCList": [ITEM],
        "outputQuantityList": [{"epcClass": LOT, "quantity": 40}],
    }
    measuring = temperature(4.5, eventID="urn:x:D", order=None)
    element = measuring["sensorElementList"][0]
    element["sensorMetadata"] |= {"deviceID": "urn:epc:id:giai:4000001.111", "startTime": "2026-05-28T11:00:00Z"}
    element["sensorReport"].append({"type": "gs1:Illuminance", "booleanValue": True, "stringValue": "dim|dark"})
    wrong = declared_error(receiving, "incorrect_data")
    wrong["errorDeclaration"]["correctiveEventIDs"] = ["urn:x:A2"]
    assert desk.run(epcis(receiving, packing, making, measuring, wrong))["success"]
    return desk


def names(events) -> str:
    """A to D; E is A with its declaration."""
    return "".join("E" if "errorDeclaration" in event else event["eventID"][-1] for event in events)


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, "ABCDE"),
        ({"eventType": "AggregationEvent|TransformationEvent"}, "BC"),
        ({"EQ_action": "ADD"}, "B"),
        ({"EQ_bizStep": "receiving|packing"}, "ABE"),
        ({"EQ_bizStep": "https://ref.gs1.org/cbv/BizStep-packing"}, "B"),
        ({"EQ_bizStep": "urn:epcglobal:cbv:bizstep:packing"}, "B"),
        ({"EQ_disposition": "in_progress"}, "AE"),
        ({"EQ_persistentDisposition_set": "conformant"}, "AE"),
        ({"EQ_persistentDisposition_unset": "conformant"}, ""),
        ({"EQ_readPoint": "https://acme.example/414/4012345000054/254/122?x=1"}, "AE"),
        ({"EQ_bizLocation": "urn:epc:id:sgln:4012345.00005.0"}, "AE"),
        ({"EQ_transformationID": "https://id.gs1.org/253/40123450000547"}, "C"),
        ({"EQ_bizTransaction_po": "urn:epcglobal:cbv:bt:4012345000023:PO-2026-0815"}, "AE"),
        ({"EQ_bizTransaction_https://ref.gs1.org/cbv/BTT-po": "urn:epcglobal:cbv:bt:4012345000023:PO-2026-0815"}, "AE"),
        ({"EQ_bizTransaction_inv": "urn:epcglobal:cbv:bt:4012345000023:PO-2026-0815"}, ""),
        ({"EQ_source_possessing_party": "https://id.gs1.org/417/4012345000054"}, "AE"),
        ({"EQ_destination_possessing_party": "https://id.gs1.org/417/4012345000054"}, ""),
        ({"MATCH_epc": ITEM}, "ABE"),
        ({"MATCH_epc": ITEM_LINK}, "ABE"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.011111.*"}, "ABE"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:4012345.022222.*"}, ""),
        ({"MATCH_parentID": PALLET}, "B"),
        ({"MATCH_inputEPC": ITEM}, "C"),
        ({"MATCH_outputEPC": ITEM}, ""),
        ({"MATCH_anyEPC": ITEM}, "ABCE"),
        ({"MATCH_anyEPC": PALLET}, "B"),
        ({"MATCH_epcClass": LOT}, "B"),
        ({"MATCH_epcClass": "urn:epc:idpat:sgtin:4012345.011111.*"}, "B"),
        ({"MATCH_inputEPCClass": LOT}, ""),
        ({"MATCH_outputEPCClass": LOT}, "C"),
        ({"MATCH_anyEPCClass": LOT}, "BC"),
        ({"EQ_quantity": "12.50"}, "B"),
        ({"GT_quantity": "12.5"}, "C"),
        ({"GE_quantity": "12.5", "LE_quantity": "12.5"}, "B"),
        ({"LT_quantity": "40"}, "B"),
        ({"EQ_eventID": "urn:x:B|urn:x:D"}, "BD"),
        ({"EXISTS_errorDeclaration": "true"}, "E"),
        ({"GE_errorDeclarationTime": NOON.isoformat()}, "E"),
        ({"LT_errorDeclarationTime": NOON.isoformat()}, ""),
        ({"EQ_errorReason": "incorrect_data"}, "E"),
        ({"EQ_correctiveEventID": "urn:x:A2"}, "E"),
        ({"EQ_type": "Temperature"}, "D"),
        ({"EQ_type": "https://gs1.org/voc/Illuminance"}, "D"),
        ({"EQ_deviceID": "https://id.gs1.org/8004/4000001111"}, "D"),
        ({"EQ_booleanValue": "true"}, "D"),
        ({"EQ_booleanValue": "false"}, ""),
        ({"GE_startTime": "2026-05-28T13:00:00+02:00"}, "D"),
        ({"LT_startTime": "2026-05-28T13:00:00+02:00"}, ""),
        ({"GE_eventTime": "2026-05-28T13:30:00+02:00"}, "BCD"),
        ({"LT_eventTime": "2026-05-28T11:40:00Z"}, "ABE"),
        ({"GE_eventTime": "2026-05-28T11:30:00Z", "LT_eventTime": "2026-05-28T11:40:00Z"}, "B"),
        ({"GE_recordTime": "2000-01-01T00:00:00Z"}, "ABCDE"),
        ({"LT_recordTime": "2000-01-01T00:00:00Z"}, ""),
        ({"orderBy": "eventTime", "orderDirection": "ASC", "EXISTS_errorDeclaration": "true"}, "E"),
        ({"orderBy": "eventTime"}, "DCBEA"),
        ({"orderBy": "eventTime", "orderDirection": "ASC"}, "AEBCD"),
        ({"orderBy": "eventTime", "eventCountLimit": "2"}, "DC"),
        ({"maxEventCount": "5"}, "ABCDE"),
    ],
)
def test_query_finds_what_it_asks_for(stocked, parameters, found):
    assert names(stocked.found(**parameters)) == found


def test_query_that_finds_too_much_is_refused(stocked):
    answer = stocked.get("/events?maxEventCount=4")

    assert answer.status_code == 413
    assert answer.json()["type"] == "epcisException:QueryTooLargeException"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("EQ_lane=7", "EQ_lane is no parameter"),
        ("EQ_readPoint=here", "not a URI"),
        ("WD_readPoint=urn:x:y", "use EQ_readPoint"),
        ("EQ_action=LOOK", "not one of ADD"),
        ("EQ_bizStep=swimming", "neither a word"),
        ("EQ_bizStep=", "empty value"),
        ("EQ_bizStep=packing|", "empty value"),
        ("EQ_bizStep=packing&EQ_bizStep=receiving", "given twice"),
        ("EQ_bizTransaction_letter=urn:x:y", "neither a word"),
        ("EQ_eventID=" + "|".join(map(str, range(101))), "101 values; 100"),
        ("MATCH_epc=urn:epc:idpat:sgtin:4012345.*.*", "only the last part may be *"),
        ("GE_eventTime=yesterday", "is not a time"),
        ("GE_eventTime=2026-05-28T10:00:00+02:00", "written %2B"),
        ("EQ_quantity=many", "is not a number"),
        ("EQ_quantity=NaN", "beyond the numbers"),
        ("EQ_quantity=1e999999999", "beyond the numbers"),
        ("EQ_booleanValue=1", "neither true nor false"),
        ("EXISTS_errorDeclaration=false", "only ask for true"),
        ("orderBy=quantity", "one of eventTime, recordTime"),
        ("orderBy=eventTime&orderDirection=UP", "one of ASC, DESC"),
        ("eventCountLimit=5", "needs orderBy"),
        ("orderBy=eventTime&eventCountLimit=5&maxEventCount=5", "exclude each other"),
        ("perPage=0", "whole number from 1"),
        ("perPage=1e3", "whole number from 1"),
        ("maxEventCount=-1", "whole number from 1"),
        ("nextPageToken=abc", "none that was given"),
        ("nextPageToken=", "none that was given"),
        ("nextPageToken=" + "A" * 1000, "none that was given"),
        ("MATCH_epc", "cannot be read"),
        ("MATCH_epc=%FF", "cannot be read"),
        ("&".join(f"a{n}=1" for n in range(65)), "cannot be read"),
    ],
)
def test_query_that_is_not_understood_is_refused(desk, query, why):
    answer = desk.get(f"/events?{query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "epcisException:QueryParameterException"
    assert why in answer.json()["detail"]


def test_jobs_have_no_parameters_but_pages(desk):
    assert desk.get("/capture?running=true", Right.CAPTURE).status_code == 400


@given(
    st.text(max_size=60)
    | st.lists(
        st.tuples(st.sampled_from(["GE_eventTime", "MATCH_epc", "nextPageToken", "EQ_quantity"]), st.text(max_size=20))
    ).map(urlencode)
)
def test_no_query_string_makes_the_parser_fail(text):
    for parse in (parse_query, parse_paging):
        try:
            parse(text)
        except ParameterInvalid:
            continue


# Pages


def pages(desk, path, right=Right.QUERY):
    """The bodies of all pages, following the links."""
    while path:
        answer = desk.get(path, right)
        assert answer.status_code == 200, answer.text
        yield answer
        link = answer.headers.get("Link", "")
        assert bool(link) == bool(answer.headers.get("GS1-Next-Page-Token-Expires"))
        assert not link or link.endswith('>; rel="next"')
        path = link.removeprefix("<").partition(">")[0]


@pytest.fixture
def seven(desk):
    for quantity in (4, 1, 7, 3, 6, 2, 5):
        desk.post("/events", lone("storing", quantity=quantity, at=NOON - timedelta(days=quantity)))
    return desk


def quantities(answers) -> list[int]:
    return [event["quantityList"][0]["quantity"] for answer in answers for event in events_of(answer)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [4, 1, 7, 3, 6, 2, 5]),
        ("&orderBy=eventTime", [1, 2, 3, 4, 5, 6, 7]),
        ("&orderBy=eventTime&orderDirection=ASC", [7, 6, 5, 4, 3, 2, 1]),
        ("&orderBy=recordTime", [5, 2, 6, 3, 7, 1, 4]),
        ("&orderBy=eventTime&eventCountLimit=5", [1, 2, 3, 4, 5]),
        ("&orderBy=eventTime&eventCountLimit=4", [1, 2, 3, 4]),
        (f"&EQ_bizStep={quote('storing|urn:epcglobal:cbv:bizstep:packing', safe='')}", [4, 1, 7, 3, 6, 2, 5]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_pages_give_each_event_once_in_order(seven, query, expected, size):
    answers = list(pages(seven, f"/events?perPage={size}{query}"))

    assert quantities(answers) == expected
    assert len(answers) == -(-len(expected) // size)


def test_page_is_never_longer_than_the_node_allows(seven):
    seven.bench.settings_changes["capture"] |= {"page_limit": 3}
    seven.restart()

    assert [len(events_of(answer)) for answer in pages(seven, "/events?perPage=1000")] == [3, 3, 1]


def test_page_ends_where_its_events_grow_too_long(seven, monkeypatch):
    monkeypatch.setattr("oracles.capture.queries.PAGE_SIGNS", 1000)

    answers = list(pages(seven, "/events?orderBy=eventTime"))

    assert quantities(answers) == [1, 2, 3, 4, 5, 6, 7]
    assert 1 < len(answers) <= 7


@pytest.mark.parametrize("order", ["", "&orderBy=eventTime"])
def test_what_comes_in_between_pages_neither_repeats_nor_hides(seven, order):
    answers = pages(seven, f"/events?perPage=3{order}")
    first = next(answers)
    seven.post("/events", lone("storing", quantity=9, at=NOON - timedelta(days=2, hours=12)))

    assert sorted(quantities([first, *answers])) == [1, 2, 3, 4, 5, 6, 7]


def test_token_belongs_to_its_query(seven):
    link = seven.get("/events?perPage=2").headers["Link"]
    (token,) = parse_qs(urlsplit(link[1 : link.index(">")]).query)["nextPageToken"]

    answer = seven.get(f"/events?perPage=2&EQ_bizStep=storing&nextPageToken={token}")

    assert answer.status_code == 400
    assert "another query" in answer.json()["detail"]


def test_token_expires(seven, monkeypatch):
    link = seven.get("/events?perPage=2").headers["Link"]
    path = link[1 : link.index(">")]
    assert seven.get(path).status_code == 200

    monkeypatch.setattr("time.time", lambda: 2**33)

    assert "expired" in seven.get(path).json()["detail"]


def test_jobs_come_in_pages_newest_first(desk):
    ids = [desk.capture(epcis(epcis_event(quantity=quantity))) for quantity in range(1, 6)]

    jobs = [answer.json() for answer in pages(desk, "/capture?perPage=2", Right.CAPTURE)]

    assert [len(page) for page in jobs] == [2, 2, 1]
    assert [job["captureID"] for job in itertools.chain(*jobs)] == ids[::-1]
