"""Who is not listed tries: a node at the validators' door, an account at their contracts, a client at the gateway.

What is enforced where: our build of Kaia talks with the nodes of its list alone (tools/kaia/peers.go), Kaia itself with
no consensus node that is not voted in. Kaia takes any account's transactions; that an account that nobody admitted can
do nothing, the contracts see to."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from chaos_cases import addresses, validators, vote
from eth_account import Account
from network_at_work import ALL, NetworkAtWork, wait_for
from support.network import lei

from chain_node.client import Call, Chain, Receipt, Role, sign_call
from chain_node.client.node import Node
from chain_node.engines.kaia_node import KaiaNode
from chain_node.engines.ports import free_ports
from chain_node.errors import ChainError, ContractReverted
from chain_node.keys import make_node_key
from chain_node.supervisor import Process, Supervisor

GAS: Final = 2_000_000
STRANGER: Final = 9
NAMED_BY: Final = 16
"""So many digits of a node's key are in a validator's log."""
REFUSED: Final = "A node is refused"
NO_VALIDATOR: Final = "fail to validate peer type"


def unlisted_node_tries(network: NetworkAtWork, chance: random.Random) -> None:
    """It knows the first block and every address; it is refused at each door, gets no block, and makes none."""
    with stranger(network, chance.choice(ALL)) as node:
        refused = wait_for(lambda: all(_says(network, number, node, REFUSED) for number in ALL))
        assert refused, "it was not refused everywhere"
        network.await_finished()
        assert _height(node) == 0, "it was refused and has blocks"
    assert node.identity.address.lower() not in network.watch.makers()


def new_validator_is_voted_in_and_out(network: NetworkAtWork, chance: random.Random) -> None:
    """A list is not enough: Kaia itself refuses who is no validator. Once three of four have voted it in, it gets the
    blocks; three of five vote it out again."""
    voters = chance.sample(ALL, 3)
    with stranger(network, chance.choice(ALL)) as node:
        for its in network.engine.nodes:
            its.listed_path.write_text(_with(its.listed_path.read_text(), node.address_for_peers))
        assert wait_for(lambda: _says(network, voters[0], node, NO_VALIDATOR)), "it was not refused for being none"
        assert _height(node) == 0, "it was refused and has blocks"
        address = node.identity.address.lower()
        vote(network, voters, "addvalidator", address)
        known = network.watch.known
        assert wait_for(lambda: address in validators(network, voters[0])), "it was not voted in"
        assert wait_for(lambda: _height(node) > known), "it was voted in and gets no blocks"
        vote(network, voters, "removevalidator", address)
        assert wait_for(lambda: all(validators(network, its) == addresses(network, ALL) for its in ALL))
    assert network.goes_on()


def unlisted_account_tries(network: NetworkAtWork, chance: random.Random) -> None:
    """Each call is refused before it is sent, and changes nothing when it is sent all the same."""
    account, chain = Account.create(), network.account.chain
    for call in _calls(chain, account.address, chance):
        with pytest.raises(ContractReverted):
            chain.simulate(call, account.address)
        nonce = chain.transaction_count(account.address, "pending")
        signed = sign_call(account, call, nonce=nonce, gas=GAS, chain_id=chain.chain_id)
        chain.send_raw(signed.raw)
        receipt = _mined(chain, signed.hash)
        assert not receipt.succeeded, f"{call.function} was done for an account that nobody admitted"
        assert not receipt.logs
    unknown = httpx.post(
        f"{network.network.gateway_url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("client_of_nobody", "a secret"),
        trust_env=False,
        timeout=60,
    )
    assert unknown.status_code == 401, unknown.text


@contextmanager
def stranger(network: NetworkAtWork, beside: int) -> Iterator[KaiaNode]:
    """A node of the same program with the network's first block and the addresses of its validators, which runs in the
    same network as one of them."""
    neighbour = network.engine.node(beside)
    with tempfile.TemporaryDirectory(prefix="portolan-stranger-") as folder:
        rpc_port, p2p_port = free_ports(2)
        node = KaiaNode(
            number=STRANGER,
            folder=Path(folder),
            log_path=network.data_dir / "logs" / "stranger.log",
            identity=make_node_key(Path(folder) / "key"),
            rpc_port=rpc_port,
            p2p_port=p2p_port,
            place=neighbour.place,
            chain_id=network.engine.settings.chain_id,
            block_seconds=network.engine.settings.block_seconds,
            round_milliseconds=neighbour.round_milliseconds,
        )
        node.prepare(network.engine.genesis_path, [its.address_for_peers for its in network.engine.nodes])
        with Supervisor() as supervisor:
            supervisor.start(_started(node, supervisor))
            yield node


def _calls(chain: Chain, own: str, chance: random.Random) -> list[Call]:
    """What would pay: admit oneself, make money, take another's, attest, lend to oneself."""
    nobody, until = lei("999900NOBODY"), chain.block().timestamp + 86_400
    return [
        chain.registry.register_organisation(nobody, "", "DE", Role.SUPPLIER, until),
        chain.registry.admit_account(nobody, own),
        chain.cash("EUR").issue(own, chance.randrange(1, 10**9), chance.randbytes(32)),
        chain.cash("EUR").transfer_from(str(chain.pool("EUR").address), own, 1),
        chain.cash("EUR").transfer(own, 0),
        chain.milestones.open_subject(chance.randbytes(32), []),
    ]


def _mined(chain: Chain, hash_: bytes) -> Receipt:
    assert wait_for(lambda: chain.receipt(hash_) is not None), "an account's transaction is in no block"
    receipt = chain.receipt(hash_)
    assert receipt is not None
    return receipt


def _started(node: KaiaNode, supervisor: Supervisor) -> Process:
    return replace(node.process(), ready=lambda: node.listens(supervisor.pid(node.name)))


def _says(network: NetworkAtWork, number: int, node: KaiaNode, what: str) -> bool:
    """Whether that validator has written this of the node, which it names by the beginning of its key."""
    lines = network.engine.node(number).log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(what in line and node.identity.public_key[:NAMED_BY] in line for line in lines)


def _height(node: KaiaNode) -> int:
    client = Node(node.rpc_url)
    try:
        return client.block_number()
    except ChainError:
        return -1
    finally:
        client.close()


def _with(listed: str, address: str) -> str:
    return json.dumps([*json.loads(listed), address]) + "\n"


STRANGER_CASES: Final[dict[str, Callable[[NetworkAtWork, random.Random], None]]] = {
    case.__name__: case for case in (unlisted_node_tries, unlisted_account_tries, new_validator_is_voted_in_and_out)
}
