"""By what lists' versions and hits may be filtered and sorted."""

from api.compliance.screening.models import Hit, ListVersion
from api.compliance.screening.schemas import HitState, ListKind, SubjectKind
from api.lists import COUNT, LEI, NUMBER, TEXT, TIMESTAMP, Listing, column, words

VERSIONS = Listing(
    column("name", TEXT, ListVersion.name),
    column("kind", words(ListKind), ListVersion.kind),
    column("sha256", TEXT, ListVersion.sha256),
    column("uploaded_at", TIMESTAMP, ListVersion.uploaded_at),
    key=column("version", NUMBER, ListVersion.serial),
)
HITS = Listing(
    column("state", words(HitState), Hit.state),
    column("lei", LEI, Hit.lei),
    column("subject_kind", words(SubjectKind), Hit.subject_kind),
    column("score", COUNT, Hit.score),
    column("raised_at", TIMESTAMP, Hit.raised_at),
    column("decided_by", TEXT, Hit.decided_by),
    column("decided_at", TIMESTAMP, Hit.decided_at),
    key=column("sequence", NUMBER, Hit.sequence, nullable=False),
    key_is_shown=False,
)
