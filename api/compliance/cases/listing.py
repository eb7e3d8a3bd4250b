"""By what cases may be filtered and sorted."""

from api.compliance.cases.models import Case
from api.compliance.cases.schemas import CaseKind, CaseState
from api.lists import LEI, NUMBER, TEXT, TIMESTAMP, Listing, column, words

CASES = Listing(
    column("kind", words(CaseKind), Case.kind),
    column("lei", LEI, Case.lei),
    column("state", words(CaseState), Case.state),
    column("assignee", TEXT, Case.assignee),
    column("opened_at", TIMESTAMP, Case.opened_at),
    column("closed_at", TIMESTAMP, Case.closed_at),
    key=column("sequence", NUMBER, Case.sequence, nullable=False),
    key_is_shown=False,
)
