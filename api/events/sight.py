"""Which part of the log a reader sees."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_
from sqlmodel import col
from sqlmodel.sql.expression import SelectOfScalar

from api.events.models import EventParty, EventRow


@dataclass(frozen=True)
class Sight:
    """What one reader sees of the log: the events of an organisation (None: of all), of these kinds, and of those only
    these types where any are named; `receivable.*` names all of a kind."""

    lei: str | None
    kinds: frozenset[str]
    types: tuple[str, ...] = ()
    kind: str | None = None
    resource_id: str | None = None

    def narrow(self, chosen: SelectOfScalar[EventRow]) -> SelectOfScalar[EventRow]:
        if self.lei is not None:
            mine = col(EventParty.sequence) == col(EventRow.sequence)
            chosen = chosen.join(EventParty, mine).where(EventParty.lei == self.lei)
        chosen = chosen.where(col(EventRow.kind).in_(self.kinds))
        if self.types:
            chosen = chosen.where(or_(*(self._means(named) for named in self.types)))
        if self.kind is not None:
            chosen = chosen.where(EventRow.kind == self.kind)
        if self.resource_id is not None:
            chosen = chosen.where(EventRow.resource_id == self.resource_id)
        return chosen

    @staticmethod
    def _means(named: str) -> ColumnElement[bool]:
        if named.endswith(".*"):
            return col(EventRow.kind) == named.removesuffix(".*")
        return col(EventRow.type) == named
