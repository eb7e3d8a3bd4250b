"""The table of what was read in partners' folders, where files stay."""

from __future__ import annotations

from sqlmodel import Field

from oracles.store.models import NodeTable


class FolderFileRow(NodeTable, table=True):
    """A file that was taken, as it was then: another file under its name is looked at anew."""

    __tablename__ = "folder_file"

    id: int | None = Field(default=None, primary_key=True)
    folder: str = Field(index=True)
    name: str
    stamp: str
    taken_as: str
