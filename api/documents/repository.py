"""Queries over documents and their wrapped keys."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from api.documents.models import Document, DocumentErasure, DocumentKey, ViewingKey


def document(session: Session, cid: str) -> Document | None:
    return session.get(Document, cid)


def lock(session: Session, cid: str) -> bool:
    """Whether there is such a document; its keys are the session's alone to change until its transaction ends.

    Changing the row to itself takes its lock on both databases, and what is read next is what it guards."""
    row = update(Document).where(col(Document.cid) == cid).values(cid=cid).returning(col(Document.cid))
    return session.connection().execute(row).first() is not None


def hold_all(session: Session) -> None:
    """No document is erased until the session's transaction ends, which has written already."""
    session.exec(select(Document.cid).order_by(Document.cid).with_for_update(read=True)).all()


def erasure(session: Session, cid: str) -> DocumentErasure | None:
    return session.get(DocumentErasure, cid)


def readers_of(session: Session, cids: Collection[str]) -> dict[str, set[str]]:
    """Who can read each of the documents."""
    found: dict[str, set[str]] = {cid: set() for cid in cids}
    chosen = select(DocumentKey.cid, DocumentKey.reader).where(col(DocumentKey.cid).in_(list(found)))
    for cid, reader in session.exec(chosen):
        found[cid].add(reader)
    return found


def erased(session: Session) -> set[str]:
    return set(session.exec(select(DocumentErasure.cid)))


def unswept(session: Session) -> list[str]:
    return list(session.exec(select(DocumentErasure.cid).where(col(DocumentErasure.swept_at).is_(None))))


def mark_swept(session: Session, cids: Collection[str], at: datetime) -> None:
    swept = update(DocumentErasure).where(col(DocumentErasure.cid).in_(cids)).values(swept_at=at)
    session.connection().execute(swept)


def readers(session: Session, cid: str) -> list[str]:
    return list(session.exec(select(DocumentKey.reader).where(DocumentKey.cid == cid).order_by(DocumentKey.reader)))


def destroy_keys(session: Session, cid: str) -> None:
    session.connection().execute(delete(DocumentKey).where(col(DocumentKey.cid) == cid))


def key(session: Session, cid: str, reader: str) -> DocumentKey | None:
    return session.get(DocumentKey, (cid, reader))


def viewing_keys(session: Session) -> list[ViewingKey]:
    return list(session.exec(select(ViewingKey).order_by(ViewingKey.reader)))


def keys_of(session: Session, reader: str) -> list[DocumentKey]:
    return list(session.exec(select(DocumentKey).where(DocumentKey.reader == reader).order_by(col(DocumentKey.cid))))
