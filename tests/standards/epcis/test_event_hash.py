"""One fact has one hash however it is written; another fact has another."""

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from epcis_factories import GS1_CONTEXT, document, event, written
from hypothesis import given, settings
from hypothesis import strategies as st

from standards.epcis import EpcisInvalid, event_hash, event_hashes, parse_event, pre_hash_string
from standards.epcis.vocabulary import BY_NAME
from standards.identifiers import check_digit

WORDS = frozenset().union(*(words for words, _ in BY_NAME.values()))

CONTEXT = [GS1_CONTEXT, {"example": "https://ns.example.com/epcis/"}]


def rich_event() -> dict[str, Any]:
    return event(
        **{"@context": CONTEXT},
        epcList=["urn:epc:id:sscc:4012345.0000000333", "urn:epc:id:sscc:4012345.0000000111"],
        quantityList=[
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 200.5, "uom": "KGM"},
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.L2", "quantity": 30},
        ],
        bizTransactionList=[
            {"type": "po", "bizTransaction": "http://transaction.acme.com/po/12345678"},
            {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:0614141073467:1152"},
        ],
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
        persistentDisposition={"set": ["damaged", "recalled"], "unset": ["available"]},
        readPoint={"id": "urn:epc:id:sgln:4012345.00011.987", "example:gate": "7"},
        sensorElementList=[
            {
                "sensorMetadata": {"time": "2026-05-28T07:00:00Z", "deviceID": "urn:epc:id:giai:4000001.111"},
                "sensorReport": [
                    {"type": "Temperature", "value": 26.1, "uom": "CEL"},
                    {"type": "Illuminance", "value": 800, "uom": "LUX"},
                ],
            }
        ],
        **{"example:crew": ["Ann", "Bo"], "example:seal": {"example:number": "42", "example:kind": "bolt"}},
    )


def shuffled(value: Any, chance: Any) -> Any:
    """Lists in another order, keys in another order."""
    if isinstance(value, dict):
        items = [(name, shuffled(item, chance) if name != "@context" else item) for name, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items = [shuffled(item, chance) for item in value]
        chance.shuffle(items)
        return items
    return value


@given(st.randoms(use_true_random=False))
def test_order_of_lists_and_keys_does_not_matter(chance: Any) -> None:
    assert event_hash(shuffled(rich_event(), chance)) == event_hash(rich_event())


@given(
    moment=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    first=st.integers(-13 * 60, 13 * 60),
    second=st.integers(-13 * 60, 13 * 60),
)
def test_one_instant_in_two_zones_has_one_hash(moment: datetime, first: int, second: int) -> None:
    instant = moment.replace(tzinfo=UTC)
    zones = [timezone(timedelta(minutes=minutes)) for minutes in (first, second)]

    hashes = {event_hash(event(eventTime=instant.astimezone(zone).isoformat())) for zone in zones}

    assert len(hashes) == 1


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_one_quantity_in_several_writings_has_one_hash(quantity: Decimal) -> None:
    writings = [f"{quantity:f}", f"{quantity:f}000", f"{quantity:e}", f"{quantity.normalize():f}"]
    template = json.dumps(document(event(quantityList=[{"epcClass": "a:b", "quantity": 0}])))

    hashes = {event_hashes(template.replace('"quantity": 0', f'"quantity": {text}').encode())[0] for text in writings}

    assert len(hashes) == 1


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(6, 12), st.text("ABC019-", min_size=1, max_size=9))
def test_urn_and_link_of_one_item_have_one_hash(digits: str, prefix: int, serial: str) -> None:
    urn = f"urn:epc:id:sgtin:{digits[1 : prefix + 1]}.{digits[0]}{digits[prefix + 1 :]}.{serial}"
    link = f"https://shop.example/01/{digits}{check_digit(digits)}/10/LOT/21/{serial}?x=1"

    assert event_hash(event(epcList=[urn])) == event_hash(event(epcList=[link]))


@pytest.mark.parametrize(
    "step", ["receiving", "cbv:BizStep-receiving", "https://ref.gs1.org/cbv/BizStep-receiving",
             "urn:epcglobal:cbv:bizstep:receiving", " receiving "],
)  # fmt: skip
def test_every_form_of_a_vocabulary_word_has_one_hash(step: str) -> None:
    assert event_hash(event(bizStep=step)) == event_hash(event())


def test_prefix_names_do_not_matter_but_namespaces_do() -> None:
    first = event(**{"@context": {"a": "https://ns.example.com/"}, "a:fact": "1"})
    renamed = event(**{"@context": {"b": "https://ns.example.com/"}, "b:fact": "1"})
    other = event(**{"@context": {"a": "https://ns.example.org/"}, "a:fact": "1"})

    assert event_hash(first) == event_hash(renamed) != event_hash(other)


@pytest.mark.parametrize("name", ["recordTime", "eventID", "errorDeclaration", "rdfs:comment"])
def test_what_belongs_to_the_message_stays_outside(name: str) -> None:
    assert event_hash(event(**{name: "2026-05-29T00:00:00Z"})) == event_hash(event())


@settings(max_examples=200)
@given(st.data())
def test_a_changed_fact_has_another_hash(data: Any) -> None:
    original = rich_event()
    changed = copy.deepcopy(original)
    holder, key = data.draw(st.sampled_from([place for place in leaves(changed) if place[0] is not None]))
    holder[key] = changed_leaf(key, holder[key])

    assert event_hash(changed) != event_hash(original)


def leaves(value: Any, holder: Any = None, key: Any = None) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return [leaf for name, item in value.items() if name != "@context" for leaf in leaves(item, value, name)]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, value, index)]
    return [(holder, key)]


def changed_leaf(key: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value + 1
    if key in ("eventTime", "time"):
        return value.replace("2026", "2027")
    # A word of a closed list has no neighbour by one sign; a term of one's own is as good.
    return value + "1" if ":" in value or value not in WORDS else f"urn:own:{value}"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"bizStep": "recieving"}, "/bizStep: 'recieving'"),
        ({"disposition": "in-transit"}, "/disposition: 'in-transit'"),
        ({"persistentDisposition": {"set": ["lost"]}}, "/persistentDisposition/set: 'lost'"),
        ({"bizTransactionList": [{"type": "PO", "bizTransaction": "a:b"}]}, "/bizTransactionList/type: 'PO'"),
    ],
)
def test_a_word_that_no_vocabulary_has_is_not_hashed(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(EpcisInvalid, match=f"/epcisBody/eventList/0{place} is neither a word of the vocabulary"):
        event_hashes(written(document(event(**changes))))


@pytest.mark.parametrize("own", ["urn:own:recieving", "https://example.org/步", "own:step"])
def test_a_term_of_ones_own_is_hashed(own: str) -> None:
    assert len(event_hashes(written(document(event(bizStep=own))))) == 1


@pytest.mark.parametrize(
    ("written_time", "canonical"),
    [
        ("2023-02-02T11:04:03.1415Z", "2023-02-02T11:04:03.142Z"),
        ("2023-02-02T11:04:03.1425Z", "2023-02-02T11:04:03.143Z"),
        ("2023-02-02T11:04:03.1414999Z", "2023-02-02T11:04:03.141Z"),
        ("2023-12-31T23:59:59.9995Z", "2024-01-01T00:00:00.000Z"),
        ("2023-02-02t11:04:03z", "2023-02-02T11:04:03.000Z"),
        ("2023-02-02T11:04:03.5-05:30", "2023-02-02T16:34:03.500Z"),
    ],
)
def test_times_are_rounded_half_up_to_milliseconds(written_time: str, canonical: str) -> None:
    assert f"eventTime={canonical}eventTimeZoneOffset" in pre_hash_string(event(eventTime=written_time))


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("26.10", "26.1"), ("26.0", "26"), ("+5", "5"), ("007", "7"), (" x ", "x"), (True, "true"), (False, "false"),
        ("12345678901234567890", "12345678901234567890"), ("0.12345678901234567890", "0.1234567890123456789"),
        ("1E3", "1000"), ("NaN", "NaN"), ("1_000", "1_000"), ("٣", "٣"),
    ],
)  # fmt: skip
def test_values_have_one_form(value: Any, canonical: str) -> None:
    assert pre_hash_string(event(**{"example:x": value})).endswith(f"example:x={canonical}")


def test_text_of_a_sensor_is_never_taken_for_a_number() -> None:
    def report(value: str) -> str:
        reports = [{"type": "Dimensionless", "hexBinaryValue": value}]
        return event_hash(event(sensorElementList=[{"sensorReport": reports}]))

    assert report("1E3") != report("1000")


def test_empty_lists_and_null_say_nothing() -> None:
    assert event_hash(event(epcList=[], bizTransactionList=[])) == event_hash(event())
    assert event_hash(event() | {"example:x": None}) == event_hash(event())


def test_model_and_mapping_have_one_hash() -> None:
    assert event_hash(parse_event(rich_event())) == event_hash(rich_event())


def test_many_deep_brackets_do_not_break_the_stack() -> None:
    nested: Any = "x"
    for _ in range(60):
        nested = {"example:in": nested}

    with pytest.raises(ValueError, match="deeper than"):
        event_hashes(written(document(event(**{"example:out": nested}))))


def test_impossible_calendar_day_is_refused() -> None:
    with pytest.raises(EpcisInvalid, match=r"/eventTime: '2026-02-30T00:00:00Z' is not a time of the calendar"):
        event_hash(event(eventTime="2026-02-30T00:00:00Z"))


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.9995Z", "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01"])
def test_time_beyond_the_calendar_is_refused(end: str) -> None:
    with pytest.raises(EpcisInvalid, match=r"/eventTime: '.*' is not a time of the calendar"):
        event_hash(event(eventTime=end))


def test_last_time_of_the_calendar_is_hashed() -> None:
    end = "9999-12-31T23:59:59.999Z"

    assert f"eventTime={end}eventTimeZoneOffset" in pre_hash_string(event(eventTime=f"{end[:-1]}4Z"))
