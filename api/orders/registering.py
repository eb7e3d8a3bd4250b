"""From a seller's words to a registered order, once: keyed, tried, its consignment opened, registered."""

from sqlmodel import Session

from api.acting import Acting
from api.cash import service as cash
from api.errors import of_chain, of_revert
from api.invoices import references
from api.invoices.references import Linked
from api.network_key import parse_references
from api.orders import repository
from api.orders.models import OrderWords
from api.orders.schemas import OrderRequest
from api.participants import service as participants
from api.values import days, hex32
from chain_node.client import Milestone, OrderLine, OrderTerms, Payout
from chain_node.errors import ChainError, ContractReverted
from chain_node.references import NetworkKey, fingerprint, normalise
from chain_node.references import subject as subject_of


def register(acting: Acting, key: NetworkKey, asked: OrderRequest) -> tuple[str, list[str]]:
    """Registers as the seller; the order's id and the transactions'. What the contract would refuse is refused before
    anything is sent."""
    terms = _terms(acting, key, asked)
    registering = acting.chain.orders.register_order(terms)
    is_open = _try(acting, terms, asked.subject is not None)
    linked = _linked(acting, key, asked, terms.subject)
    order_id, keyed = hex32(terms.id), [its.keyed for its in linked if its.is_free]
    milestones, sent = acting.chain.milestones, []
    if not is_open:
        opening = milestones.open_subject(terms.subject, keyed)
        sent.append(acting.by_itself(opening, "open consignment", order_id))
    elif keyed:
        sent.append(acting.by_itself(milestones.link_references(terms.subject, keyed), "link references", order_id))
    before = sent[-1] if sent else None
    sent.append(acting.by_itself(registering, "register order", order_id, before))
    _remember(acting.session, acting.chain.orders.terms_hash(terms), asked, linked)
    return order_id, [transaction.id for transaction in sent]


def _terms(acting: Acting, key: NetworkKey, asked: OrderRequest) -> OrderTerms:
    """As they go on chain. The id is of both sides and the number: equal numbers of two buyers are two orders."""
    currency = cash.require_currency(acting.chain, asked.currency)
    identity = {"order": normalise(asked.number), "seller": acting.lei, "buyer": asked.buyer_lei}
    id_ = fingerprint(key, identity)
    return OrderTerms(
        id=id_,
        buyer=participants.acting_account(acting.session, asked.buyer_lei),
        currency=currency,
        subject=bytes.fromhex(asked.subject[2:]) if asked.subject else subject_of(key, id_),
        deliver_by=days(asked.deliver_by),
        lines=tuple(
            OrderLine(
                item=fingerprint(key, {"item": normalise(line.item)}).to_bytes(32, "big"),
                unit=line.unit,
                quantity=int(line.quantity_thousandths),
                value=line.value.units,
            )
            for line in asked.lines
        ),
        grace_days=asked.grace_days,
        deposit=asked.deposit.units if asked.deposit else 0,
        over_bps=asked.over_bps,
        under_bps=asked.under_bps,
        payouts=tuple(
            Payout(Milestone[payout.milestone].value, payout.share_bps, payout.measured)
            for payout in asked.payouts or ()
        ),
    )


def _try(acting: Acting, terms: OrderTerms, is_named: bool) -> bool:
    """Whether the consignment is open already; the contract's reason where it would not register the order. That nobody
    has opened the consignment is what it finds last, and no reason where it is the order's own."""
    try:
        acting.chain.simulate(acting.chain.orders.register_order(terms), acting.account)
    except ContractReverted as reverted:
        unopened = reverted.name == "OrderSubjectNotOf" and not reverted.values["beneficiary"]
        if not unopened or is_named:
            raise of_revert(reverted) from reverted
        return False
    except ChainError as error:
        raise of_chain(error) from error
    return True


def _linked(acting: Acting, key: NetworkKey, asked: OrderRequest, subject: bytes) -> list[Linked]:
    given = parse_references(asked.references)
    return references.link_all(acting.chain, key, subject, given, [("order", asked.number)])


def _remember(session: Session, terms_hash: bytes, asked: OrderRequest, linked: list[Linked]) -> None:
    """Keeps what the chain is not told."""
    words = OrderWords(
        terms_hash=hex32(terms_hash),
        number=asked.number,
        items=[line.item for line in asked.lines],
        references=[its.as_json() for its in linked],
    )
    repository.remember_words(session, words)
