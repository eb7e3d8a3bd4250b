"""Margin calls, to both sides of the pledge; their sales to everybody, since anybody may bid."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import Malformed, NotFound
from api.figures import Figures, ask
from api.financings import service as financings
from api.financings.models import Financing
from api.lists import Asked
from api.margin_calls import repository
from api.margin_calls.listing import TOLD_TO_PARTIES
from api.margin_calls.models import MarginCall, PutUp, SaleRound
from api.margin_calls.schemas import CallState, MarginCallView, PutUpView, RoundView, SaleView
from api.participants import service as participants
from api.pledges import service as pledges
from api.pledges.models import PledgeStep
from api.pledges.service import BPS, Standing
from api.possible import Possible, possible
from api.values import Amount, Page, amounts, in_block, moment, moment_or_none
from chain_node.client import Chain


@dataclass(frozen=True)
class Case:
    """A call with what it is about; `is_party` where the caller is told what is owed."""

    call: MarginCall
    financing: Financing
    standing: Standing
    is_party: bool
    now: int

    @property
    def is_live(self) -> bool:
        return self.call.ended_at is None and self.standing.call.deadline == self.call.deadline

    @property
    def state(self) -> CallState:
        if not self.is_live:
            return "ended"
        if self.now < self.standing.sale_until:
            return "selling"
        return "expired" if self.now >= self.call.deadline else "open"


def find(session: Session, principal: Principal, chain: Chain, call_id: str) -> Case:
    """NotFound where there is no call that concerns the caller, or whose goods it may bid for."""
    parts = re.fullmatch(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,8})", call_id)
    found = repository.call(session, int(parts[1]), int(parts[2])) if parts else None
    case = _cases(session, principal, chain, [found])[0] if found else None
    if case is None or not (case.is_party or (principal.lei and case.state == "selling")):
        raise NotFound("margin-call-absent", f"There is no margin call {call_id[:40]} of yours.", id=call_id[:40])
    return case


def again(session: Session, principal: Principal, chain: Chain, case: Case) -> Case:
    """The same call as the database has it now."""
    call = session.get_one(MarginCall, (case.call.financing, case.call.number))
    return _cases(session, principal, chain, [call])[0]


def page(
    session: Session, principal: Principal, chain: Chain, asked: Asked, *, open_only: bool, on_sale: bool
) -> Page[MarginCallView]:
    """What is asked for of the caller's calls; with `on_sale` also of those of others whose goods are up for sale,
    which cannot be told apart by what only parties are told."""
    mine = None
    if not principal.sees_all:
        mine = financings.numbers_of(session, participants.accounts_of(session, principal.organisation()))
        if on_sale:
            _require_told(asked)
    moment_of_sale = indexed_now(session) if on_sale else None
    found = repository.page(session, asked, financings=mine, open_only=open_only, on_sale_at=moment_of_sale)
    cases = _cases(session, principal, chain, found.rows)
    shown = [case for case in cases if case.is_party or case.state == "selling"]
    return Page(items=views(session, shown, chain), next=found.next)


def _require_told(asked: Asked) -> None:
    columns = [condition[0] for condition in asked.conditions] + [order[0] for order in asked.order]
    used = {its.name for its in columns} & TOLD_TO_PARTIES
    if used:
        named = sorted(used)[0]
        detail = f"`{named}` is told to both sides of a pledge only, so it cannot be asked for with `on_sale`."
        raise Malformed("query-invalid", detail, where=f"/query/{named}")


def _cases(session: Session, principal: Principal, chain: Chain, calls: Sequence[MarginCall]) -> list[Case]:
    its = financings.by_numbers(session, {call.financing for call in calls})
    accounts = participants.accounts_of(session, principal.lei) if principal.lei else []
    standing = dict(zip(its, pledges.standings(session, chain, list(its.values())), strict=True))
    now = indexed_now(session)
    return [
        Case(
            call,
            its[call.financing],
            standing[call.financing],
            principal.sees_all or its[call.financing].supplier in accounts,
            now,
        )
        for call in calls
    ]


def views(session: Session, cases: Sequence[Case], chain: Chain) -> list[MarginCallView]:
    numbers = [case.financing.number for case in cases]
    suppliers = participants.parties_by_account(session, {case.financing.supplier for case in cases})
    rounds, put_up = repository.rounds(session, numbers), repository.put_up(session, numbers)
    shown = []
    for case in cases:
        call, currency = case.call, pledges.currency_of(session, chain, case.financing)
        owed, base = case.standing.owed, case.standing.curing_base

        def told(units: int | None, case: Case = case, currency: str = currency) -> Amount | None:
            return Amount.of(units, currency) if units is not None and case.is_party else None

        steps = pledges.sales(session, call.financing, (call.block_number, call.ended_block))
        shown.append(
            MarginCallView(
                id=f"{call.financing}-{call.number}",
                pledge_id=str(call.financing),
                state=case.state,
                supplier=suppliers.get(case.financing.supplier) if case.is_party else None,
                owed_at_call=told(call.owed),
                value_at_call=told(call.value),
                deadline=moment(call.deadline),
                called_at=moment(call.called_at),
                ended_at=moment_or_none(call.ended_at),
                left_owed=told(call.left_owed),
                owed=told(owed if case.is_live else None),
                base=told(base if case.is_live else None),
                shortfall=told(max(0, owed - base) if case.is_live else None),
                rounds=[_round_view(r) for r in rounds if (r.financing, r.call) == (call.financing, call.number)],
                goods=_on_sale(session, chain, case, put_up, currency) if case.state == "selling" else [],
                sales=[_sale_view(step, currency) for step in steps] if case.is_party else [],
                possible=list(_possible(case)),
                **in_block(call),
            )
        )
    return shown


def _on_sale(session: Session, chain: Chain, case: Case, put_up: list[PutUp], currency: str) -> list[PutUpView]:
    """What is left of what was put up, and what all of it costs now."""
    lots = {lot.lot_id: lot for lot in case.standing.lots if lot.position["pledged"]}
    found = [each for each in put_up if each.financing == case.financing.number and each.lot_id in lots]
    stock, number = chain.inventory_collateral, case.financing.number
    left = {each.lot_id: lots[each.lot_id].position["pledged"] for each in found}
    questions = [ask(stock, "salePriceOf", number, int(each.lot_id, 16), left[each.lot_id]) for each in found]
    prices = Figures.at(session, chain).answers(questions) if questions else []
    return [
        PutUpView(
            receipt_id=each.lot_id,
            commodity=lots[each.lot_id].goods["commodity"],
            unit=lots[each.lot_id].goods["unit"],
            put_up_thousandths=str(each.quantity),
            left_thousandths=str(left[each.lot_id]),
            least_bid_thousandths=str(
                min(left[each.lot_id], -(-each.quantity * case.standing.terms.least_bid_bps // BPS))
            ),
            market_value=Amount.of(each.market_value, currency),
            price=Amount.of(price, currency),
        )
        for each, price in zip(found, prices, strict=True)
    ]


def _round_view(its: SaleRound) -> RoundView:
    until = moment(its.until)
    return RoundView(number=its.number, started_at=moment(its.started_at), until=until, **in_block(its))


def _sale_view(step: PledgeStep, currency: str) -> SaleView:
    return SaleView(
        receipt_id=step.lot_id,
        quantity_thousandths=str(step.quantity),
        price=Amount.of(step.amount, currency),
        **amounts(step, currency, "to_pool"),
        at=moment(step.happened_at),
        **in_block(step),
    )


def _possible(case: Case) -> Iterator[Possible]:
    if not case.is_live:
        return
    its, deadline = case.standing, case.call.deadline
    if case.state == "selling":
        detail = "goods may be bought at the price of the moment, which falls"
        yield possible("bids", "anyone admitted", detail, until=its.sale_until)
    if not case.is_party:
        return
    owed, base = its.owed, its.curing_base
    if owed <= base:
        yield possible("ending", "anyone", f"{owed} minor units are owed, the goods may bear {base}: the call can end")
        return
    detail = f"{owed} minor units are owed, the goods may bear {base}: {owed - base} mend it"
    yield possible("cure", "supplier", detail, until=deadline if case.state == "open" else None)
    if case.state == "expired":
        yield possible("sale", "anyone", "the time to mend it is over: the goods may be put up", since=deadline)
