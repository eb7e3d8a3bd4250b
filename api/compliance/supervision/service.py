"""The supervisor's viewing key."""

from sqlalchemy import func
from sqlmodel import Session, select

from api.auth.principal import Principal
from api.compliance.supervision.schemas import ViewingKeyView
from api.documents.models import DocumentKey, ViewingKey
from api.documents.readers import SUPERVISOR
from api.documents.service import Documents
from api.errors import NotFound


def register(session: Session, principal: Principal, documents: Documents, document_key: str) -> ViewingKeyView:
    """Opens all documents, those of before too, to that key in place of an earlier one. The same key again opens
    whatever it does not open yet."""
    key = document_key.removeprefix("0x").lower()
    documents.open_to_viewer(session, ViewingKey(reader=SUPERVISOR, public_key=key, registered_by=principal.client_id))
    return registered(session)


def registered(session: Session) -> ViewingKeyView:
    """The key that is in force; NotFound where there is none."""
    row = session.get(ViewingKey, SUPERVISOR)
    if row is None:
        raise NotFound("viewing-key-absent", "No viewing key of a supervisor is registered.")
    opened = session.exec(select(func.count()).select_from(DocumentKey).where(DocumentKey.reader == SUPERVISOR)).one()
    return ViewingKeyView(
        document_key=row.public_key,
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        documents=opened,
    )
