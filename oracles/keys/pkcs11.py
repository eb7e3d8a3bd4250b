"""A key in a PKCS#11 token. The token signs the digest with plain ECDSA; low s and the recovery id are found here."""

from __future__ import annotations

from typing import Any, Final

import pkcs11
from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import PublicKey
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as errors
from pkcs11.util.ec import encode_named_curve_parameters

from chain_node.client import SignedTransaction, transaction_digest, with_signature
from chain_node.client.signing import Fields
from oracles.keys.errors import KeyUnusable, SignerAway, SignerRefused
from oracles.keys.files import secret_in
from oracles.keys.key import HALF_ORDER, Message, flaw, signer_of
from oracles.keys.settings import Pkcs11KeySettings

SECP256K1: Final = encode_named_curve_parameters("1.3.132.0.10")
POINT_BYTES: Final = 65
DER_HEADER: Final = bytes((0x04, POINT_BYTES))
PIN_PROBLEMS: Final = (
    errors.PinIncorrect,
    errors.PinLocked,
    errors.PinExpired,
    errors.PinInvalid,
    errors.PinLenRange,
    errors.UserPinNotInitialized,
)


class Pkcs11Key:
    """Opens a session at once, and anew whenever the token was away. A PIN that is wrong is tried once: tokens lock."""

    kind = "pkcs11"

    def __init__(self, settings: Pkcs11KeySettings) -> None:
        """Raises KeyUnusable, SignerAway."""
        self._settings = settings
        self._where = f"token {settings.token!r} ({settings.module})"
        self._session: Any = None
        self._private: Any = None
        self.address = settings.address or ""
        self._open()

    def sign(self, message: Message) -> bytes:
        return self._signature(message.digest)

    def transaction(self, fields: Fields) -> SignedTransaction:
        return with_signature(fields, self._signature(transaction_digest(fields)))

    def close(self) -> None:
        session, self._session, self._private = self._session, None, None
        if session is not None:
            try:
                session.close()
            except errors.PKCS11Error:
                # The token has gone, and the session with it.
                return

    # Signing

    def _signature(self, digest: bytes) -> bytes:
        raw = self._raw(digest)
        if len(raw) != 64:
            raise SignerRefused(self._where, f"a signature of {len(raw)} bytes instead of 64")
        r, s = raw[:32], int.from_bytes(raw[32:])
        low = (s if s <= HALF_ORDER else SECPK1_N - s).to_bytes(32)
        for v in (27, 28):
            signature = r + low + bytes((v,))
            if signer_of(signature, digest) == self.address:
                break
        problem = flaw(signature, digest, self.address)
        if problem is not None:
            raise SignerRefused(self._where, problem)
        return signature

    def _raw(self, digest: bytes) -> bytes:
        if self._private is not None:
            try:
                return bytes(self._private.sign(digest, mechanism=Mechanism.ECDSA))
            except errors.PKCS11Error:
                # The session went with the token, or with the module's other user; a new one tells which.
                self.close()
        self._open()
        try:
            return bytes(self._private.sign(digest, mechanism=Mechanism.ECDSA))
        except errors.PKCS11Error as error:
            self.close()
            raise SignerAway(self._where, _name(error)) from error

    # Opening

    def _open(self) -> None:
        pin = secret_in(self._settings.pin_file)
        try:
            token = self._token()
            self._session = token.open(user_pin=pin)
            self._private = self._key(ObjectClass.PRIVATE_KEY)
            found = _address(self._point())
        except KeyUnusable:
            self.close()
            raise
        except PIN_PROBLEMS as error:
            # Without `from`: nothing of the PIN leaves this method.
            raise KeyUnusable(
                self._where, f"the PIN in {self._settings.pin_file} does not open it: {_name(error)}"
            ) from None
        except errors.PKCS11Error as error:
            self.close()
            raise SignerAway(self._where, _name(error)) from None
        if self.address and found != self.address:
            self.close()
            raise KeyUnusable(self._where, f"its key is of {found}, not of {self.address}")
        self.address = found

    def _token(self) -> Any:
        module = str(self._settings.module)
        try:
            library = pkcs11.lib(module)
        except RuntimeError as error:
            raise KeyUnusable(self._where, f"the module cannot be loaded: {error}") from error
        try:
            token = library.get_token(token_label=self._settings.token)
        except errors.NoSuchToken:
            # Some modules look for tokens only when they are begun anew.
            library.reinitialize()
            token = library.get_token(token_label=self._settings.token)
        if Mechanism.ECDSA not in token.slot.get_mechanisms():
            raise KeyUnusable(self._where, "it cannot sign with ECDSA (CKM_ECDSA), so no secp256k1 key in it is of use")
        return token

    def _key(self, kind: ObjectClass) -> Any:
        """The one object of that kind with the label and id. Raises KeyUnusable: none, several, or another curve."""
        label, number = self._settings.label, self._settings.id
        wanted: dict[Attribute, Any] = {Attribute.CLASS: kind, Attribute.KEY_TYPE: KeyType.EC}
        if label is not None:
            wanted[Attribute.LABEL] = label
        if number is not None:
            wanted[Attribute.ID] = bytes.fromhex(number)
        name = " ".join(f"{what} {value!r}" for what, value in (("label", label), ("id", number)) if value is not None)
        half = "private" if kind is ObjectClass.PRIVATE_KEY else "public"
        found = list(self._session.get_objects(wanted))
        if not found:
            raise KeyUnusable(self._where, f"there is no {half} EC key with {name} in it")
        if len(found) > 1:
            raise KeyUnusable(
                self._where, f"there are {len(found)} {half} EC keys with {name}: name it by label and id"
            )
        if bytes(found[0][Attribute.EC_PARAMS]) != SECP256K1:
            text = f"the key with {name} is not on secp256k1 (OID 1.3.132.0.10), the only curve that accounts have"
            raise KeyUnusable(self._where, f"{text}; a token or module without that curve cannot hold a node's key")
        return found[0]

    def _point(self) -> bytes:
        """X and Y of the public key. Modules differ in whether the point is wrapped in DER."""
        point = bytes(self._key(ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT])
        point = point.removeprefix(DER_HEADER) if len(point) == len(DER_HEADER) + POINT_BYTES else point
        if len(point) != POINT_BYTES or point[0] != 4:
            raise KeyUnusable(self._where, "its public key is no uncompressed point of secp256k1")
        return point[1:]


def _address(point: bytes) -> str:
    return str(PublicKey(point).to_checksum_address())


def _name(error: Exception) -> str:
    return type(error).__name__
