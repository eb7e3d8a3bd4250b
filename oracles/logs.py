"""One JSON line for each decision, on the standard output."""

from __future__ import annotations

import structlog


def configure_logs(node: str) -> None:
    """Every line carries the node's name, the level and the machine's UTC time."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(node=node)
