"""From an application to the decision: what stands against it is said, and personal data stays sealed."""

import json
from collections.abc import Callable
from typing import Any

from office import Office

from api.compliance.onboarding.expiry import raise_cases
from api.compliance.onboarding.models import Owner

LEI, OTHER = "999900ACMESUPPLIES58", "999900BOREALISRETL40"
OWNER = {"name": "Erika Mustermann", "birth_date": "1970-01-01", "country": "DE", "share_bps": 6000}
APPLICATION: dict[str, Any] = {
    "lei": LEI,
    "name": "Acme Supplies GmbH",
    "jurisdiction": "DE",
    "roles": ["SUPPLIER"],
    "kyc_expires_at": "2027-05-04T00:00:00Z",
    "owners": [OWNER],
}
HEADER = "id,kind,name\n"
APPROVED = {"decision": "approved", "reason": "All in order."}


def submitted(office: Office, **changes: Any) -> Any:
    return office.post("/v1/applications", {**APPLICATION, **changes})


def filed(office: Office, application: Any, kind: str, status: int = 200, **query: Any) -> Any:
    path = f"/v1/applications/{application['id']}/documents"
    answer = office.send(path, f"paper {kind} {query}".encode(), "application/pdf", kind=kind, **query)
    assert answer.status_code == status, answer.text
    return answer.json()


def ready(office: Office, **changes: Any) -> Any:
    application = submitted(office, **changes)
    for kind in ("registration", "ownership"):
        filed(office, application, kind, expires_on="2026-12-31")
    return office.post(f"/v1/applications/{application['id']}/review")


def decide(office: Office, application: Any, status: int = 200, **changes: Any) -> Any:
    return office.post(f"/v1/applications/{application['id']}/decision", {**APPROVED, **changes}, status)


def test_a_malformed_application_is_refused(office: Office) -> None:
    wrong: list[dict[str, Any]] = [
        {"lei": "999900ACMESUPPLIES59"},
        {"group_lei": "999900ACMESUPPLIES59"},
        {"jurisdiction": "Germany"},
        {"roles": []},
        {"owners": [{**OWNER, "share_bps": 10_001}]},
        {"owners": [{**OWNER, "passport": "C01X00T47"}]},
        {"owners": [{**OWNER, "share_bps": 6_000}, {**OWNER, "name": "Another", "share_bps": 6_000}]},
    ]

    answers = [office.client.post("/v1/applications", json={**APPLICATION, **changes}) for changes in wrong]

    assert [answer.status_code for answer in answers] == [422] * len(wrong)
    assert "ISO 17442" in answers[0].text
    assert not any("Mustermann" in answer.text for answer in answers)
    assert office.get("/v1/applications")["items"] == []


def test_one_organisation_applies_once_at_a_time(office: Office) -> None:
    first = ready(office)
    assert office.post("/v1/applications", APPLICATION, 409)["error"] == "application-exists"

    decide(office, first, decision="rejected")

    assert submitted(office)["state"] == "submitted"


def test_steps_out_of_turn_are_refused(office: Office) -> None:
    application = submitted(office)
    path = f"/v1/applications/{application['id']}"

    assert decide(office, application, 409)["error"] == "application-submitted"
    assert filed(office, application, "licence", 422, expires_on="2026-05-04")["error"] == "document-expired"
    empty = office.send(f"{path}/documents", b"", "application/pdf", kind="licence")
    assert empty.json()["error"] == "document-empty"
    office.post(f"{path}/review")
    assert office.post(f"{path}/review", status=409)["error"] == "application-in-review"
    assert office.client.get("/v1/applications/app_none").json()["error"] == "application-absent"


def test_approval_without_the_papers_is_refused_by_their_names(office: Office) -> None:
    application = submitted(office)
    filed(office, application, "registration")
    office.post(f"/v1/applications/{application['id']}/review")

    problem = decide(office, application, 409)

    assert (problem["error"], problem["context"]["missing"]) == ("documents-missing", ["ownership"])


def test_approval_waits_for_the_decision_on_an_owners_hit(office: Office) -> None:
    office.upload(HEADER + "UN-1,person,Erica MUSTERMANN\n")
    application = ready(office)

    waiting = decide(office, application, 409)
    (hit,) = office.hits()
    office.post(f"/v1/screening/hits/{hit['id']}/decision", {"decision": "cleared", "reason": "Born elsewhere."})
    approved = decide(office, application)

    assert (waiting["error"], waiting["context"]["hits"]) == ("hits-undecided", [hit["id"]])
    assert (hit["subject_kind"], hit["subject_names"]) == ("owner", ["Erika Mustermann"])
    assert (approved["state"], approved["reason"], approved["open_hits"]) == ("approved", "All in order.", [])


def test_whoever_is_on_a_list_is_not_approved_but_can_be_rejected(office: Office) -> None:
    office.upload("id,kind,name,lei\nUN-1,organisation,Somebody," + LEI + "\n")
    application = ready(office)
    (hit,) = office.hits()
    office.post(f"/v1/screening/hits/{hit['id']}/decision", {"decision": "confirmed", "reason": "It is."})

    assert decide(office, application, 409)["error"] == "hits-confirmed"
    assert decide(office, application, decision="rejected")["state"] == "rejected"


def test_four_eyes_are_needed_where_the_settings_say_so(office_with: Callable[..., Office]) -> None:
    office = office_with(four_eyes=True)
    application = ready(office)

    assert decide(office, application, 409)["error"] == "four-eyes"
    office.client = office.served.client(lei=None)
    assert decide(office, application)["state"] == "approved"


def test_owners_are_sealed_in_the_database_and_shown_to_compliance(office: Office) -> None:
    application = submitted(office)

    with office.database.session() as session:
        (row,) = session.exec(Owner.__table__.select()).all()  # type: ignore[attr-defined]
    everything = repr(tuple(row))
    assert "Mustermann" not in everything
    assert "1970" not in everything
    assert application["owners"][0]["name"] == "Erika Mustermann"
    assert office.get(f"/v1/applications/{application['id']}")["owners"] == application["owners"]


def test_nothing_personal_is_in_trail_or_hits(office: Office) -> None:
    office.upload(HEADER + "UN-1,person,Erica MUSTERMANN\n")
    ready(office)

    with office.database.engine.connect() as connection:
        tables = ("audit_entries", "screening_hits", "screening_subjects", "applications", "compliance_cases")
        told = [str(tuple(row)) for t in tables for row in connection.exec_driver_sql(f"SELECT * FROM {t}")]  # noqa: S608
    assert any("UN-1" in row for row in told)
    assert not any("Erika" in row for row in told)


def test_a_newer_paper_takes_the_place_of_the_older(office: Office) -> None:
    application = submitted(office)
    filed(office, application, "registration", expires_on="2026-05-20")

    seen = filed(office, application, "registration", expires_on="2027-05-20")

    assert [(each["expires_on"], each["replaced"]) for each in seen["documents"]] == [
        ("2026-05-20", True),
        ("2027-05-20", False),
    ]
    assert office.get("/v1/expiries", within_days=60) == []


def test_what_ends_soon_is_listed_and_becomes_one_case(office: Office) -> None:
    application = submitted(office)
    filed(office, application, "registration", expires_on="2026-05-20")
    filed(office, application, "licence", expires_on="2026-12-20")

    with office.database.transaction() as session:
        first = raise_cases(session, 30)
    with office.database.transaction() as session:
        second = raise_cases(session, 30)

    (ending,) = office.get("/v1/expiries", within_days=30)
    (case,) = office.get("/v1/cases", kind="document-expiry")["items"]
    assert (ending["what"], ending["expires_at"], ending["expired"]) == ("registration", "2026-05-20T00:00:00Z", False)
    assert (len(first), second) == (1, [])
    assert (case["lei"], case["figures"]["notice_days"]) == (LEI, 30)


def test_report_on_nobody_or_of_nothing_opens_no_case(office: Office) -> None:
    told = {"lei": LEI, "title": "Container was empty", "reason": "Call of the carrier."}

    assert office.post("/v1/cases", told, 404)["error"] == "participant-absent"
    for wrong in ({"title": ""}, {"reason": "x"}, {"lei": "ACME"}, {"kind": "price"}):
        assert office.post("/v1/cases", {**told, **wrong}, 422)["error"] == "request-invalid"
    assert office.get("/v1/cases")["items"] == []


def test_a_case_is_assigned_commented_closed_and_reopened(office: Office) -> None:
    filed(office, submitted(office), "registration", expires_on="2026-05-20")
    with office.database.transaction() as session:
        (case_id,) = raise_cases(session, 30)
    path = f"/v1/cases/{case_id}"

    assert office.post(f"{path}/reopening", {"reason": "Not closed"}, 409)["error"] == "case-open"
    office.post(f"{path}/assignment", {"assignee": "j.holm"})
    office.post(f"{path}/comments", {"text": "Asked for a new extract."})
    office.post(f"{path}/closing", {"reason": "New extract is filed."})
    assert office.post(f"{path}/closing", {"reason": "Twice"}, 409)["error"] == "case-closed"
    assert office.post(f"{path}/assignment", {"assignee": "x"}, 409)["error"] == "case-closed"
    seen = office.post(f"{path}/reopening", {"reason": "The wrong company's."})

    actions = [note["action"] for note in seen["notes"]]
    assert actions == ["opened", "assigned", "commented", "closed", "reopened"]
    assert (seen["state"], seen["assignee"], seen["closed_at"]) == ("open", "j.holm", None)
    assert office.client.get("/v1/cases/case_none").json()["error"] == "case-absent"
    trail = office.get("/v1/audit/entries", operation="case decided")["items"]
    assert [entry["detail"]["decision"] for entry in trail] == ["reopened", "closed"]
    assert "extract" not in json.dumps(trail)
