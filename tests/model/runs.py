"""A random run through the real contracts, from a seed: the model says beforehand of every operation whether it may be
done, and the chain must take exactly those."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from support.network import RunningNetwork, lei

from chain_node.client import (
    Amendment,
    Call,
    Circulation,
    DeskActivity,
    Dimension,
    FacilityTerms,
    FactStatus,
    FinancingState,
    Milestone,
    Observation,
    PoolActivity,
    Receipt,
    ReceivableState,
    Role,
    Step,
    Tranche,
    Vote,
    attestation_digest,
    sign_call,
)
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.errors import ContractReverted
from model import rules
from model.calendar360 import DAY
from model.financings import Facility, Financing
from model.invoices import OWED, Invoice
from model.pools import PoolTerms
from model.replay import Books, Disagreement, Moment
from model.rules import UNSURE, Refusals

MOST = 2**256 - 1
GAS = 8_000_000
CURRENCIES = ("EUR", "USD")
EVIDENCE = b"\x11" * 32


@dataclass(frozen=True)
class Attempt:
    """One operation and what the model says of it: the refusals that fit, none where it is legal."""

    by: LocalAccount
    call: Call
    refusals: Refusals = field(default_factory=set)


@dataclass
class Run:
    """Drives one network; `books` follow, event by event."""

    network: RunningNetwork
    seed: int
    books: Books = field(init=False)
    parties: dict[str, LocalAccount] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    blocks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain = self.network.chain
        self.random = random.Random(self.seed)
        self.nonces: dict[str, int] = {}
        self.chain.node.request("evm_setIntervalMining", 0)
        self.books = new_books(self.network)
        self.operation = 0
        self.resumes: list[tuple[int, Call]] = []
        self.head = self.chain.block().timestamp
        self.books.now = self.head
        self._set_up()

    # Sending

    def send(self, attempt: Attempt) -> Receipt:
        """In a block of its own at the time that the model has assumed; raises the typed revert."""
        by = attempt.by
        nonce = self.nonces.get(by.address)
        nonce = self.chain.transaction_count(by.address) if nonce is None else nonce
        self.nonces[by.address] = nonce + 1
        signed = sign_call(by, attempt.call, nonce=nonce, gas=GAS, chain_id=self.chain.chain_id)
        self.chain.send_raw(signed.raw)
        self.head = max(self.head + 1, self.books.now)
        self.chain.node.request("evm_mine", {"timestamp": self.head})
        receipt = self.chain.receipt(signed.hash)
        assert receipt is not None
        if not receipt.succeeded:
            reverted = self.chain.transaction_revert(signed.hash)
            raise reverted if reverted is not None else AssertionError(f"{attempt.call.function} ran out of gas")
        self.read(receipt)
        return receipt

    def read(self, receipt: Receipt) -> None:
        events = [event for event in map(self.chain.decode, receipt.logs) if event is not None]
        self.met.update(event.name for event in events)
        self.books.replay(Moment(event, self.head) for event in events)
        self.books.now = self.head

    def must(self, by: LocalAccount | str, call: Call) -> Receipt:
        account = self.network.keys.account(by) if isinstance(by, str) else by
        self.books.now = self.head + 1
        return self.send(Attempt(account, call))

    def attempt(self, attempt: Attempt) -> None:
        """Sends it, whatever the model says; the chain must say the same."""
        if UNSURE in attempt.refusals:
            return
        name = attempt.call.function
        try:
            self.send(attempt)
        except ContractReverted as refusal:
            if refusal.name not in attempt.refusals:
                raise Disagreement(f"{name}: chain refuses, {refusal}; model: {attempt.refusals or 'legal'}") from None
            self.refused[f"{name}: {refusal.name}"] += 1
            return
        if attempt.refusals:
            raise Disagreement(f"{name}: the chain takes it; the model refuses, {attempt.refusals}")
        self.done[name] += 1

    def go(self, operations: int) -> None:
        """Four fifths of them trade; in the last fifth what is left falls late, is lost, and comes back in part."""
        ordinary = [name for name, weight in WEIGHTS.items() for _ in range(weight)]
        for index in range(operations):
            winding_down = index >= operations * 4 // 5
            hours = self.random.choice(_LONG_HOURS if winding_down else _HOURS)
            hours += (self.random.random() < 0.01 and not self.resumes) * 240
            self.books.now = self.head + self.random.randint(1, 600) + hours * 3_600
            young = len(self.books.financings) < 6
            self.step(self.random.choice(_WINDING_DOWN if winding_down else _BEGINNING if young else ordinary))
            self.blocks.append(self.chain.block_number())
        self.books.now = self.head

    def step(self, name: str) -> None:
        """One operation, as the seed will have it; a few belong to others and are tried with them."""
        self.operation += 1
        try:
            for each in chain(self._resume(), getattr(self, name)()):
                self.attempt(each)
                self.books.now = max(self.books.now, self.head + 1)
        except Disagreement as wrong:
            raise Disagreement(f"seed {self.seed}, operation {self.operation} ({name}): {wrong}") from wrong

    # Setting up

    def _set_up(self) -> None:
        roles = {**dict.fromkeys(("supplier0", "supplier1", "supplier2"), Role.SUPPLIER)}
        roles |= dict.fromkeys(("debtor0", "debtor1", "debtor2"), Role.DEBTOR)
        roles |= dict.fromkeys(("lender0", "lender1", "lender2"), Role.LENDER)
        roles |= {"carrier": Role.CARRIER, "warehouse": Role.WAREHOUSE, "inspector": Role.INSPECTOR}
        for index, (name, role) in enumerate(roles.items()):
            account = Account.from_key(self.random.randbytes(32))
            self.parties[name] = account
            code = lei(f"MODEL{self.seed % 10**6}X{index:02d}Z")
            until, registry = self.head + 5 * 365 * DAY, self.chain.registry
            self.must("registrar", registry.register_organisation(code, "", "DE", int(role), until))
            self.must("registrar", registry.admit_account(code, account.address))
        self._catch_up()
        for currency in CURRENCIES:
            self._fund(currency)
        self._open_lines()

    def _catch_up(self) -> None:
        """The deployment's own events, and what the set-up has done before the model was there."""
        self.books = new_books(self.network)
        self.books.replay(moments(self.network, self.chain.block_number()))
        self.books.now = self.head

    def _fund(self, currency: str) -> None:
        chain, cash = self.chain, self.chain.cash(currency)
        spenders = [
            chain.receivables,
            chain.desk,
            chain.reserve(currency),
            *(chain.vault(currency, t) for t in Tranche),
        ]
        for name, account in self.parties.items():
            if name[:-1] not in ("supplier", "debtor", "lender"):
                continue
            self.must("cash-issuer", cash.issue(account.address, 10**10, self.random.randbytes(32)))
            for spender in spenders:
                self.must(account, cash.approve(spender.address, MOST))
        for name, assets, tranche in (("lender0", 3_000_000, 1), ("lender1", 5_000_000, 0), ("lender2", 1_000_000, 1)):
            account = self.parties[name]
            self.must(account, chain.vault(currency, Tranche(tranche)).deposit(assets, account.address))
        self.must(self.parties["supplier0"], chain.reserve(currency).deposit(40_000))
        self.must(self.parties["lender0"], chain.reserve(currency).deposit(12_345))

    def _open_lines(self) -> None:
        chain, pick = self.chain, self.random
        for index in range(8):
            supplier = self.parties[f"supplier{index % 3}"]
            currency = "USD" if index == 7 else "EUR"
            terms = FacilityTerms(
                supplier=supplier.address,
                pool=chain.pool(currency).address,
                limit=pick.choice((900_000, 4_000_000, 9_000_000)),
                discount_rate_bps=pick.choice((300, 900, 1_777)),
                fee_bps=pick.choice((0, 50, 133)),
                expires_at=self.head + pick.choice((90, 400, 400)) * DAY,
                day_count=rules.DAY_COUNTS[index % 3],
                late_fee_bps=pick.choice((0, 400, 1_200)),
                reserve_bps=pick.choice((0, 25, 100)),
                committed_fee_bps=pick.choice((0, 0, 75)),
                grace_days=pick.choice((0, 3, 10)),
                recourse=index % 2 == 0,
                revolving=index % 4 != 3,
            )
            self.must("credit-officer", chain.desk.open_facility(terms))
            steps = pick.choice(_LADDERS)
            collateral = chain.receivable_collateral.address
            self.must("credit-officer", chain.desk.set_ladder(index + 1, collateral, steps))
        for account in self.parties.values():
            if account.address in {line.terms.supplier for line in self.books.facilities.values()}:
                self.must(account, chain.receivables.set_approval_for_all(chain.receivable_collateral.address, True))
        cap = chain.concentration.set_default_cap(chain.pool("EUR").address, Dimension.DEBTOR, 4_000_000)
        self.must("credit-officer", cap)

    # Choosing

    def party(self, kind: str) -> LocalAccount:
        return self.random.choice([account for name, account in self.parties.items() if name.startswith(kind)])

    def account_of(self, organisation: int) -> LocalAccount:
        organisations = self.books.organisations
        return next(one for one in self.parties.values() if organisations[one.address] == organisation)

    def mostly(self, right: LocalAccount, kind: str) -> LocalAccount:
        return right if self.random.random() < 0.85 else self.party(kind)

    def invoice(self, *states: ReceivableState) -> Invoice | None:
        """Mostly one that is in one of the states."""
        every = [*self.books.invoices.values()]
        fit = [its for its in every if its.state in states]
        return self.random.choice(fit if fit and self.random.random() < 0.85 else every) if every else None

    def financing(self, *states: FinancingState) -> Financing | None:
        every = [*self.books.financings.values()]
        fit = [its for its in every if its.state in states]
        return self.random.choice(fit if fit and self.random.random() < 0.85 else every) if every else None

    def holder(self, its: Invoice) -> LocalAccount:
        known = [one for one in self.parties.values() if its.units[one.address] + its.aside[one.address]]
        return self.random.choice(known) if known else self.party("supplier")

    def part(self, whole: int, over: float = 0.06) -> int:
        """A part of it, often all, now and then more than all."""
        dice = self.random.random()
        if dice < over:
            return whole + self.random.randint(1, 1_000)
        return whole if dice < 0.3 else self.random.randint(1, max(1, whole))

    # Invoices

    def register(self) -> Iterator[Attempt]:
        old = self.random.random() < 0.08 and self.books.invoices
        id = self.random.choice([*self.books.invoices]) if old else self.random.getrandbits(255)
        due = self.books.now // DAY + self.random.choice((-1, 5, 15, 30, 30, 60, 90))
        face = self.random.choice((100_000, 654_321, 1_000_000, 3_333_333))
        currency = self.random.choice(("EUR", "EUR", "EUR", "USD"))
        quantity = self.random.choice((0, 10_000, 10_000, 1_000_000, 1_000_000))
        debtor = self.party("debtor").address
        terms: dict[str, Any] = {"face_value": face, "quantity": quantity, "due_date": due}
        call = self.chain.receivables.register(id=id, debtor=debtor, currency=currency, **terms)
        yield Attempt(self.party("supplier"), call, rules.register(self.books, id, due))

    def accept(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.REGISTERED)
        if its is None:
            return
        by = self.mostly(self.account_of(its.debtor), "debtor")
        face = its.face + (self.random.random() < 0.06)
        terms: dict[str, Any] = {"face_value": face, "quantity": its.quantity, "due_date": its.due_day}
        waive = self.random.random() < 0.75
        call = self.chain.receivables.accept(id=its.id, waive_set_off=waive, **terms)
        yield Attempt(by, call, rules.accept(self.books, its, by.address, face))

    def cancel(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.REGISTERED)
        if its is not None:
            by = self.mostly(self.account_of(its.supplier), "supplier")
            yield Attempt(by, self.chain.receivables.cancel(its.id), rules.cancel(self.books, its, by.address))

    def cancel_by_consent(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.ACCEPTED)
        if its is None:
            return
        by = self.mostly(self.account_of(its.debtor), "debtor")
        call = self.chain.receivables.consent_to_cancellation(its.id, True)
        yield Attempt(by, call, rules.consent(self.books, its, by.address))
        by = self.account_of(its.supplier)
        call = self.chain.receivables.cancel_by_consent(its.id)
        yield Attempt(by, call, rules.cancel_by_consent(self.books, its, by.address))

    def hop(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.ACCEPTED)
        if its is None:
            return
        giver, taker = self.holder(its), self.party("supplier")
        if giver.address == taker.address:
            return
        least, _ = rules.held(its, giver.address)
        units = max(1, self.part(least))
        call = self.chain.receivables.safe_transfer_from(giver.address, taker.address, its.id, units)
        yield Attempt(giver, call, rules.hop(self.books, its, giver.address, taker.address, units))

    def pay(self) -> Iterator[Attempt]:
        its = self.invoice(*OWED)
        if its is None:
            return
        amount = self.part(its.outstanding, over=0.1) if its.outstanding else self.random.choice((0, 5))
        amount = 0 if self.random.random() < 0.02 else amount
        call = self.chain.receivables.pay(its.id, amount)
        yield Attempt(self.mostly(self.account_of(its.debtor), "lender"), call, rules.pay(its, amount))

    def claim(self) -> Iterator[Attempt]:
        its = self.invoice(*OWED, ReceivableState.SETTLED)
        if its is not None:
            by = self.mostly(self.holder(its), "supplier")
            yield Attempt(by, self.chain.receivables.claim(its.id), rules.claim(its, by.address))

    def credit_note(self) -> Iterator[Attempt]:
        its = self.invoice(*OWED)
        if its is None:
            return
        by = self.mostly(self.account_of(its.supplier), "supplier")
        amount = self.part(max(1, its.outstanding // self.random.choice((1, 10, 50))))
        call = self.chain.disputes.credit_note(its.id, amount, EVIDENCE)
        yield Attempt(by, call, rules.credit_note(self.books, its, by.address, amount))

    def open_dispute(self) -> Iterator[Attempt]:
        unwaived = [one for one in self.books.invoices.values() if not one.waived and one.state in OWED]
        its = self.random.choice(unwaived) if unwaived else self.invoice(ReceivableState.ACCEPTED)
        if its is None:
            return
        by = self.mostly(self.account_of(its.debtor), "debtor")
        amount = self.part(max(1, its.outstanding // 3))
        call = self.chain.disputes.open_dispute(its.id, amount, EVIDENCE)
        yield Attempt(by, call, rules.open_dispute(self.books, its, by.address, amount))

    def end_dispute(self) -> Iterator[Attempt]:
        its, disputes = self.invoice(ReceivableState.DISPUTED), self.chain.disputes
        if its is None:
            return
        how = self.random.choice(("withdraw", "concede", "resolve", "resolve"))
        amount = self.part(max(1, its.objected))
        if how == "withdraw":
            by = self.mostly(self.account_of(its.debtor), "debtor")
            refusals = rules.withdraw_dispute(self.books, its, by.address)
            yield Attempt(by, disputes.withdraw_dispute(its.id), refusals)
        elif how == "concede":
            by = self.mostly(self.account_of(its.supplier), "supplier")
            refusals = rules.concede(self.books, its, by.address, amount)
            yield Attempt(by, disputes.concede(its.id, amount, EVIDENCE), refusals)
        else:
            amount = 0 if self.random.random() < 0.2 else amount
            arbiter = self.network.keys.account("arbiter")
            yield Attempt(arbiter, disputes.resolve(its.id, amount, EVIDENCE), rules.resolve(self.books, its, amount))

    def default_invoice(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.ACCEPTED, ReceivableState.DISPUTED)
        if its is not None:
            call = self.chain.receivables.mark_defaulted(its.id)
            yield Attempt(self.party("lender"), call, rules.mark_defaulted(self.books, its))

    # Financings

    def finance(self) -> Iterator[Attempt]:
        its = self.invoice(ReceivableState.ACCEPTED)
        if its is None:
            return
        lines = [*self.books.facilities.values()]
        own = [one for one in lines if its.units[one.terms.supplier] and self.books.currency_of(one) == its.currency]
        own = [one for one in own if one.limit > one.drawn and self.books.now < one.expires_at] or own
        line = self.random.choice(own if own and self.random.random() < 0.9 else lines)
        by = next(one for one in self.parties.values() if one.address == line.terms.supplier)
        by = by if self.random.random() < 0.95 else self.party("supplier")
        units = self.part(rules.held(its, by.address)[0] // self.random.choice((1, 1, 2, 3)))
        seen = line.ladder[0].milestone != Milestone.ACCEPTED or self.random.random() < 0.6
        subject = self.random.randbytes(32) if seen else bytes(32)
        if subject != bytes(32):
            yield Attempt(by, self.chain.milestones.open_subject(subject, [self.random.randbytes(32)]))
        call = self.chain.desk.open_financing(
            facility=line.number,
            collateral=self.chain.receivable_collateral.address,
            item_id=its.id,
            units=units,
            subject=subject,
        )
        yield Attempt(by, call, rules.open_financing(self.books, line, its, by.address, units))
        if self.random.random() < 0.85 and self.books.financings:
            number = max(self.books.financings)
            yield Attempt(self.party("lender"), self.chain.desk.poke(number))
            yield from self._attest(self.books.financings[number])

    def attest(self) -> Iterator[Attempt]:
        bare = [one for one in self.books.financings.values() if self.books.may_draw(one) and not one.principal]
        its = self.random.choice(bare) if bare else self.financing(FinancingState.OPEN)
        if its is not None:
            yield from self._attest(its)

    def _attest(self, its: Financing) -> Iterator[Attempt]:
        """Votes move a draw in the same call; now and then the witnesses lie apart."""
        if its.subject == bytes(32):
            return
        departed = self.books.facts[its.subject, Milestone.DEPARTED, 1].status == FactStatus.FINAL
        milestone = Milestone.RECEIVED if departed and self.random.random() < 0.8 else Milestone.DEPARTED
        names = ("carrier", "inspector") if milestone == Milestone.DEPARTED else ("warehouse", "inspector")
        whole = self.books.invoices[its.item].quantity
        quantities = [self.random.choice((whole, whole * 9 // 10, whole // 2))] * 2
        if milestone == Milestone.RECEIVED and self.random.random() < 0.1:
            quantities[1] = quantities[1] // 2
        at = self.head - 60
        for name, quantity in zip(names, quantities, strict=True):
            seen = [Observation(its.subject, int(milestone), 1, at, quantity)]
            oracle = self.chain.addresses.address("MilestoneOracle")
            digest = Hash32(attestation_digest(self.chain.chain_id, oracle, seen, 1, EVIDENCE))
            account = self.parties[name]
            vote = Vote(account.address, 1, EVIDENCE, bytes(account.unsafe_sign_hash(digest).signature))
            yield Attempt(self.party("debtor"), self.chain.milestones.attest(seen, [vote]))

    def poke(self) -> Iterator[Attempt]:
        number = self.random.randint(1, len(self.books.financings) + 1)
        refusals = {"FinancingUnknown"} if number not in self.books.financings else set()
        yield Attempt(self.party("lender"), self.chain.desk.poke(number), refusals)

    def repay(self) -> Iterator[Attempt]:
        its = self.financing(FinancingState.OPEN, FinancingState.DEFAULTED)
        if its is None:
            return
        owed = its.owed_at(self.books.now).total
        amount = MOST if self.random.random() < 0.25 else self.part(max(1, owed))
        by = self.random.choice((self.party("supplier"), self.party("lender")))
        yield Attempt(by, self.chain.desk.repay(its.number, amount), rules.repay(self.books, its, amount))

    def release(self) -> Iterator[Attempt]:
        its = self.financing(FinancingState.REPAID)
        if its is None:
            return
        right = next(one for one in self.parties.values() if one.address == its.facility.terms.supplier)
        by = self.mostly(right, "supplier")
        yield Attempt(by, self.chain.desk.release(its.number), rules.release(self.books, its, by.address))

    def impair(self) -> Iterator[Attempt]:
        its = self.financing(FinancingState.OPEN, FinancingState.DEFAULTED)
        if its is not None:
            amount = 0 if self.random.random() < 0.4 else self.part(its.principal)
            call = self.chain.desk.set_impairment(its.number, amount)
            yield Attempt(self.network.keys.account("credit-officer"), call, rules.set_impairment(its, amount))

    def overdue(self) -> Iterator[Attempt]:
        late = [one for one in self.books.financings.values() if rules.mark_overdue(self.books, one) == set()]
        its = self.random.choice(late) if late and self.random.random() < 0.9 else self.financing(FinancingState.OPEN)
        if its is not None:
            call = self.chain.servicing.mark_overdue(its.number)
            yield Attempt(self.party("lender"), call, rules.mark_overdue(self.books, its))

    def default(self) -> Iterator[Attempt]:
        late = [one for one in self.books.financings.values() if rules.declare_default(self.books, one) == set()]
        its = self.random.choice(late) if late and self.random.random() < 0.6 else self.financing(FinancingState.OPEN)
        if its is not None:
            call = self.chain.servicing.declare_default(its.number)
            yield Attempt(self.party("lender"), call, rules.declare_default(self.books, its))

    def recourse(self) -> Iterator[Attempt]:
        its = self.financing(FinancingState.DEFAULTED, FinancingState.OPEN)
        if its is not None:
            call = self.chain.servicing.call_recourse(its.number)
            yield Attempt(self.party("lender"), call, rules.call_recourse(self.books, its))

    def amend(self) -> Iterator[Attempt]:
        """An extension, or another facility of the same supplier: one side agrees, then the other."""
        sound = [one for one in self.books.financings.values() if self.books.may_draw(one) and one.principal]
        its = self.random.choice(sound) if sound else self.financing(FinancingState.OPEN)
        if its is None:
            return
        line = its.facility
        others = [one for one in self.books.facilities.values() if one.terms.supplier == line.terms.supplier]
        to: Facility = self.random.choice(others)
        day = its.maturity + self.random.choice((-1, 0, 7, 7, 30)) if to is line else its.maturity
        numbers = (its.number, line.number, its.maturity, to.number, day)
        amendment = Amendment(*numbers, self.random.randbytes(32), self.books.now + DAY)
        by = next(one for one in self.parties.values() if one.address == line.terms.supplier)
        yield Attempt(by, self.chain.servicing.agree(amendment), rules.amend(self.books, its, to, day))
        officer, call = self.network.keys.account("credit-officer"), self.chain.servicing.approve(amendment)
        refusals = rules.amend(self.books, its, to, day)
        yield Attempt(officer, call, refusals or rules.carry_out(self.books, its, to, day))

    def forward(self) -> Iterator[Attempt]:
        its = self.financing(FinancingState.OPEN)
        if its is not None:
            yield Attempt(self.party("lender"), self.chain.receivable_collateral.forward(its.number))

    def change_line(self) -> Iterator[Attempt]:
        line = self.random.choice([*self.books.facilities.values()])
        officer, desk = self.network.keys.account("credit-officer"), self.chain.desk
        if self.random.random() < 0.5:
            limit = self.random.choice((1, 900_000, 5_000_000, 9_000_000, 9_000_000))
            yield Attempt(officer, desk.set_limit(line.number, limit))
        else:
            until = self.books.now + self.random.choice((1, 90, 300, 300)) * DAY
            yield Attempt(officer, desk.set_expiry(line.number, until))

    def pay_commitment(self) -> Iterator[Attempt]:
        line = self.random.choice([*self.books.facilities.values()])
        call = self.chain.desk.pay_commitment_fee(line.number)
        yield Attempt(self.party("supplier"), call, rules.pay_commitment(self.books, line))

    def frozen(self) -> Iterator[Attempt]:
        """A supplier's account is frozen while its money comes in: what it cannot take waits for it."""
        its = self.financing(FinancingState.OPEN, FinancingState.REPAID)
        if its is None:
            return
        supplier, registry = its.facility.terms.supplier, self.chain.registry
        registrar, invoice = self.network.keys.account("registrar"), self.books.invoices[its.item]
        yield Attempt(registrar, registry.freeze_account(supplier))
        yield Attempt(self.party("lender"), self.chain.desk.poke(its.number))
        if invoice.outstanding:
            amount = self.random.randint(1, invoice.outstanding)
            call = self.chain.receivables.pay(invoice.id, amount)
            yield Attempt(self.account_of(invoice.debtor), call, rules.pay(invoice, amount))
        yield Attempt(registrar, registry.unfreeze_account(supplier))
        currency = self.books.currency_of(its.facility)
        cash = self.chain.cash(currency).address
        waiting = self.books.ledgers[currency].of("parked", supplier)
        by = next(one for one in self.parties.values() if one.address == supplier)
        yield Attempt(by, self.chain.desk.claim_parked(cash), set() if waiting else {"NothingParked"})

    # Pools

    def deposit(self) -> Iterator[Attempt]:
        currency, tranche = self.random.choice(CURRENCIES), self.random.choice([*Tranche])
        most = self.books.pools[currency].fundable(tranche, self.books.now)
        assets = self.random.randint(1, 2_000_000) if most is None else self.part(max(1, min(most, 4_000_000)))
        by = self.party("lender")
        call = self.chain.vault(currency, tranche).deposit(assets, by.address)
        yield Attempt(by, call, rules.deposit(self.books, currency, tranche, assets))

    def request_redeem(self) -> Iterator[Attempt]:
        currency, tranche, by = self.random.choice(CURRENCIES), self.random.choice([*Tranche]), self.party("lender")
        has = self.books.pools[currency].shares[tranche].balances[by.address]
        shares = self.part(has // self.random.choice((1, 3, 10)))
        call = self.chain.vault(currency, tranche).request_redeem(shares, by.address, by.address)
        yield Attempt(by, call, rules.request_redeem(self.books, currency, tranche, by.address, shares))

    def close_epoch(self) -> Iterator[Attempt]:
        currency = self.random.choice(CURRENCIES)
        yield Attempt(
            self.party("debtor"), self.chain.pool(currency).close_epoch(), rules.close_epoch(self.books, currency)
        )

    def redeem(self) -> Iterator[Attempt]:
        asked = [
            (currency, tranche, controller)
            for currency in CURRENCIES
            for tranche, shares in self.books.pools[currency].shares.items()
            for controller in shares.asked
        ]
        if not asked:
            return
        currency, tranche, controller = self.random.choice(asked)
        by = next(one for one in self.parties.values() if one.address == controller)
        shares, _ = self.books.pools[currency].shares[tranche].claimable(controller)
        shares = self.part(shares)
        call = self.chain.vault(currency, tranche).redeem(shares, controller, controller)
        yield Attempt(by, call, rules.redeem(self.books, currency, tranche, controller, shares))

    def take_fees(self) -> Iterator[Attempt]:
        currency = self.random.choice(CURRENCIES)
        amount = self.part(self.books.ledgers[currency].of("pool", "fees"))
        call = self.chain.pool(currency).take_fees(self.parties["supplier0"].address, amount)
        yield Attempt(self.network.keys.account("servicer"), call, rules.take_fees(self.books, currency, amount))

    def send_reserve(self) -> Iterator[Attempt]:
        currency = self.random.choice(CURRENCIES)
        call = self.chain.pool(currency).send_reserve()
        yield Attempt(self.party("debtor"), call, rules.send_reserve(self.books, currency))

    def sponsor(self) -> Iterator[Attempt]:
        call = self.chain.reserve(self.random.choice(CURRENCIES)).deposit(self.random.randint(1, 30_000))
        yield Attempt(self.party("lender"), call)

    # Stops

    def stop(self) -> Iterator[Attempt]:
        """The guardian stops something at once; the governor announces that it goes on, a day before it does."""
        if self.resumes:
            return
        network, governor = self.chain, self.network.keys.account("governor")
        pool = network.pool("EUR")
        what: tuple[Any, Any] = self.random.choice(
            [(network.receivables, each) for each in Circulation]
            + [(pool, each) for each in PoolActivity]
            + [(network.desk, DeskActivity.OPENING)]
        )
        yield Attempt(self.network.keys.account("guardian"), what[0].stop(what[1]))
        resume: Call = what[0].resume(what[1])
        manager = network.access_manager
        yield Attempt(governor, manager.call("schedule", resume.to, resume.data, 0))
        self.resumes.append((self.head + DAY, manager.call("execute", resume.to, resume.data)))

    def _resume(self) -> Iterator[Attempt]:
        if self.resumes and self.books.now >= self.resumes[0][0]:
            _, call = self.resumes.pop()
            yield Attempt(self.network.keys.account("governor"), call)


_HOURS = (0, 0, 0, 0, 1, 2, 5, 11, 26)
_LONG_HOURS = (0, 1, 5, 26, 60)
_WINDING_DOWN = (
    *("overdue", "default", "recourse", "overdue", "pay", "repay", "default_invoice", "end_dispute", "impair"),
    *("close_epoch", "redeem", "claim", "release", "forward", "request_redeem", "poke", "frozen", "send_reserve"),
)
_BEGINNING = ("register", "accept", "accept", "finance", "attest", "hop", "pay")
_LADDERS = (
    [Step(Milestone.ACCEPTED, 8_000, False)],
    [Step(Milestone.ACCEPTED, 5_000, False), Step(Milestone.RECEIVED, 9_000, True)],
    [
        Step(Milestone.ACCEPTED, 3_000, False),
        Step(Milestone.DEPARTED, 6_000, False),
        Step(Milestone.RECEIVED, 9_000, True),
    ],
    [Step(Milestone.DEPARTED, 6_000, False), Step(Milestone.RECEIVED, 8_500, True)],
)
WEIGHTS = {
    "register": 11,
    "accept": 12,
    "cancel": 1,
    "cancel_by_consent": 1,
    "hop": 9,
    "pay": 7,
    "claim": 6,
    "credit_note": 4,
    "open_dispute": 5,
    "end_dispute": 4,
    "default_invoice": 3,
    "finance": 15,
    "attest": 10,
    "poke": 5,
    "repay": 7,
    "release": 4,
    "impair": 3,
    "overdue": 7,
    "default": 5,
    "recourse": 3,
    "amend": 4,
    "forward": 2,
    "change_line": 2,
    "pay_commitment": 2,
    "frozen": 2,
    "deposit": 4,
    "request_redeem": 4,
    "close_epoch": 5,
    "redeem": 4,
    "take_fees": 1,
    "send_reserve": 2,
    "sponsor": 1,
    "stop": 2,
}


def new_books(network: RunningNetwork) -> Books:
    """An empty model of the network: who is where, and what each pool was made with."""
    config = load_network(CONFIG_ROOT / "local").config
    names: dict[str, str] = {str(address): name for name, address in network.chain.addresses.addresses.items()}
    created = _creation_times(network)
    terms = {}
    for code in config.currencies:
        its = config.pool(code)
        figures = (its.senior_rate_bps, its.subordination_floor_bps, its.epoch_seconds)
        terms[code] = PoolTerms(code, *figures, created_at=created[code])
    return Books(names, terms, last_tier=config.circulation.most_tier)


def _creation_times(network: RunningNetwork) -> dict[str, int]:
    """When the pools were made, from the first event of each."""
    chain, found = network.chain, dict[str, int]()
    for log in chain.logs(chain.addresses.first_block, chain.block_number()):
        event = chain.decode(log)
        if event is not None and event.name == "AuthorityUpdated" and event.contract.startswith("LendingPool:"):
            with suppress(KeyError):
                found.setdefault(event.contract.partition(":")[2], chain.block(event.block_number).timestamp)
    return found


def moments(network: RunningNetwork, until: int) -> Iterator[Moment]:
    """Every event of the network up to a block, with its time."""
    chain = network.chain
    logs = chain.logs(chain.addresses.first_block, until)
    numbers = sorted({log.block_number for log in logs})
    told = chain.node.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
    times = {number: int(block["timestamp"], 16) for number, block in zip(numbers, told, strict=True)}
    for log in logs:
        event = chain.decode(log)
        if event is not None:
            yield Moment(event, times[log.block_number])
