"""The books of pools and the lenders' positions."""

from collections.abc import Iterable, Mapping
from itertools import chain as joined
from typing import Any, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.figures import Figures, Question, ask
from api.participants import service as participants
from api.pools import repository, syndicates
from api.pools.models import Pool, Position, Redemption
from api.pools.prices import Price, price
from api.pools.schemas import (
    PoolsView,
    PoolView,
    PositionsView,
    PositionView,
    PriceView,
    RedemptionView,
    ReserveView,
    SyndicateView,
    TrancheName,
    TranchesView,
    TrancheView,
)
from api.values import Amount, amounts, moment, moment_or_none
from chain_node.client import Chain, PoolActivity, Tranche

TRANCHES: Mapping[str, Tranche] = {tranche.name.lower(): tranche for tranche in Tranche}
_ASKED = (
    "books",
    "held",
    "lendable",
    "accruedIncome",
    "grossAssets",
    "netAssets",
    "seniorClaim",
    "seniorRateBps",
    "subordinationFloorBps",
    "closableAt",
)
MOST_OPEN_REQUESTS = 9
"""What a vault's queue keeps of one holder: its oldest open request and eight behind it."""
Told = Mapping[str, Any]
"""Answers of a pool's contracts by the view, with the tranche or the activity after a colon where there are several."""


def pool_row(session: Session, address: str) -> Pool:
    """For the indexer's handlers: what the pool at an address has earned and lost so far."""
    row = repository.pool(session, address)
    if row is None:
        row = Pool(address=address)
        session.add(row)
    return row


def book_income(session: Session, address: str, parts: Mapping[str, int]) -> None:
    """For the indexer's handlers: a repayment by the parts of its waterfall."""
    row = pool_row(session, address)
    row.interest_received += parts["interest"]
    row.late_fees_received += parts["lateFees"]


def pools(session: Session, chain: Chain) -> PoolsView:
    names = chain.addresses.names()
    currencies = [name.removeprefix("LendingPool:") for name in names if name.startswith("LendingPool:")]
    return PoolsView(items=_pool_views(session, chain, sorted(currencies)))


def pool(session: Session, chain: Chain, currency: str) -> PoolView:
    require_pool(chain, currency)
    return _pool_views(session, chain, [currency])[0]


def _pool_views(session: Session, chain: Chain, currencies: list[str]) -> list[PoolView]:
    """All their figures by one request to the node."""
    asked = [_questions(chain, currency) for currency in currencies]
    answers = iter(Figures.at(session, chain).answers([question for each in asked for question in each.values()]))
    told = [dict(zip(each, answers, strict=False)) for each in asked]
    through = syndicates.through(session, chain, [chain.pool(currency).address for currency in currencies])
    return [
        _pool_view(session, chain, currency, its, through.get(chain.pool(currency).address, []))
        for currency, its in zip(currencies, told, strict=True)
    ]


def _questions(chain: Chain, currency: str) -> dict[str, Question]:
    its, reserve = chain.pool(currency), chain.reserve(currency)
    questions = {view: ask(its, view) for view in _ASKED}
    questions |= {f"isStopped:{what.name}": ask(its, "isStopped", int(what)) for what in PoolActivity}
    questions |= {f"reserve:{view}": ask(reserve, view) for view in ("held", "floor")}
    for name, tranche in TRANCHES.items():
        vault = chain.vault(currency, tranche)
        questions |= {f"{view}:{name}": ask(its, view, int(tranche)) for view in ("trancheAssets", "fundable")}
        questions |= {f"{view}:{name}": ask(vault, view) for view in ("totalSupply", "pendingAssets")}
        questions[f"waiting:{name}"] = ask(vault, "balanceOf", vault.address)
    return questions


def _pool_view(session: Session, chain: Chain, currency: str, told: Told, through: list[SyndicateView]) -> PoolView:
    books, held = told["books"], told["held"]
    address = chain.pool(currency).address
    row = repository.pool(session, address) or Pool(address=address)

    def amount(units: int) -> Amount:
        return Amount.of(units, currency)

    return PoolView(
        currency=currency,
        cash=amount(books["cash"]),
        lendable=amount(told["lendable"]),
        principal_out=amount(books["principalOut"]),
        accrued_income=amount(told["accruedIncome"]),
        impairment=amount(books["impairment"]),
        set_aside=amount(books["setAside"]),
        streaming=amount(held["streaming"]),
        streaming_ends_at=moment_or_none(held["streamEndsAt"] if held["streaming"] else None),
        fees=amount(held["fees"]),
        gross=amount(told["grossAssets"]),
        net=amount(told["netAssets"]),
        **amounts(row, currency, "interest_received", "late_fees_received", "lost", "covered", "recovered"),
        senior_claim=amount(told["seniorClaim"]),
        senior_rate_bps=told["seniorRateBps"],
        subordination_floor_bps=told["subordinationFloorBps"],
        reserve=ReserveView(
            held=amount(told["reserve:held"]),
            on_its_way=amount(held["reserve"]),
            floor=amount(told["reserve:floor"]),
        ),
        tranches=TranchesView(**{name: _tranche_view(told, currency, name) for name in TRANCHES}),
        closable_at=moment(told["closableAt"]),
        stopped=[cast(Any, what.name.lower()) for what in PoolActivity if told[f"isStopped:{what.name}"]],
        syndicates=through,
    )


def positions(session: Session, principal: Principal, chain: Chain, currency: str) -> PositionsView:
    """The caller's positions; everybody's for who sees all."""
    require_pool(chain, currency)
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.positions(session, currency, accounts)
    return PositionsView(items=_position_views(session, found, chain, currency))


def position(session: Session, chain: Chain, currency: str, tranche: str, account: str) -> PositionView | None:
    """An account's position in a tranche; None where it never had any."""
    found = repository.position(session, currency, tranche, account)
    return _position_views(session, [found], chain, currency)[0] if found else None


def require_pool(chain: Chain, currency: str) -> None:
    if f"LendingPool:{currency}" not in chain.addresses.names():
        raise NotFound("pool-absent", f"There is no pool in {currency[:10]}.", currency=currency[:10])


def _tranche_view(told: Told, currency: str, name: str) -> TrancheView:
    (entry, exit_), shares = told[f"trancheAssets:{name}"], told[f"totalSupply:{name}"]
    buying, selling = price(entry, shares), price(exit_, shares)
    return TrancheView(
        shares=str(shares),
        entry_assets=Amount.of(entry, currency),
        exit_assets=Amount.of(exit_, currency),
        entry_price=_price_view(buying, buying.per_million_up()),
        exit_price=_price_view(selling, selling.per_million_down()),
        waiting_shares=str(told[f"waiting:{name}"]),
        waiting_assets=Amount.of(told[f"pendingAssets:{name}"], currency),
        fundable=Amount.of(told[f"fundable:{name}"], currency),
    )


def _position_views(session: Session, positions: list[Position], chain: Chain, currency: str) -> list[PositionView]:
    if not positions:
        return []
    figures = Figures.at(session, chain)
    accounts = {position.account for position in positions}
    owners = participants.parties_by_account(session, accounts)
    asked = repository.redemptions(session, currency, accounts)
    prices = _exit_prices(figures, currency)
    claimable = figures.answers([ask(_vault(chain, p), "maxWithdraw", p.account) for p in positions])
    redemptions = _redemption_views(figures, newest(asked))
    return [
        PositionView(
            lei=owners[position.account].lei if position.account in owners else "",
            account=position.account,
            tranche=cast(TrancheName, position.tranche),
            shares=str(position.shares),
            value=Amount.of(prices[position.tranche].value_down(position.shares), currency),
            deposited=Amount.of(position.deposited, currency),
            withdrawn=Amount.of(position.withdrawn, currency),
            claimable=Amount.of(its_claimable, currency),
            redemptions=redemptions.get((position.tranche, position.account), []),
        )
        for position, its_claimable in zip(positions, claimable, strict=True)
    ]


def _exit_prices(figures: Figures, currency: str) -> dict[str, Price]:
    chain = figures.chain
    questions = joined.from_iterable(
        (ask(chain.pool(currency), "trancheAssets", int(tranche)), ask(chain.vault(currency, tranche), "totalSupply"))
        for tranche in TRANCHES.values()
    )
    answers = iter(figures.answers([*questions]))
    return {
        name: price(exit_, shares)
        for name, ((_, exit_), shares) in zip(TRANCHES, zip(answers, answers, strict=True), strict=True)
    }


def newest(asked: Iterable[Redemption]) -> list[Redemption]:
    """Of redemptions in the order of their epochs, those of each holder that may still be open: the queue takes no more
    before the oldest is done, so that what came before the newest few is paid and claimed."""
    held: dict[tuple[str, str], list[Redemption]] = {}
    for each in asked:
        held.setdefault((each.tranche, each.account), []).append(each)
    return [each for its in held.values() for each in its[-MOST_OPEN_REQUESTS:]]


def _redemption_views(figures: Figures, asked: list[Redemption]) -> dict[tuple[str, str], list[RedemptionView]]:
    """By tranche and account, those of which something waits or can be claimed."""
    views = ("pendingRedeemRequest", "claimableRedeemRequest")
    questions: list[Question] = [
        ask(_vault(figures.chain, each), view, each.epoch, each.account) for each in asked for view in views
    ]
    answers = iter(figures.answers(questions) if questions else [])
    found: dict[tuple[str, str], list[RedemptionView]] = {}
    for each, waiting, claimable in zip(asked, answers, answers, strict=True):
        if waiting or claimable:
            shown = RedemptionView(
                epoch=each.epoch,
                shares=str(each.shares),
                waiting_shares=str(waiting),
                claimable_shares=str(claimable),
                requested_at=moment(each.requested_at),
            )
            found.setdefault((each.tranche, each.account), []).append(shown)
    return found


def _vault(chain: Chain, its: Position | Redemption) -> Any:
    return chain.vault(its.currency, TRANCHES[its.tranche])


def _price_view(exact: Price, text: str) -> PriceView:
    return PriceView(numerator=str(exact.numerator), denominator=str(exact.denominator), per_million_shares=text)
