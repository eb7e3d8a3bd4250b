"""Filing documents for their readers, and giving them back to those alone."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlmodel import Session

from api.auth.principal import Principal
from api.documents import repository
from api.documents.errors import DocumentAbsent
from api.documents.models import Document, DocumentKey
from api.documents.readers import OPERATOR, ReaderKeys
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
        """Lets the readers and the operator read it, if the session commits."""
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
        for reader, public_key in {**readers, OPERATOR: self.reader_keys.ensure(OPERATOR)}.items():
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
        document, wrapped = self._readable(session, principal, cid)
        return EnvelopeView(
            cid=cid,
            reader=wrapped.reader,
            media_type=document.media_type,
            sha256=document.sha256,
            wrapped_key=base64.b64encode(wrapped.wrapped).decode(),
            sealed=base64.b64encode(self.store.get(cid)).decode(),
        )

    @staticmethod
    def _readable(session: Session, principal: Principal, cid: str) -> tuple[Document, DocumentKey]:
        reader = OPERATOR if principal.sees_all else principal.lei
        document = repository.document(session, cid)
        key = repository.key(session, cid, reader) if reader is not None else None
        if document is None or key is None:
            raise DocumentAbsent(cid)
        return document, key
