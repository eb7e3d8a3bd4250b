"""/v1/documents: the papers behind invoices, for those who may read them."""

from typing import Annotated, Any

from fastapi import Depends, Response

from api.deps import Principal, SessionDep, gateway_router, requires
from api.documents.deps import DocumentsDep
from api.documents.schemas import EnvelopeView
from api.problems import problems

router = gateway_router("/v1/documents", "documents")
Reader = Annotated[Principal, Depends(requires("invoices:read"))]
_BINARY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "The document as it was handed in"}
}


@router.get(
    "/{cid}",
    response_class=Response,
    responses={**problems(404, 409, 422), **_BINARY},
    summary="Read a document as one of its readers",
)
def document(cid: str, principal: Reader, session: SessionDep, documents: DocumentsDep) -> Response:
    content = documents.read(session, principal, cid)
    return Response(content.data, media_type=content.media_type, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/{cid}/envelope", responses=problems(404, 422), summary="Get a document sealed, for one's own key")
def envelope(cid: str, principal: Reader, session: SessionDep, documents: DocumentsDep) -> EnvelopeView:
    return documents.envelope(session, principal, cid)
