"""What becomes known of pools: to each lender of its own shares, to all who hold or await something of the losses."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, Value, money, plain, tells, whole
from api.events.telling import Telling
from api.pools.models import Position, Redemption
from chain_node.client import Event


def _currency(telling: Telling, event: Event) -> str:
    """The pool's id; vaults and pools are deployed under it."""
    return event.contract.partition(":")[2]


def _itself(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    return {currency: currency for currency in ids}


def _lenders(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    """Whoever holds shares, or has handed some in."""
    holding = select(Position.currency, Position.account).where(col(Position.currency).in_(ids), Position.shares != 0)
    waiting = select(Redemption.currency, Redemption.account).where(col(Redemption.currency).in_(ids))
    pairs = {*telling.session.exec(holding).all(), *telling.session.exec(waiting).all()}
    leis = telling.leis_of_accounts(account for _, account in pairs)
    found: dict[str, set[str]] = {currency: set() for currency in ids}
    for currency, account in pairs:
        if account in leis:
            found[currency].add(leis[account])
    return found


def _tranche(event: Event, _: str) -> str:
    return event.contract.partition(":")[0].removesuffix("Tranche").lower()


def _changed_hands(event: Event) -> bool:
    """Shares that are made or destroyed are told as a deposit or a claim, those handed in as a request."""
    return not {_NOBODY, event.address} & {event.arguments["from"], event.arguments["to"]}


_NOBODY = "0x0000000000000000000000000000000000000000"
_SHARES: Value = whole("shares")
POOL = Kind("pool", "pools:read", _currency, _lenders, _itself)

for _vault in ("SeniorTranche", "JuniorTranche"):
    tells(
        POOL,
        _vault,
        "Deposit",
        "deposit",
        told_to=("owner",),
        tranche=_tranche,
        amount=money("assets"),
        shares=_SHARES,
    )
    tells(
        POOL,
        _vault,
        "Transfer",
        "shares_transferred",
        told_to=("from", "to"),
        when=_changed_hands,
        tranche=_tranche,
        shares=whole("value"),
    )
    tells(
        POOL,
        _vault,
        "RedeemRequest",
        "redemption_requested",
        told_to=("controller", "owner"),
        tranche=_tranche,
        shares=_SHARES,
        epoch=whole("requestId"),
    )
    tells(
        POOL,
        _vault,
        "Withdraw",
        "redemption_claimed",
        told_to=("owner",),
        tranche=_tranche,
        amount=money("assets"),
        shares=_SHARES,
    )
    tells(
        POOL,
        _vault,
        "EpochPaid",
        "epoch_paid",
        tranche=_tranche,
        epoch=whole("epoch"),
        shares=_SHARES,
        amount=money("assets"),
    )
tells(POOL, "LendingPool", "LossTaken", "loss_taken", loss=money("loss"), covered=money("covered"))
tells(POOL, "LendingPool", "SyndicateListed", "syndicate_joined", syndicate=plain("syndicate"))
tells(POOL, "LendingPool", "EpochClosed", "epoch_closed", senior=money("senior"), junior=money("junior"))
