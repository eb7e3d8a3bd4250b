"""The life of an application: submitted, in review, approved or rejected, admitted on chain."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, select

from api.auth.principal import Principal
from api.clock import indexed_now
from api.compliance.decisions import decided
from api.compliance.onboarding import repository
from api.compliance.onboarding.models import Application, Owner, Paper, new_id
from api.compliance.onboarding.schemas import (
    ApplicantAdmitted,
    ApplicationDecision,
    ApplicationView,
    NewApplication,
    OwnerView,
    PaperView,
)
from api.compliance.personal import Personal
from api.compliance.screening import service as screening
from api.compliance.screening.names import normalised
from api.compliance.screening.sweep import screen_now
from api.compliance.settings import ComplianceSettings
from api.db import utc_now
from api.documents.readers import public_key_of
from api.documents.service import Content, Documents
from api.errors import Conflict, Malformed, NotFound
from api.lists import Asked
from api.participants import service as participants
from api.participants.admission import Admissions
from api.participants.keyholding import KeyHolding
from api.participants.schemas import NewParticipant
from api.values import Page, moment


@dataclass(frozen=True)
class Onboarding:
    """What onboarding takes; one caller within one session."""

    session: Session
    principal: Principal
    personal: Personal
    settings: ComplianceSettings

    def submit(self, asked: NewApplication, keys: Callable[[], KeyHolding]) -> ApplicationView:
        """Takes an application and screens it; Conflict where the organisation takes part or waits already. A document
        key, and a remote signer, have to be what they would have to be at its admission: the signer is asked."""
        _require_sound(asked)
        if participants.number_of(self.session, asked.lei) is not None:
            raise Conflict("organisation-exists", f"{asked.lei} is already a participant.", lei=asked.lei)
        waiting = repository.standing(self.session, asked.lei)
        if waiting is not None:
            detail = f"{asked.lei} has applied already; that application is {waiting.state}."
            raise Conflict("application-exists", detail, id=waiting.id, state=waiting.state)
        if asked.document_key is not None:
            public_key_of(asked.lei, asked.document_key)
        if asked.remote_signer is not None:
            keys().of_new(asked)
        application = Application(
            lei=asked.lei,
            legal_name=asked.name,
            asked=asked.model_dump(mode="json", exclude={"owners"}),
            submitted_by=self.principal.client_id,
        )
        self.session.add(application)
        self.session.add_all(self._owner(application, told.model_dump(mode="json")) for told in asked.owners)
        self.session.flush()
        self._screen(application)
        return self.view(application)

    def _owner(self, application: Application, told: dict[str, Any]) -> Owner:
        owner_id = new_id("own")
        person = self.personal.digest("person", normalised(told["name"]), told["birth_date"] or "")
        sealed = self.personal.seal(told, owner_id)
        return Owner(id=owner_id, application_id=application.id, lei=application.lei, person=person, sealed=sealed)

    def file(
        self, application_id: str, documents: Documents, content: Content, kind: str, expires_on: date | None
    ) -> ApplicationView:
        """Files a paper; an older one of its kind no longer counts. Malformed where it has expired already."""
        application = self.find(application_id)
        if application.state == "rejected":
            raise _in_state(application)
        if not content.data:
            raise Malformed("document-empty", "The request has no body: send the document itself.")
        today = moment(indexed_now(self.session)).date()
        if expires_on is not None and expires_on <= today:
            detail = f"The document expired on {expires_on}; it is {today} on the network."
            raise Malformed("document-expired", detail, expires_on=str(expires_on), today=str(today))
        sealed = documents.seal(content)
        documents.record(self.session, sealed, application.lei, {})
        for older in repository.papers(self.session, [application.id]):
            if older.kind == kind and not older.replaced:
                older.replaced = True
                self.session.add(older)
        self.session.add(
            Paper(
                application_id=application.id,
                lei=application.lei,
                kind=kind,
                cid=sealed.cid,
                expires_on=expires_on,
                uploaded_by=self.principal.client_id,
            )
        )
        self.session.flush()
        return self.view(application)

    def review(self, application_id: str) -> ApplicationView:
        application = self._in_state(application_id, "submitted")
        application.state, application.reviewed_by = "in-review", self.principal.client_id
        self.session.add(application)
        return self.view(application)

    def decide(self, application_id: str, asked: ApplicationDecision) -> ApplicationView:
        """Approves or rejects. Approval is refused while a required paper is missing, a hit is undecided, or one is
        confirmed."""
        application = self._in_state(application_id, "in-review")
        if self.settings.four_eyes and self.principal.client_id == application.submitted_by:
            detail = "Whoever submitted an application may not decide on it; another client has to."
            raise Conflict("four-eyes", detail, submitted_by=application.submitted_by)
        if asked.decision == "approved":
            self._screen(application)
            self._require_clear(application)
        application.state, application.reason = asked.decision, asked.reason
        application.decided_by, application.decided_at = self.principal.client_id, utc_now()
        self.session.add(application)
        decided(self.session, self.principal, "application decided", application.id, asked.decision, asked.reason)
        return self.view(application)

    def admit(self, application_id: str, admissions: Admissions) -> "Admitted":
        """Admits an approved applicant on chain, as POST /v1/participants does."""
        application = self._in_state(application_id, "approved")
        self._screen(application)
        self._require_clear(application)
        admission = admissions.admit(self.session, NewParticipant.model_validate(application.asked))
        application.state, application.transactions = "admitted", admission.transaction_ids
        self.session.add(application)
        return Admitted(application.id, admission.view)

    def _screen(self, application: Application) -> None:
        screen_now(self.session, self.personal, self.settings.screening_threshold, application.lei)

    def _require_clear(self, application: Application) -> None:
        if missing := self._missing(application):
            detail = f"The application lacks {', '.join(missing)}, or what there is has expired."
            raise Conflict("documents-missing", detail, missing=missing)
        if undecided := screening.undecided(self.session, application.lei):
            ids = [hit.id for hit in undecided]
            detail = f"{len(ids)} hits of screening wait for a decision."
            raise Conflict("hits-undecided", detail, hits=ids)
        if confirmed := screening.confirmed(self.session, application.lei):
            ids = [hit.id for hit in confirmed]
            raise Conflict("hits-confirmed", f"{application.lei} is on a list: {', '.join(ids)}.", hits=ids)

    def _missing(self, application: Application) -> list[str]:
        today = moment(indexed_now(self.session)).date()
        papers = repository.papers(self.session, [application.id])
        valid = {
            paper.kind
            for paper in papers
            if not paper.replaced and (paper.expires_on is None or paper.expires_on > today)
        }
        return [kind for kind in self.settings.required_documents if kind not in valid]

    def find(self, application_id: str) -> Application:
        application = repository.by_id(self.session, application_id)
        if application is None:
            detail = f"There is no application {application_id[:40]}."
            raise NotFound("application-absent", detail, id=application_id[:40])
        return application

    def _in_state(self, application_id: str, state: str) -> Application:
        application = self.find(application_id)
        if application.state != state:
            raise _in_state(application)
        return application

    def page(self, asked: Asked) -> Page[ApplicationView]:
        found = asked.page(self.session, select(Application))
        return Page(items=[self.view(application) for application in found.rows], next=found.next)

    def view(self, application: Application) -> ApplicationView:
        owners = [
            OwnerView(id=owner.id, **self.personal.unseal(owner.sealed, owner.id))
            for owner in repository.owners(self.session, application.id)
        ]
        return ApplicationView(
            **application.model_dump(
                include={"id", "state", "lei", "legal_name", "submitted_by", "submitted_at", "reviewed_by"}
                | {"decided_by", "decided_at", "reason"}
            ),
            **_asked(application.asked),
            owners=owners,
            documents=[_paper(paper) for paper in repository.papers(self.session, [application.id])],
            open_hits=[hit.id for hit in screening.undecided(self.session, application.lei)],
            missing_documents=self._missing(application),
            on_chain=participants.number_of(self.session, application.lei) is not None,
        )


@dataclass(frozen=True)
class Admitted:
    """An applicant on its way onto the chain."""

    application_id: str
    admission: Any

    def view(self, session: Session) -> ApplicantAdmitted:
        told = self.admission(session).model_dump()
        return ApplicantAdmitted(application_id=self.application_id, **told)


def _asked(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of it; applications of before may lack what was added since."""
    needed = {name: asked[name] for name in ("jurisdiction", "group_lei", "roles", "kyc_expires_at")}
    return {**needed, **{name: asked.get(name) for name in ("account", "remote_signer")}}


def _paper(paper: Paper) -> PaperView:
    told = paper.model_dump(include={"kind", "expires_on", "replaced", "uploaded_by", "uploaded_at"})
    return PaperView(document_cid=paper.cid, **told)


def _require_sound(asked: NewApplication) -> None:
    shares = sum(owner.share_bps for owner in asked.owners)
    if shares > 10_000:
        detail = f"The owners' shares add up to {shares} bps; an organisation has 10000."
        raise Malformed("shares-too-many", detail, sum_bps=shares, most_bps=10_000)


def _in_state(application: Application) -> Conflict:
    detail = f"Application {application.id} is {application.state}."
    return Conflict(f"application-{application.state}", detail, id=application.id, state=application.state)
