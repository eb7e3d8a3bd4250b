"""What an organisation has used, day by day, the newest first."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from sqlmodel import Session

from api.auth.principal import Principal
from api.db import utc_now
from api.errors import Malformed, NotFound
from api.usage import repository
from api.usage.schemas import DayUsage, OperationsUsage, UsageView

MOST_DAYS: Final = 366
_USUAL_DAYS: Final = 30


def usage(session: Session, principal: Principal, lei: str | None, first: date | None, last: date | None) -> UsageView:
    """Of the caller's organisation, or for operator and supervisor of any; the last thirty days by default."""
    if lei is not None and not principal.sees(lei):
        raise NotFound("organisation-unknown", f"There is no organisation {lei} that the caller speaks for.", lei=lei)
    named = lei or (None if principal.sees_all else principal.organisation())
    last = last or utc_now().date()
    first = first or last - timedelta(days=_USUAL_DAYS - 1)
    days = (last - first).days + 1
    if not 0 < days <= MOST_DAYS:
        detail = f"`from` lies before `to`, at most {MOST_DAYS} days; it is {first} to {last}."
        raise Malformed("days-out-of-range", detail, days=days, most=MOST_DAYS)
    return UsageView(lei=named, items=_days(session, named or "", first, last))


def _days(session: Session, lei: str, first: date, last: date) -> list[DayUsage]:
    counted: dict[date, list[OperationsUsage]] = defaultdict(list)
    for row in repository.counts(session, lei, first, last):
        counted[row.day].append(OperationsUsage.model_validate(row, from_attributes=True))
    sent = repository.transactions(session, lei, first, last)
    filed = repository.document_bytes(session, lei, first, last)
    return [
        DayUsage(
            day=day,
            operations=counted[day],
            transactions=sent.get(day, (0, 0))[0],
            gas_used=sent.get(day, (0, 0))[1],
            document_bytes=filed.get(day, 0),
        )
        for day in sorted({*counted, *sent, *filed}, reverse=True)
    ]
