"""`portolan network backup|restore`: a member's part of a network, sealed under a passphrase of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chain_node.cli import plainly
from chain_node.client import Node
from chain_node.config import CONFIG_ROOT
from chain_node.networks.at_work import why_not_restored
from chain_node.networks.backup import (
    collect,
    open_backup,
    restore_member,
    restore_network,
    secret_names,
    write_backup,
)
from chain_node.networks.bundle import write_bundle
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, current_files, load_ceremony
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.facts import port_is_open
from chain_node.networks.member import MemberFolder
from chain_node.networks.named import members_folder, new_folder
from chain_node.networks.options import FolderOption, NameArgument, RootOption, read_passphrase, rpc_urls
from chain_node.networks.services import UNIT_NODES

BackupPassphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="First line: the backup's passphrase; asked for without.")
]


@plainly
def backup(
    name: NameArgument,
    member_dir: FolderOption,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="The node keys and the member key too.")] = False,
    nodes_dir: Annotated[
        Path | None,
        typer.Option(help=f"Where nodes run, a folder each; the units' {UNIT_NODES}/NAME without."),
    ] = None,
    passphrase_file: BackupPassphrase = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Write this member's part into one sealed file: cards, lists and what the network agreed on; keys if asked for."""
    folder = members_folder(root, name)
    ceremony = load_ceremony(folder)
    if nodes_dir is not None and not nodes_dir.is_dir():
        raise ChangeRefused(f"--nodes-dir {nodes_dir}: is no folder")
    run_from = nodes_dir or Path(UNIT_NODES) / name
    contents = collect(MemberFolder(member_dir), folder, ceremony, with_keys, run_from)
    passphrase = read_passphrase(passphrase_file, confirm=True, what="the backup")
    write_backup(out, ceremony, contents, passphrase, with_keys)
    console = Console()
    console.print(
        f"{out}: {len(contents.member) + len(contents.network)} files, read back and compared.", soft_wrap=True
    )
    if with_keys:
        console.print("It holds keys: whoever has it and its passphrase can act for this member.", style="yellow")
    else:
        console.print("It holds no keys. Keys that are lost are replaced: see docs/operating.md.")


@plainly
def restore(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="The backup.")],
    member_dir: FolderOption,
    rpc: Annotated[list[str] | None, typer.Option(help="NODE=URL of other members' nodes, to ask them.")] = None,
    watch: Annotated[int, typer.Option(help="Seconds to watch whether a key is at work, at most.")] = 60,
    passphrase_file: BackupPassphrase = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Put a member's part back into a new folder. A node's key that is at work elsewhere is not restored."""
    folder = new_folder(root, name)
    contents = open_backup(file, read_passphrase(passphrase_file, what="the backup"))
    member = MemberFolder(member_dir)
    if member.path.exists():
        raise ChangeRefused(f"{member.path}: is there already; restore into a new folder")
    ceremony = restore_network(file, contents, folder)
    keyed = _with_keys(contents.member, ceremony)
    if keyed:
        ways = {node: Node(url) for node, url in rpc_urls(rpc or []).items()}
        engine = engine_named(ceremony.terms.engine)
        reasons = why_not_restored(engine, ceremony, keyed, ways, port_is_open, watch)
        if reasons:
            raise ChangeRefused(
                "the keys are not restored, for two nodes with one key break the chain:\n" + "\n".join(reasons)
            )
    restore_member(file, contents, member)
    write_bundle(folder, current_files(folder, ceremony))
    console = Console()
    console.print(f"{len(contents.member)} files in {member.path}; {len(keyed)} nodes with their keys.", soft_wrap=True)
    console.print(f"Get the newest ceremony.json from another member: portolan network receive {name} FILE")


def _with_keys(member: Mapping[str, bytes], ceremony: Ceremony) -> list[str]:
    """Nodes whose key is among these files."""
    secret = secret_names(ceremony)
    paths = [path.split("/") for path in member]
    return sorted({parts[1] for parts in paths if len(parts) == 3 and parts[2] in secret})
