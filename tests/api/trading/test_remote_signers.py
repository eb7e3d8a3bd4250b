"""An organisation whose key lies at a remote signer: the proof, the writes, and whose signer it may be."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from fastapi.testclient import TestClient
from refusing import refused, traces
from served import keyed
from signer_child import SignerChild, signer_child
from trading import LEIS, WAIT, Trading, admission, invoice, operator_of, start_network

from api.main import create_app
from api.migrations import migrate

pytestmark = pytest.mark.node
PARTIES = ("debtor", "lender")


@dataclass(frozen=True)
class Kept:
    """A network, and the signer at which the supplier's key lies."""

    trading: Trading
    signer: SignerChild
    applicants: SignerChild
    """Another organisation's, which is not admitted yet."""

    def application(self, **changes: Any) -> dict[str, Any]:
        """The stranger's, by the account at its signer."""
        named = {"account": self.applicants.account.address, "remote_signer": "sounder"}
        return {**admission("stranger"), **named, **changes}

    def asked_for(self, **changes: Any) -> dict[str, Any]:
        """The supplier's admission, by the account at its signer."""
        return {**admission("supplier"), "account": self.signer.account.address, "remote_signer": "acme", **changes}

    @property
    def address(self) -> str:
        return self.signer.account.address


@pytest.fixture(scope="module")
def kept(sqlite_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("kept")
    shutil.copyfile(sqlite_tables, folder / "gateway.db")
    network = start_network(tmp_path_factory.mktemp("network"))
    with signer_child(folder) as signer, signer_child(tmp_path_factory.mktemp("sounder")) as applicants:
        places = {
            "acme": signer.place(organisations=[LEIS["supplier"], LEIS["stranger"]]),
            "sounder": applicants.place(organisations=[LEIS["stranger"]]),
        }
        settings = network.settings(folder, f"sqlite:///{folder / 'gateway.db'}", remote_signers=places)
        app = create_app(settings)
        gateway = app.state.gateway
        migrate(gateway.database.engine)
        with TestClient(app) as client:
            client.event_hooks = {"request": [keyed]}
            made = Trading(network, gateway, client, operator_of(gateway, client))
            network.mine_at_once()
            for name in PARTIES:
                made.admit(name)
            yield Kept(made, signer, applicants)
    network.engine.stop()


@pytest.fixture(autouse=True)
def honest(kept: Kept) -> Iterator[None]:
    yield
    kept.signer.mood("honest")
    kept.applicants.mood("honest")


# The proof


@pytest.mark.parametrize(
    ("mood", "status", "error"),
    [
        ("another key", 503, "signer-unusable"),
        ("another message", 503, "signer-unusable"),
        ("declining", 403, "signer-refused"),
    ],
)
def test_signer_that_does_not_prove_the_account_admits_nobody(mood: str, status: int, error: str, kept: Kept) -> None:
    kept.signer.mood(mood)

    answer = kept.trading.operator.post("/v1/participants", kept.asked_for())

    refused(answer, status, error)
    caused = kept.trading.operator.get("/v1/transactions", subject_id=LEIS["supplier"])
    assert caused["items"] == []


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"account": None}, 422, "account-missing"),
        ({"remote_signer": "nobody"}, 422, "remote-signer-unknown"),
        ({"account": Account.create().address}, 503, "signer-unusable"),
        ({"lei": "999900NOBODYATALL093"}, 409, "remote-signer-of-others"),
    ],
)
def test_admission_says_why_the_signer_cannot_be_its(
    changes: dict[str, Any], status: int, error: str, kept: Kept
) -> None:
    answer = kept.trading.operator.post("/v1/participants", kept.asked_for(**changes))

    refused(answer, status, error)


def test_key_that_the_gateway_made_does_not_leave_it(kept: Kept) -> None:
    path = f"/v1/participants/{LEIS['debtor']}/signer"
    told = kept.trading.operator.get(path)
    assert (told["kept_by"], told["remote_signer"]) == ("gateway", None)

    away = kept.trading.operator.post(path, {"remote_signer": None})
    elsewhere = kept.trading.operator.post(path, {"remote_signer": "acme"})

    refused(away, 409, "key-kept-by-gateway")
    refused(elsewhere, 409, "remote-signer-of-others")
    assert kept.trading.operator.get(path) == told


# Its writes


@pytest.fixture(scope="module")
def supplier(kept: Kept) -> Any:
    kept.signer.mood("honest")
    made = kept.trading.operator.write("/v1/participants", kept.asked_for())
    assert made["account"] == kept.address
    return kept.trading.open("supplier", made)


def test_what_was_signed_names_organisation_account_and_place(kept: Kept, supplier: Any) -> None:
    (proof,) = [q for q in kept.signer.asked() if q["method"] == "eth_signTypedData" and LEIS["supplier"] in str(q)][
        -1:
    ]

    assert proof["params"][0] == kept.address
    for word in (LEIS["supplier"], kept.address, "acme", "KeyHolding"):
        assert word in proof["params"][1]
    own = supplier.get(f"/v1/participants/{LEIS['supplier']}/signer")
    assert own == {
        "lei": LEIS["supplier"],
        "account": kept.address,
        "kept_by": "remote-signer",
        "remote_signer": "acme",
    }


def test_invoice_is_registered_by_the_signer(kept: Kept, supplier: Any) -> None:
    answer = supplier.upload(invoice())

    assert answer.status_code == 201, answer.text
    last = [q for q in kept.signer.asked() if q["method"] == "eth_signTransaction"][-1]
    assert last["params"][0]["from"] == kept.address


@pytest.mark.parametrize(
    ("mood", "status", "error"),
    [("another address", 503, "signer-unusable"), ("declining", 403, "signer-refused")],
)
def test_write_that_is_not_signed_leaves_nothing(mood: str, status: int, error: str, kept: Kept, supplier: Any) -> None:
    before = traces(kept.trading)
    kept.signer.mood(mood)

    answer = supplier.upload(invoice("AS-2026-0801"))

    refused(answer, status, error)
    assert traces(kept.trading) == before


def test_prepared_write_does_not_ask_the_signer(kept: Kept, supplier: Any) -> None:
    asked = len(kept.signer.asked())

    answer = supplier.client.post(
        "/v1/invoices",
        content=invoice("AS-2026-0802"),
        params={"prepare": "true"},
        headers={**supplier.headers, "Content-Type": "application/xml"},
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["transactions"][0]["sender"] == kept.address
    assert len(kept.signer.asked()) == asked


def test_killed_signer_refuses_writes_and_the_next_one_goes_through_when_it_is_back(kept: Kept, supplier: Any) -> None:
    before = traces(kept.trading)
    kept.signer.kill()

    answer = supplier.upload(invoice("AS-2026-0803"))

    problem = refused(answer, 503, "signer-unavailable")
    assert problem["context"] == {"signer": "acme", "account": kept.address}
    assert answer.headers["Retry-After"] == "1"
    assert kept.signer.url not in answer.text
    assert traces(kept.trading) == before

    kept.signer.start_again()
    while (again := supplier.upload(invoice("AS-2026-0803"))).status_code == 503:
        assert again.json()["error"] == "signer-unavailable"
    assert again.status_code == 201, again.text


# Moving it


def test_key_moves_only_while_nothing_is_under_way_and_then_signs_elsewhere(kept: Kept, supplier: Any) -> None:
    trading, path = kept.trading, f"/v1/participants/{LEIS['supplier']}/signer"
    trading.chain.node.request("evm_setAutomine", False)
    supplier.client.post(
        "/v1/invoices",
        content=invoice("AS-2026-0804"),
        headers={**supplier.headers, "Content-Type": "application/xml"},
    )
    busy = trading.operator.post(path, {"remote_signer": None})
    refused(busy, 409, "transactions-open")
    trading.chain.node.request("evm_setAutomine", True)
    trading.chain.node.request("evm_mine")
    while (moved := trading.operator.post(path, {"remote_signer": None})).status_code == 409:
        trading.chain.node.request("evm_mine")
    assert moved.json()["kept_by"] == "organisation"

    alone = supplier.upload(invoice("AS-2026-0805"))
    refused(alone, 409, "key-kept-by-organisation")

    kept.signer.mood("another key")
    refused(trading.operator.post(path, {"remote_signer": "acme"}), 503, "signer-unusable")
    kept.signer.mood("honest")
    back = trading.operator.post(path, {"remote_signer": "acme"})
    assert (back.status_code, back.json()["kept_by"]) == (200, "remote-signer")
    assert supplier.upload(invoice("AS-2026-0806")).status_code == 201


def test_nobody_else_learns_or_changes_whose_signer_it_is(kept: Kept, supplier: Any) -> None:
    path = f"/v1/participants/{LEIS['supplier']}/signer"
    debtor = kept.trading.desks["debtor"]

    assert debtor.client.get(path, headers=debtor.headers).status_code == 404
    assert debtor.post(path, {"remote_signer": None}, **WAIT).status_code == 403
    assert supplier.post(path, {"remote_signer": None}, **WAIT).status_code == 403


# Applying with one


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"account": None}, 422, "account-missing"),
        ({"account": "0x12"}, 422, "request-invalid"),
        ({"account": Account.create().address}, 503, "signer-unusable"),
        ({"remote_signer": "nobody"}, 422, "remote-signer-unknown"),
        ({"remote_signer": "SOUNDER"}, 422, "remote-signer-unknown"),
        ({"remote_signer": "http://127.0.0.1:9/"}, 422, "remote-signer-unknown"),
        ({"remote_signer": "http://169.254.169.254/latest/meta"}, 422, "request-invalid"),
        ({"lei": LEIS["carrier"]}, 409, "remote-signer-of-others"),
        ({"document_key": "zz"}, 422, "document-key-invalid"),
    ],
)
def test_application_is_held_to_what_admission_asks_of_a_signer(
    changes: dict[str, Any], status: int, error: str, kept: Kept
) -> None:
    asked = len(kept.applicants.asked())

    answer = kept.trading.operator.post("/v1/applications", kept.application(**changes))

    refused(answer, status, error)
    assert kept.trading.operator.get("/v1/applications")["items"] == []
    # Whose account it is not, only the signer can tell.
    assert len(kept.applicants.asked()) == asked + (error == "signer-unusable")


@pytest.mark.parametrize(
    ("mood", "status", "error"),
    [("another key", 503, "signer-unusable"), ("declining", 403, "signer-refused")],
)
def test_signer_that_does_not_prove_the_account_is_in_no_application(
    mood: str, status: int, error: str, kept: Kept
) -> None:
    kept.applicants.mood(mood)

    answer = kept.trading.operator.post("/v1/applications", kept.application())

    problem = refused(answer, status, error)
    assert problem["context"] == {"signer": "sounder", "account": kept.applicants.account.address}
    assert kept.trading.operator.get("/v1/applications")["items"] == []


def test_applicant_with_a_signer_is_admitted_by_it(kept: Kept) -> None:
    operator, account = kept.trading.operator, kept.applicants.account.address
    made = operator.post("/v1/applications", kept.application()).json()
    path = f"/v1/applications/{made['id']}"
    assert (made["account"], made["remote_signer"]) == (account, "sounder")
    for kind in ("registration", "ownership"):
        headers = {**operator.headers, "Content-Type": "application/pdf"}
        kept.trading.client.post(f"{path}/documents?kind={kind}", content=kind.encode(), headers=headers)
    operator.post(f"{path}/review")
    operator.post(f"{path}/decision", {"decision": "approved", "reason": "In order."})

    kept.applicants.mood("another key")
    lost = operator.post(f"{path}/admission")
    kept.applicants.mood("honest")
    admitted = operator.write(f"{path}/admission")

    refused(lost, 503, "signer-unusable")
    assert admitted["account"] == account
    told = operator.get(f"/v1/participants/{LEIS['stranger']}/signer")
    assert (told["kept_by"], told["remote_signer"]) == ("remote-signer", "sounder")
    assert operator.get(path)["state"] == "admitted"
    desk = kept.trading.open("stranger", admitted)
    assert desk.get(f"/v1/participants/{LEIS['stranger']}/signer") == told
