"""A run through the real contracts: the model says beforehand of every operation whether it may be done, and the chain
must take exactly those."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork

from chain_node.client import Call, Collateral, FinancingState, OrderState, Receipt, ReceivableState, sign_call
from chain_node.client.node import read_receipt
from chain_node.errors import ContractReverted
from model.books import Books, Disagreement
from model.financings import Financing
from model.history import new_books
from model.invoices import Invoice
from model.orders import Order
from model.replay import Moment, replay
from model.rules import UNSURE, Refusals
from model.syndication import SECOND

MOST = 2**256 - 1
GAS = 8_000_000
POOLS = ("EUR", "USD", SECOND)
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
    figures: int = 0
    blocks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chain = self.network.chain
        self.random = random.Random(self.seed)
        self.nonces: dict[str, int] = {}
        self.offices: dict[str, LocalAccount] = {}
        self.chain.node.request("evm_setIntervalMining", 0)
        self.chain.node.request("evm_setAutomine", True)
        self.books = new_books(self.network)
        self.operation = 0
        self.block = self.chain.block_number()
        self.resumes: list[tuple[int, Call]] = []
        self.head = self.chain.block().timestamp
        self.books.now = self.head

    # Sending

    def send(self, attempt: Attempt) -> Receipt:
        """In a block of its own at the time that the model has assumed; raises the typed revert."""
        by = attempt.by
        nonce = self.nonces.get(by.address)
        nonce = self.chain.transaction_count(by.address) if nonce is None else nonce
        self.nonces[by.address] = nonce + 1
        signed = sign_call(by, attempt.call, nonce=nonce, gas=GAS, chain_id=self.chain.chain_id)
        self.head = max(self.head + 1, self.books.now)
        sent = [("evm_setNextBlockTimestamp", (self.head,)), ("eth_sendRawTransactionSync", ("0x" + signed.raw.hex(),))]
        receipt = read_receipt(self.chain.node.batch(sent)[1])
        self.block = receipt.block_number
        if not receipt.succeeded:
            reverted = self.chain.transaction_revert(signed.hash)
            raise reverted if reverted is not None else AssertionError(f"{attempt.call.function} ran out of gas")
        self.read(receipt)
        return receipt

    def read(self, receipt: Receipt) -> None:
        events = [event for event in map(self.chain.decode, receipt.logs) if event is not None]
        self.met.update(f"{event.contract.partition(':')[0]}.{event.name}" for event in events)
        replay(self.books, (Moment(event, self.head) for event in events))
        self.books.now = self.head

    def must(self, by: LocalAccount | str, call: Call) -> Receipt:
        account = self.office(by) if isinstance(by, str) else by
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

    # Choosing

    def office(self, name: str) -> LocalAccount:
        """The operator's account of that name; a keystore takes long to open."""
        if name not in self.offices:
            self.offices[name] = self.network.keys.account(name)
        return self.offices[name]

    def party(self, kind: str) -> LocalAccount:
        return self.random.choice([account for name, account in self.parties.items() if name.startswith(kind)])

    def account_of(self, organisation: int) -> LocalAccount:
        organisations = self.books.organisations
        return next(one for one in self.parties.values() if organisations[one.address] == organisation)

    def account(self, address: str) -> LocalAccount:
        return next(one for one in self.parties.values() if one.address == address)

    def find(self, address: str) -> LocalAccount | None:
        return next((one for one in self.parties.values() if one.address == address), None)

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

    def order(self, state: OrderState, assigned: bool = False) -> Order | None:
        """Mostly one that is in the state, and whose proceeds are assigned or are not."""
        every = [*self.books.orders.values()]
        fit = [its for its in every if its.state == state and its.assigned == assigned]
        return self.random.choice(fit if fit and self.random.random() < 0.9 else every) if every else None

    def collateral_of(self, its: Financing) -> Collateral:
        kinds: tuple[Collateral, ...] = (self.chain.receivable_collateral, self.chain.order_collateral)
        return next(kind for kind in kinds if kind.address == its.collateral)

    def holder(self, its: Invoice) -> LocalAccount:
        known = [one for one in self.parties.values() if its.units[one.address] + its.aside[one.address]]
        return self.random.choice(known) if known else self.party("supplier")

    def part(self, whole: int, over: float = 0.06) -> int:
        """A part of it, often all, now and then more than all."""
        dice = self.random.random()
        if dice < over:
            return whole + self.random.randint(1, 1_000)
        return whole if dice < 0.3 else self.random.randint(1, max(1, whole))
