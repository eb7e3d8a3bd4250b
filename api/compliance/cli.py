"""`portolan gateway audit ...`: what an auditor types."""

import json
from pathlib import Path

import typer

from api.compliance.audit import service
from api.compliance.audit.chain import AuditBroken, Head
from api.compliance.audit.repository import head as head_of
from api.compliance.audit.trail import Linker
from api.db import Database

audit_app = typer.Typer(help="The audit trail: verify it, note where it ends.", no_args_is_help=True)


class AnchorUnreadable(Exception):
    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"The anchor {file} cannot be read: {why}.")


def read_anchor(file: Path) -> Head:
    """A head that `audit head --out` wrote; AnchorUnreadable where the file is none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Head(int(told["number"]), str(told["hash"]))
    except OSError as error:
        raise AnchorUnreadable(file, str(error.strerror)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorUnreadable(file, 'it is not {"number": ..., "hash": "..."}') from error


def verify(database: Database, anchors: list[Path]) -> str:
    """What to tell of an unbroken trail; raises AuditBroken or AnchorUnreadable."""
    heads = [read_anchor(file) for file in anchors]
    level = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
    with database.engine.connect().execution_options(**level) as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("BEGIN")  # one state for all that is read
        found = service.verify(connection, *heads)
    waiting = f"; {found.unlinked} wait for their place" if found.unlinked else ""
    anchored = f", {len(heads)} anchors among them" if heads else ""
    return f"The audit trail is unbroken: {found.head.number} entries{anchored}, head {found.head.hash}{waiting}."


def head(database: Database) -> dict[str, object]:
    """The end of the trail, once all that is stored has its place."""
    linker = Linker(database)
    while linker.step():
        pass
    with database.engine.connect() as connection:
        found = head_of(connection)
    return {"number": found.number, "hash": found.hash}


__all__ = ["AnchorUnreadable", "AuditBroken", "audit_app", "head", "read_anchor", "verify"]
