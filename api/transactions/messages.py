"""What may be signed instead of a transaction: messages (EIP-712) that a contract takes from whoever relays them.

One entry each: how the call that somebody would send becomes the message that it may sign, and how the signed message
becomes the call that is relayed. The message says who signs and until when, so that nothing has to be remembered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data

from api.errors import Forbidden, Malformed
from chain_node.client import Acceptance, Call, Chain, acceptance_typed_data

Json = dict[str, Any]
RELAY = "office:servicer"
_PERMIT: Final = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
}


@dataclass(frozen=True)
class Relayed:
    """A signed message: who signed it, the call that brings it to its contract, and what it is about."""

    signer: str
    call: Call
    purpose: str
    subject_id: str | None


@dataclass(frozen=True)
class _Kind:
    write: Callable[[Chain, Json, str, str, int], Json]
    """The message from the chain, the call's arguments, its address, who signs, and until when."""
    read: Callable[[Chain, Json, str, bytes], Relayed]
    """What is relayed, from the chain, the message, its contract's address, and the signature."""


def message_for(chain: Chain, call: Call, signer: str, deadline: int) -> Json | None:
    """What `signer` may sign instead of sending the call, until `deadline` (Unix seconds); None where nothing is."""
    kind = _BY_FUNCTION.get(call.function)
    read = chain.read_call(call.to, call.data)
    if kind is None or read is None:
        return None
    message: Json = as_json(kind.write(chain, read.arguments, call.to, signer, deadline))
    return message


def relayed(chain: Chain, given: Json, signature: bytes) -> Relayed:
    """What a message and its signature ask for; Malformed where it is none that we relay or is another than we would
    have prepared, Forbidden where another signed it than it says."""
    kind = _BY_TYPE.get(str(given.get("primaryType")))
    domain = given.get("domain")
    message = given.get("message")
    if kind is None or not isinstance(domain, dict) or not isinstance(message, dict):
        raise _unknown()
    address = str(domain.get("verifyingContract"))
    try:
        found = kind.read(chain, message, address, signature)
        known = kind.write(chain, _numbers(message), address, found.signer, int(message["deadline"]))
        same = as_json(known)["domain"] == as_json(domain) and as_json(known)["message"] == as_json(message)
        recovered = Account.recover_message(encode_typed_data(full_message=known), signature=signature)
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise _unknown() from error
    if not same:
        raise _unknown()
    if recovered != found.signer:
        raise Forbidden("signature-of-another", f"The signature is not that of {found.signer}.", signer=found.signer)
    return found


def as_json(value: Any) -> Any:
    """Whole numbers as text, as wallets take them; bytes as hexadecimal."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {name: as_json(item) for name, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value


def _unknown() -> Malformed:
    detail = "That is not a message which a write with `prepare=true` gives to be signed, or it was changed."
    return Malformed("message-unknown", detail)


def _numbers(message: Json) -> Json:
    """Text that is a whole number as that."""
    return {k: int(v) if isinstance(v, str) and v.isdecimal() else v for k, v in message.items()}


def _write_acceptance(chain: Chain, told: Json, address: str, signer: str, deadline: int) -> Json:
    its = told.get("acceptance", told)
    acceptance = Acceptance(
        id=its["id"],
        face_value=its["faceValue"],
        quantity=its["quantity"],
        due_date=its["dueDate"],
        waive_set_off=its["waiveSetOff"],
        signer=signer,
        deadline=deadline,
    )
    return acceptance_typed_data(chain.chain_id, chain.receivables.address, acceptance)


def _read_acceptance(chain: Chain, message: Json, address: str, signature: bytes) -> Relayed:
    its = _numbers(message)
    call = chain.receivables.accept_by_signature(
        id=its["id"],
        face_value=its["faceValue"],
        quantity=its["quantity"],
        due_date=its["dueDate"],
        waive_set_off=its["waiveSetOff"],
        signer=str(its["signer"]),
        deadline=its["deadline"],
        signature=signature,
    )
    return Relayed(str(its["signer"]), call, "accept invoice by signature", f"0x{its['id']:064x}")


def _write_permit(chain: Chain, told: Json, address: str, signer: str, deadline: int) -> Json:
    cash = _cash_at(chain, address)
    domain = {"name": cash.read("name")[0], "version": "1", "chainId": chain.chain_id, "verifyingContract": address}
    (nonce,) = cash.read("nonces", signer)
    allowed = {name: told[name] for name in ("spender", "value")}
    message = {"owner": signer, **allowed, "nonce": nonce, "deadline": deadline}
    return {"types": _PERMIT, "primaryType": "Permit", "domain": domain, "message": message}


def _read_permit(chain: Chain, message: Json, address: str, signature: bytes) -> Relayed:
    its, cash = _numbers(message), _cash_at(chain, address)
    r, s, v = signature[:32], signature[32:64], signature[64]
    call = cash.permit(its["owner"], its["spender"], its["value"], its["deadline"], v, r, s)
    return Relayed(str(its["owner"]), call, "allow by signature", None)


def _cash_at(chain: Chain, address: str) -> Any:
    """The token of ours at an address; ValueError for any other."""
    for currency in chain.addresses.currencies():
        if chain.cash(currency).address == address:
            return chain.cash(currency)
    raise ValueError("no cash of this network")


_ACCEPTANCE = _Kind(_write_acceptance, _read_acceptance)
_ALLOWANCE = _Kind(_write_permit, _read_permit)
_BY_FUNCTION: Final = {"ReceivableToken.accept": _ACCEPTANCE, "CashToken.approve": _ALLOWANCE}
_BY_TYPE: Final = {"Acceptance": _ACCEPTANCE, "Permit": _ALLOWANCE}
