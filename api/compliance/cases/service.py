"""The life of a case: opened once for the same facts, assigned, commented on, closed with a reason, reopened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlmodel import Session, SQLModel, select

from api.auth.principal import Principal
from api.compliance.cases import repository
from api.compliance.cases.events import told
from api.compliance.cases.models import Case, CaseNote, new_case_id
from api.compliance.cases.schemas import CaseNoteView, CaseView, ReportRequest
from api.compliance.decisions import GATEWAY, by_itself, decided
from api.db import insert_new, utc_now
from api.errors import Conflict, NotFound
from api.lists import Asked
from api.participants import service as participants
from api.values import Page

_CASES = SQLModel.metadata.tables[str(Case.__tablename__)]


@dataclass(frozen=True)
class Finding:
    """What a rule found: `facts` name it, so that the same facts are one case; `figures` are what it compared."""

    kind: str
    lei: str
    title: str
    facts: tuple[str, ...]
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return sha256("\n".join((self.kind, self.lei, *self.facts)).encode()).hexdigest()


def open_new(session: Session, findings: Iterable[Finding]) -> list[str]:
    """Opens a case for each finding whose facts have none, whatever became of that; the ids of the new ones."""
    opened = []
    for finding in findings:
        values = {
            "id": new_case_id(),
            "key": finding.key,
            "kind": finding.kind,
            "lei": finding.lei,
            "title": finding.title,
            "figures": finding.figures,
            "state": "open",
            "opened_at": utc_now(),
        }
        if insert_new(session.connection(), _CASES, values):
            opened.append(str(values["id"]))
            session.add(CaseNote(case_id=opened[-1], client=GATEWAY, action="opened"))
            told(session, "opened", opened[-1], finding.kind, finding.lei)
            by_itself(session, "case opened", opened[-1], kind=finding.kind, lei=finding.lei, key=finding.key)
    return opened


def report(session: Session, principal: Principal, asked: ReportRequest) -> CaseView:
    """Opens a case that no rule found. Two reports are two cases: nothing compares what people say."""
    if participants.number_of(session, asked.lei) is None:
        raise NotFound("participant-absent", f"There is no participant {asked.lei}.", lei=asked.lei)
    case_id = new_case_id()
    key = sha256(case_id.encode()).hexdigest()
    case = Case(id=case_id, key=key, kind="reported", lei=asked.lei, title=asked.title, figures={})
    decided(session, principal, "case decided", case.id, "opened", asked.reason)
    return _noted(session, principal, case, "opened", asked.reason)


def find(session: Session, case_id: str) -> Case:
    case = repository.by_id(session, case_id)
    if case is None:
        raise NotFound("case-absent", f"There is no case {case_id[:40]}.", id=case_id[:40])
    return case


def view(session: Session, case: Case) -> CaseView:
    return _views(session, [case])[0]


def page(session: Session, asked: Asked) -> Page[CaseView]:
    found = asked.page(session, select(Case))
    return Page(items=_views(session, found.rows), next=found.next)


def _views(session: Session, cases: list[Case]) -> list[CaseView]:
    notes: dict[str, list[CaseNoteView]] = {case.id: [] for case in cases}
    for note in repository.notes(session, notes):
        shown = CaseNoteView.model_validate(note.model_dump(include={"at", "client", "action", "text"}))
        notes[note.case_id].append(shown)
    return [CaseView(**case.model_dump(exclude={"sequence", "key"}), notes=notes[case.id]) for case in cases]


def assign(session: Session, principal: Principal, case_id: str, assignee: str) -> CaseView:
    case = _in_state(session, case_id, "open")
    case.assignee = assignee
    return _noted(session, principal, case, "assigned", assignee)


def comment(session: Session, principal: Principal, case_id: str, text: str) -> CaseView:
    return _noted(session, principal, find(session, case_id), "commented", text)


def close(session: Session, principal: Principal, case_id: str, reason: str) -> CaseView:
    case = _in_state(session, case_id, "open")
    case.state, case.closed_at = "closed", utc_now()
    decided(session, principal, "case decided", case.id, "closed", reason)
    return _noted(session, principal, case, "closed", reason)


def reopen(session: Session, principal: Principal, case_id: str, reason: str) -> CaseView:
    case = _in_state(session, case_id, "closed")
    case.state, case.closed_at = "open", None
    decided(session, principal, "case decided", case.id, "reopened", reason)
    return _noted(session, principal, case, "reopened", reason)


def _in_state(session: Session, case_id: str, state: str) -> Case:
    case = find(session, case_id)
    if case.state != state:
        raise Conflict(f"case-{case.state}", f"Case {case.id} is {case.state}.", id=case.id, state=case.state)
    return case


def _noted(session: Session, principal: Principal, case: Case, action: str, text: str) -> CaseView:
    session.add(case)
    session.add(CaseNote(case_id=case.id, client=principal.client_id, action=action, text=text))
    session.flush()
    told(session, action, case.id, case.kind, case.lei)
    return view(session, case)
