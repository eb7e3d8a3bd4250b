"""Which contract events become events of which resource: one line each, kept beside the resource,
in `<plural>/events.py`.

    FINANCING = Kind("financing", "financings:read", number("financing"), parties=_suppliers, currencies=_currencies)
    tells(FINANCING, "FinancingDesk", "Drawn", "drawn", amount=money("amount"), principal=money("principal"))

makes `financing.drawn` of the log, with `{"amount": {"amount": "100", "currency": "EUR"}, ...}` in its body, for those
who may see the financing at the end of that block. As with handlers, a contract's plain name matches every deployed
one of the kind.

What no contract knows, a request tells itself: `announces(QUOTE, "offered")` in the same file, and `notes.leave(...)`
where it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from api.values import amount_of, day, hex32, moment
from chain_node.client import Event

if TYPE_CHECKING:
    from api.events.telling import Telling

Identify = Callable[["Telling", Event], str]
"""The id of the resource that a log speaks of."""
Parties = Callable[["Telling", Collection[str]], Mapping[str, Collection[str]]]
"""LEIs of those who may see each of the resources, by id, as the database is after the block."""
Currencies = Callable[["Telling", Collection[str]], Mapping[str, str]]
"""What the amounts of each of the resources are in, by id."""
Value = Callable[[Event, str], Any]
"""A value of the body from the log and the resource's currency."""


def _nobody(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    return {}


def _no_currency(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Kind:
    """A kind of resource; `scope` is what reading one takes."""

    name: str
    scope: str
    identify: Identify
    parties: Parties = _nobody
    currencies: Currencies = _no_currency


@dataclass(frozen=True)
class Line:
    """What one contract event becomes. `told_to` names its accounts that are told in place of the kind's parties,
    `split` its lists with the name of an element; `identify` and `when` where they differ from the kind's."""

    kind: Kind
    type: str
    body: Mapping[str, Value]
    identify: Identify
    told_to: tuple[str, ...] = ()
    split: Mapping[str, str] = field(default_factory=dict)
    when: Callable[[Event], bool] | None = None


_LINES: Final[dict[tuple[str, str], list[Line]]] = {}
KINDS: Final[dict[str, Kind]] = {}
TYPES: Final[dict[str, Kind]] = {}
REVERTED: Final = ".reverted"
"""What is added to the type of an event that a reorganisation has undone."""


def tells(
    kind: Kind,
    contract: str,
    event: str,
    what: str,
    *,
    told_to: tuple[str, ...] = (),
    split: Mapping[str, str] | None = None,
    when: Callable[[Event], bool] | None = None,
    identify: Identify | None = None,
    **body: Value,
) -> None:
    """Adds a line: the contract's event becomes `<kind>.<what>`."""
    line = Line(kind, f"{kind.name}.{what}", body, identify or kind.identify, told_to, split or {}, when)
    KINDS[kind.name] = kind
    TYPES[line.type] = TYPES[line.type + REVERTED] = kind
    _LINES.setdefault((contract, event), []).append(line)
    lines_for.cache_clear()


def by_requests(telling: Telling, event: Event) -> str:
    """The `identify` of a kind that no contract event speaks of."""
    raise LookupError("no contract tells of this kind")


def announces(kind: Kind, *whats: str) -> None:
    """Adds types of what requests tell, see `api.events.notes`: no block has it, so none is ever taken back."""
    KINDS[kind.name] = kind
    for what in whats:
        TYPES[f"{kind.name}.{what}"] = kind


def lines_of(event: Event) -> list[Line]:
    """Those of the deployed name first, then those of the kind of contract."""
    return lines_for(event.contract, event.name)


@cache
def lines_for(contract: str, event: str) -> list[Line]:
    """As `lines_of`, by the names of the deployed contract and of the event."""
    plain = contract.partition(":")[0]
    exact = _LINES.get((contract, event), [])
    return exact if plain == contract else [*exact, *_LINES.get((plain, event), [])]


def _argument(path: str) -> Callable[[Event], Any]:
    """What reads a value of the log: `parts.residual` of an argument that is a struct."""
    name, *inner = path.split(".")

    def read(event: Event) -> Any:
        value: Any = event.arguments[name]
        for each in inner:
            value = value[each]
        return value

    return read


def hashed(argument: str) -> Identify:
    """A resource known by a 32-byte id."""
    read = _argument(argument)
    return lambda telling, event: hex32(read(event))


def number(argument: str) -> Identify:
    """A resource known by its number."""
    read = _argument(argument)
    return lambda telling, event: str(read(event))


def money(path: str) -> Value:
    read = _argument(path)
    return lambda event, currency: amount_of(read(event), currency)


def whole(path: str) -> Value:
    """A whole number of any size, as text."""
    read = _argument(path)
    return lambda event, currency: str(read(event))


def plain(path: str) -> Value:
    """A small number, a truth or a word, as it is."""
    read = _argument(path)
    return lambda event, currency: read(event)


def word(path: str) -> Value:
    """The name of one of the contracts' enums, in small letters."""
    read = _argument(path)
    return lambda event, currency: read(event).name.lower()


def hash32(path: str) -> Value:
    read = _argument(path)
    return lambda event, currency: hex32(read(event))


def at(path: str) -> Value:
    """A moment of the chain's clock."""
    read = _argument(path)
    return lambda event, currency: moment(read(event)).isoformat().replace("+00:00", "Z")


def on(path: str) -> Value:
    """A day, which the chain counts since 1970."""
    read = _argument(path)
    return lambda event, currency: day(read(event)).isoformat()
