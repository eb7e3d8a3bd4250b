"""What ends: papers and KYC, listed, and raised as cases ahead of time. By the chain's clock."""

from datetime import UTC, datetime, time, timedelta

from sqlmodel import Session

from api.clock import indexed_now
from api.compliance.cases import service as cases
from api.compliance.cases.service import Finding
from api.compliance.onboarding import repository
from api.compliance.onboarding.schemas import ExpiryView
from api.values import moment


def expiries(session: Session, within_days: int) -> list[ExpiryView]:
    """What has ended, or will within so many days, the first to end first."""
    now = moment(indexed_now(session))
    until = now + timedelta(days=within_days)
    found = []
    for paper in repository.papers_expiring(session, until.date()):
        assert paper.expires_on is not None
        ends = datetime.combine(paper.expires_on, time(), UTC)
        found.append(
            ExpiryView(lei=paper.lei, what=paper.kind, expires_at=ends, document_cid=paper.cid, expired=ends <= now)
        )
    for organisation in repository.organisations_expiring(session, int(until.timestamp())):
        ends = moment(organisation.kyc_expires_at)
        found.append(
            ExpiryView(lei=organisation.lei, what="kyc", expires_at=ends, document_cid=None, expired=ends <= now)
        )
    return sorted(found, key=lambda each: (each.expires_at, each.lei, each.what))


def raise_cases(session: Session, notice_days: int) -> list[str]:
    """A case for each end that is near, once; the ids of the new ones."""
    return cases.open_new(session, [_finding(each, notice_days) for each in expiries(session, notice_days)])


def _finding(ending: ExpiryView, notice_days: int) -> Finding:
    kind = "kyc-expiry" if ending.what == "kyc" else "document-expiry"
    ends = ending.expires_at.isoformat()
    return Finding(
        kind=kind,
        lei=ending.lei,
        title=f"{ending.what} ends on {ending.expires_at.date()}",
        facts=(ending.what, ends, ending.document_cid or ""),
        figures={"what": ending.what, "expires_at": ends, "notice_days": notice_days},
    )
