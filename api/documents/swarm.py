"""A member's place in the private IPFS swarm of the gateways: its key, and a Kubo node that speaks to nobody else."""

import json
import os
import re
import secrets
import shlex
import subprocess  # nosec B404 # a fixed program with a list of words
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from api.signers import write_private

KEY_FILE: Final = "swarm.key"
UNIT: Final = "portolan-ipfs.service"
_KEY: Final = re.compile(r"/key/swarm/psk/1\.0\.0/\n/base16/\n([0-9a-f]{64})\n?")
_PEER: Final = re.compile(r"(/(?:ip4|ip6|dns4|dns6|dns)/[\w.:-]+/tcp/\d{1,5})/p2p/(\w+)")
_RUN_SECONDS: Final = 60
_SERVICE: Final = """\
# A gateway's IPFS node, in the private swarm of the network's gateways.
[Unit]
Description=IPFS node of a Portolan gateway
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
WorkingDirectory={repo}
# FORCE_PNET: without its swarm's key it does not start, rather than join the public network.
Environment=LIBP2P_FORCE_PNET=1 IPFS_PATH={repo} IPFS_TELEMETRY=off
ExecStart={program} daemon --migrate=false
Restart=on-failure
RestartSec=5
UMask=0077
ProtectSystem=strict
ReadWritePaths={repo}
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX

[Install]
WantedBy=multi-user.target
"""


class SwarmInvalid(Exception):
    """A swarm key, a peer or a node's folder cannot be used. The message never has a key in it."""


@dataclass(frozen=True)
class NodePlace:
    """Where a node listens: for other members at `host`:`port`, for its own gateway at 127.0.0.1:`api_port`."""

    host: str
    port: int
    api_port: int

    @property
    def listens(self) -> str:
        return f"/ip{6 if ':' in self.host else 4}/{self.host}/tcp/{self.port}"

    @property
    def api(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self.api_port}"


def make_swarm_key(file: Path) -> str:
    """Makes a key in a new file, for its owner alone; its fingerprint. Raises SwarmInvalid, OSError."""
    if file.exists():
        raise SwarmInvalid(f"{file} is there already, and nothing is overwritten")
    write_private(file, f"/key/swarm/psk/1.0.0/\n/base16/\n{secrets.token_hex(32)}\n".encode())
    return fingerprint_of(file)


def fingerprint_of(file: Path) -> str:
    """By which two members see that they have one key: of the key's SHA-256, and nothing leads back from it."""
    return sha256(_psk(file).encode()).hexdigest()[:16]


def _psk(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise SwarmInvalid(f"{file} can be read by others: chmod 600 {file}")
    found = _KEY.fullmatch(file.read_text(encoding="ascii", errors="replace"))
    if found is None:
        raise SwarmInvalid(f"{file} is no swarm key (three lines, the last of 64 hexadecimal digits)")
    return found[1]


def lay_out(program: Path, repo: Path, key_file: Path, place: NodePlace, peers: Sequence[str]) -> str:
    """Makes a node, or brings one that is there up to date; the address by which other members reach it."""
    psk, told = _psk(key_file), [_peer(peer) for peer in peers]
    kept = repo / KEY_FILE
    if kept.exists() and _psk(kept) != psk:
        raise SwarmInvalid(f"{repo} is of another swarm: its key's fingerprint is {fingerprint_of(kept)}")
    if not (repo / "config").exists():
        repo.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run(program, repo, "init", "--profile=test")
    repo.chmod(0o700)
    if not kept.exists():
        write_private(kept, key_file.read_bytes())
    config = json.loads((repo / "config").read_text(encoding="utf-8"))
    identity = str(config["Identity"]["PeerID"])
    others = [peer for peer in told if peer["ID"] != identity]
    _write(repo / "config", private(config, place, others))
    unit = _SERVICE.format(repo=repo, program=shlex.quote(str(program)))
    (repo / UNIT).write_text(unit, encoding="utf-8")
    return f"{place.listens}/p2p/{identity}"


def private(config: dict[str, Any], place: NodePlace, peers: list[dict[str, Any]]) -> dict[str, Any]:
    """Kubo's configuration with everything off that would look for nodes outside of the swarm."""
    off = {"QUIC": False, "Relay": False, "WebRTCDirect": False, "WebTransport": False, "Websocket": False}
    ours: dict[str, Any] = {
        "Addresses": {"Swarm": [place.listens], "API": place.api, "Gateway": [], "Announce": [], "NoAnnounce": []},
        "AutoConf": {"Enabled": False},
        "AutoTLS": {"Enabled": False},
        "AutoNAT": {"ServiceMode": "disabled"},
        "Bootstrap": [],
        "Discovery": {"MDNS": {"Enabled": False}},
        "DNS": {"Resolvers": {}},
        "Peering": {"Peers": peers},
        "Routing": {"Type": "none", "DelegatedRouters": []},
        "Ipns": {"DelegatedPublishers": []},
        "Swarm": {
            "DisableNatPortMap": True,
            "RelayClient": {"Enabled": False},
            "RelayService": {"Enabled": False},
            "EnableHolePunching": False,
            "Transports": {"Network": {**off, "TCP": True}},
        },
    }
    return {name: _merged(config.get(name), ours.get(name)) for name in {**config, **ours}}


def _merged(old: Any, new: Any) -> Any:
    if new is None:
        return old
    if isinstance(old, dict) and isinstance(new, dict) and new:
        return {name: _merged(old.get(name), new.get(name)) for name in {**old, **new}}
    return new


def peers_of(program: Path, repo: Path) -> list[str]:
    """Who the running node is connected with. Raises SwarmInvalid where it does not answer."""
    return _run(program, repo, "swarm", "peers", "--timeout=10s").split()


def _peer(told: str) -> dict[str, Any]:
    found = _PEER.fullmatch(told)
    if found is None:
        raise SwarmInvalid(f"{told[:200]} is no address of a node: /ip4/192.0.2.10/tcp/4001/p2p/12D3…")
    return {"ID": found[2], "Addrs": [found[1]]}


def _write(path: Path, config: dict[str, Any]) -> None:
    """Whole or not at all; it holds the node's private key."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_private(fresh, json.dumps(config, indent=2).encode())
    fresh.replace(path)


def _run(program: Path, repo: Path, *words: str) -> str:
    environment = {"PATH": os.defpath, "HOME": str(repo), "IPFS_PATH": str(repo), "LIBP2P_FORCE_PNET": "1"}
    try:
        done = subprocess.run(  # nosec B603 # a list, no shell
            [str(program), *words],
            env={**environment, "IPFS_TELEMETRY": "off"},
            capture_output=True,
            text=True,
            timeout=_RUN_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SwarmInvalid(f"{program} cannot be run: {error}") from None
    if done.returncode:
        raise SwarmInvalid(f"{program.name} {words[0]}: {done.stderr.strip()}")
    return done.stdout
