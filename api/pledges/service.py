"""Pledged goods, to their owner and to the lender: what they are worth, what they bear, what may be done with them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.facilities import service as facilities
from api.figures import Figures, ask
from api.financings import service as financings
from api.financings.models import Financing
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.pledges import offers, repository
from api.pledges.models import PledgeStep
from api.pledges.schemas import GapName, MarginTermsView, OfferView, PledgedLotView, PledgeStepView, PledgeView
from api.possible import Possible, possible
from api.receipts import service as receipts
from api.values import Amount, Page, amounts, hex32, in_block, moment, moment_or_none
from chain_node.client import Chain, GoodsGap, MarginCall, MarginTerms, Valuation

BPS = 10_000
_STANDING = ("lotsOf", "pledgorOf", "worthOf", "marginTermsOf", "marginCallOf", "ladderOf")


@dataclass(frozen=True)
class PledgedLot:
    """One lot in custody and its worth, by id."""

    lot_id: str
    goods: dict[str, Any]
    position: dict[str, Any]
    valuation: Valuation


@dataclass(frozen=True)
class Standing:
    """What the contracts say of a pledge now. Amounts in minor units; `enforced` where all is due whatever it bears."""

    owed: int
    base: int
    available: int
    value: int
    call_value: int
    market_value: int
    gap: GoodsGap
    rate_bps: int
    terms: MarginTerms
    call: MarginCall
    enforced: bool
    lots: list[PledgedLot]

    @property
    def bears_before_call(self) -> int:
        return self.call_value * self.terms.call_level_bps // BPS

    @property
    def curing_base(self) -> int:
        """What may be owed for an open call to end: nothing where all is due, else what the goods bear, or last did."""
        if self.enforced:
            return 0
        return self.value * self.rate_bps // BPS if self.gap is GoodsGap.NONE else self.call.last_base

    @property
    def sale_until(self) -> int:
        """When the round of the sale that began last ends; 0 where there was none."""
        return self.call.sale_from + self.terms.sale_seconds if self.call.sale_from else 0


def find(session: Session, principal: Principal, chain: Chain, pledge_id: str) -> Financing:
    """The financing that goods back; NotFound where there is none of the caller's."""
    found = financings.find(session, principal, pledge_id)
    if not is_of_goods(chain, found):
        detail = f"Financing {pledge_id} is not backed by goods in a warehouse."
        raise NotFound("pledge-absent", detail, id=pledge_id)
    return found


def is_of_goods(chain: Chain, financing: Financing) -> bool:
    return financing.collateral == chain.addresses.address("InventoryCollateral")


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[PledgeView]:
    """What is asked for of the caller's pledges; of all for who sees all."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    adapter = chain.addresses.address("InventoryCollateral")
    found = financings.backed_by(session, chain, asked, adapter, accounts=accounts)
    return Page(items=views(session, principal, found.rows, chain), next=found.next)


def view(session: Session, principal: Principal, financing: Financing, chain: Chain) -> PledgeView:
    return views(session, principal, [financing], chain)[0]


def views(session: Session, principal: Principal, found: Sequence[Financing], chain: Chain) -> list[PledgeView]:
    numbers = [financing.number for financing in found]
    suppliers = participants.parties_by_account(session, {financing.supplier for financing in found})
    currencies = _currencies(session, chain, found)
    steps: dict[int, list[PledgeStep]] = defaultdict(list)
    for step in repository.steps(session, numbers):
        steps[step.financing].append(step)
    buyers = participants.parties_by_account(session, {s.buyer for of in steps.values() for s in of if s.buyer})
    offered: dict[str, list[OfferView]] = defaultdict(list)
    for offer in offers.views(session, repository.offers_of(session, numbers), chain, currencies):
        offered[offer.pledge_id].append(offer)
    now = indexed_now(session)
    return [
        _view(
            session,
            financing,
            standing,
            currencies[financing.number],
            suppliers.get(financing.supplier, PartyView(lei="", name=financing.supplier)),
            offered[str(financing.number)],
            [_step_view(step, buyers, currencies[financing.number]) for step in steps[financing.number]],
            list(_possible(financing, standing, now)),
        )
        for financing, standing in zip(found, standings(session, chain, found), strict=True)
    ]


def _currencies(session: Session, chain: Chain, found: Collection[Financing]) -> dict[int, str]:
    lines = facilities.by_numbers(session, {financing.facility for financing in found})
    lent = facilities.currencies(session, chain, lines.values())
    return {financing.number: lent[financing.facility] for financing in found}


def currency_of(session: Session, chain: Chain, financing: Financing) -> str:
    return _currencies(session, chain, [financing])[financing.number]


def sales(session: Session, financing: int, blocks: tuple[int, int | None]) -> list[PledgeStep]:
    """Goods of a financing that were sold from one block to another (both included; None: to now)."""
    return repository.sales(session, financing, blocks)


def standings(session: Session, chain: Chain, found: Sequence[Financing]) -> list[Standing]:
    """Of pledges, in their order, by two requests to the node."""
    stock, desk, figures = chain.inventory_collateral, chain.desk, Figures.at(session, chain)
    first = [
        question
        for financing in found
        for question in (
            *(ask(stock, view, financing.number) for view in _STANDING),
            ask(desk, "owedInAll", financing.number),
            ask(desk, "availability", financing.number),
            ask(desk, "financing", financing.number),
        )
    ]
    answers = figures.answers(first) if first else []
    size = len(_STANDING) + 3
    told = [answers[start : start + size] for start in range(0, len(answers), size)]
    currencies = _currencies(session, chain, found)
    asked = [
        question
        for financing, its in zip(found, told, strict=True)
        for lot in its[0]
        for question in (
            ask(chain.lots, "goods", lot),
            ask(chain.lots, "position", lot, its[1]),
            ask(chain.valuations, "valuationOf", lot, its[1], 2**56 - 1, currencies[financing.number]),
        )
    ]
    details = iter(figures.answers(asked) if asked else [])
    return [_standing(its, [_lot(lot, details) for lot in its[0]]) for its in told]


def _lot(lot: int, details: Iterator[Any]) -> PledgedLot:
    goods, position = next(details), next(details)
    quantity, market_value, ceiling, value, haircut_bps, grade, gap = next(details).values()
    valuation = Valuation(quantity, market_value, ceiling, value, haircut_bps, grade, GoodsGap(gap))
    return PledgedLot(hex32(lot), goods, position, valuation)


def _standing(its: list[Any], lots: list[PledgedLot]) -> Standing:
    _, _, worth, terms, call, ladder, owed, (base, available), at_desk = its
    value, call_value, market_value, gap = worth.values()
    return Standing(
        owed=owed,
        base=base,
        available=available,
        value=value,
        call_value=call_value,
        market_value=market_value,
        gap=GoodsGap(gap),
        rate_bps=ladder[0]["advanceRateBps"] if ladder else 0,
        terms=MarginTerms(*terms.values()),
        call=MarginCall(*call.values()),
        enforced=owed > 0 and (at_desk["state"].name == "DEFAULTED" or at_desk["writtenOff"] > 0),
        lots=lots,
    )


def _view(
    session: Session,
    financing: Financing,
    its: Standing,
    currency: str,
    supplier: PartyView,
    offered: list[OfferView],
    steps: list[PledgeStepView],
    acts: list[Possible],
) -> PledgeView:
    its_amounts = ("owed", "base", "available", "value", "call_value", "market_value", "bears_before_call")
    return PledgeView(
        id=str(financing.number),
        state=financing.state,
        facility_id=str(financing.facility),
        supplier=supplier,
        currency=currency,
        **amounts(its, currency, *its_amounts),
        gap=gap_name(its.gap),
        advance_rate_bps=its.rate_bps,
        loan_to_value_bps=-(-its.owed * BPS // its.call_value) if its.call_value else None,
        terms=terms_view(its.terms),
        cure_deadline=moment_or_none(its.call.deadline or None),
        goods=[_lot_view(session, lot, currency) for lot in its.lots],
        offers=offered,
        steps=steps,
        possible=acts,
    )


def gap_name(gap: GoodsGap) -> GapName:
    return cast(GapName, gap.name.lower())


def terms_view(terms: MarginTerms) -> MarginTermsView:
    return MarginTermsView.model_validate(terms, from_attributes=True)


def _lot_view(session: Session, its: PledgedLot, currency: str) -> PledgedLotView:
    lot = receipts.known(session, its.lot_id)
    houses = participants.parties_by_number(session, [lot.operator]) if lot else {}
    return PledgedLotView(
        receipt_id=its.lot_id,
        commodity=its.goods["commodity"],
        unit=its.goods["unit"],
        warehouse=houses.get(lot.operator) if lot else None,
        quantity_thousandths=str(its.position["pledged"]),
        leaving_thousandths=str(its.position["pledgedAside"]),
        market_value=Amount.of(its.valuation.market_value, currency),
        haircut_bps=its.valuation.haircut_bps,
        value=Amount.of(its.valuation.value, currency),
        grade=its.valuation.grade,
        gap=gap_name(its.valuation.gap),
    )


def _step_view(step: PledgeStep, buyers: dict[str, PartyView], currency: str) -> PledgeStepView:
    return PledgeStepView(
        kind=step.kind,
        receipt_id=step.lot_id,
        quantity_thousandths=str(step.quantity),
        other_receipt_id=step.other_lot,
        other_quantity_thousandths=str(step.other_quantity),
        **amounts(step, currency, "amount", "to_pool"),
        buyer=buyers.get(step.buyer) if step.buyer else None,
        at=moment(step.happened_at),
        **in_block(step),
    )


def _possible(financing: Financing, its: Standing, now: int) -> Iterator[Possible]:
    if not its.lots:
        return
    if its.owed == 0:
        yield possible("release", "supplier", "nothing is owed: the goods can be taken back")
    if its.available:
        yield possible("poke", "anyone", f"{its.available} minor units may be drawn: the goods bear {its.base}")
    selling = now < its.sale_until
    if not selling:
        yield possible("goods", "supplier", "more goods may be added", until=its.call.deadline)
        yield possible("substitutions", "supplier", "goods may be exchanged for others worth no less")
    if its.owed and its.gap is GoodsGap.NONE:
        ratio = its.terms.release_ratio_bps / 100
        detail = f"goods come back for a payment, worth at most {ratio:g} % of it, while the rest bears what is owed"
        yield possible("releases", "supplier", detail)
    yield possible("offers", "supplier", "goods may be offered out of custody")
    if not its.call.deadline and its.enforced:
        yield possible("margin-calls", "anyone", f"{its.owed} minor units are owed in default: all is due")
    elif not its.call.deadline and its.owed > its.bears_before_call:
        detail = f"{its.owed} minor units are owed, the goods bear {its.bears_before_call} before a call"
        yield possible("margin-calls", "anyone", detail)
