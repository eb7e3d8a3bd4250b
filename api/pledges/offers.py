"""Goods offered out of custody, to whom they are offered and to both sides of the pledge."""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.facilities import service as facilities
from api.figures import Figures, ask
from api.financings import service as financings
from api.lists import Asked
from api.participants import service as participants
from api.participants.schemas import PartyView
from api.pledges import repository
from api.pledges.models import GoodsOffer
from api.pledges.schemas import OfferView
from api.values import Amount, Page, in_block, is_hex32, moment
from chain_node.client import Chain
from chain_node.client import GoodsOffer as OnChain

_ANYBODY = "0x" + "0" * 40


def find(session: Session, principal: Principal, digest: str) -> GoodsOffer:
    """NotFound where nothing is offered so to the caller, or by it."""
    found = repository.offer(session, digest) if is_hex32(digest) else None
    if found is None or not _sees(session, principal, found):
        raise NotFound("offer-absent", f"There is no offer {digest[:80]} to you or of yours.", id=digest[:80])
    return found


def page(session: Session, principal: Principal, chain: Chain, asked: Asked) -> Page[OfferView]:
    """What is asked for of those whose time is not up: to anybody, to the caller, or of its own."""
    accounts = None if principal.sees_all else participants.accounts_of(session, principal.organisation())
    mine = [] if accounts is None else financings.numbers_of(session, accounts)
    now = indexed_now(session)
    found = repository.offers_to(session, asked, accounts=accounts, financings=mine, now=now)
    return Page(items=views(session, found.rows, chain), next=found.next)


def views(
    session: Session, found: Sequence[GoodsOffer], chain: Chain, currencies: Mapping[int, str] | None = None
) -> list[OfferView]:
    if not found:
        return []
    sellers = financings.by_numbers(session, {offer.financing for offer in found})
    lines = facilities.by_numbers(session, {each.facility for each in sellers.values()})
    lent = facilities.currencies(session, chain, lines.values())
    known = {number: lent[each.facility] for number, each in sellers.items()} | dict(currencies or {})
    people = {each.supplier for each in sellers.values()} | {offer.buyer for offer in found if offer.buyer}
    parties = participants.parties_by_account(session, people)
    questions = []
    for offer in found:
        questions.append(ask(chain.inventory_collateral, "isOffered", bytes.fromhex(offer.digest[2:])))
        questions.append(ask(chain.lots, "goods", int(offer.lot_id, 16)))
    answers, now = iter(Figures.at(session, chain).answers(questions)), indexed_now(session)
    shown = []
    for offer in found:
        stands, goods, seller = next(answers), next(answers), sellers[offer.financing].supplier
        shown.append(
            OfferView(
                id=offer.digest,
                pledge_id=str(offer.financing),
                state="over" if not stands else "open" if now <= offer.until else "lapsed",
                seller=parties.get(seller, PartyView(lei="", name=seller)),
                receipt_id=offer.lot_id,
                commodity=goods["commodity"],
                unit=goods["unit"],
                quantity_thousandths=str(offer.quantity),
                price=Amount.of(offer.price, known[offer.financing]),
                buyer=parties.get(offer.buyer) if offer.buyer else None,
                until=moment(offer.until),
                offered_at=moment(offer.offered_at),
                **in_block(offer),
            )
        )
    return shown


def on_chain(offer: GoodsOffer) -> OnChain:
    """The offer in the contract's words."""
    item, buyer = int(offer.lot_id, 16), offer.buyer or _ANYBODY
    return OnChain(offer.financing, item, offer.quantity, offer.price, buyer, offer.until)


def _sees(session: Session, principal: Principal, offer: GoodsOffer) -> bool:
    if principal.sees_all:
        return True
    if principal.lei is None:
        return False
    accounts = participants.accounts_of(session, principal.lei)
    if offer.buyer is None and accounts:
        return True
    seller = financings.by_numbers(session, [offer.financing])[offer.financing].supplier
    return offer.buyer in accounts or seller in accounts
