"""Compliance on a real network: frozen accounts stop, applicants are admitted, the ledger can be rebuilt."""

import base64
import csv
import io
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from refusing import refused
from sqlalchemy import text
from sqlmodel import select
from trading import LEIS, Desk, Trading, await_indexer, eur, invoice, until
from typer.testing import CliRunner

from api.cash.models import Balance
from api.cli import gateway_app
from api.compliance.audit import service as audit
from api.compliance.audit.trail import Linker
from api.compliance.monitoring.models import Movement
from api.compliance.screening.sweep import Screener
from api.compliance.supervision import replay as replays
from api.documents.sealing import unseal, unwrap

pytestmark = pytest.mark.node

APPLICANT = "999900GANNETTRADIN24"
WHY = {"reason": "Asked for by the court."}


@pytest.fixture(scope="module")
def supervisor(trading: Trading) -> Desk:
    return trading.supervisor()


def upload(trading: Trading, name: str, lines: str) -> None:
    headers = {**trading.operator.headers, "Content-Type": "text/csv"}
    content = "id,kind,name,lei\n" + lines
    answer = trading.client.post(f"/v1/screening/lists/{name}/versions", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    Screener(trading.gateway.database, trading.gateway.settings).step()


def test_a_freeze_is_refused_without_somebody_to_freeze(trading: Trading, sold: Any) -> None:
    nobody = trading.operator.post(f"/v1/participants/{APPLICANT}/freezes", WHY)
    path = f"/v1/participants/{LEIS['stranger']}/freezes"

    refused(nobody, 404, "participant-absent")
    refused(trading.operator.post(path, {**WHY, "account": "0x" + "ab" * 20}), 404, "account-absent")
    refused(trading.operator.post(f"{path}/lifting", WHY), 409, "account-not-frozen")
    refused(trading.operator.post(path, {"reason": ""}), 422, "request-invalid")
    refused(trading.operator.post(path, {**WHY, "hit_id": "hit_none"}), 404, "hit-absent")


def test_a_confirmed_hit_freezes_and_lifting_lets_go(trading: Trading, sold: Any) -> None:
    path = f"/v1/participants/{LEIS['stranger']}/freezes"
    upload(trading, "court", f"C-1,organisation,Sounder,{LEIS['stranger']}\n")
    (hit,) = [h for h in trading.operator.get("/v1/screening/hits")["items"] if h["entry"]["id"] == "C-1"]
    undecided = trading.operator.post(path, {**WHY, "hit_id": hit["id"]})
    decision = {"decision": "confirmed", "reason": "Its own LEI."}
    trading.operator.post(f"/v1/screening/hits/{hit['id']}/decision", decision)
    other = trading.operator.post(f"/v1/participants/{LEIS['debtor']}/freezes", {**WHY, "hit_id": hit["id"]})

    frozen = trading.operator.write(path, {**WHY, "hit_id": hit["id"]})
    again = trading.operator.post(path, WHY)

    refused(undecided, 409, "hit-not-confirmed")
    refused(other, 409, "hit-not-confirmed")
    refused(again, 409, "account-frozen-already")
    assert [account["frozen"] for account in frozen["accounts"]] == [True]
    assert trading.chain.registry.membership_of(trading.accounts["stranger"]).frozen
    assert not trading.chain.registry.is_admitted(trading.accounts["stranger"])

    free = trading.operator.write(f"{path}/lifting", {"reason": "Lifted by the court."})

    assert [(each["frozen"], each["reason"]) for each in free["records"]] == [
        (False, "Lifted by the court."),
        (True, WHY["reason"]),
    ]
    assert trading.chain.registry.is_admitted(trading.accounts["stranger"])


def test_an_applicant_is_admitted_once_approved(trading: Trading, sold: Any) -> None:
    asked = {"lei": APPLICANT, "name": "Gannet Trading", "jurisdiction": "DE", "roles": ["SUPPLIER"]}
    made = trading.operator.post("/v1/applications", {**asked, "kyc_expires_at": "2027-05-04T00:00:00Z"}).json()
    path = f"/v1/applications/{made['id']}"
    for kind in ("registration", "ownership"):
        headers = {**trading.operator.headers, "Content-Type": "application/pdf"}
        trading.client.post(f"{path}/documents?kind={kind}", content=kind.encode(), headers=headers)
    early = trading.operator.post(f"{path}/admission")
    trading.operator.post(f"{path}/review")
    trading.operator.post(f"{path}/decision", {"decision": "approved", "reason": "In order."})

    admitted = trading.operator.write(f"{path}/admission")

    refused(early, 409, "application-submitted")
    assert (admitted["lei"], admitted["application_id"]) == (APPLICANT, made["id"])
    seen = trading.operator.get(path)
    assert (seen["state"], seen["on_chain"]) == ("admitted", True)
    assert trading.chain.registry.is_admitted(admitted["account"])
    refused(trading.operator.post(f"{path}/admission"), 409, "application-admitted")


def test_what_a_person_reports_becomes_a_case_each_time(trading: Trading, sold: Any) -> None:
    told = {"lei": LEIS["supplier"], "title": "Container was empty", "reason": "Call of the carrier at 03:10."}

    answers = [trading.operator.post("/v1/cases", told) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = (answer.json() for answer in answers)
    assert first["id"] != second["id"]
    assert (first["kind"], first["state"], first["lei"]) == ("reported", "open", LEIS["supplier"])
    assert [(note["action"], note["text"]) for note in first["notes"]] == [("opened", told["reason"])]
    opened = trading.operator.get("/v1/audit/entries", operation="case decided")["items"]
    assert {first["id"], second["id"]} <= {entry["resource"] for entry in opened}
    assert "03:10" not in json.dumps(opened)


def test_the_gateway_screens_new_participants_by_itself(trading: Trading, sold: Any) -> None:
    upload(trading, "names", "N-1,organisation,JUNIOR\n")

    def raised() -> Any:
        found = trading.operator.get("/v1/screening/hits", lei=LEIS["junior"])["items"]
        return [hit for hit in found if hit["entry"]["id"] == "N-1"]

    (hit,) = until(raised, "nobody was screened")
    assert (hit["score"], hit["subject_kind"]) == (100, "organisation")


def test_movements_add_up_to_the_balances(trading: Trading, sold: Any) -> None:
    trading.issue("debtor", 5_000_000)
    trading.desks["debtor"].write(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(5_000_000)})
    sums: dict[str, int] = defaultdict(int)
    with trading.gateway.database.session() as session:
        for move in session.exec(select(Movement).where(Movement.kind == "cash")):
            sums[move.giver] -= move.amount
            sums[move.taker] += move.amount
        balances = {row.account: row.amount for row in session.exec(select(Balance))}

    assert sum(balances.values()) > 0
    assert {account: sums[account] for account in balances} == balances


def test_writes_are_in_the_trail_with_their_transactions_and_it_is_unbroken(trading: Trading, sold: Any) -> None:
    linker = Linker(trading.gateway.database)
    while linker.step():
        pass
    entries = trading.operator.get("/v1/audit/entries", operation="POST /v1/receivables/{receivable_id}/acceptance")
    with trading.gateway.database.engine.connect() as connection:
        verified = audit.verify(connection)

    (entry,) = [e for e in entries["items"] if sold["receivable_id"] in e["resource"]]
    assert (entry["lei"], entry["status"]) == (LEIS["debtor"], 202)
    assert len(entry["detail"]["transactions"]) == 1
    assert verified.head.number > 20


def test_exports_hold_every_row_as_csv_and_as_json_lines(trading: Trading, sold: Any, supervisor: Desk) -> None:
    path = "/v1/supervision/exports/receivables"
    lines = supervisor.client.get(path, headers=dict(supervisor.headers))
    table = supervisor.client.get(path, params={"format": "csv"}, headers=dict(supervisor.headers))
    unknown = supervisor.client.get("/v1/supervision/exports/secrets", headers=dict(supervisor.headers))

    (row,) = [json.loads(line) for line in lines.text.splitlines()]
    (cells,) = csv.DictReader(io.StringIO(table.text))
    assert (row["id"], row["face_value"]) == (sold["receivable_id"], "10000000")
    assert cells == {name: "" if value is None else str(value) for name, value in row.items()}
    refused(unknown, 422, "request-invalid")
    reads = supervisor.get("/v1/audit/entries", operation="GET /v1/supervision/exports/{what}")["items"]
    assert [(entry["resource"], entry["status"]) for entry in reads] == [
        ("/v1/supervision/exports/secrets", 422),
        (f"{path}?format=csv", 200),
        (path, 200),
    ]


def test_a_supervisor_opens_papers_of_before_and_after_with_its_own_key(
    trading: Trading, sold: Any, supervisor: Desk
) -> None:
    first, second = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    refused(supervisor.post("/v1/supervision/viewing-key", {"document_key": _public(second)}), 403, "scope-missing")
    refused(trading.operator.post("/v1/supervision/viewing-key", {"document_key": "zz"}), 422, "request-invalid")

    for key in (first, second):
        answer = trading.operator.post("/v1/supervision/viewing-key", {"document_key": _public(key)})
        assert answer.json()["documents"] >= 1, answer.text
        assert _opened(supervisor, sold["document_cid"], key).startswith(b"<?xml")

    later = trading.desks["supplier"].upload(invoice("AS-2026-7001")).json()
    assert b"AS-2026-7001" in _opened(supervisor, later["document_cid"], second)


def _public(key: X25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _opened(supervisor: Desk, cid: str, private_key: X25519PrivateKey) -> bytes:
    envelope = supervisor.get(f"/v1/documents/{cid}/envelope")
    wrapped, sealed = (base64.b64decode(envelope[name]) for name in ("wrapped_key", "sealed"))
    assert envelope["reader"] == "supervisor"
    return unseal(sealed, unwrap(wrapped, private_key, cid=cid, reader="supervisor"), cid)


def _change(trading: Trading, receivable_id: str, face_value: int, part: int) -> None:
    """Past the gateway, as whoever owns the database can: one receivable's value, the first movement's key."""
    value = text("UPDATE receivables SET face_value = :value WHERE id = :id")
    first = text("UPDATE movements SET part = :part WHERE block_number = (SELECT min(block_number) FROM movements)")
    with trading.gateway.database.engine.begin() as connection:
        connection.execute(value, {"value": str(face_value), "id": receivable_id})
        connection.execute(first, {"part": part})


@pytest.fixture(autouse=True)
def no_toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that other tests have brought into this process are no part of a gateway's ledger."""
    known = replays.chain_tables
    own = [kind for kind in known() if not str(kind.__tablename__).startswith("test_")]
    monkeypatch.setattr(replays, "chain_tables", lambda: own)


def test_the_chain_alone_gives_the_same_ledger_and_names_what_was_changed(
    trading: Trading, sold: Any, tmp_path: Path
) -> None:
    await_indexer(trading.gateway, trading.chain)
    same = replays.replay(trading.gateway.settings, tmp_path / "same")

    _change(trading, sold["receivable_id"], 10_000_001, 7)
    other = replays.replay(trading.gateway.settings, tmp_path / "other")
    _change(trading, sold["receivable_id"], 10_000_000, 0)

    assert (same.differences, same.first) == (0, [])
    assert same.rows > 30
    lines = (tmp_path / "same" / "receivables.jsonl").read_text().splitlines()
    assert sold["receivable_id"] in {json.loads(line)["id"] for line in lines}
    told = "\n".join(other.first)
    assert f"id={sold['receivable_id']}: face_value is '10000001', by the chain '10000000'" in told
    assert "part=7: the chain does not know it" in told
    assert "part=0: is not in the live database" in told
    assert other.differences == 3
    assert len((tmp_path / "other" / "differences.jsonl").read_text().splitlines()) == 3
    with pytest.raises(replays.ReplayRefused, match="not empty"):
        replays.replay(trading.gateway.settings, tmp_path / "same")


def test_the_command_answers_by_its_exit_code(trading: Trading, sold: Any, tmp_path: Path) -> None:
    await_indexer(trading.gateway, trading.chain)
    settings = trading.gateway.settings
    names = ("rpc_url", "deployments", "data_dir", "keys_dir", "network_key_file", "database_url")
    config = tmp_path / "gateway.toml"
    config.write_text("".join(f"{name} = '{getattr(settings, name)}'\n" for name in names))
    asked = ["replay", "--config", str(config), "--out", str(tmp_path / "out")]
    run = CliRunner().invoke

    untold = run(gateway_app, asked)
    equal = run(gateway_app, [*asked, "--from-genesis"])
    full = run(gateway_app, [*asked, "--from-genesis"])

    assert (untold.exit_code, "--from-genesis" in untold.output) == (1, True)
    assert (equal.exit_code, "0 differences" in equal.output) == (0, True), equal.output
    assert (full.exit_code, "not empty" in full.output) == (1, True)
