"""Queries over orders and what happened to them."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_
from sqlmodel import Session, SQLModel, col, select

from api.db import insert_new
from api.lists import Asked, Slice
from api.orders.models import MatchedInvoice, Movement, Offer, OfferState, Order, OrderWords, Step


def order(session: Session, order_id: str) -> Order | None:
    return session.get(Order, order_id)


def by_subject(session: Session, subject: str) -> list[Order]:
    return list(session.exec(select(Order).where(Order.subject == subject)))


def page(session: Session, asked: Asked, *, party: int | None) -> Slice[Order]:
    """With `party`, of those that it sells or buys."""
    chosen = select(Order)
    if party is not None:
        chosen = chosen.where(or_(col(Order.seller) == party, col(Order.buyer) == party))
    return asked.page(session, chosen)


def movements(session: Session, order_ids: Collection[str]) -> list[Movement]:
    order = (col(Movement.block_number), col(Movement.log_index))
    return list(session.exec(select(Movement).where(col(Movement.order_id).in_(order_ids)).order_by(*order)))


def funders(session: Session, order_id: str) -> set[str]:
    """Accounts in whose name money was put into escrow."""
    chosen = select(Movement.beneficiary).where(Movement.order_id == order_id, Movement.kind == "deposit")
    return {account for account in session.exec(chosen) if account}


def steps(session: Session, order_ids: Collection[str]) -> list[Step]:
    order = (col(Step.block_number), col(Step.log_index))
    return list(session.exec(select(Step).where(col(Step.order_id).in_(order_ids)).order_by(*order)))


def invoices(session: Session, order_ids: Collection[str]) -> list[MatchedInvoice]:
    order = (col(MatchedInvoice.block_number), col(MatchedInvoice.receivable_id))
    chosen = select(MatchedInvoice).where(col(MatchedInvoice.order_id).in_(order_ids))
    return list(session.exec(chosen.order_by(*order)))


def order_of_invoice(session: Session, receivable_id: str) -> Order | None:
    chosen = select(Order).join(MatchedInvoice, col(MatchedInvoice.order_id) == col(Order.id))
    return session.exec(chosen.where(MatchedInvoice.receivable_id == receivable_id)).first()


def offers(session: Session, order_ids: Collection[str]) -> list[Offer]:
    order = (col(Offer.block_number), col(Offer.digest))
    return list(session.exec(select(Offer).where(col(Offer.order_id).in_(order_ids)).order_by(*order)))


def offer(session: Session, digest: str) -> Offer | None:
    return session.get(Offer, digest)


def offer_of(session: Session, order_id: str, lot: str, owner: str, quantity: int, price: int) -> Offer:
    """The open offer of these goods at this price, of which there is one: its digest is of just these values."""
    open_ = (Offer.order_id == order_id, Offer.lot == lot, Offer.owner == owner, Offer.state == OfferState.OPEN.value)
    chosen = select(Offer).where(*open_, Offer.quantity == quantity, Offer.price == price)
    return session.exec(chosen).one()


def words(session: Session, terms_hashes: Sequence[str]) -> dict[str, OrderWords]:
    """By the hash of the terms; those that this gateway was told."""
    chosen = select(OrderWords).where(col(OrderWords.terms_hash).in_(terms_hashes))
    return {words.terms_hash: words for words in session.exec(chosen)}


def remember_words(session: Session, words: OrderWords) -> None:
    """Once: equal hashes are of equal terms."""
    insert_new(session.connection(), SQLModel.metadata.tables["order_words"], words.model_dump())


def dealing_with(session: Session, party: int) -> set[int]:
    """Numbers of those to whom the organisation sells, or from whom it buys."""
    sold = select(Order.buyer).where(Order.seller == party)
    bought = select(Order.seller).where(Order.buyer == party)
    return {*session.exec(sold), *session.exec(bought)}
