"""What receivers prove a delivery by: HMAC-SHA256 over `timestamp.body`, under a secret that they share with us."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

HEADER: Final = "Portolan-Signature"
PURPOSE: Final = "webhook secrets"
"""Under which secrets are sealed, each about its webhook."""


def new_secret() -> str:
    """Used as it stands, prefix and all."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def signature(secrets_: Sequence[str], timestamp: int, body: bytes) -> str:
    """The header's value, with one `v1` for each secret that counts now. `timestamp` in Unix seconds."""
    signed = f"{timestamp}.".encode() + body
    macs = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets_)
    return ",".join([f"t={timestamp}", *(f"v1={mac}" for mac in macs)])
