"""What the gateway remembers of documents. Their contents lie in the store, sealed; their keys here, wrapped."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from api.db import UtcDateTime, utc_now


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
