"""Makes the project usable from Brownie, for consoles and one-off operations: the compiler under the name that Brownie
looks for, the running chain among its networks, and the chain's contracts among those that Brownie has met."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from chain_node.client import AddressBook
from chain_node.compile import ROOT
from chain_node.config import Network
from chain_node.interface import ABI_DIRECTORY

SOLC_VERSION: Final = "0.8.37"
LISTS: Final = ROOT / "build" / "brownie" / "lists"
"""For each network a link to its list of contracts."""


class BrownieFailed(Exception):
    """Brownie's own files are not as expected; nothing was changed."""


def network_id(network: str) -> str:
    """What Brownie calls one of our networks; it has a `local` of its own kind."""
    return f"portolan-{network}"


def prepare_brownie(home: Path, network: Network, rpc_url: str | None, deployments: Path) -> list[str]:
    """Links the compiler, registers the chain in `home` and shows Brownie its contracts; says what it did. Safe to
    repeat; overwrites nobody else's. Raises `DeploymentsInvalid` where `deployments` is there but no record of a
    finished deployment; nothing was changed then.

    Without a running chain the network is registered at the host and port of its network.toml.
    """
    book = AddressBook.load(deployments) if deployments.exists() else None
    engine = network.config.engine
    url = rpc_url or f"http://{engine.host}:{engine.port}"
    said = [_link_compiler(home), _register_network(home, network, url), _show_contracts(network, book, deployments)]
    _link_list(network, deployments)
    return said


def _show_contracts(network: Network, book: AddressBook | None, deployments: Path) -> str:
    """Brownie looks for every contract that it has ever met on the chain, and connects to none that has begun anew: so
    it is to know those of the deployment and no others."""
    met = ROOT / "build" / "brownie" / "deployments" / str(network.config.chain_id)
    shutil.rmtree(met, ignore_errors=True)
    if book is None:
        return f"{deployments} is not there: {network_id(network.config.name)} opens without any contracts."
    met.mkdir(parents=True)
    for name, address in book.addresses.items():
        contract = book.contracts[name]
        abi = json.loads((ABI_DIRECTORY / f"{contract}.json").read_text(encoding="utf-8"))
        (met / f"{address}.json").write_text(json.dumps({"contractName": contract, "abi": abi}), encoding="utf-8")
    return f"{met} names the {len(book.addresses)} contracts of {network.config.name}."


def _link_list(network: Network, deployments: Path) -> None:
    """scripts/console.py finds the list by the network that it runs on, wherever a member keeps it."""
    link = LISTS / f"{network_id(network.config.name)}.json"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(deployments.resolve())


def _link_compiler(home: Path) -> str:
    ours = ROOT / "chain_node" / "solc" / "solc"
    link = home / ".solcx" / f"solc-v{SOLC_VERSION}"
    if link.is_symlink() and link.resolve() == ours:
        return f"{link} already is this project's compiler."
    if link.exists():
        return f"{link} is there already and stays as it is."
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)  # a link that leads nowhere any more
    link.symlink_to(ours)
    return f"{link} is now this project's compiler."


def _register_network(home: Path, network: Network, rpc_url: str) -> str:
    """Brownie reads its networks from one file; on its first run it copies its own there and keeps ours."""
    path = home / ".brownie" / "network-config.yaml"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(_brownies_own(), encoding="utf-8")
    try:
        networks: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        live: list[dict[str, Any]] = networks["live"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise BrownieFailed(f"{path}: not a list of Brownie's networks") from error
    id_ = network_id(network.config.name)
    entry = {"id": id_, "name": network.config.name, "host": rpc_url, "chainid": network.config.chain_id}
    group = next((item for item in live if item.get("name") == "Portolan"), None)
    if group is None:
        group = {"name": "Portolan", "networks": []}
        live.append(group)
    group["networks"] = [item for item in group["networks"] if item.get("id") != id_] + [entry]
    path.write_text(yaml.safe_dump(networks, sort_keys=False), encoding="utf-8")
    return f"{path} has the network {id_} at {rpc_url}."


def _brownies_own() -> str:
    """Found without importing Brownie, which would make folders in the home directory of whoever runs this."""
    package = find_spec("brownie")
    if package is None or package.origin is None:
        raise BrownieFailed("Brownie is not installed here; run `make setup`")
    return (Path(package.origin).parent / "data" / "network-config.yaml").read_text(encoding="utf-8")
