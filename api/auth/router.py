"""POST /oauth/token (RFC 6749, client credentials) and the public key that tokens are checked with."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.auth.assertions import ASSERTION_TYPE, AssertionRefused, authenticate_by_assertion
from api.auth.description import METADATA, REQUEST, RESPONSES
from api.auth.jose import ALGORITHMS
from api.auth.principal import Principal
from api.auth.scopes import SCOPES
from api.auth.service import authenticate
from api.gateway import Gateway, gateway_of
from api.limits import TooManyRequests
from api.settings import Settings

router = APIRouter(tags=["auth"])
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_LARGEST_FORM_BYTES = 10_000


class TokenRefused(Exception):
    """An error answer of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status

    def response(self) -> JSONResponse:
        headers = dict(_NO_STORE)
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="portolan", charset="UTF-8"'
        body = {"error": self.error, "error_description": self.description}
        return JSONResponse(body, self.status, headers)


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise TokenRefused("invalid_request", "Send the request as application/x-www-form-urlencoded.")
    body = await request.body()
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError) as error:
        raise TokenRefused("invalid_request", "The form cannot be read.") from error
    if len(body) > _LARGEST_FORM_BYTES or any(len(values) > 1 for values in fields.values()):
        raise TokenRefused("invalid_request", "The form is too large or names a field twice.")
    return {name: values[0] for name, values in fields.items()}


def _credentials(authorization: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret, from HTTP Basic or the form, never from both."""
    if authorization is None:
        if "client_id" not in form or "client_secret" not in form:
            raise TokenRefused(
                "invalid_client", "Name the client by HTTP Basic or by client_id and client_secret.", 401
            )
        return form["client_id"], form["client_secret"]
    if "client_secret" in form:
        raise TokenRefused("invalid_request", "Name the client once: by HTTP Basic or in the form.")
    scheme, _, encoded = authorization.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise TokenRefused("invalid_client", "The Authorization header is not HTTP Basic.", 401) from error
    client_id, colon, secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise TokenRefused("invalid_client", "The Authorization header is not HTTP Basic.", 401)
    return unquote_plus(client_id), unquote_plus(secret)


def _proof(gateway: Gateway, authorization: str | None, form: Mapping[str, str]) -> Callable[[], Principal]:
    """How the client proves itself: by its secret, or by what it has signed. Asks the database when called."""
    if "client_assertion" in form or "client_assertion_type" in form:
        return lambda: _by_assertion(gateway, authorization, form)
    client_id, secret = _credentials(authorization, form)

    def by_secret() -> Principal:
        found: Principal | None = gateway.database.run(lambda session: authenticate(session, client_id, secret))
        if found is None:
            raise TokenRefused("invalid_client", "There is no such client, or its secret is another.", 401)
        return found

    return by_secret


def _by_assertion(gateway: Gateway, authorization: str | None, form: Mapping[str, str]) -> Principal:
    if authorization is not None or "client_secret" in form:
        raise TokenRefused("invalid_request", "A client proves itself once: by its secret or by an assertion.")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise TokenRefused("invalid_request", f"An assertion goes with client_assertion_type={ASSERTION_TYPE}.")
    audiences = {gateway.settings.issuer, _address(gateway.settings, "/oauth/token")}
    try:
        proven: Principal = gateway.database.run(
            lambda session: authenticate_by_assertion(
                session, form["client_assertion"], audiences=audiences, named=form.get("client_id")
            )
        )
    except AssertionRefused as refused:
        raise TokenRefused("invalid_client", str(refused), 401) from refused
    return proven


def _address(settings: Settings, path: str) -> str:
    return settings.issuer.rstrip("/") + path


def _narrowed(principal: Principal, asked: str | None) -> Principal:
    scopes = frozenset(asked.split()) if asked else principal.scopes
    if excess := scopes - principal.scopes:
        raise TokenRefused("invalid_scope", f"This client may not ask for {' '.join(sorted(excess))}.")
    return Principal(principal.client_id, principal.lei, scopes)


@router.post(
    "/oauth/token",
    summary="Exchange client id and secret for an access token",
    description="The client is named by HTTP Basic, by `client_id` and `client_secret` in the form, or by a "
    "`client_assertion` that it has signed (private_key_jwt, RFC 7523). Without `scope` the token may do all that the "
    "client may.",
    openapi_extra=REQUEST,
    responses=RESPONSES,
)
async def token(request: Request) -> JSONResponse:
    gateway = gateway_of(request)
    caller = request.client.host if request.client else ""
    failures = gateway.failed_proofs.take(caller, cost=0.0)
    if failures.remaining < 1:
        raise TooManyRequests(failures.next_seconds, failed_proofs=True)
    try:
        form = await _form(request)
        prove = _proof(gateway, request.headers.get("authorization"), form)
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "Only grant_type=client_credentials is served.")
        found = await run_in_threadpool(prove)
        principal = _narrowed(found, form.get("scope"))
    except TokenRefused as refused:
        if refused.status == 401:
            gateway.failed_proofs.take(caller)
        return refused.response()
    body: dict[str, Any] = {
        "access_token": gateway.tokens.issue(principal),
        "token_type": "Bearer",  # nosec B105 # the kind, not a token
        "expires_in": gateway.tokens.lifetime_seconds,
        "scope": " ".join(sorted(principal.scopes)),
    }
    return JSONResponse(body, headers=_NO_STORE)


@router.get("/.well-known/jwks.json", summary="Public keys of the access tokens")
async def jwks(request: Request) -> JSONResponse:
    return JSONResponse(gateway_of(request).tokens.jwks(), headers={"Cache-Control": "max-age=300"})


@router.get(
    "/.well-known/oauth-authorization-server",
    summary="What a client needs to know to get tokens here (RFC 8414)",
    responses=METADATA,
)
async def metadata(request: Request) -> JSONResponse:
    settings = gateway_of(request).settings
    told = {
        "issuer": settings.issuer,
        "token_endpoint": _address(settings, "/oauth/token"),
        "jwks_uri": _address(settings, "/.well-known/jwks.json"),
        "scopes_supported": sorted(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "service_documentation": _address(settings, "/docs"),
    }
    return JSONResponse(told, headers={"Cache-Control": "max-age=300"})
