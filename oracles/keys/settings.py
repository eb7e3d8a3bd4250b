"""The table `[key]` of a node's settings: a key that is in no keystore file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from eth_utils.address import is_address, to_checksum_address
from pydantic import Field, field_validator, model_validator

from chain_node.remote_signer.settings import Dialect, RemoteSignerSettings
from oracles.setting_tables import SettingTable

__all__ = ["Dialect", "KeySettings", "Pkcs11KeySettings", "RemoteKeySettings"]


class RemoteKeySettings(RemoteSignerSettings, SettingTable):
    """The node's account at a remote signer."""

    paths: ClassVar = frozenset({"ca", "client_certificate", "client_key", "token_file"})
    needed: ClassVar = paths

    address: str
    """The account; an answer of any other is refused."""

    @field_validator("address")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked_address(value)


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
