"""What becomes of a financing that is not simply repaid: it is called late, amended, released. The contracts refuse who
may not and what is too early; each call is tried before it is sent."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.errors import Malformed
from api.facilities import service as facilities
from api.financings import acts, amendments, service
from api.financings.models import Financing
from api.financings.schemas import AmendmentRequest, FinancingWritten, ImpairmentRequest
from api.values import days
from chain_node.client import Amendment, Call

SERVICER, CREDIT_OFFICER = "office:servicer", "office:credit-officer"


class Desk(acting.Desk):
    """One caller before one financing that it may see: its supplier, or the operator."""

    @cached_property
    def financing(self) -> Financing:
        """NotFound where the caller may not see it."""
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    # Anyone; for the operator its servicer

    def poke(self) -> list[str]:
        """Draws what the state now allows."""
        return self._send(self.chain.desk.poke(self.financing.number), "poke financing")

    def forward(self) -> list[str]:
        """Hands on what came in on the financing's item and waits with its custodian."""
        of_orders = self.financing.collateral == self.chain.addresses.address("OrderCollateral")
        custodian = self.chain.order_collateral if of_orders else self.chain.receivable_collateral
        return self._send(custodian.forward(self.financing.number), "forward proceeds")

    def mark_overdue(self) -> list[str]:
        """Takes the loss that the schedule says by now."""
        return self._send(self.chain.servicing.mark_overdue(self.financing.number), "mark overdue")

    def declare_default(self) -> list[str]:
        """Once its grace is over."""
        return self._send(self.chain.servicing.declare_default(self.financing.number), "declare default")

    def call_recourse(self) -> list[str]:
        """Holds the supplier to it, where its facility has recourse and the collateral no longer covers the debt."""
        return self._send(self.chain.servicing.call_recourse(self.financing.number), "call recourse")

    def close_recourse(self) -> list[str]:
        """Lets the supplier go, where the collateral covers the debt again."""
        return self._send(self.chain.servicing.close_recourse(self.financing.number), "close recourse")

    # The supplier

    def release(self) -> list[str]:
        """Takes the rest of the collateral back; nothing may be owed."""
        return self._send(self.chain.desk.release(self.financing.number), "release collateral")

    # Both sides

    def amend(self, asked: AmendmentRequest) -> list[str]:
        """Agrees as the supplier, or approves as the credit officer; whoever is second carries it out."""
        amendment, servicing = self._amendment(asked), self.chain.servicing
        if self.acting.principal.is_operator:
            sent = self._by_officer(servicing.approve(amendment), "approve amendment")
        else:
            sent = self._send(servicing.agree(amendment), "agree to amendment")
        amendments.remember(self.acting.session, self.chain, amendment)
        return sent

    def withdraw(self, amendment: str) -> list[str]:
        """Takes the caller's side's consent back, as long as it has not been carried out."""
        amendments.require_of(self.acting.session, self.financing, amendment)
        digest, servicing = bytes.fromhex(amendment[2:]), self.chain.servicing
        if self.acting.principal.is_operator:
            return self._by_officer(servicing.withdraw_approval(digest), "withdraw approval")
        return self._send(servicing.withdraw_agreement(digest), "withdraw agreement")

    # The credit officer

    def impair(self, asked: ImpairmentRequest) -> list[str]:
        """Books an expected loss."""
        facility = facilities.by_number(self.acting.session, self.financing.facility)
        currency = facilities.currency_of(self.acting.session, self.chain, facility)
        if asked.amount.currency != currency:
            raise Malformed("currency-differs", f"The financing is in {currency}.", id=self.thing_id)
        call = self.chain.desk.set_impairment(self.financing.number, asked.amount.units)
        return self._by_officer(call, "set impairment")

    def _amendment(self, asked: AmendmentRequest) -> Amendment:
        if asked.maturity_date is None and asked.facility_id is None:
            raise Malformed("nothing-asked", "Name a later maturity, another facility, or both.")
        its = self.financing
        if asked.facility_id is not None:
            facilities.find(self.acting.session, self.acting.principal, asked.facility_id)
        return Amendment(
            financing=its.number,
            facility=its.facility,
            maturity_day=its.maturity_day,
            new_facility=int(asked.facility_id) if asked.facility_id else its.facility,
            new_maturity_day=days(asked.maturity_date) if asked.maturity_date else its.maturity_day,
            document=bytes.fromhex(asked.document[2:]),
            valid_until=int(asked.valid_until.timestamp()),
        )

    def written(self, session: Session, transaction_ids: list[str]) -> FinancingWritten:
        return acts.written(session, self.acting, self.thing_id, transaction_ids)

    def _send(self, call: Call, purpose: str) -> list[str]:
        """By the caller's own account; by the operator's servicer where that asks."""
        return [self.acting.as_anyone(SERVICER, call, purpose, self.financing.item_id).id]

    def _by_officer(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_office(CREDIT_OFFICER, call, purpose, self.financing.item_id).id]
