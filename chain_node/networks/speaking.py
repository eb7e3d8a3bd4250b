"""What a member says by a command: the action is signed with its member key and put behind the log."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, get_type_hints

from eth_account.signers.local import LocalAccount
from rich.console import Console
from rich.table import Table

from chain_node.cli import plainly
from chain_node.config import CONFIG_ROOT
from chain_node.networks.catalogue import engine_named
from chain_node.networks.ceremony import Ceremony, load_ceremony, save_ceremony
from chain_node.networks.changes import Addition, changed
from chain_node.networks.entries import Answer, Propose
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.member import MemberFolder
from chain_node.networks.named import members_folder
from chain_node.networks.one_writer import one_writer
from chain_node.networks.options import (
    FolderOption,
    NameArgument,
    PassphraseOption,
    RootOption,
    read_passphrase,
)
from chain_node.networks.state import warnings
from chain_node.networks.status import status_of

_BEFORE: Final = {"name": NameArgument}
_BEHIND: Final[dict[str, tuple[Any, Any]]] = {
    "member_dir": (FolderOption, inspect.Parameter.empty),
    "passphrase_file": (PassphraseOption, None),
    "root": (RootOption, CONFIG_ROOT),
}


def spoken(action_of: Callable[..., Propose | Answer]) -> Callable[..., None]:
    """A command that says what `action_of` makes of its own arguments. It has the options of all that speak too:
    network, member's folder, passphrase and root."""
    its = {name: hint for name, hint in get_type_hints(action_of, include_extras=True).items() if name != "return"}

    @wraps(action_of)
    def command(**given: Any) -> None:
        name, member_dir, passphrase_file, root = (given.pop(key) for key in (*_BEFORE, *_BEHIND))
        folder, action = members_folder(root, name), action_of(**given)
        ceremony = load_ceremony(folder)
        say(folder, action, own_key(MemberFolder(member_dir), ceremony, passphrase_file))

    ran = plainly(command)
    empty = inspect.Parameter.empty
    options = {**{key: (kind, empty) for key, kind in {**_BEFORE, **its}.items()}, **_BEHIND}
    keyword = inspect.Parameter.KEYWORD_ONLY
    found = [inspect.Parameter(k, keyword, default=d, annotation=kind) for k, (kind, d) in options.items()]
    ran.__signature__ = inspect.Signature(found)  # type: ignore[attr-defined]  # typer reads it
    ran.__annotations__ = {key: kind for key, (kind, _) in options.items()}
    return ran


def say(folder: Path, action: Propose | Answer, key: LocalAccount) -> None:
    console = Console()
    with one_writer(folder, partial(console.print, soft_wrap=True)):
        # Read here and not before: while the passphrase was typed, another command may have put entries behind it.
        before = load_ceremony(folder)
        _require_new(before, action)
        if isinstance(action, Propose) and isinstance(action.change, Addition):
            # Here and not where entries are read: a log that has it already must stay readable.
            engine_named(before.terms.engine).require_role(action.change.card.body.node, action.change.card.body.role)
        after = before.signed(action, key, datetime.now(UTC))
        save_ceremony(folder, after)
    wanted = changed(before.terms, before.state, action.change, before.retired) if isinstance(action, Propose) else None
    for line in warnings(wanted) if wanted is not None else []:
        console.print(f"Note: {line}", style="yellow", soft_wrap=True)
    console.print(f"Send {folder / 'ceremony.json'} to the other members (`portolan network receive`).", soft_wrap=True)
    print_status(status_of(after))


def _require_new(before: Ceremony, action: Propose | Answer) -> None:
    """Raises `ChangeRefused` where somebody asks for the same already: everybody would have to answer twice."""
    for its in before.proposals.values():
        if isinstance(action, Propose) and its.standing == "open" and its.change == action.change:
            raise ChangeRefused(f"proposal {its.number} asks for the same and is open: approve that one")


def own_key(member: MemberFolder, ceremony: Ceremony, passphrase_file: Path | None) -> LocalAccount:
    """The key with which this member speaks now."""
    keystore = member.keystore_of({its.key for its in ceremony.state.members.values()})
    return member.open_key(read_passphrase(passphrase_file), keystore)


def print_status(found: dict[str, Any]) -> None:
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
    for row in found["proposals"]:
        if row["standing"] == "open":
            console.print(_asked(row), soft_wrap=True, markup=False, highlight=False)
    for row in found["to_act"]:
        console.print(f"{row['who']} ({row['lei']}): {row['run']}", soft_wrap=True, markup=False, highlight=False)


def _asked(row: dict[str, Any]) -> str:
    """What a voter has to know of an open proposal."""
    accounts = ", ".join(f"{what} {account}" for what, account in row["new_accounts"].items())
    compare = f" Have its owner read to you: {accounts}." if accounts else ""
    return f"Proposal {row['number']} is by {row['by']}: {row['why']}.{compare}"
