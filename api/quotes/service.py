"""Quotes: asked for, looked at, taken back. Accepting one is `api.financings.one_call`'s, which opens the financing."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import Conflict, Malformed, NotFound
from api.facilities import service as facilities
from api.facilities.models import Facility
from api.financings import pledging
from api.financings import service as financings
from api.interest import end_of_day
from api.invoices import service as invoices
from api.lists import Asked
from api.orders import service as orders
from api.orders.sums import sums_of
from api.participants import service as participants
from api.quotes import repository
from api.quotes.events import told
from api.quotes.listing import is_in
from api.quotes.models import QuoteRow, QuoteStatus
from api.quotes.offer import Offer, bound, moved, offer, refusal, said
from api.quotes.schemas import QuoteState, QuoteView, Wish
from api.quotes.standing import Item, custodian_of, standing
from api.receivables import service as receivables
from api.receivables.models import Receivable
from api.run_off import require_lending
from api.settings import QuoteSettings
from api.transactions.models import Status
from api.transactions.schemas import TransactionView, transaction_views
from api.values import Amount, Page, hex32, moment
from chain_node.references import NetworkKey

_MOST_FACILITIES = 20
_DEAD = (Status.REVERTED, Status.FAILED)


# Asking


def best(acting: Acting, key: NetworkKey, wish: Wish) -> Offer:
    """The offer of the facility that was named, or the cheapest of the caller's; Conflict with every rule looked at
    where nothing can be quoted, Malformed where it was asked for strangely."""
    require_lending(acting.chain)
    session = acting.session
    item = _of_order(acting, wish.order_id, wish) if wish.order_id is not None else _of_receivable(acting, key, wish)
    watched = any(item.subject) and financings.watches(session, hex32(item.subject))
    offers = [
        offer(wish, standing(session, acting.chain, facility, item, watched=watched))
        for facility in _facilities(acting, item, wish)
    ]
    passed = [found for found in offers if found.passed]
    if not passed:
        raise refusal(offers[0])
    return min(passed, key=lambda found: (_rate(found), -found.plan.principal, found.its.facility.number))


def _rate(found: Offer) -> int:
    """None is for what lasts hours: the dearest by the year, and no other is to be taken for it."""
    rate = found.annual_rate_bps
    return rate if rate is not None else 10**18


def keep(acting: Acting, settings: QuoteSettings, found: Offer) -> QuoteRow:
    """Stores the quote, open until its time is up."""
    session, its = acting.session, found.its
    item = its.item
    receivable_id, order_id = (item.id, None) if item.kind == "receivable" else (None, item.id)
    ends = (its.now + settings.valid_seconds, its.room.expires_at, end_of_day(item.due))
    shown = said(found, invoices.id_of_receivable(session, receivable_id) if receivable_id else None)
    row = QuoteRow(
        supplier_lei=acting.lei,
        facility=its.facility.number,
        receivable_id=receivable_id,
        order_id=order_id,
        asked=found.wish.model_dump(mode="json"),
        said=QuoteView.model_construct(**shown).model_dump(mode="json", warnings=False),
        bound=bound(found),
        block_number=its.block,
        quoted_at=its.now,
        valid_until=min(ends),
    )
    session.add(row)
    session.flush()
    told(session, row, "offered")
    return row


def _receivable(session: Session, principal: Principal, wish: Wish) -> Receivable:
    if wish.receivable_id is not None:
        return receivables.find(session, principal, wish.receivable_id)
    invoice = invoices.find(session, principal, wish.invoice_id or "")
    found = receivables.find_any(session, invoice.receivable_id)
    if found is None:
        detail = f"Invoice {invoice.id} is not on the chain yet; its debtor has to accept it first."
        raise Conflict("receivable-absent", detail, id=invoice.id, state="submitted", needed="accepted")
    return found


def _of_receivable(acting: Acting, key: NetworkKey, wish: Wish) -> Item:
    account, receivable = acting.account, _receivable(acting.session, acting.principal, wish)
    held = receivables.held_units(acting.session, receivable.id, account)
    return Item(
        kind="receivable",
        id=receivable.id,
        currency=receivable.currency,
        state=receivable.state,
        due=receivable.due_date,
        value=receivable.face_value,
        quantity=receivable.quantity,
        debtor=receivable.debtor,
        account=account,
        units=_units(wish, held, receivable.currency, "receivable", receivable.id),
        held=held,
        subject=bytes(32) if wish.on_acceptance_only else pledging.goods_of(acting.session, key, receivable),
    )


def _of_order(acting: Acting, order_id: str, wish: Wish) -> Item:
    """What is outstanding on an order that one sells; one that one buys is paid for, without a quote."""
    order = orders.find(acting.session, acting.principal, order_id)
    pledging.require_goods(order, wish.on_acceptance_only)
    if participants.number_of(acting.session, acting.lei) == order.buyer:
        detail = "You buy this order: a facility that pays it is drawn on without a quote. Name it and the order only."
        raise Malformed("quote-of-purchase", detail, id=order.id)
    (sums,), _ = sums_of(acting.session, acting.chain, [order])
    contracts: dict[str, str] = {address: name for name, address in acting.chain.addresses.addresses.items()}
    return Item(
        kind="order",
        id=order.id,
        currency=order.currency,
        state=order.state,
        due=order.deliver_by,
        value=order.value,
        quantity=order.quantity,
        debtor=order.buyer,
        account=acting.account,
        units=_units(wish, sums.outstanding, order.currency, "order", order.id),
        held=sums.outstanding,
        subject=bytes.fromhex(order.subject[2:]),
        assignee=contracts.get(order.assignee, order.assignee) if order.assignee else None,
        begun=sums.has_begun,
    )


def _units(wish: Wish, held: int, currency: str, what: str, item_id: str) -> int:
    if wish.amount is None:
        return held
    if wish.amount.currency != currency:
        detail = f"The {what} is in {currency}, the amount in {wish.amount.currency}."
        raise Malformed("currency-differs", detail, id=item_id)
    return wish.amount.units


def _facilities(acting: Acting, item: Item, wish: Wish) -> Sequence[Facility]:
    if wish.facility_id is not None:
        return [facilities.find(acting.session, acting.principal, wish.facility_id)]
    custodian = custodian_of(acting.chain, item.kind).address
    lines = facilities.of_supplier(acting.session, acting.chain, acting.account, item.currency, custodian)
    if not lines:
        detail = f"You have no facility in {item.currency} with a ladder for {item.kind}s."
        raise Conflict("facility-missing", detail, currency=item.currency, found=0, needed=1)
    return lines[:_MOST_FACILITIES]


# Accepting


def recheck(acting: Acting, key: NetworkKey, quote: QuoteRow) -> Offer:
    """What the chain says of an open quote now; Conflict where it is none any more, has expired, its rules are no
    longer met, or a term has moved to the supplier's disadvantage: with the term as quoted and as it is."""
    require_open(acting.session, quote)
    found = best(acting, key, _as_quoted(acting.session, quote))
    move = moved(quote.bound, found)
    if move is not None:
        term, quoted, now = move
        detail = (
            f"The terms have moved against you since this was quoted: {term} was {quoted}, it is {now}. Ask for a new "
            "quote."
        )
        raise Conflict("quote-terms-moved", detail, id=quote.id, term=term, quoted=quoted, now=now)
    return found


def _as_quoted(session: Session, quote: QuoteRow) -> Wish:
    """The same facility, the same part of the item; a repayment whose moment has come meanwhile is not expected
    any more."""
    wish = Wish.model_validate(quote.asked)
    changes: dict[str, Any] = {"facility_id": str(quote.facility), "amount": Amount(**quote.said["pledged"])}
    expected = wish.expected_repayment_at
    if expected is not None and expected.timestamp() <= indexed_now(session):
        changes["expected_repayment_at"] = None
    return wish.model_copy(update=changes)


def require_open(session: Session, quote: QuoteRow) -> None:
    """Conflict unless the quote can still be accepted or withdrawn."""
    now = indexed_now(session)
    if quote.status != QuoteStatus.OPEN:
        raise Conflict("quote-not-open", f"The quote is {quote.status}.", id=quote.id, state=quote.status)
    if now >= quote.valid_until:
        detail = f"The quote was valid until {moment(quote.valid_until)}; it is {moment(now)}. Ask for a new one."
        raise Conflict("quote-expired", detail, id=quote.id, valid_until=quote.valid_until, now=now)


def mark_accepted(session: Session, quote: QuoteRow, transaction_ids: Sequence[str]) -> None:
    """Conflict where another request was faster: then nothing of this one is kept."""
    _end(session, quote, QuoteStatus.ACCEPTED, transaction_ids)


def withdraw(acting: Acting, quote: QuoteRow) -> QuoteRow:
    """The supplier does not want it any more."""
    require_open(acting.session, quote)
    _end(acting.session, quote, QuoteStatus.WITHDRAWN, [])
    return quote


def _end(session: Session, quote: QuoteRow, status: QuoteStatus, transaction_ids: Sequence[str]) -> None:
    if not repository.end(session, quote, status, indexed_now(session), transaction_ids):
        raise Conflict("quote-not-open", f"The quote is {quote.status}.", id=quote.id, state=quote.status)
    told(session, quote, status.value)


# Looking


def find(session: Session, principal: Principal, quote_id: str) -> QuoteRow:
    """The quote; NotFound where there is none of the caller's."""
    found = repository.by_id(session, quote_id)
    if found is None or not principal.sees(found.supplier_lei):
        raise NotFound("quote-absent", f"There is no quote {quote_id[:40]} of yours.", id=quote_id[:40])
    return found


def view(session: Session, quote: QuoteRow) -> QuoteView:
    return _views(session, [quote])[0]


def page(session: Session, principal: Principal, asked: Asked) -> Page[QuoteView]:
    """What is asked for of the caller's quotes; of all for who sees all."""
    lei = None if principal.sees_all else principal.organisation()
    found = repository.page(session, asked.where(state=is_in(indexed_now(session))), lei=lei)
    return Page(items=_views(session, found.rows), next=found.next)


def _views(session: Session, quotes: list[QuoteRow]) -> list[QuoteView]:
    now = indexed_now(session)
    sent = {each.id: each for each in transaction_views(session, [i for q in quotes for i in q.transaction_ids])}
    opened = financings.numbers_opened(session, [each.hash for each in sent.values() if each.hash])
    return [_view(quote, [sent[i] for i in quote.transaction_ids], opened, now) for quote in quotes]


def _view(quote: QuoteRow, sent: list[TransactionView], opened: dict[str, int], now: int) -> QuoteView:
    number = next((opened[each.hash] for each in sent if each.hash in opened), None)
    return QuoteView.model_validate(
        {
            **quote.said,
            "id": quote.id,
            "state": _state(quote, sent, now),
            "quoted_at": moment(quote.quoted_at),
            "valid_until": moment(quote.valid_until),
            "block_number": quote.block_number,
            "financing_id": str(number) if number else None,
            "transactions": sent,
        }
    )


def _state(quote: QuoteRow, sent: list[TransactionView], now: int) -> QuoteState:
    if quote.status == QuoteStatus.ACCEPTED:
        return "failed" if any(each.status in _DEAD for each in sent) else "accepted"
    if quote.status == QuoteStatus.WITHDRAWN:
        return "withdrawn"
    return "expired" if now >= quote.valid_until else "open"
