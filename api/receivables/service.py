"""What the chain says of receivables, to those who are a party to them."""

from dataclasses import dataclass

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed, NotFound
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.receivables import repository
from api.receivables.models import Holding, Payment, Receivable, ReceivableState
from api.receivables.schemas import HoldingView, PaymentView, ReceivableView
from api.values import Amount, Page, day, is_hex32, moment, moment_or_none
from chain_node.client import AddressBook


@dataclass(frozen=True)
class Pledged:
    """What a receivable is worth in a custodian's hands: units less what was paid on them and is not yet forwarded."""

    units: int
    quantity: int
    state: str
    due_date: int


def find(session: Session, principal: Principal, receivable_id: str) -> Receivable:
    """The receivable; NotFound where there is none to which the caller is a party."""
    found = repository.receivable(session, receivable_id) if is_hex32(receivable_id) else None
    if found is None or not (principal.sees_all or _is_party(session, principal, found)):
        detail = f"There is no receivable {receivable_id[:80]} to which you are a party."
        raise NotFound("receivable-absent", detail, id=receivable_id[:80])
    return found


def find_any(session: Session, receivable_id: str) -> Receivable | None:
    """The receivable for a service that has its own reasons to look; None where the chain has none."""
    return repository.receivable(session, receivable_id)


def view(session: Session, receivable: Receivable, addresses: AddressBook) -> ReceivableView:
    return _views(session, [receivable], addresses)[0]


def page(
    session: Session, principal: Principal, addresses: AddressBook, *, state: str | None, before: str | None, limit: int
) -> Page[ReceivableView]:
    """The caller's receivables, the newest first; all for who sees all."""
    party = None if principal.sees_all else participants.number_of(session, principal.organisation())
    if party is None and not principal.sees_all:
        return Page(items=[])
    accounts = participants.accounts_of(session, principal.lei) if principal.lei and party is not None else []
    found = repository.page(session, party=party, accounts=accounts, state=state, before=_position(before), limit=limit)
    following = f"{found[-1].block_number}.{found[-1].id}" if len(found) == limit else None
    return Page(items=_views(session, found, addresses), next=following)


def counterparties(session: Session, lei: str) -> set[str]:
    """LEIs of those whom the organisation owes, or who owe it."""
    number = participants.number_of(session, lei)
    if number is None:
        return set()
    others = repository.parties_dealing_with(session, number)
    return {party.lei for party in participants.parties_by_number(session, others).values()}


def held_units(session: Session, receivable_id: str, account: str) -> int:
    holding = repository.holding(session, receivable_id, account)
    return holding.units if holding else 0


def is_approved(session: Session, owner: str, operator: str) -> bool:
    """Whether the operator (a custodian) may already move the owner's receivables."""
    return repository.is_approved(session, owner, operator)


def pledged(session: Session, receivable_id: str, custodian: str) -> Pledged | None:
    """What the custodian holds of a receivable; None where there is no such receivable."""
    receivable = repository.receivable(session, receivable_id)
    if receivable is None:
        return None
    holding = repository.holding(session, receivable_id, custodian)
    units = holding.units - _claimable(receivable, holding) if holding else 0
    return Pledged(units, receivable.quantity, receivable.state, receivable.due_date)


def _claimable(receivable: Receivable, holding: Holding) -> int:
    """The holder's share of what was paid since it last claimed, rounded down as the token does."""
    if receivable.paid == holding.synced_paid:
        return 0
    unpaid_before = receivable.face_value - holding.synced_paid
    return holding.units * (receivable.paid - holding.synced_paid) // unpaid_before


def _is_party(session: Session, principal: Principal, receivable: Receivable) -> bool:
    if principal.lei is None:
        return False
    number = participants.number_of(session, principal.lei)
    if number in (receivable.supplier, receivable.debtor):
        return True
    return any(held_units(session, receivable.id, a) for a in participants.accounts_of(session, principal.lei))


def _position(before: str | None) -> tuple[int, str] | None:
    if before is None:
        return None
    block, _, receivable_id = before.partition(".")
    if not block.isdecimal() or not is_hex32(receivable_id):
        raise Malformed("page-unknown", "`before` is not a `next` that an earlier answer gave.")
    return int(block), receivable_id


def _views(session: Session, receivables: list[Receivable], addresses: AddressBook) -> list[ReceivableView]:
    ids = [receivable.id for receivable in receivables]
    parties = participants.parties_by_number(session, {n for r in receivables for n in (r.supplier, r.debtor)})
    holdings = repository.holdings(session, ids)
    holders = participants.parties_by_account(session, {holding.holder for holding in holdings})
    names: dict[str, str] = {address: name for name, address in addresses.addresses.items()}
    names |= {account: party.name for account, party in holders.items() if account not in names}
    payments = repository.payments(session, ids)
    return [
        _view(
            receivable,
            parties,
            [_holding_view(h, names, receivable.currency) for h in holdings if h.receivable_id == receivable.id],
            [_payment_view(p, receivable.currency) for p in payments if p.receivable_id == receivable.id],
        )
        for receivable in receivables
    ]


def _view(
    receivable: Receivable, parties: dict[int, PartyView], holders: list[HoldingView], payments: list[PaymentView]
) -> ReceivableView:
    currency = receivable.currency
    cancelled = receivable.state == ReceivableState.CANCELLED
    return ReceivableView(
        id=receivable.id,
        state=ReceivableState(receivable.state).value,
        supplier=parties[receivable.supplier],
        debtor=parties[receivable.debtor],
        face_value=Amount.of(receivable.face_value, currency),
        paid=Amount.of(receivable.paid, currency),
        outstanding=Amount.of(0 if cancelled else receivable.face_value - receivable.paid, currency),
        quantity_thousandths=str(receivable.quantity),
        due_date=day(receivable.due_date),
        set_off_waived=receivable.set_off_waived,
        registered_at=moment(receivable.registered_at),
        accepted_at=moment_or_none(receivable.accepted_at),
        settled_at=moment_or_none(receivable.settled_at),
        transaction_hash=receivable.transaction_hash,
        block_number=receivable.block_number,
        holders=holders,
        payments=payments,
    )


def _holding_view(holding: Holding, names: dict[str, str], currency: str) -> HoldingView:
    holder = names.get(holding.holder, holding.holder)
    return HoldingView(account=holding.holder, holder=holder, units=Amount.of(holding.units, currency))


def _payment_view(payment: Payment, currency: str) -> PaymentView:
    return PaymentView(
        payer=payment.payer,
        amount=Amount.of(payment.amount, currency),
        outstanding=Amount.of(payment.outstanding, currency),
        transaction_hash=payment.transaction_hash,
        block_number=payment.block_number,
        at=moment(payment.paid_at),
    )
