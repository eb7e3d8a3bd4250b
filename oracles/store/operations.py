"""Tables of the operator: how the node is, and what people did to it by hand."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class HeartbeatRow(NodeTable, table=True):
    """How the running node is, for whoever looks beside it. One row; moments in ISO 8601, UTC, of the machine's clock.

    `problems` is JSON: a list of names with what keeps the node from its work; `endpoints` a list of how each of
    several nodes of the chain stands. `block_time` is the chain's, in Unix seconds. `stopped_at` is empty while it
    runs, and after a process that was killed.
    """

    __tablename__ = "heartbeat"

    id: int = Field(default=1, primary_key=True)
    pid: int
    started_at: str
    turned_at: str
    stopped_at: str = ""
    block: int | None = None
    block_time: int | None = None
    block_seen_at: str = ""
    blocks_behind: int | None = None
    problems: str = "[]"
    endpoints: str = Field(default="[]", sa_column_kwargs={"server_default": "[]"})


class OperatorActRow(NodeTable, table=True):
    """What a person did with a document by hand; never removed."""

    __tablename__ = "operator_act"

    id: int | None = Field(default=None, primary_key=True)
    at: str
    who: str
    act: str = Field(index=True)
    name: str
    sha256: str = ""
    reason: str = ""
