"""A network of members made as people make it: by `portolan network` alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from consortium import LEIS, OPERATOR
from typer.testing import CliRunner

from chain_node.config import CONFIG_ROOT
from chain_node.networks.cli import network_app

ROOT = Path(__file__).resolve().parents[3]
_runner = CliRunner()


@dataclass(frozen=True)
class MadeNetwork:
    """`root` has the networks' folders; `nodes` are the names, `member_dirs` each node's member's own folder."""

    name: str
    root: Path
    member_dirs: Mapping[str, Path]

    @property
    def folder(self) -> Path:
        return self.root / self.name

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(self.member_dirs)


def network_command(*arguments: object) -> Result:
    return _runner.invoke(network_app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def done(*arguments: object) -> str:
    result = network_command(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def make_network(
    where: Path, monkeypatch: pytest.MonkeyPatch, ports: tuple[int, ...], name: str = "quay", engine: str = "besu"
) -> MadeNetwork:
    """One member for each port, each with a validator, all on this machine's loopback."""
    monkeypatch.setattr("chain_node.networks.member._SCRYPT_N", 2**10)
    made = MadeNetwork(name, where / "network-config", {f"v{i}": where / f"member-{i}" for i in range(len(ports))})
    people = CONFIG_ROOT / "local" / "participants.toml"
    organisations = [word for lei in LEIS[: len(ports)] for word in ("--org", lei)]
    terms = ["--operator", OPERATOR, "--participants", people, "--chain-id", 77_009, "--shared-hosts"]
    terms += ["--account", "0x" + "ab" * 20]
    done("new", name, "--engine", engine, "--root", made.root, *terms, *organisations)
    (where / "pass").write_text("a long enough passphrase\n")
    cards = where / "cards"
    cards.mkdir()
    for lei, port, node in zip(LEIS, ports, made.member_dirs, strict=False):
        make_member(made, node, lei, port)
        (cards / f"{node}.json").write_bytes((made.member_dirs[node] / "cards" / f"{node}.json").read_bytes())
    done("assemble", name, "--cards", cards, "--root", made.root)
    return made


def make_member(made: MadeNetwork, node: str, lei: str, port: int) -> None:
    """The member's key, and its node's with a card."""
    says = ["--lei", lei, "--organisation", f"Firm {node}", "--contact", "ops", "--host", "127.0.0.1", "--port", port]
    done("member", "init", "--name", node, *says, *own(made, node), *secret(made))


def secret(made: MadeNetwork) -> list[object]:
    return ["--passphrase-file", made.root.parent / "pass"]


def own(made: MadeNetwork, node: str = "v0") -> list[object]:
    return [made.name, "--root", made.root, "--member-dir", made.member_dirs[node]]


@contextmanager
def up(made: MadeNetwork, node: str = "v0") -> Iterator[subprocess.Popen[str]]:
    """The command as a process of its own, once it has said that the node answers."""
    words = [str(word) for word in own(made, node)]
    command = [sys.executable, "-m", "scripts.portolan", "network", "up", *words]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    with process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if " answers at " not in said:
                process.kill()
                pytest.fail(f"{said}{process.communicate()[1]}")
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def home(made: MadeNetwork, node: str = "v0") -> Path:
    return made.member_dirs[node] / "nodes" / node
