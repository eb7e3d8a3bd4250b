"""An organisation's account in one currency over a period: where it began, what moved, where it ended.

The end is said three times and must be the same: the beginning and all that moved; all that ever moved, up to the last
block; and what the cash token itself answers at that block.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import structlog
from sqlmodel import Session

from api.auth.principal import Principal
from api.cash import service as cash
from api.cash.reasons import Noted, Transfer, reason_of
from api.clock import indexed_now
from api.errors import GatewayError, Malformed, NotFound, Unavailable, of_chain
from api.figures import STATE_GONE, Figures, ask, block_before
from api.interest import DAY
from api.margin_calls.models import MarginCall
from api.participants import service as participants
from api.statements import repository
from api.statements.repository import Side, Span
from api.values import Amount, day, days
from chain_node.client import Chain
from chain_node.errors import ChainError

log = structlog.get_logger()
_END_OF_BLOCK: Final = 2**31 - 1
_BANK: Final = "0x0000000000000000000000000000000000000000"


@dataclass(frozen=True)
class Period:
    """From one day to another, both included: the blocks above `opening_block` and up to `closing_block`, which was
    made at `closed_at` (Unix seconds). It is final once the chain's clock has gone past it."""

    since: date
    until: date
    opening_block: int
    closing_block: int
    closing_hash: str
    closed_at: int
    is_final: bool


@dataclass(frozen=True)
class Line:
    """One movement, in minor units; `balance` is the organisation's after it, `other` the account on the other side:
    empty where none is, `_BANK` where cash was made or destroyed."""

    at: int
    block_number: int
    log_index: int
    transaction_hash: str
    kind: str
    account: str
    other: str
    amount: int
    balance: int
    reference_kind: str | None = None
    reference_id: str | None = None

    @property
    def is_by_bank(self) -> bool:
        return self.other == _BANK


@dataclass(frozen=True)
class CashAccount:
    """Balances in minor units; `count` says how many movements there are, `proven` that the chain's own balance at the
    closing block is `closing`: null where the node does not know a block so old any more."""

    lei: str
    currency: str
    period: Period
    spans: tuple[Span, ...]
    boundaries: tuple[Line, ...]
    opening: int
    closing: int
    count: int
    proven: bool | None


def open_account(
    session: Session, principal: Principal, chain: Chain, lei: str | None, currency: str, period: Period
) -> CashAccount:
    """The account of an organisation, the caller's own by default; NotFound where it is none of the caller's business,
    Unavailable where rows and chain do not say the same."""
    lei = lei or principal.organisation()
    tenures = participants.tenures_of(session, lei) if principal.sees(lei) else None
    if tenures is None:
        raise NotFound("participant-absent", f"There is no participant {lei} whose statements you may see.", lei=lei)
    cash.require_currency(chain, currency)
    # What the network's contracts hold is not the operator's, who has had them admitted.
    contracts = set(chain.addresses.addresses.values())
    spans = tuple(
        Span(
            its.account,
            (its.from_block, its.from_log),
            None if its.until_block is None else (its.until_block, its.until_log or 0),
        )
        for its in tenures
        if its.account not in contracts
    )
    opening = sum(_held(session, currency, spans, period.opening_block).values())
    held = _held(session, currency, spans, period.closing_block)
    boundaries = _boundaries(session, chain, currency, spans, period)
    sides = repository.count(session, currency, spans, period.opening_block, period.closing_block)
    proven = _proof(chain, currency, held, period.closing_block)
    if proven is False:
        raise _unproven(lei, currency, period.closing_block)
    return CashAccount(
        lei=lei,
        currency=currency,
        period=period,
        spans=spans,
        boundaries=boundaries,
        opening=opening,
        closing=sum(held.values()),
        count=sides + len(boundaries),
        proven=proven,
    )


def _unproven(lei: str, currency: str, block: int) -> Unavailable:
    log.error("statements.unproven", lei=lei, currency=currency, block=block)
    detail = (
        "The gateway's books and the chain's differ just now, as they do while the chain is reorganised; ask again."
    )
    return Unavailable("statement-unproven", detail, currency=currency, block_number=block)


# Periods


def period_of(session: Session, chain: Chain, since: date | None, until: date | None) -> Period:
    """By default from the first of the last day's month to today, on the chain's clock. Malformed where it would end
    before it begins, has not come yet, or was over before the network began."""
    now = indexed_now(session)
    today = day(now // DAY)
    last = until or today
    first = since or last.replace(day=1)
    if first > last:
        raise Malformed("period-reversed", f"{first} is after {last}.", since=str(first), until=str(last))
    if last > today:
        detail = f"{last} has not come yet: the chain's clock says {today}."
        raise Malformed("period-in-future", detail, until=str(last), today=str(today))
    end = (days(last) + 1) * DAY
    closing = block_before(session, chain, end)
    if closing < chain.addresses.first_block:
        detail = f"The network began after {last}; there is no statement of before."
        raise Malformed("period-before-network", detail, until=str(last))
    try:
        block = chain.block(closing)
    except ChainError as error:
        raise of_chain(error) from error
    return Period(
        since=first,
        until=last,
        opening_block=block_before(session, chain, days(first) * DAY),
        closing_block=closing,
        closing_hash="0x" + block.hash.hex(),
        closed_at=block.timestamp,
        is_final=now >= end,
    )


# Balances


def _open_at(span: Span, block: int) -> bool:
    """Whether the account was the organisation's at the end of a block."""
    return span.first[0] <= block and (span.last is None or span.last[0] > block)


def _held(session: Session, currency: str, spans: Iterable[Span], block: int) -> dict[str, int]:
    """Of each account that was the organisation's at the end of a block, what it had."""
    mine = [span.account for span in spans if _open_at(span, block)]
    return {account: repository.balance(session, currency, account, (block, _END_OF_BLOCK)) for account in mine}


def _proof(chain: Chain, currency: str, held: dict[str, int], block: int) -> bool | None:
    """Whether the cash token says the same at the end of the block."""
    token = chain.cash(currency)
    try:
        told = Figures(chain, block).answers([ask(token, "balanceOf", account) for account in held]) if held else []
    except GatewayError as error:
        if error.error == STATE_GONE:
            return None
        raise
    return told == list(held.values())


def _boundaries(
    session: Session, chain: Chain, currency: str, spans: Iterable[Span], period: Period
) -> tuple[Line, ...]:
    """Accounts that came to the organisation, or went, with money on them. Accounts that were never another's come with
    nothing: only who is admitted has cash."""
    found: list[Line] = []
    for span in spans:
        for kind, place, sign in (("account_joined", span.first, 1), ("account_left", span.last, -1)):
            if place is None or not period.opening_block < place[0] <= period.closing_block:
                continue
            amount = sign * repository.balance(session, currency, span.account, place)
            if amount:
                at = chain.block(place[0]).timestamp
                found.append(Line(at, *place, "", kind, span.account, "", amount, 0))
    return tuple(sorted(found, key=_place))


def _place(line: Line) -> tuple[int, int, bool]:
    return line.block_number, line.log_index, line.amount > 0


# Movements


def lines(session: Session, its: CashAccount) -> Iterator[Line]:
    """Every movement in the order of the chain, some at a time. Unavailable at the end where they do not come to the
    closing balance: whoever has written what was shown must let it go."""
    balance, period = its.opening, its.period
    moved = _moved(session, its)
    for line in heapq.merge(moved, its.boundaries, key=_place):
        balance += line.amount
        yield replace(line, balance=balance)
    if balance != its.closing:
        raise _unproven(its.lei, its.currency, period.closing_block)


def _moved(session: Session, its: CashAccount) -> Iterator[Line]:
    own = {span.account for span in its.spans}
    span = its.period.opening_block, its.period.closing_block
    for sides in repository.sides(session, its.currency, its.spans, *span):
        yield from _told(session, sides, own)


def _told(session: Session, sides: list[Side], own: set[str]) -> list[Line]:
    """With what they were for."""
    transactions = {side.transaction_hash for side in sides}
    noted = repository.reasons(session, transactions)
    found = [(side, _reason(side, noted.get(side.transaction_hash, []))) for side in sides]
    repaid = {int(why.reference_id or 0) for _, why in found if why is not None and why.kind == "repayment"}
    calls = repository.margin_calls(session, repaid) if repaid else []
    issued = {side.transaction_hash for side, why in found if why is not None and why.kind == "issue"}
    instructed = repository.instructions(session, issued) if issued else {}
    return [_line(side, why, own, calls, instructed) for side, why in found]


def _reason(side: Side, noted: list[Noted]) -> Noted | None:
    return reason_of(Transfer(side.log_index, side.giver, side.taker, abs(side.amount)), noted)


def _line(side: Side, why: Noted | None, own: set[str], calls: list[MarginCall], instructed: dict[str, str]) -> Line:
    kind, about, by = _plain(side, own), None, None
    if why is not None:
        kind, about, by = why.kind, why.reference_kind, why.reference_id
        if kind == "repayment" and side.amount < 0 and _is_called(side, int(by or 0), calls):
            kind = "margin_call_payment"
        if kind == "issue" and side.transaction_hash in instructed:
            about, by = "payment_instruction", instructed[side.transaction_hash]
    return Line(
        at=side.moved_at,
        block_number=side.block_number,
        log_index=side.log_index,
        transaction_hash=side.transaction_hash,
        kind=kind,
        account=side.account,
        other=side.other,
        amount=side.amount,
        balance=0,
        reference_kind=about,
        reference_id=by,
    )


def _plain(side: Side, own: set[str]) -> str:
    """Of a transfer that no event speaks of."""
    if side.other == _BANK:
        return "issue" if side.amount > 0 else "withdrawal"
    return "own_transfer" if side.other in own else "transfer"


def _is_called(side: Side, financing: int, calls: list[MarginCall]) -> bool:
    """Whether there was a margin call on the financing when it was paid."""
    block = side.block_number
    return any(
        each.financing == financing
        and each.block_number <= block
        and (each.ended_block is None or block <= each.ended_block)
        for each in calls
    )


def totals(found: Iterable[Line], currency: str) -> dict[str, tuple[int, Amount]]:
    """How many movements of each kind there were, and what they came to."""
    sums: dict[str, list[int]] = {}
    for line in found:
        its = sums.setdefault(line.kind, [0, 0])
        its[0] += 1
        its[1] += line.amount
    return {kind: (count, Amount.of(units, currency)) for kind, (count, units) in sorted(sums.items())}
