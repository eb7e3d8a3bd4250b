"""Every parser behind the inbox, given what nobody would send: each document is taken, or refused for what is wrong
with it. The corpus is what others published, where it lies beside this checkout, and our own examples.
"""

from __future__ import annotations

import base64
import json
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_fakes import epcis, epcis_event

from chain_node.references import NetworkKey
from oracles.adapters import read_document
from oracles.checkpoints import go_on
from oracles.errors import DocumentRefused
from oracles.metrics import Metrics
from oracles.rules.loading import built_in_rules
from oracles.store.database import Database
from oracles.storing import Storing

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
LIMIT_BYTES = 1 << 20
OUR_FLAW = "this program failed on it"


def _papers() -> list[Path]:
    found = [path for path in (ROOT / "examples").rglob("*") if path.suffix in (".json", ".xml")]
    for name in ("epcis", "dcsa", "logistics"):
        found += [path for path in (SHARED / name).rglob("*") if path.suffix in (".json", ".jsonld", ".xml")]
    return sorted(path for path in found if path.stat().st_size < 100_000)


PAPERS = _papers()
JSON_PAPERS = [path for path in PAPERS if path.suffix != ".xml" and "broken" not in path.name]
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "0", "-1", "1e309", "NaN", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59+14:00", "urn:epc:id:", "\x00"]
    ),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def why_refused(data: bytes) -> str:
    """Empty where the document was taken; fails where our own code broke on it."""
    why = ""
    try:
        document = read_document("fuzzed", data, LIMIT_BYTES)
    except DocumentRefused as refused:
        why = refused.why
    else:
        _storing().store(document)
    assert OUR_FLAW not in why
    return why


@cache
def _storing() -> Storing:
    """Into a database in memory: what was read must also have its place there."""
    database = Database(None)
    database.prepare()
    return Storing(database, NetworkKey(bytes(32)), built_in_rules(), go_on, Metrics())


@st.composite
def json_mutants(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """A paper in which some values were replaced, taken away, repeated or moved."""
    document = json.loads(draw(st.sampled_from(JSON_PAPERS)).read_text(encoding="utf-8"))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(document))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        change = draw(st.integers(0, 3))
        if change == 0:
            holder[key] = draw(ODD)
        elif change == 1:
            del holder[key]
        elif change == 2:
            holder[key] = [holder[key], holder[key]]
        else:
            other, place = draw(st.sampled_from(places))
            if place in other or (isinstance(other, list) and place < len(other)):
                holder[key] = json.loads(json.dumps(other[place]))
    return json.dumps(document).encode()


def _places(node: Any) -> Any:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(children):
        yield node, key
        yield from _places(child)


@st.composite
def byte_mutants(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """A paper cut, with bytes put in, or exchanged."""
    data = bytearray(draw(st.sampled_from(PAPERS)).read_bytes())
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        data[start:end] = draw(st.binary(max_size=8))
    return bytes(data)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(json_mutants())
def test_papers_with_odd_values_are_taken_or_refused(data: bytes) -> None:
    why_refused(data)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(byte_mutants())
def test_papers_with_odd_bytes_are_taken_or_refused(data: bytes) -> None:
    why_refused(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_is_refused(data: bytes) -> None:
    assert why_refused(data)


# What is meant to harm

BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{entities}]><r>&z;</r>""".format(
    entities="".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(25))
)
ADVICE = "urn:oasis:names:specification:ubl:schema:xsd:ReceiptAdvice-2"
EICAR = base64.b64encode(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").decode()
HOSTILE: dict[str, Callable[[], bytes]] = {
    "entities that grow": BOMB.encode,
    "a file of this machine": lambda: b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><r>&f;</r>',
    "an address elsewhere": lambda: b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd"><r/>',
    "deep XML": lambda: b"<a>" * 200_000 + b"</a>" * 200_000,
    "wide XML": lambda: f'<ReceiptAdvice xmlns="{ADVICE}">{"<a/>" * 200_000}</ReceiptAdvice>'.encode(),
    "an attachment": lambda: f'<ReceiptAdvice xmlns="{ADVICE}"><x mimeCode="x">{EICAR}</x></ReceiptAdvice>'.encode(),
    "deep JSON": lambda: b'{"type":' * 200_000,
    "deep JSON, closed": lambda: b"[" * 400_000 + b"]" * 400_000,
    "a number without end": lambda: b'{"type": ' + b"9" * 900_000 + b"}",
    "an exponent": lambda: epcis(epcis_event(quantityList=[{"epcClass": "urn:x:y", "quantity": 1e300}])),
    "many keys": lambda: json.dumps({"type": "EPCISDocument"} | {f"k{n}": n for n in range(60_000)}).encode(),
    "keys twice": lambda: b'{"type": "EPCISDocument", "type": "EPCISDocument"}',
    "many events": lambda: epcis(*[{}] * 100_000),
    "one long text": lambda: epcis(epcis_event(note="x" * 1_000_000)),
    "bad UTF-8": lambda: b'{"type": "EPCISDocument\xff\xfe"}',
    "UTF-16 without end": lambda: b"\xff\xfe<\x00a",
    "half a surrogate": lambda: b'{"type": "\\ud800"}',
    "a hundred megabytes": lambda: b"[" + b" " * (100 << 20) + b"]",
    "zeros": lambda: bytes(1 << 20),
}
CPU_SECONDS = 20
MOST_KIB = 300 << 10


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_refused_within_bounds(name: str) -> None:
    """In a process of its own. The bounds are far more than any of them needs; a bomb would need far more."""
    data = HOSTILE[name]()
    with ProcessPoolExecutor(1, get_context("fork")) as child:
        why, kib = child.submit(_refused_within, data).result(timeout=6 * CPU_SECONDS)

    assert why
    assert OUR_FLAW not in why
    assert "root:" not in why
    assert len(why) < 2_000
    assert kib < MOST_KIB


def _refused_within(data: bytes) -> tuple[str, int]:
    """Why it was refused, and by how many KiB the process grew; the kernel ends one that takes too long."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    why = why_refused(data)
    return why, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
