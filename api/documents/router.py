"""/v1/documents: the papers behind invoices, for those who may read them."""

from typing import Annotated, Any

from fastapi import Depends, Response

from api.deps import LinkDep, Principal, SessionDep, gateway_router, requires
from api.documents import erasure, rewrapping
from api.documents.deps import DocumentsDep, ReaderKeysDep
from api.documents.schemas import EnvelopeView, ErasureRequest, ErasureView, ReaderRequest, ReaderView
from api.pools.syndicates import pool_ids
from api.problems import problems

router = gateway_router("/v1/documents", "documents")
Reader = Annotated[Principal, Depends(requires("invoices:read"))]
Keeper = Annotated[Principal, Depends(requires("invoices:write"))]
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The document as it was handed in, of the type that it was handed in as",
    }
}


@router.get(
    "/{cid}",
    response_class=Response,
    responses={**problems(404, 409, 410, 422), **_BINARY},
    summary="Read a document as one of its readers",
)
def document(cid: str, principal: Reader, session: SessionDep, documents: DocumentsDep) -> Response:
    content = documents.read(session, principal, cid)
    return Response(content.data, media_type=content.media_type, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/{cid}/envelope", responses=problems(404, 410, 422), summary="Get a document sealed, for one's own key")
def envelope(cid: str, principal: Reader, session: SessionDep, documents: DocumentsDep) -> EnvelopeView:
    return documents.envelope(session, principal, cid)


@router.post(
    "/{cid}/erasure",
    responses=problems(404, 409, 410, 422),
    summary="Erase a document by destroying its keys, with the reason",
)
def erase(cid: str, body: ErasureRequest, principal: Keeper, session: SessionDep) -> ErasureView:
    return erasure.erase(session, principal, cid, body.reason)


@router.post(
    "/{cid}/readers",
    responses=problems(404, 409, 410, 422),
    summary="Let another party to the deal read a document",
)
def admit(
    cid: str, body: ReaderRequest, principal: Keeper, session: SessionDep, keys: ReaderKeysDep, link: LinkDep
) -> ReaderView:
    return rewrapping.admit(session, principal, keys, pool_ids(link.addresses), cid, body.lei)
