"""POST /oauth/token in the OpenAPI description: its form is read by hand, so that errors are those of RFC 6749."""

from typing import Any, Final

from api.auth.assertions import ASSERTION_TYPE
from api.problems import problems

_TEXT: Final = {"type": "string"}
REQUEST: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {**_TEXT, "enum": ["client_credentials"]},
                        "client_id": _TEXT,
                        "client_secret": {**_TEXT, "format": "password"},
                        "client_assertion_type": {**_TEXT, "description": "with an assertion: " + ASSERTION_TYPE},
                        "client_assertion": {**_TEXT, "description": "a JWT that the client has signed"},
                        "scope": {**_TEXT, "description": "separated by spaces; fewer than the client holds"},
                    },
                },
                "example": {
                    "grant_type": "client_credentials",
                    "client_id": "client_3f0c9a61d2b84e57a1c6",
                    "client_secret": "shown-once-when-the-client-was-made",  # nosec B105 # an example
                    "scope": "invoices:read invoices:write",
                },
            }
        },
    }
}


def _answer(description: str, example: dict[str, Any]) -> dict[str, Any]:
    properties = {name: {"type": "integer" if isinstance(value, int) else "string"} for name, value in example.items()}
    schema = {"type": "object", "required": list(example), "properties": properties}
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def _refusal(error: str, sentence: str) -> dict[str, Any]:
    return _answer("Refused (RFC 6749, section 5.2)", {"error": error, "error_description": sentence})


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: _answer(
        "An access token",
        {
            "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjbGllbnQifQ.c2lnbmF0dXJl",  # nosec B105 # an example
            "token_type": "Bearer",  # nosec B105 # the kind, not a token
            "expires_in": 3600,
            "scope": "invoices:read invoices:write",
        },
    ),
    400: _refusal("invalid_scope", "This client may not ask for cash:write."),
    401: _refusal("invalid_client", "There is no such client, or its secret is another."),
    429: problems(429)[429],
}
METADATA: Final[dict[int | str, dict[str, Any]]] = {
    200: _answer(
        "The gateway as an authorisation server",
        {
            "issuer": "https://gateway.example",
            "token_endpoint": "https://gateway.example/oauth/token",  # nosec B105 # an address
            "jwks_uri": "https://gateway.example/.well-known/jwks.json",
        },
    )
}
