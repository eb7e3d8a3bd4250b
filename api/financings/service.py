"""What the chain says of financings, to their suppliers and to the operator."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlmodel import Session, col, select

from api.auth.principal import Principal
from api.errors import NotFound
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.facilities.schemas import StepView
from api.figures import Figures, ask
from api.financings import repository
from api.financings.models import Draw, Financing, Handover, Repayment, WriteOff
from api.financings.schemas import (
    CollateralKind,
    DrawView,
    FinancingView,
    HandoverView,
    OwedView,
    PurposeView,
    RepaymentView,
    WriteOffView,
)
from api.lists import Asked, Slice
from api.milestones import service as milestones
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.values import Amount, Page, amounts, day, hex32, in_block, moment
from chain_node.client import Chain, Owed, Purpose, PurposeKind


@dataclass(frozen=True)
class Standing:
    """What the desk says of a financing at the newest block that the database has; `overdue_from` in Unix seconds."""

    owed: Owed
    impairment: int
    base: int
    available: int
    overdue_from: int
    write_off_due: int
    purpose: Purpose | None


def find(session: Session, principal: Principal, financing_id: str) -> Financing:
    """The financing; NotFound where there is none that is the caller's."""
    number = int(financing_id) if financing_id.isdecimal() and len(financing_id) < 19 else 0
    found = repository.financing(session, number)
    if found is None or not (principal.sees_all or _is_suppliers(session, principal, found)):
        detail = f"There is no financing {financing_id[:20]} of yours."
        raise NotFound("financing-absent", detail, id=financing_id[:20])
    return found


def watches(session: Session, subject: str) -> bool:
    """Whether a financing that is not released follows the consignment."""
    return repository.watches(session, subject)


def numbers_opened(session: Session, transaction_hashes: Iterable[str]) -> dict[str, int]:
    """The financings that transactions have opened, by the transaction's hash."""
    return repository.numbers_opened(session, transaction_hashes)


@dataclass(frozen=True)
class Outstanding:
    """A financing on which principal is out: lent and neither repaid nor written off."""

    financing: Financing
    principal: int


def outstanding(session: Session, numbers: Collection[int]) -> list[Outstanding]:
    """Of these financings those with principal out, by what draws, repayments and losses have left."""
    found = repository.live(session, numbers)
    out = dict.fromkeys((each.number for each in found), 0)
    for draw in repository.draws(session, list(out)):
        out[draw.financing] += draw.amount
    for paid in repository.repayments(session, list(out)):
        out[paid.financing] -= paid.principal
    for loss in repository.write_offs(session, list(out)):
        out[loss.financing] -= loss.amount
    return [Outstanding(each, out[each.number]) for each in found if out[each.number]]


def view(session: Session, financing: Financing, chain: Chain) -> FinancingView:
    return _views(session, [financing], chain)[0]


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[FinancingView]:
    """What is asked for of the caller's financings; of all for who sees all."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.page(session, asked.where(currency=_lends(session, chain)), accounts=accounts)
    return Page(items=_views(session, found.rows, chain), next=found.next)


def backed_by(
    session: Session, chain: Chain, asked: Asked, adapter: str, *, accounts: Sequence[str] | None
) -> Slice[Financing]:
    """What is asked for, in a list with a bound `currency`, of those whose collateral the adapter keeps; of the
    accounts, or of all where that is None."""
    bound = asked.where(currency=_lends(session, chain))
    return repository.page(session, bound, accounts=accounts, collateral=adapter)


def _lends(session: Session, chain: Chain) -> Callable[[str], Any]:
    """For lists: that a financing is in a currency."""

    def matches(currency: str) -> Any:
        lines = select(Facility.number).where(facilities.lends(session, chain)(currency))
        return col(Financing.facility).in_(lines)

    return matches


def by_numbers(session: Session, numbers: Collection[int]) -> dict[int, Financing]:
    """Financings that are known to exist, for other services."""
    return {financing.number: financing for financing in repository.by_numbers(session, numbers)}


def numbers_of(session: Session, accounts: Sequence[str]) -> list[int]:
    """The financings of these supplier accounts."""
    return repository.numbers_of(session, accounts)


def standings(session: Session, chain: Chain, numbers: list[int]) -> list[Standing]:
    """Of financings that exist, in the order of their numbers as given."""
    if not numbers:
        return []
    views = ("financing", "owed", "availability", "maturityOf")
    questions = [
        question
        for number in numbers
        for question in (
            *(ask(chain.desk, view, number) for view in views),
            ask(chain.servicing, "writeOffDue", number),
            ask(chain.purposes, "purposeOf", number),
        )
    ]
    answers = Figures.at(session, chain).answers(questions)
    size = len(views) + 2
    return [_standing(*answers[start : start + size]) for start in range(0, len(answers), size)]


def _standing(
    its: dict[str, Any],
    owed: dict[str, int],
    drawable: tuple[int, int],
    due: tuple[int, int],
    write_off: int,
    purpose: dict[str, Any],
) -> Standing:
    written_off_soon = max(0, write_off - its["writtenOff"])
    for_ = Purpose(*purpose.values()) if purpose["kind"] else None
    return Standing(Owed(*owed.values()), its["impairment"], *drawable, due[1], written_off_soon, for_)


def _is_suppliers(session: Session, principal: Principal, financing: Financing) -> bool:
    return principal.lei is not None and financing.supplier in participants.accounts_of(session, principal.lei)


def _views(session: Session, financings: list[Financing], chain: Chain) -> list[FinancingView]:
    numbers = [financing.number for financing in financings]
    suppliers = participants.parties_by_account(session, {financing.supplier for financing in financings})
    lines = facilities.by_numbers(session, {financing.facility for financing in financings})
    currencies = facilities.currencies(session, chain, lines.values())
    draws, repayments = repository.draws(session, numbers), repository.repayments(session, numbers)
    write_offs, handovers = repository.write_offs(session, numbers), repository.handovers(session, numbers)
    simulated = milestones.simulated_among(session, {financing.subject for financing in financings})
    return [
        _view(
            financing,
            lines[financing.facility],
            chain,
            currencies[financing.facility],
            suppliers.get(financing.supplier, PartyView(lei="", name=financing.supplier)),
            standing,
            [draw for draw in draws if draw.financing == financing.number],
            [repayment for repayment in repayments if repayment.financing == financing.number],
            [loss for loss in write_offs if loss.financing == financing.number],
            financing.subject in simulated,
            [_handover_view(each, chain) for each in handovers if each.financing == financing.number],
        )
        for financing, standing in zip(financings, standings(session, chain, numbers), strict=True)
    ]


def _view(
    financing: Financing,
    facility: Facility,
    chain: Chain,
    currency: str,
    supplier: PartyView,
    standing: Standing,
    draws: list[Draw],
    repayments: list[Repayment],
    write_offs: list[WriteOff],
    simulated: bool,
    handovers: list[HandoverView],
) -> FinancingView:
    collateral = next((name for name, at in chain.addresses.addresses.items() if at == financing.collateral), "")
    kind = facilities.kind_of(chain, financing.collateral)

    def amount(units: int) -> Amount:
        return Amount.of(units, currency)

    return FinancingView(
        id=str(financing.number),
        state=financing.state,
        facility_id=str(financing.facility),
        supplier=supplier,
        currency=currency,
        collateral_kind=cast(CollateralKind, kind),
        collateral=collateral,
        item_id=financing.item_id,
        subject=financing.subject,
        simulated=simulated,
        pledged=None if kind == "goods" else amount(financing.units),
        pledged_thousandths=str(financing.units) if kind == "goods" else None,
        purpose=_purpose_view(standing.purpose, currency) if standing.purpose else None,
        discount_rate_bps=facility.discount_rate_bps,
        fee_bps=facility.fee_bps,
        ladder=[StepView.of(step) for step in financing.ladder],
        principal=amount(standing.owed.principal),
        impairment=amount(standing.impairment),
        owed=owed_view(standing.owed, currency),
        maturity_date=day(financing.maturity_day),
        overdue_from=moment(standing.overdue_from),
        base=amount(standing.base),
        available=amount(standing.available),
        write_off_due=amount(standing.write_off_due),
        deferred=amount(financing.deferred),
        deferred_by=financing.deferred_by,
        opened_at=moment(financing.opened_at),
        **in_block(financing),
        draws=[_draw_view(draw, currency) for draw in draws],
        repayments=[repayment_view(repayment, currency) for repayment in repayments],
        write_offs=[_write_off_view(loss, currency) for loss in write_offs],
        handovers=handovers,
    )


def _purpose_view(purpose: Purpose, currency: str) -> PurposeView:
    kind: Literal["freight", "purchase"] = "freight" if purpose.kind == PurposeKind.FREIGHT else "purchase"
    return PurposeView(kind=kind, item_id=hex32(purpose.item_id), **amounts(purpose, currency, "most", "paid"))


def _handover_view(its: Handover, chain: Chain) -> HandoverView:
    kind = cast(CollateralKind, facilities.kind_of(chain, its.collateral))
    return HandoverView(collateral_kind=kind, item_id=its.item_id, at=moment(its.handed_over_at), **in_block(its))


def owed_view(owed: Owed, currency: str) -> OwedView:
    parts = ("late_fees", "fees", "interest", "principal", "written_off", "reserve", "total")
    return OwedView(**amounts(owed, currency, *parts))


def _draw_view(draw: Draw, currency: str) -> DrawView:
    its = amounts(draw, currency, "amount", "fee", "reserve", "base", "principal")
    return DrawView(payee=draw.payee, at=moment(draw.drawn_at), **its, **in_block(draw))


def repayment_view(paid: Repayment, currency: str) -> RepaymentView:
    parts = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual", "still_owed")
    its = amounts(paid, currency, *parts)
    split = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual")
    its["amount"] = Amount.of(sum(getattr(paid, part) for part in split), currency)
    its["id"] = f"{paid.transaction_hash}-{paid.log_index}"
    return RepaymentView(payer=paid.payer, at=moment(paid.repaid_at), **its, **in_block(paid))


def _write_off_view(loss: WriteOff, currency: str) -> WriteOffView:
    its = amounts(loss, currency, "amount", "principal")
    return WriteOffView(at=moment(loss.written_off_at), **its, **in_block(loss))
