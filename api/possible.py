"""What can be done to a thing now, in words that a person at a bank or a warehouse reads without the contracts."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.values import moment_or_none


class Possible(BaseModel):
    """One act that the chain would take at the newest block that the gateway has read."""

    act: str = Field(description="the last part of the path that does it")
    by: str = Field(description="who may: owner, warehouse, supplier, insurer, credit officer, anyone, ...")
    since: datetime | None = Field(default=None, description="since when, where that is a deadline that has passed")
    until: datetime | None = Field(default=None, description="until when, where it runs out")
    detail: str


def possible(act: str, by: str, detail: str, *, since: int | None = None, until: int | None = None) -> Possible:
    """Of moments in Unix seconds; 0 and None stand for none."""
    return Possible(
        act=act, by=by, detail=detail, since=moment_or_none(since or None), until=moment_or_none(until or None)
    )
