"""ABI values that are words of 32 bytes, structs of such words, and lists of either: nearly all that our contracts take
and tell. Read and written here at a tenth of the general coder's cost.

Whatever is not exactly as a compiler writes it (padding that is not zero, another order of the lists, a value that does
not fit) is left to the general coder, which knows what is still allowed and says what is wrong. Tests hold the two to
each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

_WORD: Final = 32
_KIND: Final = re.compile(r"(uint|int|bytes)(\d+)|(bool)|(address)")
_ADDRESS_BYTES: Final = 20


class _NotPlainError(Exception):
    """Something for the general coder."""


class Typed(Protocol):
    """As `chain_node.interface.Parameter`."""

    @property
    def type(self) -> str: ...
    @property
    def components(self) -> Sequence[Typed]: ...


@dataclass(frozen=True)
class _Static:
    """A word or a struct: `size` bytes, read at a place and written as they are."""

    size: int
    read: Callable[[bytes, int], Any]
    write: Callable[[Any], bytes]


@dataclass(frozen=True)
class Plain:
    """A list of values, each static or a list (`True`) of what is static."""

    parts: tuple[tuple[_Static, bool], ...]
    head: int

    @classmethod
    def of(cls, parameters: Sequence[Typed]) -> Plain | None:
        """None where the parameters have another shape."""
        parts = []
        for its in parameters:
            static = _static(its.type.removesuffix("[]"), its.components)
            if static is None:
                return None
            parts.append((static, its.type.endswith("[]")))
        return cls(tuple(parts), sum(_WORD if is_list else static.size for static, is_list in parts))

    def decode(self, data: bytes) -> list[Any] | None:
        """None for what the general coder must look at."""
        try:
            return self._decode(data)
        except _NotPlainError:
            return None

    def encode(self, values: Sequence[Any]) -> bytes | None:
        """None for what the general coder must look at."""
        heads, tails, tail = list[bytes](), list[bytes](), self.head
        try:
            for (static, is_list), value in zip(self.parts, values, strict=True):
                if is_list:
                    heads.append(tail.to_bytes(_WORD))
                    tails.append(len(value).to_bytes(_WORD) + b"".join(map(static.write, value)))
                    tail += len(tails[-1])
                else:
                    heads.append(static.write(value))
        except (_NotPlainError, ValueError, TypeError, OverflowError):
            return None
        return b"".join(heads + tails)

    def _decode(self, data: bytes) -> list[Any]:
        values, at, tail = list[Any](), 0, self.head
        if len(data) < tail:
            raise _NotPlainError
        for static, is_list in self.parts:
            if not is_list:
                values.append(static.read(data, at))
                at += static.size
                continue
            begin = tail + _WORD
            if int.from_bytes(data[at : at + _WORD]) != tail or len(data) < begin:
                raise _NotPlainError
            tail = begin + int.from_bytes(data[tail:begin]) * static.size
            if len(data) < tail:
                raise _NotPlainError
            values.append(tuple(static.read(data, place) for place in range(begin, tail, static.size)))
            at += _WORD
        if len(data) != tail:
            raise _NotPlainError
        return values


def _static(kind: str, components: Sequence[Typed]) -> _Static | None:
    if components and not kind.endswith("]"):
        fields = [_static(its.type, its.components) for its in components]
        return _struct([its for its in fields if its]) if all(fields) else None
    found = _KIND.fullmatch(kind)
    if found is None:
        return None
    name, bits, is_bool, is_address = found.groups()
    if is_bool:
        return _Static(_WORD, _read_bool, _write_bool)
    if is_address:
        return _Static(_WORD, _read_address, _left_to_others)
    return _bytes(int(bits)) if name == "bytes" else _number(int(bits), is_signed=name == "int")


def _struct(fields: Sequence[_Static]) -> _Static:
    places = [sum(its.size for its in fields[:number]) for number in range(len(fields))]
    readers = [(its.read, place) for its, place in zip(fields, places, strict=True)]

    def read(data: bytes, at: int) -> tuple[Any, ...]:
        return tuple([reader(data, at + place) for reader, place in readers])

    def write(values: Sequence[Any]) -> bytes:
        return b"".join([its.write(value) for its, value in zip(fields, values, strict=True)])

    return _Static(sum(its.size for its in fields), read, write)


def _number(bits: int, *, is_signed: bool) -> _Static:
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)

    def read(data: bytes, at: int) -> int:
        return _checked(int.from_bytes(data[at : at + _WORD], signed=is_signed))

    def write(value: Any) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _NotPlainError
        return _checked(value).to_bytes(_WORD, signed=is_signed)

    def _checked(value: int) -> int:
        if not least <= value <= most:
            raise _NotPlainError
        return value

    return _Static(_WORD, read, write)


def _bytes(size: int) -> _Static:
    padding = bytes(_WORD - size)

    def read(data: bytes, at: int) -> bytes:
        if data[at + size : at + _WORD] != padding:
            raise _NotPlainError
        return data[at : at + size]

    def write(value: Any) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise _NotPlainError
        return value + padding

    return _Static(_WORD, read, write)


def _read_bool(data: bytes, at: int) -> bool:
    number = int.from_bytes(data[at : at + _WORD])
    if number > 1:
        raise _NotPlainError
    return number == 1


def _write_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise _NotPlainError
    return value.to_bytes(_WORD)


def _read_address(data: bytes, at: int) -> str:
    begin = at + _WORD - _ADDRESS_BYTES
    if any(data[at:begin]):
        raise _NotPlainError
    return "0x" + data[begin : at + _WORD].hex()


def _left_to_others(_: Any) -> bytes:
    """An address is checked by its checksum."""
    raise _NotPlainError
