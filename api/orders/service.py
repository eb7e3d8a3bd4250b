"""What the chain says of orders, to their seller and buyer and to the operator."""

from collections.abc import Collection

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import Conflict, NotFound
from api.lists import Asked
from api.milestones.facts import facts_of
from api.orders import repository, showing
from api.orders.models import OfferState, Order
from api.orders.showing import Named, Told
from api.orders.sums import sums_of
from api.orders.views import OrderView, OrderWritten
from api.participants import service as participants
from api.transactions.schemas import transaction_views
from api.values import Page, is_hex32
from chain_node.client import Chain, Delivery


def find(session: Session, principal: Principal, order_id: str) -> Order:
    """The order; NotFound where there is none to which the caller is a party."""
    found = repository.order(session, order_id) if is_hex32(order_id) else None
    if found is None or not (principal.sees_all or _is_party(session, principal, found)):
        detail = f"There is no order {order_id[:80]} to which you are a party."
        raise NotFound("order-absent", detail, id=order_id[:80])
    return found


def find_any(session: Session, order_id: str) -> Order | None:
    """The order for a service that has its own reasons to look; None where the chain has none."""
    return repository.order(session, order_id)


def matched_with(session: Session, receivable_id: str) -> Order | None:
    """The order that the invoice is matched with; its goods, and the consignment to pledge it with, are the order's."""
    return repository.order_of_invoice(session, receivable_id)


def offered(session: Session, order_ids: Collection[str], digest: str) -> Delivery:
    """What the seller of one of the orders offers against payment; Conflict where it does not, or no longer."""
    offer = repository.offer(session, digest)
    if offer is None or offer.order_id not in order_ids or offer.state != OfferState.OPEN:
        detail = f"The seller of {' and '.join(order_ids)} does not offer the delivery {digest}."
        raise Conflict("delivery-not-offered", detail, digest=digest)
    return Delivery(int(offer.order_id, 16), offer.owner, int(offer.lot, 16), offer.quantity, offer.price)


def parties_of_subject(session: Session, subject: str) -> set[str]:
    """LEIs of the two sides of every order whose money the consignment's facts earn or may come to earn."""
    numbers = {number for order in repository.by_subject(session, subject) for number in (order.seller, order.buyer)}
    return {party.lei for party in participants.parties_by_number(session, numbers).values()}


def counterparties(session: Session, lei: str) -> set[str]:
    """LEIs of those to whom the organisation sells by orders, or from whom it buys."""
    number = participants.number_of(session, lei)
    others = repository.dealing_with(session, number) if number is not None else set()
    return {party.lei for party in participants.parties_by_number(session, others).values()}


def view(session: Session, order: Order, chain: Chain) -> OrderView:
    return _views(session, [order], chain)[0]


def written(session: Session, chain: Chain, order_id: str, transaction_ids: list[str]) -> OrderWritten:
    """The order as the database has it now, with the transactions that change it."""
    found = repository.order(session, order_id)
    shown = view(session, found, chain) if found is not None else None
    return OrderWritten(id=order_id, order=shown, transactions=transaction_views(session, transaction_ids))


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[OrderView]:
    """What is asked for of the caller's orders; of all for who sees all."""
    party = None if principal.sees_all else participants.number_of(session, principal.organisation())
    if party is None and not principal.sees_all:
        return Page(items=[])
    found = repository.page(session, asked, party=party)
    return Page(items=_views(session, found.rows, chain), next=found.next)


def _is_party(session: Session, principal: Principal, order: Order) -> bool:
    return principal.lei is not None and participants.number_of(session, principal.lei) in (order.seller, order.buyer)


def _views(session: Session, orders: list[Order], chain: Chain) -> list[OrderView]:
    ids, now = [order.id for order in orders], indexed_now(session) if orders else 0
    money, dispute_days = sums_of(session, chain, orders)
    movements, steps = repository.movements(session, ids), repository.steps(session, ids)
    invoices, offers = repository.invoices(session, ids), repository.offers(session, ids)
    words = repository.words(session, [order.terms_hash for order in orders])
    facts = facts_of(session, [order.subject for order in orders], now)
    numbers = {n for order in orders for n in (order.seller, order.buyer)} | {s.by for s in steps if s.by is not None}
    accounts = participants.parties_by_account(session, {m.account for m in movements if m.account})
    contracts: dict[str, str] = {address: name for name, address in chain.addresses.addresses.items()}
    named = Named(
        parties=participants.parties_by_number(session, numbers),
        accounts={account: party.name for account, party in accounts.items()} | contracts,
    )
    return [
        showing.view(
            order,
            its,
            Told(
                facts=facts[order.subject],
                dispute_days=dispute_days,
                now=now,
                words=words.get(order.terms_hash),
                movements=[each for each in movements if each.order_id == order.id],
                steps=[each for each in steps if each.order_id == order.id],
                invoices=[each for each in invoices if each.order_id == order.id],
                offers=[each for each in offers if each.order_id == order.id],
            ),
            named,
        )
        for order, its in zip(orders, money, strict=True)
    ]
