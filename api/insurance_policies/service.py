"""Policies, to insurer, supplier and lender: what is covered until when, and what a claim would be paid now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound, kebab, of_chain
from api.facilities import service as facilities
from api.facilities.schemas import StepView
from api.figures import Figures, ask
from api.financings import service as financings
from api.insurance_policies import repository
from api.insurance_policies.models import InsurancePolicy, PolicyState
from api.insurance_policies.schemas import (
    CoverName,
    InsurerPositionsView,
    InsurerPositionView,
    PolicyStateName,
    PolicyView,
    ReasonView,
)
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.possible import Possible, possible
from api.values import Amount, Page, amounts, hex32, in_block, moment, moment_or_none
from chain_node.client import Chain
from chain_node.errors import ChainError, ContractReverted

DAY_SECONDS = 86_400
_NO_SUBJECT = "0x" + "0" * 64


@dataclass(frozen=True)
class Standing:
    """What the contract says of a policy now; the claimable amount, or the adjuster's reason why there is none."""

    in_force: bool
    premium_due: int
    premium_paid: int
    paid: int
    recovered: int
    claimable: int | None
    reason: ReasonView | None


def find(session: Session, principal: Principal, policy_id: str) -> InsurancePolicy:
    """NotFound where there is none that the caller has offered or that insures a financing of its own."""
    number = int(policy_id) if policy_id.isdecimal() and len(policy_id) < 19 else 0
    found = repository.policy(session, number)
    if found is None or not _concerns(session, principal, found):
        raise NotFound("policy-absent", f"There is no insurance policy {policy_id[:20]} of yours.", id=policy_id[:20])
    return found


def _concerns(session: Session, principal: Principal, found: InsurancePolicy) -> bool:
    if principal.sees_all:
        return True
    accounts = participants.accounts_of(session, principal.lei) if principal.lei else []
    supplier = financings.by_numbers(session, [found.financing])[found.financing].supplier
    return found.insurer in accounts or supplier in accounts


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[PolicyView]:
    """What is asked for of the caller's policies, as insurer or supplier; of all for who sees all."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    insured = financings.numbers_of(session, accounts) if accounts is not None else []
    found = repository.page(session, asked, accounts=accounts, financings=insured)
    return Page(items=views(session, found.rows, chain), next=found.next)


def currency_of(session: Session, chain: Chain, financing: int) -> str:
    """In which a financing is insured."""
    facility = facilities.by_number(session, financings.by_numbers(session, [financing])[financing].facility)
    return facilities.currency_of(session, chain, facility)


def views(session: Session, found: Sequence[InsurancePolicy], chain: Chain) -> list[PolicyView]:
    insurers = participants.parties_by_account(session, {its.insurer for its in found})
    now = indexed_now(session)
    return [
        _view(
            its,
            insurers.get(its.insurer, PartyView(lei="", name=its.insurer)),
            currency_of(session, chain, its.financing),
            _standing(session, chain, its),
            now,
        )
        for its in found
    ]


def _standing(session: Session, chain: Chain, its: InsurancePolicy) -> Standing:
    figures = Figures.at(session, chain)
    names = ("isInForce", "premiumDueOf", "policy")
    in_force, due, book = figures.answers([ask(chain.insurance, name, its.number) for name in names])
    money = (due, book["premiumPaid"], book["paid"], book["recovered"])
    if its.state != PolicyState.BOUND:
        return Standing(in_force, *money, None, None)
    try:
        return Standing(in_force, *money, chain.insurance.claimable(its.number, figures.block), None)
    except ContractReverted as reverted:
        return Standing(in_force, *money, None, ReasonView(error=kebab(reverted.name), detail=str(reverted)))
    except ChainError as error:
        raise of_chain(error) from error


def _view(its: InsurancePolicy, insurer: PartyView, currency: str, standing: Standing, now: int) -> PolicyView:
    terms = its.terms
    named = terms["milestone"] != 0
    return PolicyView(
        id=str(its.number),
        financing_id=str(its.financing),
        state=cast(PolicyStateName, its.state),
        insurer=insurer,
        kind=cast(CoverName, terms["kind"]),
        limit=Amount.of(int(terms["limit"]), currency),
        deductible=Amount.of(int(terms["deductible"]), currency),
        premium=Amount.of(int(terms["premium"]), currency),
        offer_until=moment(terms["offerUntil"]),
        pay_by=moment(terms["payBy"]),
        until=moment(terms["until"]),
        waiting_days=terms["waitingDays"],
        claim_days=terms["claimDays"],
        milestone=_milestone(terms["milestone"]) if named else None,
        sequence=terms["sequence"] if named else None,
        quantity_thousandths=str(terms["quantity"]) if int(terms["quantity"]) else None,
        subject=terms["subject"] if terms["subject"] != _NO_SUBJECT else None,
        deadline=moment_or_none(terms["deadline"] or None),
        **amounts(its, currency, "waived", "loss"),
        **amounts(standing, currency, "premium_paid", "premium_due", "paid", "recovered"),
        in_force=standing.in_force,
        claimable=Amount.of(standing.claimable, currency) if standing.claimable is not None else None,
        not_claimable_because=standing.reason,
        loss_at=moment_or_none(its.loss_at),
        offered_at=moment(its.offered_at),
        accepted_at=moment_or_none(its.accepted_at),
        bound_at=moment_or_none(its.bound_at),
        ended_at=moment_or_none(its.ended_at),
        possible=list(_possible(its, standing, now)),
        **in_block(its),
    )


def _milestone(number: int) -> str:
    return StepView.of({"milestone": number, "advance_rate_bps": 0, "measured": False}).milestone


def _possible(its: InsurancePolicy, standing: Standing, now: int) -> Iterator[Possible]:
    terms = its.terms
    if its.state in (PolicyState.OFFERED, PolicyState.ACCEPTED):
        if now <= terms["offerUntil"]:
            act, by = ("acceptance", "supplier") if its.state == PolicyState.OFFERED else ("binding", "credit officer")
            yield possible(act, by, "the offer stands", until=terms["offerUntil"])
        yield possible("withdrawal", "insurer", "the cover has not begun")
    if standing.premium_due:
        detail = f"{standing.premium_due} minor units of premium are due, or the cover lapses"
        yield possible("premiums", "anyone", detail, until=terms["payBy"])
    if standing.claimable is not None:
        yield possible("claims", "anyone", f"a claim is paid {standing.claimable} minor units")
    outstanding = standing.paid - standing.recovered
    if its.state == PolicyState.PAID and outstanding > 0:
        yield possible("waiver", "insurer", f"{outstanding} minor units have not come back")
    latest = terms["until"] + (terms["waitingDays"] + terms["claimDays"]) * DAY_SECONDS
    if its.state == PolicyState.BOUND and now > latest:
        yield possible("closing", "anyone", "no loss can fall on it any more", since=latest)


def positions(session: Session, chain: Chain, accounts: Sequence[str]) -> InsurerPositionsView:
    """What insurers have put down, by currency."""
    currencies = sorted(chain.addresses.currencies())
    questions = [
        ask(chain.insurance, "positionOf", account, chain.cash(currency).address)
        for currency in currencies
        for account in accounts
    ]
    answers: Iterator[dict[str, Any]] = iter(Figures.at(session, chain).answers(questions) if questions else [])
    items = []
    for currency in currencies:
        free, locked = 0, 0
        for _ in accounts:
            its = next(answers)
            free, locked = free + its["free"], locked + its["locked"]
        if free or locked:
            view = InsurerPositionView(
                currency=currency, free=Amount.of(free, currency), locked=Amount.of(locked, currency)
            )
            items.append(view)
    return InsurerPositionsView(items=items)


def subject_bytes(subject: str | None) -> bytes:
    return bytes.fromhex(hex32(subject or 0)[2:])
