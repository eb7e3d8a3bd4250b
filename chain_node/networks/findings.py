"""What looking at a network found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Weight = Literal["wrong", "soon", "unknown"]


@dataclass(frozen=True)
class Finding:
    """`soon` is right today; `unknown` could not be looked at. `node` is empty where it is the whole network's."""

    weight: Weight
    area: str
    node: str
    what: str
    todo: str


def exit_code(findings: Sequence[Finding]) -> int:
    """1 where something is wrong, else 3 where something could not be looked at, else 0."""
    weights = {finding.weight for finding in findings}
    return 1 if "wrong" in weights else 3 if "unknown" in weights else 0


def as_json(network: str, looked_at: Sequence[str], findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "network": network,
        "looked_at": list(looked_at),
        "findings": [asdict(finding) for finding in findings],
        "exit_code": exit_code(findings),
    }
