"""The table `[key]` of a node's settings: a key that is in no keystore file."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from eth_utils.address import is_address, to_checksum_address
from pydantic import Field, field_validator, model_validator

from oracles.setting_tables import SettingTable


class Dialect(StrEnum):
    """What a remote signer calls its methods, and in which form it takes typed data."""

    WEB3SIGNER = "web3signer"
    """`eth_signTypedData` with the typed data as text, `eth_signTransaction`."""
    CLEF = "clef"
    """`account_signTypedData` with the typed data as an object, `account_signTransaction`."""


class RemoteKeySettings(SettingTable):
    """A signer that speaks JSON-RPC over HTTP, or over a Unix socket as Clef does. Beyond this machine it needs TLS."""

    paths: ClassVar = frozenset({"ca", "client_certificate", "client_key", "token_file"})
    needed: ClassVar = paths

    url: Annotated[str, Field(pattern=r"^(https?://[^\s@]+|unix:/\S+)$")]
    """`https://…`, `http://…` on this machine, or `unix:/path/of/the/socket`. Never with a password in it."""
    address: str
    """The account; an answer of any other is refused."""
    dialect: Dialect = Dialect.WEB3SIGNER
    ca: Path | None = None
    """Whose certificates the signer may have; else those that this machine trusts."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    token_file: Path | None = None
    """Sent as `Authorization: Bearer`."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long an answer may take as a whole; a person who confirms each signature needs more."""

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked_address(value)

    @model_validator(mode="after")
    def _fits_together(self) -> RemoteKeySettings:
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key go together")
        is_tls = self.url.startswith("https://")
        if (self.ca or self.client_certificate) and not is_tls:
            raise ValueError("ca and client_certificate need an https:// address")
        if self.token_file and self.url.startswith("unix:"):
            raise ValueError("a signer on a Unix socket takes no token_file")
        if self.url.startswith("http://") and not _is_loopback(urlsplit(self.url).hostname or ""):
            raise ValueError("a signer on another machine needs https://")
        return self


class Pkcs11KeySettings(SettingTable):
    """A secp256k1 key in a token; `label` or `id` (hexadecimal) tells which."""

    paths: ClassVar = frozenset({"module", "pin_file"})
    needed: ClassVar = paths

    module: Path
    token: Annotated[str, Field(min_length=1, max_length=32)]
    """The token's label."""
    pin_file: Path
    label: str | None = None
    id: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2})+$")] | None = None
    address: str | None = None
    """Where it is given, the key in the token must be this account's."""

    @field_validator("address")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return None if value is None else checked_address(value)

    @model_validator(mode="after")
    def _names_a_key(self) -> Pkcs11KeySettings:
        if self.label is None and self.id is None:
            raise ValueError("label or id must say which key of the token it is")
        return self


class KeySettings(SettingTable):
    """One of the two."""

    remote: RemoteKeySettings | None = None
    pkcs11: Pkcs11KeySettings | None = None

    @model_validator(mode="after")
    def _names_one(self) -> KeySettings:
        if (self.remote is None) == (self.pkcs11 is None):
            raise ValueError("it names one key: either [key.remote] or [key.pkcs11]")
        return self


def checked_address(value: str) -> str:
    """With its checksum. Raises ValueError."""
    if not is_address(value):
        raise ValueError(f"{value!r} is not the address of an account")
    return str(to_checksum_address(value))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
