"""Many consignments that wait for one fact, and three nodes that are handed papers about them, at a pace or a flood."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.client import Call, Chain, Role, SignedTransaction, sign_call
from chain_node.keys import KeyRing
from chain_node.references import reference
from scripts.bench.papers import sighting
from scripts.embedded import EmbeddedNetwork, NodeTables, SettingTable

WITNESSES: Final = {
    "warehouse": (Role.WAREHOUSE, "999900VINTERHAMNAB25"),
    "inspector": (Role.INSPECTOR, "999900PLUMBLINEINS71"),
    "consignee": (Role.CONSIGNEE, "999900BOREALISRETL40"),
}
SUPPLIER_LEI: Final = "999900CROWDSUPPLIE15"
GAS: Final = 400_000
IN_FLIGHT: Final = 500
MINED_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Consignment:
    """`subject` is what stands on chain, `order` what stands on paper."""

    number: int
    order: str
    subject: bytes


@dataclass
class Crowd:
    """Consignments of a supplier of their own, whose goods three nodes will see; `step` is what they will see."""

    network: EmbeddedNetwork
    witnesses: Sequence[str]
    step: str = "receiving"
    supplier: LocalAccount = field(default_factory=Account.create)
    _made: int = 0

    @property
    def chain(self) -> Chain:
        return self.network.chain

    def admit(self, lei: str, account: str, role: Role) -> None:
        """As the registrar would, for a year."""
        registry, until = self.chain.registry, self.chain.block().timestamp + 365 * 86_400
        self.send("registrar", [registry.register_organisation(lei, "", "SE", int(role), until)])
        self.send("registrar", [registry.admit_account(lei, account)])

    def admit_supplier(self) -> None:
        self.admit(SUPPLIER_LEI, self.supplier.address, Role.SUPPLIER)

    def open(self, count: int) -> list[Consignment]:
        """Returns when all of them are on chain."""
        key = KeyRing(self.network.data_dir).network_key()
        numbers = range(self._made, self._made + count)
        self._made += count
        opened = [Consignment(n, f"CROWD-{n:06d}", sha256(f"crowd {n}".encode()).digest()) for n in numbers]
        calls = [
            self.chain.milestones.open_subject(its.subject, [reference(key, "order", its.order)]) for its in opened
        ]
        self.send(self.supplier, calls)
        return opened

    def send(self, account: LocalAccount | str, calls: Sequence[Call], gas: int = GAS) -> None:
        signer = KeyRing(self.network.data_dir).account(account) if isinstance(account, str) else account
        nonce, chain_id = self.chain.transaction_count(signer.address), self.chain.chain_id
        signed = [sign_call(signer, c, nonce=nonce + n, gas=gas, chain_id=chain_id) for n, c in enumerate(calls)]
        pump(self.chain, signed)

    def write_papers(self, consignments: Sequence[Consignment], folder: Path) -> dict[str, list[Path]]:
        """Each witness' papers about them, ready to be renamed into its inbox."""
        at = datetime.fromtimestamp(self.chain.block().timestamp - 60, UTC)
        written: dict[str, list[Path]] = {}
        for observer, witness in enumerate(self.witnesses):
            (folder / witness).mkdir(parents=True, exist_ok=True)
            for its in consignments:
                path = folder / witness / f"crowd-{its.number:06d}.json"
                path.write_bytes(sighting(its.order, its.number, at, observer, self.step))
                written.setdefault(witness, []).append(path)
        return written


def pump(chain: Chain, signed: Sequence[SignedTransaction]) -> None:
    """Hands them to the chain in order and waits until the last is in a block. Raises TimeoutError."""
    requests = [("eth_sendRawTransaction", ("0x" + its.raw.hex(),)) for its in signed]
    for start in range(0, len(requests), IN_FLIGHT):
        chain.node.batch(requests[start : start + IN_FLIGHT])
        await_receipt(chain, signed[min(start + IN_FLIGHT, len(signed)) - 1].hash)


def await_receipt(chain: Chain, transaction_hash: bytes) -> None:
    deadline = time.monotonic() + MINED_SECONDS
    while chain.receipt(transaction_hash) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"a transaction is in no block after {MINED_SECONDS:g} s")
        time.sleep(0.01)
    reverted = chain.transaction_revert(transaction_hash)
    if reverted is not None:
        raise reverted


def hand_in(network: EmbeddedNetwork, papers: dict[str, list[Path]], place: int) -> None:
    """The paper at this place, of every witness, by rename."""
    for witness, paths in papers.items():
        paths[place].rename(network.node_dir(witness) / "inbox" / paths[place].name)


def waiting(network: EmbeddedNetwork, witness: str) -> int:
    """Files that the node has not taken yet."""
    return sum(1 for _ in (network.node_dir(witness) / "inbox").iterdir())


def flooding(network: EmbeddedNetwork, papers: dict[str, list[Path]], ahead: int) -> Iterator[int]:
    """Keeps up to `ahead` papers in the fullest inbox, the same at all nodes, which see a fact at about one time.
    Yields the number handed in so far, until none is left."""
    count = min(map(len, papers.values()))
    place = 0
    while place < count:
        room = ahead - max(waiting(network, witness) for witness in papers)
        until = min(count, place + max(0, room))
        for its in range(place, until):
            hand_in(network, papers, its)
        place = until
        yield place


def bundling(network: EmbeddedNetwork, witnesses: Sequence[str]) -> NodeTables:
    """Starts a relay of its own and returns settings with which all of the nodes use it."""
    uses: SettingTable = {"urls": [network.start_relay()]}
    return {witness: {"bundling": uses} for witness in witnesses}
