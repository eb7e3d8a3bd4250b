"""Every official example and vector, and the official JSON schema as judge over what we accept."""

import copy
import json
import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from standards.epcis import EpcisInvalid, event_hash, event_hashes, parse_document, pre_hash_string

STRANGE = [
    None, 1, 1.5, True, "", "x", "a:b", "http://a b", "shipping", "urn:epcglobal:cbv:bizstep:shipping", "ADD", "kgm",
    "https://gs1.org/voc/Temperature", "2020-13-01T00:00:00Z", "+15:00", "urn:x:%zz", [], {}, ["a:b", "a:b"], [{}],
]  # fmt: skip
MUTATIONS = 400

# What we refuse beyond the schema, by the sentence that says so.
BEYOND_THE_SCHEMA = ("parentID is missing", "is negative", "startTime lies after", "persistentDisposition: it must be")


def vectors(samples: Path) -> list[Path]:
    return sorted((samples / "epcis" / "event-hash-vectors").glob("*.jsonld"))


def examples(samples: Path) -> list[Path]:
    return sorted((samples / "epcis" / "gs1-examples").rglob("*.jsonld"))


def test_every_known_answer_of_the_event_hash_is_met(samples: Path) -> None:
    seen = 0
    for path in vectors(samples):
        events = parse_document(path.read_bytes()).events

        pre_hashes = path.with_suffix(".prehashes").read_text().splitlines()
        assert [pre_hash_string(event) for event in events] == [line for line in pre_hashes if line], path.name
        hashes = path.with_suffix(".hashes").read_text().split()
        assert [event_hash(event) for event in events] == event_hashes(path.read_bytes()) == hashes, path.name
        seen += len(events)

    assert seen >= 27


def test_no_known_answer_is_left_out(samples: Path) -> None:
    """Of one the event itself was never published: its pre-hash string and hash are, and belong together."""
    answers = sorted((samples / "epcis" / "event-hash-vectors").glob("*.hashes"))
    alone = [path for path in answers if not path.with_suffix(".jsonld").exists()]

    assert {path.stem for path in answers} == {path.stem for path in [*vectors(samples), *alone]}
    for path in alone:
        pre_hashes = [line for line in path.with_suffix(".prehashes").read_text().splitlines() if line]
        hashed = [f"ni:///sha-256;{sha256(line.encode()).hexdigest()}?ver=CBV2.0" for line in pre_hashes]
        assert hashed == path.read_text().split(), path.name


def test_every_example_of_gs1_is_read_and_hashed(samples: Path) -> None:
    paths = examples(samples)

    for path in paths:
        events = parse_document(path.read_bytes()).events
        assert len({event_hash(event) for event in events}) >= 1, path.name

    assert len(paths) >= 40


def test_an_error_declaration_has_the_hash_of_the_event_that_it_voids(samples: Path) -> None:
    plain = samples / "epcis/gs1-examples/Example_9.6.1-ObjectEvent.jsonld"
    declared = (
        samples / "epcis/gs1-examples/WithErrorDeclaration/Example_9.6.1-ObjectEvent-with-error-declaration.jsonld"
    )

    plain_event, declared_event = (parse_document(path.read_bytes()).events[0] for path in (plain, declared))

    assert event_hash(plain_event) == event_hash(declared_event)
    assert (plain_event.is_void, declared_event.is_void) == (False, True)


def test_the_urn_and_link_twins_of_gs1_have_one_hash(samples: Path) -> None:
    """Of GS1's pairs only this one names the same goods in both forms; the others differ in a GTIN."""
    folder = samples / "epcis" / "gs1-examples"

    urn = event_hashes((folder / "Example_9.6.4-TransformationEvent.jsonld").read_bytes())
    twin = folder / "WithDigitalLinkID" / "Example_9.6.4-TransformationEventWithDigitalLink.jsonld"
    link = event_hashes(twin.read_bytes())

    assert urn == link


def test_we_refuse_what_the_schema_refuses_and_nothing_else_save_stated_rules(samples: Path) -> None:
    schema = json.loads((samples / "epcis/schema/epcis-json-schema-2.0.1.json").read_text())
    judge = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    documents = [json.loads(path.read_text()) for path in [*examples(samples), *vectors(samples)]]
    chance = random.Random(2026)

    for _ in range(MUTATIONS):
        changed = mutated(chance.choice(documents), chance)
        refusal = refusal_of(changed)

        if refusal is None:
            assert judge.is_valid(changed), changed
        elif judge.is_valid(changed):
            assert any(rule in refusal for rule in BEYOND_THE_SCHEMA), refusal


def refusal_of(value: Any) -> str | None:
    try:
        parse_document(json.dumps(value).encode())
    except EpcisInvalid as error:
        return str(error)
    return None


def mutated(document: Any, chance: random.Random) -> Any:
    changed = copy.deepcopy(document)
    holder, key = chance.choice(list(places(changed)))
    if chance.random() < 0.4:
        del holder[key]
    else:
        holder[key] = chance.choice(STRANGE)
    return changed


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys: Any = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_truncated_document_is_refused_with_its_place(samples: Path, cut: int) -> None:
    whole = vectors(samples)[0].read_bytes()

    with pytest.raises(ValueError, match=r"JSON refused at line \d+, column \d+"):
        parse_document(whole.rstrip()[:-cut])
