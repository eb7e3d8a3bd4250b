"""Goods are ordered to leave, the lender agrees, the exit is confirmed, declined or lapses."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.acting import Acting
from api.errors import Conflict, of_chain
from api.figures import Figures, ask
from api.participants import service as participants
from api.receipts import acts as receipt_acts
from api.receipts import service as receipts
from api.receipts.models import Lot
from api.release_orders import repository, service
from api.release_orders.models import OrderState, ReleaseOrder, ReleaseRequest
from api.release_orders.schemas import ReleaseOrderRequest, ReleaseOrderWritten
from api.release_orders.service import Found
from api.transactions.schemas import transaction_views
from api.values import hex32
from chain_node.client import Call, Chain
from chain_node.client import ReleaseOrder as Words
from chain_node.errors import ChainError

SERVICER, CREDIT_OFFICER = "office:servicer", "office:credit-officer"


def order(caller: Acting, asked: ReleaseOrderRequest) -> tuple[str, list[str]]:
    """Orders goods out that the caller holds itself, or asks the lender to let them go; the order's digest, and the
    transaction. What a lender is asked is kept, since the chain knows only the digest that the owner approves."""
    lot = receipts.find(caller.session, caller.principal, asked.receipt_id)
    financing = _require_there(caller, lot, asked)
    words = _words(caller, lot, asked)
    digest = _digest(caller.chain, words)
    if not asked.pledged:
        call = caller.chain.lots.order_release(words)
        return hex32(digest), [caller.by_itself(call, "order release", lot.id).id]
    approving = caller.chain.lots.approve_digest(digest, True)
    sent = caller.by_itself(approving, "ask lender to release goods", lot.id)
    repository.remember(caller.session, _request(caller, lot, words, hex32(digest), financing))
    return hex32(digest), [sent.id]


def _require_there(caller: Acting, lot: Lot, asked: ReleaseOrderRequest) -> int:
    """Conflict unless so much lies where the caller says; the financing that pledged goods back, 0 for free ones."""
    quantity = int(asked.quantity_thousandths)
    if not asked.pledged:
        receipt_acts.require_free(caller, lot, quantity)
        return 0
    questions = [
        ask(caller.chain.lots, "position", int(lot.id, 16), caller.account),
        ask(caller.chain.desk, "financingOf", bytes.fromhex(lot.subject[2:])),
    ]
    position, financing = Figures.at(caller.session, caller.chain).answers(questions)
    if quantity > position["pledged"]:
        detail = f"{quantity} thousandths are asked for, {position['pledged']} are in a lender's custody."
        raise Conflict("custody-exceeded", detail, id=lot.id, quantity=quantity, pledged=position["pledged"])
    return int(financing)


def _words(caller: Acting, lot: Lot, asked: ReleaseOrderRequest) -> Words:
    session, chain, account = caller.session, caller.chain, caller.account
    custodian = str(chain.addresses.address("InventoryCollateral"))
    (nonce,) = Figures.at(session, chain).answers([ask(chain.lots, "nonces", account)])
    return Words(
        id=int(lot.id, 16),
        quantity=int(asked.quantity_thousandths),
        beneficiary=account,
        holder=custodian if asked.pledged else account,
        to=participants.acting_account(session, asked.to_lei) if asked.to_lei else account,
        subject=bytes.fromhex(lot.subject[2:]),
        sequence=asked.sequence or service.next_exit(session, lot.subject),
        deadline=int(asked.deadline.timestamp()),
        nonce=nonce,
    )


def _digest(chain: Chain, words: Words) -> bytes:
    try:
        return chain.lots.release_order_digest(words)
    except ChainError as error:
        raise of_chain(error) from error


def _request(caller: Acting, lot: Lot, words: Words, digest: str, financing: int) -> ReleaseRequest:
    return ReleaseRequest(
        digest=digest,
        owner_lei=caller.lei,
        financing=financing,
        lot_id=lot.id,
        quantity=words.quantity,
        beneficiary=words.beneficiary,
        holder=words.holder,
        to=words.to,
        subject=lot.subject,
        sequence=words.sequence,
        deadline=words.deadline,
        nonce=words.nonce,
    )


class Desk(acting.Desk):
    """One caller before one order, or request of one, that concerns it."""

    @cached_property
    def found(self) -> Found:
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    def consent(self) -> list[str]:
        """As the operator's credit officer, to goods that leave its custody."""
        its = self.found
        if not isinstance(its, ReleaseRequest):
            raise Conflict("release-consented", f"The order is {its.state} already.", id=its.digest, state=its.state)
        words = service.words_of(its)
        lender = self.acting.transactions.account_of(CREDIT_OFFICER)
        call = self.chain.inventory_collateral.order_release(its.financing, words, b"", lender)
        sent = self.acting.by_office(CREDIT_OFFICER, call, "agree to release", its.lot_id, owner_lei=its.owner_lei)
        return [sent.id]

    def confirm(self) -> list[str]:
        return self._as_anyone(self.chain.lots.confirm_release(self._ordered()), "confirm release")

    def lapse(self) -> list[str]:
        return self._as_anyone(self.chain.lots.lapse_release(self._ordered()), "lapse release")

    def decline(self) -> list[str]:
        """As the warehouse, whose goods have not left."""
        call = self.chain.lots.decline_release(self._ordered())
        return [self.acting.by_itself(call, "decline release", self.found.lot_id).id]

    def withdraw(self) -> list[str]:
        """Takes back what was asked of the lender, which has not agreed yet."""
        if not isinstance(self.found, ReleaseRequest):
            detail = "The lender has agreed already: the order lapses, or the warehouse declines it."
            raise Conflict("release-consented", detail, id=self.found.digest, state=self.found.state)
        call = self.chain.lots.approve_digest(bytes.fromhex(self.found.digest[2:]), False)
        return [self.acting.by_itself(call, "withdraw release request", self.found.lot_id).id]

    def written(self, session: Session, transaction_ids: list[str]) -> ReleaseOrderWritten:
        return written(session, self.acting, self.thing_id, transaction_ids)

    def _ordered(self) -> Words:
        its = self.found
        if not isinstance(its, ReleaseOrder) or its.state != OrderState.ORDERED:
            state = its.state if isinstance(its, ReleaseOrder) else "awaits lender"
            detail = f"The release is not open: it is {state}."
            raise Conflict("order-not-open", detail, id=its.digest, state=state)
        return service.words_of(its)

    def _as_anyone(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.as_anyone(SERVICER, call, purpose, self.found.lot_id).id]


def written(session: Session, caller: Acting, digest: str, ids: list[str]) -> ReleaseOrderWritten:
    found = repository.order(session, digest) or repository.request(session, digest)
    shown = service.views(session, [found], caller.chain)[0] if found else None
    return ReleaseOrderWritten(id=digest, release_order=shown, transactions=transaction_views(session, ids))
