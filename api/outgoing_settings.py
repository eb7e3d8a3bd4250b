"""Whom the gateway may call, and within which limits."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class OutgoingSettings(BaseModel):
    """The table `[outgoing]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description='networks that may be called although they are not public, and without TLS: ["10.1.0.0/16"]',
    )
    ca_file: Path | None = Field(default=None, description="certificates trusted; the system's by default")
    timeout_seconds: float = Field(default=10.0, gt=0, le=120, description="a whole exchange, name to last byte")
    largest_answer_bytes: int = Field(default=65_536, ge=1, description="more is not read")
