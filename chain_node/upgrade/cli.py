"""`portolan node upgrade`: a new version of lending beside the old one, and what is still out on the old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chain_node.client import Node
from chain_node.compile import compile_contracts
from chain_node.config import CONFIG_ROOT, data_dir_of, load_network
from chain_node.engines.base import find_endpoint
from chain_node.keys import KeyRing
from chain_node.supervisor import ProcessFailed
from chain_node.upgrade.plan import UpgradeRefused, renewed_with
from chain_node.upgrade.record import UpgradeRecord, upgrade_path
from chain_node.upgrade.run import Site, announced_of, execute, moment, plan_of, schedule
from chain_node.upgrade.run_off import RunOff, run_off


def upgrade(
    module: Annotated[
        list[str] | None, typer.Option("--module", help="What is to be renewed, e.g. FinancingDesk; may be repeated.")
    ] = None,
    schedule_: Annotated[
        bool, typer.Option("--schedule", help="Create the new contracts and announce the governor's operations.")
    ] = False,
    execute_: Annotated[bool, typer.Option("--execute", help="Carry out what was announced, after its delay.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Say how far it is and what is out on the old.")] = False,
    holder: Annotated[
        str, typer.Option(help="LEI of the organisation for which the new contracts are admitted, if not the operator.")
    ] = "",
    network: Annotated[str, typer.Option("--network", help="Name of a folder in network-config.")] = "local",
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="The network's folder, with its keys.")] = None,
    rpc_url: Annotated[str | None, typer.Option(help="A node of the network, if not this folder's.")] = None,
) -> None:
    """Renew lending beside the old version. Alone it only says what would be renewed."""
    if schedule_ + execute_ + status > 1:
        raise UpgradeRefused("one at a time: --schedule, --execute or --status")
    folder = (data_dir or data_dir_of(network)).resolve()
    with _site(network, folder, rpc_url) as site:
        if schedule_:
            _schedule(site, module or [], holder)
        elif execute_:
            old = execute(site)
            typer.echo(f"The new version is in {site.deployments}; the old one, which runs off, in {old}.")
        elif status:
            _status(site)
        else:
            for name in renewed_with(site.base(), module or ["FinancingDesk"]):
                typer.echo(name)


def _schedule(site: Site, modules: list[str], holder: str) -> None:
    ready = schedule(site, modules, holder)
    record = UpgradeRecord.load(upgrade_path(site.folder))
    assert record is not None  # it was written just now
    for operation in plan_of(site, site.base(), record).operations:
        typer.echo(f"{operation.key:>14}  {operation.title}")
    typer.echo(f"{len(record.contracts)} contracts stand beside the old ones. Nothing uses them yet.")
    typer.echo(f"From {moment(ready)} on: repeat with --execute. Until then it can be cancelled.")


def _status(site: Site) -> None:
    base = site.base()
    record = UpgradeRecord.load(upgrade_path(site.folder))
    if record is not None:
        announced = announced_of(site, record, plan_of(site, base, record))
        typer.echo(f"Upgrade {record.number} of {', '.join(record.modules)} is under way:")
        typer.echo(f"  {len(record.contracts)} contracts stand, {len(announced.ids)} operations are announced,")
        typer.echo(f"  {len(announced.done)} carried out, {len(announced.missing)} not scheduled, cancelled or lapsed.")
        if announced.last_ready:
            typer.echo(f"  Ready from {moment(announced.last_ready)} on.")
    for one in base.upgrades:
        _tell(run_off(site.node, site.folder, one["number"], one["renewed"]))
    if record is None and not base.upgrades:
        typer.echo("No upgrade was ever made, and none is under way.")


def _tell(found: RunOff) -> None:
    typer.echo(f"Version before upgrade {found.number}: {'nothing is out' if found.over else 'runs off'}.")
    typer.echo(f"  {len(found.open)} of {found.financings} financings are not released.")
    for one in found.open:
        typer.echo(f"    {one.id}: {one.state.name.lower()}, owes {one.owed} minor units to {one.pool}")
    for pool in found.pools:
        typer.echo(
            f"  {pool.name}: {pool.principal_out} lent, {pool.cash} here, {pool.set_aside} set aside for redemptions, "
            f"{pool.fees} fees, {pool.reserve} in reserve, shares worth {pool.worth} (minor units)"
        )
    broken = f"NOT: {found.health.invariant} (of {found.health.subject:#x})"
    typer.echo(f"  Every invariant of its lending holds: {'yes' if found.health.healthy else broken}.")


@contextmanager
def _site(network: str, folder: Path, rpc_url: str | None) -> Iterator[Site]:
    loaded, endpoint = load_network(CONFIG_ROOT / network), find_endpoint(folder)
    url = rpc_url or (endpoint.rpc_url if endpoint else None)
    if url is None:
        raise ProcessFailed(network, "is not running", folder / "logs" / "anvil.log")
    node = Node(url)
    try:
        yield Site(node, loaded, KeyRing(folder), compile_contracts(), folder)
    finally:
        node.close()
