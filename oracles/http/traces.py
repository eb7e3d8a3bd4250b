"""The caller's trace of a request, as W3C Trace Context's `traceparent` names it; made here where there is none that
can be read. Nothing else of that standard is taken (decision 0050)."""

from __future__ import annotations

import re
import secrets
from typing import Final

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def trace_of_request(traceparent: str | None) -> str:
    """32 hexadecimal digits. A later version than 00 may say more behind, version ff and zeros name nothing."""
    found = _FORM.fullmatch(traceparent or "")
    if found is not None:
        version, trace, parent, more = found.groups()
        if version != "ff" and int(trace, 16) and int(parent, 16) and (version != "00" or more is None):
            return trace
    return secrets.token_hex(16)
