"""/v1/receipts: goods in warehouses, from the announcement of an entry on."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS
from api.receipts import acts, entries, service
from api.receipts.acts import Desk
from api.receipts.listing import ANNOUNCEMENTS, RECEIPTS
from api.receipts.schemas import (
    AnnouncementRequest,
    AnnouncementView,
    AnnouncementWritten,
    ConsignmentRequest,
    ConsignmentWritten,
    EngagementRequest,
    MergerRequest,
    PowerRequest,
    ReceiptView,
    ReceiptWritten,
    SplitRequest,
    TransactionsWritten,
    TransferRequest,
)
from api.values import Page

router = gateway_router("/v1/receipts", "receipts")
Reader = Annotated[Principal, Depends(requires("receipts:read"))]
Writer = Annotated[Acting, Depends(writes("receipts:write"))]


async def _desk(receipt_id: str, acting: Writer) -> Desk:
    return Desk(acting, receipt_id)


AtDesk = Annotated[Desk, Depends(_desk)]


# Coming in


@router.write("/consignments", ConsignmentWritten, "Open a consignment of goods that are to be stored (supplier)")
def open_consignment(body: ConsignmentRequest, supplier: Writer, key: NetworkKeyDep) -> Response:
    subject, ids = entries.open_consignment(supplier, key, body)
    return supplier.written(lambda session: entries.consignment_written(session, subject, ids))


@router.write("/engagements", TransactionsWritten, "Let a warehouse announce lots in one's name, or no longer")
def engage(body: EngagementRequest, supplier: Writer) -> Response:
    ids = entries.engage(supplier, body)
    return supplier.written(lambda session: entries.engaged(session, ids))


@router.write("/powers", TransactionsWritten, "Let the lenders' custodian take and sell one's goods, or no longer")
def set_powers(body: PowerRequest, owner: Writer) -> Response:
    ids = acts.set_power_of_sale(owner, body.given)
    return owner.written(lambda session: entries.engaged(session, ids))


@router.write("/announcements", AnnouncementWritten, "Announce a lot that has come in (warehouse)")
def announce(body: AnnouncementRequest, warehouse: Writer, key: NetworkKeyDep) -> Response:
    digest, ids = entries.announce(warehouse, key, body)
    return warehouse.written(lambda session: entries.announced(session, warehouse.chain, digest, ids))


@router.lists("/announcements", Page[AnnouncementView], ANNOUNCEMENTS, "List lots announced by or for one")
def announcements(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(ANNOUNCEMENTS.asked)]
) -> Page[AnnouncementView]:
    return service.announcement_page(session, principal, chain, asked)


@router.get(
    "/announcements/{announcement_id}", responses=READ_PROBLEMS, summary="See one announcement and what is attested"
)
def announcement(announcement_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> AnnouncementView:
    found = service.find_announcement(session, principal, announcement_id)
    return service.announcement_views(session, [found], chain)[0]


@router.write(
    "/announcements/{announcement_id}/withdrawal", AnnouncementWritten, "Take an announcement back (warehouse)"
)
def withdraw(announcement_id: str, warehouse: Writer) -> Response:
    ids = entries.withdraw(warehouse, announcement_id)
    return warehouse.written(lambda session: entries.announced(session, warehouse.chain, announcement_id, ids))


@router.write("/announcements/{announcement_id}/minting", ReceiptWritten, "Make an attested entry a warehouse receipt")
def mint(announcement_id: str, anyone: Writer) -> Response:
    lot_id, ids = entries.mint(anyone, announcement_id)
    return anyone.written(lambda session: entries.minted(session, anyone, lot_id, ids))


# Lots


@router.lists("", Page[ReceiptView], RECEIPTS, "List the warehouse receipts that one owns or keeps")
def receipts(
    principal: Reader, session: SessionDep, chain: ChainDep, asked: Annotated[Asked, Depends(RECEIPTS.asked)]
) -> Page[ReceiptView]:
    return service.page(session, principal, chain, asked)


@router.get("/{receipt_id}", responses=READ_PROBLEMS, summary="See one warehouse receipt and who owns what of it")
def receipt(receipt_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> ReceiptView:
    return service.view(session, principal, service.find(session, principal, receipt_id), chain)


@router.write("/{receipt_id}/splits", ReceiptWritten, "Make a part of a lot a receipt of its own (owner)")
def split(desk: AtDesk, body: SplitRequest, key: NetworkKeyDep) -> Response:
    return desk.answer(desk.split(key, body))


@router.write("/{receipt_id}/mergers", ReceiptWritten, "Put a lot into another of its consignment (owner)")
def merge(desk: AtDesk, body: MergerRequest) -> Response:
    return desk.answer(desk.merge(body))


@router.write("/{receipt_id}/transfers", ReceiptWritten, "Pass the title to goods that one holds (owner)")
def transfer(desk: AtDesk, body: TransferRequest) -> Response:
    return desk.answer(desk.transfer(body))
