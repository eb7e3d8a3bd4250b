"""The gateways' private swarm as members lay it out: what is refused, and who reads what through whose node."""

import base64
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from support.kubo import PROGRAM
from support.ports import free_triples
from typer.testing import CliRunner, Result

from api.auth.principal import Principal
from api.cli import gateway_app
from api.db import Database
from api.documents.errors import DocumentAbsent
from api.documents.readers import ReaderKeys, public_key_of
from api.documents.sealing import unseal, unwrap
from api.documents.service import Content, Documents
from api.documents.stores import IpfsStore
from api.documents.swarm import NodePlace, private

OWNER, READER, STRANGER = "999900ACMESUPPLIES58", "999900MERIDIANFUND54", "999900SOUNDERSURVY30"
_START_SECONDS = 300.0


def typed(*words: object) -> Result:
    return CliRunner().invoke(gateway_app, ["swarm", *(str(word) for word in words)], env={"COLUMNS": "200"})


def key_in(folder: Path, name: str = "swarm.key") -> Path:
    made = typed("key", folder / name)
    assert made.exit_code == 0, made.output
    return folder / name


# Refusals


def test_key_is_made_once_for_its_owner_and_never_printed(tmp_path: Path) -> None:
    made = typed("key", tmp_path / "swarm.key")
    again = typed("key", tmp_path / "swarm.key")

    secret = (tmp_path / "swarm.key").read_text().splitlines()[2]
    assert len(secret) == 64
    assert stat.S_IMODE((tmp_path / "swarm.key").stat().st_mode) == 0o600
    assert "fingerprint " in made.output
    assert secret not in made.output
    assert (again.exit_code, "nothing is overwritten" in again.output) == (1, True)


def test_key_that_is_none_or_open_to_others_is_refused_without_being_shown(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    text = key.read_text()
    place = ("--repo", tmp_path / "repo", "--key", key, "--ipfs", PROGRAM)

    key.chmod(0o640)
    assert "can be read by others" in typed("node", *place).output
    key.chmod(0o600)
    for wrong in (text[:-3], text.replace("base16", "base64"), ""):
        key.write_text(wrong)
        refused = typed("node", *place)
        assert (refused.exit_code, "is no swarm key" in refused.output) == (1, True)
        assert text.splitlines()[2][:20] not in refused.output
    assert not (tmp_path / "repo").exists()


def test_peer_or_program_that_is_none_is_refused(tmp_path: Path) -> None:
    key = key_in(tmp_path)
    node = ("node", "--repo", tmp_path / "repo", "--key", key)

    for peer in ("192.0.2.10", "/ip4/192.0.2.10/udp/4001/quic-v1/p2p/12D3", "/ip4/192.0.2.10/tcp/4001"):
        assert "is no address of a node" in typed(*node, "--ipfs", PROGRAM, "--peer", peer).output
    assert "cannot be run" in typed(*node, "--ipfs", tmp_path / "none").output


def test_configuration_keeps_what_is_not_ours_and_looks_for_nobody() -> None:
    old = {"Identity": {"PeerID": "12D3"}, "Swarm": {"ConnMgr": {"HighWater": 90}}, "Bootstrap": ["/dnsaddr/x"]}

    made = private(old, NodePlace("192.0.2.10", 4001, 5001), [])

    assert made["Identity"] == old["Identity"]
    assert made["Swarm"]["ConnMgr"] == {"HighWater": 90}
    assert made["Bootstrap"] == []
    assert made["Addresses"]["Swarm"] == ["/ip4/192.0.2.10/tcp/4001"]
    assert {name for name, on in made["Swarm"]["Transports"]["Network"].items() if on} == {"TCP"}
    assert (made["Routing"]["Type"], made["AutoConf"]["Enabled"]) == ("none", False)


# With daemons


@dataclass
class Member:
    """One gateway's node, laid out by the command and run as its unit says."""

    repo: Path
    api_port: int
    address: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> IpfsStore:
        return IpfsStore(f"/ip4/127.0.0.1/tcp/{self.api_port}/http", 60)

    def start(self) -> None:
        unit = (self.repo / "portolan-ipfs.service").read_text()
        settings = dict(line.split("=", 1) for line in unit.splitlines() if line.startswith(("Environment=", "Exec")))
        environment = dict(word.split("=", 1) for word in settings["Environment"].split())
        log = self.repo / "daemon.log"
        with log.open("wb") as output:
            command = settings["ExecStart"].split()
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        deadline = time.monotonic() + _START_SECONDS
        while b"Daemon is ready" not in log.read_bytes():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(180)
            self.process = None


def laid_out(folder: Path, key: Path, *peers: str) -> Member:
    port, api_port = free_triples(2)
    named = [word for peer in peers for word in ("--peer", peer)]
    place = ("--repo", folder, "--key", key, "--port", port, "--api-port", api_port, "--ipfs", PROGRAM)
    made = typed("node", *place, *named)
    assert made.exit_code == 0, made.output
    (address,) = (line.rpartition(": ")[2] for line in made.output.splitlines() if "Its address" in line)
    assert key.read_text().splitlines()[2] not in made.output
    return Member(folder, api_port, address)


@pytest.fixture(scope="module")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Member, Member, Member]]:
    """Two members' nodes, the second with the first as its peer, and one with another key that knows both."""
    folder = tmp_path_factory.mktemp("swarm")
    key, other = key_in(folder), key_in(folder, "other.key")
    first = laid_out(folder / "a", key)
    second = laid_out(folder / "b", key, first.address)
    outsider = laid_out(folder / "c", other, first.address, second.address)
    members = (first, second, outsider)
    try:
        for member in members:
            member.start()
        yield members
    finally:
        for member in members:
            member.stop()


def await_peers(member: Member) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while typed("peers", "--repo", member.repo, "--ipfs", PROGRAM).exit_code:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.node
def test_node_of_another_swarm_is_not_laid_out_anew(swarm: tuple[Member, ...], tmp_path: Path) -> None:
    refused = typed("node", "--repo", swarm[0].repo, "--key", key_in(tmp_path), "--ipfs", PROGRAM)

    assert (refused.exit_code, "is of another swarm" in refused.output) == (1, True)


@pytest.mark.node
def test_what_a_node_holds_is_for_its_owner_alone(swarm: tuple[Member, ...]) -> None:
    first = swarm[0]
    modes = {name: stat.S_IMODE((first.repo / name).stat().st_mode) for name in ("swarm.key", "config")}

    assert modes == {"swarm.key": 0o600, "config": 0o600}
    assert stat.S_IMODE(first.repo.stat().st_mode) == 0o700


@pytest.mark.node
def test_document_of_one_gateway_is_read_through_anothers_node_and_by_no_outsider(
    swarm: tuple[Member, ...], database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.documents.stores.SWARM_SECONDS", 8)  # a busy machine must not look like one without it
    first, second, outsider = swarm
    await_peers(second)
    keys, own = ReaderKeys(tmp_path / "keys", "secret"), X25519PrivateKey.generate()
    here, there = Documents(first.store, keys), Documents(second.store, keys)
    sealed = here.seal(Content(b"<Invoice/>" * 100_000, "application/xml"))
    readers = {OWNER: keys.ensure(OWNER), READER: public_key_of(READER, own.public_key().public_bytes_raw().hex())}
    database.run(lambda session: here.record(session, sealed, OWNER, readers))

    def asked(lei: str) -> tuple[bytes, bytes]:
        principal = Principal("client_of_it", lei, frozenset({"invoices:read"}))
        with database.session() as session:
            told = there.envelope(session, principal, sealed.cid)
        return base64.b64decode(told.wrapped_key), base64.b64decode(told.sealed)

    wrapped, ciphertext = asked(READER)
    assert unseal(ciphertext, unwrap(wrapped, own, cid=sealed.cid, reader=READER), sealed.cid)[:10] == b"<Invoice/>"
    with pytest.raises(DocumentAbsent):
        asked(STRANGER)
    with pytest.raises(DocumentAbsent):
        outsider.store.get(sealed.cid)
    alone = typed("peers", "--repo", outsider.repo, "--ipfs", PROGRAM)
    assert (alone.exit_code, "0 members are connected." in alone.output) == (1, True)
    secret = (first.repo / "swarm.key").read_text().splitlines()[2]
    assert all(secret not in (member.repo / "daemon.log").read_text() for member in swarm)
