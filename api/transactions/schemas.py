"""Transactions as the API shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlmodel import Session

from api import examples
from api.examples import shown
from api.transactions.models import SUBMITTED, Transaction
from api.transactions.outbox import T

UNSIGNED: dict[str, Any] = {
    "type": 2,
    "chainId": 412_346,
    "nonce": 7,
    "to": examples.ACCOUNT,
    "value": 0,
    "data": "0x2c4e722e",
    "gas": 120_000,
    "maxFeePerGas": 0,
    "maxPriorityFeePerGas": 0,
}
PREPARED: dict[str, Any] = {
    "purpose": "cancel invoice",
    "subject_id": examples.RECEIVABLE,
    "function": "ReceivableToken.cancel",
    "arguments": {"id": str(int(examples.RECEIVABLE, 16))},
    "sender": examples.ACCOUNT,
    "transaction": UNSIGNED,
    "typed_data": None,
    "typed_data_until": None,
}
RAW = "0x02f8" + "5a" * 110
HANDED_IN: dict[str, Any] = {"raw": RAW, "purpose": "accept invoice"}
MESSAGE: dict[str, Any] = {
    "types": {},
    "primaryType": "Acceptance",
    "domain": {"name": "Portolan ReceivableToken", "version": "1"},
    "message": {},
}


class TransactionView(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown(examples.transaction("issue cash")))

    id: str
    status: str = Field(description="pending, sent, then mined, reverted, replaced or failed")
    purpose: str
    subject_id: str | None
    hash: str | None
    block_number: int | None
    gas_used: int | None
    error: dict[str, Any] | None = Field(description="why the contract refused: name, detail, context")
    created_at: datetime
    trace_id: str | None = Field(description="of the request that caused it, as in its `traceparent`")

    @classmethod
    def of(cls, transaction: Transaction) -> "TransactionView":
        return cls.model_validate(transaction, from_attributes=True)


class UnsignedTransaction(BaseModel):
    """Exactly what is to be signed: the fields of an EIP-1559 transaction, by the names that wallets and
    `eth_account.Account.sign_transaction` take. `nonce` is what follows all that is known of the account."""

    model_config = ConfigDict(json_schema_extra=shown(UNSIGNED))

    type: Literal[2] = 2
    chainId: int  # noqa: N815 - wallets call it so, as the following
    nonce: int
    to: str
    value: Literal[0] = 0
    data: str
    gas: int
    maxFeePerGas: int  # noqa: N815
    maxPriorityFeePerGas: int  # noqa: N815


class PreparedTransaction(BaseModel):
    """A transaction that a write would send: what it would do, in the contract's words, and what is to be signed.

    Where the contract takes a signature instead, `typed_data` is that message (EIP-712, whole numbers as text)."""

    model_config = ConfigDict(json_schema_extra=shown(PREPARED))

    purpose: str
    subject_id: str | None
    function: str
    arguments: dict[str, Any]
    sender: str = Field(description="the account that has to sign")
    transaction: UnsignedTransaction
    typed_data: dict[str, Any] | None
    typed_data_until: datetime | None = Field(description="until when its signature counts, by the chain's clock")


class PreparedView(BaseModel):
    """What a write with `prepare=true` answers: nothing was stored or sent. In the order in which they are to be sent;
    the first was tried against the present state."""

    model_config = ConfigDict(json_schema_extra=shown({"transactions": [PREPARED]}))

    transactions: list[PreparedTransaction]


class SignedTransaction(BaseModel):
    """A transaction, as prepared or made otherwise, signed by an account of the caller's organisation."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=shown(HANDED_IN))

    raw: Annotated[str, StringConstraints(pattern=r"^0x([0-9a-f]{2})+$", max_length=131_072)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    subject_id: Annotated[str, StringConstraints(max_length=100)] | None = None


class SignedMessage(BaseModel):
    """A message (EIP-712) as a prepared write gave it, and its signature: r, s and v. The operator relays it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=shown({"typed_data": MESSAGE, "signature": "0x" + "5a" * 65})
    )

    typed_data: dict[str, Any]
    signature: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{130}$")]


class TransactionPage(BaseModel):
    model_config = ConfigDict(json_schema_extra=shown({"items": [examples.transaction("issue cash")], "next": "41"}))

    items: list[TransactionView]
    next: str | None = Field(description="pass as `cursor` for what follows; null at the end")


_FIELDS = tuple(TransactionView.model_fields)
_VIEWED = select(*(T.c[name] for name in _FIELDS)).order_by(T.c.sequence)


def transaction_views(session: Session, ids: list[str]) -> list[TransactionView]:
    """The transactions of a write, as they are now, in the order in which they were made."""
    submitted = session.info.get(SUBMITTED, {})
    if all(id_ in submitted for id_ in ids):  # by this very session: nobody else has seen them yet
        made = [transaction for id_, transaction in submitted.items() if id_ in ids]
        return [TransactionView.model_construct(**{n: getattr(each, n) for n in _FIELDS}) for each in made]
    rows = session.connection().execute(_VIEWED.where(T.c.id.in_(ids)))
    return [TransactionView.model_construct(**row) for row in rows.mappings()]
