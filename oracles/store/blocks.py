"""The table of the newest blocks that this node has seen."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class SeenBlockRow(NodeTable, table=True):
    """A block's hash as it was when it was the newest; not every block is seen."""

    __tablename__ = "seen_block"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str
