"""Where organisations' own signers are, and whose accounts may live there."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from api.values import Lei
from chain_node.remote_signer.settings import RemoteSignerSettings

PlaceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
REMOTE_SIGNER_PATHS: Final = ("ca", "client_certificate", "client_key", "token_file")


class RemoteSignerPlace(RemoteSignerSettings):
    """One table `[remote_signers.NAME]`."""

    organisations: tuple[Lei, ...] = Field(default=(), description="LEIs whose accounts may live there; empty: any")

    def takes(self, lei: str) -> bool:
        """Whether the organisation's account may live there."""
        return not self.organisations or lei in self.organisations


def anchor(places: Any, start: Path) -> None:
    """Makes relative paths in the tables start at the settings' folder."""
    for place in places.values() if isinstance(places, dict) else ():
        for name in REMOTE_SIGNER_PATHS if isinstance(place, dict) else ():
            if isinstance(place.get(name), str):
                place[name] = start / place[name]


def missing_files(places: Any) -> list[str]:
    """A line for each file that a table names and that is not there."""
    return [
        f"remote_signers.{place}.{name}: there is no {table[name]}"
        for place, table in (places.items() if isinstance(places, dict) else ())
        for name in (REMOTE_SIGNER_PATHS if isinstance(table, dict) else ())
        if isinstance(table.get(name), Path) and not table[name].is_file()
    ]
