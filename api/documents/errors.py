"""What can go wrong with documents, in business terms."""

from datetime import datetime

from api.errors import Conflict, Forbidden, GatewayError, Gone, Malformed, NotFound, Unavailable


class DocumentAbsent(NotFound):
    """There is no such document, or none that the caller may read: the two are told apart to nobody."""

    def __init__(self, cid: str) -> None:
        super().__init__("document-absent", f"There is no document {cid[:80]} that you may read.", cid=cid[:80])


class DocumentErased(Gone):
    """Its keys were destroyed: nobody can read it, the gateway neither. Said to whoever could read it until then."""

    def __init__(self, cid: str, erased_at: datetime, reason: str) -> None:
        when = erased_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        detail = f"Document {cid} was erased on {when}: its keys were destroyed. The reason given: {reason}"
        super().__init__("document-erased", detail, cid=cid, erased_at=when, reason=reason)


class ErasureNotYours(Forbidden):
    """A reader that is not the one who filed the document."""

    def __init__(self, cid: str) -> None:
        detail = f"Document {cid} is erased by who filed it, or by the operator."
        super().__init__("not-the-uploader", detail, cid=cid)


class NoPartyToDeal(Forbidden):
    """Whoever is to read has no part in the deal, or the caller is not told that it has."""

    def __init__(self, cid: str, lei: str) -> None:
        detail = f"You know of no part that {lei} has in the deal behind document {cid}."
        super().__init__("no-party-to-deal", detail, cid=cid, lei=lei)


class DocumentBacks(Conflict):
    """Money was asked for, or lent, on it."""

    def __init__(self, cid: str, receivable_id: str) -> None:
        detail = f"A financing was asked for on what document {cid} proves, so that only the operator may erase it."
        super().__init__("document-backs-financing", detail, cid=cid, receivable_id=receivable_id)


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
