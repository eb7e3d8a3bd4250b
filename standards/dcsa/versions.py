"""The versions of DCSA Track & Trace that are read, and which of them an event has the shape of.

2.2 is what carriers run. Of 3.0 there is no stable version: each dialect is read only where a setting asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final


class Version(StrEnum):
    """Names as they stand in settings. The beta has `metadata` and `payload`, and is that of the reefer and IoT API."""

    V2_2 = "2.2"
    BETA_1 = "3.0.0-beta-1"
    JANUARY_2026 = "3.0.0-2026-01"
    JUNE_2026 = "3.0.0-2026-06"


DEFAULT_VERSIONS: Final = frozenset({Version.V2_2})

_DIALECTS: Final = (Version.JANUARY_2026, Version.JUNE_2026)
_OLD_NAMES: Final = frozenset({"eventTypeCode", "eventClassifierCode"})
_NEW_NAMES: Final = frozenset({"eventType", "eventClassifier"})
_PARTS_OF_3: Final = frozenset({"eventRouting", "eventClassification", "shipmentDetails", "transportDetails"})


def version_of(source: Mapping[str, Any], wanted: Collection[Version]) -> Version:
    """The version that an event has the shape of; where two dialects say the same, the one that is wanted."""
    if "metadata" in source:
        return Version.BETA_1
    if not _is_3(source):
        return Version.V2_2
    classification, routing = _object(source, "eventClassification"), _object(source, "eventRouting")
    if _NEW_NAMES & classification.keys():
        return Version.JUNE_2026
    if _OLD_NAMES & classification.keys():
        return Version.JANUARY_2026
    if "originatingParties" in routing:
        return Version.JUNE_2026
    if "originatingParty" in routing:
        return Version.JANUARY_2026
    return next((version for version in _DIALECTS if version in wanted), Version.JANUARY_2026)


def _is_3(source: Mapping[str, Any]) -> bool:
    """A retraction of 3.0 may have nothing but its id and the flag."""
    bare = "isRetracted" in source and "eventType" not in source and "eventCreatedDateTime" not in source
    return bool(_PARTS_OF_3 & source.keys()) or "eventUpdatedDateTime" in source or bare


def _object(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = source.get(name)
    return value if isinstance(value, dict) else {}
