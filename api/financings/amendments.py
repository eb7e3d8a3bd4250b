"""Changes of a financing that both sides have to agree to: what was asked for, by whom, and what has become of it."""

from typing import Literal

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.financings import repository, service
from api.financings.models import AmendmentWords, Consent, Financing
from api.financings.schemas import AmendmentsView, AmendmentTermsView, AmendmentView
from api.values import day, hex32, moment, moment_or_none
from chain_node.client import Amendment, Chain

State = Literal["awaits supplier", "awaits credit officer", "carried out", "overtaken", "expired"]


def remember(session: Session, chain: Chain, amendment: Amendment) -> None:
    """Keeps the words, which the chain keeps the digest of only, so that the other side can read and repeat them."""
    words = AmendmentWords(
        amendment=hex32(chain.servicing.amendment_hash(amendment)),
        facility=amendment.facility,
        maturity_day=amendment.maturity_day,
        new_facility=amendment.new_facility,
        new_maturity_day=amendment.new_maturity_day,
        document=hex32(amendment.document),
        valid_until=amendment.valid_until,
    )
    repository.remember_words(session, words)


def of_financing(session: Session, principal: Principal, financing_id: str) -> AmendmentsView:
    """Those that one side at least has agreed to; NotFound where the financing is none of the caller's."""
    financing, now = service.find(session, principal, financing_id), indexed_now(session)
    found = repository.consents(session, financing.number)
    return AmendmentsView(items=[_view(financing, consent, words, now) for consent, words in found])


def _view(financing: Financing, consent: Consent, words: AmendmentWords | None, now: int) -> AmendmentView:
    return AmendmentView(
        amendment=consent.amendment,
        state=_state(financing, consent, words, now),
        agreed_at=moment_or_none(consent.agreed_at),
        approved_at=moment_or_none(consent.approved_at),
        carried_out_at=moment_or_none(consent.carried_out_at),
        terms=_terms(words) if words else None,
    )


def _state(financing: Financing, consent: Consent, words: AmendmentWords | None, now: int) -> State:
    if consent.carried_out_at is not None:
        return "carried out"
    if words is not None:
        if (financing.facility, financing.maturity_day) != (words.facility, words.maturity_day):
            return "overtaken"
        if now > words.valid_until:
            return "expired"
    return "awaits credit officer" if consent.approved_at is None else "awaits supplier"


def _terms(words: AmendmentWords) -> AmendmentTermsView:
    later, moves = words.new_maturity_day != words.maturity_day, words.new_facility != words.facility
    return AmendmentTermsView(
        maturity_date=day(words.new_maturity_day) if later else None,
        facility_id=str(words.new_facility) if moves else None,
        document=words.document,
        valid_until=moment(words.valid_until),
    )
