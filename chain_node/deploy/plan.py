"""The whole deployment as a list of transactions of one account, in order, all known before the first is sent: a
contract's address follows from its creator and number. So the deployment can be sent in few blocks, and a broken one
resumed by counting.

The deployer is the network's administrator until the last step, which hands over to the governor for good.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from hashlib import sha256
from typing import Any, Final

import rlp  # type: ignore[import-untyped]
from eth_typing import ChecksumAddress
from eth_utils.crypto import keccak
from iso4217 import Currency

from chain_node.client.contracts.access import module_name
from chain_node.compile import Artifact
from chain_node.config import Network
from chain_node.deploy.offices import FUNCTIONS, KEY_OF
from chain_node.interface import checksum
from chain_node.vocabulary import Milestone, Office, Role, Tranche

_CALL_GAS: Final = 600_000
_CREATION_BASE_GAS: Final = 1_000_000
_HELD_BY_NETWORK: Final = (
    "ReceivableToken",
    "OrderEscrow",
    "FxQuotes",
    "FinancingDesk",
    "ReceivableCollateral",
    "OrderCollateral",
    "InsurancePolicies",
    "PurchaseCollateral",
    "DrawPurposes",
    "InventoryCollateral",
)
_HELD_PER_CURRENCY: Final = ("LendingPool:", "SeniorTranche:", "JuniorTranche:", "FirstLossReserve:")
_ADAPTERS: Final = ("ReceivableCollateral", "OrderCollateral", "PurchaseCollateral")


@dataclass(frozen=True)
class Step:
    """One transaction. `name` is the deployed name of the contract that it creates; `to` is None for a creation."""

    title: str
    to: ChecksumAddress | None
    data: bytes = field(repr=False)
    gas: int
    name: str = ""
    contract: str = ""
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All steps, and where the contracts will stand. The digest changes with anything in it."""

    steps: tuple[Step, ...]
    addresses: Mapping[str, ChecksumAddress]
    first_nonce: int

    @property
    def digest(self) -> str:
        rows = [[step.title, step.to, step.data.hex(), step.gas] for step in self.steps]
        return sha256(json.dumps([self.first_nonce, rows]).encode()).hexdigest()


def make_plan(
    network: Network,
    artifacts: Mapping[str, Artifact],
    deployer: ChecksumAddress,
    offices: Mapping[str, ChecksumAddress],
    first_nonce: int,
) -> Plan:
    """`offices` maps the names of keys to their accounts; `first_nonce` numbers the deployer's first transaction."""
    planner = Planner(network, artifacts, deployer, offices, first_nonce)
    planner.create_all()
    planner.configure()
    planner.admit()
    planner.name_modules()
    planner.appoint()
    return Plan(tuple(planner.steps), planner.addresses, first_nonce)


class Planner:
    """Collects the steps; an upgrade takes the same and keeps what concerns it (chain_node/upgrade)."""

    def __init__(
        self,
        network: Network,
        artifacts: Mapping[str, Artifact],
        deployer: ChecksumAddress,
        offices: Mapping[str, ChecksumAddress],
        first_nonce: int,
    ) -> None:
        self.network, self.config, self.artifacts = network, network.config, artifacts
        self.deployer, self.offices, self.first_nonce = deployer, offices, first_nonce
        self.steps: list[Step] = []
        self.addresses: dict[str, ChecksumAddress] = {}
        self.contracts: dict[str, str] = {}

    def create_all(self) -> None:
        at, delay = self.addresses, self.config.governance.delay_seconds
        self._create("AccessManager", self.deployer, delay, contract="NetworkAccessManager")
        authority = at["AccessManager"]
        self._create("ParticipantRegistry", authority)
        self._create("Directory", authority)
        registry = at["ParticipantRegistry"]
        for code in self.config.currencies:
            currency = Currency(code)
            names = (f"{currency.currency_name} deposit", f"{code}d", code, currency.exponent or 0)
            self._create(f"CashToken:{code}", *names, registry, authority)
        self._create("ReceivableOffices", registry, authority)
        self._create("ReceivableWorkouts", registry, authority)
        rules = tuple(dict(self.config.circulation).values())
        parts = (at["ReceivableOffices"], at["ReceivableWorkouts"])
        self._create("ReceivableToken", registry, rules, *parts, authority)
        self._create("ReceivableDisputes", at["ReceivableToken"], registry, authority)
        self._create("MilestoneOracle", registry, authority)
        self._create("FeedOracle", registry, at["MilestoneOracle"], authority)
        self._create("ConditionGrades", registry, at["MilestoneOracle"], at["FeedOracle"], authority)
        self._create("FxQuotes", registry, at["FeedOracle"], authority)
        self._create_inventory()
        self._create_orders()
        self._create_desk()
        for code in self.config.currencies:
            self._create_pool(code)
        pools = [at[f"LendingPool:{code}"] for code in self.config.currencies]
        self._create("HealthCheck", at["FinancingDesk"], pools)
        self._create("LossAdjuster", at["FinancingDesk"], at["MilestoneOracle"], registry)
        self._create("InsurancePolicies", at["FinancingDesk"], at["LossAdjuster"], registry, authority)

    def _create_inventory(self) -> None:
        at = self.addresses
        sources = (at["ParticipantRegistry"], at["MilestoneOracle"])
        for part in ("LotIntake", "LotReleases"):
            self._create(part, *sources, at["AccessManager"])
        self._create("WarehouseReceiptToken", *sources, at["LotIntake"], at["LotReleases"], at["AccessManager"])
        values = (at["WarehouseReceiptToken"], at["FeedOracle"], at["ConditionGrades"])
        self._create("GoodsValuation", *values, at["MilestoneOracle"], at["AccessManager"])

    def _create_orders(self) -> None:
        at, days = self.addresses, self.config.order_dispute_days
        terms = (at["ParticipantRegistry"], at["MilestoneOracle"], at["WarehouseReceiptToken"], days)
        for part in ("OrderAgreements", "OrderWorkouts"):
            self._create(part, *terms, at["AccessManager"])
        self._create("OrderEscrow", *terms, at["OrderAgreements"], at["OrderWorkouts"], at["AccessManager"])
        items = (at["OrderEscrow"], at["ReceivableToken"])
        self._create("OrderMatch", *items, at["MilestoneOracle"], at["ParticipantRegistry"], at["AccessManager"])

    def _create_desk(self) -> None:
        at = self.addresses
        authority, registry, oracle = at["AccessManager"], at["ParticipantRegistry"], at["MilestoneOracle"]
        # The desk and its concentration book know each other from birth: the book is created after the desk, which is
        # created after its three parts.
        book = created_address(self.deployer, self.first_nonce + len(self.steps) + 4)
        self._create("DeskOpenings", registry, oracle, book, authority)
        self._create("DeskWorkouts", registry, book, authority)
        self._create("DeskHandovers", registry, oracle, book, authority)
        parts = (at["DeskOpenings"], at["DeskWorkouts"], at["DeskHandovers"])
        self._create("FinancingDesk", registry, oracle, book, *parts, authority)
        desk = at["FinancingDesk"]
        self._create("Concentration", desk, authority)
        schedule = [(step.days_overdue, step.written_off_bps) for step in self.config.write_off]
        self._create("Servicing", desk, schedule, authority)
        self._create("Applications", desk, authority)
        self._create("Conversions", desk, at["FxQuotes"], at["FeedOracle"], authority)
        shared = (oracle, desk, at["Applications"], registry)
        self._create("ReceivableCollateral", at["ReceivableToken"], *shared, at["OrderMatch"], at["Conversions"])
        self._create("OrderCollateral", at["OrderEscrow"], *shared)
        self._create("PurchaseCollateral", at["OrderEscrow"], *shared)
        self._create("DrawPurposes", desk, at["ReceivableToken"], at["OrderEscrow"], registry)
        goods = (at["WarehouseReceiptToken"], at["GoodsValuation"], desk)
        for part in ("InventoryChanges", "InventorySales"):
            self._create(part, *goods, registry, authority)
        sides = (at["InventoryChanges"], at["InventorySales"])
        self._create("InventoryCollateral", *goods, at["Applications"], registry, *sides, authority)

    def _create_pool(self, code: str) -> None:
        at, terms = self.addresses, self.config.pool(code)
        authority, registry = at["AccessManager"], at["ParticipantRegistry"]
        figures = (terms.senior_rate_bps, terms.subordination_floor_bps, terms.epoch_seconds)
        self._create(f"LendingPool:{code}", at[f"CashToken:{code}"], at["FinancingDesk"], *figures, authority)
        pool = at[f"LendingPool:{code}"]
        for tranche in Tranche:
            word = tranche.name.title()
            names = (f"Portolan {code} {word.lower()} share", f"p{code}{word[0]}")
            self._create(f"{word}Tranche:{code}", pool, int(tranche), registry, *names, contract="TrancheVault")
        self._create(f"FirstLossReserve:{code}", pool, registry, terms.reserve_floor_bps, authority)

    def configure(self) -> None:
        at = self.addresses
        for name, policy in self.config.policies.items():
            on_chain = tuple(vars(policy.on_chain()).values())
            self._call("MilestoneOracle", "setPolicy", int(Milestone[name]), on_chain)
        self._call("MilestoneOracle", "listConsumer", at["FinancingDesk"], True)
        self._call("MilestoneOracle", "listConsumer", at["OrderEscrow"], True)
        for name, feed in self.config.feeds.items():
            rules, terms = feed.on_chain()
            self._call("FeedOracle", "setPolicy", feed.policy_id(name), astuple(rules), astuple(terms))
        self._call("FeedOracle", "setKeeper", at["ConditionGrades"])
        for pair in (feed for feed in self.config.feeds.values() if feed.kind == "FX"):
            if {pair.base, pair.quote} <= set(self.config.currencies):
                tokens = (at[f"CashToken:{pair.base}"], at[f"CashToken:{pair.quote}"])
                self._call("FxQuotes", "openMarket", *tokens, pair.quote_band_bps)
        self._call("FxQuotes", "listAgent", at["Conversions"], True)
        self._set_commodities()
        self._call("ReceivableToken", "listCustodian", at["ReceivableCollateral"])
        self._call("ReceivableToken", "setDisputes", at["ReceivableDisputes"])
        self._call("OrderEscrow", "listAssignee", at["OrderCollateral"], True)
        self._call("OrderEscrow", "listAssignee", at["PurchaseCollateral"], True)
        self._call("OrderEscrow", "listMatcher", at["OrderMatch"], True)
        self._call("WarehouseReceiptToken", "listCustodian", at["OrderEscrow"])
        self._call("FinancingDesk", "setServicing", at["Servicing"])
        self._call("FinancingDesk", "setApplications", at["Applications"])
        self._call("FinancingDesk", "setCover", at["InsurancePolicies"])
        self._call("FinancingDesk", "setPurposes", at["DrawPurposes"])
        for adapter in (*_ADAPTERS, "InventoryCollateral"):
            self._call("FinancingDesk", "listCollateral", at[adapter], True)
        self._call("WarehouseReceiptToken", "listCustodian", at["InventoryCollateral"])
        self._call("ConditionGrades", "listEnroller", at["GoodsValuation"], True)
        for code in self.config.currencies:
            self._call("ReceivableToken", "listCurrency", at[f"CashToken:{code}"])
            self._call("OrderEscrow", "listCurrency", at[f"CashToken:{code}"])
            self._call("FinancingDesk", "listPool", at[f"LendingPool:{code}"], True)
            tranches = (at[f"SeniorTranche:{code}"], at[f"JuniorTranche:{code}"])
            self._call(f"LendingPool:{code}", "setTranches", *tranches)
            self._call(f"LendingPool:{code}", "setReserve", at[f"FirstLossReserve:{code}"])
            for vault in (f"SeniorTranche:{code}", f"JuniorTranche:{code}"):
                self._call(vault, "setSmallestRequest", self.config.pool(code).smallest_request_shares)

    def _set_commodities(self) -> None:
        """What goods are worth, and how their condition is graded."""
        for its in self.config.commodities.values():
            if its.rules:
                self._call("ConditionGrades", "setRules", its.graded_as, [astuple(rule) for rule in its.grade_rules()])
            price = self.config.feeds[its.price].policy_id(its.price)
            self._call("GoodsValuation", "setTerms", its.code, its.valuation_terms(price))

    def admit(self) -> None:
        """Organisations of participants.toml; the operator's accounts are the contracts that hold what is others'."""
        for one in self.network.organisations:
            terms = (one.lei, one.group_lei or "", one.jurisdiction, int(one.roles), one.kyc_expires_at_seconds)
            self._call("ParticipantRegistry", "registerOrganisation", *terms)
        operator = self.network.operator
        if Role.NETWORK in operator.roles:
            for name in self.held():
                self._call("ParticipantRegistry", "admitAccount", operator.lei, self.addresses[name])

    def held(self) -> list[str]:
        """The contracts that hold what is others'."""
        return [name for name in self.addresses if name in _HELD_BY_NETWORK or name.startswith(_HELD_PER_CURRENCY)]

    def name_modules(self) -> None:
        for name, address in self.addresses.items():
            self._call("Directory", "setModule", module_name(name), address)

    def appoint(self) -> None:
        """Gives each function to its office and each office to its account; then the deployer has nothing left."""
        self.assign_functions()
        for office in Office:
            self._call("AccessManager", "labelRole", int(office), office.name)
        self._call("AccessManager", "setRoleGuardian", int(Office.GOVERNOR), int(Office.GUARDIAN))
        for office, key in KEY_OF.items():
            self._call("AccessManager", "grantRole", int(office), self.offices[key], 0)
        delay = self.config.governance.delay_seconds
        self._call("AccessManager", "handOver", self.offices["governor"], delay)

    def assign_functions(self) -> None:
        for name, contract in self.contracts.items():
            for office, functions in FUNCTIONS.get(contract, {}).items():
                selectors = [self._selector(contract, function) for function in functions]
                self._call("AccessManager", "setTargetFunctionRole", self.addresses[name], selectors, int(office))

    def _create(self, name: str, *arguments: Any, contract: str = "") -> None:
        contract = contract or name.partition(":")[0]
        artifact = self.artifacts[contract]
        data = artifact.creation_code(*arguments)
        gas = _CREATION_BASE_GAS + self.config.engine.gas_per_data_byte * len(data)
        gas += 100 * len(artifact.deployed_bytecode)
        nonce = self.first_nonce + len(self.steps)
        self.addresses[name], self.contracts[name] = created_address(self.deployer, nonce), contract
        self.steps.append(Step(f"create {name}", None, data, gas, name, contract, arguments))

    def _call(self, name: str, function: str, *values: Any) -> None:
        data = self.artifacts[self.contracts[name]].interface.functions[function].encode(*values)
        self.steps.append(Step(f"{name}.{function}", self.addresses[name], data, _CALL_GAS))

    def _selector(self, contract: str, function: str) -> bytes:
        return self.artifacts[contract].interface.functions[function].selector


def created_address(creator: ChecksumAddress, nonce: int) -> ChecksumAddress:
    """Where the contract created by an account's transaction of that number stands."""
    encoded: bytes = rlp.encode([bytes.fromhex(creator[2:]), nonce])
    return checksum("0x" + keccak(encoded)[12:].hex())


def batches(plan: Plan, begin: int, gas_limit: int) -> Iterator[tuple[int, list[Step]]]:
    """The steps from `begin` on, cut into lists that fit one block each, with the index of each list's first."""
    batch: list[Step] = []
    start = begin
    for index in range(begin, len(plan.steps)):
        step = plan.steps[index]
        if batch and sum(s.gas for s in batch) + step.gas > gas_limit:
            yield start, batch
            batch, start = [], index
        batch.append(step)
    if batch:
        yield start, batch
