"""One JSON object per line, with the request's id. What is logged is named field by field: never a body, a header, a
token, a key or a document."""

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

import orjson
import structlog

# A last net under the rule above: a field of such a name never leaves the process with its value.
_SECRET_WORDS = ("secret", "password", "passphrase", "token", "authorization", "private", "api_key")


@lru_cache(maxsize=1_000)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)


def _without_secrets(_: Any, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in fields:
        if _is_secret(name):
            fields[name] = "[withheld]"
    return fields


def _line(fields: Any, default: Callable[[Any], Any], **_: Any) -> str:
    """JSON by orjson, which takes no whole number beyond 64 bits; those are rare."""
    try:
        return orjson.dumps(fields, default, orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return json.dumps(fields, default=default)


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
        processors=[*shared, structlog.processors.JSONRenderer(_line)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(_line),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries say at INFO and below what they send and receive.
    root.setLevel(logging.WARNING)
