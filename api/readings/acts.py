"""A grade that became worse is noted, by anyone; an inspection sets it anew."""

from sqlmodel import Session

from api import acting
from api.readings import service
from api.readings.schemas import GradeWritten, InspectionRequest
from api.transactions.schemas import transaction_views


class Desk(acting.Desk):
    """One caller before the grade of one consignment that it may see."""

    @property
    def subject(self) -> bytes:
        """NotFound where no consignment of the caller's has it."""
        found = service.require_seen(self.acting.session, self.acting.principal, self.thing_id)
        return bytes.fromhex(found[2:])

    def assess(self) -> list[str]:
        call = self.chain.grades.assess(self.subject)
        return [self.acting.as_anyone("office:servicer", call, "note grade", self.thing_id).id]

    def inspect(self, asked: InspectionRequest) -> list[str]:
        """The contract refuses whoever is no listed inspector. One that has attested something of the consignment sees
        it."""
        call = self.chain.grades.regrade(self.subject, asked.sequence, asked.grade)
        return [self.acting.by_itself(call, "set grade", self.thing_id).id]

    def written(self, session: Session, transaction_ids: list[str]) -> GradeWritten:
        shown = service.grade(session, self.acting.principal, self.chain, self.thing_id)
        return GradeWritten(grade=shown, transactions=transaction_views(session, transaction_ids))
