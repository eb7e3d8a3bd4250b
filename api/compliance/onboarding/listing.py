"""By what applications may be filtered and sorted."""

from api.compliance.onboarding.models import Application
from api.compliance.onboarding.schemas import ApplicationState
from api.lists import LEI, NUMBER, TEXT, TIMESTAMP, Listing, column, words

APPLICATIONS = Listing(
    column("state", words(ApplicationState), Application.state),
    column("lei", LEI, Application.lei),
    column("legal_name", TEXT, Application.legal_name),
    column("submitted_by", TEXT, Application.submitted_by),
    column("submitted_at", TIMESTAMP, Application.submitted_at),
    column("decided_at", TIMESTAMP, Application.decided_at),
    key=column("sequence", NUMBER, Application.sequence, nullable=False),
    key_is_shown=False,
)
