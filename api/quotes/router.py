"""/v1/quotes: what a financing would pay out and cost, bindingly. They are asked for by `POST /v1/financings`."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import Acting, Principal, SessionDep, Written, gateway_router, requires, writes
from api.financings.one_call import OneCallDep
from api.financings.schemas import FinancingWritten
from api.lists import Asked
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.quotes import service
from api.quotes.listing import QUOTES
from api.quotes.schemas import QuoteView
from api.values import Page

router = gateway_router("/v1/quotes", "quotes")
Reader = Annotated[Principal, Depends(requires("financings:read"))]
Supplier = Annotated[Acting, Depends(writes("financings:write"))]


@router.lists("", Page[QuoteView], QUOTES, "List the quotes one was given")
def quotes(principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(QUOTES.asked)]) -> Page[QuoteView]:
    return service.page(session, principal, asked)


@router.get("/{quote_id}", responses=READ_PROBLEMS, summary="See a quote, every charge of it, and what became of it")
def quote(quote_id: str, principal: Reader, session: SessionDep) -> QuoteView:
    return service.view(session, service.find(session, principal, quote_id))


@router.write("/{quote_id}/acceptance", FinancingWritten, "Accept a quote: open its financing and draw what it allows")
def accept(quote_id: str, one_call: OneCallDep) -> Response:
    return one_call.accept(quote_id)


@router.post(
    "/{quote_id}/withdrawal",
    response_model=QuoteView,
    responses=WRITE_PROBLEMS,
    summary="Let go of a quote that one will not accept",
)
def withdraw(quote_id: str, supplier: Supplier) -> Response:
    found = service.withdraw(supplier, service.find(supplier.session, supplier.principal, quote_id))
    return Written(supplier.session, lambda session: service.view(session, found), 200)
