"""The refusals of one operation: common to its kind, named in its code, of the contracts that it calls."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from api.errors import GatewayError
from api.refusals import contracts, sources

_EDGE: Final = "api.edge"
_COMMON: Final = (
    ("api.gateway", "principal"),
    ("api.auth.tokens", "_check"),
    ("api.auth.principal", "require"),
    ("api.limits", "refusal"),
    ("api.middleware", "_of_validation"),
)
_CHAIN: Final = (("api.errors", "of_chain"), ("api.clock", "_cursor"))
_WRITES: Final = (
    (_EDGE, "run"),
    ("api.middleware", "_too_large"),
    ("api.middleware", "_too_slow"),
    ("api.idempotency", "attempted"),
    ("api.idempotency", "load"),
)
_LISTS: Final = (
    ("api.lists.listing", "_require_known"),
    ("api.lists.listing", "_order"),
    ("api.lists.listing", "_invalid"),
    ("api.lists.cursors", "position_of"),
    ("api.lists.cursors", "page_unknown"),
)
_CONDITIONS: Final = (("api.conditional", "require"), ("api.conditional", "tag"))


@dataclass(frozen=True)
class Refusals:
    """Every refusal of an operation, as it would be told."""

    examples: tuple[GatewayError, ...]

    @cached_property
    def by_status(self) -> dict[int, dict[str, GatewayError]]:
        found: dict[int, dict[str, GatewayError]] = {}
        for each in self.examples:
            found.setdefault(each.status, {}).setdefault(each.error, each)
        return found


def refusals_of(endpoint: Callable[..., Any], *, writes: bool, lists: bool, conditional: bool) -> Refusals:
    """Those of an endpoint's function, which `GatewayRoute` may have wrapped."""
    plain = inspect.unwrap(endpoint)
    common = [*_COMMON, *_CHAIN, *(_WRITES if writes else ()), *(_LISTS if lists else ())]
    common += _CONDITIONS if conditional else ()
    said = [each for module, name in common for each in _named_in(module, name)]
    functions = sources.reached(plain.__module__, plain.__name__)
    own = [each for function in functions for each in sources.said_by(function)]
    named = contracts.met_by(plain.__module__, plain.__name__) if writes else ()
    found = [*(each.example() for each in (*said, *_in_order(own))), *map(contracts.example, named)]
    return Refusals(tuple(found))


def _named_in(module: str, name: str) -> Iterable[sources.Said]:
    for function in sources.functions(module, name):
        yield from sources.said_by(function)


def _in_order(said: Iterable[sources.Said]) -> list[sources.Said]:
    # By what they tell, too: otherwise of two with the same words sometimes one is shown and sometimes the other.
    return sorted(said, key=lambda each: (each.error, each.detail, sorted(each.context)))
