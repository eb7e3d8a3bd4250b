"""What the owner of goods does with a lot: part it, put lots together, sell. The contract refuses who may not; each
call is tried before it is sent."""

from functools import cached_property

from sqlmodel import Session

from api import acting
from api.acting import Acting
from api.errors import Conflict, of_chain
from api.figures import Figures, ask
from api.network_key import keyed_reference
from api.participants import service as participants
from api.receipts import repository, service
from api.receipts.models import Lot
from api.receipts.schemas import MergerRequest, ReceiptWritten, SplitRequest, TransferRequest
from api.transactions.models import Transaction
from api.transactions.schemas import transaction_views
from chain_node.client import Call
from chain_node.errors import ChainError
from chain_node.references import NetworkKey


class Desk(acting.Desk):
    """One caller before one lot that it may see."""

    @cached_property
    def lot(self) -> Lot:
        """NotFound where the caller may not see it."""
        return service.find(self.acting.session, self.acting.principal, self.thing_id)

    @property
    def item(self) -> int:
        return int(self.lot.id, 16)

    def split(self, key: NetworkKey, asked: SplitRequest) -> list[str]:
        identifiers = tuple(keyed_reference(key, "sscc", code) for code in asked.identifiers)
        call = self.chain.lots.split(self.item, identifiers, int(asked.quantity_thousandths))
        return self._send(call, "split lot")

    def merge(self, asked: MergerRequest) -> list[str]:
        into = service.find(self.acting.session, self.acting.principal, asked.into)
        call = self.chain.lots.merge(self.item, int(into.id, 16), self._identifiers())
        return self._send(call, "merge lots")

    def transfer(self, asked: TransferRequest) -> list[str]:
        """Sells what the caller holds itself. It is told before sending how much that is: the contract knows the
        remainder only as an arithmetic error."""
        to = participants.acting_account(self.acting.session, asked.to_lei)
        quantity = int(asked.quantity_thousandths)
        require_free(self.acting, self.lot, quantity)
        return self._send(self.chain.lots.transfer_title(self.item, to, quantity), "transfer title")

    def written(self, session: Session, transaction_ids: list[str]) -> ReceiptWritten:
        lot = service.known(session, self.lot.id)
        shown = service.view(session, self.acting.principal, lot, self.chain) if lot else None
        return ReceiptWritten(id=self.lot.id, receipt=shown, transactions=transaction_views(session, transaction_ids))

    def _identifiers(self) -> tuple[bytes, ...]:
        """Those that the contract has in this lot, out of all that were announced of its entry."""
        announced = repository.entries_of(self.acting.session, self.lot.subject, self.lot.sequence)
        every = list(dict.fromkeys(bytes.fromhex(i[2:]) for its in announced for i in its.entry["identifiers"]))
        figures = Figures.at(self.acting.session, self.chain)
        homes = figures.answers([ask(self.chain.lots, "lotOf", identifier) for identifier in every])
        return tuple(one for one, home in zip(every, homes, strict=True) if home == self.item)

    def _send(self, call: Call, purpose: str) -> list[str]:
        return [self.acting.by_itself(call, purpose, self.lot.id).id]


def require_free(caller: Acting, lot: Lot, quantity: int) -> None:
    """Conflict unless the caller's account holds so much of the lot, free of custody and release orders."""
    question = ask(caller.chain.lots, "position", int(lot.id, 16), caller.account)
    free = int(Figures.at(caller.session, caller.chain).answers([question])[0]["free"])
    if quantity > free:
        detail = f"{quantity} thousandths are asked for, {free} are free of custody and release orders."
        raise Conflict("units-out-of-range", detail, id=lot.id, units=quantity, available=free)


def let_take(caller: Acting, custodian: str, lot_id: str) -> list[Transaction]:
    """Gives a custodian what it needs to take goods of the caller's: the power to sell them and the approval to move
    them, as far as it has not got them; those transactions, the last one last."""
    lots, sent = caller.chain.lots, list[Transaction]()
    try:
        sellable, movable = (
            lots.read(name, caller.account, custodian)[0] for name in ("hasPowerOfSale", "isApprovedForAll")
        )
    except ChainError as error:
        raise of_chain(error) from error
    for has, call, purpose in (
        (sellable, lots.set_power_of_sale(custodian, True), "give power of sale"),
        (movable, lots.set_approval_for_all(custodian, True), "let custodian take goods"),
    ):
        if not has:
            sent.append(caller.by_itself(call, purpose, lot_id, sent[-1] if sent else None))
    return sent


def set_power_of_sale(caller: Acting, given: bool) -> list[str]:
    """Lets lenders take and sell what the caller gives into their custody from now on, or no longer."""
    custodian, lots = caller.chain.addresses.address("InventoryCollateral"), caller.chain.lots
    first = caller.by_itself(lots.set_power_of_sale(custodian, given), "set power of sale", caller.account)
    moving = lots.set_approval_for_all(custodian, given)
    return [first.id, caller.by_itself(moving, "set approval of custodian", caller.account, first).id]
