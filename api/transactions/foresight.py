"""Asks a remote signer before an intent is stored: one that is away, or refuses, refuses the write.

It signs the transaction with the nonce that is foreseen; the sender, who alone gives out nonces, finds the signature
kept where it was right, and otherwise asks anew. So nothing has a nonce that is not signed, and no nonce is left out.
"""

from dataclasses import dataclass

from sqlmodel import Session

from api.chain_link import ChainLink
from api.errors import of_chain
from api.remote_signing import REMOTE
from api.signers import Signers
from api.transactions import outbox
from api.transactions.signing import sign
from chain_node.client import Call
from chain_node.errors import ChainError
from chain_node.remote_signer.errors import SignerAway, SignerRefused


@dataclass(frozen=True)
class Foresight:
    """`fee_per_gas` in wei."""

    link: ChainLink
    signers: Signers
    fee_per_gas: int

    def require_signature(self, session: Session, signer: str, call: Call, gas: int) -> None:
        """Unavailable where the signer is away or answers something else, Forbidden where it refuses. Nothing to ask
        where its key lies with the gateway."""
        if not signer.startswith(REMOTE):
            return
        account = self.signers.remote.get(signer)
        nonce = self._nonce(session, account.address)
        try:
            sign(
                account,
                chain_id=self.link.chain().chain_id,
                nonce=nonce,
                gas=gas,
                fee_per_gas=self.fee_per_gas,
                to=call.to,
                data=bytes(call.data),
            )
        except (SignerAway, SignerRefused) as error:
            raise account.told(error) from error

    def _nonce(self, session: Session, sender: str) -> int:
        """As the sender will reckon, which asks the chain where a lane is idle."""
        connection = session.connection()
        following = outbox.next_nonce(connection, sender) or 0
        under_way, waiting = outbox.under_way_and_waiting(connection, sender)
        if not under_way:
            try:
                following = max(following, self.link.chain().transaction_count(sender, "pending"))
            except ChainError as error:
                raise of_chain(error) from error
        return following + waiting
