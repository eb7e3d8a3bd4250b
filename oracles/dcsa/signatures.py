"""The signature of a callback: HMAC-SHA256 over the raw bytes of its body, compared in constant time. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from typing import Final

_HEADER: Final = re.compile(r"\s*sha256=([0-9a-fA-F]{64})\s*", re.ASCII)


def signature(key: bytes, body: bytes) -> str:
    """The value of the header `Notification-Signature`."""
    return f"sha256={hmac.new(key, body, 'sha256').hexdigest()}"


def stated_signature(header: str) -> str | None:
    """The header in the one form that is compared; None for what is no SHA-256 signature."""
    match = _HEADER.fullmatch(header)
    return None if match is None else f"sha256={match[1].lower()}"


def is_signed(keys: Collection[bytes], body: bytes, stated: str) -> bool:
    """Whether one of the keys signed the body. All are tried, so that the time does not tell which."""
    return sum(hmac.compare_digest(signature(key, body), stated) for key in keys) > 0
