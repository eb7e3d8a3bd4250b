"""`portolan network up|down|running`: this member's own node, on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chain_node.besu_option import BesuOption
from chain_node.cli import plainly, until_interrupted, watch
from chain_node.config import CONFIG_ROOT
from chain_node.networks.member import MemberFolder
from chain_node.networks.named import members_folder
from chain_node.networks.options import FolderOption, NameArgument, RootOption
from chain_node.networks.programs import agreed_program
from chain_node.networks.running import (
    OwnNode,
    OwnNodeRun,
    Standing,
    choose,
    gone_nodes,
    own_nodes,
    require_agreement,
    standing,
    take_down,
)

KaiaOption = Annotated[
    Path | None,
    typer.Option("--kaia", envvar="PORTOLAN_KAIA", help="Kaia's program, where it was not built here."),
]
OwnOption = Annotated[str | None, typer.Option("--node", help="Which of this member's nodes, where it has several.")]


@plainly
def up(
    name: NameArgument,
    member_dir: FolderOption,
    node: OwnOption = None,
    besu: BesuOption = None,
    kaia: KaiaOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Run this member's node until Ctrl-C or `down`. Refuses where `check` would, or another version was agreed."""
    own, console = _chosen(root, name, member_dir, node), Console()
    require_agreement(own)
    program = agreed_program(own.ceremony.terms, {"besu": besu, "kaia": kaia}, own.home)
    with _for_the_owner_alone(), until_interrupted() as interruption, OwnNodeRun(own, program) as run:
        console.print(f"{own.name} of {name} answers at {run.rpc_url}, process {run.pid}.", soft_wrap=True)
        console.print(f"Figures for Prometheus: {own.metrics_url}", soft_wrap=True, highlight=False)
        console.print(f"Its log is {own.log_path}. Ctrl-C or `portolan network down {name}` stops it.", soft_wrap=True)
        watch(run, interruption)
    console.print("Stopped; its chain is kept.")


@plainly
def down(name: NameArgument, member_dir: FolderOption, node: OwnOption = None, root: RootOption = CONFIG_ROOT) -> None:
    """End the `up` of this member's node, wherever it was started on this machine, and wait until it has ended."""
    own, console = _chosen(root, name, member_dir, node, gone=True), Console()
    if not take_down(own):
        console.print(f"{own.name} of {name} is not running.")
        raise typer.Exit(1)
    console.print(f"{own.name} of {name} has ended; its chain is kept.")


@plainly
def running(name: NameArgument, member_dir: FolderOption, root: RootOption = CONFIG_ROOT) -> None:
    """Whether this member's nodes run here by `up`, how far they are, whom they see. `status` has the ceremony."""
    raise typer.Exit(0 if show_running(members_folder(root, name), member_dir) else 1)


def show_running(folder: Path, member_dir: Path) -> bool:
    """One line for each of the member's nodes here; whether all of them answer."""
    member, console = MemberFolder(member_dir.resolve()), Console()
    nodes = own_nodes(folder.resolve(), member)
    if not nodes:
        choose(nodes, member, None)
    well = True
    for own in nodes:
        its = standing(own)
        well = well and its.height is not None
        console.print(f"{own.name}: {_in_words(own, its)}", soft_wrap=True, markup=False, highlight=False)
    return well


def _in_words(own: OwnNode, its: Standing) -> str:
    if not its.running:
        return "is not running"
    if its.height is None:
        return f"runs and does not answer at {its.rpc_url}: {its.why}"
    others = len(own.ceremony.state.nodes) - 1
    seen = f"block {its.height}, sees {its.peers} of {others} others"
    return f"answers at {its.rpc_url}, {seen}, figures at {own.metrics_url}"


def _chosen(root: Path, name: str, member_dir: Path, node: str | None, gone: bool = False) -> OwnNode:
    """`gone`: nodes that were voted out count too, while they run."""
    member, folder = MemberFolder(member_dir.resolve()), members_folder(root, name).resolve()
    nodes = own_nodes(folder, member)
    return choose([*nodes, *gone_nodes(folder, member)] if gone else nodes, member, node)


@contextmanager
def _for_the_owner_alone() -> Iterator[None]:
    """What the node writes lies beside its key."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
