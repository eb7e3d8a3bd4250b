"""/v1/invoices: from a paper to a registered receivable."""

from typing import Annotated

from fastapi import Depends, Header, Query, Response

from api.deps import ChainDep, Principal, RawBodyDep, SessionDep, TransactionsDep, Written, gateway_router, requires
from api.documents.deps import DocumentsDep
from api.documents.service import Content
from api.invoices import service
from api.invoices.intake import Intake
from api.invoices.listing import INVOICES
from api.invoices.schemas import InvoiceView
from api.lists import Asked
from api.network_key import NetworkKeyDep
from api.problems import READ_PROBLEMS, problems
from api.values import Page

router = gateway_router("/v1/invoices", "invoices")
Reader = Annotated[Principal, Depends(requires("invoices:read"))]
Supplier = Annotated[Principal, Depends(requires("invoices:write"))]
_PAPER = {
    "requestBody": {
        "required": True,
        "content": {
            "application/xml": {
                "schema": {"type": "string"},
                "example": "<Invoice>UBL 2.1, or CII</Invoice>",
            },
            "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


async def _intake(
    chain: ChainDep, transactions: TransactionsDep, documents: DocumentsDep, key: NetworkKeyDep
) -> Intake:
    return Intake(chain, transactions, documents, key)


async def _content(
    body: RawBodyDep, content_type: Annotated[str, Header(max_length=200)] = "application/octet-stream"
) -> Content:
    return Content(body, content_type.partition(";")[0].strip().lower())


@router.write(
    "",
    InvoiceView,
    "Upload an invoice: check it, register it as a receivable, open its consignment",
    responses=problems(404, 409, 413, 422),
    openapi_extra=_PAPER,
)
def upload(
    principal: Supplier,
    session: SessionDep,
    content: Annotated[Content, Depends(_content)],
    intake: Annotated[Intake, Depends(_intake)],
    reference: Annotated[
        list[str], Query(description="further shipment references, kind:value", examples=[["container:MSKU1234565"]])
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    invoice_id = intake.take(session, principal, content, reference)
    return Written(
        session,
        lambda session: service.view_with_similar(session, principal, service.find(session, principal, invoice_id)),
    )


@router.lists("", Page[InvoiceView], INVOICES, "List the invoices that one sent or owes")
def invoices(
    principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(INVOICES.asked)]
) -> Page[InvoiceView]:
    return service.page(session, principal, asked)


@router.get("/{invoice_id}", responses=READ_PROBLEMS, summary="See one invoice")
def invoice(invoice_id: str, principal: Reader, session: SessionDep) -> InvoiceView:
    return service.view_with_similar(session, principal, service.find(session, principal, invoice_id))
