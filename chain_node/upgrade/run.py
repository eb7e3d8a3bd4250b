"""Carries an upgrade out in two halves with the governor's delay between them. What was done is read from the chain,
not from what was written down: either half may be broken off anywhere and repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from chain_node.client import AddressBook, Chain, Node, sign_call
from chain_node.client.values import Call
from chain_node.compile import Artifact, code_version
from chain_node.config import Network
from chain_node.deploy.record import Record
from chain_node.deploy.run import Progress, Run, check_chain
from chain_node.engines.base import hasten
from chain_node.keys import KeyRing
from chain_node.upgrade.plan import GOVERNOR, Operation, UpgradePlan, UpgradeRefused, make_upgrade, renewed_with
from chain_node.upgrade.record import UpgradeRecord, merged, run_off_path, upgrade_path

MOST_ACCOUNTS: Final = 32
"""Of one organisation: the registry's own bound."""
_AT_ONCE: Final = 15
_POLL_SECONDS: Final = 0.02
_GAS_MARGIN: Final = 1.3


@dataclass(frozen=True)
class Site:
    """Where an upgrade happens. `folder` has deployments.json and the keys."""

    node: Node
    network: Network
    keys: KeyRing
    artifacts: Mapping[str, Artifact]
    folder: Path
    progress: Progress = lambda done, total, title: None
    timeout_seconds: float = 120.0

    @property
    def deployments(self) -> Path:
        return self.folder / "deployments.json"

    def base(self) -> Record:
        """The deployment as it stands. Raises `UpgradeRefused` where there is none, or an unfinished one."""
        check_chain(self.node, self.network)
        record = Record.load(self.deployments)
        if record is None or not record.complete:
            raise UpgradeRefused(f"{self.deployments}: no finished deployment; run `portolan deploy` first")
        return record


@dataclass(frozen=True)
class Announced:
    """Where the governor's operations stand: by their numbers on chain, since when each is ready (0: not scheduled, or
    lapsed), and which have been carried out."""

    ids: tuple[bytes, ...]
    ready_at: tuple[int, ...]
    done: frozenset[bytes]

    @property
    def missing(self) -> list[int]:
        """Places of those that were neither scheduled nor carried out."""
        pairs = enumerate(zip(self.ids, self.ready_at, strict=True))
        return [place for place, (id, ready) in pairs if ready == 0 and id not in self.done]

    @property
    def last_ready(self) -> int:
        """Unix seconds from which all may be carried out; 0 where all have been."""
        waiting = [ready for id, ready in zip(self.ids, self.ready_at, strict=True) if id not in self.done]
        return max(waiting, default=0)


def schedule(site: Site, modules: Sequence[str], holder_lei: str = "") -> int:
    """Creates the new contracts beside the old, and announces the governor's operations. Safe to repeat.

    Returns from when on (Unix seconds) `execute` may follow. Raises `UpgradeRefused`.
    """
    base = site.base()
    record = UpgradeRecord.load(upgrade_path(site.folder))
    if record is None:
        record = _begin(site, base, list(modules), holder_lei)
    elif modules and set(modules) != set(record.modules):
        raise UpgradeRefused(f"an upgrade of {', '.join(record.modules)} is under way; finish it first")
    plan = plan_of(site, base, record)
    if not record.plan:
        _require_room(site, record, plan)
        (record.plan, record.steps_total) = (plan.digest, len(plan.creation.steps))
        record.save(upgrade_path(site.folder))
    _require_same(site, record, plan)
    if not record.complete:
        deployer = site.keys.account("deployer")
        path = upgrade_path(site.folder)
        Run(site.node, plan.creation, deployer, record, path, site.progress, site.timeout_seconds).carry_out()
    _drain(site, GOVERNOR)
    announced = announced_of(site, record, plan)
    manager = Chain(site.node, AddressBook.load(site.deployments)).access_manager
    calls = [manager.schedule(one.call.to, one.call.data, 0) for one in _at(plan.delayed, announced.missing)]
    _send_together(site, calls, "schedule")
    return announced_of(site, record, plan).last_ready


def execute(site: Site) -> Path:
    """Carries out what was announced, once its delay is over, and writes the new list of contracts. Safe to repeat.

    Returns the list of the old version. Raises `UpgradeRefused`, before anything is sent, where an operation is not
    what was announced, was never announced, was cancelled or has lapsed, or is not ready.
    """
    base = site.base()
    record = UpgradeRecord.load(upgrade_path(site.folder))
    if record is None:
        raise UpgradeRefused("no upgrade is under way: schedule one first")
    if record.summary not in base.upgrades:
        plan = plan_of(site, base, record)
        _require_same(site, record, plan)
        _carry_out(site, record, plan)
        base.save(run_off_path(site.folder, record.number))
        merged(base, record).save(site.deployments)
    upgrade_path(site.folder).rename(site.folder / f"upgrade-{record.number}.json")
    return run_off_path(site.folder, record.number)


def plan_of(site: Site, base: Record, record: UpgradeRecord) -> UpgradePlan:
    names = (tuple(record.renewed), record.number, record.holder_lei, record.first_nonce)
    return make_upgrade(site.network, site.artifacts, base, *names)


def announced_of(site: Site, record: UpgradeRecord, plan: UpgradePlan) -> Announced:
    manager = Chain(site.node, AddressBook.load(site.deployments)).access_manager
    governor = site.keys.address(GOVERNOR)
    asked = [(governor, one.call.to, one.call.data) for one in plan.delayed]
    ids = [bytes(answer[0]) for answer in manager.read_many("hashOperation", asked)]
    ready = [int(answer[0]) for answer in manager.read_many("getSchedule", [(id,) for id in ids])]
    events = manager.interface.events
    logs = site.node.logs([manager.address], record.first_block, site.node.block_number())
    done = {log.topics[1] for log in logs if log.topics[0] in events and events[log.topics[0]].name == _EXECUTED}
    return Announced(tuple(ids), tuple(ready), frozenset(done & set(ids)))


_EXECUTED: Final = "OperationExecuted"


def _begin(site: Site, base: Record, modules: list[str], holder_lei: str) -> UpgradeRecord:
    if not modules:
        raise UpgradeRefused("no upgrade is under way: say which module is to be renewed")
    renewed = renewed_with(base, modules)
    deployer = site.keys.address("deployer")
    if deployer != base.deployer:
        raise UpgradeRefused(f"{base.network} was deployed by {base.deployer}; this folder's key is that of {deployer}")
    return UpgradeRecord(
        network=base.network,
        chain_id=base.chain_id,
        code_version=code_version(site.artifacts.values()),
        plan="",
        deployer=deployer,
        first_nonce=site.node.transaction_count(deployer),
        first_block=site.node.block_number(),
        steps_total=0,
        sandbox=base.sandbox,
        number=len(base.upgrades) + 1,
        modules=modules,
        renewed=list(renewed),
        holder_lei=holder_lei or site.network.config.operator,
    )


def _require_room(site: Site, record: UpgradeRecord, plan: UpgradePlan) -> None:
    """The registry lets an organisation have so many accounts, and two versions of lending may be one too many."""
    registry = Chain(site.node, AddressBook.load(site.deployments)).registry
    holder = registry.organisation_of(record.holder_lei)
    if holder == 0:
        raise UpgradeRefused(f"{record.holder_lei} is no organisation of {record.network}: register it first")
    wanted = sum(one.call.function.endswith(".admitAccount") for one in plan.others)
    present = len(registry.accounts_of(holder))
    if present + wanted > MOST_ACCOUNTS:
        raise UpgradeRefused(
            f"{record.holder_lei} has {present} accounts and would need {wanted} more; an organisation may have "
            f"{MOST_ACCOUNTS}: remove those of a version that has run off, or name another organisation as holder"
        )


def _require_same(site: Site, record: UpgradeRecord, plan: UpgradePlan) -> None:
    version = code_version(site.artifacts.values())
    if record.code_version != version:
        was = f"{record.code_version}, now {version}"
        raise UpgradeRefused(f"the upgrade under way was begun with other contract code ({was}): restore that code")
    if record.plan != plan.digest:
        raise UpgradeRefused("this is not what was announced: the configuration has changed since; restore it")


def _carry_out(site: Site, record: UpgradeRecord, plan: UpgradePlan) -> None:
    if not record.complete:
        raise UpgradeRefused("the new contracts do not stand yet: schedule again")
    _drain(site, GOVERNOR)
    announced = announced_of(site, record, plan)
    if announced.missing:
        first = plan.delayed[announced.missing[0]].title
        raise UpgradeRefused(
            f"{len(announced.missing)} operations are not scheduled, were cancelled or have lapsed, the first of them "
            f"{first}: schedule again"
        )
    now, ready = site.node.block().timestamp, announced.last_ready
    if now < ready:
        raise UpgradeRefused(f"not ready before {moment(ready)}: the chain's clock says {moment(now)}")
    manager = Chain(site.node, AddressBook.load(site.deployments)).access_manager
    left = [place for place, id in enumerate(announced.ids) if id not in announced.done]
    calls = [manager.execute(one.call.to, one.call.data) for one in _at(plan.delayed, left)]
    _send_together(site, calls, "execute")
    for operation in plan.others:
        _drain(site, operation.key)
        if not _stands(site, operation):
            _send(site, operation.key, operation.call, operation.title)


def _stands(site: Site, operation: Operation) -> bool:
    """Whether an admission has been made; what else other offices do may be done twice."""
    if not operation.call.function.endswith(".admitAccount"):
        return False
    registry = Chain(site.node, AddressBook.load(site.deployments)).registry
    account = registry.interface.functions["admitAccount"].inputs.decode(operation.call.data[4:])["account"]
    return registry.membership_of(account).organisation != 0


def _at(operations: Sequence[Operation], places: Iterable[int]) -> Iterator[Operation]:
    return (operations[place] for place in places)


def _send_together(site: Site, calls: Sequence[Call], title: str) -> None:
    """The governor's calls of the AccessManager, some to a transaction."""
    manager = Chain(site.node, AddressBook.load(site.deployments)).access_manager
    for begin in range(0, len(calls), _AT_ONCE):
        some = calls[begin : begin + _AT_ONCE]
        site.progress(begin, len(calls), title)
        _send(site, GOVERNOR, manager.call("multicall", [call.data for call in some]), title)


def _send(site: Site, key: str, call: Call, title: str) -> None:
    """One transaction of an office, waited for. Raises its typed revert, `UpgradeRefused` where no block takes it."""
    account = site.keys.account(key)
    gas = int(site.node.estimate_gas(call.to, call.data, account.address, call.contract) * _GAS_MARGIN)
    nonce = site.node.transaction_count(account.address)
    signed = sign_call(account, call, nonce=nonce, gas=gas, chain_id=site.network.config.chain_id)
    site.node.send_raw(signed.raw)
    hasten(site.node)
    receipt = _until(site, title, lambda: site.node.receipt(signed.hash))
    if not receipt.succeeded:
        reason = Chain(site.node, AddressBook.load(site.deployments)).transaction_revert(signed.hash)
        raise UpgradeRefused(f"{title}: {reason or 'the chain refused it'}")


def _drain(site: Site, key: str) -> None:
    """Waits for what an earlier attempt sent and did not live to see in a block."""
    account = site.keys.address(key)

    def settled() -> bool:
        waiting = site.node.transaction_count(account, "pending") != site.node.transaction_count(account)
        if waiting:
            hasten(site.node)
        return not waiting

    _until(site, f"an earlier transaction of {key}", settled)


def _until(site: Site, title: str, found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + site.timeout_seconds
    while not (answer := found()):
        if time.monotonic() > deadline:
            raise UpgradeRefused(f"{title}: in no block after {site.timeout_seconds:g} s")
        time.sleep(_POLL_SECONDS)
    return answer


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
