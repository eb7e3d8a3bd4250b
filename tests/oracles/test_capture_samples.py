"""The published samples through the capture interface, and its answers against the published schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from capture_desk import SAMPLES, new_desk
from jsonschema import Draft7Validator, FormatChecker
from jsonschema.protocols import Validator

from oracles.http.settings import Right
from standards.epcis import event_hashes
from standards.epcis.documents import EVENTS_PATH, parse_document

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the official samples are not beside the checkout")

VECTORS = sorted((SAMPLES / "event-hash-vectors").glob("*.jsonld"))
EXAMPLES = sorted((SAMPLES / "gs1-examples").rglob("*.jsonld"))


@cache
def schema() -> Validator:
    return Draft7Validator(
        json.loads((SAMPLES / "schema" / "epcis-json-schema-2.0.1.json").read_text()), format_checker=FormatChecker()
    )


@cache
def part(name: str) -> Validator:
    """A component of the interface's own description, whose references stay within it."""
    whole = json.loads((SAMPLES / "schema" / "epcis-rest-openapi-2.0.0.json").read_text())
    described = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    return Draft7Validator(described, format_checker=FormatChecker())


def check(validator: Validator, value: Any) -> None:
    problems = sorted(validator.iter_errors(value), key=lambda error: list(error.path))
    assert not problems, problems[0].message[:500]


def check_job(job: dict[str, Any]) -> None:
    """The published description of a job lets either of two parts hold, and not both; as neither asks for anything,
    both always hold, of its own example too. So what it says of the members is checked, and of the problems."""
    described = part("CaptureJob").schema["components"]["schemas"]["CaptureJob"]
    check(Draft7Validator(described["allOf"][0], format_checker=FormatChecker()), job)
    assert set(job) - {"finishedAt"} == {
        "captureID", "createdAt", "running", "success", "captureErrorBehaviour", "errors"
    }  # fmt: skip
    for problem in job["errors"]:
        check(part("RFC7807ProblemResponseBody"), problem)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A node that captured every sample, each in a job of its own."""
    desk = new_desk(tmp_path_factory.mktemp("full"))
    for file in (*VECTORS, *EXAMPLES):
        desk.capture(file.read_bytes(), GS1_Capture_Error_Behaviour="proceed")
    while desk.bench.captures.waiting.is_set():
        desk.bench.turn()
    return desk


def test_there_are_samples():
    assert len(VECTORS) >= 10
    assert len(EXAMPLES) >= 30


@pytest.mark.parametrize("file", [*VECTORS, *EXAMPLES], ids=lambda file: file.stem)
def test_sample_is_captured_whole(desk, file: Path):
    data = file.read_bytes()

    job = desk.run(data)

    check_job(job)
    assert job["success"], job["errors"]
    assert {row.event_hash for row in desk.captured()} == set(event_hashes(data))
    assert {row.event_hash for row in desk.bench.events()} | {
        row.event_hash for row in desk.captured() if row.declaration
    } == set(event_hashes(data))


@pytest.mark.parametrize("form", ["Always_GS1_Digital_Link", "Never_Translates"])
def test_every_answer_is_a_query_document_of_the_schema(full, form):
    seen, path = 0, "/events?perPage=20"
    while path:
        answer = full.get(path, headers={"GS1-EPC-Format": form})
        check(schema(), answer.json())
        document = parse_document(answer.content)
        assert document.type in EVENTS_PATH
        assert all(event.record_time and event.event_id for event in document.events)
        seen += len(document.events)
        path = answer.links.get("next", {}).get("url", "")
    assert seen == len(full.captured()) > 60


@pytest.mark.parametrize("form", ["Always_GS1_Digital_Link", "Never_Translates"])
def test_every_event_has_its_hash_in_the_answer_too(full, form):
    """Also where the context that it needs came with its document."""
    for row in full.captured():
        answer = full.get(
            f"/events?EQ_eventID={quote(row.event_id, safe='')}&perPage=100", headers={"GS1-EPC-Format": form}
        )

        assert row.event_hash in event_hashes(answer.content)


def test_links_only_where_asked_for_links(full):
    text = full.get("/events?perPage=100").text + full.get("/events?perPage=100&orderBy=eventTime").text

    assert '"urn:epc:id:sgtin:' not in text
    assert '"urn:epc:class:lgtin:' not in text


def test_sample_with_links_is_not_given_as_urns(full):
    answer = full.get("/events?perPage=100", headers={"GS1-EPC-Format": "Always_EPC_URN"})

    assert answer.status_code == 406


def test_problems_are_those_of_the_schema(desk):
    answers = [
        desk.post("/capture", b"{"),
        desk.post("/events", b"{}"),
        desk.get("/events?x=1"),
        desk.get("/capture/none", Right.CAPTURE),
        desk.ask("GET", "/events"),
    ]

    for answer in answers:
        check(part("RFC7807ProblemResponseBody"), answer.json())


def test_jobs_are_those_of_the_schema(full):
    jobs = full.get("/capture?perPage=100", Right.CAPTURE).json()

    assert len(jobs) == len(VECTORS) + len(EXAMPLES)
    for job in jobs:
        check_job(job)
