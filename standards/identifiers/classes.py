"""From a thing to its class: the canonical Digital Link without what tells one thing from the next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from standards.identifiers.epc_urn import RESOLVER

# What is left of a link when a serial or a lot is taken off: the same that an EPC pattern (`...:*`) becomes.
_CLASSES: Final[Sequence[re.Pattern[str]]] = tuple(
    re.compile(rf"(?P<class>{re.escape(RESOLVER)}/{pattern}", re.ASCII)
    for pattern in (
        r"01/\d{14})/(?:10|21|235)/[^/]+",
        r"8006/\d{18})/(?:10|21)/[^/]+",
        r"8010/[^/]+)/8011/[^/]+",
        r"8003/\d{14})[^/]+",
        r"253/\d{13})[^/]+",
        r"255/\d{13})\d+",
    )
)


def class_link(link: str) -> str | None:
    """The class of the thing that a canonical link names; None where the link names no single thing or lot."""
    for pattern in _CLASSES:
        match = pattern.fullmatch(link)
        if match is not None:
            return match["class"]
    return None
