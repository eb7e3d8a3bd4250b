"""EPC URNs as Digital Links: the other form of the same event."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from standards.epcis import event_hash, parse_document
from standards.epcis.forms import in_links, links

OBJECT = {
    "type": "ObjectEvent",
    "eventTime": "2026-05-28T10:00:00Z",
    "eventTimeZoneOffset": "+02:00",
    "action": "OBSERVE",
}
URN = "urn:epc:id:sgtin:0614141.107346.2017"
LINK = "https://id.gs1.org/01/10614141073464/21/2017"


def test_urn_without_a_link_stays():
    source = OBJECT | {"epcList": ["urn:epc:id:bic:CSQU3054383", "urn:epc:id:gid:1.2.3"]}

    assert in_links(source) == source
    assert links(source) == []


def test_what_has_not_the_form_of_epcis_is_left_alone():
    source = {"type": "https://acme.example/Own", "epcList": 7, "readPoint": [URN], "sensorElementList": [7, {}]}

    assert in_links(source) == source
    assert links(source) == []


def test_identifiers_everywhere_become_links():
    place = "urn:epc:id:sgln:0614141.07346.1234"
    source = OBJECT | {
        "epcList": [URN],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200}],
        "readPoint": {"id": place, "acme:floor": URN},
        "sourceList": [{"type": "possessing_party", "source": "urn:epc:id:pgln:4012345.00225"}],
        "sensorElementList": [{"sensorReport": [{"type": "Temperature", "deviceID": "urn:epc:id:giai:4000001.111"}]}],
    }

    found = in_links(source)

    assert found["epcList"] == [LINK]
    assert found["quantityList"][0]["epcClass"] == "https://id.gs1.org/01/04012345123456/10/998877"
    assert found["readPoint"] == {"id": "https://id.gs1.org/414/0614141073467/254/1234", "acme:floor": URN}
    assert found["sourceList"][0]["source"] == "https://id.gs1.org/417/4012345002256"
    assert found["sensorElementList"][0]["sensorReport"][0]["deviceID"] == "https://id.gs1.org/8004/4000001111"
    assert len(links(found)) == 5


def test_list_with_one_thing_in_both_forms_keeps_both():
    source = OBJECT | {"epcList": [URN, LINK]}

    assert in_links(source) == source


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(6, 12)), unique=True, max_size=6))
def test_hash_is_the_same_in_both_forms(items):
    urns = [f"urn:epc:id:sgtin:{'614141000000'[:length]}.{'1' * (13 - length)}.{serial}" for serial, length in items]
    source = OBJECT | {"epcList": list(dict.fromkeys(urns))}

    assert event_hash(in_links(source)) == event_hash(source)


def test_hash_of_every_sample_is_the_same_in_both_forms(samples: Path):
    files = [*(samples / "epcis").glob("event-hash-vectors/*.jsonld"), *(samples / "epcis").rglob("gs1-examples/**/*")]
    seen = 0
    for file in files:
        if file.suffix != ".jsonld":
            continue
        for event in parse_document(file.read_bytes()).events:
            seen += 1
            assert event_hash(in_links(event.source), event.context) == event_hash(event), file.name
    assert seen > 50
