"""One JSON line for each decision, on the standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from oracles.tracing import with_trace


@contextmanager
def logs_beside_the_answer(node: str) -> Iterator[None]:
    """For a command whose answer goes to the standard output: its log lines go to the error output meanwhile."""
    before = structlog.get_config()
    configure_logs(node, sys.stderr)
    try:
        yield
    finally:
        structlog.configure(**before)
        structlog.contextvars.unbind_contextvars("node")


def configure_logs(node: str, output: TextIO | None = None) -> None:
    """Every line carries the node's name, the level and the machine's UTC time. Without `output`: the standard one."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            with_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without locals: they hold papers, keys and tokens.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(output),
    )
    structlog.contextvars.bind_contextvars(node=node)
