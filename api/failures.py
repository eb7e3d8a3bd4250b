"""Names an unforeseen error in a log without quoting it."""

from typing import Any


def describe(error: BaseException) -> str:
    """The error's class and the line of ours that it came from. Never its text, which may quote a row."""
    place = ""
    trace: Any = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/api/" in code.co_filename and "site-packages" not in code.co_filename:
            place = f" at api/{code.co_filename.rpartition('/api/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"
