"""What backs a financing: an invoice, an order or goods of the caller's, found, measured and brought to its custodian.
Openings and handovers begin here."""

from dataclasses import dataclass

from sqlmodel import Session

from api.acting import Acting
from api.errors import Conflict, Malformed
from api.facilities import service as facilities
from api.figures import Figures, ask
from api.financings import repository
from api.financings.schemas import Opening
from api.orders import service as orders
from api.orders.models import Order
from api.orders.sums import sums_of
from api.participants import service as participants
from api.receivables import service as receivables
from api.receivables.models import Receivable, ReceivableState
from api.transactions.models import Transaction
from api.values import Amount, hex32
from chain_node.client import Call, Chain
from chain_node.references import NetworkKey
from chain_node.references import subject as subject_of

NO_SUBJECT = bytes(32)


@dataclass(frozen=True)
class Pledge:
    """`units` of an item (minor units of `currency`; of goods, without one, thousandths) for the adapter `custodian`.
    `subject` is the consignment whose facts count, 32 zero bytes for none. `approvals` are what the custodian needs
    before it can take the item, by purpose, and `wants` the contract's errors for want of them."""

    kind: str
    custodian: str
    item_id: str
    units: int
    currency: str | None
    subject: bytes
    approvals: tuple[tuple[str, Call], ...] = ()
    wants: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """In words: an order is one, whoever pledges it."""
        return {"purchase": "order", "goods": "lot"}.get(self.kind, self.kind)

    @property
    def item(self) -> int:
        """The item as the contracts number it."""
        return int(self.item_id, 16)


def custodian_of(chain: Chain, kind: str) -> str:
    """The address of the adapter that keeps this kind of collateral."""
    return chain.addresses.address(facilities.COLLATERALS[kind])


def pledge_of(acting: Acting, key: NetworkKey, asked: Opening) -> Pledge:
    """The item that was named; NotFound, Malformed or Conflict where it cannot be pledged so."""
    if asked.order_id is not None:
        return of_order(acting, asked.order_id, asked.amount, asked.on_acceptance_only)
    return of_receivable(acting, key, str(asked.receivable_id), asked.amount, asked.on_acceptance_only)


def of_receivable(
    acting: Acting, key: NetworkKey, receivable_id: str, amount: Amount | None, on_acceptance_only: bool
) -> Pledge:
    """Units of an accepted invoice. One that is matched with an order is pledged with the order's consignment."""
    session = acting.session
    receivable = receivables.find(session, acting.principal, receivable_id)
    custodian = custodian_of(acting.chain, "receivable")
    units = _held_units(session, receivable, acting.account, amount)
    _require_accepted(receivable)

    is_approved = receivables.is_approved(session, acting.account, custodian)
    call = acting.chain.receivables.set_approval_for_all(custodian, True)
    subject = NO_SUBJECT if on_acceptance_only else goods_of(session, key, receivable)
    return Pledge(
        "receivable",
        custodian,
        receivable.id,
        units,
        receivable.currency,
        subject,
        approvals=() if is_approved else (("let custodian take receivables", call),),
        wants=() if is_approved else ("ERC1155MissingApprovalForAll",),
    )


def of_order(acting: Acting, order_id: str, amount: Amount | None, on_acceptance_only: bool = False) -> Pledge:
    """An accepted order: what is outstanding of it to its seller, what it is worth to its buyer, whose money it will be
    when it goes back. The escrow takes the custodian's word, so nothing has to be approved."""
    order = orders.find(acting.session, acting.principal, order_id)
    require_goods(order, on_acceptance_only)
    buys = participants.number_of(acting.session, acting.lei) == order.buyer
    kind = "purchase" if buys else "order"
    units = _order_units(acting, order, buys, amount)
    subject = bytes.fromhex(order.subject[2:])
    return Pledge(kind, custodian_of(acting.chain, kind), order.id, units, order.currency, subject)


def require_goods(order: Order, on_acceptance_only: bool) -> None:
    """Malformed where an order is to be lent on without its goods."""
    if on_acceptance_only:
        detail = "An order is lent on by the facts of its own goods; only an invoice can be lent on without any."
        raise Malformed("order-has-goods", detail, id=order.id)


def of_goods(acting: Acting, lot_id: str, thousandths: int | None) -> Pledge:
    """Goods of the caller's in a warehouse, as many as it has free by default; the custodian is let take and, in need,
    sell them."""
    lots, figures = acting.chain.lots, Figures.at(acting.session, acting.chain)
    (position,) = figures.answers([ask(lots, "position", int(lot_id, 16), acting.account)])
    units = _require_within(lot_id, thousandths or position["free"], position["free"], "lot")
    return coming(acting, lot_id, units)


def coming(acting: Acting, lot_id: str, thousandths: int) -> Pledge:
    """As `of_goods`, of goods that will be the caller's by the time they are taken."""
    lots, account, custodian = acting.chain.lots, acting.account, custodian_of(acting.chain, "goods")
    questions = [
        ask(lots, "subjectOf", int(lot_id, 16)),
        ask(lots, "isApprovedForAll", account, custodian),
        ask(lots, "hasPowerOfSale", account, custodian),
    ]
    subject, approved, sellable = Figures.at(acting.session, acting.chain).answers(questions)
    approvals = (
        *(() if sellable else (("let custodian sell goods", lots.set_power_of_sale(custodian, True)),)),
        *(() if approved else (("let custodian take goods", lots.set_approval_for_all(custodian, True)),)),
    )
    wants = ("ERC1155MissingApprovalForAll", "PowerOfSaleMissing") if approvals else ()
    return Pledge("goods", custodian, lot_id, thousandths, None, bytes(subject), approvals, wants)


def approve(acting: Acting, pledge: Pledge) -> list[Transaction]:
    """Sends what the custodian needs, each after the one before."""
    sent: list[Transaction] = []
    for purpose, call in pledge.approvals:
        sent.append(acting.by_itself(call, purpose, pledge.item_id, sent[-1] if sent else None))
    return sent


def goods_of(session: Session, key: NetworkKey, receivable: Receivable) -> bytes:
    """The consignment of an invoice: its order's where it is matched with one, else its own."""
    order = orders.matched_with(session, receivable.id)
    return bytes.fromhex(order.subject[2:]) if order else subject_of(key, int(receivable.id, 16))


def require_unwatched(session: Session, pledge: Pledge) -> None:
    """Conflict where another financing follows the same goods."""
    if any(pledge.subject) and repository.watches(session, hex32(pledge.subject)):
        more = "; ask for one on acceptance only" if pledge.kind == "receivable" else ""
        detail = f"The goods of {pledge.what} {pledge.item_id} back another financing{more}."
        raise Conflict("consignment-taken", detail, id=pledge.item_id)


def _held_units(session: Session, receivable: Receivable, account: str, amount: Amount | None) -> int:
    """All that the account holds, or as much of it as was asked for."""
    held = receivables.held_units(session, receivable.id, account)
    units = held if amount is None else _units(amount, receivable.currency, "receivable")
    return _require_within(receivable.id, units, held, "receivable")


def _order_units(acting: Acting, order: Order, buys: bool, amount: Amount | None) -> int:
    (sums,), _ = sums_of(acting.session, acting.chain, [order])
    most = order.value if buys else sums.outstanding
    units = most if amount is None else _units(amount, order.currency, "order")
    return _require_within(order.id, units, most, "order")


def _units(amount: Amount, currency: str, what: str) -> int:
    if amount.currency != currency:
        raise Malformed("currency-differs", f"The {what} is in {currency}, the amount in {amount.currency}.")
    return amount.units


def _require_within(item_id: str, units: int, most: int, what: str) -> int:
    if units == 0 or units > most:
        detail = f"{units} units of the {what} are asked for, {most} can be pledged."
        raise Conflict("units-out-of-range", detail, id=item_id, units=units, available=most)
    return units


def _require_accepted(receivable: Receivable) -> None:
    """What the custodian would refuse, said before anything is sent: its taking follows an approval, so that it cannot
    be tried on its own."""
    if receivable.state != ReceivableState.ACCEPTED:
        detail = f"The receivable is {receivable.state}; only an accepted one can be financed."
        raise Conflict("item-not-financeable", detail, id=receivable.id, state=receivable.state)
