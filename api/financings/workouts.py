"""What becomes of a financing that is not simply repaid: it is called late, amended, released. The contracts refuse who
may not and what is too early; each call is tried before it is sent."""

from functools import cached_property

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Malformed
from api.facilities import service as facilities
from api.financings import service
from api.financings.models import Financing
from api.financings.schemas import AmendmentRequest, ImpairmentRequest
from api.participants import service as participants
from api.transactions.service import Transactions
from api.values import days
from chain_node.client import Amendment, Call, Chain

SERVICER, CREDIT_OFFICER = "office:servicer", "office:credit-officer"


class Desk:
    """One caller before one financing that it may see: its supplier, or the operator."""

    def __init__(
        self, session: Session, transactions: Transactions, chain: Chain, principal: Principal, financing_id: str
    ) -> None:
        self.session, self.transactions, self.chain, self.principal = session, transactions, chain, principal
        self.financing_id = financing_id

    @cached_property
    def financing(self) -> Financing:
        """NotFound where the caller may not see it."""
        return service.find(self.session, self.principal, self.financing_id)

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

    # The supplier

    def release(self) -> list[str]:
        """Takes the rest of the collateral back; nothing may be owed."""
        return self._send(self.chain.desk.release(self.financing.number), "release collateral")

    # Both sides

    def amend(self, asked: AmendmentRequest) -> list[str]:
        """Agrees as the supplier, or approves as the credit officer; whoever is second carries it out."""
        amendment, servicing = self._amendment(asked), self.chain.servicing
        if self.principal.is_operator:
            return self._submit(CREDIT_OFFICER, None, servicing.approve(amendment), "approve amendment")
        return self._send(servicing.agree(amendment), "agree to amendment")

    # The credit officer

    def impair(self, asked: ImpairmentRequest) -> list[str]:
        """Books an expected loss."""
        facility = facilities.by_number(self.session, self.financing.facility)
        currency = facilities.currency_of(self.session, self.chain, facility)
        if asked.amount.currency != currency:
            raise Malformed("currency-differs", f"The financing is in {currency}.", id=self.financing_id)
        call = self.chain.desk.set_impairment(self.financing.number, asked.amount.units)
        return self._submit(CREDIT_OFFICER, None, call, "set impairment")

    def _amendment(self, asked: AmendmentRequest) -> Amendment:
        if asked.maturity_date is None and asked.facility_id is None:
            raise Malformed("nothing-asked", "Name a later maturity, another facility, or both.")
        its = self.financing
        if asked.facility_id is not None:
            facilities.find(self.session, self.principal, asked.facility_id)
        return Amendment(
            financing=its.number,
            facility=its.facility,
            maturity_day=its.maturity_day,
            new_facility=int(asked.facility_id) if asked.facility_id else its.facility,
            new_maturity_day=days(asked.maturity_date) if asked.maturity_date else its.maturity_day,
            document=bytes.fromhex(asked.document[2:]),
            valid_until=int(asked.valid_until.timestamp()),
        )

    def _send(self, call: Call, purpose: str) -> list[str]:
        """By the caller's own account; by the operator's servicer where that asks."""
        if self.principal.is_operator:
            return self._submit(SERVICER, None, call, purpose)
        lei = self.principal.organisation()
        return self._submit(participants.signer_of(self.session, lei), lei, call, purpose)

    def _submit(self, signer: str, lei: str | None, call: Call, purpose: str) -> list[str]:
        item = self.financing.item_id
        sent = self.transactions.submit(
            self.session, signer=signer, call=call, owner_lei=lei, purpose=purpose, subject_id=item
        )
        return [sent.id]
