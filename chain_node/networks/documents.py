"""Documents that travel between members: JSON in one canonical form, so that a hash or a signature of one is the same
on every machine, and read strictly."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from chain_node.networks.errors import FileUnusable

MOST_BYTES: Final = 16 * 2**20
M = TypeVar("M", bound=BaseModel)


class Document(BaseModel):
    """Values of one document: unknown keys are refused, nothing is converted (`"1"` is no number)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def canonical(self) -> bytes:
        return canonical(self.model_dump(mode="json"))


def canonical(value: Any) -> bytes:
    """Keys sorted, no white space, UTF-8, no floating point numbers."""
    _no_floats(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def pretty(value: Any) -> bytes:
    """The same for people and for programs that read it: keys sorted, indented."""
    _no_floats(value)
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, 64 hexadecimal digits."""
    return sha256(canonical(value)).hexdigest()


def read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileUnusable(path, f"is larger than {MOST_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise FileUnusable(path, f"cannot be read: {error.strerror}") from error


def parse(where: object, content: bytes) -> Any:
    """JSON without a key that is there twice: two readers could take different ones."""

    def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key is there twice")
        return found

    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=no_twins)
    except (ValueError, RecursionError) as error:
        raise FileUnusable(where, f"not JSON: {error}") from error


def read_document(path: Path, kind: type[M]) -> M:
    return as_document(path, parse(path, read_bytes(path)), kind)


def as_document(where: object, value: Any, kind: type[M]) -> M:
    """Raises `FileUnusable` with everything that is wrong in it."""
    try:
        # Through JSON, so that lists may stand for tuples while no text may stand for a number.
        return kind.model_validate_json(canonical(value))
    except ValidationError as error:
        raise FileUnusable(where, "; ".join(_problem(item) for item in error.errors())) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise FileUnusable(where, str(error)) from error


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Whole or not at all, also when the machine dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError(f"{value!r}: numbers must be whole")
    if isinstance(value, dict):
        for item in value.values():
            _no_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _no_floats(item)


def _problem(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{key}: unknown key"
    if item["type"] == "missing":
        return f"{key}: missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{key}: {message}" if key else message
