"""Signatures of members over documents: secp256k1, as an Ethereum personal message, so that any wallet or hardware
module of this field can make them. Each begins with what it is for, so that none can be taken for another."""

from __future__ import annotations

import re
from typing import Final

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from chain_node.networks.errors import SignatureInvalid

_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_FORM: Final = re.compile(r"0x[0-9a-f]{130}")


def sign(key: LocalAccount, purpose: str, content: bytes) -> str:
    signed = key.sign_message(encode_defunct(primitive=_message(purpose, content)))
    return "0x" + bytes(signed.signature).hex()


def require_signature(where: object, purpose: str, content: bytes, signature: str, signer: str) -> None:
    """Raises `SignatureInvalid` unless `signer` made it. It has one form only: small s, v 27 or 28, small hex."""
    if not _FORM.fullmatch(signature):
        raise SignatureInvalid(where, "a signature is 0x and 130 small hexadecimal digits")
    raw = bytes.fromhex(signature[2:])
    if int.from_bytes(raw[32:64], "big") > _HALF_ORDER or raw[64] not in (27, 28):
        raise SignatureInvalid(where, "the signature is not in its one canonical form")
    try:
        found = Account.recover_message(encode_defunct(primitive=_message(purpose, content)), signature=raw)
    except (BadSignature, ValidationError, ValueError) as error:
        raise SignatureInvalid(where, "the signature cannot be read") from error
    if found.lower() != signer.lower():
        raise SignatureInvalid(where, f"not signed by {signer}: the signature over this text is of {found}")


def _message(purpose: str, content: bytes) -> bytes:
    return f"Portolan {purpose}\n".encode() + content
