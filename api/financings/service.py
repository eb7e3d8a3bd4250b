"""What the chain says of financings, to their suppliers and to the operator."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import NotFound
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.facilities.schemas import StepView
from api.figures import Figures, ask
from api.financings import repository
from api.financings.models import Draw, Financing, Repayment, WriteOff
from api.financings.schemas import DrawView, FinancingView, OwedView, RepaymentView, WriteOffView
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.values import Amount, Page, amounts, day, in_block, moment, page_number
from chain_node.client import AddressBook, Chain, Owed


@dataclass(frozen=True)
class Standing:
    """What the desk says of a financing at the newest block that the database has; `overdue_from` in Unix seconds."""

    owed: Owed
    impairment: int
    base: int
    available: int
    overdue_from: int
    write_off_due: int


def find(session: Session, principal: Principal, financing_id: str) -> Financing:
    """The financing; NotFound where there is none that is the caller's."""
    number = int(financing_id) if financing_id.isdecimal() and len(financing_id) < 19 else 0
    found = repository.financing(session, number)
    if found is None or not (principal.sees_all or _is_suppliers(session, principal, found)):
        detail = f"There is no financing {financing_id[:20]} of yours."
        raise NotFound("financing-absent", detail, id=financing_id[:20])
    return found


def view(session: Session, financing: Financing, chain: Chain) -> FinancingView:
    return _views(session, [financing], chain)[0]


def page(
    session: Session,
    principal: Principal,
    chain: Chain,
    *,
    receivable_id: str | None,
    before: str | None,
    limit: int,
) -> Page[FinancingView]:
    """The caller's financings, the newest first; all for who sees all."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    found = repository.page(session, accounts=accounts, item_id=receivable_id, before=page_number(before), limit=limit)
    following = str(found[-1].number) if len(found) == limit else None
    return Page(items=_views(session, found, chain), next=following)


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
        )
    ]
    answers = Figures.at(session, chain).answers(questions)
    size = len(views) + 1
    return [_standing(*answers[start : start + size]) for start in range(0, len(answers), size)]


def _standing(
    its: dict[str, Any], owed: dict[str, int], drawable: tuple[int, int], due: tuple[int, int], write_off: int
) -> Standing:
    return Standing(Owed(*owed.values()), its["impairment"], *drawable, due[1], max(0, write_off - its["writtenOff"]))


def _is_suppliers(session: Session, principal: Principal, financing: Financing) -> bool:
    return principal.lei is not None and financing.supplier in participants.accounts_of(session, principal.lei)


def _views(session: Session, financings: list[Financing], chain: Chain) -> list[FinancingView]:
    numbers = [financing.number for financing in financings]
    suppliers = participants.parties_by_account(session, {financing.supplier for financing in financings})
    lines = facilities.by_numbers(session, {financing.facility for financing in financings})
    currencies = facilities.currencies(session, chain, lines.values())
    draws, repayments = repository.draws(session, numbers), repository.repayments(session, numbers)
    write_offs = repository.write_offs(session, numbers)
    return [
        _view(
            financing,
            lines[financing.facility],
            chain.addresses,
            currencies[financing.facility],
            suppliers.get(financing.supplier, PartyView(lei="", name=financing.supplier)),
            standing,
            [draw for draw in draws if draw.financing == financing.number],
            [repayment for repayment in repayments if repayment.financing == financing.number],
            [loss for loss in write_offs if loss.financing == financing.number],
        )
        for financing, standing in zip(financings, standings(session, chain, numbers), strict=True)
    ]


def _view(
    financing: Financing,
    facility: Facility,
    addresses: AddressBook,
    currency: str,
    supplier: PartyView,
    standing: Standing,
    draws: list[Draw],
    repayments: list[Repayment],
    write_offs: list[WriteOff],
) -> FinancingView:
    collateral = next((name for name, at in addresses.addresses.items() if at == financing.collateral), "")

    def amount(units: int) -> Amount:
        return Amount.of(units, currency)

    return FinancingView(
        id=str(financing.number),
        state=financing.state,
        facility_id=str(financing.facility),
        supplier=supplier,
        currency=currency,
        collateral=collateral,
        item_id=financing.item_id,
        subject=financing.subject,
        pledged=amount(financing.units),
        discount_rate_bps=facility.discount_rate_bps,
        fee_bps=facility.fee_bps,
        ladder=[StepView.of(step) for step in financing.ladder],
        principal=amount(standing.owed.principal),
        impairment=amount(standing.impairment),
        owed=_owed_view(standing.owed, currency),
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
        repayments=[_repayment_view(repayment, currency) for repayment in repayments],
        write_offs=[_write_off_view(loss, currency) for loss in write_offs],
    )


def _owed_view(owed: Owed, currency: str) -> OwedView:
    parts = ("late_fees", "fees", "interest", "principal", "written_off", "reserve", "total")
    return OwedView(**amounts(owed, currency, *parts))


def _draw_view(draw: Draw, currency: str) -> DrawView:
    its = amounts(draw, currency, "amount", "fee", "reserve", "base", "principal")
    return DrawView(payee=draw.payee, at=moment(draw.drawn_at), **its, **in_block(draw))


def _repayment_view(paid: Repayment, currency: str) -> RepaymentView:
    parts = ("late_fees", "fees", "interest", "principal", "recovered", "reserve", "residual", "still_owed")
    its = amounts(paid, currency, *parts)
    return RepaymentView(payer=paid.payer, at=moment(paid.repaid_at), **its, **in_block(paid))


def _write_off_view(loss: WriteOff, currency: str) -> WriteOffView:
    its = amounts(loss, currency, "amount", "principal")
    return WriteOffView(at=moment(loss.written_off_at), **its, **in_block(loss))
