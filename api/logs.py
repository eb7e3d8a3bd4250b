"""One JSON object per line, with the request's id. What is logged is named field by field: never a body, a header, a
token, a key or a document."""

import asyncio
import atexit
import json
import logging
import sys
import threading
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, TextIO

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


class Lines:
    """Where our lines go. Those of one turn of an event loop are written together: each write gives the interpreter
    away, and hundreds of requests a second would wait to have it back. In other threads each is written at once. A
    process that is killed loses what its present turn had to say."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        atexit.register(self.flush)

    def msg(self, line: str) -> None:
        loop = asyncio._get_running_loop()
        with self._lock:
            is_first = not self._waiting
            self._waiting.append(line)
            if loop is None:
                self._write()
        if loop is not None and is_first:
            loop.call_soon(self.flush)

    debug = info = warning = error = critical = fatal = failure = err = exception = log = msg

    def flush(self) -> None:
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._stream.write("\n".join(waiting) + "\n")
            self._stream.flush()


def configure_logs(level: str) -> None:
    """Sends everything to standard error: ours by structlog, libraries' warnings through the same format."""
    # The process's own: whoever lends `sys.stderr` another stream may take it away again.
    stream = sys.__stderr__ or sys.stderr
    number = logging.getLevelNamesMapping()[level]
    lines = Lines(stream)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(_line)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: lines,
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
