"""What becomes of a receivable besides payment: it goes on to others, is reserved, disputed, lowered, cancelled, or not
paid at all. The contracts refuse who may not; each call is tried before it is sent."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.errors import Malformed
from api.facilities import service as facilities
from api.participants import service as participants
from api.receivables import acts, service
from api.receivables.models import Receivable, ReceivableState
from api.receivables.schemas import (
    ConsentRequest,
    ObjectionRequest,
    ReceivableWritten,
    ReservationRequest,
    ResolutionRequest,
    TerminationRequest,
    TransferRequest,
)
from api.values import Amount
from chain_node.client import Call

ARBITER, CREDIT_OFFICER, SERVICER = "office:arbiter", "office:credit-officer", "office:servicer"


class Desk(acting.Desk):
    """One caller before one receivable to which it is a party."""

    @cached_property
    def receivable(self) -> Receivable:
        """NotFound where the caller is no party to it."""
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    @property
    def item(self) -> int:
        return int(self.receivable.id, 16)

    def transfer(self, asked: TransferRequest) -> list[str]:
        """Hands units on to another participant."""
        units = self._units(asked.amount)
        to = participants.acting_account(self.acting.session, asked.to_lei)
        call = self.chain.receivables.safe_transfer_from(self.acting.account, to, self.item, units)
        return self._send(call, "transfer units")

    def claim(self) -> list[str]:
        """Takes the caller's share of what was paid."""
        return self._send(self.chain.receivables.claim(self.item), "claim proceeds")

    def reserve(self, asked: ReservationRequest) -> list[str]:
        """Keeps the caller's units for one facility; lets the custodian take them first where it may not yet."""
        facility = facilities.find(self.acting.session, self.acting.principal, asked.facility_id)
        custodian = self.chain.addresses.address("ReceivableCollateral")
        approved = service.let_take(self.acting, self.receivable, custodian)
        call = self.chain.applications.reserve(
            facility=facility.number, collateral=custodian, item_id=self.item, until=int(asked.until.timestamp())
        )
        reserved = self.acting.by_itself(call, "reserve receivable", self.receivable.id, approved)
        return [*([approved.id] if approved else []), reserved.id]

    def end_reservation(self, asked: TerminationRequest) -> list[str]:
        """Frees, as the operator's credit officer, what a lender has refused."""
        holder = participants.acting_account(self.acting.session, asked.holder_lei)
        custodian = self.chain.addresses.address("ReceivableCollateral")
        call = self.chain.applications.end_reservation(collateral=custodian, holder=holder, item_id=self.item)
        sent = self.acting.by_office(CREDIT_OFFICER, call, "end reservation", self.receivable.id)
        return [sent.id]

    def credit(self, asked: ObjectionRequest) -> list[str]:
        """Lowers, as the supplier, what is owed."""
        call = self.chain.disputes.credit_note(self.item, self._units(asked.amount), _evidence(asked.evidence))
        return self._send(call, "issue credit note")

    def dispute(self, asked: ObjectionRequest) -> list[str]:
        """Objects, as the debtor, to a part of what is owed."""
        call = self.chain.disputes.open_dispute(self.item, self._units(asked.amount), _evidence(asked.evidence))
        return self._send(call, "open dispute")

    def withdraw_dispute(self) -> list[str]:
        return self._send(self.chain.disputes.withdraw_dispute(self.item), "withdraw dispute")

    def concede(self, asked: ObjectionRequest) -> list[str]:
        """Grants, as the supplier, a part of what the debtor objects to."""
        call = self.chain.disputes.concede(self.item, self._units(asked.amount), _evidence(asked.evidence))
        return self._send(call, "concede dispute")

    def resolve(self, asked: ResolutionRequest) -> list[str]:
        """Decides a dispute as the operator's arbiter: so much is taken off, the rest is owed."""
        call = self.chain.disputes.resolve(self.item, self._units(asked.taken_off), _evidence(asked.evidence))
        return [self.acting.by_office(ARBITER, call, "resolve dispute", self.receivable.id).id]

    def consent(self, asked: ConsentRequest) -> list[str]:
        """Agrees, as the debtor, to the cancellation of an accepted receivable, or takes that back."""
        return self._send(
            self.chain.receivables.consent_to_cancellation(self.item, asked.given), "consent to cancellation"
        )

    def cancel(self) -> list[str]:
        """Cancels as the supplier: before acceptance alone, after it with the debtor's consent."""
        alone = self.receivable.state == ReceivableState.REGISTERED
        token = self.chain.receivables
        return self._send(token.cancel(self.item) if alone else token.cancel_by_consent(self.item), "cancel invoice")

    def mark_defaulted(self) -> list[str]:
        """Once its grace is over, as anyone may; the operator's servicer, too."""
        call = self.chain.receivables.mark_defaulted(self.item)
        return [self.acting.as_anyone(SERVICER, call, "mark invoice defaulted", self.receivable.id).id]

    def written(self, session: Session, transaction_ids: list[str]) -> ReceivableWritten:
        return acts.written(session, self.acting, self.thing_id, transaction_ids)

    def _send(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_itself(call, purpose, self.receivable.id).id]

    def _units(self, amount: Amount) -> int:
        if amount.currency != self.receivable.currency:
            detail = f"The receivable is in {self.receivable.currency}, the amount in {amount.currency}."
            raise Malformed("currency-differs", detail, id=self.receivable.id)
        return amount.units


def _evidence(text: str) -> bytes:
    return bytes.fromhex(text[2:])
