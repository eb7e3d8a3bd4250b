"""The table `[http]` of a node's settings."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar

from cryptography import x509
from pydantic import Field, field_validator, model_validator

from oracles.setting_tables import SettingTable


class Right(StrEnum):
    CAPTURE = "capture"
    """May send events, and see what became of its own documents."""
    QUERY = "query"
    """May see every event that was captured here, whoever sent it."""
    PAPERS = "papers"
    """May lay papers into the inbox."""
    EVENTS = "events"
    """May send events of DCSA Track & Trace 3.0."""


class HttpSettings(SettingTable):
    """Where the node listens, and to whom. Without TLS it listens on the loopback interface only."""

    paths: ClassVar = frozenset({"tokens", "tls_certificate", "tls_key", "client_ca"})
    needed: ClassVar = paths - {"tokens"}
    """The file of tokens may be made later: until then nobody has one."""

    listen: Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:]+\]|[0-9.]+):\d{1,5}$")] = "127.0.0.1:8710"
    """Address and port; a port of 0 is chosen by the system."""
    tokens: Path | None = None
    """The file of bearer tokens (their hashes), kept by `portolan oracle token`."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    client_ca: Path | None = None
    """Whose signature makes a client certificate good."""
    client_subjects: dict[str, frozenset[Right]] = Field(default_factory=dict)
    """What the holder of a certificate may do, by the certificate's subject (RFC 4514): `"CN=wms,O=Acme"`."""
    read_seconds: Annotated[float, Field(gt=0, le=3_600)] = 30.0
    """How long a body may take to arrive."""

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def lets_clients_in(self) -> bool:
        return self.tokens is not None or self.client_ca is not None

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        ip_address(host.strip("[]"))
        if int(port) > 65_535:
            raise ValueError(f"{port} is no port")
        return value

    @field_validator("client_subjects")
    @classmethod
    def _subjects(cls, value: dict[str, frozenset[Right]]) -> dict[str, frozenset[Right]]:
        return {_subject(name): rights for name, rights in value.items()}

    @model_validator(mode="after")
    def _fits_together(self) -> HttpSettings:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if (self.client_ca is None) != (not self.client_subjects):
            raise ValueError("client_ca and client_subjects go together")
        if self.client_ca is not None and self.tls_certificate is None:
            raise ValueError("client certificates need TLS: set tls_certificate and tls_key too")
        if self.tls_certificate is None and not ip_address(self.host).is_loopback:
            raise ValueError(f"without TLS it may listen on the loopback interface only, not on {self.host}")
        return self


def _subject(text: str) -> str:
    try:
        return x509.Name.from_rfc4514_string(text).rfc4514_string()
    except ValueError as error:
        raise ValueError(f"{text!r} is not the subject of a certificate as in 'CN=wms,O=Acme'") from error
