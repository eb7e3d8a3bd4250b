"""The refusals that an operation can answer with, for its OpenAPI description."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from api.errors import PROBLEM_MEDIA_TYPE


class Problem(BaseModel):
    """RFC 9457 problem details. `error` is stable and for programs, `detail` is one sentence for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:portolan:problem:receivable-exists",
                "title": "Not possible in the present state",
                "status": 409,
                "detail": "This invoice is already registered; it is accepted.",
                "error": "receivable-exists",
                "context": {"id": "0x" + "2a" * 32, "state": "accepted"},
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    error: str
    context: dict[str, Any]


_SCHEMA = Problem.model_json_schema()
MEANINGS = {
    401: "No access token that counts",
    403: "A scope, a role or the right organisation is missing",
    404: "There is nothing of that name that the caller is a party to",
    406: "It is given in none of the forms that `Accept` takes",
    409: "Not possible in the present state",
    410: "It was there, and was destroyed by decision",
    412: "What the path names is not as `If-Match` says",
    413: "The body is too large",
    422: "Malformed, or refused by the rules",
    429: "More requests than the organisation may make; `Retry-After` says when to go on",
    503: "The chain's node or a store does not answer",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation: 401, 403, 429 and 503 always, and the given ones."""
    return {
        status: {"description": MEANINGS[status], "content": {PROBLEM_MEDIA_TYPE: {"schema": _SCHEMA}}}
        for status in sorted({401, 403, 429, 503, *statuses})
    }


READ_PROBLEMS = problems(404, 422)
WRITE_PROBLEMS = problems(404, 409, 422)
