"""A chain with one token that does what a test tells it, so that the engine room is tested apart from the contracts.

It takes the call data's first word as a value: 0 is refused with `PaymentReferenceMissing()`; any other is counted, and
told by a `Transfer(caller, caller, value)`. While it is shut, every call is refused.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from chain_node.client import AddressBook, Call, Chain, Node
from chain_node.engines.anvil import AnvilEngine, AnvilSettings

TOKEN = "0x00000000000000000000000000000000000C0FFe"
CHAIN_ID = 412_346
_TRANSFER = keccak(text="Transfer(address,address,uint256)").hex()
_MISSING = keccak(text="PaymentReferenceMissing()")[:4].hex()
_COUNT_SLOT, _SHUT_SLOT = 0, 1

_WORK = (
    "600035"  # value
    "8015"
    "60@57"  # refused where it is zero
    "600154"
    "60@57"  # or where the token is shut
    "600054600101600055"  # counted
    "600052"  # value to memory
    "3333"
    f"7f{_TRANSFER}"
    "60206000a3"  # told
    "00"
)
_REFUSAL = f"5b63{_MISSING}60e01b60005260046000fd"


def runtime_code() -> str:
    """`@` stands for where the refusal begins."""
    return "0x" + _WORK.replace("@", f"{len(_WORK.replace('@', '00')) // 2:02x}") + _REFUSAL


@dataclass
class TokenChain:
    """Blocks come when `mine` is called, or every so often after `mine_every`."""

    engine: AnvilEngine
    chain: Chain
    deployments: Path

    @property
    def rpc_url(self) -> str:
        return self.engine.rpc_url

    def request(self, method: str, *params: Any) -> Any:
        return self.chain.node.request(method, *params)

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.request("evm_mine")

    def mine_every(self, seconds: float) -> None:
        """0: only when told."""
        self.request("evm_setIntervalMining", seconds)

    def effects(self) -> int:
        """How many calls the token has taken."""
        return int(self.request("eth_getStorageAt", TOKEN, hex(_COUNT_SLOT), "latest"), 16)

    def shut(self, *, shut: bool = True) -> None:
        self.request("anvil_setStorageAt", TOKEN, hex(_SHUT_SLOT), "0x" + f"{int(shut):064x}")


def call_of(value: int) -> Call:
    return Call(TOKEN, value.to_bytes(32, "big"), "CashToken.issue")  # type: ignore[arg-type]


def start_token_chain(directory: Path) -> TokenChain:
    engine = AnvilEngine(AnvilSettings(data_dir=directory, chain_id=CHAIN_ID, block_seconds=0))
    engine.start()
    deployments = directory / "deployments.json"
    entry = {
        "address": TOKEN,
        "contract": "CashToken",
        "block": 1,
        "transaction": "0x",
        "code_hash": "0x",
        "arguments": [],
    }
    book = {"network": "token", "chain_id": CHAIN_ID, "code_version": "test", "first_block": 1, "complete": True}
    deployments.write_text(json.dumps({**book, "contracts": {"CashToken:EUR": entry}}))
    Node(engine.rpc_url).request("anvil_setCode", TOKEN, runtime_code())
    return TokenChain(engine, Chain.connect(engine.rpc_url, AddressBook.load(deployments)), deployments)
