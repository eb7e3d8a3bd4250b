"""The tables `[[folders]]` of a node's settings: where partners lay files for us to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from oracles.setting_tables import SettingTable


class FolderSettings(SettingTable):
    """One partner's upload folder, such as that of an SFTP server. Nothing in it is ever moved, changed or deleted."""

    paths: ClassVar = frozenset({"path"})

    path: Path
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    """Whose it is, in file names, metrics and log lines."""
    settle_seconds: Annotated[float, Field(gt=0, le=3_600)] = 2.0
    """How long a file must stay as it is before it counts as whole."""
    poll_seconds: Annotated[float, Field(gt=0, le=3_600)] = 0.5
    """How often the folder is looked at."""
