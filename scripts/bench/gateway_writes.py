"""Writes a second through the gateway, against the raw ceiling of the same node (the same calls, signed beforehand and
pumped in with as many in flight), and against what a script does that sends one and waits for its receipt.

On a chain as production networks run it, blocks of a second with 30 million gas: one process on SQLite, and two on one
PostgreSQL, between which a balancer would deal out connections. Once more with the wide blocks of the embedded network,
where no block is ever full and nothing but processors bounds either way.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hexbytes import HexBytes
from rich.console import Console
from web3 import HTTPProvider, Web3
from web3.types import Wei

from chain_node.client import Chain, SignedTransaction, sign_call
from chain_node.keys import KeyRing
from scripts.bench.catch_up import postgres
from scripts.bench.figures import Figure, middle
from scripts.bench.processor import processor_seconds
from scripts.bench.pumping import Pump, prepared
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient, access_token

IN_FLIGHT: Final = 64
ROUNDS: Final = 3
WRITES_A_ROUND: Final = 3_000
NAIVE_WRITES: Final = 8
MINED_SECONDS: Final = 120.0
BLOCK_GAS: Final = 30_000_000
GAS: Final = 200_000
LENDER: Final = {"lei": "999900MERIDIANFUND54", "name": "Meridian Fund", "jurisdiction": "LU", "roles": ["LENDER"]}


@dataclass(frozen=True)
class Round:
    """Writes a second, and milliseconds of the gateway's processor time for each."""

    rate: float
    processor: float


@dataclass(frozen=True)
class Measured:
    """One network's rounds, each way in turn."""

    gateway: list[Round]
    raw: list[float]
    naive: list[float]


def measure_gateway_writes(work_dir: Path, console: Console) -> list[Figure]:
    """A write is one issue of cash, from its request to its receipt; a round ends with the last."""
    usual = _measured(EmbeddedSettings(work_dir / "usual", block_gas_limit=BLOCK_GAS), console)
    wide = _measured(EmbeddedSettings(work_dir / "wide"), console, naive=False)
    with postgres() as database_url:
        shared = EmbeddedSettings(
            work_dir / "two", block_gas_limit=BLOCK_GAS, gateway_database_url=database_url, gateways=2
        )
        two = _measured(shared, console, naive=False)
    naive = f"web3.py, one sent and waited for after the other ({middle(usual.naive):.2f}/s)"
    rates = [its.rate for its in usual.gateway]
    spent = [its.processor for its in usual.gateway]
    return [
        _over_raw("gateway_writes", usual),
        _over_raw("gateway_writes_two_processes", two),
        Figure("gateway_over_naive", middle(rates), "writes/s", naive, middle(rates) / middle(usual.naive), rates),
        Figure("gateway_write_processor", middle(spent), "ms", "itself", 1.0, spent),
        Figure("raw_node_writes", middle(usual.raw), "writes/s", "itself", 1.0, usual.raw),
        _over_raw("gateway_writes_wide_blocks", wide),
    ]


def _over_raw(name: str, measured: Measured) -> Figure:
    rates, raw = [its.rate for its in measured.gateway], middle(measured.raw)
    return Figure(
        name, middle(rates), "writes/s", f"raw ceiling of the same node ({raw:.0f}/s)", middle(rates) / raw, rates
    )


def _measured(settings: EmbeddedSettings, console: Console, *, naive: bool = True) -> Measured:
    measured = Measured([], [], [])
    with EmbeddedNetwork(settings, console) as network:
        network.start()
        operator = GatewayClient(network.gateway_url, network.operator_credentials())
        account = operator.post("/v1/participants", {**LENDER, "kyc_expires_at": "2045-01-01T00:00:00Z"})["account"]
        with console.status("Pumping writes into the gateway and into the bare node, in turn"):
            for number in range(ROUNDS):
                measured.gateway.append(_gateway_round(network, operator, number))
                measured.raw.append(_raw_round(network, account, number))
            if naive:
                measured.naive.extend(_naive(network, account))
        operator.close()
    return measured


def _gateway_round(network: EmbeddedNetwork, operator: GatewayClient, number: int) -> Round:
    token = access_token(network.gateway_url, network.operator_credentials())
    requests = [_issue(network.gateway_url, token, f"gateway {number} {index}") for index in range(WRITES_A_ROUND)]
    before = _issued(network.chain)
    with Pump(network.gateway_urls, requests, IN_FLIGHT) as pump:
        spent, begun = sum(map(processor_seconds, network.gateway_pids)), time.monotonic()
        answers = pump.go()
        # Whatever was accepted last, the account's nonces are in order: one of these is the last to be mined.
        _until_mined(operator, [json.loads(answer)["transactions"][0]["id"] for answer in answers[-IN_FLIGHT:]])
        seconds = time.monotonic() - begun
        spent = sum(map(processor_seconds, network.gateway_pids)) - spent
    _require_issued(network.chain, before)
    return Round(WRITES_A_ROUND / seconds, 1000 * spent / WRITES_A_ROUND)


def _issue(url: str, token: str, reference: str) -> bytes:
    body = {"lei": LENDER["lei"], "amount": {"amount": "1", "currency": "EUR"}, "payment_reference": reference}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": reference}
    return prepared(url, "/v1/cash/issues", json.dumps(body).encode(), headers)


def _until_mined(operator: GatewayClient, transaction_ids: Sequence[str]) -> None:
    """Returns when the gateway says so of each."""
    left = list(transaction_ids)

    def none_left() -> bool:
        while left and _is_mined(operator, left[-1]):
            left.pop()
        return not left

    _until(none_left)


def _is_mined(operator: GatewayClient, transaction_id: str) -> bool:
    status = operator.get(f"/v1/transactions/{transaction_id}")["status"]
    if status not in ("pending", "sent", "mined"):
        raise RuntimeError(f"a write of the gateway is {status}")
    return bool(status == "mined")


def _raw_round(network: EmbeddedNetwork, account: str, number: int) -> float:
    chain = network.chain
    signed = _signed(chain, KeyRing(network.data_dir), account, number)
    before = _issued(chain)
    with Pump([network.rpc_url], [_broadcast(network.rpc_url, its) for its in signed], IN_FLIGHT) as pump:
        begun = time.monotonic()
        answers = pump.go()
        _until(lambda: chain.receipt(signed[-1].hash) is not None)
        seconds = time.monotonic() - begun
    refused = next((answer for answer in answers if b'"error"' in answer), None)
    if refused is not None:
        raise RuntimeError(f"the node refused a write: {refused[:300]!r}")
    _require_issued(chain, before)
    return WRITES_A_ROUND / seconds


def _broadcast(url: str, signed: SignedTransaction) -> bytes:
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": ["0x" + signed.raw.hex()]}
    return prepared(url, "/", json.dumps(request).encode())


def _naive(network: EmbeddedNetwork, account: str) -> list[float]:
    """Writes a second as web3.py's own documentation shows it: nonce, gas, signature, send, wait for the receipt."""
    web3 = Web3(HTTPProvider(network.rpc_url))
    issuer, cash = KeyRing(network.data_dir).account("cash-issuer"), network.chain.cash("EUR")
    samples = []
    for number in range(NAIVE_WRITES):
        begun = time.monotonic()
        call = cash.issue(account, 1, sha256(f"naive {number}".encode()).digest())
        fields: Any = {"from": issuer.address, "to": call.to, "data": HexBytes(call.data), "gasPrice": Wei(0)}
        fields |= {"nonce": web3.eth.get_transaction_count(issuer.address), "chainId": web3.eth.chain_id}
        fields["gas"] = web3.eth.estimate_gas(fields)
        sent = web3.eth.send_raw_transaction(issuer.sign_transaction(fields).raw_transaction)
        if web3.eth.wait_for_transaction_receipt(sent, timeout=MINED_SECONDS)["status"] != 1:
            raise RuntimeError("a write of the script failed")
        samples.append(1 / (time.monotonic() - begun))
    return samples


def _signed(chain: Chain, keys: KeyRing, account: str, number: int) -> Sequence[SignedTransaction]:
    issuer = keys.account("cash-issuer")
    nonce = chain.transaction_count(issuer.address)
    cash = chain.cash("EUR")
    return [
        sign_call(
            issuer,
            cash.issue(account, 1, sha256(f"raw {number} {index}".encode()).digest()),
            nonce=nonce + index,
            gas=GAS,
            chain_id=chain.chain_id,
        )
        for index in range(WRITES_A_ROUND)
    ]


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MINED_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"a write is in no block after {MINED_SECONDS:g} s")
        time.sleep(0.02)


def _require_issued(chain: Chain, before: int) -> None:
    """No write is lost and none is done twice."""
    issued = _issued(chain) - before
    if issued != WRITES_A_ROUND:
        raise RuntimeError(f"of {WRITES_A_ROUND} writes {issued} are on chain")


def _issued(chain: Chain) -> int:
    return chain.cash("EUR").total_supply()
