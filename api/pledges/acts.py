"""What is done with pledged goods. The contract refuses who may not; each call is tried before it is sent, save those
that follow an allowance: of these the gateway says first what it can see coming."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.acting import Acting
from api.auth.principal import Principal
from api.cash import service as cash
from api.errors import Conflict, Forbidden, Malformed, NotFound, of_chain
from api.facilities import service as facilities
from api.figures import Figures, ask
from api.financings.models import Financing
from api.participants import service as participants
from api.pledges import offers, repository, service
from api.pledges.models import GoodsOffer
from api.pledges.schemas import (
    GoodsRequest,
    LotRequest,
    MarginTermsRequest,
    MarginTermsView,
    MarginTermsWritten,
    OfferRequest,
    OfferWritten,
    PledgeWritten,
    ReleaseRequest,
    SubstitutionRequest,
)
from api.pledges.service import BPS, Standing
from api.receipts import acts as receipt_acts
from api.receipts import service as receipts
from api.transactions.schemas import transaction_views
from api.values import Amount, hex32
from chain_node.client import Call, Chain, GoodsGap, MarginTerms
from chain_node.client import GoodsOffer as OnChain
from chain_node.errors import ChainError

CREDIT_OFFICER, SERVICER = "office:credit-officer", "office:servicer"
_ANYBODY = "0x" + "0" * 40


def set_margin_terms(officer: Acting, facility_id: str, asked: MarginTermsRequest) -> list[str]:
    """A facility's terms for goods, as the operator's credit officer."""
    facility = facilities.find(officer.session, officer.principal, facility_id)
    terms = MarginTerms(**asked.model_dump())
    call = officer.chain.inventory_collateral.set_margin_terms(facility.number, terms)
    return [officer.by_office(CREDIT_OFFICER, call, "set margin terms", facility_id).id]


def margin_terms_of(session: Session, principal: Principal, chain: Chain, facility_id: str) -> MarginTermsView:
    """NotFound where the facility is none of the caller's, or has no terms for goods."""
    shown = _terms(session, chain, facilities.find(session, principal, facility_id).number)
    if shown is None:
        detail = f"Facility {facility_id} has no terms for goods."
        raise NotFound("margin-terms-absent", detail, facility=facility_id)
    return shown


def _terms(session: Session, chain: Chain, facility: int) -> MarginTermsView | None:
    question = ask(chain.inventory_collateral, "marginTerms", facility)
    terms = MarginTerms(*Figures.at(session, chain).answers([question])[0].values())
    return service.terms_view(terms) if terms.call_level_bps else None


def margin_terms_written(session: Session, officer: Acting, facility_id: str, ids: list[str]) -> MarginTermsWritten:
    shown = _terms(session, officer.chain, int(facility_id))
    return MarginTermsWritten(facility_id=facility_id, terms=shown, transactions=transaction_views(session, ids))


class Desk(acting.Desk):
    """One caller before one pledge that it may see: its supplier, or the operator."""

    @cached_property
    def financing(self) -> Financing:
        """NotFound where the caller may not see it, or goods do not back it."""
        return service.find(self.acting.session, self.acting.principal, self.chain, self.thing_id)

    def standing(self) -> Standing:
        return service.standings(self.acting.session, self.chain, [self.financing])[0]

    # The supplier

    def add(self, asked: GoodsRequest) -> list[str]:
        lot = receipts.find(self.acting.session, self.acting.principal, asked.receipt_id)
        quantity = int(asked.quantity_thousandths)
        receipt_acts.require_free(self.acting, lot, quantity)
        call = self.chain.inventory_collateral.add_goods(self.financing.number, int(lot.id, 16), quantity)
        return self._after_permission(call, "add goods", lot.id)

    def substitute(self, asked: SubstitutionRequest) -> list[str]:
        offered = receipts.find(self.acting.session, self.acting.principal, asked.offered_receipt_id)
        receipt_acts.require_free(self.acting, offered, int(asked.offered_quantity_thousandths))
        call = self.chain.inventory_collateral.substitute_goods(
            financing=self.financing.number,
            held=int(asked.receipt_id, 16),
            quantity_held=int(asked.quantity_thousandths),
            offered=int(offered.id, 16),
            quantity_offered=int(asked.offered_quantity_thousandths),
        )
        return self._after_permission(call, "exchange goods", offered.id)

    def release_for_payment(self, asked: ReleaseRequest) -> list[str]:
        """Pays, and has goods given back for it, in one step."""
        self._require_currency(asked.amount)
        self._require_pledgor()
        self._require_released_in_ratio(asked)
        stock, item = self.chain.inventory_collateral, int(asked.receipt_id, 16)
        paying = stock.pay_and_release(
            financing=self.financing.number,
            amount=asked.amount.units,
            lot=item,
            quantity=int(asked.quantity_thousandths),
        )
        what = ("payment for goods", "pay and release goods", self.financing.item_id)
        return cash.pay(self.acting, asked.amount, stock.address, paying, *what)

    def offer(self, asked: OfferRequest) -> tuple[str, list[str]]:
        """The offer's digest, and the transaction."""
        self._require_currency(asked.price)
        buyer = participants.acting_account(self.acting.session, asked.buyer_lei) if asked.buyer_lei else _ANYBODY
        offer = OnChain(
            financing=self.financing.number,
            lot=int(asked.receipt_id, 16),
            quantity=int(asked.quantity_thousandths),
            price=asked.price.units,
            buyer=buyer,
            until=int(asked.until.timestamp()),
        )
        try:
            digest = self.chain.inventory_collateral.offer_digest(offer)
        except ChainError as error:
            raise of_chain(error) from error
        return hex32(digest), self._send(self.chain.inventory_collateral.offer_goods(offer), "offer goods")

    # Anyone

    def drop(self, asked: LotRequest) -> list[str]:
        call = self.chain.inventory_collateral.drop_lot(self.financing.number, int(asked.receipt_id, 16))
        return [self.acting.as_anyone(SERVICER, call, "drop lot", asked.receipt_id).id]

    def written(self, session: Session, transaction_ids: list[str]) -> PledgeWritten:
        shown = service.view(session, self.acting.principal, self.financing, self.chain)
        return PledgeWritten(pledge=shown, transactions=transaction_views(session, transaction_ids))

    def _require_currency(self, amount: Amount) -> None:
        currency = service.currency_of(self.acting.session, self.chain, self.financing)
        if amount.currency != currency:
            detail = f"The financing is in {currency}, the amount in {amount.currency}."
            raise Malformed("currency-differs", detail, id=self.thing_id)

    def _require_pledgor(self) -> None:
        if self.acting.account != self.financing.supplier:
            detail = f"The goods of financing {self.thing_id} were pledged by another account."
            raise Forbidden("not-pledgor-of", detail, financing=self.thing_id)

    def _require_released_in_ratio(self, asked: ReleaseRequest) -> None:
        """What the contract would refuse whatever happens in the next block. It weighs the last unit itself."""
        its, quantity = self.standing(), int(asked.quantity_thousandths)
        lot = next((each for each in its.lots if each.lot_id == asked.receipt_id), None)
        if lot is None:
            detail = f"Receipt {asked.receipt_id} does not back financing {self.thing_id}."
            raise Conflict("lot-not-pledged", detail, financing=self.thing_id, lot=asked.receipt_id)
        held = lot.position["pledged"]
        if quantity > held:
            detail = f"{quantity} thousandths are asked for, {held} are in custody."
            raise Conflict("custody-exceeded", detail, quantity=quantity, pledged=held)
        if its.gap is not GoodsGap.NONE or not held:
            return
        paid = min(asked.amount.units, its.owed)
        value, most = lot.valuation.value * quantity // held, paid * its.terms.release_ratio_bps // BPS
        if value > most + 1:
            detail = f"Goods worth {value} minor units would leave, the payment of {paid} frees {most}."
            raise Conflict("release-exceeds-payment", detail, value=value, most=most, financing=self.thing_id)
        owed, base = its.owed - paid, (its.value - value + 1) * its.rate_bps // BPS
        if owed > base:
            detail = f"{owed} minor units would still be owed, the goods that are left would bear {base}."
            raise Conflict("goods-uncovered", detail, owed=owed, base=base, financing=self.thing_id)

    def _after_permission(self, call: Call, purpose: str, lot_id: str) -> list[str]:
        """Lets the custodian take goods first where it may not yet."""
        self._require_pledgor()
        let = receipt_acts.let_take(self.acting, self.chain.inventory_collateral.address, lot_id)
        sent = self.acting.by_itself(call, purpose, self.financing.item_id, let[-1] if let else None)
        return [*(each.id for each in let), sent.id]

    def _send(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_itself(call, purpose, self.financing.item_id).id]


class OfferDesk(acting.Desk):
    """One caller before one offer that it may see."""

    @cached_property
    def offer(self) -> GoodsOffer:
        return offers.find(self.acting.session, self.acting.principal, self.thing_id)

    def withdraw(self) -> list[str]:
        call = self.chain.inventory_collateral.withdraw_offer(offers.on_chain(self.offer))
        return [self.acting.by_itself(call, "withdraw offer", self.offer.lot_id).id]

    def buy(self) -> list[str]:
        """Pays the price and has title and goods, in one step."""
        (shown,) = offers.views(self.acting.session, [self.offer], self.chain)
        if shown.state != "open":
            detail = {"over": "sold or taken back", "lapsed": f"past its time, {shown.until}"}[shown.state]
            raise Conflict(f"offer-{shown.state}", f"The offer is {detail}.", id=shown.id, until=str(shown.until))
        stock = self.chain.inventory_collateral
        call = stock.buy_goods(offers.on_chain(self.offer))
        what = ("price of goods", "buy goods", self.offer.lot_id)
        return cash.pay(self.acting, shown.price, stock.address, call, *what)

    def written(self, session: Session, transaction_ids: list[str]) -> OfferWritten:
        return offer_written(session, self.acting, self.thing_id, transaction_ids)


def offer_written(session: Session, caller: Acting, digest: str, ids: list[str]) -> OfferWritten:
    found = repository.offer(session, digest)
    shown = offers.views(session, [found], caller.chain)[0] if found else None
    return OfferWritten(id=digest, offer=shown, transactions=transaction_views(session, ids))
