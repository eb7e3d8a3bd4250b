"""The clients that may ask for tokens."""

from datetime import datetime

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from api.db import UtcDateTime, utc_now


class Client(SQLModel, table=True):
    """An OAuth2 client. Its secret is not here, only what a guess can be checked against."""

    __tablename__ = "oauth_clients"

    id: str = Field(primary_key=True)
    secret_hash: str
    lei: str | None = Field(default=None, index=True)
    name: str = ""
    scopes: list[str] = Field(sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    disabled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
