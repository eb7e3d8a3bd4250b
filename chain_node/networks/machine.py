"""What can be wrong on this machine alone: its disk, and who may read its keys."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from chain_node.networks.findings import Finding
from chain_node.networks.member import MemberFolder, open_to_others

_GIGABYTE = 10**9
FEW_BYTES = 20 * _GIGABYTE
TOO_FEW_BYTES = 5 * _GIGABYTE


def machine_findings(member: MemberFolder) -> list[Finding]:
    if not member.path.is_dir():
        return [
            Finding("unknown", "disk", "", f"{member.path}: is no folder", "give the member's folder (--member-dir)")
        ]
    found = disk_findings(str(member.path), shutil.disk_usage(member.path).free)
    for path in open_to_others(member):
        found.append(_open(path, ""))
    return found


def unit_findings(folder: Path, nodes: Iterable[str], secrets: Collection[str]) -> list[Finding] | None:
    """Of each node whose own folder lies in `folder`, as the systemd units have it: its disk, and who may read the
    files named `secrets`. None where there is none of them."""
    found: list[Finding] = []
    looked_at = 0
    for node in nodes:
        home = folder / node
        try:
            if not home.is_dir():
                continue
            looked_at += 1
            found += disk_findings(str(home), shutil.disk_usage(home).free, node)
            found += [_open(path, node) for path in (home / name for name in secrets) if _is_open(path)]
        except OSError as error:
            looked_at += 1
            what = f"{home}: disk and keys were not looked at: {error.strerror}"
            found.append(Finding("unknown", "disk", node, what, "run the doctor as the unit's user, or as root"))
    return found if looked_at else None


def nowhere(folder: Path) -> Finding:
    """Said rather than passed over: no disk and no key of this machine was seen."""
    what = f"disk and keys of this machine were not looked at: no node's folder lies in {folder}"
    return Finding(
        "unknown", "disk", "", what, "give the folder where the nodes keep theirs (--unit-dir, --member-dir)"
    )


def _is_open(path: Path) -> bool:
    """Whoever owns it: the doctor need not be the unit's user."""
    return path.exists() and bool(path.stat().st_mode & 0o077)


def _open(path: Path, node: str) -> Finding:
    return Finding("wrong", "keys", node, f"{path}: others on this machine may read it", f"chmod go= {path}")


def disk_findings(where: str, free_bytes: int, node: str = "") -> list[Finding]:
    """A full disk stops a node in the middle of a write."""
    if free_bytes >= FEW_BYTES:
        return []
    what = f"{where}: {free_bytes / _GIGABYTE:.1f} GB are free"
    todo = "make room, or move the node's folder to a larger disk (stop the node first)"
    return [Finding("wrong" if free_bytes < TOO_FEW_BYTES else "soon", "disk", node, what, todo)]
