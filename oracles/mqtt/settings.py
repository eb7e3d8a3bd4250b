"""A table `[[mqtt]]` of a node's settings: one broker, and what its sensors say."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from oracles.mqtt.devices import DevicesUnusable, read_devices
from oracles.mqtt.mapping import PayloadMapping
from oracles.setting_tables import SettingTable


class PayloadKind(StrEnum):
    EPCIS = "epcis"
    """EPCIS 2.0 documents or events."""
    MAPPING = "mapping"
    """JSON of the devices' own, declared in the table `mapping`."""


class MqttSettings(SettingTable):
    """Which broker to ask, for what, and how its readings become windows."""

    paths: ClassVar = frozenset({"tls_ca", "tls_certificate", "tls_key", "password_file", "devices"})
    needed: ClassVar = paths

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    """Of the source: log lines, metrics and file names have it as `mqtt-<name>`."""
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 8883
    tls_ca: Path | None = None
    """Whose signature makes the broker's certificate good; with it the connection is TLS."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    """The node's own certificate, where the broker asks for one."""
    username: Annotated[str, Field(min_length=1)] | None = None
    password_file: Path | None = None
    client_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """Under which the broker keeps this node's session; must be this node's alone. By default of node and source."""
    topics: Annotated[tuple[str, ...], Field(min_length=1)]
    keep_alive_seconds: Annotated[int, Field(ge=5, le=3_600)] = 30
    retry_seconds: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    """The longest pause between two attempts to reach the broker; the first is a second."""
    payload: PayloadKind
    mapping: PayloadMapping | None = None
    devices: Path | None = None
    """The table of devices: which consignment each travels with, and when. Read again when it changes."""
    window_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    late_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    """How long after a window's end readings of it are waited for."""
    quiet_seconds: Annotated[float, Field(ge=0, le=3_600)] = 5.0
    """A window that readings still arrive for is not closed until none came for so long."""
    stale_seconds: Annotated[int, Field(ge=1, le=2_592_000)] = 3_600
    """A device that has been silent for longer is reported."""
    forget_seconds: Annotated[int, Field(ge=60, le=31_536_000)] = 604_800
    """A device that has been silent for so long is no longer waited for."""
    skew_seconds: Annotated[int, Field(ge=0, le=86_400)] = 300
    """How far a device's clock may be ahead of this machine's."""
    oldest_seconds: Annotated[int, Field(ge=3_600, le=315_360_000)] = 2_592_000
    """Readings that are older are refused; readings so old are forgotten once they went out."""
    payload_limit_bytes: Annotated[int, Field(ge=16, le=8 * 1024 * 1024)] = 65_536
    quarantine_limit: Annotated[int, Field(ge=0, le=100_000)] = 1_000
    """How many refused messages of this source are kept; further ones are counted only."""
    unplaced_limit: Annotated[int, Field(ge=0, le=10_000_000)] = 100_000
    """How many readings may wait for the table of devices to name their device."""

    @property
    def source(self) -> str:
        return f"mqtt-{self.name}"

    @field_validator("topics")
    @classmethod
    def _topics(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for topic in value:
            levels = topic.split("/")
            bad = "#" in "".join(levels[:-1]) or any(level != "+" and "+" in level for level in levels)
            if not topic or bad or ("#" in levels[-1] and levels[-1] != "#") or "\0" in topic:
                raise ValueError(f"{topic!r} is not a topic filter as in fleet/+/telemetry or fleet/#")
        return value

    @field_validator("devices")
    @classmethod
    def _devices(cls, value: Path | None) -> Path | None:
        if value is not None and value.is_file():
            try:
                read_devices(value.read_text(encoding="utf-8"), value)
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{value.name} cannot be read: {error}") from error
            except DevicesUnusable as error:
                raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> MqttSettings:
        problems = self._problems()
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems(self) -> list[str]:
        named = self.mapping is not None and bool(self.mapping.references)
        checks = {
            "tls_certificate and tls_key go together": (self.tls_certificate is None) != (self.tls_key is None),
            "tls_certificate needs tls_ca: without it there is no TLS": self.tls_certificate and not self.tls_ca,
            "username and password_file go together": (self.username is None) != (self.password_file is None),
            f"a password would go to {self.host} for everyone to read: set tls_ca": (
                self.username is not None and self.tls_ca is None and not _is_here(self.host)
            ),
            "payload 'mapping' and the table 'mapping' go together": (self.payload is PayloadKind.MAPPING)
            != (self.mapping is not None),
            "a mapping needs 'devices', or 'references' in it: nothing would say which consignment it is about": (
                self.mapping is not None and self.devices is None and not named
            ),
            "late_seconds and window_seconds must lie within oldest_seconds": self.late_seconds + self.window_seconds
            >= self.oldest_seconds,
            "stale_seconds must lie below forget_seconds": self.stale_seconds >= self.forget_seconds,
        }
        return [sentence for sentence, is_wrong in checks.items() if is_wrong]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
