"""Statements put together for their readers: as views, which JSON and PDF show whole, and line by line for CSV."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed
from api.financings import periods as financing_periods
from api.financings import service as financings
from api.financings.periods import CHARGES, PAID, FinancingPeriod
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.pools.reports import stakes
from api.pools.reports.stakes import Stake, StakePeriod
from api.statements import account
from api.statements.account import CashAccount, Line
from api.statements.schemas import (
    BalanceAtView,
    ChargesView,
    CounterpartyView,
    FinancingPeriodView,
    KindTotalView,
    LineView,
    PaidView,
    PositionPeriodView,
    ProofView,
    ReferenceView,
    StakeView,
    StatementView,
)
from api.statements.words import KINDS, name_of_contract
from api.values import Amount, moment
from chain_node.client import Chain

_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Asked:
    """One statement that somebody asks for; `lei` None: of the caller's own organisation."""

    currency: str
    lei: str | None
    since: date | None
    until: date | None


def open_account(session: Session, principal: Principal, chain: Chain, asked: Asked) -> CashAccount:
    """Refuses as `account.open_account` and `account.period_of` do."""
    period = account.period_of(session, chain, asked.since, asked.until)
    return account.open_account(session, principal, chain, asked.lei, asked.currency, period)


def statement(session: Session, principal: Principal, chain: Chain, asked: Asked, most: int) -> StatementView:
    """Whole; Malformed where there are more movements than `most`."""
    its = open_account(session, principal, chain, asked)
    if its.count > most:
        detail = (
            f"The period has {its.count} movements; a statement shows at most {most} as JSON and PDF. "
            "Ask for CSV, which takes any number, or for a shorter period."
        )
        raise Malformed("statement-too-long", detail, movements=its.count, most=most)
    found = list(account.lines(session, its))
    return StatementView(
        organisation=organisation(session, its),
        currency=its.currency,
        since=its.period.since,
        until=its.period.until,
        is_final=its.period.is_final,
        closed_at=moment(its.period.closed_at),
        opening=_balance(its.opening, its.currency, its.period.opening_block),
        movements=line_views(session, chain, its, found),
        closing=_balance(its.closing, its.currency, its.period.closing_block),
        proof=ProofView(
            block_number=its.period.closing_block,
            block_hash=its.period.closing_hash,
            proven=bool(its.proven),
        ),
        totals=[
            KindTotalView(kind=kind, description=KINDS[kind], count=count, amount=amount)
            for kind, (count, amount) in account.totals(found, its.currency).items()
        ],
        positions=positions(session, principal, chain, its),
        financings=financings_(session, principal, chain, its),
    )


def organisation(session: Session, its: CashAccount) -> PartyView:
    return participants.parties_by_lei(session, [its.lei])[its.lei]


def _balance(units: int, currency: str, block: int) -> BalanceAtView:
    amount = Amount.of(units, currency)
    return BalanceAtView(amount=amount, decimal=amount.decimal, block_number=block)


# Movements


def line_views(session: Session, chain: Chain, its: CashAccount, found: Iterable[Line]) -> list[LineView]:
    found = list(found)
    contracts = {str(address): name_of_contract(name) for name, address in chain.addresses.addresses.items()}
    others = participants.parties_by_account(session, {line.other for line in found} - set(contracts))
    return [_line_view(line, its.currency, contracts, others) for line in found]


def pages(session: Session, chain: Chain, its: CashAccount) -> Iterator[list[LineView]]:
    """All movements, some at a time."""
    waiting: list[Line] = []
    for line in account.lines(session, its):
        waiting.append(line)
        if len(waiting) == _AT_ONCE:
            yield line_views(session, chain, its, waiting)
            waiting = []
    yield line_views(session, chain, its, waiting)


def _line_view(line: Line, currency: str, contracts: dict[str, str], others: dict[str, PartyView]) -> LineView:
    amount = Amount.of(line.amount, currency)
    about = line.reference_kind is not None and line.reference_id is not None
    return LineView(
        at=moment(line.at),
        block_number=line.block_number,
        transaction_hash=line.transaction_hash or None,
        kind=line.kind,
        description=KINDS[line.kind],
        account=line.account,
        counterparty=_counterparty(line, contracts, others),
        reference=ReferenceView(kind=str(line.reference_kind), id=str(line.reference_id)) if about else None,
        amount=amount,
        decimal=amount.decimal,
        balance=Amount.of(line.balance, currency),
    )


def _counterparty(line: Line, contracts: dict[str, str], others: dict[str, PartyView]) -> CounterpartyView | None:
    """Whom one's money went to, or came from, one may know: it is one's own payment."""
    if not line.other:
        return None
    if line.is_by_bank:
        return CounterpartyView(kind="bank", name="The network's bank")
    if line.other in contracts:
        return CounterpartyView(kind="network", name=contracts[line.other])
    if line.other in others:
        party = others[line.other]
        return CounterpartyView(kind="organisation", lei=party.lei, name=party.name)
    return CounterpartyView(kind="account", name=line.other)


# Positions and financings


def _accounts(its: CashAccount) -> list[str]:
    """Those that were the organisation's at the end."""
    return sorted({span.account for span in its.spans if span.last is None or span.last[0] > its.period.closing_block})


def positions(
    session: Session, principal: Principal, chain: Chain, its: CashAccount
) -> list[PositionPeriodView] | None:
    if "pools:read" not in principal.scopes:
        return None
    blocks = its.period.opening_block, its.period.closing_block
    found = stakes.over(session, chain, _accounts(its), its.currency, *blocks)
    return [_position_view(each, its.currency) for each in found]


def _position_view(its: StakePeriod, currency: str) -> PositionPeriodView:
    return PositionPeriodView(
        account=its.account,
        tranche=cast(Any, its.tranche),
        before=_stake_view(its.before, currency),
        deposited=Amount.of(its.deposited, currency),
        claimed=Amount.of(its.claimed, currency),
        transferred=_or_none(its.transferred, currency),
        income=_or_none(its.income, currency),
        after=_stake_view(its.after, currency),
    )


def _stake_view(its: Stake, currency: str) -> StakeView:
    return StakeView(
        shares=str(its.shares),
        waiting_shares=None if its.waiting_shares is None else str(its.waiting_shares),
        value=_or_none(its.value, currency),
        claimable=_or_none(its.claimable, currency),
    )


def _or_none(units: int | None, currency: str) -> Amount | None:
    return None if units is None else Amount.of(units, currency)


def financings_(
    session: Session, principal: Principal, chain: Chain, its: CashAccount
) -> list[FinancingPeriodView] | None:
    if "financings:read" not in principal.scopes:
        return None
    blocks = its.period.opening_block, its.period.closing_block
    found = financing_periods.over(session, chain, _accounts(its), its.currency, *blocks)
    return [_financing_view(each, its.currency) for each in found]


def _financing_view(its: FinancingPeriod, currency: str) -> FinancingPeriodView:
    def amounts(parts: Iterable[tuple[str, int]]) -> dict[str, Amount]:
        told = dict(parts)
        return {name: Amount.of(units, currency) for name, units in {**told, "total": sum(told.values())}.items()}

    charged = None
    if its.charged is not None:
        charged = ChargesView(**amounts((part, its.charged[part]) for part in CHARGES))
    return FinancingPeriodView(
        financing_id=str(its.financing.number),
        facility_id=str(its.financing.facility),
        before=None if its.before is None else financings.owed_view(its.before, currency),
        drawn=Amount.of(its.drawn, currency),
        charged=charged,
        paid=PaidView(**amounts((part, its.paid[part]) for part in PAID)),
        written_off=Amount.of(its.written_off, currency),
        after=None if its.after is None else financings.owed_view(its.after, currency),
    )
