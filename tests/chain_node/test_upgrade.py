"""A new version of lending beside the old one, with live positions on the old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork, lei
from typer.testing import CliRunner

from chain_node.cli import node_app
from chain_node.client import AddressBook, Call, Chain, FacilityTerms, Milestone, Node, Role, Step, Tranche
from chain_node.compile import Artifact, compile_contracts
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.deploy import DeployFailed, Record, deploy
from chain_node.deploy.run import Run
from chain_node.errors import ContractReverted, reverts
from chain_node.upgrade import Site, UpgradeRefused, execute, renewed_with, run_off, schedule
from chain_node.vocabulary import FinancingState

pytestmark = pytest.mark.node

FACE, LENT = 10_000_000, 8_000_000
DAY = 86_400
SECOND_HOLDER = lei("PORTOLANSECOND")


def site_of(network: RunningNetwork, artifacts: dict[str, Artifact] | None = None) -> Site:
    node, loaded = Node(network.rpc_url), load_network(CONFIG_ROOT / "local")
    return Site(node, loaded, network.keys, artifacts or compile_contracts(), network.data_dir)


@pytest.fixture
def site(own_network: RunningNetwork) -> Iterator[Site]:
    """Its registry knows a second organisation of the operator's, for the accounts of the new contracts."""
    registry, until = own_network.chain.registry, own_network.now() + 1000 * DAY
    own_network.send("registrar", registry.register_organisation(SECOND_HOLDER, "", "LU", int(Role.NETWORK), until))
    made = site_of(own_network)
    yield made
    made.node.close()


def wait_out(network: RunningNetwork, ready: int) -> None:
    network.engine.set_clock(ready + 1)


def record(site: Site) -> Record:
    found = Record.load(site.deployments)
    assert found is not None
    return found


# What is renewed together


def test_contract_that_all_versions_share_is_not_renewed(own_network: RunningNetwork) -> None:
    for name in ("ReceivableToken", "MilestoneOracle", "CashToken:EUR", "ParticipantRegistry", "AccessManager"):
        with pytest.raises(UpgradeRefused, match="all versions of lending share it"):
            schedule(site_of(own_network), [name])


def test_unknown_module_is_refused(own_network: RunningNetwork) -> None:
    with pytest.raises(UpgradeRefused, match="FinancingDest is no contract of local"):
        schedule(site_of(own_network), ["FinancingDest"])


def test_desk_takes_with_it_whatever_holds_its_address(own_network: RunningNetwork) -> None:
    names = renewed_with(record(site_of(own_network)), ["FinancingDesk"])

    assert {"Concentration", "ReceivableCollateral", "LendingPool:EUR", "SeniorTranche:USD", "HealthCheck"} <= set(
        names
    )
    assert {"InsurancePolicies", "DeskOpenings", "InventorySales", "FirstLossReserve:EUR"} <= set(names)
    assert not {"ReceivableToken", "OrderEscrow", "GoodsValuation", "FxQuotes", "CashToken:EUR"} & set(names)


def test_part_that_is_told_once_takes_its_teller_with_it(own_network: RunningNetwork) -> None:
    base = record(site_of(own_network))

    assert renewed_with(base, ["Servicing"]) == renewed_with(base, ["FinancingDesk"])
    assert renewed_with(base, ["JuniorTranche:EUR"]) == renewed_with(base, ["LendingPool:EUR"])
    assert "LendingPool:USD" not in renewed_with(base, ["LendingPool:EUR"])
    assert renewed_with(base, ["HealthCheck"]) == ("HealthCheck",)


# Refusals


def test_second_version_needs_an_organisation_with_room(own_network: RunningNetwork) -> None:
    with pytest.raises(UpgradeRefused, match="has 18 accounts and would need 15 more; an organisation may have 32"):
        schedule(site_of(own_network), ["FinancingDesk"])

    assert not (own_network.data_dir / "upgrade.json").exists()


def test_holder_that_the_registry_does_not_know_is_refused(own_network: RunningNetwork) -> None:
    with pytest.raises(UpgradeRefused, match="is no organisation of local: register it first"):
        schedule(site_of(own_network), ["FinancingDesk"], lei("NOBODYATALL"))


def test_nothing_is_carried_out_that_was_not_scheduled(own_network: RunningNetwork) -> None:
    with pytest.raises(UpgradeRefused, match="no upgrade is under way: schedule one first"):
        execute(site_of(own_network))
    with pytest.raises(UpgradeRefused, match="say which module is to be renewed"):
        schedule(site_of(own_network), [])


def test_directory_change_that_was_not_scheduled_is_refused_by_the_chain(own_network: RunningNetwork) -> None:
    """Also after the delay of another change, and for another address than the one that was announced."""
    chain, governor = own_network.chain, own_network.keys.address("governor")
    wait_out(own_network, schedule(site_of(own_network), ["HealthCheck"]))
    other = chain.directory.set_module("HealthCheck", chain.addresses.address("FinancingDesk"))

    with pytest.raises(reverts.AccessManagerNotScheduled):
        chain.simulate(chain.access_manager.execute(other.to, other.data), governor)
    with pytest.raises(reverts.AccessManagerNotScheduled):
        chain.simulate(other, governor)


def test_upgrade_is_refused_before_its_delay_is_over_by_us_and_by_the_chain(own_network: RunningNetwork) -> None:
    site, chain = site_of(own_network), own_network.chain
    before = chain.directory.module_of("HealthCheck")
    ready = schedule(site, ["HealthCheck"])
    made = json.loads((own_network.data_dir / "upgrade.json").read_text())["contracts"]["HealthCheck"]["address"]
    call = chain.directory.set_module("HealthCheck", made)

    assert ready >= own_network.now() + DAY - 60
    with pytest.raises(UpgradeRefused, match="not ready before 20"):
        execute(site)
    with pytest.raises(reverts.AccessManagerNotReady):
        chain.simulate(chain.access_manager.execute(call.to, call.data), own_network.keys.address("governor"))
    assert chain.directory.module_of("HealthCheck") == before
    assert record(site).upgrades == []


def test_change_that_the_guardian_cancelled_is_not_carried_out_until_it_is_announced_again(
    own_network: RunningNetwork,
) -> None:
    site, chain, keys = site_of(own_network), own_network.chain, own_network.keys
    ready = schedule(site, ["HealthCheck"])
    made = json.loads((own_network.data_dir / "upgrade.json").read_text())["contracts"]["HealthCheck"]["address"]
    call = chain.directory.set_module("HealthCheck", made)
    own_network.send("guardian", chain.access_manager.cancel(keys.address("governor"), call.to, call.data))
    wait_out(own_network, ready)

    with pytest.raises(UpgradeRefused, match=r"1 operations are not scheduled.*Directory\.setModule\(HealthCheck"):
        execute(site)

    wait_out(own_network, schedule(site, []))
    execute(site)
    assert chain.directory.module_of("HealthCheck") == made


def test_other_module_or_configuration_than_announced_is_refused(site: Site, own_network: RunningNetwork) -> None:
    ready = schedule(site, ["FinancingDesk"], SECOND_HOLDER)
    wait_out(own_network, ready)
    later = [{**vars(step), "written_off_bps": step.written_off_bps - 1} for step in site.network.config.write_off]
    steps = [type(step)(**values) for step, values in zip(site.network.config.write_off, later, strict=True)]
    changed = site.network.config.model_copy(update={"write_off": steps})

    with pytest.raises(UpgradeRefused, match="an upgrade of FinancingDesk is under way"):
        schedule(site, ["HealthCheck"])
    with pytest.raises(UpgradeRefused, match="this is not what was announced"):
        execute(replace(site, network=site.network.model_copy(update={"config": changed})))
    assert record(site).upgrades == []


# Another build


def rebuilt(artifacts: dict[str, Artifact], name: str) -> dict[str, Artifact]:
    """As if the contract's source had changed: the hash over it, which ends its code, is another one."""
    old = artifacts[name]
    tail = old.deployed_bytecode[-60:-20]
    assert old.bytecode.count(tail) == 1
    other = "".join("1" if digit == "0" else "0" for digit in tail)
    code, deployed = old.bytecode.replace(tail, other), old.deployed_bytecode.replace(tail, other)
    return {**artifacts, name: replace(old, input_hash="1" * 64, bytecode=code, deployed_bytecode=deployed)}


def test_new_build_of_one_contract_stands_beside_what_the_old_build_made(own_network: RunningNetwork) -> None:
    old = dict(compile_contracts())
    new = rebuilt(old, "HealthCheck")
    site = site_of(own_network, new)
    before = record(site)

    wait_out(own_network, schedule(site, ["HealthCheck"]))
    execute(site)

    after = record(site)
    assert after.contracts["HealthCheck"]["code_hash"] != before.contracts["HealthCheck"]["code_hash"]
    assert after.contracts["run-off-1/HealthCheck"]["address"] == before.contracts["HealthCheck"]["address"]
    assert after.contracts["run-off-1/HealthCheck"]["code_version"] == before.code_version
    deploy(site.node, site.network, own_network.keys, new, site.deployments)
    with pytest.raises(DeployFailed, match="deployed with other contract code"):
        deploy(site.node, site.network, own_network.keys, old, site.deployments)


# With live positions


@dataclass
class Parties:
    """Who trades, on any version: `chain` says which."""

    network: RunningNetwork
    supplier: LocalAccount
    debtor: LocalAccount
    lender: LocalAccount

    @classmethod
    def admitted(cls, network: RunningNetwork) -> Parties:
        roles = {"SUPPLIER": Role.SUPPLIER, "DEBTOR": Role.DEBTOR, "LENDER": Role.LENDER}
        accounts = {name: Account.create() for name in roles}
        for name, role in roles.items():
            network.admit(lei(f"LIVE{name}"), accounts[name].address, int(role))
        return cls(network, *accounts.values())

    def issue(self, to: LocalAccount, amount: int, reference: int) -> None:
        cash = self.network.chain.cash("EUR")
        self.network.send("cash-issuer", cash.issue(to.address, amount, reference.to_bytes(32)))

    def fund(self, chain: Chain, amount: int, reference: int) -> None:
        """Half of it junior, so that the senior part is covered."""
        self.issue(self.lender, amount, reference)
        for tranche in (Tranche.JUNIOR, Tranche.SENIOR):
            vault = chain.vault("EUR", tranche)
            # The pool draws the money.
            self.network.send(self.lender, chain.cash("EUR").approve(chain.pool("EUR").address, amount))
            self.network.send(self.lender, chain.cash("EUR").approve(vault.address, amount))
            self.network.send(self.lender, vault.deposit(amount // 2, self.lender.address))

    def invoice(self, id: int) -> None:
        receivables, due = self.network.chain.receivables, self.network.now() // DAY + 60
        terms: dict[str, int] = {"id": id, "face_value": FACE, "quantity": 1_000, "due_date": due}
        offer = receivables.register(debtor=self.debtor.address, currency="EUR", **terms)
        self.network.send(self.supplier, offer)
        self.network.send(self.debtor, receivables.accept(waive_set_off=True, **terms))

    def terms(self, chain: Chain) -> FacilityTerms:
        return FacilityTerms(
            supplier=self.supplier.address,
            pool=chain.pool("EUR").address,
            limit=4 * FACE,
            discount_rate_bps=900,
            fee_bps=50,
            expires_at=self.network.now() + 200 * DAY,
        )

    def grant(self, chain: Chain) -> int:
        send, desk = self.network.send, chain.desk
        send("credit-officer", desk.open_facility(self.terms(chain)))
        facility, collateral = desk.facility_count(), chain.receivable_collateral.address
        send("credit-officer", desk.set_ladder(facility, collateral, [Step(Milestone.ACCEPTED, 8000, False)]))
        return facility

    def finance(self, chain: Chain, facility: int, invoice: int) -> int:
        self.network.send(self.supplier, self.approval(chain))
        collateral = chain.receivable_collateral.address
        self.network.send(self.supplier, opening(chain, facility, collateral, invoice))
        return chain.desk.financing_count()

    def approval(self, chain: Chain) -> Call:
        return chain.receivables.call("setApprovalForAll", chain.receivable_collateral.address, True)

    def pay_invoice(self, id: int, reference: int) -> None:
        chain = self.network.chain
        self.issue(self.debtor, FACE, reference)
        self.network.send(self.debtor, chain.cash("EUR").approve(chain.receivables.address, FACE))
        self.network.send(self.debtor, chain.receivables.pay(id, FACE))


def opening(chain: Chain, facility: int, collateral: str, invoice: int) -> Call:
    return chain.desk.open_financing(
        facility=facility, collateral=collateral, item_id=invoice, units=FACE, subject=bytes(32)
    )


def typed(network: RunningNetwork, *words: str) -> str:
    answer = CliRunner().invoke(node_app, ["upgrade", "--data-dir", str(network.data_dir), *words])
    assert answer.exit_code == 0, answer.output
    return answer.output


def refused(network: RunningNetwork, *words: str) -> str:
    answer = CliRunner().invoke(node_app, ["upgrade", "--data-dir", str(network.data_dir), *words])
    assert answer.exit_code == 1
    return " ".join(answer.output.split())


def redeem_all(parties: Parties, chain: Chain) -> None:
    network, account = parties.network, parties.lender
    vaults = [chain.vault("EUR", tranche) for tranche in Tranche]
    for vault in vaults:
        network.send(account, vault.request_redeem(vault.balance_of(account.address), account.address, account.address))
    network.engine.set_clock(max(chain.pool("EUR").closable_at(), network.now()) + 1)
    network.send(account, chain.pool("EUR").close_epoch())
    for vault in vaults:
        network.send(account, vault.redeem(vault.max_redeem(account.address), account.address, account.address))


def test_old_version_runs_off_while_the_new_one_lends(site: Site, own_network: RunningNetwork) -> None:
    network, old = own_network, own_network.chain
    parties = Parties.admitted(network)
    parties.fund(old, 4 * FACE, 1)
    facility = parties.grant(old)
    for invoice in range(1, 6):
        parties.invoice(invoice)
    parties.finance(old, facility, 1)
    parties.finance(old, facility, 2)
    assert typed(network, "--status") == "No upgrade was ever made, and none is under way.\n"

    told = typed(network, "--schedule", "--module", "FinancingDesk", "--holder", SECOND_HOLDER)
    assert "26 contracts stand beside the old ones. Nothing uses them yet." in told
    assert "governor  Directory.setModule(run-off-1/FinancingDesk, " in told
    assert "not ready before 20" in refused(network, "--execute")
    parties.finance(old, facility, 3)  # until the change the old version is the only one
    ready = schedule(site, [])
    wait_out(network, ready)
    typed(network, "--execute")

    new = Chain(Node(network.rpc_url), AddressBook.load(network.deployments))
    assert old.directory.module_of("FinancingDesk") == new.desk.address != old.desk.address
    assert old.directory.module_of("run-off-1/FinancingDesk") == old.desk.address
    assert new.addresses.address("run-off-1/LendingPool:EUR") == old.pool("EUR").address
    assert new.addresses.address("ReceivableToken") == old.addresses.address("ReceivableToken")
    assert "Version before upgrade 1: runs off." in typed(network, "--status")

    the_old_version_takes_nothing_new(parties, old, facility)
    no_invoice_backs_two_financings(parties, old, new)
    financing = parties.finance(new, new.desk.facility_count(), 4)
    assert new.desk.financing(financing).principal + new.desk.financing(financing).fees_due >= LENT
    assert new.pool("EUR").books().principal_out == new.desk.financing(financing).principal > 0
    assert (old.health.check().healthy, new.health.check().healthy) == (True, True)

    the_old_version_is_paid(parties, old)
    redeem_all(parties, old)

    left = run_off(site.node, site.folder, 1, record(site).upgrades[0]["renewed"])
    assert left.over, left
    assert (left.open, left.financings, left.health.healthy) == ((), 3, True)
    assert [(pool.principal_out, pool.worth, pool.reserve) for pool in left.pools] == [(0, 0, 0), (0, 0, 0)]
    euro = left.pools[0]
    assert euro.cash + euro.set_aside < 5  # what rounding leaves of forty million
    assert old.cash("EUR").balance_of(old.pool("EUR").address) == euro.cash + euro.set_aside + euro.fees
    assert [old.receivables.balance_of(old.receivable_collateral.address, id) for id in (1, 2, 3)] == [0, 0, 0]
    assert "Version before upgrade 1: nothing is out." in typed(network, "--status")
    assert new.health.check().healthy
    assert new.pool("EUR").books().principal_out == new.desk.financing(financing).principal


def the_old_version_takes_nothing_new(parties: Parties, old: Chain, facility: int) -> None:
    supplier, collateral = parties.supplier.address, old.receivable_collateral.address
    with pytest.raises(reverts.PoolUnlisted):
        old.simulate(old.desk.open_facility(parties.terms(old)), parties.network.keys.address("credit-officer"))
    with pytest.raises(reverts.PoolUnlisted):
        old.simulate(opening(old, facility, collateral, 4), supplier)
    assert old.vault("EUR", Tranche.SENIOR).max_deposit(parties.lender.address) == 0


def no_invoice_backs_two_financings(parties: Parties, old: Chain, new: Chain) -> None:
    parties.fund(new, 2 * FACE, 2)
    facility = parties.grant(new)
    assert facility == 1
    with pytest.raises(ContractReverted):
        parties.finance(new, facility, 1)
    assert new.desk.financing_count() == 0
    assert old.receivables.balance_of(old.receivable_collateral.address, 1) == FACE


def the_old_version_is_paid(parties: Parties, old: Chain) -> None:
    """The first by its debtor, the second by its supplier, the third late, after its default."""
    network, desk = parties.network, old.desk
    parties.pay_invoice(1, 11)
    network.send(parties.lender, old.receivable_collateral.forward(1))
    assert desk.financing(1).state is FinancingState.REPAID

    parties.issue(parties.supplier, FACE, 12)
    network.send(parties.supplier, old.cash("EUR").approve(desk.address, FACE))
    network.send(parties.supplier, desk.repay(2, desk.owed_in_all(2) + 100))
    assert desk.financing(2).state is FinancingState.REPAID

    day, overdue_from = desk.maturity_of(3)
    network.engine.set_clock(max((day + 1) * DAY, overdue_from) + 40 * DAY)
    network.send(parties.lender, old.servicing.declare_default(3))
    assert desk.financing(3).state is FinancingState.DEFAULTED
    assert "3: defaulted, owes " in typed(network, "--status")
    parties.pay_invoice(3, 13)
    network.send(parties.lender, old.receivable_collateral.forward(3))
    assert [desk.owed_in_all(id) for id in (1, 2, 3)] == [0, 0, 0]
    assert old.pool("EUR").books().principal_out == 0
    for id in (1, 2, 3):
        network.send(parties.supplier, desk.release(id))


# Broken off


class Broken(BaseException):
    """Ends an attempt where it stands. Nothing on its way catches it, so that it leaves what a kill would leave."""


@contextmanager
def broken_at(owner: type, method: str, count: int, after: bool) -> Iterator[None]:
    """Ends what is done within it at the count-th call of a method, before or after doing it."""
    original, calls = getattr(owner, method), 0

    def breaking(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < count:
            return original(*args, **kwargs)
        if after:
            original(*args, **kwargs)
        raise Broken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, breaking)
        try:
            yield
        except Broken:
            return
    raise AssertionError(f"{owner.__name__}.{method} was called {calls} times instead of {count}")


def test_upgrade_broken_off_again_and_again_is_finished_by_the_next_attempts(own_network: RunningNetwork) -> None:
    site = site_of(own_network)
    before = record(site)
    for owner, method, count, after in (
        (Record, "save", 1, True),  # begun, nothing created
        (Run, "_write_down", 3, False),  # created, few written down
        (Node, "send_raw", 1, True),  # announced in part, in no block yet
        (Node, "send_raw", 1, False),
    ):
        with broken_at(owner, method, count, after):
            schedule(site, ["LendingPool:EUR"])
    wait_out(own_network, schedule(site, []))
    for owner, method, count, after in (
        (Node, "send_raw", 1, True),  # carried out in part, in no block yet
        (Node, "send_raw", 3, True),  # among the registrar's
        (Record, "save", 2, False),  # all done, the old list kept, the new one not
    ):
        with broken_at(owner, method, count, after):
            execute(site)
        assert record(site) == before
    with broken_at(Record, "save", 2, True):  # both lists written
        execute(site)

    kept = execute(site)

    assert Record.load(kept) == before
    assert not (own_network.data_dir / "upgrade.json").exists()
    after_all = record(site)
    renewed = ["LendingPool:EUR", "SeniorTranche:EUR", "JuniorTranche:EUR", "FirstLossReserve:EUR", "HealthCheck"]
    assert [one["renewed"] for one in after_all.upgrades] == [renewed]
    assert set(after_all.contracts) == set(before.contracts) | {f"run-off-1/{name}" for name in renewed}
    new = Chain(site.node, AddressBook.load(site.deployments))
    assert {name: new.directory.module_of(name) for name in new.directory.names()} == dict(new.addresses.addresses)
    assert all(new.registry.is_admitted(new.addresses.address(name)) for name in renewed[:4])
    assert new.health.check().healthy
    count = site.node.transaction_count(site.keys.address("deployer"))
    assert count == before.steps_total + len(renewed)
    deploy(site.node, site.network, site.keys, site.artifacts, site.deployments)
