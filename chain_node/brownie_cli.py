"""`portolan node brownie`: a console on a running chain, a member's own node among them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from chain_node.brownie import prepare_brownie
from chain_node.client import AddressBook, Chain, Node
from chain_node.config import CONFIG_ROOT, Network, data_dir_of, deployments_of, load_network
from chain_node.engines import NotRunHere
from chain_node.engines.base import find_endpoint
from chain_node.errors import DeploymentsInvalid, WrongNetwork
from chain_node.networks.agreed_chain import require_agreed_chain
from chain_node.networks.named import folder_of
from chain_node.networks.options import RootOption
from chain_node.networks.terms import TERMS_FILE


def brownie(
    network: Annotated[str, typer.Option("--network", help="Name of a folder in network-config.")] = "local",
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Where chain and contract list are kept (build/networks/NAME).")
    ] = None,
    rpc_url: Annotated[str | None, typer.Option(help="A node of the network, if not this folder's.")] = None,
    deployments: Annotated[Path | None, typer.Option(help="List of the contracts (deployments.json).")] = None,
    root: RootOption = CONFIG_ROOT,
) -> None:
    """Make this project open in Brownie's console: its compiler, the running chain as a network, and its contracts."""
    folder = folder_of(root, network)
    loaded, data = load_network(folder), (data_dir or data_dir_of(network)).resolve()
    endpoint = find_endpoint(data)
    url = rpc_url or (endpoint.rpc_url if endpoint else None)
    if url is None and (folder / TERMS_FILE).exists():
        raise NotRunHere(f"the chain {network} is run by its members: --rpc-url of your own node is needed")
    found = deployments or (data / "deployments.json" if data_dir else deployments_of(folder, network))
    book = AddressBook.load(found) if deployments or found.exists() else None
    if book is not None and book.network != loaded.config.name:
        raise DeploymentsInvalid(f"{found}: lists the contracts of {book.network}, not of {loaded.config.name}")
    if url is not None:
        _require_its_chain(url, folder, loaded, book)
    for line in prepare_brownie(Path.home(), loaded, url, found.resolve()):
        Console().print(line, soft_wrap=True)


def _require_its_chain(url: str, folder: Path, network: Network, book: AddressBook | None) -> None:
    """Raises `WrongNetwork`: Brownie itself never asks, and would send what is signed for another chain."""
    with closing(Node(url)) as node:
        if (folder / TERMS_FILE).exists():
            require_agreed_chain(folder, node)
        elif (found := node.chain_id()) != network.config.chain_id:
            wanted = f"{network.config.name} has {network.config.chain_id}"
            raise WrongNetwork(node.rpc_url, f"its chain id is {found}, {wanted}")
    if book is not None:
        Chain.connect(url, book).close()
