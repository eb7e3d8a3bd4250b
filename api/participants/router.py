"""/v1/participants: admission and the register."""

from typing import Annotated

from fastapi import Depends, Response

from api.deps import ChainDep, Principal, SessionDep, SignersDep, TransactionsDep, Written, gateway_router, requires
from api.documents.deps import ReaderKeysDep
from api.lists import Asked
from api.participants import directory, keyholding
from api.participants.admission import Admissions
from api.participants.listing import PARTICIPANTS
from api.participants.schemas import (
    AccountAdded,
    AdmittedView,
    KeyMove,
    KeyView,
    NewAccount,
    NewParticipant,
    ParticipantView,
)
from api.problems import READ_PROBLEMS, WRITE_PROBLEMS
from api.values import Lei, Page

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


@router.lists("", Page[ParticipantView], PARTICIPANTS, "List oneself and those one deals with, by LEI")
def participants(
    principal: Reader, session: SessionDep, asked: Annotated[Asked, Depends(PARTICIPANTS.asked)]
) -> Page[ParticipantView]:
    return directory.page(session, principal, asked)


@router.get("/{lei}", responses=READ_PROBLEMS, summary="See one organisation")
def participant(lei: Lei, principal: Reader, session: SessionDep) -> ParticipantView:
    return directory.view(session, principal, lei)


@router.get("/{lei}/signer", responses=READ_PROBLEMS, summary="See who signs for an organisation's account")
def key(lei: Lei, principal: Reader, session: SessionDep) -> KeyView:
    return keyholding.view(session, principal, lei)


@router.post(
    "/{lei}/signer", responses=WRITE_PROBLEMS, summary="Let a remote signer sign for an organisation (operator)"
)
def move_key(
    lei: Lei, body: KeyMove, principal: Admitter, session: SessionDep, chain: ChainDep, signers: SignersDep
) -> KeyView:
    return keyholding.KeyHolding(chain, signers).move(session, lei, body.remote_signer)
