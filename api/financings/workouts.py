"""What becomes of a financing that is not simply repaid: it is called late, amended, released. The contracts refuse who
may not and what is too early; each call is tried before it is sent."""

from dataclasses import astuple, replace
from functools import cached_property

from sqlmodel import Session

from api import acting
from api.errors import Conflict, Malformed
from api.facilities import service as facilities
from api.financings import acts, amendments, pledging, repository, service
from api.financings.amendment_schemas import AmendmentRequest
from api.financings.models import Financing, Handover
from api.financings.pledging import Pledge
from api.financings.schemas import DeliveryRequest, FinancingWritten, HandoverRequest, ImpairmentRequest, PurposeRequest
from api.orders import service as orders
from api.participants import service as participants
from api.receivables import service as receivables
from api.values import Amount, days, hex32
from chain_node.client import Amendment, Call, PurposeKind
from chain_node.client.contracts.lending import NOBODY
from chain_node.references import NetworkKey

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
        """Hands on what came in on the financing's item and waits with its custodian; of one that was handed over also
        what came in on the papers before."""
        keepers = [self.financing.collateral, *(each.collateral for each in self._handovers())]
        kinds = dict.fromkeys(facilities.kind_of(self.chain, keeper) for keeper in keepers)
        custodians = {
            "receivable": self.chain.receivable_collateral,
            "order": self.chain.order_collateral,
            "purchase": self.chain.purchase_collateral,
        }
        calls = [custodians[kind].forward(self.financing.number) for kind in kinds if kind in custodians]
        if not calls:
            detail = f"Financing {self.thing_id} is backed by goods alone: what their sale brings is paid at once."
            raise Conflict("nothing-to-forward", detail, id=self.thing_id)
        return [sent for call in calls for sent in self._send(call, "forward proceeds")]

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

    def hand_over(self, key: NetworkKey, asked: HandoverRequest) -> list[str]:
        """Puts the next paper in the place of what backs the financing; its debt goes on unchanged. Goods that backed
        it go to who owes the invoice. What the custodian has to be let do first comes first."""
        next_ = self._successor(key, asked)
        call = self.chain.desk.hand_over(
            self.financing.number,
            to=next_.custodian,
            item_id=next_.item,
            units=next_.units,
            subject=next_.subject,
            recipient=self._recipient(asked),
        )
        self.acting.require_possible(call, *next_.wants)
        approved = pledging.approve(self.acting, next_)
        after = approved[-1] if approved else None
        handed = self.acting.by_itself(call, "hand financing over", next_.item_id, after)
        return [transaction.id for transaction in (*approved, handed)]

    def take_delivery(self, asked: DeliveryRequest) -> list[str]:
        """Takes goods, as the buyer of the order that backs the financing, against the money in escrow, and pledges
        them at once."""
        delivery = orders.offered(self.acting.session, self._items(), asked.digest)
        goods = pledging.coming(self.acting, hex32(delivery.lot), delivery.quantity)
        call = self.chain.purchase_collateral.take_delivery(
            self.financing.number, delivery=astuple(delivery), to=goods.custodian, subject=goods.subject
        )
        self.acting.require_possible(call, *goods.wants)
        approved = pledging.approve(self.acting, goods)
        after = approved[-1] if approved else None
        taken = self.acting.by_itself(call, "take delivery", self.financing.item_id, after)
        return [transaction.id for transaction in (*approved, taken)]

    def set_purpose(self, asked: PurposeRequest) -> list[str]:
        """Says what the draws of an earmarked financing are for; until the first it can be said anew."""
        session, principal = self.acting.session, self.acting.principal
        if asked.order_id is not None:
            item_id, kind = orders.find(session, principal, asked.order_id).id, PurposeKind.PURCHASE
        else:
            item_id, kind = receivables.find(session, principal, str(asked.receivable_id)).id, PurposeKind.FREIGHT
        call = self.chain.purposes.set_purpose(
            self.financing.number, kind=kind, item_id=int(item_id, 16), most=self._units(asked.most)
        )
        return self._send(call, "set purpose")

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
        call = self.chain.desk.set_impairment(self.financing.number, self._units(asked.amount))
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

    def _successor(self, key: NetworkKey, asked: HandoverRequest) -> Pledge:
        if asked.lot_id is not None:
            thousandths = int(asked.quantity_thousandths) if asked.quantity_thousandths else None
            return pledging.of_goods(self.acting, asked.lot_id, thousandths)
        pledge = pledging.of_receivable(self.acting, key, str(asked.receivable_id), asked.amount, False)
        if orders.matched_with(self.acting.session, pledge.item_id) is not None:
            return pledge
        # It is of the goods that the financing follows already, whatever consignment the invoice was uploaded with.
        return replace(pledge, subject=bytes.fromhex(self.financing.subject[2:]))

    def _handovers(self) -> list[Handover]:
        return repository.handovers(self.acting.session, [self.financing.number])

    def _items(self) -> list[str]:
        """What backs the financing, or has backed it."""
        return [self.financing.item_id, *(each.item_id for each in self._handovers())]

    def _recipient(self, asked: HandoverRequest) -> str:
        """Goods that are handed over to an invoice have been sold to who owes it; of papers nothing goes anywhere."""
        on_goods = facilities.kind_of(self.chain, self.financing.collateral) == "goods"
        if not on_goods or asked.receivable_id is None:
            return NOBODY
        receivable = receivables.known(self.acting.session, asked.receivable_id)
        return participants.account_of_number(self.acting.session, receivable.debtor)

    def _units(self, amount: Amount) -> int:
        facility = facilities.by_number(self.acting.session, self.financing.facility)
        currency = facilities.currency_of(self.acting.session, self.chain, facility)
        if amount.currency != currency:
            raise Malformed("currency-differs", f"The financing is in {currency}.", id=self.thing_id)
        return amount.units

    def written(self, session: Session, transaction_ids: list[str]) -> FinancingWritten:
        return acts.written(session, self.acting, self.thing_id, transaction_ids)

    def _send(self, call: Call, purpose: str) -> list[str]:
        """By the caller's own account; by the operator's servicer where that asks."""
        return [self.acting.as_anyone(SERVICER, call, purpose, self.financing.item_id).id]

    def _by_officer(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_office(CREDIT_OFFICER, call, purpose, self.financing.item_id).id]
