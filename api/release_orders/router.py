"""/v1/release-orders: goods on their way out of a warehouse."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.problems import READ_PROBLEMS
from api.release_orders import acts, service
from api.release_orders.acts import Desk
from api.release_orders.listing import RELEASE_ORDERS
from api.release_orders.schemas import ReleaseOrderRequest, ReleaseOrderView, ReleaseOrderWritten
from api.values import Page

router = gateway_router("/v1/release-orders", "release orders")
Reader = Annotated[Principal, Depends(requires("receipts:read"))]
Writer = Annotated[Acting, Depends(writes("receipts:write"))]
CreditOfficer = Annotated[Acting, Depends(writes("receipts:write", "operator"))]


async def _desk(release_order_id: str, acting: Writer) -> Desk:
    return Desk(acting, release_order_id)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.write("", ReleaseOrderWritten, "Order goods out of a warehouse, or ask their lender to let them go")
def order(body: ReleaseOrderRequest, owner: Writer) -> Response:
    digest, ids = acts.order(owner, body)
    return owner.written(lambda session: acts.written(session, owner, digest, ids))


@router.lists(
    "", Page[ReleaseOrderView], RELEASE_ORDERS, "List release orders of one's goods, to one, or in one's warehouse"
)
def release_orders(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(RELEASE_ORDERS.asked)]
) -> Page[ReleaseOrderView]:
    return service.page(session, principal, chain, asked)


@router.get("/{release_order_id}", responses=READ_PROBLEMS, summary="See one release order and its exit")
def release_order(release_order_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> ReleaseOrderView:
    return service.views(session, [service.find(session, principal, release_order_id)], chain)[0]


@router.write("/{release_order_id}/consent", ReleaseOrderWritten, "Let goods leave custody (credit officer)")
def consent(desk: AtDesk, officer: CreditOfficer) -> Response:
    return desk.answer(desk.consent())


@router.write("/{release_order_id}/withdrawal", ReleaseOrderWritten, "Take back what was asked of the lender (owner)")
def withdraw(desk: AtDesk) -> Response:
    return desk.answer(desk.withdraw())


@router.write("/{release_order_id}/confirmation", ReleaseOrderWritten, "Take goods off the books that have left")
def confirm(desk: AtDesk) -> Response:
    return desk.answer(desk.confirm())


@router.write("/{release_order_id}/declination", ReleaseOrderWritten, "Say that goods have not left (warehouse)")
def decline(desk: AtDesk) -> Response:
    return desk.answer(desk.decline())


@router.write("/{release_order_id}/lapse", ReleaseOrderWritten, "End a release order whose time is over")
def lapse(desk: AtDesk) -> Response:
    return desk.answer(desk.lapse())
