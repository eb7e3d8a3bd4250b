"""What is done about a margin call: it is issued, mended, ended, or its goods are put up and bought."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.acting import Acting
from api.cash import service as cash
from api.errors import Conflict, Malformed
from api.financings import acts as financing_acts
from api.financings.schemas import RepaymentRequest
from api.margin_calls import repository, service
from api.margin_calls.schemas import BidRequest, CureRequest, MarginCallView, MarginCallWritten
from api.margin_calls.service import Case
from api.pledges import acts as pledge_acts
from api.pledges import service as pledges
from api.pledges.schemas import GoodsRequest
from api.transactions.schemas import transaction_views

SERVICER = "office:servicer"


def call_margin(caller: Acting, pledge_id: str) -> list[str]:
    """As anyone to whom the pledge is known; the operator's servicer where that asks."""
    found = pledges.find(caller.session, caller.principal, caller.chain, pledge_id)
    call = caller.chain.inventory_collateral.call_margin(found.number)
    return [caller.as_anyone(SERVICER, call, "call margin", found.item_id).id]


def called(session: Session, caller: Acting, ids: list[str]) -> MarginCallWritten:
    """The call that the last of the transactions issued, once it can be seen."""
    transactions = transaction_views(session, ids)
    sent = transactions[-1].hash
    found = repository.by_transaction(session, sent) if sent else None
    call_id = f"{found.financing}-{found.number}" if found else None
    return MarginCallWritten(
        id=call_id, margin_call=_shown(session, caller, call_id) if call_id else None, transactions=transactions
    )


def _shown(session: Session, caller: Acting, call_id: str) -> MarginCallView:
    case = service.find(session, caller.principal, caller.chain, call_id)
    return service.views(session, [case], caller.chain)[0]


class Desk(acting.Desk):
    """One caller before one call that concerns it, or whose goods it may bid for."""

    @cached_property
    def case(self) -> Case:
        return service.find(self.acting.session, self.acting.principal, self.chain, self.thing_id)

    @property
    def pledge_id(self) -> str:
        return str(self.case.financing.number)

    def cure(self, asked: CureRequest) -> list[str]:
        """Pays out of the caller's cash, or adds goods of its own."""
        self._require_live()
        if asked.amount is not None:
            return financing_acts.repay(self.acting, self.pledge_id, RepaymentRequest(amount=asked.amount))
        body = GoodsRequest.model_validate(asked.model_dump(include={"receipt_id", "quantity_thousandths"}))
        return pledge_acts.Desk(self.acting, self.pledge_id).add(body)

    def end(self) -> list[str]:
        self._require_live()
        call = self.chain.inventory_collateral.end_call(self.case.financing.number)
        return [self.acting.as_anyone(SERVICER, call, "end margin call", self.case.financing.item_id).id]

    def sell(self) -> list[str]:
        """Puts the goods up, once the time to mend it is over."""
        self._require_live()
        call = self.chain.inventory_collateral.start_sale(self.case.financing.number)
        return [self.acting.as_anyone(SERVICER, call, "start sale", self.case.financing.item_id).id]

    def bid(self, asked: BidRequest) -> list[str]:
        """Buys at the price of the moment. Price and range are looked at before the allowance is given."""
        self._require_live()
        currency = pledges.currency_of(self.acting.session, self.chain, self.case.financing)
        if asked.most.currency != currency:
            raise Malformed("currency-differs", f"The goods are sold in {currency}.", id=self.thing_id)
        self._require_biddable(asked)
        stock = self.chain.inventory_collateral
        call = stock.bid(
            financing=self.case.financing.number,
            lot=int(asked.receipt_id, 16),
            quantity=int(asked.quantity_thousandths),
            most=asked.most.units,
        )
        return cash.pay(self.acting, asked.most, stock.address, call, "bid", "bid for goods", asked.receipt_id)

    def written(self, session: Session, transaction_ids: list[str]) -> MarginCallWritten:
        """Whoever has bought the last of the goods is no longer told of the call, only of its transactions."""
        shown = None
        case = service.again(session, self.acting.principal, self.chain, self.case)
        if case.is_party or case.state == "selling":
            shown = service.views(session, [case], self.chain)[0]
        transactions = transaction_views(session, transaction_ids)
        return MarginCallWritten(id=self.thing_id, margin_call=shown, transactions=transactions)

    def _require_live(self) -> None:
        if not self.case.is_live:
            raise Conflict("margin-call-missing", f"Margin call {self.thing_id} is over.", id=self.thing_id)

    def _require_biddable(self, asked: BidRequest) -> None:
        if self.case.state != "selling":
            raise Conflict("sale-not-running", f"No goods of call {self.thing_id} are up for sale.", id=self.thing_id)
        (shown,) = service.views(self.acting.session, [self.case], self.chain)
        lot = next((each for each in shown.goods if each.receipt_id == asked.receipt_id), None)
        if lot is None:
            detail = f"Nothing of receipt {asked.receipt_id} is up for sale."
            raise Conflict("lot-not-put-up", detail, id=self.thing_id, lot=asked.receipt_id)
        quantity, left, least = int(asked.quantity_thousandths), int(lot.left_thousandths), lot.least_bid_thousandths
        if quantity > left or (quantity < int(least) and quantity != left):
            detail = f"A bid takes at least {least} thousandths, or all {left} that are left; {quantity} are asked for."
            raise Conflict("bid-out-of-range", detail, quantity=quantity, least=int(least), left=left)
        price = lot.price.units * quantity // left
        if price > asked.most.units:
            detail = f"The price is {price} minor units now, the bid is for at most {asked.most.units}."
            raise Conflict("bid-price-too-high", detail, price=price, most=asked.most.units)
