"""`portolan node freeze`: the registrar stops one account at once, or lets it go again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from eth_utils.address import is_address, to_checksum_address

from chain_node.admission_cli import connect
from chain_node.admissions import Step, carry_out
from chain_node.client import Chain
from chain_node.keys import KeyRing


def freeze(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="0x and 40 hexadecimal digits.")],
    lift: Annotated[bool, typer.Option("--lift", help="Let it go again.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Do it, with the registrar's key; else only say it.")] = False,
    network: Annotated[str, typer.Option("--network", help="Name of a folder in network-config.")] = "local",
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="The network's folder, with its keys.")] = None,
    rpc_url: Annotated[str | None, typer.Option(help="A node of the network, if not this folder's.")] = None,
) -> None:
    """Stop an account whose key is lost or in doubt: it can do nothing and is paid nothing until that is lifted. For
    firms that do not use a gateway; others are frozen there, with the reason in its audit trail."""
    folder, chain = connect(network, data_dir, rpc_url)
    try:
        todo = step(chain, account, lift=lift)
        if todo is None:
            typer.echo(f"It is {'not frozen' if lift else 'frozen already'}.")
            return
        if send:
            carry_out(chain, KeyRing(folder).account("registrar"), [todo])
        typer.echo(f"{'Done' if send else 'To do'}: {todo.title}")
        if not send:
            typer.echo("Repeat with --send to do it.")
    finally:
        chain.close()


def step(chain: Chain, account: str, *, lift: bool) -> Step | None:
    """What is to be sent; None where it is so already. Raises ValueError for what is no participant's account."""
    if not is_address(account):
        raise ValueError(f"{account} is no account: 0x and 40 hexadecimal digits, with the right capitals if any")
    address = to_checksum_address(account)
    member = chain.registry.membership_of(address)
    if not member.organisation:
        raise ValueError(f"{address} is not an account of anybody in this network")
    if member.frozen is not lift:
        return None
    call = chain.registry.unfreeze_account(address) if lift else chain.registry.freeze_account(address)
    return Step(f"{'unfreeze' if lift else 'freeze'} the account {address}", call)
