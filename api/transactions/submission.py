"""Takes signed transactions back from organisations that keep their own key. They are sent as they are, once, and
followed like any other."""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from rlp.exceptions import RLPException  # type: ignore[import-untyped]
from sqlmodel import Session

from api.auth.principal import Principal
from api.errors import Conflict, Forbidden, Malformed
from api.participants import service as participants
from api.transactions import messages, outbox, repository
from api.transactions.models import Transaction
from api.transactions.preparing import outside_signer
from api.transactions.schemas import SignedMessage, SignedTransaction
from api.transactions.service import Transactions
from chain_node.client import Call, Chain

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RLPException)
_MOST_AHEAD = 100
"""How far a nonce may be ahead of what is in blocks."""


@dataclass(frozen=True)
class _Signed:
    """What the bytes say. `fee` in wei per gas."""

    raw: bytes
    hash: str
    sender: str
    to: str
    data: bytes
    value: int
    nonce: int
    gas: int
    fee: int
    chain_id: int


@dataclass(frozen=True)
class Submission:
    """What taking back takes."""

    chain: Chain
    transactions: Transactions

    def take(self, session: Session, principal: Principal, given: SignedTransaction | SignedMessage) -> str:
        """Stores what was signed to be sent; the transaction's id."""
        if isinstance(given, SignedMessage):
            return self._relay(session, principal, given)
        return self._send(session, principal, given)

    def _send(self, session: Session, principal: Principal, given: SignedTransaction) -> str:
        """The transaction as it is; the same id for the same bytes."""
        signed = _read(bytes.fromhex(given.raw[2:]))
        call = self._require_ours(signed)
        self._require_own_account(session, principal, signed.sender)
        self._lock_lane(session, signed.sender)
        known = repository.by_hash(session, signed.hash)
        if known is not None:
            return self.transactions.follow(session, known)
        self._require_free(session, signed)
        if signed.nonce == self.chain.transaction_count(signed.sender, "pending"):
            self.transactions.require_possible(call, signed.sender)
        transaction = Transaction(
            signer=outside_signer(signed.sender),
            sender=signed.sender,
            owner_lei=principal.organisation(),
            purpose=given.purpose or f"own call of {call.function}",
            subject_id=given.subject_id,
            to_address=call.to,
            data=signed.data,
            function=call.function,
            gas=signed.gas,
            nonce=signed.nonce,
            hash=signed.hash,
            raw=signed.raw,
            fee_per_gas=signed.fee,
        )
        return self.transactions.submit_signed(session, transaction)

    def _relay(self, session: Session, principal: Principal, given: SignedMessage) -> str:
        """Has an office bring a signed message to its contract; the transaction's id."""
        found = messages.relayed(self.chain, given.typed_data, bytes.fromhex(given.signature[2:]))
        self._require_own_account(session, principal, found.signer)
        submitted = self.transactions.submit(
            session,
            signer=messages.RELAY,
            call=found.call,
            owner_lei=principal.organisation(),
            purpose=found.purpose,
            subject_id=found.subject_id,
        )
        return submitted.id

    def _require_ours(self, signed: _Signed) -> Call:
        """The call of one of our contracts that it is; Malformed where it is anything else."""
        if signed.chain_id != self.chain.chain_id:
            detail = f"The transaction is for chain {signed.chain_id}; this network is chain {self.chain.chain_id}."
            raise Malformed("chain-id-differs", detail, chain_id=signed.chain_id, expected=self.chain.chain_id)
        read = self.chain.read_call(signed.to, signed.data)
        if read is None or not read.writes:
            detail = "The transaction does not call a function of the network's contracts."
            raise Malformed("call-unknown", detail, to=signed.to)
        if signed.value:
            raise Malformed("value-not-zero", "The network's contracts take no coins with a call.", value=signed.value)
        return read.call

    @staticmethod
    def _require_own_account(session: Session, principal: Principal, account: str) -> None:
        if account not in participants.accounts_of(session, principal.organisation()):
            detail = f"The account {account}, which signed, is none of your organisation's."
            raise Forbidden("account-of-another", detail, account=account)

    @staticmethod
    def _lock_lane(session: Session, account: str) -> None:
        """Until the request ends, so that of two transactions with one nonce the second sees the first. Conflict where
        the account's nonces are not its organisation's to give."""
        connection = session.connection()
        outbox.open_lane(connection, outbox.Lane(account, outside_signer(account)), 0)
        outbox.lock_lane(connection, account)
        if participants.signer_of_account(session, account) is not None:
            detail = "The gateway signs for this account; leave its nonces to it, and write without `prepare`."
            raise Conflict("key-kept-by-gateway", detail, account=account)

    def _require_free(self, session: Session, signed: _Signed) -> None:
        """Conflict where the nonce is not free, or too far ahead."""
        connection = session.connection()
        used = self.chain.transaction_count(signed.sender)
        holder = outbox.holder_of(connection, signed.sender, signed.nonce)
        if signed.nonce < used or holder is not None:
            free = max(used, outbox.following_open(connection, signed.sender))
            detail = f"The nonce {signed.nonce} of {signed.sender} is used; {free} is free."
            raise Conflict("nonce-used", detail, nonce=signed.nonce, free=free)
        if signed.nonce > used + _MOST_AHEAD:
            detail = f"The nonce {signed.nonce} is too far ahead; the account has sent {used} transactions."
            raise Conflict("nonce-too-far-ahead", detail, nonce=signed.nonce, used=used)


def _read(raw: bytes) -> _Signed:
    """Malformed where the bytes are no signed EIP-1559 transaction that calls something."""
    try:
        if raw[:1] != b"\x02":
            raise ValueError("another type")
        its: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        return _Signed(
            raw=raw,
            hash="0x" + keccak(raw).hex(),
            sender=Account.recover_transaction(raw),
            to=to_checksum_address(its["to"]),
            data=bytes(HexBytes(its["data"])),
            value=int(its["value"]),
            nonce=int(its["nonce"]),
            gas=int(its["gas"]),
            fee=int(its["maxFeePerGas"]),
            chain_id=int(its["chainId"]),
        )
    except _UNREADABLE as error:
        detail = "These bytes are not a signed EIP-1559 transaction (type 2) to a contract."
        raise Malformed("transaction-unreadable", detail) from error
