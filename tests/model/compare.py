"""Every book of the chain at a block beside the model's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import astuple
from typing import Any

from chain_node.client import (
    Chain,
    Collateral,
    Dimension,
    FactStatus,
    FinancingState,
    OrderState,
    ReceivableState,
    Tranche,
)
from chain_node.client.contract import Contract
from model import availability
from model.books import Books
from model.calendar360 import NUMERATORS, weight
from model.fx_compare import exchanged
from model.insurance_compare import insured
from model.orders import facts_of
from model.stock_compare import goods_questions
from model.syndicates import lendable
from model.syndication import SyndicateClient

Question = tuple[str, Contract, str, tuple[Any, ...], Any]
"""What it is, whom to ask which view with which values, and the model's answer (or a test of the chain's)."""
_BATCH = 200


def differences(
    books: Books, chain: Chain, block: int, asked: Callable[[Books, Chain], Iterator[Question]] | None = None
) -> tuple[int, list[str]]:
    """How many figures were compared, and where the chain says something else; the model must stand at that block.
    `asked` is what is compared, everything without it."""
    questions = [*(asked or _questions)(books, chain)]
    found = []
    for start in range(0, len(questions), _BATCH):
        part = questions[start : start + _BATCH]
        for (what, *_, ours), theirs in zip(part, _ask(chain, part, block), strict=True):
            agreed = ours(theirs) if callable(ours) else ours == theirs
            if not agreed:
                found.append(f"block {block}, {what}: chain {theirs}" + ("" if callable(ours) else f", model {ours}"))
    return len(questions), found


def _ask(chain: Chain, questions: list[Question], block: int) -> Iterator[Any]:
    calls = []
    for _, contract, function, values, _ in questions:
        data = contract.interface.functions[function].encode(*values)
        calls.append(("eth_call", ({"to": contract.address, "data": "0x" + data.hex()}, hex(block))))
    for (_, contract, function, _, _), answer in zip(questions, chain.node.batch(calls), strict=True):
        told = contract.interface.functions[function].decode(bytes.fromhex(answer[2:]))
        plain = [tuple(one.values()) if isinstance(one, dict) else one for one in told]
        yield plain[0] if len(plain) == 1 else tuple(plain)


def _questions(books: Books, chain: Chain) -> Iterator[Question]:
    yield "HealthCheck", chain.health, "check", (), lambda told: told[0]
    for currency in books.currencies:
        yield from _cash(books, chain, currency)
    for name in books.pools:
        yield from _pool(books, chain, name)
        for tranche in Tranche:
            yield from _tranche(books, chain, name, tranche)
        yield from _reserve(books, chain, name)
    for name in books.syndicates:
        yield from _syndicate(books, chain, name)
    for number in books.facilities:
        yield from _facility(books, chain, number)
    for number in books.financings:
        yield from _financing(books, chain, number)
    for id in books.invoices:
        yield from _invoice(books, chain, id)
    for id in books.orders:
        yield from _order(books, chain, id)
    yield from _exposures(books, chain)
    yield from goods_questions(books, chain)
    yield from insured(books, chain)
    yield from exchanged(books, chain)


def _cash(books: Books, chain: Chain, currency: str) -> Iterator[Question]:
    ledger, cash = books.ledgers[currency], chain.cash(currency)
    yield f"{currency}: cash in all", cash, "totalSupply", (), -ledger.of("bank")
    for account in sorted(account for kind, *rest in ledger.balances if kind == "token" for account in rest):
        yield f"{currency}: cash of {account}", cash, "balanceOf", (account,), ledger.of("token", account)
    for entry in sorted(ledger.balances):
        if entry[0] in ("parked", "parked in escrow") and not entry[1].startswith("order "):
            keeper: Contract = chain.desk if entry[0] == "parked" else chain.orders
            yield f"{currency}: {entry}", keeper, "parked", (entry[1], cash.address), ledger.of(*entry)


def _pool(books: Books, chain: Chain, currency: str) -> Iterator[Question]:
    pool, its, now, ledger = chain.pool(currency), books.pools[currency], books.now, books.ledgers[currency]
    unvested = its.unvested(now)
    told = (its.cash(now), its.loans(), its.impairment, ledger.of("pool", "set aside"))
    yield f"{currency}: books", pool, "books", (), told
    held = (ledger.of("pool", "fees"), ledger.of("pool", "reserve"), unvested, its.stream_to)
    yield f"{currency}: held", pool, "held", (), held
    yield f"{currency}: losses", pool, "losses", (), (its.lost, its.covered)
    yield f"{currency}: accrued income", pool, "accruedIncome", (), math.floor(its.earned(now))
    yield f"{currency}: senior's claim", pool, "seniorClaim", (), its.claim(now)
    yield f"{currency}: gross", pool, "grossAssets", (), its.gross(now)
    yield f"{currency}: net", pool, "netAssets", (), its.net(now)
    yield f"{currency}: lendable", pool, "lendable", (), its.lendable(now)
    yield f"{currency}: closable", pool, "closableAt", (), its.closed_at + its.terms.epoch_seconds
    for tranche in Tranche:
        fundable = its.fundable(tranche, now)
        if fundable is not None:
            yield f"{currency}: fundable {tranche.name}", pool, "fundable", (int(tranche),), fundable


def _tranche(books: Books, chain: Chain, currency: str, tranche: Tranche) -> Iterator[Question]:
    pool, its, now = books.pools[currency], books.pools[currency].shares[tranche], books.now
    vault, name = chain.vault(currency, tranche), f"{currency} {tranche.name}"
    entry, exit_ = (pool.part(tranche, assets, now) for assets in (pool.entry(now), pool.net(now)))
    yield f"{name}: assets", chain.pool(currency), "trancheAssets", (int(tranche),), (entry, exit_)
    yield f"{name}: shares", vault, "totalSupply", (), its.supply
    assert sum(its.balances.values()) == its.supply
    yield f"{name}: shares waiting", vault, "balanceOf", (vault.address,), its.waiting
    million = 10**12
    worth = math.floor(million * its.price(exit_))
    yield f"{name}: price", vault, "convertToAssets", (million,), worth
    bought = math.floor(million / its.price(entry))
    yield f"{name}: price of entry", vault, "previewDeposit", (million,), bought
    for epoch in its.epochs:
        its_sums = (epoch.requested, epoch.processed, epoch.assets)
        yield f"{name}: epoch {epoch.number}", vault, "epoch", (epoch.number,), its_sums
    for account in sorted(its.balances):
        shares, assets = its.claimable(account)
        yield f"{name}: shares of {account}", vault, "balanceOf", (account,), its.balances[account]
        yield f"{name}: shares to claim of {account}", vault, "maxRedeem", (account,), shares
        yield f"{name}: cash to claim of {account}", vault, "maxWithdraw", (account,), assets


def _reserve(books: Books, chain: Chain, currency: str) -> Iterator[Question]:
    reserve, its = chain.reserve(currency), books.reserves[currency]
    yield f"{currency}: reserve collected", reserve, "collected", (), its.collected
    yield f"{currency}: reserve sponsored", reserve, "sponsored", (), its.sponsored
    for sponsor, claim in its.claims.items():
        # "a claim may come to one minor unit less than was paid in"
        within = lambda told, claim=claim: claim - 2 < told <= claim + 1  # noqa: E731
        yield f"{currency}: claim of {sponsor} ({float(claim)})", reserve, "claimOf", (sponsor,), within


def _syndicate(books: Books, chain: Chain, name: str) -> Iterator[Question]:
    its, contract = books.syndicates[name], SyndicateClient(chain.node, name, chain.addresses.address(name))
    has = [books.pools[member.pool].lendable(books.now) for member in its.members]
    yield f"{name}: lendable", contract, "lendable", (), lendable(its.members, has)
    earned, out = its.earned_at(books.now), its.principal()
    for place, member in enumerate(its.members):
        pool, who = chain.pool(member.pool).address, f"{name}: {member.pool}"
        position = (out[place], its.expected[place], its.lost[place])
        yield f"{who} has at stake", contract, "positionOf", (pool,), position
        for day_count, each in earned.items():
            told = int(each[place] * NUMERATORS)
            yield f"{who} has earned ({day_count.name})", contract, "accruedNumeratorOf", (pool, int(day_count)), told
        for (day_count, bps), principal in its.out.items():
            asked = (pool, int(day_count), weight(bps, day_count))
            yield f"{who} has out at {bps} bps", contract, "principalAt", asked, principal[place]


def _facility(books: Books, chain: Chain, number: int) -> Iterator[Question]:
    its = books.facilities[number]
    terms = (*its.terms.on_chain(),)
    now_terms = (*terms[:2], its.limit, *terms[3:-1], its.expires_at)
    name = f"facility {number}"
    told = lambda answer: (tuple(answer[0].values()), *answer[1:]) == (now_terms, its.drawn, its.recourse_to)  # noqa: E731
    yield f"{name} ({now_terms}, {its.drawn}, {its.recourse_to})", chain.desk, "facility", (number,), told
    due = math.ceil(its.commitment(books.now)) if its.terms.committed_fee_bps else 0
    yield (
        f"{name}: lends on matched invoices only",
        chain.order_matches,
        "isDemanded",
        (number,),
        number in books.demanding,
    )
    yield f"{name}: committed fee due", chain.desk, "commitmentDue", (number,), due


def _financing(books: Books, chain: Chain, number: int) -> Iterator[Question]:
    its, now, name = books.financings[number], books.now, f"financing {number}"
    owed = its.owed_at(now)
    yield f"{name}: owed", chain.desk, "owed", (number,), astuple(owed)
    yield f"{name}: owed in all", chain.desk, "owedInAll", (number,), availability.owed_in_all(books, its)
    told = (its.facility.number, its.state, its.principal, its.fees, its.reserve, its.written_off, its.impairment)
    kept = (its.ahead, its.maturity, its.collateral, its.item, its.subject)
    record = lambda answer: (*answer[:7], answer[7], *answer[-4:]) == (*told, *kept)  # noqa: E731
    yield f"{name}: record {told} {kept[:2]}", chain.desk, "financing", (number,), record
    base = 0 if its.state == FinancingState.RELEASED else availability.base_of(books, its)
    yield (
        f"{name}: base and what may be drawn",
        chain.desk,
        "availability",
        (number,),
        (base, availability.available(books, its)),
    )
    yield f"{name}: maturity", chain.desk, "maturityOf", (number,), (its.maturity, its.overdue_from)
    if number in books.goods.pledges:
        return
    kinds: tuple[Collateral, ...] = (chain.receivable_collateral, chain.order_collateral)
    collateral = next(kind for kind in kinds if kind.address == its.collateral)
    status, lost_at = books.losses.get(its.subject, (FactStatus.NONE, 0))
    yield f"{name}: loss of its goods", chain.milestones, "lossOf", (its.subject,), (status, lost_at)
    yield f"{name}: pledge", collateral, "pledgeOf", (number,), (its.item, its.subject, its.units)
    yield f"{name}: cash waiting", collateral, "cashOf", (number,), its.cash
    yield f"{name}: value", collateral, "valueOf", (number,), availability.value_of(books, its)
    yield (
        f"{name}: loss by the schedule",
        chain.servicing,
        "writeOffDue",
        (number,),
        availability.write_off_due(books, its),
    )


def _invoice(books: Books, chain: Chain, id: int) -> Iterator[Question]:
    its, token, name = books.invoices[id], chain.receivables, f"invoice {id:x}"
    told = (its.face, its.paid, its.quantity, its.due_day, its.supplier, its.debtor)
    life = (its.custodian, its.state, its.waived, its.transfers)
    record = lambda answer: (*answer[:6], *answer[7:]) == (*told, *life)  # noqa: E731
    yield f"{name}: record {told} {life}", token, "receivable", (id,), record
    yield f"{name}: outstanding", token, "outstanding", (id,), its.outstanding
    yield f"{name}: in dispute", token, "disputedOf", (id,), its.objected
    for holder in sorted(its.units):
        yield f"{name}: units of {holder}", token, "balanceOf", (holder, id), its.units[holder]
        aside, tier = its.aside[holder], its.tier[holder]
        kept = lambda answer, aside=aside, tier=tier: (answer[2], answer[3]) == (aside, tier)  # noqa: E731
        yield f"{name}: holding of {holder} ({aside}, {tier})", token, "holding", (id, holder), kept
        yield f"{name}: share of {holder}", token, "claimable", (id, holder), _share(its, holder)


def _order(books: Books, chain: Chain, id: int) -> Iterator[Question]:
    its, escrow, name = books.orders[id], chain.orders, f"order {id:x}"
    told = (its.value, its.paid, its.held, its.quantity, its.last_day)
    rest = (its.state, its.assigned + 64 * its.begun, its.seller, its.buyer)
    record = lambda answer: (*answer[:5], answer[6], answer[7] & 65, answer[9], answer[10]) == (*told, *rest)  # noqa: E731
    yield f"{name}: record {told} {its.state}", escrow, "order", (id,), record
    yield f"{name}: outstanding", escrow, "outstanding", (id,), its.outstanding
    yield f"{name}: assignee", escrow, "assigneeOf", (id,), its.assignee
    funds = lambda answer: answer == (its.put_in, 0, its.waived, 0, its.refunded)  # noqa: E731
    yield f"{name}: funds", escrow, "fundsOf", (id,), funds
    ledger = books.ledgers[its.currency]
    yield f"{name}: held in all", escrow, "heldInAll", (id,), ledger.of("parked in escrow", f"order {id}")
    if its.state in (OrderState.ACCEPTED, OrderState.SETTLED, OrderState.LAPSED):
        yield f"{name}: earned", escrow, "earnedOf", (id,), its.earned(facts_of(books.facts, its.subject))
    for beneficiary, part in its.funded.items():
        yield f"{name}: funded by {beneficiary}", escrow, "fundedBy", (id, beneficiary), part


def _share(its: Any, holder: str) -> Any:
    """Rounded down, by less than a minor unit each time it was worked out; and all there is, once all is paid."""
    if its.state == ReceivableState.SETTLED:
        return its.units[holder] + its.aside[holder]
    exact, tolerance = its.claimable(holder), its.tolerance
    return lambda told: exact - tolerance <= told <= exact + tolerance


def _exposures(books: Books, chain: Chain) -> Iterator[Question]:
    for dimension, name in ((Dimension.DEBTOR, "debtor"), (Dimension.SELLER_GROUP, "sellerGroup")):
        for source in (*(f"LendingPool:{pool}" for pool in books.pools), *books.syndicates):
            for key in sorted({keys[name] for keys in books.keys.values()}):
                told = availability.exposure(books, source, dimension, key)
                asked = (chain.addresses.address(source), int(dimension), key)
                yield f"exposure of {source} to {name} {key}", chain.concentration, "exposureOf", asked, told
