"""/v1/margin-calls: what becomes of goods that no longer bear what is owed."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.margin_calls import acts, service
from api.margin_calls.acts import Desk
from api.margin_calls.listing import MARGIN_CALLS
from api.margin_calls.schemas import BidRequest, CallRequest, CureRequest, MarginCallView, MarginCallWritten
from api.problems import READ_PROBLEMS
from api.values import Page

router = gateway_router("/v1/margin-calls", "margin calls")
Reader = Annotated[Principal, Depends(requires("pledges:read"))]
Writer = Annotated[Acting, Depends(writes("pledges:write"))]


async def _desk(margin_call_id: str, acting: Writer) -> Desk:
    return Desk(acting, margin_call_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.write("", MarginCallWritten, "Call margin on goods that no longer bear what is owed")
def call_margin(body: CallRequest, anyone: Writer) -> Response:
    ids = acts.call_margin(anyone, body.pledge_id)
    return anyone.written(lambda session: acts.called(session, anyone, ids))


@router.lists("", Page[MarginCallView], MARGIN_CALLS, "List one's margin calls, and goods that are up for sale")
def margin_calls(
    principal: Reader,
    session: SessionDep,
    chain: ChainDep,
    asked: Annotated[Asked, Depends(MARGIN_CALLS.asked)],
    open: Annotated[bool, Query(description="only those that have not ended")] = False,
    on_sale: Annotated[bool, Query(description="also those of others whose goods one may bid for")] = False,
) -> Page[MarginCallView]:
    return service.page(session, principal, chain, asked, open_only=open, on_sale=on_sale)


@router.get("/{margin_call_id}", responses=READ_PROBLEMS, summary="See one margin call: what mends it until when")
def margin_call(margin_call_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> MarginCallView:
    return service.views(session, [service.find(session, principal, chain, margin_call_id)], chain)[0]


@router.write("/{margin_call_id}/cure", MarginCallWritten, "Mend a margin call in cash or goods (supplier)")
def cure(desk: AtDesk, body: CureRequest) -> Response:
    return desk.answer(desk.cure(body))


@router.write("/{margin_call_id}/ending", MarginCallWritten, "End a margin call once the goods bear what is owed")
def end(desk: AtDesk) -> Response:
    return desk.answer(desk.end())


@router.write("/{margin_call_id}/sale", MarginCallWritten, "Put goods up for sale once the time to mend is over")
def sell(desk: AtDesk) -> Response:
    return desk.answer(desk.sell())


@router.write("/{margin_call_id}/bids", MarginCallWritten, "Buy goods of a running sale at the price of the moment")
def bid(desk: AtDesk, body: BidRequest) -> Response:
    return desk.answer(desk.bid(body))
