"""Who takes part: what the chain says of an organisation, and what the gateway was told besides."""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from api.db import ChainRow, UtcDateTime, utc_now


class Organisation(ChainRow, table=True):
    """An organisation in the ParticipantRegistry. `roles` are its bits, `kyc_expires_at` Unix seconds."""

    __tablename__ = "organisations"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    lei: str = Field(index=True)
    group_lei: str
    jurisdiction: str
    roles: int
    kyc_expires_at: int = Field(sa_column=Column(BigInteger, nullable=False))
    suspended: bool = False


class Account(ChainRow, table=True):
    """An account that acts for an organisation."""

    __tablename__ = "accounts"

    address: str = Field(primary_key=True)
    organisation: int = Field(index=True)
    frozen: bool = False


class Tenure(ChainRow, table=True):
    """From where to where in the chain an account acted for an organisation, by block and log; `until_block` is null
    where it still does. A removed account may be admitted again, by another too."""

    __tablename__ = "account_tenures"

    account: str = Field(primary_key=True)
    from_block: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    from_log: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    organisation: int = Field(index=True)
    until_block: int | None = Field(default=None, sa_column=Column(BigInteger))
    until_log: int | None = None


class Profile(SQLModel, table=True):
    """What the operator told the gateway of an organisation; nothing of it is on chain.

    `signer` names the keystore with which the gateway acts for it; null where the organisation keeps its own key."""

    __tablename__ = "participant_profiles"

    lei: str = Field(primary_key=True)
    name: str
    account: str
    signer: str | None = None
    document_key: str | None = None
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class Identifier(SQLModel, table=True):
    """A name by which invoices know an organisation, e.g. scheme 0088, value 7300010000001. Belongs to one only."""

    __tablename__ = "participant_identifiers"

    scheme: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    lei: str = Field(index=True)
