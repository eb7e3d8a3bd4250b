"""/v1/readings: prices, rates, conditions of goods, and the grades that come of them."""

from typing import Annotated

from fastapi import Depends, Query, Response

from api.deps import Acting, ChainDep, Principal, SessionDep, gateway_router, requires, writes
from api.lists import Asked
from api.problems import READ_PROBLEMS
from api.readings import service
from api.readings.acts import Desk
from api.readings.listing import READINGS
from api.readings.schemas import FeedsView, GradeView, GradeWritten, InspectionRequest, ReadingView
from api.values import Hex32, Page

router = gateway_router("/v1/readings", "readings")
Reader = Annotated[Principal, Depends(requires("readings:read"))]
Writer = Annotated[Acting, Depends(writes("readings:write"))]
OfGoods = Annotated[Hex32 | None, Query(description="a consignment: its conditions, instead of prices and rates")]


async def _desk(subject: Hex32, acting: Writer) -> Desk:
    return Desk(acting, subject)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.get("/feeds", responses=READ_PROBLEMS, summary="See prices and rates, or the conditions of goods, as they are")
def feeds(principal: Reader, session: SessionDep, chain: ChainDep, subject: OfGoods = None) -> FeedsView:
    return service.feeds(session, principal, chain, subject)


@router.get("/grades/{subject}", responses=READ_PROBLEMS, summary="See the grade of goods and what it comes of")
def grade(subject: Hex32, principal: Reader, session: SessionDep, chain: ChainDep) -> GradeView:
    return service.grade(session, principal, chain, subject)


@router.write("/grades/{subject}/assessment", GradeWritten, "Note a grade that has become worse")
def assess(desk: AtDesk) -> Response:
    return desk.answer(desk.assess())


@router.write("/grades/{subject}/inspections", GradeWritten, "Set a grade by what an inspection found (inspector)")
def inspect(desk: AtDesk, body: InspectionRequest) -> Response:
    return desk.answer(desk.inspect(body))


@router.lists("", Page[ReadingView], READINGS, "List what was reported, the newest first")
def readings(
    principal: Reader,
    session: SessionDep,
    asked: Annotated[Asked, Depends(READINGS.asked)],
    subject: OfGoods = None,
) -> Page[ReadingView]:
    return service.page(session, principal, asked, subject)


@router.get("/{reading_id}", responses=READ_PROBLEMS, summary="See one reading and who has signed what for it")
def reading(reading_id: str, principal: Reader, session: SessionDep, chain: ChainDep) -> ReadingView:
    return service.one(session, principal, chain, reading_id)
