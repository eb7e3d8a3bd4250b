"""The clients that may ask for tokens, and the keys that tokens are signed with."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field, SQLModel

from api.db import UtcDateTime, utc_now


class Client(SQLModel, table=True):
    """An OAuth2 client. Its secret is not here, only what a guess can be checked against.

    While it changes its secret the previous one counts, too. A client with public keys (`jwks`) signs what it asks
    with; `secret_hash` is then empty. `operator` says that it may hold the operator's scopes."""

    __tablename__ = "oauth_clients"

    id: str = Field(primary_key=True)
    secret_hash: str
    lei: str | None = Field(default=None, index=True)
    name: str = ""
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    previous_secret_hash: str | None = None
    previous_secret_ends_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    operator: bool = False
    jwks: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class SigningKey(SQLModel, table=True):
    """A key that tokens are signed with, sealed in the vault. The newest whose time has come signs; each verifies until
    the tokens that it may have signed have ended."""

    __tablename__ = "oauth_signing_keys"

    kid: str = Field(primary_key=True)
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    signs_from: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    verifies_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))


class SeenAssertion(SQLModel, table=True):
    """A client's signed assertion that was used once, as a hash of client and `jti`, until it would have ended."""

    __tablename__ = "oauth_seen_assertions"

    id: str = Field(primary_key=True)
    ends_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))
