"""/v1/events: what happened, to those whom it concerned."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Header, Query, Request

from api.deps import Principal, SessionDep, gateway_of, gateway_router, requires
from api.events import service
from api.events.feed import Feed, Stream
from api.events.schemas import STREAM_RESPONSE, EventId, EventPage, EventView, TypesView
from api.problems import READ_PROBLEMS, problems

router = gateway_router("/v1/events", "events")
Reader = Annotated[Principal, Depends(requires("events:read"))]
Limit = Annotated[int, Query(ge=1, le=200, description="most items in the answer")]
Types = Annotated[
    list[str] | None, Query(alias="type", max_length=50, description="only these; `receivable.*` names a whole kind")
]


@router.get(
    "", responses=READ_PROBLEMS | problems(410), summary="List events, the newest first; the oldest first with `after`"
)
def events(
    principal: Reader,
    session: SessionDep,
    types: Types = None,
    kind: Annotated[str | None, Query(max_length=40, description="of this kind of resource")] = None,
    resource_id: Annotated[str | None, Query(max_length=80, description="of the resource of this id")] = None,
    before: Annotated[EventId | None, Query(description="`next` of the previous answer, or the id of an event")] = None,
    after: Annotated[EventId | None, Query(description="as `before`, for what follows, the oldest first")] = None,
    limit: Limit = 50,
) -> EventPage:
    sight = service.sight_of(principal, types or (), kind, resource_id)
    return service.page(session, sight, before, after, limit)


@router.get("/types", responses=READ_PROBLEMS, summary="List the types of events that there are")
def event_types(principal: Reader) -> TypesView:
    return service.types(principal)


async def _feed(request: Request) -> Feed:
    return gateway_of(request).feed


@router.get(
    "/stream",
    response_class=Stream,
    responses={**problems(409, 410, 422), 200: STREAM_RESPONSE},
    summary="Follow events as they come (SSE), from `Last-Event-ID` on",
)
def stream(
    request: Request,
    principal: Reader,
    session: SessionDep,
    feed: Annotated[Feed, Depends(_feed)],
    types: Types = None,
    kind: Annotated[str | None, Query(max_length=40, description="of this kind of resource")] = None,
    resource_id: Annotated[str | None, Query(max_length=80, description="of the resource of this id")] = None,
    after: Annotated[EventId | None, Query(description="as `Last-Event-ID`, for clients that cannot send it")] = None,
    seconds: Annotated[int | None, Query(ge=0, le=86_400, description="at most; 0: what there is, no wait")] = None,
    last_event_id: Annotated[EventId | None, Header(description="what follows this event; else what comes")] = None,
) -> Stream:
    sight = service.sight_of(principal, types or (), kind, resource_id)
    start = last_event_id or after
    place = service.last(session) if start is None else service.place_after(session, start)
    return feed.stream(sight, place, seconds, partial(gateway_of(request).still_speaks, request))


@router.get("/{event_id}", responses=READ_PROBLEMS, summary="See one event")
def event(event_id: str, principal: Reader, session: SessionDep) -> EventView:
    return service.view(session, service.find(session, principal, event_id))
