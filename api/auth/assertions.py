"""private_key_jwt (RFC 7523): a client proves itself by what it has signed, for us, once, and for a short while."""

import hashlib
import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final

from joserfc.errors import JoseError
from sqlmodel import Session, SQLModel, col, delete

from api.auth.jose import claims_of, public_keys, verified
from api.auth.models import SeenAssertion
from api.auth.principal import Principal
from api.auth.service import client_of, principal_of
from api.db import insert_new, utc_now

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_SECONDS: Final = 300
_LEEWAY_SECONDS: Final = 30
_LONGEST_ID: Final = 255
_UNPROVEN: Final = "The assertion is not signed with a registered key of the client that it names."


class AssertionRefused(Exception):
    """Why the assertion does not count, in one sentence; nothing in it tells which clients there are."""


def authenticate_by_assertion(
    session: Session, assertion: str, *, audiences: Collection[str], named: str | None = None
) -> Principal:
    """Whom the assertion proves; it is used up by that. `named` is the client_id of the form, where it has one.

    It needs iss and sub (the client's id), aud (our issuer or token endpoint), a jti, and an exp within five minutes.
    """
    try:
        client_id = str(claims_of(assertion).get("sub"))
        client = client_of(session, client_id)
        if client is None or client.jwks is None or client.disabled_at is not None or named not in (None, client_id):
            raise AssertionRefused(_UNPROVEN)
        _, claims = verified(assertion, public_keys(client.jwks))
    except (JoseError, ValueError):
        raise AssertionRefused(_UNPROVEN) from None
    ends = _judged(claims, client_id, audiences)
    _use_up(session, client_id, str(claims["jti"]), ends)
    return principal_of(client)


def _judged(claims: dict[str, Any], client_id: str, audiences: Collection[str]) -> int:
    """When the assertion ends (Unix seconds); AssertionRefused where a claim is not as it should be."""
    now = time.time()
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AssertionRefused("iss and sub of the assertion are both the client's id.")
    if not any(isinstance(one, str) and one in audiences for one in named):
        raise AssertionRefused(f"aud of the assertion is {' or '.join(sorted(audiences))}.")
    ends, begins = _seconds(claims.get("exp")), _seconds(claims.get("nbf", 0))
    if ends is None or begins is None or not now - _LEEWAY_SECONDS < ends <= now + _LONGEST_SECONDS + _LEEWAY_SECONDS:
        raise AssertionRefused(f"exp of the assertion lies at most {_LONGEST_SECONDS} seconds ahead, and not behind.")
    if begins > now + _LEEWAY_SECONDS:
        raise AssertionRefused("nbf of the assertion lies ahead.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID or not jti.isprintable():
        raise AssertionRefused(f"jti of the assertion is a text of 1 to {_LONGEST_ID} printable characters.")
    return ends


def _seconds(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40 else None


def _use_up(session: Session, client_id: str, jti: str, ends: int) -> None:
    """One row for each assertion, in every process's sight, for as long as it could be shown again."""
    seen = hashlib.sha256(f"{client_id}\n{jti}".encode()).hexdigest()
    kept_until = datetime.fromtimestamp(ends + 2 * _LEEWAY_SECONDS, UTC)
    table = SQLModel.metadata.tables["oauth_seen_assertions"]
    connection = session.connection()
    connection.execute(delete(SeenAssertion).where(col(SeenAssertion.ends_at) < utc_now()))
    if not insert_new(connection, table, {"id": seen, "ends_at": kept_until}):
        raise AssertionRefused("This assertion was used before; sign a new one with another jti.")
