"""What warehouses and owners do with lots of goods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from chain_node.client import Entry, FactStatus, LotActivity, LotState, Milestone, Observation, ReleaseOrder, Vote
from chain_node.client import attestation_digest as digest_of
from model import stock_rules
from model.calendar360 import DAY
from model.lots import Lot
from model.run import EVIDENCE, Attempt, Run

_CODES = (("180620", "KGM"), ("180620", "KGM"), ("180620", "KGM"), ("940521", "C62"), ("940521", "C62"))
_ODD_CODES = (("090111", "KGM"), ("180620", "C62"))
_PLACES = ("DEHAM", "NLRTM")
PALLETS = 400


def any_lot(run: Run, *, live: bool = True) -> Lot | None:
    every = [*run.books.goods.stock.lots.values()]
    fit = [lot for lot in every if lot.state == LotState.LIVE] if live else []
    return run.random.choice(fit if fit and run.random.random() < 0.95 else every) if every else None


def owner_of(run: Run, lot: Lot) -> LocalAccount:
    """Mostly one who has something of it, free."""
    owners = [one for one in run.parties.values() if lot.places[one.address].free]
    return run.random.choice(owners) if owners and run.random.random() < 0.93 else run.party("supplier")


def store(run: Run) -> Iterator[Attempt]:
    """Announced, attested, and minted; now and then in another order, or twice."""
    lots, warehouse, random = run.chain.lots, run.party("warehouse"), run.random
    entry, owner = _entry(run), run.party("supplier")
    entry = _of(run, entry, owner)
    digest = lots.entry_digest(entry)
    if entry.subject not in run.books.subjects:
        yield Attempt(owner, run.chain.milestones.open_subject(entry.subject, []))
    refusals = stock_rules.announce(run.books, warehouse.address, entry, digest)
    yield Attempt(warehouse, lots.announce(entry), refusals)
    if random.random() < 0.1:
        yield Attempt(run.party("lender"), lots.mint(entry), stock_rules.mint(run.books, entry, digest))
    if random.random() < 0.06:
        by = run.party("warehouse")
        refusals = stock_rules.withdraw_announcement(run.books, by.address, digest)
        yield Attempt(by, lots.withdraw_announcement(entry), refusals)
    if digest not in run.books.goods.stock.announced and random.random() < 0.8:
        return
    part = random.choice((1_000, 1_000, 1_000, 997, 700, 1_300))
    yield from witness(run, Milestone.STORED, entry.subject, entry.sequence, entry.quantity * part // 1_000, warehouse)
    for _ in range(2 if random.random() < 0.1 else 1):
        yield Attempt(run.party("lender"), lots.mint(entry), stock_rules.mint(run.books, entry, digest))


def _entry(run: Run) -> Entry:
    random, now = run.random, run.books.now
    stock = run.books.goods.stock
    id = random.choice([*stock.lots]) if stock.lots and random.random() < 0.03 else random.getrandbits(255)
    codes = random.choice(_CODES if random.random() < 0.95 else _ODD_CODES)
    quantity = 0 if random.random() < 0.02 else random.choice((123_457, 500_000, 1_000_000, 2_345_678))
    expiry = random.choice((0, now // DAY + 45, now // DAY + 200, now // DAY + 75))
    entered = now - random.choice((60, 3_600, 20 * DAY, 70 * DAY, -900 if random.random() < 0.2 else 60))
    pallets = tuple(_pallet(random.randrange(PALLETS)) for _ in range(random.choice((1, 2, 3, 5))))
    fresh = tuple(one for one in dict.fromkeys(pallets) if not stock.home_of(one))
    pallets = fresh if random.random() < 0.93 else pallets
    return Entry(id, "", *codes, quantity, b"", 0, random.choice(_PLACES), entered, expiry, pallets)


def _of(run: Run, entry: Entry, owner: LocalAccount) -> Entry:
    """Of a consignment of the owner's, or, now and then, of somebody else's; mostly of an entry nobody has used."""
    random, subjects = run.random, run.books.subjects
    group = run.books.groups[run.books.organisations[owner.address]]
    own = [one for one, beneficiary in subjects.items() if beneficiary == group]
    every = own if random.random() < 0.9 else [*subjects]
    subject = random.choice(every) if every and random.random() < 0.4 else random.randbytes(32)
    used = [sequence for (one, sequence) in run.books.goods.stock.entries if one == subject]
    sequence = max(used, default=0) + 1
    if used and random.random() < 0.06:
        sequence = random.choice(used)
    fields = {**vars(entry), "owner": owner.address, "subject": subject, "sequence": sequence}
    return Entry(**fields)


def _pallet(number: int) -> bytes:
    return b"pallet".ljust(28, b"\0") + number.to_bytes(4)


def witness(
    run: Run, milestone: Milestone, subject: bytes, sequence: int, quantity: int, warehouse: LocalAccount
) -> Iterator[Attempt]:
    """The warehouse and an inspector; now and then they lie a little apart, or too far."""
    dice = run.random.random()
    other = quantity * 3 // 4 if dice < 0.04 else quantity * 997 // 1_000 if dice < 0.2 else quantity
    at = run.head - 60
    for account, measured in ((warehouse, quantity), (run.parties["inspector"], other)):
        seen = [Observation(subject, int(milestone), sequence, at, measured)]
        oracle = run.chain.addresses.address("MilestoneOracle")
        digest = Hash32(digest_of(run.chain.chain_id, oracle, seen, 1, EVIDENCE))
        vote = Vote(account.address, 1, EVIDENCE, bytes(account.unsafe_sign_hash(digest).signature))
        yield Attempt(run.party("lender"), run.chain.milestones.attest(seen, [vote]))


# Parts


def split(run: Run) -> Iterator[Attempt]:
    many = [lot for lot in run.books.goods.stock.lots.values() if len(lot.pallets) > 1 and lot.state == LotState.LIVE]
    lot = run.random.choice(many) if many and run.random.random() < 0.9 else any_lot(run)
    if lot is None:
        return
    by = owner_of(run, lot)
    pallets = sorted(lot.pallets)[: run.random.randint(1, max(1, len(lot.pallets) - 1))]
    if run.random.random() < 0.06:
        pallets = [*pallets, run.random.choice([*pallets, _pallet(run.random.randrange(PALLETS))])]
    quantity = run.part(max(1, lot.left // 2))
    call = run.chain.lots.split(lot.id, tuple(pallets), quantity)
    yield Attempt(by, call, stock_rules.split(lot, by.address, pallets, quantity))


def merge(run: Run) -> Iterator[Attempt]:
    """Mostly of two that somebody has whole."""
    from_ = any_lot(run)
    if from_ is None:
        return
    by = owner_of(run, from_)
    live = [lot for lot in run.books.goods.stock.lots.values() if lot.is_wholly(by.address)]
    alike = [lot for lot in live if lot.commodity == from_.commodity and lot is not from_]
    same = [lot for lot in alike if lot.subject == from_.subject]
    alike = same if same and run.random.random() < 0.8 else alike
    choice = alike if alike and run.random.random() < 0.8 else live
    into = run.random.choice(choice) if choice else from_
    pallets = sorted(from_.pallets)
    if run.random.random() < 0.06:
        pallets = pallets[1:]
    call = run.chain.lots.merge(from_.id, into.id, tuple(pallets))
    yield Attempt(by, call, stock_rules.merge(from_, into, by.address, pallets))


# Title and holding


def transfer(run: Run) -> Iterator[Attempt]:
    lot = any_lot(run)
    if lot is None:
        return
    by, to = owner_of(run, lot), run.party(run.random.choice(("buyer", "buyer", "supplier")))
    quantity = run.part(lot.places[by.address].free // run.random.choice((1, 2, 5)))
    refusals = stock_rules.transfer_title(run.books, lot, by.address, to.address, quantity)
    yield Attempt(by, run.chain.lots.transfer_title(lot.id, to.address, quantity), refusals)


def send(run: Run) -> Iterator[Attempt]:
    """Goods given to the lender, or to anyone, unasked."""
    lot = any_lot(run)
    if lot is None:
        return
    by = owner_of(run, lot)
    unasked = run.random.random() < 0.5
    to = run.chain.inventory_collateral.address if unasked else run.party("buyer").address
    units = max(1, lot.places[by.address].free // 2)
    call = run.chain.lots.safe_transfer_from(by.address, to, lot.id, units)
    yield Attempt(by, call, stock_rules.send(run.books, lot, by.address, to, units))


def revoke(run: Run) -> Iterator[Attempt]:
    """An owner takes a power back, or the leave that a warehouse has to announce in its name."""
    by, lots, adapter = run.party("supplier"), run.chain.lots, run.chain.inventory_collateral.address
    operator = run.books.organisations[run.party("warehouse").address]
    calls = (lots.set_power_of_sale(adapter, False), lots.set_approval_for_all(adapter, False))
    yield Attempt(by, run.random.choice((*calls, lots.engage_operator(operator, False))))


def permit(run: Run) -> Iterator[Attempt]:
    """Owners give again what they have taken back."""
    lots, stock, organisations = run.chain.lots, run.books.goods.stock, run.books.organisations
    adapter = run.chain.inventory_collateral.address
    for by in [account for name, account in run.parties.items() if name.startswith("supplier")]:
        if (by.address, adapter) not in stock.powers:
            yield Attempt(by, lots.set_power_of_sale(adapter, True))
        if (by.address, adapter) not in stock.operators:
            yield Attempt(by, lots.set_approval_for_all(adapter, True))
        operator = organisations[run.party("warehouse").address]
        if (organisations[by.address], operator) not in stock.engaged:
            yield Attempt(by, lots.engage_operator(operator, True))


# Release


def order_of(run: Run, lot: Lot, owner: LocalAccount, holder: str, whole: int) -> ReleaseOrder:
    random, stock, now = run.random, run.books.goods.stock, run.books.now
    subjects = [lot.subject, lot.subject, *run.books.subjects]
    subject = lot.subject if random.random() < 0.8 else random.choice(subjects)
    rest = (owner.address, holder, run.parties["carrier"].address)
    amiss = stock.amiss(lot)
    if amiss and random.random() < 0.8:
        subject, sequence = random.choice(amiss)
        explained, _ = stock.excesses.get((subject, sequence), (0, b""))
        missing = run.books.facts[subject, Milestone.RELEASED, sequence].greatest - explained
        quantity = random.choice((missing, missing, max(1, missing // 2), missing + 5))
        nonce = stock.nonces[owner.address]
        return ReleaseOrder(lot.id, quantity, *rest, subject, sequence, now + DAY, nonce)
    used = [sequence for (one, sequence) in stock.exits if one == subject]
    sequence = max(used, default=0) + 1 if random.random() < 0.93 else random.choice([0, *used])
    deadline = now + random.choice((2 * 3_600, DAY, 3 * DAY, 30 * DAY, 31 * DAY if random.random() < 0.2 else DAY))
    nonce = stock.nonces[owner.address] + (random.random() < 0.03)
    quantity = run.part(whole // random.choice((1, 2, 4)))
    return ReleaseOrder(lot.id, quantity, *rest, subject, sequence, deadline, nonce)


def order_release(run: Run) -> Iterator[Attempt]:
    lot = any_lot(run)
    if lot is None:
        return
    by = owner_of(run, lot)
    order = order_of(run, lot, by, by.address, lot.places[by.address].free)
    sender = by if run.random.random() < 0.9 else run.party("lender")
    signature = b"" if sender is by else sign(run, order, run.mostly(by, "supplier"))
    agreed = sender is by or signature == sign(run, order, by)
    refusals = stock_rules.order_release(run.books, lot, order, agreed)
    yield Attempt(sender, run.chain.lots.order_release(order, signature), refusals)


def sign(run: Run, order: ReleaseOrder, by: LocalAccount) -> bytes:
    digest = Hash32(run.chain.lots.release_order_digest(order))
    return bytes(by.unsafe_sign_hash(digest).signature)


def leave(run: Run) -> Iterator[Attempt]:
    """Witnesses see goods leave, mostly what was ordered; anyone then takes them off the books, or ends the order."""
    stock, random, lots = run.books.goods.stock, run.random, run.chain.lots
    if not stock.orders:
        return
    digest = random.choice([*stock.orders])
    order = stock.orders[digest]
    warehouses = [run.parties[name] for name in ("warehouse0", "warehouse1")]
    operator = run.books.goods.stock.lots[order["id"]].operator
    own = next(one for one in warehouses if run.books.organisations[one.address] == operator)
    dice, again = random.random(), ReleaseOrder(*_fields(order))
    reported = run.books.facts[order["subject"], Milestone.RELEASED, order["sequence"]].status != FactStatus.NONE
    if dice < 0.65 and not reported:
        part = random.choice((1_000, 1_000, 900, 1_001, 1_200))
        quantity = max(1, order["quantity"] * part // 1_000)
        yield from witness(run, Milestone.RELEASED, order["subject"], order["sequence"], quantity, own)
    if dice < 0.75:
        refusals = stock_rules.confirm_release(run.books, order, digest)
        yield Attempt(run.party("lender"), lots.confirm_release(again), refusals)
    elif dice < 0.88:
        refusals = stock_rules.lapse_release(run.books, order, digest)
        yield Attempt(run.party("lender"), lots.lapse_release(again), refusals)
    else:
        by = run.mostly(own, "warehouse")
        refusals = stock_rules.decline_release(run.books, order, digest, by.address)
        yield Attempt(by, lots.decline_release(again), refusals)
    if random.random() < 0.1:
        refusals = stock_rules.confirm_release(run.books, order, digest)
        yield Attempt(run.party("lender"), lots.confirm_release(again), refusals)


def confirm(run: Run, digest: bytes) -> Iterator[Attempt]:
    order = run.books.goods.stock.orders[digest]
    refusals = stock_rules.confirm_release(run.books, order, digest)
    yield Attempt(run.party("lender"), run.chain.lots.confirm_release(ReleaseOrder(*_fields(order))), refusals)


def slip(run: Run) -> Iterator[Attempt]:
    """Goods are seen to leave that nobody has ordered; anyone reports it, or tries to."""
    stock, random = run.books.goods.stock, run.random
    pledged = [lot for lot in stock.lots.values() if lot.in_custody]
    if not pledged or any(stock.amiss(lot) for lot in pledged):
        return
    lot = random.choice(pledged)
    used = [number for subject, number in {*stock.left_at, *stock.exits} if subject == lot.subject]
    key = lot.subject, max(used, default=0) + random.choice((1, 1, 2))
    warehouse = run.account_of(lot.operator)
    yield from witness(run, Milestone.RELEASED, *key, max(1, lot.left // random.choice((5, 20, 50))), warehouse)
    if random.random() < 0.7:
        call = run.chain.valuations.call("reportExit", *key)
        yield Attempt(run.party("lender"), call, stock_rules.report_exit(run.books, key))


def lose(run: Run) -> Iterator[Attempt]:
    """Something of what is pledged is lost; now and then it was before the goods came in."""
    pledged = [lot for lot in run.books.goods.stock.lots.values() if lot.in_custody]
    if not pledged:
        return
    lot = run.random.choice(pledged)
    facts = run.books.facts
    used = [number for subject, milestone, number in facts if (subject, milestone) == (lot.subject, Milestone.LOST)]
    number = max(used, default=0) + 1
    yield from witness(run, Milestone.LOST, lot.subject, number, max(1, lot.left // 3), run.account_of(lot.operator))


def _fields(order: Any) -> list[Any]:
    names = ("id", "quantity", "beneficiary", "holder", "to", "subject", "sequence", "deadline", "nonce")
    return [order[name] for name in names]


def stop(run: Run) -> Iterator[Attempt]:
    """The guardian stops minting or custody; the governor announces that it goes on."""
    if run.resumes:
        return
    what, lots, manager = run.random.choice([*LotActivity]), run.chain.lots, run.chain.access_manager
    yield Attempt(run.office("guardian"), lots.stop(what))
    resume = lots.resume(what)
    yield Attempt(run.office("governor"), manager.call("schedule", resume.to, resume.data, 0))
    run.resumes.append((run.head + DAY, manager.call("execute", resume.to, resume.data)))
