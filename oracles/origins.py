"""Whose paper a document is: who may take back by a paper what another paper said.

Only what came from the same sender, or lies in the inbox itself (which is the firm's own), is taken back by itself.
"""

from __future__ import annotations

import re
from typing import Final

from sqlmodel import Session, select

from oracles.sources.drop import INBOX, MARK, sender_tag, source_of, tag_of
from oracles.store.captures import CaptureRow
from oracles.store.models import DocumentRow

OWN: Final = ""
CAPTURED: Final = "capture/"
"""How the names of documents begin that came in over HTTP: no file's name holds a slash."""
_UNTAGGED: Final = re.compile(r"capture-[0-9a-f]{32}\b")
"""How older versions filed what came in over HTTP: by itself it does not say who sent it."""
_HTTP: Final = "http"
_FAMILIES: Final = {_HTTP: "client", "dcsa": "carrier", "dcsapoll": "carrier"}
"""Ways in that have several senders; one that is known by one name in two ways is one."""


def filed_name(capture_id: str, client: str) -> str:
    """The file of what came in over HTTP, whose name tells its sender where no database does any more."""
    return f"{_HTTP}{MARK}{tag_of(client)}-{capture_id}.json"


def origin_of(session: Session, document_id: int) -> str:
    """A word that is the same for all papers of one sender; OWN of those that were laid into the inbox itself."""
    name = session.get_one(DocumentRow, document_id).name
    if name.startswith(CAPTURED):
        asked = select(CaptureRow.client).where(CaptureRow.capture_id == name.removeprefix(CAPTURED))
        return f"client {tag_of(session.exec(asked).first() or '')}"
    if _UNTAGGED.match(name):
        return f"client of {name}"
    source = source_of(name)
    if source == INBOX:
        return OWN
    return f"{_FAMILIES.get(source, source)} {sender_tag(name)}".rstrip()


def may_correct(session: Session, correcting_id: int, corrected_id: int) -> bool:
    """Whether one document may take back what another said, by their ids."""
    origin = origin_of(session, correcting_id)
    return origin in (OWN, origin_of(session, corrected_id))
