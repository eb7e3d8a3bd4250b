"""Writes a second through the gateway, against the raw ceiling of the same node: the same calls, signed beforehand and
pumped in with as many in flight."""

import http.client
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import local
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rich.console import Console

from chain_node.client import Chain, SignedTransaction, sign_call
from chain_node.keys import KeyRing
from scripts.bench.figures import Figure, middle
from scripts.embedded import EmbeddedNetwork, EmbeddedSettings
from scripts.gateway_client import GatewayClient, access_token

T = TypeVar("T")
IN_FLIGHT = 64
ROUNDS = 3
WRITES_A_ROUND = 1500
MINED_SECONDS = 120.0
GAS = 200_000
LENDER = {"lei": "999900MERIDIANFUND54", "name": "Meridian Fund", "jurisdiction": "LU", "roles": ["LENDER"]}


def measure_gateway_writes(work_dir: Path, console: Console) -> list[Figure]:
    """A write is one issue of cash; a round ends when its last write is in a block."""
    with EmbeddedNetwork(EmbeddedSettings(work_dir), console) as network:
        network.start()
        operator = GatewayClient(network.gateway_url, network.operator_credentials())
        account = operator.post("/v1/participants", {**LENDER, "kyc_expires_at": "2045-01-01T00:00:00Z"})["account"]
        with console.status("Pumping writes into the gateway and into the bare node, in turn"):
            gateway, raw = [], []
            for number in range(ROUNDS):
                gateway.append(_gateway_round(network, number))
                raw.append(_raw_round(network, account, number))
        operator.close()
    against = f"raw ceiling of the same node ({middle(raw):.0f}/s)"
    return [
        Figure("gateway_writes", middle(gateway), "writes/s", against, middle(gateway) / middle(raw), gateway),
        Figure("raw_node_writes", middle(raw), "writes/s", "itself", 1.0, raw),
    ]


def _gateway_round(network: EmbeddedNetwork, number: int) -> float:
    token = access_token(network.gateway_url, network.operator_credentials())
    post = _poster(network.gateway_url)
    before = _issued(network.chain)

    def write(index: int) -> None:
        reference = f"gateway {number} {index}"
        body = {
            "lei": LENDER["lei"],
            "amount": {"amount": "1", "currency": "EUR"},
            "payment_reference": reference,
        }
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": reference}
        status, answer = post("/v1/cash/issues", body, headers)
        if status >= 300:
            raise RuntimeError(f"the gateway refused a write: {status} {answer}")

    return _rate(network.chain, before, write, range(WRITES_A_ROUND))


def _raw_round(network: EmbeddedNetwork, account: str, number: int) -> float:
    chain = network.chain
    signed = _signed(chain, KeyRing(network.data_dir), account, number)
    post = _poster(network.rpc_url)
    before = _issued(chain)

    def write(transaction: SignedTransaction) -> None:
        request = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_sendRawTransaction",
            "params": ["0x" + transaction.raw.hex()],
        }
        _, answer = post("/", request, {})
        if "error" in answer:
            raise RuntimeError(f"the node refused a write: {answer['error']}")

    return _rate(chain, before, write, signed)


def _signed(chain: Chain, keys: KeyRing, account: str, number: int) -> list[SignedTransaction]:
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


def _rate(chain: Chain, before: int, write: Callable[[T], None], items: Iterable[T]) -> float:
    """Writes a second from the first request until the chain shows them all."""
    begun = time.monotonic()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for _ in pool.map(write, items):
            pass
    while _issued(chain) < before + WRITES_A_ROUND:
        if time.monotonic() - begun > MINED_SECONDS:
            missing = before + WRITES_A_ROUND - _issued(chain)
            raise TimeoutError(f"{missing} of {WRITES_A_ROUND} writes are not in a block after {MINED_SECONDS:g} s")
        time.sleep(0.02)
    return WRITES_A_ROUND / (time.monotonic() - begun)


def _issued(chain: Chain) -> int:
    return chain.cash("EUR").total_supply()


def _poster(url: str) -> Callable[[str, dict[str, Any], dict[str, str]], tuple[int, Any]]:
    """Posts JSON over one kept-alive connection a thread. A light client, so that it is not what is measured."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    connections = local()

    def post(path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, Any]:
        connection = getattr(connections, "open", None)
        if connection is None:
            connection = connections.open = http.client.HTTPConnection(str(host), port, timeout=60)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    return post
