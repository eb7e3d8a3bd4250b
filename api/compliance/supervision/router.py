"""/v1/supervision: the supervisor's viewing key, and exports."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from api.compliance.supervision import service
from api.compliance.supervision.exports import export
from api.compliance.supervision.schemas import Export, ExportFormat, ViewingKeyRequest, ViewingKeyView
from api.deps import Principal, SessionDep, gateway_of, gateway_router, requires
from api.documents.deps import DocumentsDep
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS

router = gateway_router("/v1/supervision", "compliance")
Reader = Annotated[Principal, Depends(requires("compliance:read"))]
Officer = Annotated[Principal, Depends(requires("compliance:write"))]
_MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole table, streamed", "content": {"text/csv": {}, "application/x-ndjson": {}}}
}


@router.get("/viewing-key", responses=READ_PROBLEMS, summary="See the supervisor's viewing key")
def viewing_key(principal: Reader, session: SessionDep) -> ViewingKeyView:
    return service.registered(session)


@router.post("/viewing-key", responses=WRITE_PROBLEMS, summary="Open all documents to a supervisor's own key")
def register(
    body: ViewingKeyRequest, principal: Officer, session: SessionDep, documents: DocumentsDep
) -> ViewingKeyView:
    return service.register(session, principal, documents, body.document_key)


@router.get(
    "/exports/{what}",
    response_class=StreamingResponse,
    responses={**READ_PROBLEMS, **_FILE},
    summary="Export a table of the ledger, of cases or of the audit trail",
)
def exported(
    what: Export,
    request: Request,
    principal: Reader,
    format: Annotated[ExportFormat, Query()] = "jsonl",
) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{what}.{format}"', "X-Content-Type-Options": "nosniff"}
    engine = gateway_of(request).database.engine
    return StreamingResponse(export(engine, what, format), media_type=_MEDIA[format], headers=headers)
