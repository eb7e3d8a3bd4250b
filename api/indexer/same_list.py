"""A database belongs to one version of the contracts: with another version's list its numbers would name others."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from api.indexer.models import IndexedEvent
from chain_node.client import AddressBook

RUN_OFF: Final = "run-off-"
"""How the contracts of a version before an upgrade are called in a list."""
_EVENTS = SQLModel.metadata.tables[str(IndexedEvent.__tablename__)]


class OtherList(Exception):
    """The database was read with an earlier version's list of contracts."""

    def __init__(self, contract: str, seen: int, created: int) -> None:
        super().__init__(
            f"The database has an event of an older {contract} (in block {seen}; the list's was created in block "
            f"{created}): it belongs to the version before an upgrade. Set `deployments` to that version's list "
            "(deployments-run-off-<number>.json), or give this version a database of its own."
        )
        self.contract, self.seen, self.created = contract, seen, created


def refuse_other_list(connection: Connection, book: AddressBook) -> None:
    """OtherList where the database has an event of a contract from before the list's contract of that name existed.

    After an upgrade a desk's numbers begin again at 1; on the old rows they would name other financings."""
    for name in _renewed(book):
        older = (_EVENTS.c.contract == name) & (_EVENTS.c.block_number < book.created.get(name, 0))
        seen = connection.execute(select(_EVENTS.c.block_number).where(older).limit(1)).scalar()
        if seen is not None:
            raise OtherList(name, seen, book.created[name])


def _renewed(book: AddressBook) -> Iterator[str]:
    """Contracts of which the list has an older one beside it (`run-off-1/FinancingDesk`)."""
    older = {name.partition("/")[2] for name in book.names() if name.startswith(RUN_OFF)}
    return (name for name in book.names() if name in older)
