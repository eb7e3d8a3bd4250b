"""A network of members made as people make it: by `portolan network` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result
from consortium import LEIS, OPERATOR
from typer.testing import CliRunner

from chain_node.config import CONFIG_ROOT
from chain_node.networks.cli import network_app

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
    where: Path, monkeypatch: pytest.MonkeyPatch, ports: tuple[int, ...], name: str = "quay"
) -> MadeNetwork:
    """One member for each port, each with a validator, all on this machine's loopback."""
    monkeypatch.setattr("chain_node.networks.member._SCRYPT_N", 2**10)
    made = MadeNetwork(name, where / "network-config", {f"v{i}": where / f"member-{i}" for i in range(len(ports))})
    people = CONFIG_ROOT / "local" / "participants.toml"
    organisations = [word for lei in LEIS[: len(ports)] for word in ("--org", lei)]
    terms = ["--operator", OPERATOR, "--participants", people, "--chain-id", 77_009, "--shared-hosts"]
    done("new", name, "--engine", "besu", "--root", made.root, *terms, *organisations)
    (where / "pass").write_text("a long enough passphrase\n")
    cards = where / "cards"
    cards.mkdir()
    for lei, port, (node, folder) in zip(LEIS, ports, made.member_dirs.items(), strict=False):
        says = [
            "--lei",
            lei,
            "--organisation",
            f"Firm {node}",
            "--contact",
            "ops",
            "--host",
            "127.0.0.1",
            "--port",
            port,
        ]
        own = ["--member-dir", folder, "--passphrase-file", where / "pass", "--root", made.root]
        done("member", "init", name, "--name", node, *says, *own)
        (cards / f"{node}.json").write_bytes((folder / "cards" / f"{node}.json").read_bytes())
    done("assemble", name, "--cards", cards, "--root", made.root)
    return made
