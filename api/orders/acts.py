"""What the sides of an order, the arbiter and anybody else do with it. The contract refuses who may not; each call is
tried before it is sent, also where an allowance has to come first."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.cash import service as cash
from api.errors import Conflict, Malformed
from api.orders import repository, service
from api.orders.models import Order, OrderState
from api.orders.schemas import (
    DecisionRequest,
    DisputeRequest,
    MatchRequest,
    MoneyRequest,
    OfferRequest,
    OrderAcceptanceRequest,
    RefundClaimRequest,
    SplitRequest,
)
from api.orders.sums import sums_of
from api.orders.views import OrderWritten
from api.participants import service as participants
from api.receivables import service as receivables
from api.values import Amount
from chain_node.client import Call, Delivery

ARBITER, SERVICER = "office:arbiter", "office:servicer"
_ALLOWANCE_MISSING = "ERC20InsufficientAllowance"


class Desk(acting.Desk):
    """One caller before one order to which it is a party."""

    @cached_property
    def order(self) -> Order:
        """NotFound where the caller is no party to it."""
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    @property
    def number(self) -> int:
        return int(self.order.id, 16)

    # Agreement

    def accept(self, asked: OrderAcceptanceRequest) -> list[str]:
        """Accepts as the buyer, repeating the hash of the terms, and puts the deposit in."""
        call = self.chain.orders.accept_order(self.number, bytes.fromhex(asked.terms_hash[2:]))
        if not self.order.deposit:
            return self._send(call, "accept order")
        return self._pay(self.order.deposit, call, "deposit", "accept order")

    def cancel(self) -> list[str]:
        """Withdraws, as the seller, an order that nobody has accepted."""
        return self._send(self.chain.orders.cancel_order(self.number), "cancel order")

    # Money

    def deposit(self, asked: MoneyRequest) -> list[str]:
        """Puts money into escrow."""
        units = self._units(asked.amount)
        return self._pay(units, self.chain.orders.fund(self.number, units), "deposit", "fund order")

    def pay(self, asked: MoneyRequest) -> list[str]:
        """Pays the seller's side at once, past the escrow."""
        units = self._units(asked.amount)
        return self._pay(units, self.chain.orders.pay_order(self.number, units), "payment", "pay order")

    def settle(self) -> list[str]:
        """Pays out what facts have earned and is held; Conflict where that is nothing."""
        (its,), _ = sums_of(self.acting.session, self.chain, [self.order])
        if self.order.state == OrderState.ACCEPTED and not its.due:
            detail = (
                f"Nothing is due on the order: its facts have earned {its.earned} minor units, {its.paid} are paid "
                f"and {its.held} are held."
            )
            raise Conflict("nothing-due", detail, id=self.order.id, earned=its.earned, paid=its.paid, held=its.held)
        return self._send_as_anyone(self.chain.orders.settle(self.number), "settle order")

    def refund(self) -> list[str]:
        """Ends an order that was not delivered in time: what is earned is paid out, the rest goes back."""
        return self._send_as_anyone(self.chain.orders.refund(self.number), "refund order")

    def claim_refund(self, asked: RefundClaimRequest) -> list[str]:
        """Gives a funder's part of an ended order back to it."""
        lei = asked.lei or self.acting.lei
        funders = repository.funders(self.acting.session, self.order.id)
        own = [account for account in participants.accounts_of(self.acting.session, lei) if account in funders]
        if not own:
            detail = f"{lei} has put nothing into escrow for order {self.order.id}."
            raise Conflict("nothing-to-refund", detail, id=self.order.id, lei=lei)
        claims = [self.chain.orders.claim_refund(self.number, account) for account in own]
        return [sent for claim in claims for sent in self._send_as_anyone(claim, "claim refund")]

    # Disputes

    def dispute(self, asked: DisputeRequest) -> list[str]:
        call = self.chain.orders.dispute_order(self.number, bytes.fromhex(asked.evidence[2:]))
        return self._send(call, "dispute order")

    def end_dispute(self) -> list[str]:
        """Withdraws it, as the side that opened it; as anyone once its time is up."""
        return self._send_as_anyone(self.chain.orders.end_dispute(self.number), "end dispute")

    def decide(self, asked: DecisionRequest) -> list[str]:
        """Splits what is held, as the operator's arbiter; the order is over then."""
        units = self._units(asked.to_seller)
        call = self.chain.orders.decide_dispute(self.number, units, bytes.fromhex(asked.evidence[2:]))
        return [self.acting.by_office(ARBITER, call, "decide dispute", self.order.id).id]

    def split(self, asked: SplitRequest) -> list[str]:
        """Agrees to end the order so; when the other side has said the same it is done."""
        call = self.chain.orders.agree_split(self.number, self._units(asked.to_seller))
        return self._send(call, "agree to split")

    # Invoices and goods

    def match(self, asked: MatchRequest) -> list[str]:
        """Counts, as the seller, an accepted invoice in place of what is unfunded."""
        receivable = receivables.find(self.acting.session, self.acting.principal, asked.receivable_id)
        call = self.chain.order_matches.link(self.number, int(receivable.id, 16))
        return self._send(call, "match invoice")

    def offer(self, asked: OfferRequest) -> list[str]:
        """Offers the caller's goods in a warehouse, or takes the offer back. What the escrow needs to hand them over,
        approval and power of sale, it is given with the first offer."""
        orders, lots, account = self.chain.orders, self.chain.lots, self.acting.account
        delivery = Delivery(
            id=self.number,
            owner=account,
            lot=int(asked.lot_id, 16),
            quantity=int(asked.quantity_thousandths),
            price=self._units(asked.price),
        )
        sent = self._send(orders.offer_delivery(delivery, asked.open), "offer goods")
        if asked.open and not lots.is_approved_for_all(account, orders.address):
            sent += self._send(lots.set_approval_for_all(orders.address, True), "let escrow take goods")
        if asked.open and not lots.has_power_of_sale(account, orders.address):
            sent += self._send(lots.set_power_of_sale(orders.address, True), "let escrow sell goods")
        return sent

    def take_delivery(self, digest: str) -> list[str]:
        """Takes offered goods against the money in escrow, as the buyer: both change hands, or neither does."""
        delivery = service.offered(self.acting.session, [self.order.id], digest)
        call = self.chain.orders.deliver(delivery, self.acting.account)
        return self._send(call, "take delivery")

    def written(self, session: Session, transaction_ids: list[str]) -> OrderWritten:
        return service.written(session, self.chain, self.order.id, transaction_ids)

    def _send(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_itself(call, purpose, self.order.id).id]

    def _send_as_anyone(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.as_anyone(SERVICER, call, purpose, self.order.id).id]

    def _pay(self, units: int, call: Call, what: str, purpose: str) -> list[str]:
        """Allows the escrow to take the money, then makes the call that takes it."""
        participants.signer_of(self.acting.session, self.acting.lei)
        self.acting.require_possible(call, _ALLOWANCE_MISSING)
        amount, escrow = Amount.of(units, self.order.currency), self.chain.orders.address
        return cash.pay(self.acting, amount, escrow, call, what, purpose, self.order.id)

    def _units(self, amount: Amount) -> int:
        if amount.currency != self.order.currency:
            detail = f"The order is in {self.order.currency}, the amount in {amount.currency}."
            raise Malformed("currency-differs", detail, id=self.order.id)
        return amount.units
