"""Signs EIP-1559 transactions. Its own encoder, since at hundreds of writes a second eth-account's checks of its own
input would cost more than the signature; a test compares the two."""

from dataclasses import dataclass, field

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from api.remote_signing import RemoteAccount
from api.signers import Signer
from chain_node.client.signing import transaction_fields

_TYPE = b"\x02"


@dataclass(frozen=True)
class SignedBytes:
    raw: bytes = field(repr=False)
    hash: str


def _headed(body: bytes, short: int) -> bytes:
    """RLP: a length up to 55 fits into the first byte, a longer one follows it."""
    if len(body) <= 55:
        return bytes((short + len(body),)) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((short + 55 + len(length),)) + length + body


def _item(value: bytes | int) -> bytes:
    if isinstance(value, int):
        value = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return value if len(value) == 1 and value[0] < 0x80 else _headed(value, 0x80)


_NO_ACCESS_LIST = _headed(b"", 0xC0)


def sign(
    signer: Signer | RemoteAccount, *, chain_id: int, nonce: int, gas: int, fee_per_gas: int, to: str, data: bytes
) -> SignedBytes:
    """A transaction without value. Fees are wei per gas, the same as limit and as tip: the network is its own miner.

    SignerAway, SignerRefused where the key lies at a remote signer."""
    if isinstance(signer, RemoteAccount):
        where = to_checksum_address(to)
        asked = transaction_fields(where, data, nonce=nonce, gas=gas, chain_id=chain_id, fee_per_gas=fee_per_gas)
        signed = signer.transaction(asked)
        return SignedBytes(signed.raw, "0x" + signed.hash.hex())
    fields = (chain_id, nonce, fee_per_gas, fee_per_gas, gas, bytes.fromhex(to[2:]), 0, data)
    payload = b"".join(_item(value) for value in fields) + _NO_ACCESS_LIST
    parity, r, s = signer.sign(keccak(_TYPE + _headed(payload, 0xC0)))
    raw = _TYPE + _headed(payload + _item(parity) + _item(r) + _item(s), 0xC0)
    return SignedBytes(raw, "0x" + keccak(raw).hex())
