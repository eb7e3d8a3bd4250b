"""How far each carrier that is asked for events has been read."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class PollRow(NodeTable, table=True):
    """One carrier. Moments are ISO 8601 in UTC, empty where there is none.

    `read_to`: when the newest event of the last whole sweep was made. While a sweep is under way `sweep_from` is where
    it began, `next_page` what the carrier said of the page that comes next, `newest` the newest event of it so far.
    `asked_for`: of what all this was read, PollSettings.fingerprint; empty where an earlier version read it.
    """

    __tablename__ = "dcsa_poll"

    name: str = Field(primary_key=True)
    read_to: str = ""
    sweep_from: str = ""
    next_page: str = ""
    newest: str = ""
    asked_since: str
    """Since when it has been asked: what has never answered is silent since then."""
    answered_at: str = ""
    failure: str = ""
    asked_for: str = Field(default="", sa_column_kwargs={"server_default": ""})
