"""Lists, hits and decisions: what changed is raised, what was decided stands."""

import json
import re
from typing import Any

import pytest
from office import Office
from sqlmodel import select

from api.compliance.screening.lists import ListInvalid, read_list
from api.compliance.screening.models import Hit, ListEntry
from api.participants.models import Profile

LEI, OTHER = "999900ACMESUPPLIES58", "999900BOREALISRETL40"
HEADER = "id,kind,name,aliases,country,lei,accounts,remark\n"
ACME = "EU-1,organisation,ACME Supply LLC,OOO Akme,RU,,,\n"
OWN = "EU-2,organisation,Borealis Retail Ltd,,NO,,,\n"


def participant(office: Office, lei: str = LEI, name: str = "Acme Supplies GmbH") -> None:
    with office.database.transaction() as session:
        session.add(Profile(lei=lei, name=name, account="0x" + "11" * 20))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must name the columns"),
        ("id,kind\nEU-1,person\n", "must name the columns"),
        (HEADER, "no entries"),
        (HEADER + "EU-1,ship,Ever Given,,,,,\n", "line 2: kind is 'ship'"),
        (HEADER + ",person,Erika,,,,,\n", "line 2: id is missing"),
        (HEADER + "EU-1,person,,,,,,\n", "line 2: name is missing"),
        (HEADER + "EU-1,account,,,,,,\n", "line 2: an account needs an address"),
        (HEADER + "EU-1,account,,,,,0x12,\n", "line 2: account '0x12'"),
        (HEADER + "EU-1,person,Erika,,Germany,,,\n", "line 2: country is 'GERMANY'"),
        (HEADER + "EU-1,organisation,Acme,,,999900ACMESUPPLIES59,,\n", "line 2: lei '999900ACMESUPPLIES59'"),
        (HEADER + ACME + ACME, "line 3: the id 'EU-1' occurs twice"),
        (HEADER + "EU-1,person,Erika,,,,,,,\n", "line 2 has more values than columns"),
        (HEADER + 'EU-1,person,"Erika,,,,,\n', "is not CSV"),
    ],
)
def test_a_bad_list_is_refused_with_its_places(text: str, why: str) -> None:
    with pytest.raises(ListInvalid, match=re.escape(why)):
        read_list(text.encode(), "text/csv")


def test_a_list_that_is_refused_leaves_nothing(office: Office) -> None:
    problem = office.upload(HEADER + ACME + ACME, status=422)

    assert problem["error"] == "list-invalid"
    assert office.get("/v1/screening/lists")["items"] == []


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"entries": 5}', b'{"entries": [7]}', b'{"entries": [{"a": 1}]}', b"\xff"]
)
def test_bad_json_is_refused(office: Office, content: bytes) -> None:
    answer = office.send("/v1/screening/lists/eu/versions", content, "application/json")

    assert (answer.status_code, answer.json()["error"]) == (422, "list-invalid")


def test_all_mistakes_of_a_list_are_told_at_once(office: Office) -> None:
    entries = [{"id": "1", "kind": "person"}, {"id": 2, "kind": "person", "name": ["x"]}, {"kind": "account"}]
    content = json.dumps({"entries": entries}).encode()

    with pytest.raises(ListInvalid) as refused:
        read_list(content, "application/json")

    places = {each.partition(":")[0] for each in refused.value.context["problems"]}
    assert places == {"entries[0]", "entries[1]", "entries[2]"}


def test_other_media_types_and_another_kind_are_refused(office: Office) -> None:
    office.upload(HEADER + ACME, kind="watch")

    assert office.send("/v1/screening/lists/eu/versions", b"x", "text/html").json()["error"] == "list-media-type"
    assert office.upload(HEADER + OWN, status=409, kind="sanctions")["error"] == "list-kind-differs"


def test_a_similar_name_is_raised_with_score_and_reasons_once(office: Office) -> None:
    participant(office)
    version = office.upload(HEADER + ACME)

    office.sweep()
    office.sweep()

    (hit,) = office.hits()
    assert (version["added"], version["changed"], version["removed"]) == (1, 0, 0)
    assert (hit["state"], hit["lei"], hit["subject_kind"]) == ("open", LEI, "organisation")
    assert hit["score"] >= 85
    assert hit["reasons"]["listed_name"] == "ACME Supply LLC"
    assert max(hit["reasons"]["scores"].values()) == hit["score"]
    assert (hit["subject_names"], hit["entry"]["id"]) == (["Acme Supplies GmbH"], "EU-1")


def test_leis_are_compared_exactly_and_names_below_the_threshold_are_not_hits(office: Office) -> None:
    participant(office)
    office.upload(HEADER + f"EU-7,organisation,Zenith Trading,,,{LEI},,\nEU-8,organisation,Zephyr,,,{OTHER},,\n")

    office.sweep()

    (hit,) = office.hits()
    assert (hit["entry"]["id"], hit["subject_kind"], hit["score"], hit["reasons"]) == (
        "EU-7",
        "lei",
        100,
        {"exact": "lei"},
    )


def decided(office: Office, decision: str = "cleared") -> Any:
    participant(office)
    office.upload(HEADER + ACME)
    office.sweep()
    (hit,) = office.hits()
    return office.post(f"/v1/screening/hits/{hit['id']}/decision", {"decision": decision, "reason": "Another one."})


def test_a_decision_is_kept_with_who_and_why_and_stands_when_the_list_grows(office: Office) -> None:
    hit = decided(office)

    version = office.upload(HEADER + ACME.replace(",\n", ",see EU-9\n") + "EU-9,person,Nobody Known,,,,,\n")
    office.sweep()

    assert (hit["state"], hit["reason"], hit["decided_by"][:7]) == ("cleared", "Another one.", "client_")
    assert (version["added"], version["changed"]) == (1, 0)
    assert [each["id"] for each in office.hits()] == [hit["id"]]
    assert office.hits()[0]["entry"]["remark"] == "see EU-9"


def test_a_changed_entry_is_raised_anew_beside_the_decision(office: Office) -> None:
    hit = decided(office)

    version = office.upload(HEADER + ACME.replace("OOO Akme", "OOO Akme;Acme Supplies"))
    office.sweep()

    anew, old = office.hits()
    assert version["changed"] == 1
    assert (old["id"], old["state"], anew["state"], anew["score"]) == (hit["id"], "cleared", "open", 100)


def test_an_open_hit_is_taken_back_when_its_entry_goes(office: Office) -> None:
    participant(office)
    office.upload(HEADER + ACME)
    office.sweep()

    office.upload(HEADER + OWN)
    office.sweep()

    (hit,) = office.hits()
    assert (hit["state"], hit["entry"]["removed"]) == ("outdated", True)
    answer = office.post(
        f"/v1/screening/hits/{hit['id']}/decision", {"decision": "confirmed", "reason": "It is."}, status=409
    )
    assert answer["error"] == "hit-outdated"


def test_a_new_participant_is_compared_with_lists_of_before(office: Office) -> None:
    office.upload(HEADER + ACME + OWN)
    office.sweep()
    participant(office)
    participant(office, OTHER, "Retail Boréalis")

    office.sweep()

    assert {(hit["lei"], hit["entry"]["id"]) for hit in office.hits()} == {(LEI, "EU-1"), (OTHER, "EU-2")}


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    first = office.upload(HEADER + ACME)

    assert office.upload(HEADER + ACME) == first
    assert len(office.get("/v1/screening/lists")["items"]) == 1


def test_two_gateways_that_sweep_at_once_raise_a_hit_once(office: Office) -> None:
    from concurrent.futures import ThreadPoolExecutor

    participant(office)
    office.upload(HEADER + ACME + OWN)

    with ThreadPoolExecutor(4) as threads:
        for turn in [threads.submit(office.sweep) for _ in range(4)]:
            turn.result()

    assert len(office.hits()) == 1


def test_decisions_are_in_the_audit_trail_without_their_words(office: Office) -> None:
    hit = decided(office, "confirmed")

    (entry,) = office.get("/v1/audit/entries", operation="screening hit decided")["items"]

    assert (entry["resource"], entry["detail"]["decision"]) == (hit["id"], "confirmed")
    assert set(entry["detail"]) == {"decision", "reason_sha256"}


def test_accounts_are_compared_exactly_whatever_their_case(office: Office) -> None:
    with office.database.session() as session:
        from api.db import INDEXING
        from api.participants.models import Account, Organisation

        session.info[INDEXING] = True
        session.add(Organisation(number=1, lei=LEI, group_lei=LEI, jurisdiction="DE", roles=1, kyc_expires_at=1))
        session.add(Account(address="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", organisation=1))
        session.commit()
    office.upload(HEADER + "A-1,account,,,,,0x7e5f4552091a69125d5dfcb7b8c2659029395BDF;0x" + "22" * 20 + ",\n")

    office.sweep()

    (hit,) = office.hits()
    assert (hit["subject_kind"], hit["lei"], hit["score"]) == ("account", LEI, 100)
    with office.database.session() as session:
        assert session.get(ListEntry, ("eu", "A-1")) is not None
        assert len(session.exec(select(Hit)).all()) == 1
