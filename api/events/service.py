"""The log of events as each organisation may see it: of what it was a party to, of kinds whose scope the token has."""

import re
from collections.abc import Sequence

from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Forbidden, Gone, Malformed, NotFound
from api.events import repository
from api.events.models import EventRow
from api.events.registry import KINDS, TYPES
from api.events.schemas import EVENT_ID_PATTERN, EventPage, EventView, ResourceView, TypesView, TypeView
from api.events.sight import Sight
from api.transactions.traces import traces_of
from api.values import moment

ALL_TYPES = "*"


def event_id(sequence: int) -> str:
    return f"evt_{sequence:016x}"


def sequence_of(text: str) -> int:
    """The number of an event by its id; Malformed where it is none."""
    if re.match(EVENT_ID_PATTERN, text) is None or (number := int(text[4:], 16)) >= 2**63:
        detail = "That is not the id of an event: `evt_` and 16 hexadecimal digits."
        raise Malformed("event-id-malformed", detail)
    return number


def place_after(session: Session, text: str) -> int:
    """The number of an event of the log, or 0 for its beginning; Gone where the log has no such event, as one may keep
    of a log that was lost: what follows it is not known."""
    number = sequence_of(text)
    if number and (known := repository.last(session, through=number)) != number:
        detail = f"The log has no event {text}; one that was lost may have had it. Go on after {event_id(known)}."
        raise Gone("event-of-lost-log", detail, id=text, last=event_id(known))
    return number


def kinds_of(principal: Principal) -> frozenset[str]:
    """Those whose resources the token may read."""
    return frozenset(name for name, kind in KINDS.items() if kind.scope in principal.scopes)


def sight_of(
    principal: Principal, types: Sequence[str] = (), kind: str | None = None, resource_id: str | None = None
) -> Sight:
    """What the caller sees; Malformed for types that do not exist, Forbidden for those whose scope it lacks."""
    require_types(principal, types)
    lei = None if principal.sees_all else principal.organisation()
    named = () if ALL_TYPES in types else tuple(types)
    return Sight(lei, kinds_of(principal), named, kind, resource_id)


def require_types(principal: Principal, types: Sequence[str]) -> None:
    """Refuses what `sight_of` refuses."""
    for named in types:
        if named == ALL_TYPES:
            continue
        kind = KINDS.get(named.removesuffix(".*")) if named.endswith(".*") else TYPES.get(named)
        if kind is None:
            detail = f"There is no type of event {named[:80]}; GET /v1/events/types lists them."
            raise Malformed("event-type-unknown", detail, type=named[:80])
        if kind.scope not in principal.scopes:
            detail = f"Events of type {named} take the scope {kind.scope}, which the token lacks."
            raise Forbidden("scope-missing", detail, missing=[kind.scope])


def find(session: Session, principal: Principal, text: str) -> EventRow:
    """The event; NotFound where there is none that the caller may see."""
    found = None
    if re.match(EVENT_ID_PATTERN, text):
        found = repository.event(session, sight_of(principal), sequence_of(text))
    if found is None:
        raise NotFound("event-absent", f"There is no event {text[:40]} that you may see.", id=text[:40])
    return found


def told(session: Session, sequence: int) -> EventView:
    """An event that is known to exist, for whoever may see it."""
    return view(session, session.get_one(EventRow, sequence))


def last(session: Session) -> int:
    """The number of the newest event, whomever it concerns; 0 before the first."""
    return repository.last(session)


def following(session: Session, sight: Sight, after: int, limit: int, through: int | None = None) -> list[EventRow]:
    """What is seen of the log after an event, up to another where one is named; the oldest first."""
    return repository.following(session, sight, after, limit, through)


def by_sequence(session: Session, sequences: Sequence[int]) -> dict[int, EventRow]:
    """Events that are known to exist, by their numbers."""
    return repository.by_sequence(session, sequences)


def page(session: Session, sight: Sight, before: str | None, after: str | None, limit: int) -> EventPage:
    """The newest first; the oldest first where `after` is given."""
    if before is not None and after is not None:
        raise Malformed("page-unknown", "Name `before` or `after`, not both.")
    if after is not None:
        found = repository.following(session, sight, place_after(session, after), limit)
    else:
        found = repository.newest(session, sight, None if before is None else sequence_of(before), limit)
    following = event_id(found[-1].sequence) if len(found) == limit else None
    return EventPage(items=views(session, found), next=following)


def types(principal: Principal) -> TypesView:
    """Every type of event that there is, and what seeing it takes."""
    return TypesView(items=[TypeView(type=name, scope=TYPES[name].scope) for name in sorted(TYPES)])


def view(session: Session, row: EventRow) -> EventView:
    return views(session, [row])[0]


def views(session: Session, rows: Sequence[EventRow]) -> list[EventView]:
    """Each with the trace of its transaction where that was the gateway's own."""
    traces = traces_of(session, {row.transaction_hash for row in rows if row.transaction_hash})
    return [_view(row, traces.get(row.transaction_hash)) for row in rows]


def _view(row: EventRow, trace_id: str | None) -> EventView:
    return EventView(
        id=event_id(row.sequence),
        type=row.type,
        resource=ResourceView(kind=row.kind, id=row.resource_id),
        occurred_at=moment(row.occurred_at),
        block_number=row.block_number,
        transaction_hash=row.transaction_hash or None,
        trace_id=trace_id,
        reverts=None if row.reverts is None else event_id(row.reverts),
        body=row.body,
    )
