"""What a gateway of a new version of the contracts takes over from that of the old one: who takes part, by which
clients, and the keys that are kept for them. Nothing of positions: those it reads from the chain.

Files first, then rows: an organisation whose keystore is missing could do nothing. What is sealed stays sealed, under
the passphrase that comes with it. Safe to repeat; what is there already stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select
from sqlmodel import SQLModel

from api.auth.models import Client
from api.db import Database, insert_new
from api.documents.models import ViewingKey
from api.participants.models import Identifier, Profile
from api.remote_signing import place_of
from api.settings import Settings
from api.signers import write_private
from chain_node.client import AddressBook

_REGISTRY: Final = "ParticipantRegistry"
_KINDS: Final[tuple[tuple[type[SQLModel], str], ...]] = (
    (Profile, "participants"),
    (Identifier, "names"),
    (Client, "clients"),
    (ViewingKey, "viewing keys"),
)


class CarryOverRefused(Exception):
    """All that stands against it, a line for each. Nothing was written."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("Nothing was carried over:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Carried:
    """How many of a kind came over, and how many were there already."""

    what: str
    new: int
    present: int


@dataclass(frozen=True)
class _Copy:
    """A file that only the gateway may read."""

    source: Path
    target: Path
    what: str

    @property
    def differs(self) -> bool:
        return self.target.exists() and self.target.read_bytes() != self.source.read_bytes()


def carry_over(old: Settings, new: Settings) -> list[Carried]:
    """From one gateway to the other. CarryOverRefused, before anything is written, where they are not gateways of one
    network, or what the new one has already contradicts it."""
    problems = _of_settings(old, new)
    if problems:
        raise CarryOverRefused(problems)
    copies = list(_copies(old, new))
    source, target = Database(old.database_url), Database(new.database_url)
    try:
        with source.engine.connect() as reading, target.engine.begin() as writing:
            rows = {kind: reading.execute(select(_table(kind))).all() for kind, _ in _KINDS}
            problems = [f"{copy.target} is another one than {copy.source}" for copy in copies if copy.differs]
            problems += _of_rows(rows, writing, new)
            if problems:
                raise CarryOverRefused(problems)
            carried = _store_files(copies)
            return [_store_rows(writing, _table(kind), what, rows[kind]) for kind, what in _KINDS] + carried
    finally:
        source.close()
        target.close()


def _table(kind: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(kind.__tablename__)]


def _of_settings(old: Settings, new: Settings) -> list[str]:
    problems = []
    if old.database_url == new.database_url:
        problems.append("both settings name the same database: each version has one of its own")
    if old.data_dir.resolve() == new.data_dir.resolve():
        problems.append("both settings name the same data_dir: each gateway has one of its own")
    its, others = AddressBook.load(old.deployments), AddressBook.load(new.deployments)
    if (its.chain_id, its.address(_REGISTRY)) != (others.chain_id, others.address(_REGISTRY)):
        problems.append(f"{old.deployments} and {new.deployments} are lists of different networks")
    if new.lanes_dir is None or old.lanes_dir is None or old.lanes_dir.resolve() != new.lanes_dir.resolve():
        problems.append("set lanes_dir of both to one folder: from now on both send for the same accounts")
    return problems


def _of_rows(rows: dict[type[SQLModel], Sequence[Row[Any]]], there: Connection, new: Settings) -> Iterator[str]:
    profiles, identifiers = _table(Profile), _table(Identifier)
    accounts = {row.lei: row.account for row in there.execute(select(profiles))}
    owners = {(row.scheme, row.value): row.lei for row in there.execute(select(identifiers))}
    for row in rows[Profile]:
        if accounts.get(row.lei, row.account) != row.account:
            yield f"{row.lei} acts by {row.account} there and by {accounts[row.lei]} here"
        if (place := place_of(row.signer or "")) and place not in new.remote_signers:
            yield f"the key of {row.lei} lies at the remote signer {place}, which the new settings do not name"
    for row in rows[Identifier]:
        if owners.get((row.scheme, row.value), row.lei) != row.lei:
            yield f"{row.scheme} {row.value} is {row.lei} there and {owners[row.scheme, row.value]} here"


def _copies(old: Settings, new: Settings) -> Iterator[_Copy]:
    """Passphrases before what they open."""
    assert old.document_key_file is not None  # filled in when the settings are read
    assert new.document_key_file is not None
    readers, to = old.data_dir / "reader-keys", new.data_dir / "reader-keys"
    if (old.keystores_dir / "passphrase").is_file():
        yield _Copy(old.keystores_dir / "passphrase", new.keystores_dir / "passphrase", "passphrases")
    if old.document_key_file.is_file():
        yield _Copy(old.document_key_file, new.document_key_file, "passphrases")
    for path in sorted(old.keystores_dir.glob("*.json")):
        yield _Copy(path, new.keystores_dir / path.name, "keystores")
    for path in sorted(readers.glob("*.pem")):
        yield _Copy(path, to / path.name, "keys of readers")


def _store_files(copies: Sequence[_Copy]) -> list[Carried]:
    present: dict[str, list[bool]] = {}
    for copy in copies:
        present.setdefault(copy.what, []).append(copy.target.exists())
        write_private(copy.target, copy.source.read_bytes())
    return [Carried(what, there.count(False), there.count(True)) for what, there in present.items()]


def _store_rows(connection: Connection, table: Table, what: str, rows: Sequence[Row[Any]]) -> Carried:
    key = list(table.primary_key.columns)
    present = {tuple(row) for row in connection.execute(select(*key))}
    fresh = [row for row in rows if tuple(getattr(row, column.name) for column in key) not in present]
    for row in fresh:
        insert_new(connection, table, dict(row._mapping))
    return Carried(what, len(fresh), len(rows) - len(fresh))
