"""Due diligence: what the registry says until when an organisation may act, against the papers that the registrar has.

participants.toml is the beginning alone: the terms name its hash, so that it never changes. What was renewed and who
was admitted since then, the registrar's own list says (`network audit --papers FILE`)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chain_node.client.contracts.access import Organisation
from chain_node.config import Lei, OrganisationConfig
from chain_node.networks.documents import read_bytes
from chain_node.networks.errors import FileUnusable
from chain_node.networks.findings import Finding

_DAY: Final = 86_400
_RENEW: Final = "examine it anew and renew its entry, or suspend it"


class Paper(BaseModel):
    """One organisation's newest document, and until when it holds; `document` is what people call it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lei: Lei
    expires_at: datetime
    document: str = ""


class _Papers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    papers: list[Paper] = Field(min_length=1)


@dataclass(frozen=True)
class Papers:
    """Ends by LEI in Unix seconds: of the founding papers, and of the registrar's list."""

    founding: Mapping[str, int]
    current: Mapping[str, int]

    @classmethod
    def of(cls, founding: Iterable[OrganisationConfig], listed: Iterable[Paper] = ()) -> Papers:
        current = {one.lei: int(one.expires_at.astimezone(UTC).timestamp()) for one in listed}
        return cls({one.lei: one.kyc_expires_at_seconds for one in founding}, current)


def read_papers(path: Path) -> list[Paper]:
    """The registrar's list. Raises `FileUnusable` with all that is wrong in it."""
    try:
        listed = _Papers.model_validate(tomllib.loads(read_bytes(path).decode("utf-8"))).papers
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileUnusable(path, f"not TOML: {error}") from error
    except ValidationError as error:
        said = (f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        raise FileUnusable(path, "; ".join(said)) from error
    leis = [one.lei for one in listed]
    problems = [f"{lei} is named twice: its newest paper alone" for lei in sorted(set(leis)) if leis.count(lei) > 1]
    problems += [f"{one.lei}: expires_at needs a time zone" for one in listed if one.expires_at.tzinfo is None]
    if problems:
        raise FileUnusable(path, "; ".join(problems))
    return listed


def expiries(organisations: Iterable[Organisation], papers: Papers, now: int, soon_days: int) -> list[Finding]:
    """Whose due diligence has ended or soon will, whose entry outlives its paper, and whose paper nobody showed; `now`
    is the chain's time. Who is suspended may not act whatever the date."""
    findings: list[Finding] = []
    for one in organisations:
        if not one.suspended:
            findings += [*_against_paper(one.lei, one.kyc_expires_at, papers), *_ending(one, now, soon_days)]
    return findings


def _against_paper(lei: str, until: int, papers: Papers) -> list[Finding]:
    listed, founding = papers.current.get(lei), papers.founding.get(lei)
    if listed is not None and until > listed:
        what = f"{lei}: may act until {_day(until)}, its paper ends at {_day(listed)}"
        todo = "suspend it, or renew its paper and the registrar's list (--papers)"
        return [Finding("wrong", "kyc", "", what, todo)]
    if listed is not None or (founding is not None and until <= founding):
        return []
    begun = "was admitted later" if founding is None else f"was renewed beyond its founding paper ({_day(founding)})"
    what = f"{lei}: {begun}, may act until {_day(until)}, and its paper was not shown"
    todo = "give the registrar's list of papers with it (--papers FILE)"
    return [Finding("unknown", "kyc", "", what, todo)]


def _ending(one: Organisation, now: int, soon_days: int) -> list[Finding]:
    until = one.kyc_expires_at
    if until <= now:
        return [Finding("wrong", "kyc", "", f"{one.lei}: its due diligence ended {now - until} s ago", _RENEW)]
    if until <= now + soon_days * _DAY:
        days = (until - now) // _DAY
        return [Finding("soon", "kyc", "", f"{one.lei}: its due diligence ends in {days} days", _RENEW)]
    return []


def _day(seconds: int) -> str:
    """A date for people; the registry may hold one beyond what dates reach."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} (Unix seconds)"
