"""Queries over documents and their wrapped keys."""

from sqlalchemy import delete
from sqlmodel import Session, col

from api.documents.models import Document, DocumentKey


def document(session: Session, cid: str) -> Document | None:
    return session.get(Document, cid)


def key(session: Session, cid: str, reader: str) -> DocumentKey | None:
    return session.get(DocumentKey, (cid, reader))


def destroy_keys(session: Session, cid: str) -> None:
    session.connection().execute(delete(DocumentKey).where(col(DocumentKey.cid) == cid))
