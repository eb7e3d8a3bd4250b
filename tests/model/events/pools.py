"""The lenders' money: lent, collected, lost, and what the first-loss reserve bears of it."""

from __future__ import annotations

import math
from typing import Any

from chain_node.client import Tranche
from model.books import Books
from model.reading import reads


@reads("LendingPool", "Disbursed")
def disbursed(books: Books, its: Any, currency: str) -> None:
    books.pools[currency].lend(its["amount"], books.now)


@reads("LendingPool", "Collected")
def collected(books: Books, its: Any, currency: str) -> None:
    pool, ledger = books.pools[currency], books.ledgers[currency]
    parts, settled = pool.arriving.pop(0)
    interest, principal = pool.senior_part(parts, books.now)
    expected = {name: parts[name] for name in ("lateFees", "fees", "recovered", "reserve")}
    expected |= {"seniorInterest": interest, "seniorPrincipal": principal}
    expected["junior"] = parts["interest"] + parts["principal"] - interest - principal
    books.same("what was collected", its, expected)
    pool.senior_paid += interest
    ledger.post(("in transit",), ("earned", "interest"), parts["interest"])
    ledger.post(("in transit",), ("earned", "late fees"), parts["lateFees"])
    ledger.post(("in transit",), ("owed to operator",), parts["fees"])
    ledger.post(("in transit",), ("owed to reserve",), parts["reserve"])
    ledger.post(("in transit",), ("recovered",), parts["recovered"])
    back = pool.share_recovery(parts["recovered"])[1] if parts["recovered"] else 0
    # A member of a syndicate may be paid a fraction of a minor unit more than it has earned.
    booked = min(parts["interest"], math.ceil(settled))
    pool.stream(parts["interest"] - booked + parts["lateFees"] + parts["recovered"] - back, books.now)
    ledger.post(("pool", "cash"), ("in transit",), booked + parts["principal"])
    ledger.post(("pool", "fees"), ("in transit",), parts["fees"])
    ledger.post(("pool", "reserve"), ("in transit",), parts["reserve"] + back)


@reads("LendingPool", "RecoveryShared")
def recovery_shared(books: Books, its: Any, currency: str) -> None:
    pool, recovered = books.pools[currency], books.pools[currency].arriving[0][0]["recovered"]
    lenders = min(recovered, pool.lost)
    reserve = min(recovered - lenders, pool.covered)
    expected = {"lenders": lenders, "reserve": reserve, "income": recovered - lenders - reserve}
    books.same("how a recovery was shared", its, expected)


@reads("LendingPool", "ImpairmentChanged")
def impairment_changed(books: Books, its: Any, currency: str) -> None:
    books.pools[currency].impairment = its["impairment"]


@reads("FirstLossReserve", "SponsorsRestored")
def sponsors_restored(books: Books, its: Any, currency: str) -> None:
    books.same("what sponsors still lack", its["left"], books.reserves[currency].lost)


@reads("FirstLossReserve", "LossCovered")
def loss_covered(books: Books, its: Any, currency: str) -> None:
    books.same("what the reserve covered", its["amount"], books.reserves[currency].cover(its["loss"]))
    books.ledgers[currency].post(("reserve cover",), ("reserve held",), its["amount"])


@reads("LendingPool", "LossTaken")
def loss_taken(books: Books, its: Any, currency: str) -> None:
    pool, ledger = books.pools[currency], books.ledgers[currency]
    loss = pool.before_loss - pool.gross(books.now)
    from_reserve = ledger.of("reserve cover")
    kept = min(loss, ledger.of("pool", "reserve"))
    covered = kept + from_reserve
    left = pool.before_loss - loss + covered
    senior = max(0, min(pool.before_loss, pool.claim(books.now)) - left)
    expected = {"loss": loss, "covered": covered, "junior": loss - covered - senior, "senior": senior}
    books.same("how a loss was borne", its, expected)
    ledger.post(("pool", "cash"), ("pool", "reserve"), kept)
    ledger.post(("pool", "cash"), ("reserve cover",), from_reserve)
    pool.lost, pool.covered = pool.lost + loss - covered, pool.covered + covered


@reads("LendingPool", "EpochClosed")
def epoch_closed(books: Books, its: Any, currency: str) -> None:
    paid = books.pools[currency].close(books.now)
    for tranche, name in ((Tranche.SENIOR, "senior"), (Tranche.JUNIOR, "junior")):
        books.same(f"{name} epoch", books.epochs.pop(f"{tranche}{currency}", []), paid[tranche])
        books.same(f"{name} claims", its[name], sum(assets for _, _, assets in paid[tranche]))


@reads("LendingPool", "LossStruck")
def loss_struck(books: Books, its: Any, currency: str) -> None:
    books.pools[currency].lost -= its["amount"]


@reads("LendingPool", "FeesTaken")
def fees_taken(books: Books, its: Any, currency: str) -> None:
    books.ledgers[currency].post(("owed to operator",), ("pool", "fees"), its["amount"])


@reads("LendingPool", "ReserveSent")
def reserve_sent(books: Books, its: Any, currency: str) -> None:
    books.same("sent to the reserve", its["amount"], books.ledgers[currency].of("pool", "reserve"))
    books.ledgers[currency].post(("in transit",), ("pool", "reserve"), its["amount"])


@reads("LendingPool", "Stopped")
def stopped(books: Books, its: Any, currency: str) -> None:
    books.pools[currency].stopped.add(int(its["what"]))


@reads("LendingPool", "Resumed")
def resumed(books: Books, its: Any, currency: str) -> None:
    books.pools[currency].stopped.discard(int(its["what"]))


@reads("FirstLossReserve", "ReserveFunded")
def reserve_funded(books: Books, its: Any, currency: str) -> None:
    ledger, reserve = books.ledgers[currency], books.reserves[currency]
    if its["from"] == books.address(f"LendingPool:{currency}"):
        reserve.top_up(its["amount"])
        ledger.post(("reserve held",), ("in transit",), its["amount"])
    else:
        reserve.sponsor(its["from"], its["amount"])
        ledger.post(("reserve held",), ("owed to sponsors",), its["amount"])
