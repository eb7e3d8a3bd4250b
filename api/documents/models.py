"""What the gateway remembers of documents. Their contents lie in the store, sealed; their keys here, wrapped."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Column, LargeBinary
from sqlmodel import Field, SQLModel

from api.db import UtcDateTime, utc_now

THE_PLACE = 1


class Document(SQLModel, table=True):
    """A sealed document by the CID of its ciphertext; `sha256` and `length_bytes` are of its content."""

    __tablename__ = "documents"

    cid: str = Field(primary_key=True)
    owner_lei: str = Field(index=True)
    media_type: str
    length_bytes: int
    sha256: str
    created_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))


class DocumentKey(SQLModel, table=True):
    """A document's key, wrapped for one reader. Without any of these rows nobody can read the document again."""

    __tablename__ = "document_keys"

    cid: str = Field(primary_key=True)
    reader: str = Field(primary_key=True, index=True)
    wrapped: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class DocumentErasure(SQLModel, table=True):
    """That a document's keys were destroyed: by which client, and why. `readers` are who could read it until then.
    `swept_at` is when the database's own files were cleared of the keys, null until then."""

    __tablename__ = "document_erasures"

    cid: str = Field(primary_key=True)
    reason: str
    readers: list[str] = Field(sa_column=Column(JSON, nullable=False))
    erased_by: str
    erased_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
    swept_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, index=True))


class DocumentPlace(SQLModel, table=True):
    """How far the log of events was read for new readers of documents: one row."""

    __tablename__ = "document_place"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    through: int = Field(sa_column=Column(BigInteger, nullable=False))


class ViewingKey(SQLModel, table=True):
    """A reader beside the parties, for whose X25519 public key every document's key is wrapped: the supervisor."""

    __tablename__ = "viewing_keys"

    reader: str = Field(primary_key=True)
    public_key: str
    registered_by: str
    registered_at: datetime = Field(default_factory=utc_now, sa_column=Column(UtcDateTime, nullable=False))
