"""Compiles the contracts with py-solc-x, with the settings that foundry.toml has for forge: one truth for both.

Artifacts are kept in build/contracts under a hash of all that goes into them, so that the same sources compile once.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, Final

import solcx
from solcx.exceptions import SolcError

from chain_node.interface import Interface

ROOT: Final = Path(__file__).resolve().parent.parent
CONTRACTS: Final = (
    "NetworkAccessManager",
    "ParticipantRegistry",
    "Directory",
    "CashToken",
    "ReceivableOffices",
    "ReceivableWorkouts",
    "ReceivableToken",
    "OrderAgreements",
    "OrderWorkouts",
    "OrderEscrow",
    "OrderMatch",
    "MilestoneOracle",
    "FeedOracle",
    "ConditionGrades",
    "FxQuotes",
    "LotIntake",
    "LotReleases",
    "WarehouseReceiptToken",
    "GoodsValuation",
    "ReceivableDisputes",
    "DeskOpenings",
    "DeskWorkouts",
    "DeskHandovers",
    "FinancingDesk",
    "Concentration",
    "Servicing",
    "Applications",
    "Conversions",
    "ReceivableCollateral",
    "OrderCollateral",
    "PurchaseCollateral",
    "DrawPurposes",
    "InventoryChanges",
    "InventorySales",
    "InventoryCollateral",
    "LendingPool",
    "TrancheVault",
    "FirstLossReserve",
    "Syndicate",
    "HealthCheck",
    "LossAdjuster",
    "InsurancePolicies",
)
_IMPORT: Final = re.compile(r"""^\s*import\s+(?:[^"';]*\sfrom\s+)?["']([^"']+)["']""", re.MULTILINE)
_OUTPUTS: Final = [
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
]


class CompileError(Exception):
    """The contracts, or the settings to compile them with, are at fault; the message is the compiler's."""


@dataclass(frozen=True)
class CompilerSettings:
    """What foundry.toml says. `remappings` are pairs of an import's prefix and a folder of the project."""

    optimizer: bool
    optimizer_runs: int
    evm_version: str
    remappings: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, root: Path = ROOT) -> CompilerSettings:
        with (root / "foundry.toml").open("rb") as file:
            profile = tomllib.load(file)["profile"]["default"]
        pairs = (str(entry).partition("=") for entry in profile["remappings"])
        return cls(
            optimizer=bool(profile["optimizer"]),
            optimizer_runs=int(profile["optimizer_runs"]),
            evm_version=str(profile["evm_version"]),
            remappings=tuple((prefix, folder) for prefix, _, folder in pairs),
        )

    def standard_json(self, outputs: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """The `settings` of the compiler's standard JSON input."""
        return {
            "optimizer": {"enabled": self.optimizer, "runs": self.optimizer_runs},
            "evmVersion": self.evm_version,
            "remappings": [f"{prefix}={folder}" for prefix, folder in self.remappings],
            "outputSelection": {path: dict.fromkeys(names, _OUTPUTS) for path, names in outputs.items()},
        }


@dataclass(frozen=True)
class Artifact:
    """One compiled contract. Bytecode as hexadecimal digits; immutables are [start, length] in the deployed code."""

    name: str
    source: str
    input_hash: str
    abi: list[dict[str, Any]]
    bytecode: str
    deployed_bytecode: str
    immutables: list[list[int]]

    @cached_property
    def interface(self) -> Interface:
        return Interface.parse(self.name, self.abi)

    def creation_code(self, *arguments: Any) -> bytes:
        return bytes.fromhex(self.bytecode) + self.interface.constructor.encode(arguments)

    def is_code(self, code: bytes) -> bool:
        """Whether deployed code is this contract's, whatever its immutables hold."""
        return blank(code, self.immutables) == blank(bytes.fromhex(self.deployed_bytecode), self.immutables)


def blank(code: bytes, immutables: Iterable[Sequence[int]]) -> bytes:
    """Deployed code with its immutables set to zero."""
    blanked = bytearray(code)
    for start, length in immutables:
        blanked[start : start + length] = bytes(length)
    return bytes(blanked)


def compile_contracts(names: Iterable[str] = CONTRACTS, root: Path = ROOT) -> dict[str, Artifact]:
    """The named contracts of the project, compiled, or from the cache where nothing changed."""
    settings = CompilerSettings.read(root)
    inputs = {name: Sources.gather(name, root, settings) for name in names}
    cache = root / "build" / "contracts"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / ".lock"):
        found = {name: _load(cache, item) for name, item in inputs.items()}
        missing = [inputs[name] for name, artifact in found.items() if artifact is None]
        for artifact in _compile(missing, root, settings):
            _store(cache, artifact)
            found[artifact.name] = artifact
    return {name: artifact for name, artifact in found.items() if artifact is not None}


def code_version(artifacts: Iterable[Artifact]) -> str:
    """One short name for all the code of a deployment."""
    joined = "".join(sorted(f"{artifact.name}:{artifact.input_hash};" for artifact in artifacts))
    return sha256(joined.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Sources:
    """A contract with all the sources that it imports."""

    name: str
    path: str
    sources: dict[str, str]
    hash: str

    @classmethod
    def gather(cls, name: str, root: Path, settings: CompilerSettings) -> Sources:
        found = sorted(path for path in (root / "contracts").rglob(f"{name}.sol"))
        if len(found) != 1:
            raise CompileError(f"contracts/: {len(found)} files are named {name}.sol, one is needed")
        path = found[0].relative_to(root).as_posix()
        sources = _closure(path, root, settings)
        compiler = json.loads((root / "node_modules/solc/package.json").read_text(encoding="utf-8"))["version"]
        hashed = json.dumps([compiler, asdict(settings), sorted(sources.items())])
        return cls(name, path, sources, sha256(hashed.encode()).hexdigest())


def _closure(path: str, root: Path, settings: CompilerSettings) -> dict[str, str]:
    sources: dict[str, str] = {}
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in sources:
            continue
        try:
            sources[current] = (root / current).read_text(encoding="utf-8")
        except OSError as error:
            raise CompileError(f"{current}: cannot be read: {error.strerror}") from error
        waiting += [_resolve(current, name, settings) for name in _IMPORT.findall(sources[current])]
    return sources


def _resolve(importer: str, name: str, settings: CompilerSettings) -> str:
    if name.startswith("."):
        return os.path.normpath(PurePosixPath(importer).parent / name)
    for prefix, folder in settings.remappings:
        if name.startswith(prefix):
            return folder + name.removeprefix(prefix)
    return name


def _compile(inputs: Sequence[Sources], root: Path, settings: CompilerSettings) -> Iterator[Artifact]:
    if not inputs:
        return
    sources = {path: {"content": text} for item in inputs for path, text in item.sources.items()}
    request = {
        "language": "Solidity",
        "sources": sources,
        "settings": settings.standard_json({item.path: [item.name] for item in inputs}),
    }
    try:
        solc = root / "chain_node" / "solc" / "solc"
        answer = solcx.compile_standard(request, base_path=root, allow_paths=root, solc_binary=solc)
    except SolcError as error:
        raise CompileError(_compiler_message(error)) from error
    for item in inputs:
        output = answer["contracts"][item.path][item.name]
        deployed = output["evm"]["deployedBytecode"]
        places = [place for group in deployed["immutableReferences"].values() for place in group]
        yield Artifact(
            name=item.name,
            source=item.path,
            input_hash=item.hash,
            abi=output["abi"],
            bytecode=output["evm"]["bytecode"]["object"],
            deployed_bytecode=deployed["object"],
            immutables=sorted([place["start"], place["length"]] for place in places),
        )


def _compiler_message(error: SolcError) -> str:
    try:
        found = json.loads(error.stdout_data or "")["errors"]
        return "; ".join(str(e["formattedMessage"]).strip() for e in found if e["severity"] == "error")
    except (ValueError, KeyError):
        return (error.stderr_data or error.message).strip()


def _load(cache: Path, item: Sources) -> Artifact | None:
    path = cache / f"{item.name}-{item.hash[:16]}.json"
    return Artifact(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _store(cache: Path, artifact: Artifact) -> None:
    """Keeps one artifact per contract: an older one is of sources that no longer exist."""
    for old in cache.glob(f"{artifact.name}-*.json"):
        old.unlink()
    path = cache / f"{artifact.name}-{artifact.input_hash[:16]}.json"
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(asdict(artifact)), encoding="utf-8")
    unfinished.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
