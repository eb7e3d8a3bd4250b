"""Clients as JSON. A secret is shown once, where it is made."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from api import examples
from api.auth.models import Client
from api.values import Lei

Scope = Annotated[str, StringConstraints(min_length=1, max_length=50)]
_LONGEST_OVERLAP_SECONDS = 30 * 86_400
_CLIENT: dict[str, Any] = {
    "client_id": "client_3f0c9a61d2b84e57a1c6",
    "name": "Acme's ERP",
    "lei": examples.SUPPLIER["lei"],
    "scopes": ["invoices:read", "invoices:write"],
    "authentication": "client_secret",
    "previous_secret_ends_at": None,  # nosec B105 # an example
    "created_at": examples.OPENED,
    "disabled_at": None,
}
_JWKS: dict[str, Any] = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "erp-2026",
            "use": "sig",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    ]
}


class ClientRequest(BaseModel):
    """A client to be made: for the caller's organisation, unless the operator says otherwise."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"name": "Acme's ERP", "scopes": ["invoices:read", "invoices:write"]}},
    }

    name: str = Field(default="", max_length=100, description="to recognise it by")
    scopes: list[Scope] = Field(default=[], max_length=60, description="within the caller's own; without any: the same")
    lei: Lei | None = Field(default=None, description="for which organisation (operator)")
    operator: bool = Field(default=False, description="for the operator itself, or a supervisor (operator)")
    jwks: dict[str, Any] | None = Field(
        default=None, description="its public keys: it then signs (private_key_jwt) and has no secret"
    )


class SecretRequest(BaseModel):
    """A change of secret. The previous one counts for the overlap, so that nothing stands still."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"overlap_seconds": 86_400}}}

    overlap_seconds: int = Field(default=86_400, ge=0, le=_LONGEST_OVERLAP_SECONDS)


class KeysRequest(BaseModel):
    """Public keys, with which the client signs from now on; its secrets count no more."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"jwks": _JWKS}}}

    jwks: dict[str, Any]


class ClientView(BaseModel):
    model_config = {"json_schema_extra": {"example": _CLIENT}}

    client_id: str
    name: str
    lei: str | None
    scopes: list[str]
    authentication: Literal["client_secret", "private_key_jwt"]
    previous_secret_ends_at: datetime | None = Field(description="until then the previous secret counts, too")
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, client: Client) -> "ClientView":
        return cls(**_fields(client))


class ClientWithSecret(ClientView):
    model_config = {"json_schema_extra": {"example": {**_CLIENT, "client_secret": "shown once, keep it"}}}  # nosec B105 # an example

    client_secret: str | None = Field(description="shown this once; null where the client signs")

    @classmethod
    def made(cls, client: Client, secret: str) -> "ClientWithSecret":
        return cls(**_fields(client), client_secret=secret or None)


def _fields(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.id,
        "name": client.name,
        "lei": client.lei,
        "scopes": list(client.scopes),
        "authentication": "client_secret" if client.jwks is None else "private_key_jwt",
        "previous_secret_ends_at": client.previous_secret_ends_at,
        "created_at": client.created_at,
        "disabled_at": client.disabled_at,
    }
