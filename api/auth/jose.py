"""Public keys of signers, and JSON web tokens checked by them.

Which algorithms count is the key's to say, never the token's: an RSA key takes RS* and PS*, a curve its own, and no key
takes HS* or `none`. So a public key is never mistaken for a shared secret.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, DecodeError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

PublicJwk = ECKey | OKPKey | RSAKey
_CURVES: Final = {
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
    "Ed25519": frozenset({"EdDSA", "Ed25519"}),
}
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
ALGORITHMS: Final = tuple(sorted(_RSA.union(*_CURVES.values())))
_SMALLEST_RSA_BITS: Final = 2048
_MOST_KEYS: Final = 20
_LONGEST_TOKEN: Final = 8_192
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class JwksInvalid(ValueError):
    """A set of keys that cannot be used, in words for whoever gave it."""


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked by, and the algorithms that it is for."""

    kid: str | None
    key: PublicJwk
    algorithms: frozenset[str]


def public_keys(jwks: Mapping[str, Any]) -> tuple[PublicKey, ...]:
    """The keys of a JWKS that are for signatures; JwksInvalid where one is secret, weak, or there is none.

    Kinds that we do not know are passed over, as RFC 7517 wants."""
    listed = jwks.get("keys")
    if not isinstance(listed, list) or not all(isinstance(key, Mapping) for key in listed):
        raise JwksInvalid('A JWKS is {"keys": [...]}, each key an object.')
    if not 0 < len(listed) <= _MOST_KEYS:
        raise JwksInvalid(f"A JWKS has 1 to {_MOST_KEYS} keys.")
    found = [_public_key(jwk) for jwk in listed if jwk.get("use", "sig") == "sig"]
    usable = tuple(key for key in found if key is not None)
    if not usable:
        raise JwksInvalid("None of the keys is an RSA, P-256, P-384, P-521 or Ed25519 key for signatures.")
    kids = [key.kid for key in usable]
    if len(usable) > 1 and (None in kids or len(set(kids)) < len(kids)):
        raise JwksInvalid("Several keys need a `kid` each, no two the same.")
    return usable


def _public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    if secret := sorted(_PRIVATE & set(jwk)):
        raise JwksInvalid(f"A key holds its private part ({', '.join(secret)}). Make a new one; send the public part.")
    if jwk.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    kid = jwk.get("kid")
    try:
        key = import_key(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise JwksInvalid(f"A key cannot be read ({type(error).__name__}).") from None
    assert isinstance(key, ECKey | OKPKey | RSAKey)
    algorithms = _algorithms(key)
    if named := jwk.get("alg"):
        algorithms &= {str(named)}
    return PublicKey(str(kid) if kid is not None else None, key, algorithms) if algorithms else None


def _algorithms(key: PublicJwk) -> frozenset[str]:
    if isinstance(key, RSAKey):
        if key.public_key.key_size < _SMALLEST_RSA_BITS:
            raise JwksInvalid(f"An RSA key needs at least {_SMALLEST_RSA_BITS} bits.")
        return _RSA
    return _CURVES.get(str(key.as_dict(private=False).get("crv")), frozenset())


def verified(token: str, keys: Iterable[PublicKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token that one of the keys has signed; JoseError otherwise. Claims are not judged here."""
    header = header_of(token)
    for candidate in _for_header(header, tuple(keys)):
        try:
            decoded = jwt.decode(token, candidate.key, algorithms=[str(header["alg"])])
        except BadSignatureError:
            continue
        return dict(decoded.header), dict(decoded.claims)
    raise BadSignatureError()


def header_of(token: str) -> dict[str, Any]:
    """What the token says of itself, unproven; JoseError where it is not a signed token."""
    if len(token) > _LONGEST_TOKEN:
        raise DecodeError(f"more than {_LONGEST_TOKEN} characters")
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DecodeError("not a signed token") from error


def claims_of(token: str) -> dict[str, Any]:
    """What the token claims, unproven: only to know whose keys to prove it by."""
    header_of(token)
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload or b"")
    except (ValueError, TypeError, RecursionError) as error:
        raise DecodeError("not a JSON object") from error
    if not isinstance(claims, dict):
        raise DecodeError("not a JSON object")
    return claims


def _for_header(header: Mapping[str, Any], keys: Sequence[PublicKey]) -> list[PublicKey]:
    """The keys that may have made the signature: of the kid that is named, and for the algorithm that is named."""
    kid, algorithm = header.get("kid"), str(header.get("alg"))
    named = [key for key in keys if kid is None or key.kid == kid or (key.kid is None and len(keys) == 1)]
    if not named:
        raise InvalidKeyIdError(f"no key {kid!r}")
    fitting = [key for key in named if algorithm in key.algorithms]
    if not fitting:
        raise BadSignatureError()
    return fitting
