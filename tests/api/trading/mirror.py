"""Where the gateway's rows differ from what the contracts say at the same block. Nothing, if all is well."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from api.cash.models import Balance
from api.clock import indexed_now
from api.db import Database, chain_tables
from api.facilities.models import Facility
from api.financings import availability as reckoning
from api.financings import income
from api.financings.models import Financing
from api.indexer.models import THE_CURSOR, Cursor, IndexedEvent
from api.milestones import service as milestones
from api.milestones.models import Fact, FactStatus
from api.participants.models import Account, Organisation
from api.pools import service as pools
from api.pools.models import Pool, Position
from api.receivables import service as receivables
from api.receivables.models import Holding, Receivable
from chain_node.client import Chain

Pair = tuple[str, Any, Any]


def differences(database: Database, chain: Chain) -> list[str]:
    """What the rows say and the chain does not, one line each."""
    with database.session() as session:
        block = session.get_one(Cursor, THE_CURSOR).block_number
        pairs = [*_pairs(session, chain, block)]
    assert pairs
    return [f"{what}: rows {ours!r}, chain {theirs!r}" for what, ours, theirs in pairs if ours != theirs]


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Everything that is rebuilt from the chain, table by table."""
    with database.session() as session:
        return {
            str(table.__tablename__): sorted(
                (row.model_dump() for row in session.exec(select(table))), key=lambda row: str(row)
            )
            for table in chain_tables()
        }


def _pairs(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    poison = session.exec(select(IndexedEvent).where(IndexedEvent.status == "poison")).all()
    yield "poison events", [(event.name, event.error) for event in poison], []
    yield from _organisations(session, chain, block)
    yield from _cash(session, chain, block)
    yield from _receivables(session, chain, block)
    yield from _facilities(session, chain, block)
    yield from _financings(session, chain, block)
    yield from _pools(session, chain, block)
    yield from _facts(session, chain, block)


def _organisations(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Organisation)):
        its = chain.registry.organisation(row.number, block)
        ours = (row.lei, row.group_lei, row.jurisdiction, row.roles, row.kyc_expires_at, row.suspended)
        theirs = (its.lei, its.group_lei, its.jurisdiction, int(its.roles), its.kyc_expires_at, its.suspended)
        yield f"organisation {row.lei}", ours, theirs
    for account in session.exec(select(Account)):
        member = chain.registry.membership_of(account.address, block)
        ours_too = (account.organisation, account.frozen)
        yield f"account {account.address}", ours_too, (member.organisation, member.frozen)


def _cash(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    supply: dict[str, int] = {}
    for row in session.exec(select(Balance)):
        supply[row.currency] = supply.get(row.currency, 0) + row.amount
        yield f"cash of {row.account}", row.amount, chain.cash(row.currency).balance_of(row.account, block)
    for currency, units in supply.items():
        yield f"supply of {currency}", units, chain.cash(currency).total_supply(block)


def _receivables(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Receivable)):
        its = chain.receivables.receivable(int(row.id, 16), block)
        ours = (row.supplier, row.debtor, row.face_value, row.paid, row.quantity, row.due_date)
        theirs = (its.supplier, its.debtor, its.face_value, its.paid, its.quantity, its.due_date)
        yield f"terms of {row.id}", ours, theirs
        state = (row.state, row.set_off_waived)
        yield f"state of {row.id}", state, (its.state.name.lower(), its.set_off_waived)
    for holding in session.exec(select(Holding)):
        item = int(holding.receivable_id, 16)
        held = chain.receivables.balance_of(holding.holder, item, block)
        claimable = chain.receivables.claimable(item, holding.holder, block)
        pledged = receivables.pledged(session, holding.receivable_id, holding.holder)
        assert pledged is not None
        name = f"units of {holding.receivable_id} at {holding.holder}"
        yield name, (holding.units, pledged.units), (held, held - claimable)


def _facilities(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Facility)):
        its = chain.desk.facility(row.number, block)
        ours = (row.supplier, row.pool, row.limit, row.drawn, row.discount_rate_bps, row.fee_bps, row.expires_at)
        theirs = (its.supplier, its.pool, its.limit, its.drawn, its.discount_rate_bps, its.fee_bps, its.expires_at)
        yield f"facility {row.number}", ours, theirs


def _financings(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    now = indexed_now(session)
    for row in session.exec(select(Financing)):
        its = chain.desk.financing(row.number, block)
        ours = (row.state, row.accrued_at, row.principal, row.fees_due, row.impairment, row.accrued_numerator)
        theirs = (
            its.state.name.lower(),
            its.accrued_at,
            its.principal,
            its.fees_due,
            its.impairment,
            its.accrued_numerator,
        )
        yield f"financing {row.number}", ours, theirs
        owed, owes = reckoning.owed(row, now), chain.desk.owed(row.number, block)
        yield (
            f"owed on {row.number}",
            (owed.fees, owed.interest, owed.principal),
            (
                owes.fees,
                owes.interest,
                owes.principal,
            ),
        )
        found = reckoning.availability(session, row, chain.addresses, now)
        assert found is not None
        available = (found.base, found.available)
        yield f"availability of {row.number}", available, chain.desk.availability(row.number, block)


def _pools(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    now = indexed_now(session)
    for row in session.exec(select(Pool)):
        pool, vault = chain.pool(row.currency), chain.vault(row.currency)
        books = pool.books(block)
        ours = (row.cash, row.principal_out, row.accrued_fees, row.impairment)
        theirs = (books.cash, books.principal_out, books.accrued_fees, books.impairment)
        yield f"books of {row.currency}", ours, theirs
        accrued = income.accrued(session, chain.addresses.address(f"LendingPool:{row.currency}"), now)
        yield f"income of {row.currency}", accrued, pool.accrued_income(block)
        shown = pools.pool(session, chain.addresses, row.currency)
        assets = (shown.gross.units, shown.net.units)
        yield f"assets of {row.currency}", assets, (pool.gross_assets(block), pool.net_assets(block))
        yield f"shares of {row.currency}", row.shares, vault.total_supply(block)
        for position in session.exec(select(Position).where(col(Position.currency) == row.currency)):
            value = int(shown.exit_price.numerator) * position.shares // int(shown.exit_price.denominator)
            held = vault.balance_of(position.account, block)
            theirs_too = (held, vault.preview_redeem(held, block))
            yield f"position of {position.account}", (position.shares, value), theirs_too


def _facts(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    now = indexed_now(session)
    for row in session.exec(select(Fact)):
        subject = bytes.fromhex(row.subject[2:])
        its = chain.milestones.fact(subject, row.milestone, row.sequence, block)
        least = row.relied_quantity if row.status == FactStatus.FINAL else row.least_quantity
        ours = (row.status, row.count, least, row.greatest_quantity, row.occurred_at, row.final_at or 0)
        theirs = (
            its.status.name.lower(),
            its.count,
            its.least_quantity,
            its.greatest_quantity,
            its.occurred_at,
            its.final_at,
        )
        yield f"fact {row.milestone} of {row.subject}", ours, theirs
        standing = milestones.standing(session, row.subject, now)[(row.milestone, row.sequence)]
        usable = (standing.usable, standing.quantity if standing.usable else 0)
        yield (
            f"use of fact {row.milestone}",
            usable,
            chain.milestones.usable_fact(subject, row.milestone, row.sequence, block),
        )
