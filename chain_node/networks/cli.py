"""`portolan network`: a network of organisations that do not trust each other, from its terms to its daily checks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chain_node.cli import plainly
from chain_node.config import CONFIG_ROOT
from chain_node.networks.backup_cli import backup, restore
from chain_node.networks.beginning import Beginning, begin, require_inputs
from chain_node.networks.bundle import (
    CARDS,
    CEREMONY_FILE,
    agreed_files,
    check_bundle,
    fingerprint,
    read_inputs,
    write_bundle,
)
from chain_node.networks.cards import load_cards
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import current_files, load_ceremony
from chain_node.networks.ceremony_cli import apply, approve, propose_app, receive, reject, status
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.member import MemberFolder, NodeWish
from chain_node.networks.named import members_folder, new_folder
from chain_node.networks.options import (
    FolderOption,
    NameArgument,
    PassphraseOption,
    RootOption,
    read_passphrase,
)
from chain_node.networks.run_cli import down, running, up
from chain_node.networks.state import first_state, warnings
from chain_node.networks.terms import load_terms
from chain_node.networks.watch_cli import audit, doctor, watch

network_app = typer.Typer(
    help="A permissioned network: its terms, its members' cards, its files and what they decide together.",
    no_args_is_help=True,
)
member_app = typer.Typer(help="This member's own keys and cards.", no_args_is_help=True)
network_app.add_typer(member_app, name="member")

network_app.add_typer(propose_app, name="propose")
for _command in (approve, reject, receive, status, apply, audit, doctor, watch, backup, restore, up, down, running):
    network_app.command()(_command)
for _kind in propose_app.registered_commands:  # `add-validator` is short for `propose add-validator`
    if _kind.callback is not None:
        network_app.command(_kind.name)(_kind.callback)


@network_app.command()
@plainly
def new(
    name: NameArgument,
    org: Annotated[list[str], typer.Option(help="LEI of a member; LEI=2 where it runs two validators.")],
    operator: Annotated[str, typer.Option(help="LEI of the operator of the contracts; must be in --participants.")],
    chain_id: Annotated[int, typer.Option(help="EIP-155 chain id.")],
    participants: Annotated[Path, typer.Option(help="participants.toml: whom the contracts' deployment admits.")],
    engine: Annotated[str, typer.Option(help="Program that runs the chain.")] = "besu",
    engine_version: Annotated[str, typer.Option(help="Its exact version; the measured one without.")] = "",
    validators: Annotated[int | None, typer.Option(help="How many in all; must be what --org adds up to.")] = None,
    account: Annotated[list[str] | None, typer.Option(help="May send transactions from the first block on.")] = None,
    shared_hosts: Annotated[bool, typer.Option("--shared-hosts", help="Several nodes on one machine.")] = False,
    governance_delay: Annotated[int, typer.Option(help="Seconds; the template's without.")] = 0,
    template: Annotated[str, typer.Option(help="Network whose policies are taken over.")] = "local",
    cards: Annotated[Path | None, typer.Option(help="Cards of all members, to assemble at once.")] = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Write the terms of a network. Its members make their cards under them; then each runs `assemble`."""
    folder = new_folder(root, name)
    organisations = _organisations(org)
    total = sum(organisations.values())
    if validators is not None and validators != total:
        raise ChangeRefused(f"--validators {validators}, but the organisations (--org) run {total}")
    wish = Beginning(
        name=name,
        engine=engine,
        engine_version=engine_version,
        chain_id=chain_id,
        organisations=organisations,
        accounts=account or [],
        shared_hosts=shared_hosts,
        operator=operator,
        governance_delay_seconds=governance_delay,
        template=CONFIG_ROOT / template,
        participants=participants,
    )
    _begin(folder, wish, cards)


@member_app.command("init")
@plainly
def member_init(
    name: NameArgument,
    node: Annotated[str, typer.Option("--name", help="The node's name; unique in the network.")],
    lei: Annotated[str, typer.Option(help="LEI of this member.")],
    organisation: Annotated[str, typer.Option(help="Its name, for people.")],
    contact: Annotated[str, typer.Option(help="Whom to call about this node.")],
    host: Annotated[str, typer.Option(help="IP address at which other nodes reach it.")],
    member_dir: FolderOption,
    port: Annotated[int, typer.Option(help="Port for other nodes.")] = 30303,
    no_validator: Annotated[bool, typer.Option("--no-validator", help="A node that only follows.")] = False,
    passphrase_file: PassphraseOption = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Make the keys of a node on this machine, and its card. Only the card leaves the machine."""
    folder, member = members_folder(root, name), MemberFolder(member_dir)
    terms, members = load_terms(folder), _members(folder)
    role = "node" if no_validator else "validator"
    wish = NodeWish(lei, organisation, contact, node, role, host, port)  # type: ignore[arg-type]  # narrowed above
    member.require_possible(terms, wish, members)
    passphrase = read_passphrase(passphrase_file, confirm=not member.keystores)
    key = member.make_key(passphrase, members)
    card = member.make_node(terms, wish, key)
    console = Console()
    console.print(f"Card of {node}, to be sent to the other members: {member.card_path(node)}", soft_wrap=True)
    console.print(f"{role} {card.body.address}, member key {card.body.member}.", soft_wrap=True)
    console.print(
        f"The node's key lies in {member.node_folder(node)} as the engine needs it: NOT encrypted, readable by its"
        " owner alone. The member key is encrypted under the passphrase; without both, nobody can act for this member.",
        soft_wrap=True,
    )


def _members(folder: Path) -> dict[str, str]:
    """The LEIs of the members by their keys, of a network that began already."""
    begun = (folder / CARDS).is_dir()
    return {its.key: its.lei for its in load_ceremony(folder).state.members.values()} if begun else {}


@network_app.command()
@plainly
def assemble(
    name: NameArgument,
    cards: Annotated[Path, typer.Option(help="Folder with the cards (*.json) of all members.")],
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Make the network's files from its terms and all members' cards; the same bytes on every member's machine."""
    _assemble(members_folder(root, name), cards, Console())


@network_app.command()
@plainly
def check(name: NameArgument, root: RootOption = CONFIG_ROOT) -> None:
    """Prove that the files on this machine are what the cards make of them, and print their fingerprint."""
    folder = members_folder(root, name)
    ceremony = load_ceremony(folder)
    mark = check_bundle(folder, current_files(folder, ceremony))
    console = Console()
    console.print(f"{name}: {mark}", soft_wrap=True)
    if ceremony.entries:
        console.print(f"Ceremony: {len(ceremony.entries)} entries, the last one is {ceremony.head[:32]}")


def _begin(folder: Path, wish: Beginning, cards: Path | None) -> None:
    terms, console = begin(folder, wish), Console()
    console.print(f"The terms of {wish.name} are in {folder}; their hash is {terms.hash}.", soft_wrap=True)
    if cards is not None:
        _assemble(folder, cards, console)
    else:
        console.print("Give this folder to every member; each makes its cards with `portolan network member init`.")


def _assemble(folder: Path, cards: Path, console: Console) -> None:
    terms, loaded, inputs = load_terms(folder), load_cards(cards), read_inputs(folder)
    require_inputs(folder, terms, inputs)
    for card in loaded:
        engine_named(terms.engine).require_role(card.body.node, card.body.role)
    state = first_state(terms, loaded)
    if (folder / CEREMONY_FILE).exists():
        raise ChangeRefused(
            f"{folder}: has been assembled and changed since; `portolan network apply` writes its files"
        )
    files = agreed_files(terms, loaded, state, inputs)
    write_bundle(folder, files)
    check_bundle(folder, files)
    for line in warnings(state):
        console.print(f"Note: {line}", style="yellow", soft_wrap=True)
    console.print(f"{len(files)} files in {folder}, {len(state.nodes)} nodes.", soft_wrap=True)
    console.print(f"Fingerprint, to be read to each other: {fingerprint(files)}", soft_wrap=True)


def _organisations(given: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in given:
        lei, _, count = item.partition("=")
        if lei in found:
            raise ChangeRefused(f"--org {lei}: named twice; {lei}=2 is two validators")
        if count and re.fullmatch(r"\d{1,3}", count) is None:
            raise ChangeRefused(f"--org {item}: how many validators is a whole number")
        found[lei] = int(count) if count else 1
    return found
