"""Contract ABIs turned into coders once: selectors, encoders and decoders are looked up, never derived again.

Values are in the words of this code base: `bytes2`, `bytes3`, `bytes5`, `bytes8` and `bytes20` are ASCII text (country,
currency or unit, UN/LOCODE, commodity, LEI), enums are ours, addresses are checksummed, structs are dictionaries in the
order of their fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from eth_abi.decoding import ContextFramesBytesIO
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import registry
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from chain_node.vocabulary import ENUMS
from chain_node.words import Plain

ABI_DIRECTORY: Final = Path(__file__).parent / "client" / "abi"
_TEXT_TYPES: Final = {"bytes2": 2, "bytes3": 3, "bytes5": 5, "bytes8": 8, "bytes20": 20}

Json = dict[str, Any]
checksum = lru_cache(maxsize=4096)(to_checksum_address)


@dataclass(frozen=True)
class Parameter:
    """One input or output; `type` is canonical, e.g. `(bytes32,uint64)[]`, `internal` as Solidity names it."""

    name: str
    type: str
    internal: str
    indexed: bool
    components: tuple[Parameter, ...]

    @classmethod
    def parse(cls, entry: Json) -> Parameter:
        components = tuple(cls.parse(component) for component in entry.get("components", ()))
        kind = str(entry["type"])
        if components:
            kind = f"({','.join(c.type for c in components)})" + kind.removeprefix("tuple")
        internal = str(entry.get("internalType", kind)).removeprefix("enum ")
        return cls(str(entry["name"]), kind, internal, bool(entry.get("indexed")), components)

    @cached_property
    def from_chain(self) -> Callable[[Any], Any]:
        """What turns a decoded value into ours."""
        if self.type.endswith("]"):
            item = self._item().from_chain
            return lambda values: [item(value) for value in values]
        if self.components:
            fields = [(c.name, c.from_chain) for c in self.components]
            return lambda values: {name: turn(value) for (name, turn), value in zip(fields, values, strict=True)}
        if self.type == "address":
            return checksum
        if self.type in _TEXT_TYPES:
            return lambda raw: raw.rstrip(b"\0").decode("ascii", "replace")
        return ENUMS.get(self.internal, _same)

    @cached_property
    def to_chain(self) -> Callable[[Any], Any]:
        """What turns our value into one that the encoder takes."""
        if self.type.endswith("]"):
            item = self._item().to_chain
            return lambda values: [item(value) for value in values]
        if self.components:
            turns = [c.to_chain for c in self.components]
            return lambda values: tuple(turn(value) for turn, value in zip(turns, values, strict=True))
        if self.type in _TEXT_TYPES:
            width = _TEXT_TYPES[self.type]
            return lambda text: text.encode("ascii").ljust(width, b"\0") if isinstance(text, str) else text
        return _same

    def _item(self) -> Parameter:
        kind = self.type[: self.type.rindex("[")]
        return Parameter(self.name, kind, self.internal.removesuffix("[]"), False, self.components)


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Coder:
    """Encodes and decodes a list of parameters."""

    parameters: tuple[Parameter, ...]

    @cached_property
    def signature(self) -> str:
        return f"({','.join(p.type for p in self.parameters)})"

    def encode(self, values: Sequence[Any]) -> bytes:
        if len(values) != len(self.parameters):
            raise ValueError(f"{len(self.parameters)} values are needed, {len(values)} given")
        if not values:
            return b""
        turned = [p.to_chain(value) for p, value in zip(self.parameters, values, strict=True)]
        plain = self._plain.encode(turned) if self._plain else None
        if plain is not None:
            return plain
        try:
            return bytes(registry.get_encoder(self.signature)(turned))
        except EncodingError as error:
            raise ValueError(f"values do not fit {self.signature}: {error}") from error

    def decode(self, data: bytes) -> Json:
        """Values by name; unnamed ones by position. `ValueError` where the data are not of this shape."""
        if not self.parameters:
            return {}
        plain = self._plain.decode(data) if self._plain else None
        values = self._decode(data) if plain is None else plain
        pairs = enumerate(zip(self.parameters, values, strict=True))
        return {p.name or str(i): p.from_chain(value) for i, (p, value) in pairs}

    @cached_property
    def _plain(self) -> Plain | None:
        return Plain.of(self.parameters)

    def _decode(self, data: bytes) -> Sequence[Any]:
        try:
            found: Sequence[Any] = registry.get_decoder(self.signature)(ContextFramesBytesIO(data))  # type: ignore[no-untyped-call]
        except (DecodingError, OverflowError) as error:
            raise ValueError(f"{len(data)} bytes are not {self.signature}: {error}") from error
        return found


@dataclass(frozen=True)
class Function:
    """One function of a contract."""

    contract: str
    name: str
    inputs: Coder
    outputs: Coder
    selector: bytes
    writes: bool

    def encode(self, *values: Any) -> bytes:
        try:
            return self.selector + self.inputs.encode(values)
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{self.contract}.{self.name}: {error}") from error

    def decode(self, data: bytes) -> list[Any]:
        return list(self.outputs.decode(data).values())


@dataclass(frozen=True)
class ErrorType:
    """One custom error."""

    name: str
    inputs: Coder
    selector: bytes


@dataclass(frozen=True)
class EventType:
    """One event; indexed parameters are read from the topics."""

    name: str
    topic: bytes
    parameters: tuple[Parameter, ...]

    @cached_property
    def _coders(self) -> tuple[Coder, tuple[tuple[Parameter, Coder], ...]]:
        plain = Coder(tuple(p for p in self.parameters if not p.indexed))
        return plain, tuple((p, Coder((p,))) for p in self.parameters if p.indexed)

    def decode(self, topics: Sequence[bytes], data: bytes) -> Json:
        plain, indexed = self._coders
        values = plain.decode(data)
        for (parameter, coder), topic in zip(indexed, topics[1:], strict=True):
            hashed = parameter.components or parameter.type in ("string", "bytes") or parameter.type.endswith("]")
            values[parameter.name] = topic if hashed else coder.decode(topic)[parameter.name]
        return {p.name: values[p.name] for p in self.parameters}


@dataclass(frozen=True)
class Interface:
    """All that one contract takes, gives, emits and refuses with."""

    name: str
    functions: Mapping[str, Function]
    events: Mapping[bytes, EventType]
    errors: Mapping[bytes, ErrorType]
    constructor: Coder = field(default_factory=lambda: Coder(()))

    @cached_property
    def by_selector(self) -> Mapping[bytes, Function]:
        return {function.selector: function for function in self.functions.values()}

    @classmethod
    def parse(cls, name: str, abi: Sequence[Json]) -> Interface:
        functions: dict[str, Function] = {}
        events: dict[bytes, EventType] = {}
        errors: dict[bytes, ErrorType] = {}
        constructor = Coder(())
        for entry in abi:
            inputs = Coder(tuple(Parameter.parse(item) for item in entry.get("inputs", ())))
            kind, own = entry["type"], str(entry.get("name", ""))
            hashed = keccak(text=own + inputs.signature)
            if kind == "function":
                outputs = Coder(tuple(Parameter.parse(item) for item in entry["outputs"]))
                writes = entry["stateMutability"] not in ("view", "pure")
                functions.setdefault(own, Function(name, own, inputs, outputs, hashed[:4], writes))
            elif kind == "event":
                events[hashed] = EventType(own, hashed, inputs.parameters)
            elif kind == "error":
                errors[hashed[:4]] = ErrorType(own, inputs, hashed[:4])
            elif kind == "constructor":
                constructor = inputs
        return cls(name, functions, events, errors, constructor)


@cache
def interfaces() -> Mapping[str, Interface]:
    """Every contract that this package knows, by its name, from the ABIs that it carries."""
    paths = sorted(ABI_DIRECTORY.glob("*.json"))
    return {path.stem: Interface.parse(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in paths}
