"""`portolan network propose|approve|reject|status|receive|apply`: what members decide together."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from eth_account.signers.local import LocalAccount
from rich.console import Console
from rich.table import Table

from chain_node.cli import plainly
from chain_node.config import CONFIG_ROOT
from chain_node.networks.apply import apply_on, asks_of, calls_by_hand
from chain_node.networks.bundle import check_bundle, write_bundle
from chain_node.networks.cards import load_card
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, current_files, joined, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition, Removal, Rotation, changed
from chain_node.networks.documents import as_document
from chain_node.networks.entries import Answer, Done, Propose
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.member import MemberFolder
from chain_node.networks.options import (
    FolderOption,
    NameArgument,
    PassphraseOption,
    RootOption,
    folder_of,
    read_passphrase,
    rpc_urls,
)
from chain_node.networks.run_cli import show_running
from chain_node.networks.state import warnings
from chain_node.networks.status import status_of

propose_app = typer.Typer(help="Propose a change; more than half of the validators' organisations must agree.")
WhyOption = Annotated[str, typer.Option(help="Reason, for the others and for the record.")]
CardOption = Annotated[Path, typer.Option(help="The card of the node that comes.")]
NodeOption = Annotated[str, typer.Option("--node", help="Name of the node that goes.")]
ProposalArgument = Annotated[int, typer.Argument(help="Number of the proposal.")]


@propose_app.command("add-validator")
@plainly
def add_validator(
    name: NameArgument,
    card: CardOption,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """A validator comes, perhaps of a new member."""
    change = Addition(kind="add-validator", card=load_card(card))
    _say(root, name, Propose(change=change, why=why), member_dir, passphrase_file)


@propose_app.command("add-node")
@plainly
def add_node(
    name: NameArgument,
    card: CardOption,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """A node comes that only follows."""
    change = Addition(kind="add-node", card=load_card(card))
    _say(root, name, Propose(change=change, why=why), member_dir, passphrase_file)


@propose_app.command("remove-validator")
@plainly
def remove_validator(
    name: NameArgument,
    node: NodeOption,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """A validator goes; its organisation need not agree."""
    _propose_removal(root, name, "remove-validator", node, why, member_dir, passphrase_file)


@propose_app.command("remove-node")
@plainly
def remove_node(
    name: NameArgument,
    node: NodeOption,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """A node goes that only followed."""
    _propose_removal(root, name, "remove-node", node, why, member_dir, passphrase_file)


@propose_app.command("rotate-key")
@plainly
def rotate_key(
    name: NameArgument,
    node: NodeOption,
    card: CardOption,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """A node's key is replaced by that of another card of the same organisation; the old key never comes back."""
    change = Rotation(kind="rotate-key", node=node, card=load_card(card))
    _say(root, name, Propose(change=change, why=why), member_dir, passphrase_file)


@plainly
def approve(
    name: NameArgument,
    proposal: ProposalArgument,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Agree to a proposal."""
    _say(root, name, Answer(kind="approve", proposal=proposal), member_dir, passphrase_file)


@plainly
def reject(
    name: NameArgument,
    proposal: ProposalArgument,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Say no to a proposal."""
    _say(root, name, Answer(kind="reject", proposal=proposal), member_dir, passphrase_file)


@plainly
def receive(
    name: NameArgument,
    log: Annotated[Path, typer.Argument(help="Another member's ceremony.json.")],
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Take over what others have said, after checking every entry. A copy that contradicts ours is refused."""
    folder = folder_of(root, name)
    ours = load_ceremony(folder)
    after = joined(ours, log)
    save_ceremony(folder, after)
    Console().print(f"{len(after.entries) - len(ours.entries)} entries are new.")
    _print_status(status_of(after))


@plainly
def status(
    name: NameArgument,
    member_dir: Annotated[Path | None, typer.Option(help="Say too how this member's nodes here are.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """What is decided, who still has to act, and what each has to run."""
    folder = folder_of(root, name)
    found = status_of(load_ceremony(folder))
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    _print_status(found)
    if member_dir is not None:
        show_running(folder, member_dir)


@plainly
def apply(
    name: NameArgument,
    member_dir: FolderOption,
    rpc: Annotated[
        list[str] | None, typer.Option(help="NODE=URL of each own node; without, what to send is shown.")
    ] = None,
    wait: Annotated[int, typer.Option(help="Seconds to wait for the votes' effect.")] = 30,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Carry out what was decided: write the files, tell the own nodes, vote, check the effect, sign that it is done."""
    folder, console = folder_of(root, name), Console()
    ceremony = load_ceremony(folder)
    engine = engine_named(ceremony.terms.engine)
    files = current_files(folder, ceremony)
    for path in write_bundle(folder, files):
        console.print(f"{path}: brought up to date")
    console.print(f"Fingerprint: {check_bundle(folder, files)}", soft_wrap=True)
    key = _key(member_dir, passphrase_file)
    lei = ceremony.author_of(key.address)
    if not rpc:
        console.print("No --rpc was given; send these to your nodes, then run this again with --rpc:")
        if not engine.votes_together:
            console.print("Send the second of two votes of one kind once the first had its effect: it replaces it.")
        for node, call in calls_by_hand(engine, ceremony, lei):
            body = {"jsonrpc": "2.0", "id": 1, "method": call.method, "params": list(call.params)}
            console.print(f"{node}: {json.dumps(body)}", soft_wrap=True, markup=False, highlight=False)
        return
    applied = apply_on(engine, ceremony, lei, asks_of(rpc_urls(rpc)), wait, 1.0)
    for step in applied.steps:
        console.print(step, soft_wrap=True)
    if applied.waiting:
        console.print("The votes have no effect yet: other members have to cast theirs. Run this again later.")
        raise typer.Exit(3)
    for proposal in ceremony.pending_for(lei):
        ceremony = ceremony.signed(Done(proposal=proposal.number), key, datetime.now(UTC))
        console.print(f"Proposal {proposal.number} is carried out on all nodes of {lei}.")
    save_ceremony(folder, ceremony)


def _propose_removal(
    root: Path, name: str, kind: str, node: str, why: str, member_dir: Path, passphrase_file: Path | None
) -> None:
    change = as_document("the proposal", {"kind": kind, "node": node}, Removal)
    _say(root, name, Propose(change=change, why=why), member_dir, passphrase_file)


def _say(root: Path, name: str, action: Propose | Answer, member_dir: Path, passphrase_file: Path | None) -> None:
    folder, console = folder_of(root, name), Console()
    before = load_ceremony(folder)
    after: Ceremony = before.signed(action, _key(member_dir, passphrase_file), datetime.now(UTC))
    save_ceremony(folder, after)
    wanted = changed(before.terms, before.state, action.change, before.retired) if isinstance(action, Propose) else None
    for line in warnings(wanted) if wanted is not None else []:
        console.print(f"Note: {line}", style="yellow", soft_wrap=True)
    console.print(f"Send {folder / 'ceremony.json'} to the other members (`portolan network receive`).", soft_wrap=True)
    _print_status(status_of(after))


def _key(member_dir: Path, passphrase_file: Path | None) -> LocalAccount:
    member = MemberFolder(member_dir)
    if not member.keystore.exists():
        raise ChangeRefused(f"{member.keystore}: there is no member key; `portolan network member init` makes one")
    return member.open_key(read_passphrase(passphrase_file))


def _print_status(found: dict[str, Any]) -> None:
    console = Console()
    voters, nodes = len(found["voters"]), len(found["nodes"])
    console.print(f"{found['network']}: {len(found['validators'])} validators, {nodes} other nodes.")
    console.print(f"{found['needed']} of {voters} voters decide. Log: {found['entries']} entries, {found['head'][:16]}")
    table = Table("#", "change", "standing", "yes", "no", "done", "waits for")
    for row in found["proposals"]:
        counts = [str(len(row[key])) for key in ("approved_by", "rejected_by", "done_by")]
        table.add_row(str(row["number"]), row["change"], row["standing"], *counts, ", ".join(row["waiting_for"]))
    if found["proposals"]:
        console.print(table)
    for row in found["to_act"]:
        console.print(f"{row['who']} ({row['lei']}): {row['run']}", soft_wrap=True, markup=False, highlight=False)
