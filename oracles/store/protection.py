"""How far the protection store had come at this database's last signature; see oracles.protection.guard."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class ProtectionMarkRow(NodeTable, table=True):
    """One row: the store's number of statements, and the hash of all of them."""

    __tablename__ = "protection_mark"

    id: int = Field(default=1, primary_key=True)
    number: int
    link: str
