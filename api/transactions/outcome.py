"""What became of transactions that belong together, for loops that go on once they are through."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from api.clock import indexed_block
from api.errors import of_recorded
from api.transactions import repository
from api.transactions.models import Status

_DEAD = (Status.REVERTED, Status.FAILED, Status.REPLACED)


@dataclass(frozen=True)
class Outcome:
    """`is_done`: all are in blocks that the database has. `refusal`: error and detail of the first that never will."""

    is_done: bool
    refusal: tuple[str, str] | None


def of_all(session: Session, ids: Sequence[str]) -> Outcome:
    found = repository.by_ids(session, ids)
    dead = next((each for each in found if each.status in _DEAD), None)
    if dead is not None:
        told = of_recorded(dead.error) if dead.error is not None else None
        detail = told.detail if told is not None else "The transaction was never put into a block."
        return Outcome(False, (told.error if told is not None else "transaction-failed", detail))
    read = indexed_block(session)
    done = [each.status == Status.MINED and (each.block_number or 0) <= read for each in found]
    return Outcome(len(found) == len(ids) and all(done), None)
