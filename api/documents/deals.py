"""Who is a party to the deal that a paper belongs to, as the database has the chain.

Of an invoice these are supplier and debtor; whoever holds units of it; and of each financing that is open or in default
and backed by it, whoever holds shares of the pool that funds it, or of a pool that has listed the syndicate that does:
that may draw on its cash (decision 0046)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from api.facilities.models import Facility
from api.financings.models import Financing, FinancingState
from api.invoices.models import InvoiceRow
from api.participants import service as participants
from api.pools.models import Position, SyndicateMember
from api.receivables.models import Holding

_LIVE = (FinancingState.OPEN.value, FinancingState.DEFAULTED.value)


@dataclass(frozen=True)
class Deal:
    """The parties to one paper, by LEI."""

    cid: str
    named: frozenset[str]
    holders: set[str] = field(default_factory=set)
    lenders: set[str] = field(default_factory=set)

    @property
    def parties(self) -> set[str]:
        return {*self.named, *self.holders, *self.lenders}

    def nameable_by(self, lei: str) -> set[str]:
        """Whom a party may name without learning of another what it is not told: how a receivable is financed is
        nobody's to find out by trying."""
        told = self.holders if lei in {*self.holders, *self.named} else set()
        return {*self.named, *told, *({lei} & self.parties)}


def _sources(session: Session, pools: Mapping[str, str]) -> dict[str, set[str]]:
    """Whose money each source (by address) lends: pools, by currency; of a syndicate its members."""
    found = {address: {currency} for address, currency in pools.items()}
    for row in session.exec(select(SyndicateMember).where(col(SyndicateMember.pool).in_(list(pools)))):
        found.setdefault(row.syndicate, set()).add(pools[row.pool])
    return found


def of_paper(session: Session, cid: str) -> list[InvoiceRow]:
    return list(session.exec(select(InvoiceRow).where(InvoiceRow.document_cid == cid)))


def of_receivables(session: Session, ids: Collection[str]) -> list[InvoiceRow]:
    return list(session.exec(select(InvoiceRow).where(col(InvoiceRow.receivable_id).in_(ids)))) if ids else []


def of_financings(session: Session, numbers: Collection[int]) -> list[InvoiceRow]:
    """The invoices that back them, or whose consignment they follow."""
    if not numbers:
        return []
    chosen = select(Financing.item_id, Financing.subject).where(col(Financing.number).in_(numbers))
    pairs = session.exec(chosen).all()
    items, subjects = {item for item, _ in pairs}, {subject for _, subject in pairs}
    by_item = session.exec(select(InvoiceRow).where(col(InvoiceRow.receivable_id).in_(items)))
    by_subject = session.exec(select(InvoiceRow).where(col(InvoiceRow.subject).in_(subjects)))
    return list({invoice.id: invoice for invoice in (*by_item, *by_subject)}.values())


def financings_of_pools(session: Session, currencies: Collection[str], pools: Mapping[str, str]) -> list[int]:
    """What the pools have lent and not got back, alone or with others, by number."""
    funding = [source for source, its in _sources(session, pools).items() if not its.isdisjoint(currencies)]
    if not funding:
        return []
    chosen = (
        select(Financing.number)
        .join(Facility, col(Facility.number) == col(Financing.facility))
        .where(col(Facility.pool).in_(funding), col(Financing.state).in_(_LIVE))
    )
    return list(session.exec(chosen))


def deals(session: Session, invoices: Sequence[InvoiceRow], pools: Mapping[str, str]) -> list[Deal]:
    """The deal of each invoice."""
    found = {
        invoice.receivable_id: Deal(invoice.document_cid, frozenset((invoice.supplier_lei, invoice.debtor_lei)))
        for invoice in invoices
    }
    _add_holders(session, found)
    _add_lenders(session, invoices, found, pools)
    return list(found.values())


def _add_holders(session: Session, found: Mapping[str, Deal]) -> None:
    chosen = select(Holding).where(col(Holding.receivable_id).in_(list(found)), Holding.units > 0)
    holdings = list(session.exec(chosen))
    leis = participants.leis_by_account(session, {holding.holder for holding in holdings})
    for holding in holdings:
        if holding.holder in leis:
            found[holding.receivable_id].holders.add(leis[holding.holder])


def _add_lenders(
    session: Session, invoices: Sequence[InvoiceRow], found: Mapping[str, Deal], pools: Mapping[str, str]
) -> None:
    subjects = {invoice.subject: invoice.receivable_id for invoice in invoices}
    funded = (
        select(Financing.item_id, Financing.subject, Facility.pool)
        .join(Facility, col(Facility.number) == col(Financing.facility))
        .where(col(Financing.state).in_(_LIVE))
    )
    by_item = session.exec(funded.where(col(Financing.item_id).in_(list(found)))).all()
    by_subject = session.exec(funded.where(col(Financing.subject).in_(list(subjects)))).all()
    sources = _sources(session, pools)
    lenders = _lenders(session, {its for *_, source in (*by_item, *by_subject) for its in sources.get(source, ())})
    for item, subject, source in {*by_item, *by_subject}:
        joined = {lei for currency in sources.get(source, ()) for lei in lenders.get(currency, ())}
        for receivable in {item, subjects.get(subject)} & found.keys():
            found[str(receivable)].lenders.update(joined)


def _lenders(session: Session, currencies: Collection[str]) -> dict[str, set[str]]:
    """Whoever holds shares of a pool, by its currency."""
    if not currencies:
        return {}
    chosen = select(Position.currency, Position.account).where(
        col(Position.currency).in_(currencies), Position.shares > 0
    )
    positions = session.exec(chosen).all()
    leis = participants.leis_by_account(session, {account for _, account in positions})
    found: dict[str, set[str]] = {}
    for currency, account in positions:
        if account in leis:
            found.setdefault(currency, set()).add(leis[account])
    return found
