"""One JSON object per line, with the request's id. What is logged is named field by field: never a body, a header, a
token, a key or a document."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# A last net under the rule above: a field of such a name never leaves the process with its value.
_SECRET_WORDS = ("secret", "password", "passphrase", "token", "authorization", "private", "api_key")


def _without_secrets(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in fields:
        if any(word in name.lower() for word in _SECRET_WORDS):
            fields[name] = "[withheld]"
    return fields


def configure_logs(level: str) -> None:
    """Sends everything to standard error: ours by structlog, libraries' warnings through the same format."""
    # The process's own: whoever lends `sys.stderr` another stream may take it away again.
    stream = sys.__stderr__ or sys.stderr
    number = logging.getLevelNamesMapping()[level]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries say at INFO and below what they send and receive.
    root.setLevel(logging.WARNING)
