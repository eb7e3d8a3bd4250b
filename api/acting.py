"""Who acts, with all that a write takes: by the account of its own organisation, or by an office of the operator."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlmodel import Session

from api.auth.principal import Principal
from api.edge import Written
from api.errors import of_chain, of_revert
from api.participants import service as participants
from api.transactions.models import Transaction
from api.transactions.service import Transactions
from chain_node.client import Call, Chain
from chain_node.errors import ChainError, ContractReverted


@dataclass(frozen=True)
class Acting:
    """A caller of one write."""

    session: Session
    transactions: Transactions
    chain: Chain
    principal: Principal

    @property
    def lei(self) -> str:
        """Of the organisation it acts for; Forbidden where there is none."""
        return self.principal.organisation()

    @property
    def account(self) -> str:
        """By which that organisation acts."""
        return participants.acting_account(self.session, self.lei)

    def by_itself(self, call: Call, purpose: str, subject_id: str, after: Transaction | None = None) -> Transaction:
        """Sent by the caller's own account; Conflict where the gateway has no key of it."""
        signer = participants.signer_of(self.session, self.lei)
        return self._submit(signer, self.lei, call, purpose, subject_id, after)

    def require_possible(self, call: Call, *but_for: str) -> None:
        """Tries a call that is to follow a step which has not been taken yet, e.g. an allowance. The contract's reason
        as a GatewayError, unless it is for want of just that step: an error named in `but_for`."""
        try:
            self.chain.simulate(call, self.account)
        except ContractReverted as reverted:
            if reverted.name not in but_for:
                raise of_revert(reverted) from reverted
        except ChainError as error:
            raise of_chain(error) from error

    def by_office(
        self,
        office: str,
        call: Call,
        purpose: str,
        subject_id: str | None = None,
        *,
        owner_lei: str | None = None,
        after: Transaction | None = None,
    ) -> Transaction:
        """Sent by an office of the operator; `owner_lei` sees it among its own transactions."""
        return self._submit(office, owner_lei, call, purpose, subject_id, after)

    def as_anyone(self, office: str, call: Call, purpose: str, subject_id: str) -> Transaction:
        """What anyone may do: by the caller's own account, by the office where the operator asks."""
        if self.principal.is_operator:
            return self.by_office(office, call, purpose, subject_id)
        return self.by_itself(call, purpose, subject_id)

    def written(self, view: Callable[[Session], Any]) -> Written:
        """The answer, rendered once now and once more when the caller waited for the chain."""
        return Written(self.session, view)

    def _submit(
        self,
        signer: str,
        owner_lei: str | None,
        call: Call,
        purpose: str,
        subject_id: str | None,
        after: Transaction | None,
    ) -> Transaction:
        return self.transactions.submit(
            self.session,
            signer=signer,
            call=call,
            owner_lei=owner_lei,
            purpose=purpose,
            subject_id=subject_id,
            after=after,
        )


class Desk(ABC):
    """One caller before one thing that it may see, with what it may do to it."""

    def __init__(self, acting: Acting, thing_id: str) -> None:
        self.acting, self.chain, self.thing_id = acting, acting.chain, thing_id

    @abstractmethod
    def written(self, session: Session, transaction_ids: list[str]) -> BaseModel:
        """The thing as the database has it now, with the transactions that change it."""

    def answer(self, transaction_ids: list[str]) -> Written:
        return self.acting.written(lambda session: self.written(session, transaction_ids))
