"""Seals bytes under a passphrase: scrypt, then AES-256-GCM, which also notices every change. What is told in the clear
about them is bound to them."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import Field

from chain_node.networks.documents import Document, canonical
from chain_node.networks.errors import FileUnusable

LEAST_PASSPHRASE: Final = 12
SCRYPT_N: Final = 2**17
_BASE64: Final = r"^[A-Za-z0-9+/]*={0,2}$"
Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Nonce = Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]


class Sealed(Document):
    """As it lies in a file. The upper bounds keep a forged file from taking all memory before it is found out."""

    format: Literal["portolan-sealed-1"] = "portolan-sealed-1"
    about: dict[str, str]
    scrypt_n: Annotated[int, Field(ge=2, le=2**18, multiple_of=2)]
    scrypt_r: Annotated[int, Field(ge=1, le=8)] = 8
    scrypt_p: Annotated[int, Field(ge=1, le=4)] = 1
    salt: Salt
    nonce: Nonce
    content: Annotated[str, Field(pattern=_BASE64)]

    def _key(self, passphrase: str) -> AESGCM:
        salt = bytes.fromhex(self.salt)
        scrypt = Scrypt(salt=salt, length=32, n=self.scrypt_n, r=self.scrypt_r, p=self.scrypt_p)
        return AESGCM(scrypt.derive(passphrase.encode("utf-8")))

    def _bound(self) -> bytes:
        return canonical({key: value for key, value in self.model_dump(mode="json").items() if key != "content"})


def seal(content: bytes, about: dict[str, str], passphrase: str, scrypt_n: int = SCRYPT_N) -> Sealed:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise FileUnusable("the backup", f"its passphrase is shorter than {LEAST_PASSPHRASE} characters")
    values: dict[str, Any] = {"about": about, "scrypt_n": scrypt_n, "salt": os.urandom(16).hex()}
    empty = Sealed(**values, nonce=os.urandom(12).hex(), content="")
    sealed = empty._key(passphrase).encrypt(bytes.fromhex(empty.nonce), content, empty._bound())
    return empty.model_copy(update={"content": b64encode(sealed).decode("ascii")})


def unseal(where: object, sealed: Sealed, passphrase: str) -> bytes:
    """Raises `FileUnusable` for a wrong passphrase and for anything that was changed; the two cannot be told apart."""
    try:
        content = b64decode(sealed.content, validate=True)
        if b64encode(content).decode("ascii") != sealed.content:
            raise ValueError("not the one form of these bytes")
        return sealed._key(passphrase).decrypt(bytes.fromhex(sealed.nonce), content, sealed._bound())
    except (InvalidTag, ValueError) as error:
        raise FileUnusable(where, "cannot be opened: another passphrase, or the file was changed") from error
