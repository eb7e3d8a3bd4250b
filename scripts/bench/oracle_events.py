"""What a node's own work costs on one core: EPCIS JSON validated, hashed, matched and signed, step by step.

Beside it in the same run, of the same documents: `json.loads` with one signature of eth-account, which is what whoever
signs events in Python would write; the same with libsecp256k1 itself, which the node signs with; and the reference
implementation of the event hash.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import coincurve
from epcis_event_hash_generator.hash_generator import epcis_hashes_from_events
from epcis_event_hash_generator.json_to_py import event_list_from_epcis_document_json
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from rich.console import Console

from chain_node.client import Observation
from chain_node.references import NetworkKey, reference
from oracles.adapters import read_document
from oracles.matching import Matcher
from oracles.rules.decisions import FIRST_DELIVERY, chain_seconds, paper_view
from oracles.rules.loading import built_in_rules
from oracles.signing import Signer
from scripts.bench.figures import Figure, middle
from scripts.bench.papers import sighting
from standards.epcis import event_hash, parse_document

EVENTS: Final = 1_000
BATCH: Final = 64
"""Documents that a node takes in one turn, after which it lets go of them."""
ROUNDS: Final = 7
LIMIT_BYTES: Final = 1 << 20
Made = TypeVar("Made")
CHAIN_ID: Final = 1
ORACLE: Final = "0x" + "51" * 20
BLOCK: Final = 1
HASHED: Final = bytes(range(32))


@dataclass
class Consignments:
    """The one answer that matching asks of a network, from memory: the chain is measured elsewhere."""

    subjects: dict[bytes, bytes] = field(default_factory=dict)

    def subject_of(self, reference: bytes, block: int) -> bytes | None:
        return self.subjects.get(reference)

    def subjects_of(self, references: Sequence[bytes], block: int) -> Sequence[bytes | None]:
        return [self.subject_of(its, block) for its in references]


def measure_oracle_events(_: Path, console: Console) -> list[Figure]:
    """Processor time of one thread; each document holds one event, and each event gets a signature of its own."""
    documents = [_document(number) for number in range(EVENTS)]
    account: LocalAccount = Account.create()
    least, bare, node, hashes, reference_hashes = [], [], [], [], []
    shares: dict[str, list[float]] = {}
    with console.status("Reading, hashing, matching and signing events"):
        for _round in range(ROUNDS):
            least.append(_rate(lambda: _load_and_sign(documents, account)))
            bare.append(_rate(lambda: _load_and_sign_bare(documents, account)))
            steps = _all_steps(documents, account)
            node.append(EVENTS / sum(steps.values()))
            for step, seconds in steps.items():
                shares.setdefault(step, []).append(seconds / sum(steps.values()))
            hashes.append(_rate(lambda: _hashes(documents)))
            reference_hashes.append(_rate(lambda: _reference_hashes(documents)))
    return [
        _against("oracle_events", node, "json.loads and one signature of eth-account", least),
        _against("oracle_events_bare", node, "json.loads and one signature of libsecp256k1", bare),
        *(
            Figure(f"oracle_events: {step}", middle(s), "of it", "all steps", middle(s), s)
            for step, s in shares.items()
        ),
        _against("event_hash", hashes, "epcis-event-hash-generator", reference_hashes),
    ]


def _all_steps(documents: Sequence[bytes], account: LocalAccount) -> dict[str, float]:
    """Seconds by step, turn by turn as in a node."""
    seconds: dict[str, float] = {}
    matcher, signer = _matcher(), Signer(account)
    for start in range(0, len(documents), BATCH):
        for step, taken in _steps(documents[start : start + BATCH], matcher, signer).items():
            seconds[step] = seconds.get(step, 0.0) + taken
    return seconds


def _steps(documents: Sequence[bytes], matcher: Matcher, signer: Signer) -> dict[str, float]:
    """Seconds by step. Of reading, what validating and hashing take is measured apart, on the same documents."""
    seconds = {"matched": 0.0, "signed": 0.0}
    rules = built_in_rules()
    began = time.process_time()
    events = [read_document("paper.json", data, LIMIT_BYTES).events[0] for data in documents]
    read = time.process_time() - began
    for event in events:
        began = time.process_time()
        subject = matcher.match(event.references, BLOCK).subject
        view = paper_view(event, rules)
        assert subject is not None, view
        assert view.milestone is not None, view
        matched = time.process_time()
        fact = Observation(subject, view.milestone, FIRST_DELIVERY, chain_seconds(event.occurred_at), event.quantity)
        signer.vote(CHAIN_ID, ORACLE, [fact], event.evidence)
        seconds["matched"] += matched - began
        seconds["signed"] += time.process_time() - matched
    parsed, validating = _seconds(lambda: [parse_document(data, LIMIT_BYTES).events[0] for data in documents])
    _, hashing = _seconds(lambda: [event_hash(event) for event in parsed])
    return {"validated": validating, "hashed": hashing, "made canonical": read - validating - hashing} | seconds


def _load_and_sign(documents: Sequence[bytes], account: LocalAccount) -> None:
    for data in documents:
        json.loads(data)
        account.unsafe_sign_hash(Hash32(HASHED))


def _load_and_sign_bare(documents: Sequence[bytes], account: LocalAccount) -> None:
    key = coincurve.PrivateKey(bytes(account.key))
    for data in documents:
        json.loads(data)
        key.sign_recoverable(HASHED, hasher=None)


def _hashes(documents: Sequence[bytes]) -> list[str]:
    return [event_hash(event) for data in documents for event in parse_document(data, LIMIT_BYTES).events]


def _reference_hashes(documents: Sequence[bytes]) -> list[str]:
    return [
        hashed
        for data in documents
        for hashed in epcis_hashes_from_events(event_list_from_epcis_document_json(json.loads(data)))
    ]


def _matcher() -> Matcher:
    key = NetworkKey(bytes(32))
    known = {reference(key, "order", _order(number)): number.to_bytes(32) for number in range(EVENTS)}
    return Matcher(Consignments(known), key)


def _document(number: int) -> bytes:
    return sighting(_order(number), number, datetime(2026, 11, 22, 12, tzinfo=UTC) + timedelta(seconds=number))


def _order(number: int) -> str:
    return f"PO-{number:06d}"


def _seconds(work: Callable[[], Made]) -> tuple[Made, float]:
    began = time.process_time()
    made = work()
    return made, time.process_time() - began


def _rate(work: Callable[[], object]) -> float:
    """Events a second."""
    return EVENTS / _seconds(work)[1]


def _against(name: str, values: list[float], what: str, others: list[float]) -> Figure:
    text = f"{what}: {middle(others):,.0f}/s"
    return Figure(name, middle(values), "events/s", text, middle(values) / middle(others), values)
