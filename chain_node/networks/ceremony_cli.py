"""`portolan network propose|approve|reject|status|receive|apply`: what members decide together."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from eth_account.signers.local import LocalAccount
from rich.console import Console

from chain_node.cli import plainly
from chain_node.config import CONFIG_ROOT
from chain_node.networks.apply import apply_on, asks_of, calls_by_hand
from chain_node.networks.bundle import check_bundle, write_bundle
from chain_node.networks.cards import load_card
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, current_files, joined, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition, Removal, Rotation, new_member_key
from chain_node.networks.documents import as_document
from chain_node.networks.entries import Answer, Done, Propose
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.lists import require_one_copy
from chain_node.networks.member import MemberFolder
from chain_node.networks.named import members_folder
from chain_node.networks.one_writer import one_writer
from chain_node.networks.options import (
    FolderOption,
    NameArgument,
    PassphraseOption,
    RootOption,
    read_passphrase,
    rpc_urls,
)
from chain_node.networks.run_cli import show_running
from chain_node.networks.speaking import own_key, print_status, say, spoken
from chain_node.networks.status import status_of

propose_app = typer.Typer(help="Propose a change; more than half of the validators' organisations must agree.")
WhyOption = Annotated[str, typer.Option(help="Reason, for the others and for the record.")]
CardOption = Annotated[Path, typer.Option(help="The card of the node that comes.")]
NodeOption = Annotated[str, typer.Option("--node", help="Name of the node that goes.")]
ProposalArgument = Annotated[int, typer.Argument(help="Number of the proposal.")]


@propose_app.command("add-validator")
@spoken
def add_validator(card: CardOption, why: WhyOption) -> Propose:
    """A validator comes, perhaps of a new member."""
    return Propose(change=Addition(kind="add-validator", card=load_card(card)), why=why)


@propose_app.command("add-node")
@spoken
def add_node(card: CardOption, why: WhyOption) -> Propose:
    """A node comes that only follows."""
    return Propose(change=Addition(kind="add-node", card=load_card(card)), why=why)


@propose_app.command("remove-validator")
@spoken
def remove_validator(node: NodeOption, why: WhyOption) -> Propose:
    """A validator goes; its organisation need not agree."""
    return Propose(change=_removal("remove-validator", node), why=why)


@propose_app.command("remove-node")
@spoken
def remove_node(node: NodeOption, why: WhyOption) -> Propose:
    """A node goes that only followed."""
    return Propose(change=_removal("remove-node", node), why=why)


@propose_app.command("rotate-key")
@spoken
def rotate_key(node: NodeOption, card: CardOption, why: WhyOption) -> Propose:
    """A node's key is replaced by that of another card of the same organisation; the old key never comes back."""
    return Propose(change=Rotation(kind="rotate-key", node=node, card=load_card(card)), why=why)


@propose_app.command("rotate-member-key")
@plainly
def rotate_member_key(
    name: NameArgument,
    why: WhyOption,
    member_dir: FolderOption,
    passphrase_file: PassphraseOption = None,
    new_passphrase_file: Annotated[Path | None, typer.Option(help="First line: the new key's passphrase.")] = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """The key with which this member signs is replaced by one that is made here; the old one agrees, as do others."""
    folder, member = members_folder(root, name), MemberFolder(member_dir)
    ceremony = load_ceremony(folder)
    old = own_key(member, ceremony, passphrase_file)
    lei = ceremony.author_of(old.address)
    passphrase = read_passphrase(new_passphrase_file, confirm=True, what="the new member key")
    new = member.make_next_key(passphrase, old.address)
    change = new_member_key(ceremony.terms, lei, old.address, new)
    say(folder, Propose(change=change, why=why), old)
    text = f"Read the new key's account to the others: {change.key}. Once it is decided, this folder speaks with it."
    Console().print(text, soft_wrap=True)


@spoken
def approve(proposal: ProposalArgument) -> Answer:
    """Agree to a proposal."""
    return Answer(kind="approve", proposal=proposal)


@spoken
def reject(proposal: ProposalArgument) -> Answer:
    """Say no to a proposal."""
    return Answer(kind="reject", proposal=proposal)


@plainly
def receive(
    name: NameArgument,
    log: Annotated[Path, typer.Argument(help="Another member's ceremony.json.")],
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Take over what others have said, after checking every entry, and write the files that follow from what they
    decided. A copy that contradicts ours is refused."""
    folder, console = members_folder(root, name), Console()
    with one_writer(folder, partial(console.print, soft_wrap=True)):
        ours = load_ceremony(folder)
        after = joined(ours, log)
        save_ceremony(folder, after)
        # Where nothing was decided the files stay untouched, so that `check` shows what somebody else did to them.
        written = write_bundle(folder, current_files(folder, after)) if _carried(after) != _carried(ours) else []
    console.print(f"{len(after.entries) - len(ours.entries)} entries are new.")
    for path in written:
        console.print(f"{path}: brought up to date")
    print_status(status_of(after))


@plainly
def status(
    name: NameArgument,
    member_dir: Annotated[Path | None, typer.Option(help="Say too how this member's nodes here are.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """What is decided, who still has to act, and what each has to run."""
    folder = members_folder(root, name)
    found = status_of(load_ceremony(folder))
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print_status(found)
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
    folder, console = members_folder(root, name), Console()
    with one_writer(folder, partial(console.print, soft_wrap=True)):
        ceremony = load_ceremony(folder)
        files = current_files(folder, ceremony)
        for path in write_bundle(folder, files):
            console.print(f"{path}: brought up to date")
    engine = engine_named(ceremony.terms.engine)
    console.print(f"Fingerprint: {check_bundle(folder, files)}", soft_wrap=True)
    key = own_key(MemberFolder(member_dir), ceremony, passphrase_file)
    lei = ceremony.author_of(key.address)
    require_one_copy(engine, ceremony, lei, files)
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
    _say_done(folder, ceremony, lei, key)


def _say_done(folder: Path, applied: Ceremony, lei: str, key: LocalAccount) -> None:
    """Signs on the newest log: while the votes were waited for, another command may have put entries behind it."""
    console = Console()
    with one_writer(folder, partial(console.print, soft_wrap=True)):
        ceremony = load_ceremony(folder)
        if ceremony.entries[: len(applied.entries)] != applied.entries:
            raise ChangeRefused("the log was replaced meanwhile by one that does not continue it: run this again")
        for number in (its.number for its in applied.pending_for(lei)):
            if lei not in ceremony.proposals[number].waiting_for:
                console.print(f"Proposal {number}: {lei} has nothing to sign for it any more, by the newest log.")
                continue
            ceremony = ceremony.signed(Done(proposal=number), key, datetime.now(UTC))
            console.print(f"Proposal {number} is carried out on all nodes of {lei}.")
        save_ceremony(folder, ceremony)
    for proposal in ceremony.pending_for(lei):
        console.print(f"Proposal {proposal.number} was decided meanwhile: run this again.")


def _carried(ceremony: Ceremony) -> dict[int, frozenset[str]]:
    """Who has carried out which decided change."""
    return {number: its.done for number, its in ceremony.proposals.items() if its.standing == "decided"}


def _removal(kind: str, node: str) -> Removal:
    return as_document("the proposal", {"kind": kind, "node": node}, Removal)
