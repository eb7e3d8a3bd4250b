"""Where a remote signer is, and how it is spoken to."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Dialect(StrEnum):
    """What a remote signer calls its methods, and in which form it takes typed data."""

    WEB3SIGNER = "web3signer"
    """`eth_signTypedData` with the typed data as text, `eth_signTransaction`."""
    CLEF = "clef"
    """`account_signTypedData` with the typed data as an object, `account_signTransaction`."""
    ETH = "eth"
    """`eth_signTypedData_v4` with the typed data as an object, `eth_signTransaction`, as nodes and wallets have it."""


class RemoteSignerSettings(BaseModel):
    """A signer that speaks JSON-RPC over HTTP, or over a Unix socket as Clef does. Beyond this machine it needs TLS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(pattern=r"^(https?://[^\s@]+|unix:/\S+)$")]
    """`https://…`, `http://…` on this machine, or `unix:/path/of/the/socket`. Never with a password in it."""
    dialect: Dialect = Dialect.WEB3SIGNER
    ca: Path | None = None
    """Whose certificates the signer may have; else those that this machine trusts."""
    client_certificate: Path | None = None
    client_key: Path | None = None
    token_file: Path | None = None
    """Sent as `Authorization: Bearer`."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long an answer may take as a whole; a person who confirms each signature needs more."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
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


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
