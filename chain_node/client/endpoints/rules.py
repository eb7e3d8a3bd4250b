"""How several nodes are watched, and what is told of them when it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EndpointRules:
    """`lag_blocks`: further behind the furthest a node is not read from. `final_depth_blocks`: a block with so many
    after it is final; 0 where the engine's are at once. `look_seconds`: between two looks. `steady_seconds`: how long a
    preferred node must be well until it is read from again."""

    lag_blocks: int = 3
    final_depth_blocks: int = 0
    look_seconds: float = 1.0
    steady_seconds: float = 10.0


@dataclass(frozen=True)
class Change:
    """Something to log, once. `what` is a word or two: away, back, quarantined, trusted again, switched, none usable.
    `is_alert`: an operator must look."""

    what: str
    fields: Mapping[str, Any]
    is_alert: bool = False


Tell = Callable[[Change], None]
Recorded = Callable[[], Mapping[int, bytes]]
