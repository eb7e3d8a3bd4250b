"""Lays out a new node: settings, key, folders, a systemd unit and the request for admission; whole, or not at all."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain_node.client import AddressBook
from chain_node.client.admission import AdmissionRequest
from oracles.errors import OracleError
from oracles.keys.files import write_secret
from oracles.keys.keystore import make_keystore
from oracles.signing import Signer

CONFIG: Final = "node.toml"
REQUEST: Final = "admission-request.json"
REQUEST_SECONDS: Final = 30 * 86_400
FOLDERS: Final = ("inbox", "archive", "quarantine", "dropped")

SETTINGS: Final = """\
# The settings of a Portolan oracle node. Relative paths start at this file's folder.
# Every setting with its default: oracles/README.md; how the node is run: docs/operating.md.

name = {name}
# LEI of the firm that runs the node.
organisation = {organisation}

# The network: a node of it to ask, its list of contracts, and the key that hides trade references on chain (secret).
rpc_url = {rpc_url}
deployments = "deployments.json"
network_key_file = "network.key"

# What the node signs with. Both files are readable by their owner only; keep a copy of them apart from back-ups.
keystore = "key.json"
passphrase_file = "passphrase"

# Papers are renamed into the inbox; archive/, quarantine/ and dropped/ lie beside it.
inbox = "inbox"
database = "node.db"

# /metrics, /ready and /live, on 127.0.0.1 only.
metrics_port = {metrics_port}

# With less room than this nothing more is taken in.
# disk_reserve_bytes = 67108864
# By how much this machine's clock and the newest block's time may differ; 0 does not compare them.
# clock_tolerance_seconds = 300
"""

UNIT: Final = """\
# Portolan oracle node {name}. To install:
#   useradd --system --home-dir {folder} --shell /usr/sbin/nologin {user}
#   chown -R {user}: {folder}
#   cp {folder}/{unit} /etc/systemd/system/ && systemctl enable --now {unit}
[Unit]
Description=Portolan oracle node {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User={user}
WorkingDirectory={folder}
ExecStart={program} oracle run --config {folder}/node.toml
Restart=on-failure
RestartSec=5
# The turn in progress is finished first; after this the process is killed, which loses nothing.
TimeoutStopSec=60
UMask=0077
# Only its own folder may be written. A shared folder of readings ('exchange') must be added here.
ProtectSystem=strict
ReadWritePaths={folder}
ProtectHome=read-only
PrivateTmp=yes
# A hardware token (PKCS#11) on USB needs this to be 'no'.
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""


class NotFounded(OracleError):
    """A node cannot be laid out there."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")
        self.folder, self.why = folder, why


@dataclass(frozen=True)
class Answers:
    """What a new node was told; every answer is checked (`questions`)."""

    folder: Path
    name: str
    organisation: str
    legal_name: str
    jurisdiction: str
    roles: tuple[str, ...]
    rpc_url: str
    deployments: Path
    network_key: Path
    metrics_port: int
    user: str

    @property
    def unit_name(self) -> str:
        return f"portolan-oracle-{self.name}.service"


def found(answers: Answers, now: int) -> str:
    """Lays out the node's folder and returns its account. `now`: the chain's time, Unix seconds. Raises NotFounded."""
    folder = answers.folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".portolan-init-", dir=folder.parent) as unfinished:
        place = Path(unfinished) / "node"
        place.mkdir(mode=0o700)
        account = _fill(place, answers, now)
        try:
            # A rename onto an empty folder takes its place; onto any other it fails.
            place.rename(folder)
        except OSError as error:
            raise NotFounded(folder, f"is there already, and nothing is overwritten ({error.strerror})") from error
    return account


def _fill(place: Path, answers: Answers, now: int) -> str:
    for name in FOLDERS:
        (place / name).mkdir(mode=0o700)
    shutil.copyfile(answers.deployments, place / "deployments.json")
    write_secret(place / "network.key", answers.network_key.read_text(encoding="ascii"))
    make_keystore(place / "key.json", place / "passphrase")
    signer = Signer.open(place / "key.json", place / "passphrase")
    quoted = {"name": answers.name, "organisation": answers.organisation, "rpc_url": answers.rpc_url}
    values: dict[str, object] = {key: json.dumps(value, ensure_ascii=False) for key, value in quoted.items()}
    write_secret(place / CONFIG, SETTINGS.format(**values, metrics_port=answers.metrics_port))
    request = request_of(answers, AddressBook.load(answers.deployments), signer.address, now)
    (place / REQUEST).write_text(request.text(signer.admission(request)), encoding="utf-8")
    unit = UNIT.format(
        name=answers.name, folder=answers.folder, user=answers.user, unit=answers.unit_name, program=program()
    )
    (place / answers.unit_name).write_text(unit, encoding="utf-8")
    return signer.address


def request_of(answers: Answers, book: AddressBook, account: str, now: int) -> AdmissionRequest:
    return AdmissionRequest(
        network=book.network,
        chain_id=book.chain_id,
        registry=book.address("ParticipantRegistry"),
        lei=answers.organisation,
        name=answers.legal_name,
        jurisdiction=answers.jurisdiction,
        roles=answers.roles,
        account=account,
        expires_at=now + REQUEST_SECONDS,
    )


def program() -> str:
    """How this program is called, by its full path."""
    installed = Path(sys.executable).with_name("portolan")
    return str(installed) if installed.exists() else f"{sys.executable} -m scripts.portolan"
