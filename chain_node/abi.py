"""Writes the ABIs that the client carries, and the list of the contracts' errors for the type checker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chain_node.compile import Artifact
from chain_node.interface import ABI_DIRECTORY

_STUB: Final = Path(__file__).parent / "errors" / "reverts.pyi"
_STUB_HEAD: Final = '''"""Written by `portolan node abi` from the contracts' interfaces."""

from chain_node.errors import ContractReverted

BY_NAME: dict[str, type[ContractReverted]]

'''


def client_files(artifacts: Mapping[str, Artifact]) -> dict[Path, str]:
    """What the client's generated files must hold for these contracts."""
    files = {ABI_DIRECTORY / f"{name}.json": _abi_text(artifact) for name, artifact in artifacts.items()}
    names = {str(e["name"]) for artifact in artifacts.values() for e in artifact.abi if e["type"] == "error"}
    files[_STUB] = _STUB_HEAD + "".join(f"class {name}(ContractReverted): ...\n" for name in sorted(names))
    return files


def write_client_files(artifacts: Mapping[str, Artifact]) -> list[Path]:
    """Brings the client's generated files up to date; those that changed."""
    files = client_files(artifacts)
    changed = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(files[path], encoding="utf-8")
    for stray in set(ABI_DIRECTORY.glob("*.json")) - files.keys():
        stray.unlink()
        changed.append(stray)
    return changed


def _abi_text(artifact: Artifact) -> str:
    """One entry a line, so that a change shows as what it is."""
    return "[\n" + ",\n".join(json.dumps(entry, sort_keys=True) for entry in artifact.abi) + "\n]\n"
