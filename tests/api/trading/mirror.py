"""Where the gateway's rows differ from what the contracts say at the same block. Nothing, if all is well."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session, col, select

from api.auth.principal import Principal
from api.cash.models import Balance, ParkedPayout
from api.db import Database, chain_tables
from api.errors import NotFound
from api.facilities.models import Facility
from api.facilities.schemas import DAY_COUNTS
from api.financings import service as financings
from api.financings.models import Consent, Draw, Financing, Repayment, WriteOff
from api.indexer.models import THE_CURSOR, Cursor, IndexedEvent
from api.insurance_policies.models import InsurancePolicy
from api.invoices.similarity import service as similarity
from api.kept import Kept
from api.margin_calls.models import MarginCall
from api.milestones.facts import facts_of
from api.milestones.models import Fact, FactStatus
from api.orders.earning import steps_of
from api.orders.models import Movement, Order, OrderState
from api.orders.sums import sums_of
from api.participants.models import Account, Organisation
from api.pledges import offers
from api.pledges.models import GoodsOffer
from api.pools import service as pools
from api.pools.entries import WITHOUT_MONEY
from api.pools.models import LenderEntry, PoolEntry, Position, Redemption, Risk
from api.readings.models import FeedValue
from api.receipts.models import Announcement, Lot, Title
from api.receivables import service as receivables
from api.receivables import showing
from api.receivables.models import Holding, Receivable
from api.release_orders.models import OrderState as ReleaseState
from api.release_orders.models import ReleaseOrder
from chain_node.client import Chain, FeedKind, Tranche, condition_feed
from chain_node.client.contracts.lending import NOBODY

Pair = tuple[str, Any, Any]


def differences(database: Database, chain: Chain) -> list[str]:
    """What the rows say and the chain does not, one line each."""
    with database.session() as session:
        block = session.get_one(Cursor, THE_CURSOR).block_number
        pairs = [*_pairs(session, chain, block), *_views(session, database, chain)]
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
    yield from _goods(session, chain, block)
    yield from _readings(session, chain, block)
    yield from _policies(session, chain, block)
    yield from _cash(session, chain, block)
    yield from _receivables(session, chain, block)
    yield from _orders(session, chain, block)
    yield from _facilities(session, chain, block)
    yield from _financings(session, chain, block)
    yield from _pools(session, chain, block)
    yield from _amendments(session, chain, block)
    yield from _facts(session, chain, block)


def _goods(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    lots, stock = chain.lots, chain.inventory_collateral
    for lot in session.exec(select(Lot)):
        its = lots.stock(int(lot.id, 16), block)
        said = (lot.received, lot.released, lot.state, lot.sequence)
        yield f"lot {lot.id}", said, (its.received, its.released, its.state.name.lower(), its.sequence)
        yield f"subject of lot {lot.id}", lot.subject, "0x" + lots.subject_of(int(lot.id, 16), block).hex()
    for title in session.exec(select(Title)):
        owned = lots.title_of(int(title.lot_id, 16), title.owner, block)
        yield f"title of {title.owner} to {title.lot_id}", title.units, owned
    for entry in session.exec(select(Announcement).where(col(Announcement.withdrawn_at).is_(None))):
        minted = lots.lot_of_entry(bytes.fromhex(entry.subject[2:]), entry.sequence, block) == int(entry.lot_id, 16)
        announced = lots.announced_by(bytes.fromhex(entry.digest[2:]), block)
        yield f"announcement {entry.digest}", entry.operator, entry.operator if minted else announced
    for order in session.exec(select(ReleaseOrder).where(ReleaseOrder.state == ReleaseState.ORDERED)):
        its_exit = lots.order_of_exit(bytes.fromhex(order.subject[2:]), order.sequence, block)
        yield f"order of exit {order.sequence} of {order.subject}", order.digest, "0x" + its_exit.hex()
    for call in session.exec(select(MarginCall).where(col(MarginCall.ended_at).is_(None))):
        open_ = stock.margin_call_of(call.financing, block)
        yield f"margin call {call.financing}-{call.number}", call.deadline, open_.deadline or call.deadline
    for offer in session.exec(select(GoodsOffer)):
        known = stock.offer_digest(offers.on_chain(offer), block)
        yield f"offer {offer.digest}", offer.digest, "0x" + known.hex()


def _readings(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    """The last value of every series, by its policy and consignment."""
    last: dict[tuple[str, str | None], FeedValue] = {}
    order = (col(FeedValue.block_number), col(FeedValue.log_index))
    for value in session.exec(select(FeedValue).where(col(FeedValue.past).is_(False)).order_by(*order)):
        last[value.policy, value.subject] = value
    for (policy, subject), value in last.items():
        feed = bytes.fromhex(policy[2:])
        if subject is not None:
            feed = condition_feed(FeedKind(int(policy, 16)), bytes.fromhex(subject[2:]))
        record = chain.feeds.record(feed, block)
        said = (value.round, value.value, value.observed_at)
        yield f"last value of {policy} {subject}", said, (record.round, record.value, record.observed_at)


def _policies(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    found = list(session.exec(select(InsurancePolicy)))
    yield "policies", len(found), chain.insurance.policy_count(block)
    for policy in found:
        its = chain.insurance.policy(policy.number, block)
        said = (policy.insurer, policy.state, int(policy.terms["limit"]), policy.bound_at or 0)
        yield f"policy {policy.number}", said, (its.insurer, its.state.name.lower(), its.terms.limit, its.bound_at)


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


class _Linked:
    """As much of a gateway's link as showing a receivable takes. What it keeps outlives the steps of a trade."""

    def __init__(self, chain: Chain) -> None:
        self.kept: Kept[Any] = Kept(1_000)
        self.names = {address: name for name, address in chain.addresses.addresses.items()}
        self._chain = chain

    def chain(self) -> Chain:
        return self._chain


_LINKS: WeakKeyDictionary[Database, _Linked] = WeakKeyDictionary()


def _views(session: Session, database: Database, chain: Chain) -> Iterator[Pair]:
    """The straight answer to everybody, beside the one that is worked out row by row and asked from the chain anew."""
    link: Any = _LINKS.setdefault(database, _Linked(chain))
    leis = session.exec(select(Organisation.lei)).all()
    everybody = [Principal("operator", None, frozenset({"operator"}))]
    everybody += [Principal(lei, lei, frozenset()) for lei in leis]
    for receivable_id in session.exec(select(Receivable.id)).all():
        for principal in everybody:
            what = f"receivable {receivable_id} as {principal.client_id} sees it"
            straight = _said(lambda: showing.shown(database, link, principal, receivable_id))  # noqa: B023 - called here
            yield what, straight, _said(lambda: _slowly(session, principal, receivable_id, chain))  # noqa: B023 - too


def _said(answer: Callable[[], bytes]) -> str:
    try:
        return answer().decode()
    except NotFound as refusal:
        return refusal.detail


def _slowly(session: Session, principal: Principal, receivable_id: str, chain: Chain) -> bytes:
    found = receivables.find(session, principal, receivable_id)
    similar = similarity.shown(session, principal, receivable_id)
    view = receivables.view(session, principal, found, chain).model_copy(update={"similar": similar})
    return view.model_dump_json().encode()


def _orders(session: Session, chain: Chain, block: int) -> Iterator[Pair]:
    escrow = chain.orders
    found = session.exec(select(Order)).all()
    money, _ = sums_of(session, chain, found)
    facts = facts_of(session, [row.subject for row in found], session.get_one(Cursor, THE_CURSOR).block_timestamp)
    for row, sums in zip(found, money, strict=True):
        number = int(row.id, 16)
        its = escrow.order(number, block)
        ours = (row.seller, row.buyer, row.value, row.quantity, row.deliver_by, row.grace_days, row.state)
        theirs = (its.seller, its.buyer, its.value, its.quantity, its.deliver_by, its.grace_days)
        yield f"terms of order {row.id}", ours, (*theirs, its.state.name.lower())
        yield f"hash of order {row.id}", row.terms_hash, f"0x{escrow.terms_hash_of(number, block).hex()}"
        assignees = (escrow.assignee_of(number, block), escrow.refund_assignee_of(number, block))
        yield f"assignees of {row.id}", (row.assignee or NOBODY, row.refund_assignee or NOBODY), assignees
        funds = escrow.funds_of(number, block)
        money_too = (its.paid, funds.funded, funds.invoiced, funds.refunded)
        yield f"money of order {row.id}", _moved(session, row), money_too
        steps = steps_of(row, facts[row.subject], earned=sums.earned, paid=sums.paid, outstanding=sums.outstanding)
        shared = tuple(sum(getattr(step, name) for step in steps) for name in ("worth", "earned", "paid", "to_come"))
        outstanding = 0 if row.state == OrderState.CANCELLED else escrow.outstanding(number, block)
        told = (its.value, escrow.earned_of(number, block), its.paid, outstanding)
        yield f"steps of order {row.id}", shared, told


def _moved(session: Session, order: Order) -> tuple[int, int, int, int]:
    """What the rows of movements come to: paid, funded, invoiced, given back to the buyer."""
    moved = session.exec(select(Movement).where(col(Movement.order_id) == order.id)).all()

    def come_to(*kinds: str) -> int:
        return sum(row.amount for row in moved if row.kind in kinds)

    back = sum(row.amount for row in moved if row.kind == "refund" and row.beneficiary == order.buyer_account)
    return come_to("payout", "payment"), come_to("deposit"), come_to("invoiced"), back


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
        risk = session.get_one(Risk, row.number)
        (keys,) = chain.concentration.read("keysOf", row.number, block=block)
        whose = (risk.debtor, risk.seller_group, risk.country, risk.warehouse)
        yield f"risk of {row.number}", whose, tuple(keys.values())
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
        held = pool.held(block)
        account = books.cash + books.set_aside + held.fees + held.reserve + held.streaming
        entries = session.exec(select(PoolEntry).where(PoolEntry.currency == shown.currency))
        moved = sum(entry.amount for entry in entries if entry.kind not in WITHOUT_MONEY)
        yield f"money of {shown.currency}", moved, account
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
        moved = _entries(session, currency, name, position.account)
        theirs = (position.shares, position.deposited - position.withdrawn)
        yield f"{name} entries of {position.account}", moved, theirs
    waiting = vault.balance_of(vault.address, block)
    yield f"{name} shares of {currency}", sum(p.shares for p in found) + waiting, vault.total_supply(block)
    asked = session.exec(select(Redemption).where(Redemption.currency == currency, Redemption.tranche == name)).all()
    for epoch in {each.epoch for each in asked}:
        shares = sum(each.shares for each in asked if each.epoch == epoch)
        yield f"{name} shares asked for in epoch {epoch}", shares, vault.epoch(epoch, block).requested


def _entries(session: Session, currency: str, tranche: str, account: str) -> tuple[int, int]:
    """Shares and money that a lender's entries sum to."""
    whose = (LenderEntry.currency == currency, LenderEntry.tranche == tranche, LenderEntry.account == account)
    found = session.exec(select(LenderEntry).where(*whose)).all()
    return sum(entry.shares for entry in found), sum(entry.assets for entry in found)


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
