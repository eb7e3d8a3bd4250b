"""What can be wrong on this machine alone: its disk, and who may read its keys."""

from __future__ import annotations

import shutil

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
        found.append(Finding("wrong", "keys", "", f"{path}: others on this machine may read it", f"chmod go= {path}"))
    return found


def disk_findings(where: str, free_bytes: int) -> list[Finding]:
    """A full disk stops a node in the middle of a write."""
    if free_bytes >= FEW_BYTES:
        return []
    what = f"{where}: {free_bytes / _GIGABYTE:.1f} GB are free"
    todo = "make room, or move the node's folder to a larger disk (stop the node first)"
    return [Finding("wrong" if free_bytes < TOO_FEW_BYTES else "soon", "disk", "", what, todo)]
