"""`portolan oracle verify`: for an auditor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from oracles.operating.commands import ConfigOption, JsonOption
from oracles.operating.proving import Proof
from oracles.operating.verifying import Audit, audit
from oracles.refusals import one_sentence
from oracles.settings import load_settings

NOT_ABLE = 2


def verify_command(
    config: ConfigOption,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Another folder of papers, e.g. a backup's.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that every fact this organisation has on chain has its evidence in the archive.

    Exit code: 0 it has, 1 something is missing, altered or not checked, 2 it could not be asked.
    """
    with one_sentence(NOT_ABLE):
        found = audit(load_settings(config, needs_key=False), archive)
        if as_json:
            typer.echo(json.dumps({"holds": found.holds, **asdict(found)}, indent=2))
        else:
            for line in _lines(found):
                typer.echo(line)
    raise typer.Exit(0 if found.holds else 1)


def _lines(found: Audit) -> Iterator[str]:
    counts = Counter(str(its.proof) for its in found.findings)
    yield f"Organisation {found.organisation} (number {found.number}), up to block {found.block}: {found.papers} papers"
    yield f"Facts on chain: {', '.join(f'{count} {name}' for name, count in counts.items()) or 'none'}"
    for its in found.findings:
        if its.proof is not Proof.PROVED or its.is_retracted:
            why = f": {its.why}" if its.why else ""
            retracted = ", retracted" if its.is_retracted else ""
            near = f" (nearest: {', '.join(its.files)})" if its.files and its.proof is not Proof.PROVED else ""
            fact = f"{its.milestone}/{its.sequence} of {its.subject}"
            yield f"  {its.proof}{retracted}: {fact}, block {its.block}{near}{why}"
    for name, why in found.changed:
        yield f"  altered: {name}: {why}"
    for name, why in found.unreadable:
        yield f"  not read: {name}: {why}"
    for extra in found.extra:
        reason = f": {extra.reason}" if extra.reason else ""
        yield f"  not on chain: {extra.milestone}/{extra.sequence} of {extra.subject}, {extra.status}{reason}"
    if not found.has_database:
        yield "Without a database: what was signed and never came onto the chain is not told."
    yield "Every fact has its evidence." if found.holds else "NOT every fact has its evidence."
