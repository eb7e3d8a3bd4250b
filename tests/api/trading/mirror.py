"""Where the gateway's rows differ from what the contracts say at the same block. Nothing, if all is well."""

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from api.cash.models import Balance, ParkedPayout
from api.db import Database, chain_tables
from api.facilities.models import Facility
from api.facilities.schemas import DAY_COUNTS
from api.financings import service as financings
from api.financings.models import Consent, Draw, Financing, Repayment, WriteOff
from api.indexer.models import THE_CURSOR, Cursor, IndexedEvent
from api.milestones.models import Fact, FactStatus
from api.participants.models import Account, Organisation
from api.pools import service as pools
from api.pools.models import Position, Redemption
from api.receivables.models import Holding, Receivable
from chain_node.client import Chain, Tranche

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
    yield from _amendments(session, chain, block)
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
    for parked in session.exec(select(ParkedPayout)):
        keeper = chain.desk if parked.keeper == chain.desk.address else chain.orders
        (theirs,) = keeper.read("parked", parked.payee, parked.cash, block=block)
        yield f"parked for {parked.payee}", parked.amount, theirs
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
        held = chain.receivables.balance_of(holding.holder, int(holding.receivable_id, 16), block)
        yield f"units of {holding.receivable_id} at {holding.holder}", holding.units, held


def _facilities(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Facility)):
        its = chain.desk.facility(row.number, block)
        terms = {name: getattr(row, name) for name in vars(its.terms)}
        yield f"facility {row.number}", terms, {**vars(its.terms), "day_count": DAY_COUNTS[its.terms.day_count]}
        yield f"recourse of facility {row.number}", row.recourse_to, its.recourse_to


def _financings(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Financing)):
        its = chain.desk.financing(row.number, block)
        ours = (row.facility, row.state, row.maturity_day, row.collateral, row.item_id, row.subject)
        item, subject = f"0x{its.item_id:064x}", f"0x{its.subject.hex()}"
        theirs = (its.facility, its.state.name.lower(), its.maturity_day, its.collateral, item, subject)
        yield f"financing {row.number}", ours, theirs
        yield f"principal of {row.number}", _principal(session, row.number), (its.principal, its.written_off)
        (shown,) = financings.standings(session, chain, [row.number])
        yield f"owed on {row.number}", shown.owed, chain.desk.owed(row.number, block)
        available = (shown.base, shown.available)
        yield f"availability of {row.number}", available, chain.desk.availability(row.number, block)


def _amendments(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for row in session.exec(select(Consent)):
        agreed, approved, spent = chain.servicing.read("consentOf", bytes.fromhex(row.amendment[2:]), block=block)[:3]
        yield f"end of amendment {row.amendment}", row.carried_out_at is not None, spent
        known = (not agreed or row.agreed_at is not None, not approved or row.approved_at is not None)
        yield f"consents to {row.amendment}", known, (True, True)


def _principal(session: Session, number: int) -> tuple[int, int]:
    """What the rows of draws, repayments and losses leave lent, and written off."""
    drawn = sum(row.amount for row in session.exec(select(Draw).where(col(Draw.financing) == number)))
    repaid = session.exec(select(Repayment).where(col(Repayment.financing) == number)).all()
    lost = sum(row.amount for row in session.exec(select(WriteOff).where(col(WriteOff.financing) == number)))
    return drawn - sum(row.principal for row in repaid) - lost, lost - sum(row.recovered for row in repaid)


def _pools(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    for shown in pools.pools(session, chain).items:
        pool = chain.pool(shown.currency)
        books = pool.books(block)
        ours = (shown.cash.units, shown.principal_out.units, shown.impairment.units, shown.set_aside.units)
        yield f"books of {shown.currency}", ours, (books.cash, books.principal_out, books.impairment, books.set_aside)
        assets = (shown.gross.units, shown.net.units)
        yield f"assets of {shown.currency}", assets, (pool.gross_assets(block), pool.net_assets(block))
        for tranche in Tranche:
            yield from _tranche(session, chain, block, shown.currency, tranche)


def _tranche(session: Session, chain: Chain, block: int, currency: str, tranche: Tranche) -> Iterator[Pair]:
    vault, name = chain.vault(currency, tranche), tranche.name.lower()
    found = session.exec(select(Position).where(Position.currency == currency, Position.tranche == name)).all()
    for position in found:
        held = vault.balance_of(position.account, block)
        yield f"{name} shares of {position.account}", position.shares, held
    waiting = vault.balance_of(vault.address, block)
    yield f"{name} shares of {currency}", sum(p.shares for p in found) + waiting, vault.total_supply(block)
    asked = session.exec(select(Redemption).where(Redemption.currency == currency, Redemption.tranche == name)).all()
    for epoch in {each.epoch for each in asked}:
        shares = sum(each.shares for each in asked if each.epoch == epoch)
        yield f"{name} shares asked for in epoch {epoch}", shares, vault.epoch(epoch, block).requested


def _facts(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    now = session.get_one(Cursor, THE_CURSOR).block_timestamp
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
        usable = row.status == FactStatus.FINAL and now >= (row.usable_from or 0)
        theirs_usable, _ = chain.milestones.usable_fact(subject, row.milestone, row.sequence, block)
        yield f"use of fact {row.milestone} of {row.subject}", usable, theirs_usable
