"""Facts as other resources count with them: what stands of a consignment, whoever asks. It knows no other resource."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from api.milestones import repository
from api.milestones.models import Fact, FactStatus


@dataclass(frozen=True)
class Facts:
    """What is attested of one consignment at a moment, by milestone and number of the delivery."""

    rows: dict[tuple[int, int], Fact]
    now: int

    def standing(self, milestone: int, sequence: int) -> tuple[FactStatus | None, int]:
        """As the oracle's view: final only outside its dispute window, within it gathering; and the thousandths that
        may be relied on, 0 unless final. None where nobody has voted."""
        fact = self.rows.get((milestone, sequence))
        if fact is None:
            return None, 0
        if fact.status != FactStatus.FINAL:
            return FactStatus(fact.status), 0
        if self.now < (fact.usable_from or 0):
            return FactStatus.GATHERING, 0
        return FactStatus.FINAL, fact.relied_quantity

    def status(self, milestone: int, sequence: int) -> FactStatus | None:
        """Whatever its dispute window says."""
        fact = self.rows.get((milestone, sequence))
        return FactStatus(fact.status) if fact else None


def facts_of(session: Session, subjects: Collection[str], now: int) -> dict[str, Facts]:
    """By consignment; with nothing in it where nobody has voted."""
    found = repository.facts_of_many(session, subjects)
    return {
        subject: Facts({(f.milestone, f.sequence): f for f in found if f.subject == subject}, now)
        for subject in subjects
    }
