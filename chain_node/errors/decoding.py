"""From the bytes with which a contract refused to a typed error in business words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any, Final

from chain_node.errors import ContractPanicked, ContractReverted, RequirementFailed, RevertUnknown
from chain_node.errors.messages import TEMPLATES
from chain_node.errors.reverts import BY_NAME
from chain_node.interface import Coder, ErrorType, Parameter, interfaces
from chain_node.vocabulary import Office, words

_ERROR_STRING: Final = bytes.fromhex("08c379a0")
_PANIC: Final = bytes.fromhex("4e487b71")
_PANIC_REASONS: Final = {
    0x01: "an assertion failed",
    0x11: "a number became too large or negative",
    0x12: "division by zero",
    0x21: "a value outside its list of choices",
    0x22: "damaged storage",
    0x31: "an empty list has no last item",
    0x32: "a position beyond the end of a list",
    0x41: "too much memory",
    0x51: "an unset function was called",
}
_DAYS: Final = frozenset(
    {
        "dueDate",
        "registeredDueDate",
        "deliverBy",
        "registeredDeliverBy",
        "earliest",
        "latest",
        "expiryDate",
        "entryDate",
        "maturityDay",
        "newMaturityDay",
        "today",
    }
)
_MOMENTS: Final = frozenset(
    {
        "expiresAt",
        "expiredAt",
        "deadline",
        "now_",
        "latest",
        "enteredAt",
        "inspectedAt",
        "outsideAt",
        "offerUntil",
        "payBy",
        "lossAt",
        "boundAt",
        "until",
        "from",
        "endsAt",
        "claimableUntil",
        "closableAt",
        "graceEndsAt",
        "validUntil",
    }
)
_MOMENTS_OF: Final = {"DisputeTooLate": frozenset({"before"})}
"""Names that are moments in one error and something else in another."""
_ITEMS: Final = frozenset({"itemId", "otherItemId"})
_ROLES: Final = frozenset({"held", "needed", "roles", "known"})
_STRING: Final = Coder((Parameter("reason", "string", "string", False, ()),))
_CODE: Final = Coder((Parameter("code", "uint256", "uint256", False, ()),))


def decode_revert(data: bytes, contract: str | None = None) -> ContractReverted:
    """The typed error for revert data. `contract` (as in the ABI folder) decides where two contracts name the same
    error's parameters differently; errors of the contracts that it calls are found just as well."""
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR_STRING:
            reason = _STRING.decode(body)["reason"]
            return RequirementFailed("Error", {"reason": reason}, f"the contract refused: {reason}")
        if selector == _PANIC:
            code = _CODE.decode(body)["code"]
            why = _PANIC_REASONS.get(code, f"code 0x{code:02x}")
            return ContractPanicked("Panic", {"code": code}, f"a contract failed a check of its own: {why}")
        error = _find(selector, contract)
        if error is not None:
            values = error.inputs.decode(body)
            return BY_NAME[error.name](error.name, values, _message(error, values))
    except ValueError:
        pass  # the selector was met by accident: the bytes behind it are of another shape
    shown = f"0x{data.hex()}" if data else "no reason given"
    return RevertUnknown("Unknown", {"data": data}, f"a contract refused with an error that is not ours: {shown}")


def _find(selector: bytes, contract: str | None) -> ErrorType | None:
    preferred = interfaces().get(contract or "")
    if preferred is not None and selector in preferred.errors:
        return preferred.errors[selector]
    return _all_errors().get(selector)


@cache
def _all_errors() -> dict[bytes, ErrorType]:
    found: dict[bytes, ErrorType] = {}
    for interface in interfaces().values():
        for selector, error in interface.errors.items():
            found.setdefault(selector, error)
    return found


def _message(error: ErrorType, values: dict[str, Any]) -> str:
    shown = {p.name: _present(error.name, p, values[p.name]) for p in error.inputs.parameters}
    keys = (f"{error.name}({','.join(shown)})", f"{error.name}{error.inputs.signature}", error.name)
    template = next((TEMPLATES[key] for key in keys if key in TEMPLATES), None)
    if template is not None:
        return template.format(**shown)
    details = ", ".join(f"{name} {value}" for name, value in shown.items())
    return f"{_spaced(error.name)} ({details})" if details else _spaced(error.name)


def _present(error: str, parameter: Parameter, value: Any) -> str:
    name = parameter.name
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if name == "name" and text.isascii() else f"0x{value.hex()}"
    if parameter.internal in ("ReceivableId", "OrderId", "LotId") or name in _ITEMS:
        return f"0x{value:064x}"
    if parameter.internal in ("uint256", "uint32", "uint40"):
        if name in _DAYS and value < 100_000:
            return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=value)).date().isoformat()
        if name in _MOMENTS | _MOMENTS_OF.get(error, frozenset()) and value < 2**37:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if parameter.type == "uint32" and name in _ROLES:
        return words(value)
    if name in ("roleId", "office"):
        return Office(value).name.lower().replace("_", " ") if value in list(Office) else str(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, IntEnum):
        return str(value.name).lower().replace("_", " ")
    return str(value)


def _spaced(name: str) -> str:
    """`FailedCall` as `failed call`: all that can be said of an error of somebody else's library."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
