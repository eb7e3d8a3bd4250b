"""What the chain says of receivables, to those who are a party to them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.figures import Figures, ask
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.receivables import repository
from api.receivables.models import Holding, Objection, Payment, Receivable, ReceivableState
from api.receivables.schemas import HoldingView, ObjectionView, PaymentView, ReceivableView
from api.transactions.models import Transaction
from api.values import Amount, Page, amounts, day, in_block, is_hex32, moment, moment_or_none
from chain_node.client import Chain


@dataclass(frozen=True)
class HolderStanding:
    """`tier` is 0 in custody, `reserved_until` in Unix seconds, None where nothing is reserved now."""

    claimable: int
    tier: int
    reserved_until: int | None


@dataclass(frozen=True)
class Standing:
    """What the contract says of a receivable and its holders (by account) at the newest block that the database has."""

    disputed: int
    transfers: int
    holders: dict[str, HolderStanding]


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


def states(session: Session, receivable_ids: Collection[str]) -> dict[str, str]:
    """Of those that the chain has."""
    return repository.states(session, receivable_ids)


def currencies(session: Session, receivable_ids: Collection[str]) -> dict[str, str]:
    """Of those that the chain has."""
    return repository.currencies(session, receivable_ids)


def known(session: Session, receivable_id: str) -> Receivable:
    """One that was found before."""
    return session.get_one(Receivable, receivable_id)


def view(session: Session, principal: Principal, receivable: Receivable, chain: Chain) -> ReceivableView:
    return _views(session, principal, [receivable], chain)[0]


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[ReceivableView]:
    """What is asked for of the caller's receivables; of all for who sees all."""
    party = None if principal.sees_all else participants.number_of(session, principal.organisation())
    if party is None and not principal.sees_all:
        return Page(items=[])
    accounts = participants.accounts_of(session, principal.lei) if principal.lei and party is not None else []
    found = repository.page(session, asked, party=party, accounts=accounts)
    return Page(items=_views(session, principal, found.rows, chain), next=found.next)


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


def let_take(acting: Acting, receivable: Receivable, custodian: str) -> Transaction | None:
    """Lets a custodian take the caller's receivables; None where it may already."""
    if is_approved(acting.session, acting.account, custodian):
        return None
    call = acting.chain.receivables.set_approval_for_all(custodian, True)
    return acting.by_itself(call, "let custodian take receivables", receivable.id)


def _is_party(session: Session, principal: Principal, receivable: Receivable) -> bool:
    if principal.lei is None:
        return False
    number = participants.number_of(session, principal.lei)
    if number in (receivable.supplier, receivable.debtor):
        return True
    return any(held_units(session, receivable.id, a) for a in participants.accounts_of(session, principal.lei))


def _views(session: Session, principal: Principal, receivables: list[Receivable], chain: Chain) -> list[ReceivableView]:
    """A tier sees its own units only: who holds the others is the business of those between whom they went."""
    ids = [receivable.id for receivable in receivables]
    parties = participants.parties_by_number(session, {n for r in receivables for n in (r.supplier, r.debtor)})
    holdings, hidden = _held(session, principal, ids)
    holders = participants.parties_by_account(session, {holding.holder for holding in holdings})
    names: dict[str, str] = {address: name for name, address in chain.addresses.addresses.items()}
    names |= {account: party.name for account, party in holders.items() if account not in names}
    payments, objections = repository.payments(session, ids), repository.objections(session, ids)
    of = {r.id: [holding for holding in holdings if holding.receivable_id == r.id] for r in receivables}
    return [
        _view(
            receivable,
            standing,
            parties,
            hidden[receivable.id],
            [_holding_view(h, standing.holders[h.holder], names, receivable.currency) for h in of[receivable.id]],
            [_payment_view(p, receivable.currency) for p in payments if p.receivable_id == receivable.id],
            [_objection_view(o, receivable.currency) for o in objections if o.receivable_id == receivable.id],
        )
        for receivable, standing in zip(receivables, standings(session, chain, of), strict=True)
    ]


def _held(session: Session, principal: Principal, ids: Sequence[str]) -> tuple[list[Holding], Counter[str]]:
    """The holdings that the caller sees, and how many units of each receivable it does not."""
    every = repository.holdings(session, ids)
    if principal.sees_all:
        return every, Counter()
    own = set(participants.accounts_of(session, principal.lei)) if principal.lei else set()
    hidden: Counter[str] = Counter()
    for holding in every:
        hidden[holding.receivable_id] += 0 if holding.holder in own else holding.units
    return [holding for holding in every if holding.holder in own], hidden


def standings(session: Session, chain: Chain, holdings: Mapping[str, Sequence[Holding]]) -> list[Standing]:
    """Of receivables by id, each with its holdings."""
    if not holdings:
        return []
    token, questions = chain.receivables, []
    for receivable_id, held in holdings.items():
        item = int(receivable_id, 16)
        questions += [ask(token, "receivable", item), ask(token, "disputedOf", item)]
        for each in held:
            questions += [ask(token, "claimable", item, each.holder), ask(token, "holding", item, each.holder)]
    answers, now = iter(Figures.at(session, chain).answers(questions)), indexed_now(session)
    return [
        Standing(
            transfers=next(answers)["transfers"],
            disputed=next(answers),
            holders={each.holder: _holder_standing(next(answers), next(answers), now) for each in held},
        )
        for held in holdings.values()
    ]


def _holder_standing(claimable: int, its: dict[str, Any], now: int) -> HolderStanding:
    until = its["reservedUntil"]
    return HolderStanding(claimable, its["tier"], until if until > now else None)


def _view(
    receivable: Receivable,
    standing: Standing,
    parties: dict[int, PartyView],
    elsewhere: int,
    holders: list[HoldingView],
    payments: list[PaymentView],
    objections: list[ObjectionView],
) -> ReceivableView:
    currency = receivable.currency
    cancelled = receivable.state == ReceivableState.CANCELLED
    return ReceivableView(
        id=receivable.id,
        state=ReceivableState(receivable.state).value,
        supplier=parties[receivable.supplier],
        debtor=parties[receivable.debtor],
        registered_value=Amount.of(receivable.registered_value, currency),
        face_value=Amount.of(receivable.face_value, currency),
        disputed=Amount.of(standing.disputed, currency),
        paid=Amount.of(receivable.paid, currency),
        outstanding=Amount.of(0 if cancelled else receivable.face_value - receivable.paid, currency),
        quantity_thousandths=str(receivable.quantity),
        due_date=day(receivable.due_date),
        set_off_waived=receivable.set_off_waived,
        cancellation_consented=receivable.cancellation_consented,
        transfers=standing.transfers,
        registered_at=moment(receivable.registered_at),
        accepted_at=moment_or_none(receivable.accepted_at),
        settled_at=moment_or_none(receivable.settled_at),
        **in_block(receivable),
        holders=holders,
        elsewhere=Amount.of(elsewhere, currency),
        payments=payments,
        objections=objections,
    )


def _holding_view(holding: Holding, standing: HolderStanding, names: dict[str, str], currency: str) -> HoldingView:
    return HoldingView(
        account=holding.holder,
        holder=names.get(holding.holder, holding.holder),
        units=Amount.of(holding.units, currency),
        claimable=Amount.of(standing.claimable, currency),
        tier=standing.tier or None,
        reserved_until=moment_or_none(standing.reserved_until),
    )


def _objection_view(objection: Objection, currency: str) -> ObjectionView:
    kind, evidence, at = cast(Any, objection.kind), objection.evidence, moment(objection.made_at)
    its = amounts(objection, currency, "amount")
    return ObjectionView(kind=kind, evidence=evidence, at=at, **its, **in_block(objection))


def _payment_view(payment: Payment, currency: str) -> PaymentView:
    its = amounts(payment, currency, "amount", "outstanding")
    return PaymentView(payer=payment.payer, at=moment(payment.paid_at), **its, **in_block(payment))
