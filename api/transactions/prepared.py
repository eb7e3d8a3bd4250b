"""What a prepared write shows: the very transactions that it would send, unsigned, and what they would do."""

from dataclasses import dataclass

from sqlmodel import Session

from api.chain_link import ChainLink
from api.clock import indexed_now
from api.errors import jsonable
from api.settings import Settings
from api.transactions import outbox, repository
from api.transactions.messages import message_for
from api.transactions.models import Transaction
from api.transactions.schemas import PreparedTransaction, PreparedView, UnsignedTransaction
from api.values import moment
from chain_node.client import Call, Chain
from chain_node.errors import ContractReverted

_HEADROOM_NUMERATOR, _HEADROOM_DENOMINATOR = 5, 4
SIGNATURE_SECONDS = 86_400
"""How long a message that is signed instead counts, by the chain's clock."""


@dataclass(frozen=True)
class Gathered:
    """An intent, with the nonce that would follow all that the gateway knows of its account."""

    intent: Transaction
    nonce: int


def gathered(session: Session, ids: list[str]) -> list[Gathered]:
    """The intents that the session has stored and will take back, in the order of sending."""
    connection, found = session.connection(), repository.by_ids(session, ids)
    free: dict[str, int] = {}
    for intent in found:
        known = (outbox.next_nonce(connection, intent.sender) or 0, outbox.following_open(connection, intent.sender))
        free.setdefault(intent.sender, max(known))
    return [Gathered(each, free[each.sender] + outbox.waiting_before(connection, each)) for each in found]


def prepared_view(session: Session, link: ChainLink, settings: Settings, found: list[Gathered]) -> PreparedView:
    """What would be sent, with the node's word on nonces and gas. The session is not written to."""
    chain, deadline = link.chain(), indexed_now(session) + SIGNATURE_SECONDS
    shift: dict[str, int] = {}
    for each in found:
        sender = each.intent.sender
        if sender not in shift:
            shift[sender] = max(0, chain.transaction_count(sender, "pending") - each.nonce)
    return PreparedView(
        transactions=[
            _prepared(chain, settings, each.intent, each.nonce + shift[each.intent.sender], deadline) for each in found
        ]
    )


def _prepared(
    chain: Chain, settings: Settings, transaction: Transaction, nonce: int, deadline: int
) -> PreparedTransaction:
    call = Call(transaction.to_address, transaction.data, transaction.function)  # type: ignore[arg-type]
    read = chain.read_call(call.to, call.data)
    message = message_for(chain, call, transaction.sender, deadline)
    return PreparedTransaction(
        purpose=transaction.purpose,
        subject_id=transaction.subject_id,
        function=transaction.function,
        arguments=jsonable(read.arguments) if read is not None else {},
        sender=transaction.sender,
        transaction=UnsignedTransaction(
            chainId=chain.chain_id,
            nonce=nonce,
            to=transaction.to_address,
            data="0x" + transaction.data.hex(),
            gas=_gas(chain, settings, call, transaction.sender),
            maxFeePerGas=settings.max_fee_per_gas,
            maxPriorityFeePerGas=settings.max_fee_per_gas,
        ),
        typed_data=message,
        typed_data_until=None if message is None else moment(deadline),
    )


def _gas(chain: Chain, settings: Settings, call: Call, sender: str) -> int:
    """A quarter more than it takes now; the most where it cannot be tried before the transactions ahead of it."""
    try:
        needed = chain.estimate_gas(call, sender)
    except ContractReverted:
        return settings.transaction_gas_limit
    return min(needed * _HEADROOM_NUMERATOR // _HEADROOM_DENOMINATOR, settings.transaction_gas_limit)
