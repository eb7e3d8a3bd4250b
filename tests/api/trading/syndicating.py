"""A second pool in euro beside the network's own, and a syndicate of the two: made past the gateway, which has neither
in its address book."""

from dataclasses import dataclass
from typing import Any

from eth_typing import ChecksumAddress
from ordering import acts
from trading import Trading, await_receipt

from chain_node.client import Call, FacilityTerms, Milestone, Pool, Step, Tranche, Vault
from chain_node.client.signing import sign_transaction
from chain_node.compile import ROOT, compile_contracts
from chain_node.config import load_network
from chain_node.deploy.plan import created_address
from chain_node.keys import KeyRing

HALF = 5_000
_EPOCH = 4 * 86_400


@dataclass(frozen=True)
class Members:
    """A syndicate by its address, and the pool that lends beside the network's."""

    syndicate: str
    theirs: ChecksumAddress


def create(trading: Trading, contract: str, *arguments: Any) -> ChecksumAddress:
    """The new contract's address."""
    account = KeyRing(trading.network.data_dir).account("governor")
    nonce = trading.chain.transaction_count(account.address)
    signed = sign_transaction(
        account,
        to=None,
        data=compile_contracts()[contract].creation_code(*arguments),
        nonce=nonce,
        gas=15_000_000,
        chain_id=trading.chain.chain_id,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
    )
    trading.chain.send_raw(signed.raw)
    await_receipt(trading.chain, signed.hash)
    return created_address(account.address, nonce)


def syndicate(trading: Trading) -> Members:
    """Admitted by the governor as a source of money; neither pool has listed it."""
    at = trading.chain.addresses.address
    ours, desk = at("LendingPool:EUR"), at("FinancingDesk")
    theirs = create(trading, "LendingPool", at("CashToken:EUR"), desk, 500, 1_000, _EPOCH, at("AccessManager"))
    made = create(trading, "Syndicate", desk, [(pool, HALF, HALF, HALF) for pool in (ours, theirs)])
    govern(trading, trading.chain.desk.list_pool(made, True))
    return Members(made, theirs)


def govern(trading: Trading, *calls: Call) -> None:
    """The governor's acts, announced and done once its delay is over."""
    governor, manager = KeyRing(trading.network.data_dir).account("governor"), trading.chain.access_manager
    for call in calls:
        trading.send(governor, manager.schedule(call.to, call.data, 0))
    delay = load_network(ROOT / "network-config" / "local").config.governance.delay_seconds
    trading.network.engine.set_clock(trading.chain.block().timestamp + delay)
    for call in calls:
        trading.send(governor, call)


def facility_of(trading: Trading, source: str, number: int) -> str:
    """A line of the supplier's out of that source, which is to be the facility of that number."""
    officer = KeyRing(trading.network.data_dir).account("credit-officer")
    terms = FacilityTerms(
        supplier=trading.accounts["supplier"],
        pool=source,
        limit=10_000_000,
        discount_rate_bps=900,
        fee_bps=50,
        expires_at=1_788_220_800,
    )
    trading.send(officer, trading.chain.desk.open_facility(terms))
    custodian = trading.chain.addresses.address("ReceivableCollateral")
    trading.send(officer, trading.chain.desk.set_ladder(number, custodian, [Step(Milestone.DEPARTED, 6_000, False)]))
    return str(number)


def lends(trading: Trading, members: Members, units: int) -> None:
    """The second pool gets vaults, and so much of the lender's and the junior lender's money; both pools list the
    syndicate."""
    chain, at = trading.chain, trading.chain.addresses.address
    pool = Pool(chain.node, "their pool", members.theirs)
    vaults = {
        tranche: create(trading, "TrancheVault", pool.address, int(tranche), at("ParticipantRegistry"), "T", "T")
        for tranche in (Tranche.SENIOR, Tranche.JUNIOR)
    }
    operator = load_network(ROOT / "network-config" / "local").operator.lei
    registrar = KeyRing(trading.network.data_dir).account("registrar")
    for account in (pool.address, members.syndicate, *vaults.values()):
        trading.send(registrar, chain.registry.admit_account(operator, account))
    govern(
        trading,
        pool.call("setTranches", *vaults.values()),
        pool.call("listSyndicate", members.syndicate),
        chain.pool("EUR").call("listSyndicate", members.syndicate),
    )
    for name, tranche in (("junior", Tranche.JUNIOR), ("lender", Tranche.SENIOR)):
        vault = Vault(chain.node, "their vault", vaults[tranche])
        trading.issue(name, units)
        acts(trading, name, chain.cash("EUR").approve(vault.address, units))
        acts(trading, name, vault.deposit(units, trading.accounts[name]))
