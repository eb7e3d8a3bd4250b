"""Makes the project usable from Brownie, for consoles and one-off operations: the compiler under the name that Brownie
looks for, and the running chain among its networks."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

from chain_node.compile import ROOT

SOLC_VERSION: Final = "0.8.37"
NETWORK_ID: Final = "portolan-local"
_CHAIN_ID: Final = 412346
_DEFAULT_URL: Final = "http://127.0.0.1:8545"


class BrownieFailed(Exception):
    """Brownie's own files are not as expected; nothing was changed."""


def prepare_brownie(home: Path, rpc_url: str | None) -> list[str]:
    """Links the compiler and registers the chain in `home`; says what it did. Safe to repeat; overwrites nobody else's.

    Without a running chain the network is registered at the port that network-config/local has.
    """
    return [_link_compiler(home), _register_network(home, rpc_url or _DEFAULT_URL), _forget_deployments()]


def _forget_deployments() -> str:
    """Brownie looks for every contract that it has ever met on the chain, and connects to none that has begun anew."""
    met = ROOT / "build" / "brownie" / "deployments" / str(_CHAIN_ID)
    if not met.exists():
        return f"{met} names no contracts of an earlier chain."
    shutil.rmtree(met)
    return f"{met} is gone: it named contracts of an earlier chain."


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


def _register_network(home: Path, rpc_url: str) -> str:
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
    entry = {"id": NETWORK_ID, "name": "Local", "host": rpc_url, "chainid": _CHAIN_ID}
    group = next((item for item in live if item.get("name") == "Portolan"), None)
    if group is None:
        group = {"name": "Portolan", "networks": []}
        live.append(group)
    group["networks"] = [item for item in group["networks"] if item.get("id") != NETWORK_ID] + [entry]
    path.write_text(yaml.safe_dump(networks, sort_keys=False), encoding="utf-8")
    return f"{path} has the network {NETWORK_ID} at {rpc_url}."


def _brownies_own() -> str:
    """Found without importing Brownie, which would make folders in the home directory of whoever runs this."""
    package = find_spec("brownie")
    if package is None or package.origin is None:
        raise BrownieFailed("Brownie is not installed here; run `make setup`")
    return (Path(package.origin).parent / "data" / "network-config.yaml").read_text(encoding="utf-8")
