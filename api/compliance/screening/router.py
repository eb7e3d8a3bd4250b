"""/v1/screening: lists, and the queue of hits."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query

from api.compliance.deps import PersonalDep
from api.compliance.screening import service
from api.compliance.screening.listing import HITS, VERSIONS
from api.compliance.screening.schemas import HitDecision, HitView, ListKind, ListVersionView
from api.deps import Principal, RawBodyDep, SessionDep, gateway_router, requires
from api.errors import Malformed
from api.lists import Asked
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS, problems
from api.values import Page

router = gateway_router("/v1/screening", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Principal, Depends(requires("compliance:write"))]
_TAKEN = ("text/csv", "application/json")
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {"type": "string"},
                "example": "id,kind,name,aliases,country\nEU-1234,organisation,ACME Supply LLC,OOO Akme,RU\n",
            },
            "application/json": {
                "schema": {"type": "object"},
                "example": {"entries": [{"id": "EU-1234", "kind": "organisation", "name": "ACME Supply LLC"}]},
            },
        },
    }
}


def _media_type(content_type: Annotated[str, Header(max_length=200)] = "") -> str:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in _TAKEN:
        detail = f"A list is sent as {' or '.join(_TAKEN)}, not as {media_type[:60] or 'nothing said'}."
        raise Malformed("list-media-type", detail, media_type=media_type[:60])
    return media_type


@router.post(
    "/lists/{list_name}/versions",
    responses=problems(404, 409, 413, 422),
    summary="Upload the newest version of a sanctions or watch list",
    openapi_extra=_FILE,
)
def upload(
    list_name: Annotated[str, Path(pattern=r"^[a-z0-9-]{1,50}$")],
    principal: Officer,
    session: SessionDep,
    body: RawBodyDep,
    media_type: Annotated[str, Depends(_media_type)],
    kind: Annotated[ListKind, Query()] = "sanctions",
) -> ListVersionView:
    return service.upload(session, principal, list_name, kind, body, media_type)


@router.lists("/lists", Page[ListVersionView], VERSIONS, "List the versions of all screening lists, newest first")
def versions(
    principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(VERSIONS.asked)]
) -> Page[ListVersionView]:
    return service.versions(session, asked)


@router.lists("/hits", Page[HitView], HITS, "List the hits of screening, newest first")
def hits(
    principal: Reader, session: SessionDep, personal: PersonalDep, asked: Annotated[Asked, Depends(HITS.asked)]
) -> Page[HitView]:
    return service.hits(session, personal, asked)


@router.get("/hits/{hit_id}", responses=READ_PROBLEMS, summary="See one hit of screening")
def hit(hit_id: str, principal: Reader, session: SessionDep, personal: PersonalDep) -> HitView:
    return service.view(session, personal, service.find(session, hit_id))


@router.post("/hits/{hit_id}/decision", responses=WRITE_PROBLEMS, summary="Clear or confirm a hit, with the reason")
def decide(hit_id: str, body: HitDecision, principal: Officer, session: SessionDep, personal: PersonalDep) -> HitView:
    return service.decide(session, principal, personal, hit_id, body)
