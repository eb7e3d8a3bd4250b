"""What can go wrong, in business terms, and the RFC 9457 problem it becomes. Routers raise these and nothing else."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from chain_node.errors import ChainError, ContractReverted, NodeUnavailable, RetryableError, WrongNetwork

PROBLEM_MEDIA_TYPE = "application/problem+json"


class GatewayError(Exception):
    """Base of every refusal. `detail` is one sentence for a person, `context` the values it speaks of."""

    status: int = 500
    title: str = "The gateway failed"

    def __init__(self, error: str, detail: str, **context: Any) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.context = context

    def headers(self) -> dict[str, str]:
        return {}


class Malformed(GatewayError):
    status = 422
    title = "The request is malformed"


class Unauthenticated(GatewayError):
    """No token, or one that does not count."""

    status = 401
    title = "Authentication is needed"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": f'Bearer realm="portolan", error="{self.error.replace("-", "_")}"'}


class Forbidden(GatewayError):
    status = 403
    title = "Not allowed"


class NotFound(GatewayError):
    status = 404
    title = "Not found"


class NotAcceptable(GatewayError):
    """Asked for in a form that there is none of."""

    status = 406
    title = "Not given in any form that is taken"


class Conflict(GatewayError):
    status = 409
    title = "Not possible in the present state"


class Gone(GatewayError):
    """What was there, and is no more by somebody's decision."""

    status = 410
    title = "No longer there"


class PreconditionFailed(GatewayError):
    status = 412
    title = "The resource is no longer as it was"


class HttpRefusal(GatewayError):
    """What the framework refuses before any of our code runs."""

    def __init__(self, status: int, error: str, title: str, detail: str) -> None:
        super().__init__(error, detail)
        self.status, self.title = status, title


class MethodNotAllowed(GatewayError):
    status = 405
    title = "Method not allowed"

    def __init__(self, detail: str, methods: list[str]) -> None:
        super().__init__("method-not-allowed", detail, methods=methods)
        self.methods = methods

    def headers(self) -> dict[str, str]:
        return {"Allow": ", ".join(self.methods)}


class TooLarge(GatewayError):
    status = 413
    title = "The request is too large"


class TooSlow(GatewayError):
    status = 408
    title = "The request took too long to arrive"


class Unavailable(GatewayError):
    status = 503
    title = "Not available just now"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


# First match wins, against the name of the contract's error.
_REVERT_CLASSES: tuple[tuple[re.Pattern[str], type[GatewayError]], ...] = (
    (
        re.compile(
            r"Unauthorized|^Not(Admitted|.*Of$)|RoleMissing|Frozen|Suspended|KycExpired|InspectorUnlisted|Missing(Approval|Role)"
        ),
        Forbidden,
    ),
    (re.compile(r"Unknown|NotFound|None$"), NotFound),
    (
        re.compile(r"OutOfRange|Invalid|Zero$|Malformed|Differs|InPast|ReferenceMissing|Unlisted|LengthsDiffer"),
        Malformed,
    ),
)


def kebab(name: str) -> str:
    """`ReceivableExists` -> `receivable-exists`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def jsonable(value: Any) -> Any:
    """A contract's value as JSON: bytes as 0x hex, integers beyond 2^53 as strings."""
    if isinstance(value, bytes | bytearray):
        return "0x" + value.hex()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    return value if isinstance(value, str | int | bool | None) else str(value)


def class_of_revert(name: str) -> type[GatewayError]:
    """A contract's refusal in HTTP's terms: 403 role, 404 absent, 422 malformed, otherwise 409 wrong state."""
    return next((kind for pattern, kind in _REVERT_CLASSES if pattern.search(name)), Conflict)


def of_revert(reverted: ContractReverted) -> GatewayError:
    return class_of_revert(reverted.name)(kebab(reverted.name), str(reverted), **_context(reverted.context))


def recorded(reverted: ContractReverted) -> dict[str, Any]:
    """A contract's refusal as the transaction's record keeps it."""
    return {"name": reverted.name, "detail": str(reverted), "context": reverted.context}


def of_recorded(record: Mapping[str, Any], **context: Any) -> GatewayError:
    """The gateway error of a recorded refusal."""
    name = str(record["name"])
    values = {**record.get("context", {}), **context}
    return class_of_revert(name)(kebab(name), str(record["detail"]), **_context(values))


def _context(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by names that do not clash with those of a GatewayError's own."""
    return {f"{name}_" if name in ("self", "error", "detail") else name: value for name, value in values.items()}


def of_chain(error: ChainError) -> GatewayError:
    """Any error of the chain client as a gateway error."""
    if isinstance(error, ContractReverted):
        return of_revert(error)
    if isinstance(error, NodeUnavailable | RetryableError):
        return Unavailable("node-unavailable", "The chain's node does not answer; nothing was changed.")
    if isinstance(error, WrongNetwork):
        return Unavailable("wrong-network", "The node answers for another network than this gateway's.")
    return Unavailable("chain-error", str(error))


def status_of(error: Exception) -> int:
    """The status that the refusal is answered with."""
    if isinstance(error, ChainError):
        return of_chain(error).status
    if isinstance(error, GatewayError):
        return error.status
    if isinstance(error, RequestValidationError):
        return Malformed.status
    return error.status_code if isinstance(error, HTTPException) else GatewayError.status


def problem(error: GatewayError, instance: str | None = None) -> dict[str, Any]:
    """The body of `application/problem+json`."""
    body = {
        "type": f"urn:portolan:problem:{error.error}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "error": error.error,
        "context": jsonable(error.context),
    }
    return body if instance is None else {**body, "instance": instance}


def problem_response(error: GatewayError, instance: str | None = None) -> JSONResponse:
    headers = {"Cache-Control": "no-store", **error.headers()}
    return JSONResponse(problem(error, instance), error.status, headers, PROBLEM_MEDIA_TYPE)
