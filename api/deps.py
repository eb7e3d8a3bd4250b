"""What an endpoint may ask for.

    @router.write("/issues", CashIssueView, "Issue cash against a bank payment (operator)")
    def issue(
        body: CashIssueRequest, operator: Annotated[Acting, Depends(writes("cash:write", "operator"))]
    ) -> Response:
        issue_id = service.issue(operator, body)
        return operator.written(lambda session: service.view(session, issue_id))

Endpoints are plain functions (they run in a worker thread); raw bodies come by `RawBodyDep`. Nobody commits: the edge
does.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2
from sqlmodel import Session

from api.acting import Acting
from api.auth.principal import Principal
from api.auth.scopes import SCOPES
from api.chain_link import ChainLink
from api.edge import Written
from api.errors import of_chain
from api.gateway import gateway_of
from api.routing import GatewayRoute, gateway_router
from api.settings import Settings
from api.signers import Signers
from api.transactions.schemas import TransactionView, transaction_views
from api.transactions.service import Transactions
from chain_node.client import Chain
from chain_node.errors import ChainError

__all__ = [
    "Acting",
    "ChainDep",
    "GatewayRoute",
    "LinkDep",
    "Principal",
    "RawBodyDep",
    "SessionDep",
    "SettingsDep",
    "SignersDep",
    "TransactionView",
    "TransactionsDep",
    "Written",
    "gateway_of",
    "gateway_router",
    "requires",
    "transaction_views",
    "writes",
]


# Dependencies are `async` although they wait for nothing: plain ones would cost a thread each. None asks for another,
# since the framework solves every one that is named anew, at some 20 microseconds each.
async def _session(request: Request) -> Session:
    return cast(Session, request.state.session)


async def _settings(request: Request) -> Settings:
    return gateway_of(request).settings


async def _transactions(request: Request) -> Transactions:
    return gateway_of(request).transactions


async def _signers(request: Request) -> Signers:
    return gateway_of(request).signers


async def _link(request: Request) -> ChainLink:
    return gateway_of(request).link


async def _chain(request: Request) -> Chain:
    link = gateway_of(request).link
    try:
        connected = link.connected
        return connected if connected is not None else await run_in_threadpool(link.chain)
    except ChainError as error:
        raise of_chain(error) from error


async def _raw_body(request: Request) -> bytes:
    return await request.body()


SessionDep = Annotated[Session, Depends(_session)]
SettingsDep = Annotated[Settings, Depends(_settings)]
TransactionsDep = Annotated[Transactions, Depends(_transactions)]
SignersDep = Annotated[Signers, Depends(_signers)]
ChainDep = Annotated[Chain, Depends(_chain)]
LinkDep = Annotated[ChainLink, Depends(_link)]
RawBodyDep = Annotated[bytes, Depends(_raw_body)]


class _Described(OAuth2):
    """For the OpenAPI description only: who is calling is `Gateway.principal`'s to say."""

    async def __call__(self) -> None:  # type: ignore[override]
        return None


_OAUTH2 = _Described(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes=SCOPES)),
    scheme_name="oauth2",
    description="Client id and secret come from the operator. Ask for a token without scopes to get all that you hold.",
    auto_error=False,
)


def requires(*scopes: str) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency that answers the caller, or refuses: 401 without a token, 403 without all the scopes."""

    async def check(request: Request, _described: Annotated[None, Security(_OAUTH2, scopes=scopes)]) -> Principal:
        return _required(request, scopes)

    return check


def writes(*scopes: str) -> Callable[..., Coroutine[Any, Any, Acting]]:
    """A dependency that answers the caller with what writing takes; refuses as `requires` does."""

    async def acting(request: Request, _described: Annotated[None, Security(_OAUTH2, scopes=scopes)]) -> Acting:
        principal = _required(request, scopes)
        return Acting(request.state.session, gateway_of(request).transactions, await _chain(request), principal)

    return acting


def _required(request: Request, scopes: Sequence[str]) -> Principal:
    principal = gateway_of(request).principal(request)
    principal.require(*scopes)
    return principal
