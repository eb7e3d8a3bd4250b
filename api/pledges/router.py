"""/v1/pledges: goods in a lender's custody. A financing on goods is opened by POST /v1/financings."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.pledges import acts, offers, service
from api.pledges.acts import Desk, OfferDesk
from api.pledges.listing import OFFERS, PLEDGES
from api.pledges.schemas import (
    GoodsRequest,
    LotRequest,
    MarginTermsRequest,
    MarginTermsView,
    MarginTermsWritten,
    OfferRequest,
    OfferView,
    OfferWritten,
    PledgeView,
    PledgeWritten,
    ReleaseRequest,
    SubstitutionRequest,
)
from api.problems import READ_PROBLEMS
from api.values import Page

router = gateway_router("/v1/pledges", "pledges")
Reader = Annotated[Principal, Depends(requires("pledges:read"))]
Writer = Annotated[Acting, Depends(writes("pledges:write"))]


CreditOfficer = Annotated[Acting, Depends(writes("pledges:write", "operator"))]


async def _desk(pledge_id: str, acting: Writer) -> Desk:
    return Desk(acting, pledge_id)


async def _offer_desk(offer_id: str, acting: Writer) -> OfferDesk:
    return OfferDesk(acting, offer_id)


AtDesk = Annotated[Desk, Depends(_desk)]
AtOfferDesk = Annotated[OfferDesk, Depends(_offer_desk)]


# The lender's terms


@router.get("/terms/{facility_id}", responses=READ_PROBLEMS, summary="See a facility's terms for goods")
def terms(facility_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> MarginTermsView:
    return acts.margin_terms_of(session, principal, chain, facility_id)


@router.write("/terms/{facility_id}", MarginTermsWritten, "Set a facility's terms for goods (credit officer)")
def set_terms(facility_id: str, body: MarginTermsRequest, officer: CreditOfficer) -> Response:
    ids = acts.set_margin_terms(officer, facility_id, body)
    return officer.written(lambda session: acts.margin_terms_written(session, officer, facility_id, ids))


# Offers


@router.lists("/offers", Page[OfferView], OFFERS, "List goods offered to one out of custody, or by one")
def offered(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(OFFERS.asked)]
) -> Page[OfferView]:
    return offers.page(session, principal, chain, asked)


@router.get("/offers/{offer_id}", responses=READ_PROBLEMS, summary="See one offer of goods out of custody")
def offer(offer_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> OfferView:
    return offers.views(session, [offers.find(session, principal, offer_id)], chain)[0]


@router.write("/offers/{offer_id}/purchase", OfferWritten, "Buy goods out of custody: cash against title")
def buy(desk: AtOfferDesk) -> Response:
    return desk.answer(desk.buy())


@router.write("/offers/{offer_id}/withdrawal", OfferWritten, "Take an offer of goods back (supplier)")
def withdraw_offer(desk: AtOfferDesk) -> Response:
    return desk.answer(desk.withdraw())


# Pledges


@router.lists("", Page[PledgeView], PLEDGES, "List one's pledged goods and what they are worth")
def pledges(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(PLEDGES.asked)]
) -> Page[PledgeView]:
    return service.page(session, principal, chain, asked)


@router.get("/{pledge_id}", responses=READ_PROBLEMS, summary="See what the goods behind a financing are worth and bear")
def pledge(pledge_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> PledgeView:
    return service.view(session, principal, service.find(session, principal, chain, pledge_id), chain)


@router.write("/{pledge_id}/goods", PledgeWritten, "Add goods to a financing (supplier)")
def add_goods(desk: AtDesk, body: GoodsRequest) -> Response:
    return desk.answer(desk.add(body))


@router.write("/{pledge_id}/substitutions", PledgeWritten, "Exchange pledged goods for others worth no less (supplier)")
def substitute(desk: AtDesk, body: SubstitutionRequest) -> Response:
    return desk.answer(desk.substitute(body))


@router.write("/{pledge_id}/releases", PledgeWritten, "Pay, and have goods given back for it (supplier)")
def release(desk: AtDesk, body: ReleaseRequest) -> Response:
    return desk.answer(desk.release_for_payment(body))


@router.write("/{pledge_id}/offers", OfferWritten, "Offer pledged goods for sale out of custody (supplier)")
def make_offer(desk: AtDesk, body: OfferRequest) -> Response:
    digest, ids = desk.offer(body)
    return desk.acting.written(lambda session: acts.offer_written(session, desk.acting, digest, ids))


@router.write("/{pledge_id}/drops", PledgeWritten, "Take a receipt of which nothing is left off a financing")
def drop(desk: AtDesk, body: LotRequest) -> Response:
    return desk.answer(desk.drop(body))
