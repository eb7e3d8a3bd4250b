"""What can go wrong with documents, in business terms."""


class DocumentError(Exception):
    """Base of everything that the documents package refuses or fails at."""


class DocumentAbsent(DocumentError):
    """There is no such document, or none that the caller may read: the two are told apart to nobody."""

    def __init__(self, cid: str) -> None:
        super().__init__(f"There is no document {cid} that you may read.")
        self.cid = cid


class DocumentDamaged(DocumentError):
    """What the store holds does not fit its name or its key."""

    def __init__(self, cid: str, why: str) -> None:
        super().__init__(f"Document {cid} is damaged: {why}.")
        self.cid = cid
        self.why = why


class StoreUnavailable(DocumentError):
    """The store did not answer; the same request may succeed later."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"The document store {store} is not available: {why}.")
        self.store = store
        self.why = why


class ReaderKeyMissing(DocumentError):
    """No private key of this reader lies with the gateway: the reader opens its documents itself."""

    def __init__(self, reader: str) -> None:
        super().__init__(f"The gateway holds no document key of {reader}; open the envelope with your own key.")
        self.reader = reader


class ReaderKeyInvalid(DocumentError):
    """A public key that is no X25519 key."""

    def __init__(self, reader: str) -> None:
        super().__init__(f"The document key of {reader} is not an X25519 public key (32 bytes, hexadecimal).")
        self.reader = reader
