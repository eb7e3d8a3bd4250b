"""`[[csv]]` of node.toml: which files of the inbox are tables, and which mapping file says what their columns mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from oracles.setting_tables import SettingTable

BadRows = Literal["refuse", "set aside"]
SUFFIX = ".csv"


class CsvSettings(SettingTable):
    """The first table whose `files` fit a file's name reads it."""

    paths: ClassVar = frozenset({"mapping"})
    needed: ClassVar = frozenset({"mapping"})

    files: Annotated[str, Field(pattern=r"^[^/]+\.csv$", max_length=200)]
    """Pattern of file names as a shell has it, such as wms-*.csv."""
    mapping: Path
    bad_rows: BadRows = "refuse"
    """Whether a bad row refuses the whole file, or is put into quarantine alone."""
