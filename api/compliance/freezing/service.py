"""Freezing and unfreezing accounts on chain. Frozen money stays where it is; what falls due is parked."""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from sqlmodel import Session, col, select

from api.acting import Acting
from api.compliance.decisions import decided
from api.compliance.freezing.models import FreezeRecord
from api.compliance.freezing.schemas import (
    FreezeRecordView,
    FreezeRequest,
    FreezesView,
    FreezesWritten,
    UnfreezeRequest,
)
from api.compliance.screening import service as screening
from api.errors import Conflict, NotFound
from api.participants import service as participants
from api.participants.models import Account
from api.participants.schemas import AccountView
from api.transactions.schemas import transaction_views

REGISTRAR = "office:registrar"


@dataclass(frozen=True)
class Frozen:
    """What was asked of the chain."""

    lei: str
    transactions: list[str]

    def view(self, session: Session) -> FreezesWritten:
        seen = freezes(session, self.lei)
        return FreezesWritten(**seen.model_dump(), transactions=transaction_views(session, self.transactions))


def freeze(acting: Acting, lei: str, asked: FreezeRequest) -> Frozen:
    """Freezes the accounts that are not; Conflict where all are, or the hit is not a confirmed one on it."""
    if asked.hit_id is not None:
        _require_confirmed(acting.session, lei, asked.hit_id)
    return _set(acting, lei, asked.account, True, asked.reason, asked.hit_id)


def unfreeze(acting: Acting, lei: str, asked: UnfreezeRequest) -> Frozen:
    return _set(acting, lei, asked.account, False, asked.reason, None)


def freezes(session: Session, lei: str) -> FreezesView:
    accounts = _accounts(session, lei)
    records = session.exec(
        select(FreezeRecord).where(FreezeRecord.lei == lei).order_by(col(FreezeRecord.id).desc())
    ).all()
    return FreezesView(
        lei=lei,
        accounts=[AccountView(address=account.address, frozen=account.frozen) for account in accounts],
        records=[FreezeRecordView(**record.model_dump(exclude={"id", "lei", "transactions"})) for record in records],
    )


def _set(acting: Acting, lei: str, only: str | None, frozen: bool, reason: str, hit_id: str | None) -> Frozen:
    accounts = _accounts(acting.session, lei)
    if only is not None:
        accounts = [account for account in accounts if account.address == to_checksum_address(only)]
        if not accounts:
            raise NotFound("account-absent", f"{only} is not an account of {lei}.", lei=lei, account=only)
    due = [account.address for account in accounts if account.frozen is not frozen]
    if not due:
        state = "frozen already" if frozen else "not frozen"
        raise Conflict(f"account-{state.replace(' ', '-')}", f"The accounts of {lei} are {state}.", lei=lei)
    registry, purpose = acting.chain.registry, "freeze account" if frozen else "unfreeze account"
    calls = [registry.freeze_account(each) if frozen else registry.unfreeze_account(each) for each in due]
    sent = [acting.by_office(REGISTRAR, call, purpose, lei, owner_lei=lei).id for call in calls]
    acting.session.add(
        FreezeRecord(
            lei=lei,
            frozen=frozen,
            client=acting.principal.client_id,
            reason=reason,
            hit_id=hit_id,
            accounts=due,
            transactions=sent,
        )
    )
    decided(acting.session, acting.principal, purpose, lei, "frozen" if frozen else "unfrozen", reason)
    return Frozen(lei, sent)


def _require_confirmed(session: Session, lei: str, hit_id: str) -> None:
    hit = screening.find(session, hit_id)
    if hit.lei != lei or hit.state != "confirmed":
        detail = f"Hit {hit.id} is {hit.state} and about {hit.lei}; a confirmed one on {lei} is needed."
        raise Conflict("hit-not-confirmed", detail, id=hit.id, state=hit.state, lei=hit.lei)


def _accounts(session: Session, lei: str) -> list[Account]:
    number = participants.number_of(session, lei)
    if number is None:
        raise NotFound("participant-absent", f"There is no participant {lei}.", lei=lei)
    chosen = select(Account).where(Account.organisation == number).order_by(col(Account.address))
    return list(session.exec(chosen))
