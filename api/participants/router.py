"""/v1/participants: admission and the register."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import ChainDep, Principal, SessionDep, SignersDep, TransactionsDep, Written, gateway_router, requires
from api.documents.deps import ReaderKeysDep
from api.participants import directory
from api.participants.admission import Admissions
from api.participants.schemas import AccountAdded, AdmittedView, NewAccount, NewParticipant, ParticipantView
from api.problems import READ_PROBLEMS
from api.values import Before, Lei, Limit, Page

router = gateway_router("/v1/participants", "participants")
Reader = Annotated[Principal, Depends(requires("participants:read"))]
Admitter = Annotated[Principal, Depends(requires("participants:write"))]


async def _admissions(
    chain: ChainDep, transactions: TransactionsDep, signers: SignersDep, reader_keys: ReaderKeysDep
) -> Admissions:
    return Admissions(chain, transactions, signers, reader_keys)


AdmissionsDep = Annotated[Admissions, Depends(_admissions)]


@router.write("", AdmittedView, "Admit an organisation and open the gateway to it (operator)")
def admit(body: NewParticipant, principal: Admitter, session: SessionDep, admissions: AdmissionsDep) -> Response:
    return Written(session, admissions.admit(session, body).view)


@router.write("/{lei}/accounts", AccountAdded, "Admit one more account of an organisation (operator)")
def add_account(
    lei: Lei, body: NewAccount, principal: Admitter, session: SessionDep, admissions: AdmissionsDep
) -> Response:
    return Written(session, admissions.add_account(session, lei, body.account).view)


@router.get("", responses=READ_PROBLEMS, summary="List oneself and those one deals with, by LEI")
def participants(
    principal: Reader, session: SessionDep, before: Before = None, limit: Limit = 50
) -> Page[ParticipantView]:
    return directory.page(session, principal, before, limit)


@router.get("/{lei}", responses=READ_PROBLEMS, summary="See one organisation")
def participant(lei: Lei, principal: Reader, session: SessionDep) -> ParticipantView:
    return directory.view(session, principal, lei)
