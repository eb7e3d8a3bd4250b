"""One JSON line for each decision, on the standard output."""

from __future__ import annotations

import structlog
from structlog.tracebacks import ExceptionDictTransformer


def configure_logs(node: str) -> None:
    """Every line carries the node's name, the level and the machine's UTC time."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without locals: they hold papers, keys and tokens.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(node=node)
