"""What becomes known of margin calls: to the owner of the goods. What is up for sale, bidders find in the list."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, money, plain, tells
from api.events.telling import Telling
from api.financings import events as financings
from api.margin_calls.models import MarginCall, SaleRound
from api.values import hex32
from chain_node.client import Event


def _called(telling: Telling, event: Event) -> str:
    its = select(MarginCall.number).where(
        MarginCall.financing == event.arguments["financing"],
        MarginCall.transaction_hash == hex32(event.transaction_hash),
    )
    return _id(event, telling.session.exec(its).one())


def _ended(telling: Telling, event: Event) -> str:
    """The last call that had begun by then: a financing has one at a time."""
    its = select(MarginCall.number).where(
        MarginCall.financing == event.arguments["financing"], col(MarginCall.block_number) <= event.block_number
    )
    return _id(event, telling.session.exec(its.order_by(col(MarginCall.number).desc()).limit(1)).one())


def _put_up(telling: Telling, event: Event) -> str:
    its = select(SaleRound.call).where(
        SaleRound.financing == event.arguments["financing"],
        SaleRound.number == event.arguments["round"],
        SaleRound.transaction_hash == hex32(event.transaction_hash),
    )
    return _id(event, telling.session.exec(its).one())


def _id(event: Event, call: int) -> str:
    return f"{event.arguments['financing']}-{call}"


def _by_financing(ids: Collection[str]) -> dict[str, str]:
    return {each: each.partition("-")[0] for each in ids}


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    numbers = _by_financing(ids)
    told = financings.parties(telling, set(numbers.values()))
    return {each: told.get(number, ()) for each, number in numbers.items()}


def _currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    numbers = _by_financing(ids)
    lent = financings.currencies(telling, set(numbers.values()))
    return {each: lent[number] for each, number in numbers.items()}


MARGIN_CALL = Kind("margin_call", "pledges:read", _called, _parties, _currencies)
_STOCK = "InventoryCollateral"

tells(
    MARGIN_CALL,
    _STOCK,
    "MarginCalled",
    "called",
    owed=money("owed"),
    value=money("value"),
    deadline=at("deadline"),
)
tells(MARGIN_CALL, _STOCK, "MarginCallEnded", "ended", identify=_ended, left_owed=money("owed"))
tells(MARGIN_CALL, _STOCK, "SaleStarted", "sale_started", identify=_put_up, round=plain("round"), until=at("until"))
