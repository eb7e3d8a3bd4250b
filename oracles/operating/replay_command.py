"""`portolan oracle replay`: archived documents through the pipeline again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

import typer

from chain_node.references import NetworkKey
from oracles.checkpoints import go_on
from oracles.logs import logs_beside_the_answer
from oracles.metrics import Metrics
from oracles.operating.commands import ConfigOption, JsonOption
from oracles.operating.replaying import Change, Chosen, Replaying
from oracles.refusals import one_sentence
from oracles.settings import NodeSettings, load_settings
from oracles.store.database import Database, database_lock
from oracles.storing import Storing

DAY = ["%Y-%m-%d"]


def replay_command(
    config: ConfigOption,
    patterns: Annotated[list[str] | None, typer.Argument(help="Files of the archive ('http~*'); else all.")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="First day (UTC) of taking.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Last day, included.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take archived documents in again, while the node is stopped: the same results, and no second vote."""
    with one_sentence():
        settings = load_settings(config, needs_key=False)
        chosen = Chosen(_day(first), _day(last), tuple(patterns or ()))
        quiet = logs_beside_the_answer(settings.name)
        with database_lock(settings.database), quiet, _replaying(settings, chosen, dry_run) as replaying:
            changes = list(replaying.run())
            if as_json:
                told = {"documents": replaying.documents, "dry_run": dry_run, "changes": [asdict(c) for c in changes]}
                typer.echo(json.dumps(told, indent=2))
            else:
                _tell(changes, replaying.documents, dry_run)


@contextmanager
def _replaying(settings: NodeSettings, chosen: Chosen, dry: bool) -> Iterator[Replaying]:
    database = Database(settings.database)
    try:
        database.prepare()
        key = NetworkKey.load(settings.network_key_file)
        storing = Storing(database, key, settings.rulebook(), go_on, Metrics(), settings.retracts)
        yield Replaying(settings, database, storing, chosen, dry)
    finally:
        database.close()


def _tell(changes: list[Change], documents: int, dry: bool) -> None:
    for change in changes:
        was = f"{change.was} -> " if change.was else "new: "
        typer.echo(f"{change.file} {change.event_hash}".rstrip() + f": {was}{change.becomes}")
    done = "would change" if dry else "changed"
    typer.echo(f"{documents} documents read, {len(changes)} {'thing' if len(changes) == 1 else 'things'} {done}.")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
