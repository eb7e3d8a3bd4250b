"""Whether a node has the lists that were agreed on. Reading them again is no proof: it may read another file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chain_node.networks.cards import CardBody
from chain_node.networks.ceremony import Ceremony
from chain_node.networks.engine import Files, NetworkEngine, RpcCall, plain
from chain_node.networks.errors import ChangeRefused, VoteFailed

_PROCESSES: Final = Path("/proc")


def require_one_copy(
    engine: NetworkEngine, ceremony: Ceremony, lei: str, files: Files, proc: Path = _PROCESSES
) -> None:
    """Raises `ChangeRefused` where a node of this member runs on this machine and reads its peers from a file that is
    not as agreed, `files` having been written already. A file that cannot be read from here, as in a container, is left
    to what the node says of itself."""
    for node in ceremony.state.nodes_of(lei):
        path = node_list_read(engine, node, proc)
        name = next((its for its in files if path is not None and path.as_posix().endswith(f"/{its}")), None)
        found = _content(path) if path is not None else None
        if name is not None and found is not None and found != files[name]:
            raise ChangeRefused(
                f"{path}: {node.node} reads its peers from there, and that is not what was agreed: it is of another"
                " copy of the network's folder than --root (PORTOLAN_NETWORKS) names. Give the one that it reads"
            )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def require_lists(engine: NetworkEngine, ceremony: Ceremony, node: CardBody, said: Callable[[RpcCall], Any]) -> None:
    """Raises `VoteFailed` with the difference and the file that the node reads. Accounts beyond those of the terms
    follow the registry, not the ceremony: `audit` compares them."""
    peers = engine.listed_peers(ceremony.state, node.node)
    accounts = {its.lower() for its in ceremony.terms.accounts}
    problems: list[str] = []
    nodes_call, accounts_call = engine.nodes_list_call(), engine.accounts_list_call()
    if nodes_call is not None:
        found = _listed(node, nodes_call, said)
        problems += [f"lets in {its}, which is not agreed" for its in sorted(found - peers)]
        problems += [f"does not let in {its}" for its in sorted(peers - found)]
    if problems:
        problems.append(_of_which_file(node.node, node_list_read(engine, node)))
    if accounts_call is not None:
        left_out = sorted(accounts - _listed(node, accounts_call, said))
        problems += [f"takes no transactions of {its}, an account of the terms" for its in left_out]
    if problems:
        raise VoteFailed(node.node, "it does not have the lists that were agreed on:\n" + "\n".join(problems))


def node_list_read(engine: NetworkEngine, node: CardBody, proc: Path = _PROCESSES) -> Path | None:
    """The list of nodes which the process that runs this node on this machine was told to read."""
    for folder in proc.glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended meanwhile, or is not to be seen
        path = engine.nodes_list_of(words, node)
        if path is not None and path.startswith("/"):
            return Path(path)
    return None


def _listed(node: CardBody, call: RpcCall, said: Callable[[RpcCall], Any]) -> set[str]:
    answer = said(call)
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise VoteFailed(node.node, f"{call.method} gave no list")
    return {plain(item) for item in answer}


def _of_which_file(node: str, path: Path | None) -> str:
    read = f"It reads {path}" if path is not None else f"See which file {node} is started with"
    return f"{read}; `apply` writes below --root (PORTOLAN_NETWORKS): give both the same folder, and run this again"
