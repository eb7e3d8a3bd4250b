"""What an upgrade consists of: creations by the deployer, calls by the governor that wait, calls by other offices.

All comes from the plan of a first deployment: what creates a renewed contract or names one is kept, the rest has been
done and stays. The old version is closed for new business, and keeps a name of its own in the Directory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from eth_typing import ChecksumAddress

from chain_node.client.contracts.access import module_name
from chain_node.client.values import Call
from chain_node.compile import Artifact
from chain_node.config import Network
from chain_node.deploy.offices import FUNCTIONS, KEY_OF
from chain_node.deploy.plan import Plan, Planner
from chain_node.deploy.record import Record
from chain_node.deploy.run import DeployFailed
from chain_node.interface import checksum
from chain_node.vocabulary import Office, PoolActivity

GOVERNOR: Final = "governor"
RENEWABLE: Final = frozenset(
    {
        "DeskOpenings",
        "DeskWorkouts",
        "DeskHandovers",
        "FinancingDesk",
        "Concentration",
        "Servicing",
        "Applications",
        "Conversions",
        "ReceivableCollateral",
        "OrderCollateral",
        "PurchaseCollateral",
        "DrawPurposes",
        "InventoryChanges",
        "InventorySales",
        "InventoryCollateral",
        "LendingPool",
        "SeniorTranche",
        "JuniorTranche",
        "FirstLossReserve",
        "HealthCheck",
        "LossAdjuster",
        "InsurancePolicies",
    }
)
"""Lending and what hangs on it: nothing of it is held by what all versions share."""
_SET_ONCE: Final = {
    "Servicing": "FinancingDesk",
    "Applications": "FinancingDesk",
    "InsurancePolicies": "FinancingDesk",
    "DrawPurposes": "FinancingDesk",
    "SeniorTranche": "LendingPool",
    "JuniorTranche": "LendingPool",
    "FirstLossReserve": "LendingPool",
}
"""Who is told an address once and for all after it was made, by whose address that is: a new one needs a new teller."""


class UpgradeRefused(DeployFailed):
    """The upgrade cannot go on; the message says what is in its way."""


@dataclass(frozen=True)
class Operation:
    """One call of an office of the operator. The governor's wait; the others follow them."""

    key: str
    title: str
    call: Call


@dataclass(frozen=True)
class UpgradePlan:
    """`creation` is the deployer's; `operations` in the order in which they are carried out."""

    creation: Plan
    operations: tuple[Operation, ...]

    @property
    def delayed(self) -> list[Operation]:
        return [operation for operation in self.operations if operation.key == GOVERNOR]

    @property
    def others(self) -> list[Operation]:
        return [operation for operation in self.operations if operation.key != GOVERNOR]

    @property
    def digest(self) -> str:
        rows = [[one.key, one.title, one.call.to, one.call.data.hex()] for one in self.operations]
        return sha256(json.dumps([self.creation.digest, rows]).encode()).hexdigest()


def run_off_name(number: int, name: str) -> str:
    """What the Directory and deployments.json call a contract of the version that the upgrade of this number ended."""
    return f"run-off-{number}/{name}"


def renewed_with(base: Record, modules: list[str]) -> tuple[str, ...]:
    """The modules with all that hold an address of them for good, in the order of their deployment.

    Raises `UpgradeRefused` where one of them is not deployed, or is none of lending's.
    """
    for name in modules:
        if name not in base.contracts:
            raise UpgradeRefused(f"{name} is no contract of {base.network}: an upgrade renews, it adds nothing")
    found = set(modules)
    while more := {name for name in base.contracts if name not in found and _needs(base, name, found)}:
        found |= more
    for name in sorted(found):
        if name.partition(":")[0] not in RENEWABLE:
            raise UpgradeRefused(f"{name} cannot be renewed beside the old one: all versions of lending share it")
    return tuple(name for name in base.contracts if name in found)


def _needs(base: Record, name: str, renewed: set[str]) -> bool:
    """Whether a contract holds the address of a renewed one, or is the one that was told it once."""
    addresses = {base.contracts[one]["address"] for one in renewed}
    if addresses & set(_flat(base.contracts[name]["arguments"])):
        return True
    kind, _, currency = name.partition(":")
    tellers = {_SET_ONCE.get(one.partition(":")[0]): one.partition(":")[2] for one in renewed}
    return kind in tellers and tellers[kind] == currency


def make_upgrade(
    network: Network,
    artifacts: Mapping[str, Artifact],
    base: Record,
    renewed: tuple[str, ...],
    number: int,
    holder_lei: str,
    first_nonce: int,
) -> UpgradePlan:
    """`holder_lei` is the organisation for which the new contracts are admitted; `first_nonce` numbers the deployer's
    next transaction."""
    planner = _UpgradePlanner(network, artifacts, base, renewed, holder_lei, first_nonce)
    planner.create_all()
    planner.configure()
    planner.admit()
    planner.appoint()
    planner.close_old()
    planner.name_modules()
    planner.name_old(number)
    creation = Plan(tuple(planner.steps), planner.addresses, first_nonce)
    return UpgradePlan(creation, tuple(planner.operations))


class _UpgradePlanner(Planner):
    """Takes every step of a first deployment, and keeps those that a new contract has a part in."""

    def __init__(
        self,
        network: Network,
        artifacts: Mapping[str, Artifact],
        base: Record,
        renewed: tuple[str, ...],
        holder_lei: str,
        first_nonce: int,
    ) -> None:
        super().__init__(network, artifacts, checksum(base.deployer), {}, first_nonce)
        self.base, self.renewed, self.holder_lei = base, renewed, holder_lei
        self.fresh: set[ChecksumAddress] = set()
        self.operations: list[Operation] = []

    def admit(self) -> None:
        for name in self.held():
            self._call("ParticipantRegistry", "admitAccount", self.holder_lei, self.addresses[name])

    def appoint(self) -> None:
        """The offices have their holders; they are given the functions of the new contracts."""
        self.assign_functions()

    def close_old(self) -> None:
        """A desk opens nothing on a pool that it does not list. What is open goes on: draws that were agreed, goods
        that move on along their chain, payments, defaults, redemptions."""
        desk = self._old("FinancingDesk")
        for name in self.renewed:
            if name.startswith("LendingPool:"):
                self._operate(GOVERNOR, "FinancingDesk", desk, "listPool", self._old(name), False)
                self._operate("guardian", name, self._old(name), "stop", int(PoolActivity.DEPOSITS))

    def name_old(self, number: int) -> None:
        directory = self.addresses["Directory"]
        for name in self.renewed:
            its_name = module_name(run_off_name(number, name))
            self._operate(GOVERNOR, "Directory", directory, "setModule", its_name, self._old(name))

    def _old(self, name: str) -> ChecksumAddress:
        return checksum(self.base.contracts[name]["address"])

    def _create(self, name: str, *arguments: Any, contract: str = "") -> None:
        if name in self.renewed:
            super()._create(name, *arguments, contract=contract)
            self.fresh.add(self.addresses[name])
            return
        if name not in self.base.contracts:
            raise UpgradeRefused(f"{name} is not deployed: an upgrade renews, it adds nothing")
        self.addresses[name], self.contracts[name] = self._old(name), self.base.contracts[name]["contract"]

    def _call(self, name: str, function: str, *values: Any) -> None:
        if self.fresh.isdisjoint((self.addresses[name], *_flat(values))):
            return
        key = _key_for(self.contracts[name], function)
        self._operate(key, name, self.addresses[name], function, *values)

    def _operate(self, key: str, name: str, to: ChecksumAddress, function: str, *values: Any) -> None:
        contract = self.contracts[name]
        data = self.artifacts[contract].interface.functions[function].encode(*values)
        told = [value.rstrip(b"\0").decode() if isinstance(value, bytes) else value for value in values]
        self.operations.append(
            Operation(key, f"{name}.{function}{_words(told)}", Call(to, data, f"{contract}.{function}"))
        )


def _key_for(contract: str, function: str) -> str:
    """Whose key makes the call: the holder of the office that may; the governor is administrator as well."""
    for office, functions in FUNCTIONS.get(contract, {}).items():
        if function in functions and office is not Office.GOVERNOR:
            return KEY_OF[office]
    return GOVERNOR


def _words(values: list[Any]) -> str:
    shown = [f"{len(value)} functions" if isinstance(value, list) else str(value) for value in values]
    return f"({', '.join(shown)})"


def _flat(values: Any) -> Iterator[Any]:
    """All values in lists of lists that can be compared with an address."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        elif isinstance(value, str):
            yield value
