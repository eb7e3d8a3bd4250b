"""What an operator can mend, as one sentence on the error output instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from sqlalchemy.exc import DBAPIError

from chain_node.errors import ChainError
from chain_node.references import ReferenceInvalid
from oracles.errors import OracleError


@contextmanager
def one_sentence(code: int = 1) -> Iterator[None]:
    """Turns what an operator can mend into a sentence on the error output, and that exit code."""
    try:
        yield
    except (OracleError, ChainError, ReferenceInvalid) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code) from error
    except DBAPIError as error:
        typer.echo(f"the node's database cannot be used: {error.orig}", err=True)
        raise typer.Exit(code) from error
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(code) from error
