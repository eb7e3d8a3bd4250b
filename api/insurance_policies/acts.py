"""What insurer, supplier and lender do with policies. The contract refuses who may not; each call is tried first."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.acting import Acting
from api.cash import service as cash
from api.errors import Conflict, Malformed, NotFound, of_chain
from api.financings import service as financings
from api.insurance_policies import repository, service
from api.insurance_policies.models import InsurancePolicy
from api.insurance_policies.schemas import (
    InsurerPositionsView,
    PolicyRequest,
    PolicyWritten,
    PositionRequest,
    PositionsWritten,
    PremiumRequest,
)
from api.participants import service as participants
from api.transactions.schemas import transaction_views
from api.values import Amount
from chain_node.client import Call, CoverKind, Milestone, PolicyTerms
from chain_node.errors import ChainError

CREDIT_OFFICER, SERVICER = "office:credit-officer", "office:servicer"


# The insurer


def fund(insurer: Acting, asked: PositionRequest) -> list[str]:
    """Puts money down, by which policies can be bound."""
    currency = cash.require_currency(insurer.chain, asked.amount.currency)
    insurance = insurer.chain.insurance
    call = insurance.deposit(insurer.chain.cash(currency).address, asked.amount.units)
    return cash.pay(insurer, asked.amount, insurance.address, call, "insurer's deposit", "fund position", insurer.lei)


def take_out(insurer: Acting, asked: PositionRequest) -> list[str]:
    currency = cash.require_currency(insurer.chain, asked.amount.currency)
    call = insurer.chain.insurance.withdraw(insurer.chain.cash(currency).address, asked.amount.units)
    return [insurer.by_itself(call, "take out of position", insurer.lei).id]


def positions(session: Session, insurer: Acting) -> InsurerPositionsView:
    return service.positions(session, insurer.chain, participants.accounts_of(session, insurer.lei))


def funded(session: Session, insurer: Acting, ids: list[str]) -> PositionsWritten:
    shown = positions(session, insurer)
    return PositionsWritten(items=shown.items, transactions=transaction_views(session, ids))


def offer(insurer: Acting, asked: PolicyRequest) -> list[str]:
    """An insurer knows a financing by its number, and learns nothing of it here: a number that is none is refused like
    one that it may not insure."""
    number = int(asked.financing_id)
    if not financings.by_numbers(insurer.session, [number]):
        raise NotFound("financing-absent", f"There is no financing {number} to be insured.", id=asked.financing_id)
    currency = service.currency_of(insurer.session, insurer.chain, number)
    for amount in (asked.limit, asked.deductible, asked.premium):
        if amount is not None and amount.currency != currency:
            detail = f"The financing is in {currency}, the policy names {amount.currency}."
            raise Malformed("currency-differs", detail, financing=asked.financing_id)
    call = insurer.chain.insurance.offer(_terms(asked))
    return [insurer.by_itself(call, "offer policy", asked.financing_id).id]


def _terms(asked: PolicyRequest) -> PolicyTerms:
    return PolicyTerms(
        financing=int(asked.financing_id),
        kind=CoverKind[asked.kind.upper()],
        limit=asked.limit.units,
        deductible=asked.deductible.units if asked.deductible else 0,
        premium=asked.premium.units,
        offer_until=int(asked.offer_until.timestamp()),
        pay_by=int(asked.pay_by.timestamp()),
        until=int(asked.until.timestamp()),
        waiting_days=asked.waiting_days,
        claim_days=asked.claim_days,
        milestone=int(Milestone[asked.milestone]) if asked.milestone else 0,
        sequence=asked.sequence or (1 if asked.milestone else 0),
        quantity=int(asked.quantity_thousandths or 0),
        subject=service.subject_bytes(asked.subject),
        deadline=int(asked.deadline.timestamp()) if asked.deadline else 0,
    )


def offered(session: Session, insurer: Acting, ids: list[str]) -> PolicyWritten:
    """The policy that the last of the transactions offered, once it can be seen."""
    transactions = transaction_views(session, ids)
    sent = transactions[-1].hash
    found = repository.by_transaction(session, sent) if sent else None
    shown = service.views(session, [found], insurer.chain)[0] if found else None
    return PolicyWritten(id=shown.id if shown else None, policy=shown, transactions=transactions)


class Desk(acting.Desk):
    """One caller before one policy that concerns it."""

    @cached_property
    def policy(self) -> InsurancePolicy:
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    # The insurer

    def withdraw(self) -> list[str]:
        return self._by_itself(self.chain.insurance.withdraw_offer(self.policy.number), "withdraw policy")

    def waive(self) -> list[str]:
        return self._by_itself(self.chain.insurance.waive(self.policy.number), "waive recovery")

    # The supplier and the lender: each repeats the terms that the gateway has shown

    def accept(self) -> list[str]:
        call = self.chain.insurance.accept(self.policy.number, self._terms_hash())
        return self._by_itself(call, "accept policy")

    def bind(self) -> list[str]:
        """As the operator's credit officer."""
        call = self.chain.insurance.bind(self.policy.number, self._terms_hash())
        return [self.acting.by_office(CREDIT_OFFICER, call, "bind policy", self.thing_id).id]

    # Anyone

    def pay_premium(self, asked: PremiumRequest) -> list[str]:
        (shown,) = service.views(self.acting.session, [self.policy], self.chain)
        self._require_currency(asked.amount, shown.premium_due)
        if not shown.premium_due.units:
            detail = f"No premium is due on policy {self.thing_id}: paid, lapsed, or not bound."
            raise Conflict("premium-not-due", detail, policy=self.thing_id)
        insurance = self.chain.insurance
        call = insurance.pay_premium(self.policy.number, asked.amount.units)
        return cash.pay(self.acting, asked.amount, insurance.address, call, "premium", "pay premium", self.thing_id)

    def claim(self) -> list[str]:
        return self._as_anyone(self.chain.insurance.claim(self.policy.number), "claim on policy")

    def close(self) -> list[str]:
        return self._as_anyone(self.chain.insurance.close(self.policy.number), "close policy")

    def written(self, session: Session, transaction_ids: list[str]) -> PolicyWritten:
        found = session.get_one(InsurancePolicy, self.policy.number)
        (shown,) = service.views(session, [found], self.chain)
        return PolicyWritten(id=shown.id, policy=shown, transactions=transaction_views(session, transaction_ids))

    def _terms_hash(self) -> bytes:
        try:
            return self.chain.insurance.terms_hash(self.policy.number)
        except ChainError as error:
            raise of_chain(error) from error

    def _require_currency(self, given: Amount, its: Amount) -> None:
        if given.currency != its.currency:
            detail = f"The policy is in {its.currency}, the amount in {given.currency}."
            raise Malformed("currency-differs", detail, policy=self.thing_id)

    def _by_itself(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_itself(call, purpose, self.thing_id).id]

    def _as_anyone(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.as_anyone(SERVICER, call, purpose, self.thing_id).id]
