"""What the chain says of financings, to their suppliers and to the operator."""

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import Malformed, NotFound
from api.facilities import service as facilities
from api.facilities.schemas import Step
from api.financings import availability as reckoning
from api.financings import repository
from api.financings.models import Draw, Financing, Repayment
from api.financings.schemas import DrawView, FinancingView, OwedView, RepaymentView
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.values import Amount, Page, moment
from chain_node.client import AddressBook, Milestone, Owed


def find(session: Session, principal: Principal, financing_id: str) -> Financing:
    """The financing; NotFound where there is none that is the caller's."""
    number = int(financing_id) if financing_id.isdecimal() and len(financing_id) < 19 else 0
    found = repository.financing(session, number)
    if found is None or not (principal.sees_all or _is_suppliers(session, principal, found)):
        detail = f"There is no financing {financing_id[:20]} of yours."
        raise NotFound("financing-absent", detail, id=financing_id[:20])
    return found


def view(session: Session, financing: Financing, addresses: AddressBook) -> FinancingView:
    return _views(session, [financing], addresses)[0]


def page(
    session: Session,
    principal: Principal,
    addresses: AddressBook,
    *,
    receivable_id: str | None,
    before: str | None,
    limit: int,
) -> Page[FinancingView]:
    """The caller's financings, the newest first; all for who sees all."""
    if before is not None and not before.isdecimal():
        raise Malformed("page-unknown", "`before` is not a `next` that an earlier answer gave.")
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    after = int(before) if before else None
    found = repository.page(session, accounts=accounts, item_id=receivable_id, before=after, limit=limit)
    following = str(found[-1].number) if len(found) == limit else None
    return Page(items=_views(session, found, addresses), next=following)


def _is_suppliers(session: Session, principal: Principal, financing: Financing) -> bool:
    return principal.lei is not None and financing.supplier in participants.accounts_of(session, principal.lei)


def _views(session: Session, financings: list[Financing], addresses: AddressBook) -> list[FinancingView]:
    if not financings:
        return []
    now, numbers = indexed_now(session), [financing.number for financing in financings]
    suppliers = participants.parties_by_account(session, {financing.supplier for financing in financings})
    draws, repayments = repository.draws(session, numbers), repository.repayments(session, numbers)
    return [
        _view(
            financing,
            addresses,
            suppliers.get(financing.supplier, PartyView(lei="", name=financing.supplier)),
            reckoning.owed(financing, now),
            reckoning.availability(session, financing, addresses, now),
            [draw for draw in draws if draw.financing == financing.number],
            [repayment for repayment in repayments if repayment.financing == financing.number],
        )
        for financing in financings
    ]


def _view(
    financing: Financing,
    addresses: AddressBook,
    supplier: PartyView,
    owed: Owed,
    availability: reckoning.Availability | None,
    draws: list[Draw],
    repayments: list[Repayment],
) -> FinancingView:
    currency = facilities.currency_of(financing.pool, addresses)
    collateral = next((name for name, at in addresses.addresses.items() if at == financing.collateral), "")
    return FinancingView(
        id=str(financing.number),
        state=financing.state,
        facility_id=str(financing.facility),
        supplier=supplier,
        currency=currency,
        collateral=collateral,
        item_id=financing.item_id,
        subject=financing.subject,
        pledged=Amount.of(financing.units, currency),
        discount_rate_bps=financing.discount_rate_bps,
        fee_bps=financing.fee_bps,
        ladder=[Step(**{**step, "milestone": Milestone(step["milestone"]).name}) for step in financing.ladder],
        principal=Amount.of(financing.principal, currency),
        impairment=Amount.of(financing.impairment, currency),
        owed=_owed_view(owed, currency),
        base=Amount.of(availability.base, currency) if availability else None,
        available=Amount.of(availability.available, currency) if availability else None,
        deferred=Amount.of(financing.deferred, currency),
        opened_at=moment(financing.opened_at),
        transaction_hash=financing.transaction_hash,
        block_number=financing.block_number,
        draws=[_draw_view(draw, currency) for draw in draws],
        repayments=[_repayment_view(repayment, currency) for repayment in repayments],
    )


def _owed_view(owed: Owed, currency: str) -> OwedView:
    return OwedView(
        fees=Amount.of(owed.fees, currency),
        interest=Amount.of(owed.interest, currency),
        principal=Amount.of(owed.principal, currency),
        total=Amount.of(owed.total, currency),
    )


def _draw_view(draw: Draw, currency: str) -> DrawView:
    return DrawView(
        payee=draw.payee,
        amount=Amount.of(draw.amount, currency),
        fee=Amount.of(draw.fee, currency),
        base=Amount.of(draw.base, currency),
        principal=Amount.of(draw.principal, currency),
        transaction_hash=draw.transaction_hash,
        block_number=draw.block_number,
        at=moment(draw.drawn_at),
    )


def _repayment_view(repayment: Repayment, currency: str) -> RepaymentView:
    return RepaymentView(
        payer=repayment.payer,
        fees=Amount.of(repayment.fees, currency),
        interest=Amount.of(repayment.interest, currency),
        principal=Amount.of(repayment.principal, currency),
        residual=Amount.of(repayment.residual, currency),
        still_owed=Amount.of(repayment.still_owed, currency),
        transaction_hash=repayment.transaction_hash,
        block_number=repayment.block_number,
        at=moment(repayment.repaid_at),
    )
