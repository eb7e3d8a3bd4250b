"""New readers of papers that are here already: the paper's key, opened for the operator, is wrapped for them.

`Rewrapper` follows the log of events: what is financed, handed over, refinanced or sold, and who lends, is told there.
The keys are stored before the place in the log moves on, and a key that is there is left alone: whoever is killed in
between does the same again. Whoever leaves a deal keeps what it was given, since it may have read it, and is given
nothing of what joins the deal after that."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, func, select

from api.auth.principal import Principal
from api.compliance.decisions import by_itself
from api.db import Database, insert_new
from api.documents import deals, repository
from api.documents.errors import DocumentAbsent, NoPartyToDeal
from api.documents.models import THE_PLACE, DocumentKey, DocumentPlace
from api.documents.readers import OPERATOR, ReaderKeys, public_key_of
from api.documents.schemas import ReaderView
from api.documents.sealing import unwrap, wrap
from api.documents.service import refuse_erased
from api.events.models import EventRow
from api.invoices.models import InvoiceRow
from api.participants import service as participants

BATCH = 200
SKIPPED = 1_000
"""So many events that say nothing of readers are read again and again before the place in the log moves past them."""
_TRANSFERRED = "receivable.transferred"
_LENDERS = ("pool.deposit", "pool.shares_transferred", "pool.syndicate_joined")
_FINANCED = ("financing.opened", "financing.handed_over", "financing.refinanced")
_TYPES = (_TRANSFERRED, *_LENDERS, *_FINANCED)


def admit(
    session: Session, principal: Principal, keys: ReaderKeys, pools: Mapping[str, str], cid: str, lei: str
) -> ReaderView:
    """Lets a party to the paper's deal read it, as one of its readers asks; changes nothing where it can already.

    DocumentAbsent for who cannot read it itself, DocumentErased, NoPartyToDeal for whoever is none, or not the
    caller's to name."""
    reader = OPERATOR if principal.is_operator else principal.organisation()
    if repository.key(session, cid, reader) is None:
        refuse_erased(session, cid, reader)
        raise DocumentAbsent(cid)
    found = deals.deals(session, deals.of_paper(session, cid), pools)
    nameable = {each for deal in found for each in (deal.parties if reader == OPERATOR else deal.nameable_by(reader))}
    if lei not in nameable:
        raise NoPartyToDeal(cid, lei)
    granted = grant(session, keys, cid, [lei])
    # Another request may have erased it since it was looked at.
    refuse_erased(session, cid, reader)
    return ReaderView(cid=cid, lei=lei, granted=bool(granted))


def grant(session: Session, keys: ReaderKeys, cid: str, leis: Collection[str]) -> list[str]:
    """Wraps the paper's key for those that cannot read it yet; which these were. None where it was erased."""
    if not repository.lock(session, cid):
        return []
    opening = repository.key(session, cid, OPERATOR)
    readers = set(repository.readers(session, cid))
    missing = sorted(set(leis) - readers)
    if opening is None or not missing:
        return []
    key = unwrap(opening.wrapped, keys.private(OPERATOR), cid=cid, reader=OPERATOR)
    for lei in missing:
        own = participants.document_key_of(session, lei)
        public_key = public_key_of(lei, own) if own else keys.ensure(lei)
        session.add(DocumentKey(cid=cid, reader=lei, wrapped=wrap(key, public_key, cid=cid, reader=lei)))
    session.flush()
    return missing


class Rewrapper:
    """Grants papers to who joins their deals. Any number of processes may run it on one database."""

    def __init__(self, database: Database, keys: Callable[[], ReaderKeys], pools: Mapping[str, str]) -> None:
        self._database, self._keys, self._pools = database, keys, pools

    def step(self) -> bool:
        """Follows the log by one batch; whether there may be more."""
        with self._database.session() as session:
            place = session.get(DocumentPlace, THE_PLACE)
            through = place.through if place else 0
            last = session.exec(select(func.max(EventRow.sequence))).one() or 0
            events = _following(session, through, last)
            missing = self._missing(session, events) if events else {}
        for cid, leis in missing.items():
            with self._database.transaction() as session:
                self._grant(session, cid, leis)
        if events or last - through >= SKIPPED:
            to = events[-1].sequence if len(events) == BATCH else last
            self._database.run(lambda session: _move(session, through, to))
        return len(events) == BATCH

    def _missing(self, session: Session, events: Sequence[EventRow]) -> dict[str, set[str]]:
        """Who cannot read which paper yet, and should."""
        named: dict[str, set[str]] = {}
        for event in events:
            named.setdefault(event.type, set()).add(event.resource_id)
        financings = {int(number) for kind in _FINANCED for number in named.get(kind, ())}
        pools = {currency for kind in _LENDERS for currency in named.get(kind, ())}
        financings.update(deals.financings_of_pools(session, pools, self._pools))
        missing = self._unread(session, deals.of_receivables(session, named.get(_TRANSFERRED, ())))
        for numbers in _batches(sorted(financings)):
            missing |= self._unread(session, deals.of_financings(session, numbers))
        return missing

    def _unread(self, session: Session, invoices: Sequence[InvoiceRow]) -> dict[str, set[str]]:
        found = deals.deals(session, invoices, self._pools)
        readers = repository.readers_of(session, [deal.cid for deal in found])
        # No reader at all: it was erased.
        unread = {deal.cid: deal.parties - readers[deal.cid] for deal in found if readers[deal.cid]}
        return {cid: leis for cid, leis in unread.items() if leis}

    def _grant(self, session: Session, cid: str, leis: Collection[str]) -> None:
        if granted := grant(session, self._keys(), cid, leis):
            by_itself(session, "document.granted", cid, readers=" ".join(granted))


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), BATCH):
        yield numbers[start : start + BATCH]


def _following(session: Session, through: int, last: int) -> list[EventRow]:
    between = (EventRow.sequence > through, EventRow.sequence <= last)
    chosen = select(EventRow).where(*between, col(EventRow.type).in_(_TYPES))
    return list(session.exec(chosen.order_by(col(EventRow.sequence)).limit(BATCH)))


def _move(session: Session, through: int, to: int) -> None:
    """Where another process has moved on already, its place stays."""
    table = SQLModel.metadata.tables[str(DocumentPlace.__tablename__)]
    insert_new(session.connection(), table, {"id": THE_PLACE, "through": 0})
    moved = update(table).where(table.c.id == THE_PLACE, table.c.through == through).values(through=to)
    session.connection().execute(moved)
