"""What a node answers, and what counts as no answer: nonsense of one node is a finding of that node, and ends
nothing."""

from __future__ import annotations

from typing import Any, Final

from chain_node.errors import ChainError

NO_ANSWER: Final = (ChainError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading an answer raises where there is none, or none that makes sense; JSON nested too deep among them."""
_MOST: Final = 2**64


def quantity(told: Any) -> int:
    """A count, block number or moment, as JSON-RPC writes it. Raises `ValueError`, also for what no chain reaches:
    texts and figures cannot hold it."""
    if not isinstance(told, str) or not told.startswith("0x"):
        raise ValueError(f"{told!r:.40} instead of a number")
    number = int(told, 16)
    if not 0 <= number < _MOST:
        raise ValueError(f"{told:.40} is a number that no chain reaches")
    return number


def reason(error: BaseException) -> str:
    """Why there is no answer, for people."""
    return str(error) if isinstance(error, ChainError) else f"its answer makes no sense ({error!r:.200})"
