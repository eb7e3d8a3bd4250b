"""Changes of a financing that both sides have to agree to: what was asked for, by whom, and what has become of it."""

from dataclasses import dataclass

from sqlmodel import Session

from api.auth.principal import Principal
from api.clock import indexed_now
from api.errors import NotFound
from api.figures import Figures, ask
from api.financings import repository, service
from api.financings.amendment_schemas import AmendmentState, AmendmentsView, AmendmentTermsView, AmendmentView
from api.financings.models import AmendmentWords, Consent, Financing
from api.values import day, hex32, moment, moment_or_none
from chain_node.client import Amendment, Chain


@dataclass(frozen=True)
class Given:
    """Whose consent stands now."""

    by_supplier: bool
    by_officer: bool


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


def require_of(session: Session, financing: Financing, amendment: str) -> None:
    """NotFound unless a side has agreed to such an amendment of the financing."""
    consent = repository.consent(session, amendment)
    if consent is None or consent.financing != financing.number:
        detail = f"Nobody has agreed to such an amendment of financing {financing.number}."
        raise NotFound("amendment-absent", detail, amendment=amendment)


def of_financing(session: Session, principal: Principal, chain: Chain, financing_id: str) -> AmendmentsView:
    """Those that a side has agreed to; NotFound where the financing is none of the caller's."""
    financing, now = service.find(session, principal, financing_id), indexed_now(session)
    found = repository.consents(session, financing.number)
    questions = [ask(chain.servicing, "consentOf", bytes.fromhex(its.amendment[2:])) for its, _ in found]
    answers = Figures.at(session, chain).answers(questions) if questions else []
    return AmendmentsView(
        items=[
            _view(financing, consent, words, Given(*given[:2]), now)
            for (consent, words), given in zip(found, answers, strict=True)
        ]
    )


def _view(
    financing: Financing, consent: Consent, words: AmendmentWords | None, given: Given, now: int
) -> AmendmentView:
    return AmendmentView(
        amendment=consent.amendment,
        state=_state(financing, consent, words, given, now),
        agreed_at=moment_or_none(consent.agreed_at if given.by_supplier else None),
        approved_at=moment_or_none(consent.approved_at if given.by_officer else None),
        carried_out_at=moment_or_none(consent.carried_out_at),
        terms=_terms(words) if words else None,
    )


def _state(
    financing: Financing, consent: Consent, words: AmendmentWords | None, given: Given, now: int
) -> AmendmentState:
    if consent.carried_out_at is not None:
        return "carried out"
    if words is not None:
        if (financing.facility, financing.maturity_day) != (words.facility, words.maturity_day):
            return "overtaken"
        if now > words.valid_until:
            return "expired"
    if not (given.by_supplier or given.by_officer):
        return "withdrawn"
    return "awaits supplier" if given.by_officer else "awaits credit officer"


def _terms(words: AmendmentWords) -> AmendmentTermsView:
    later, moves = words.new_maturity_day != words.maturity_day, words.new_facility != words.facility
    return AmendmentTermsView(
        maturity_date=day(words.new_maturity_day) if later else None,
        facility_id=str(words.new_facility) if moves else None,
        document=words.document,
        valid_until=moment(words.valid_until),
    )
