"""A pool over a period: its money to the minor unit, what its lenders own, and each lender's shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_block, indexed_now
from api.errors import GatewayError, Malformed
from api.figures import STATE_GONE, Figures, ask, block_before
from api.interest import DAY
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.pools import repository, service
from api.pools.entries import WITHOUT_MONEY
from api.pools.models import LenderEntry
from api.pools.prices import Price, price
from api.pools.reports.schemas import (
    HoldingView,
    LenderMovementView,
    LenderStatementView,
    MoneyView,
    MovementView,
    PoolStatementView,
    WorthView,
)
from api.values import Amount, day, days, moment
from chain_node.client import Chain


@dataclass(frozen=True)
class Then:
    """What the contracts said at the end of a block: the lenders' assets, and the exit price of each tranche."""

    gross: int
    prices: dict[str, Price]


@dataclass(frozen=True)
class _Period:
    """From `start` on and before `end`, Unix seconds."""

    start: int
    end: int


def statement(
    session: Session, principal: Principal, chain: Chain, currency: str, since: date | None, until: date | None
) -> PoolStatementView:
    """By default from the first of the month to today, on the chain's clock; Malformed where it would end before it
    begins."""
    service.require_pool(chain, currency)
    now = indexed_now(session)
    last = until or day(now // DAY)
    first = since or last.replace(day=1)
    if first > last:
        raise Malformed("period-reversed", f"{first} is after {last}.", since=str(first), until=str(last))
    period = _Period(days(first) * DAY, (days(last) + 1) * DAY)
    opening = then(chain, currency, block_before(session, chain, period.start))
    closing = then(chain, currency, block_before(session, chain, period.end))
    return PoolStatementView(
        currency=currency,
        as_of=moment(now),
        block_number=indexed_block(session),
        since=first,
        until=last,
        money=_money(session, currency, period),
        worth=_worth(session, currency, period, opening, closing),
        lenders=_lenders(session, principal, currency, period, opening, closing),
    )


# The pool


def _money(session: Session, currency: str, period: _Period) -> MoneyView:
    def amount(units: int) -> Amount:
        return Amount.of(units, currency)

    before, during = _sums(session, currency, 0, period.start), _sums(session, currency, period.start, period.end)
    opening = sum(units for _, units, _ in before)
    return MoneyView(
        opening=amount(opening),
        movements=[MovementView(kind=kind, count=count, amount=amount(units)) for kind, units, count in during],
        closing=amount(opening + sum(units for _, units, _ in during)),
    )


def _sums(session: Session, currency: str, since: int, until: int) -> list[tuple[str, int, int]]:
    found = repository.entry_sums(session, currency, since=since, until=until)
    return [(kind, units, count) for kind, units, count in found if kind not in WITHOUT_MONEY]


def _worth(
    session: Session, currency: str, period: _Period, opening: Then | None, closing: Then | None
) -> WorthView | None:
    if opening is None or closing is None:
        return None
    found = repository.entry_sums(session, currency, since=period.start, until=period.end)
    sums = {kind: units for kind, units, _ in found}
    deposits = sums.get("deposits", 0)
    redeemed, losses = -sums.get("set aside for redemptions", 0), -sums.get("losses", 0)
    parts = {
        "opening": opening.gross,
        "deposits": deposits,
        "redeemed": redeemed,
        "losses": losses,
        "earned": closing.gross - opening.gross - deposits + redeemed + losses,
        "closing": closing.gross,
    }
    return WorthView(**{name: Amount.of(units, currency) for name, units in parts.items()})


def then(chain: Chain, currency: str, block: int) -> Then | None:
    """At the end of a block; None where the node has given up its state."""
    if block < chain.addresses.first_block:
        return Then(0, {name: price(0, 0) for name in service.TRANCHES})
    pool = chain.pool(currency)
    questions = [ask(pool, "grossAssets")]
    for tranche in service.TRANCHES.values():
        questions += [
            ask(pool, "trancheAssets", int(tranche)),
            ask(chain.vault(currency, tranche), "totalSupply"),
        ]
    try:
        gross, *rest = Figures(chain, block).answers(questions)
    except GatewayError as error:
        if error.error == STATE_GONE:
            return None
        raise
    told = iter(rest)
    return Then(gross, {name: price(next(told)[1], next(told)) for name in service.TRANCHES})


# Its lenders


def _lenders(
    session: Session,
    principal: Principal,
    currency: str,
    period: _Period,
    opening: Then | None,
    closing: Then | None,
) -> list[LenderStatementView]:
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    entries = repository.lender_entries(session, currency, accounts, until=period.end)
    parties = participants.parties_by_account(session, {entry.account for entry in entries})
    whose = sorted({(entry.account, entry.tranche) for entry in entries})
    return [
        _lender(
            [entry for entry in entries if (entry.account, entry.tranche) == (account, tranche)],
            parties.get(account, PartyView(lei="", name=account)),
            currency,
            period,
            opening.prices[tranche] if opening else None,
            closing.prices[tranche] if closing else None,
        )
        for account, tranche in whose
    ]


def _lender(
    entries: list[LenderEntry],
    party: PartyView,
    currency: str,
    period: _Period,
    opening: Price | None,
    closing: Price | None,
) -> LenderStatementView:
    during = [entry for entry in entries if entry.booked_at >= period.start]
    before = _shares(entry for entry in entries if entry.booked_at < period.start)
    kept: dict[str, Any] = {"account": entries[0].account, "tranche": entries[0].tranche}
    return LenderStatementView(
        lender=party,
        **kept,
        opening=_holding(before, opening, currency),
        movements=[_movement(entry, currency) for entry in during],
        closing=_holding(before + _shares(during), closing, currency),
    )


def _shares(entries: Iterable[LenderEntry]) -> int:
    return sum(entry.shares for entry in entries)


def _holding(shares: int, at: Price | None, currency: str) -> HoldingView:
    value = None if at is None else Amount.of(at.value_down(shares), currency)
    return HoldingView(shares=str(shares), value=value)


def _movement(entry: LenderEntry, currency: str) -> LenderMovementView:
    told: dict[str, Any] = {"kind": entry.kind, "shares": str(entry.shares), "at": moment(entry.booked_at)}
    assets = Amount.of(entry.assets, currency)
    return LenderMovementView(**told, assets=assets, transaction_hash=entry.transaction_hash)
