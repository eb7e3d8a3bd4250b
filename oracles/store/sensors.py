"""The tables of sensors that speak MQTT: readings, the documents made of them, devices, and the brokers' sessions.

Moments are microseconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field

from oracles.store.models import NodeTable


class SensorReadingRow(NodeTable, table=True):
    """One reading, once. `about` is JSON: what the payload itself says of the consignment, or empty.

    `document_id`: the document of its window, none while the window is open. `urgent`: it goes out at once, as
    `alert_id` once it does, besides what its window says.
    """

    __tablename__ = "sensor_reading"
    __table_args__ = (
        UniqueConstraint("source", "device", "about", "type", "uom", "component", "at", "sequence", "value"),
        Index("sensor_reading_open", "source", "document_id", "window"),
        # What is asked several times a second must not grow with what went out long ago.
        Index("sensor_reading_urgent", "source", "id", sqlite_where=text("urgent = 1 AND alert_id IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    device: str
    about: str = ""
    type: str
    uom: str = ""
    component: str = ""
    at: int = Field(sa_type=BigInteger)
    sequence: str = ""
    value: str
    window: int = Field(sa_type=BigInteger)
    received_at: int = Field(sa_type=BigInteger)
    urgent: bool = False
    alarm: bool = False
    document_id: int | None = Field(default=None, foreign_key="sensor_document.id", index=True)
    alert_id: int | None = Field(default=None, foreign_key="sensor_document.id")


class SensorDocumentRow(NodeTable, table=True):
    """A document on its way into the inbox; `body` is empty once it lies there.

    `series` names the device, consignment and measurement of a window, and is empty of what goes out at once; `part`
    counts the documents of one window: from the second on they hold what came late.
    """

    __tablename__ = "sensor_document"
    __table_args__ = (
        UniqueConstraint("source", "sha256"),
        Index("sensor_document_window", "series", "window"),
        Index("sensor_document_waiting", "source", "id", sqlite_where=text("body IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str
    sha256: str
    body: bytes | None = None
    made_at: int = Field(sa_type=BigInteger)
    series: str = ""
    window: int = Field(default=0, sa_type=BigInteger)
    part: int = 0


class SensorDeviceRow(NodeTable, table=True):
    """A device and when it last spoke, on this machine's clock; `silent` while that is longer ago than it may be."""

    __tablename__ = "sensor_device"
    __table_args__ = (UniqueConstraint("source", "device"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str
    device: str
    spoke_at: int = Field(sa_type=BigInteger)
    silent: bool = False


class SensorSourceRow(NodeTable, table=True):
    """A session that a broker keeps for this node, and the topics (JSON) that it was asked for. `away_since`: ISO 8601
    in UTC, while the broker cannot be reached, for `failure`."""

    __tablename__ = "sensor_source"

    source: str = Field(primary_key=True)
    session: str
    topics: str = "[]"
    away_since: str = Field(default="", sa_column_kwargs={"server_default": ""})
    failure: str = Field(default="", sa_column_kwargs={"server_default": ""})
