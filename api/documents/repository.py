"""Queries over documents and their wrapped keys."""

from sqlmodel import Session

from api.documents.models import Document, DocumentKey


def document(session: Session, cid: str) -> Document | None:
    return session.get(Document, cid)


def key(session: Session, cid: str, reader: str) -> DocumentKey | None:
    return session.get(DocumentKey, (cid, reader))
