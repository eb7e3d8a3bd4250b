"""What can go wrong with documents, in business terms."""

from api.errors import Conflict, GatewayError, Malformed, NotFound, Unavailable


class DocumentAbsent(NotFound):
    """There is no such document, or none that the caller may read: the two are told apart to nobody."""

    def __init__(self, cid: str) -> None:
        super().__init__("document-absent", f"There is no document {cid[:80]} that you may read.", cid=cid[:80])


class DocumentDamaged(GatewayError):
    """What the store holds does not fit its name or its key."""

    def __init__(self, cid: str, why: str) -> None:
        super().__init__("document-damaged", f"Document {cid} is damaged: {why}.", cid=cid)


class StoreUnavailable(Unavailable):
    """The store did not answer; the same request may succeed later."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__("document-store-unavailable", f"The document store {store} is not available: {why}.")


class ReaderKeyMissing(Conflict):
    """No private key of this reader lies with the gateway: the reader opens its documents itself."""

    def __init__(self, reader: str) -> None:
        detail = f"The gateway holds no document key of {reader}; open the envelope with your own key."
        super().__init__("document-key-elsewhere", detail, reader=reader)


class ReaderKeyInvalid(Malformed):
    """A public key that is no X25519 key."""

    def __init__(self, reader: str) -> None:
        detail = f"The document key of {reader} is not an X25519 public key (32 bytes, hexadecimal)."
        super().__init__("document-key-invalid", detail, reader=reader)
