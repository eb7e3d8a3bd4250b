"""Real brokers: mosquitto on the loopback interface, with TLS and passwords, killed and started again by tests."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from oracle_nodes import until
from paho.mqtt.enums import CallbackAPIVersion
from support.debian import mosquitto, mosquitto_passwd
from support.ports import free_port

HOST = "127.0.0.1"
PASSWORD = "of this test alone"


@dataclass
class Broker:
    """A broker that keeps its sessions on disk. Stopped by its pid."""

    folder: Path
    tls: bool = False
    password: bool = False
    port: int = field(default_factory=free_port)
    """A broker cannot choose its port itself."""
    _process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} {HOST}",
            "persistence true",
            f"persistence_location {self.folder}/",
            # Debian's package would have it change to a user of its own.
            "user root" if os.getuid() == 0 else "",
            "autosave_interval 1",
            "autosave_on_changes true",
            "max_queued_messages 0",
            f"allow_anonymous {'false' if self.password else 'true'}",
        ]
        if self.tls:
            Authority(self.folder).issue("broker")
            lines += [f"certfile {self.folder}/broker.pem", f"keyfile {self.folder}/broker.key"]
        if self.password:
            tool = mosquitto_passwd()
            file = self.folder / "passwords"
            subprocess.run([tool.path, "-b", "-c", file, "node", PASSWORD], env=tool.environment, check=True)
            lines.append(f"password_file {file}")
        self.config.write_text("\n".join(lines) + "\n")

    @property
    def config(self) -> Path:
        return self.folder / "mosquitto.conf"

    def start(self) -> None:
        tool = mosquitto()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [tool.path, "-c", self.config], env=tool.environment, stdout=log, stderr=log
            )
        until(self._listens)
        assert self._process.poll() is None, (self.folder / "log").read_text()

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def publish(self, topic: str, *payloads: bytes, retain: bool = False, qos: int = 1) -> None:
        """Handed over when it returns: the broker has acknowledged each."""
        with Publisher(self) as publisher:
            for payload in payloads:
                publisher.client.publish(topic, payload, qos, retain).wait_for_publish(30)

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection((HOST, self.port), 1):
            return True
        return False


class Publisher:
    """Stands for a sensor."""

    def __init__(self, broker: Broker) -> None:
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if broker.tls:
            self.client.tls_set_context(ssl.create_default_context(cafile=str(broker.folder / "ca.pem")))
        if broker.password:
            self.client.username_pw_set("node", PASSWORD)
        self._connected = threading.Event()
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.connect(HOST, broker.port)

    def __enter__(self) -> Publisher:
        self.client.loop_start()
        assert self._connected.wait(120)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Authority:
    """A certificate authority for one test, as `ca.pem` in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _name("Authority of a test")
        own = _certificate(self._name, self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        _write(folder / "ca.pem", own.sign(self._key, hashes.SHA256()))

    def issue(self, name: str) -> None:
        """`<name>.pem` and `<name>.key`, for the loopback interface."""
        key = ec.generate_private_key(ec.SECP256R1())
        place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
        certificate = _certificate(_name(name), self._name, key.public_key()).add_extension(place, critical=False)
        _write(self.folder / f"{name}.pem", certificate.sign(self._key, hashes.SHA256()))
        (self.folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
