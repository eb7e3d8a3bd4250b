"""POST /oauth/token (RFC 6749, client credentials) and the public key that tokens are checked with."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.auth.description import REQUEST, RESPONSES
from api.auth.principal import Principal
from api.auth.service import authenticate
from api.gateway import gateway_of

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


def _narrowed(principal: Principal, asked: str | None) -> Principal:
    scopes = frozenset(asked.split()) if asked else principal.scopes
    if excess := scopes - principal.scopes:
        raise TokenRefused("invalid_scope", f"This client may not ask for {' '.join(sorted(excess))}.")
    return Principal(principal.client_id, principal.lei, scopes)


@router.post(
    "/oauth/token",
    summary="Exchange client id and secret for an access token",
    description="The client is named by HTTP Basic, or by `client_id` and `client_secret` in the form. Without `scope` "
    "the token may do all that the client may.",
    openapi_extra=REQUEST,
    responses=RESPONSES,
)
async def token(request: Request) -> JSONResponse:
    gateway = gateway_of(request)
    try:
        form = await _form(request)
        client_id, secret = _credentials(request.headers.get("authorization"), form)
        if form.get("grant_type") != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "Only grant_type=client_credentials is served.")
        found: Principal | None = await run_in_threadpool(
            gateway.database.run, lambda session: authenticate(session, client_id, secret)
        )
        if found is None:
            raise TokenRefused("invalid_client", "There is no such client, or its secret is another.", 401)
        principal = _narrowed(found, form.get("scope"))
    except TokenRefused as refused:
        return refused.response()
    body: dict[str, Any] = {
        "access_token": gateway.tokens.issue(principal),
        "token_type": "Bearer",
        "expires_in": gateway.tokens.lifetime_seconds,
        "scope": " ".join(sorted(principal.scopes)),
    }
    return JSONResponse(body, headers=_NO_STORE)


@router.get("/.well-known/jwks.json", summary="Public keys of the access tokens")
async def jwks(request: Request) -> JSONResponse:
    return JSONResponse(gateway_of(request).tokens.jwks(), headers={"Cache-Control": "max-age=300"})
