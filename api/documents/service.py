"""Filing documents for their readers, and giving them back to those alone."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlmodel import Session

from api.auth.principal import Principal
from api.documents import repository
from api.documents.errors import DocumentAbsent, DocumentErased
from api.documents.models import Document, DocumentKey, ViewingKey
from api.documents.readers import OPERATOR, SUPERVISOR, ReaderKeys, public_key_of
from api.documents.schemas import EnvelopeView
from api.documents.sealing import new_key, seal, unseal, unwrap, wrap
from api.documents.stores import DocumentStore


@dataclass(frozen=True)
class Content:
    """A document as it was handed in."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class Sealed:
    """A document that lies in the store under `cid`, with the key that opens it."""

    cid: str
    key: bytes = field(repr=False)
    content: Content = field(repr=False)


@dataclass(frozen=True)
class Documents:
    """The store and the keys of those who may read."""

    store: DocumentStore
    reader_keys: ReaderKeys

    def seal(self, content: Content) -> Sealed:
        """Seals the content under a key of its own and stores it. Until `record` wraps the key, nobody can read it."""
        key = new_key()
        return Sealed(self.store.put(seal(content.data, key)), key, content)

    def record(self, session: Session, sealed: Sealed, owner_lei: str, readers: Mapping[str, X25519PublicKey]) -> None:
        """Lets the readers, the operator and whoever has a viewing key read it, if the session commits."""
        data = sealed.content.data
        session.add(
            Document(
                cid=sealed.cid,
                owner_lei=owner_lei,
                media_type=sealed.content.media_type,
                length_bytes=len(data),
                sha256=sha256(data).hexdigest(),
            )
        )
        viewers = {row.reader: public_key_of(row.reader, row.public_key) for row in repository.viewing_keys(session)}
        for reader, public_key in {**readers, OPERATOR: self.reader_keys.ensure(OPERATOR), **viewers}.items():
            wrapped = wrap(sealed.key, public_key, cid=sealed.cid, reader=reader)
            session.add(DocumentKey(cid=sealed.cid, reader=reader, wrapped=wrapped))
        session.flush()

    def read(self, session: Session, principal: Principal, cid: str) -> Content:
        """The content; DocumentAbsent for whoever is not a reader, ReaderKeyMissing for who keeps its own key."""
        document, wrapped = self._readable(session, principal, cid)
        private_key = self.reader_keys.private(wrapped.reader)
        key = unwrap(wrapped.wrapped, private_key, cid=cid, reader=wrapped.reader)
        return Content(unseal(self.store.get(cid), key, cid), document.media_type)

    def envelope(self, session: Session, principal: Principal, cid: str) -> EnvelopeView:
        """The sealed document with the caller's wrapped key, to be opened with its own private key."""
        viewed = principal.is_supervisor and repository.key(session, cid, SUPERVISOR) is not None
        document, wrapped = self._readable(session, principal, cid, SUPERVISOR if viewed else None)
        return EnvelopeView(
            cid=cid,
            reader=wrapped.reader,
            media_type=document.media_type,
            sha256=document.sha256,
            wrapped_key=base64.b64encode(wrapped.wrapped).decode(),
            sealed=base64.b64encode(self.store.get(cid)).decode(),
        )

    def open_to_viewer(self, session: Session, viewer: ViewingKey) -> int:
        """Lets a viewer open every document that the operator can, in place of what its former key opened; how many.

        Wraps first and writes then: on SQLite nobody waits for the wrapping."""
        public_key = public_key_of(viewer.reader, viewer.public_key)
        opening = self.reader_keys.private(OPERATOR) if (held := repository.keys_of(session, OPERATOR)) else None
        wrapped = []
        for row in held:
            assert opening is not None
            key = unwrap(row.wrapped, opening, cid=row.cid, reader=OPERATOR)
            again = wrap(key, public_key, cid=row.cid, reader=viewer.reader)
            wrapped.append(DocumentKey(cid=row.cid, reader=viewer.reader, wrapped=again))
        session.merge(viewer)
        session.flush()
        repository.hold_all(session)
        # What was erased since it was unwrapped above must not come back.
        erased = repository.erased(session)
        wrapped = [row for row in wrapped if row.cid not in erased]
        for former in repository.keys_of(session, viewer.reader):
            session.delete(former)
        session.flush()
        session.add_all(wrapped)
        session.flush()
        return len(wrapped)

    @staticmethod
    def _readable(
        session: Session, principal: Principal, cid: str, viewer: str | None = None
    ) -> tuple[Document, DocumentKey]:
        reader = viewer or (OPERATOR if principal.sees_all else principal.lei)
        document = repository.document(session, cid)
        key = repository.key(session, cid, reader) if reader is not None else None
        if key is None and reader is not None:
            refuse_erased(session, cid, reader)
        if document is None or key is None:
            raise DocumentAbsent(cid)
        return document, key


def refuse_erased(session: Session, cid: str, reader: str) -> None:
    """DocumentErased where the document was erased and the reader could read it until then; nothing to anybody else."""
    erasure = repository.erasure(session, cid)
    if erasure is not None and reader in erasure.readers:
        raise DocumentErased(cid, erasure.erased_at, erasure.reason)
