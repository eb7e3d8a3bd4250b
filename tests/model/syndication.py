"""A second pool in euro beside the network's own, and a syndicate of the two: made as their operator would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_account import Account
from support.network import RunningNetwork

from chain_node.client import AddressBook, Call, Chain, Office, Tranche, sign_transaction
from chain_node.client.contract import Contract
from chain_node.compile import compile_contracts
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.deploy.plan import created_address
from model.calendar360 import DAY

SECOND, SYNDICATE = "EUR2", "Syndicate:EUR"
SECOND_TERMS = (475, 1_500, 4 * DAY)
"""Senior's rate (bps a year), junior's least share (bps) and an epoch's length (seconds)."""
_SHARES = ((6_000, 5_000, 7_000), (4_000, 5_000, 3_000))
"""Of funding, of losses and of fees: the network's own pool, then the second."""
_GAS = 12_000_000


class SyndicateClient(Contract):
    interface_name = "Syndicate"


def with_syndicate(network: RunningNetwork) -> RunningNetwork:
    """The same network, with the two named in its address book and a day later: the governor's delay is over."""
    network = replace(network, chain=_create(network))
    chain, keys = network.chain, network.keys
    operator = load_network(CONFIG_ROOT / "local").operator.lei
    for name in _new_names():
        if not name.startswith("HealthCheck"):
            network.send("registrar", chain.registry.admit_account(operator, chain.addresses.address(name)))
    decided, governor = _decisions(chain), keys.account("governor")
    for call in decided:
        network.send(governor, chain.access_manager.schedule(call.to, call.data, 0))
    chain.node.request("evm_increaseTime", DAY)
    for call in decided:
        network.send(governor, chain.access_manager.execute(call.to, call.data))
    return network


def _new_names() -> dict[str, str]:
    """The new contracts by their deployed names, in the order in which they are made."""
    tranches = {f"{tranche.name.title()}Tranche:{SECOND}": "TrancheVault" for tranche in Tranche}
    pool = {f"LendingPool:{SECOND}": "LendingPool", **tranches, f"FirstLossReserve:{SECOND}": "FirstLossReserve"}
    return {**pool, SYNDICATE: "Syndicate", "HealthCheck": "HealthCheck"}


def _create(network: RunningNetwork) -> Chain:
    chain, deployer, names = network.chain, Account.create(), _new_names()
    at = {**chain.addresses.addresses}
    at |= {name: created_address(deployer.address, nonce) for nonce, name in enumerate(names)}
    artifacts = compile_contracts(set(names.values()))
    for nonce, (name, contract) in enumerate(names.items()):
        data = artifacts[contract].creation_code(*_arguments(name, at))
        signed = sign_transaction(deployer, to=None, data=data, nonce=nonce, gas=_GAS, chain_id=chain.chain_id)
        chain.send_raw(signed.raw)
        chain.node.request("evm_mine")
        receipt = chain.receipt(signed.hash)
        assert receipt is not None
        assert receipt.succeeded, name
        assert receipt.contract_address == at[name]
    book = chain.addresses
    contracts = {**book.contracts, **names}
    return Chain(chain.node, AddressBook(book.network, book.chain_id, book.first_block, at, contracts))


def _arguments(name: str, at: dict[str, Any]) -> tuple[Any, ...]:
    """What each is made with."""
    first, pool = at["LendingPool:EUR"], at[f"LendingPool:{SECOND}"]
    registry, authority = at["ParticipantRegistry"], at["AccessManager"]
    match name.partition(":")[0]:
        case "LendingPool":
            return at["CashToken:EUR"], at["FinancingDesk"], *SECOND_TERMS, authority
        case "SeniorTranche" | "JuniorTranche":
            tranche = Tranche[name.partition("Tranche")[0].upper()]
            return pool, int(tranche), registry, name, name[0]
        case "FirstLossReserve":
            return pool, registry, 0, authority
        case "Syndicate":
            return at["FinancingDesk"], [(its, *shares) for its, shares in zip((first, pool), _SHARES, strict=True)]
        case _:
            return at["FinancingDesk"], [first, at["LendingPool:USD"], pool]


def _decisions(chain: Chain) -> list[Call]:
    """The governor's, a day before they take effect."""
    pool, syndicate = chain.pool(SECOND), chain.addresses.address(SYNDICATE)
    vaults = (chain.vault(SECOND, tranche).address for tranche in (Tranche.SENIOR, Tranche.JUNIOR))
    takes_fees = pool.interface.functions["takeFees"].selector
    return [
        pool.call("setTranches", *vaults),
        pool.call("setReserve", chain.reserve(SECOND).address),
        pool.call("listSyndicate", syndicate),
        chain.pool("EUR").call("listSyndicate", syndicate),
        chain.desk.list_pool(pool.address, True),
        chain.desk.list_pool(syndicate, True),
        chain.access_manager.set_target_function_role(pool.address, [takes_fees], Office.SERVICER),
    ]
