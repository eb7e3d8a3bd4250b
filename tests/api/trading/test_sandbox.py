"""Simulated witnesses: cash within one call, everything marked; and never where the network is no sandbox."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from ordering import accepted
from refusing import refused
from served import keyed
from sqlmodel import SQLModel
from trading import LEIS, Desk, Trading, await_indexer, eur, invoice, operator_of, start_network, until

from api.main import create_app
from api.migrations import migrate
from api.milestones.service import SIMULATED
from api.participants import service as participants
from api.sandbox.witnesses import WITNESSES, chosen
from api.settings import SandboxSettings, Settings, SettingsInvalid

pytestmark = pytest.mark.node
ADMITTED = ("supplier", "debtor", "lender", "junior", "stranger")


@pytest.fixture(scope="module")
def sandbox(kept_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trading]:
    """A network without a single witness of its own, and a gateway that simulates them."""
    network = start_network(tmp_path_factory.mktemp("network"))
    settings = network.settings(
        tmp_path_factory.mktemp("gateway"), kept_database_url, sandbox=SandboxSettings(enabled=True)
    )
    network.mine_at_once()
    app = create_app(settings)
    gateway = app.state.gateway
    migrate(gateway.database.engine)
    SQLModel.metadata.create_all(gateway.database.engine)
    with TestClient(app) as client:
        client.event_hooks = {"request": [keyed]}
        made = Trading(network, gateway, client, operator_of(gateway, client))
        for name in ADMITTED:
            made.admit(name)
        until(lambda: all(accounts(made, witness.lei) for witness in WITNESSES), "the witnesses are not admitted")
        made.fund(20_000_000)
        yield made
    network.engine.stop()


def accounts(trading: Trading, lei: str) -> list[str]:
    with trading.gateway.database.session() as session:
        return participants.accounts_of(session, lei)


def supplier(trading: Trading) -> Desk:
    return trading.desks["supplier"]


# Where it is off


@pytest.mark.parametrize("mark", [{}, {"sandbox": False}, {"sandbox": "true"}, {"sandbox": 1}])
def test_gateway_does_not_start_where_the_network_is_no_sandbox(
    tmp_path: Path, settings_for: Callable[..., Settings], mark: dict[str, Any]
) -> None:
    deployed = {"network": "real", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {}}
    (tmp_path / "deployments.json").write_text(json.dumps({**deployed, **mark}))

    with pytest.raises(SettingsInvalid, match="real is not marked as a sandbox"):
        create_app(settings_for(sandbox=SandboxSettings(enabled=True)))


def test_it_is_off_unless_it_is_switched_on(settings_for: Callable[..., Settings]) -> None:
    assert not settings_for().sandbox.enabled


# Refused where it is on


def test_simulation_without_a_financing_is_malformed(sandbox: Trading) -> None:
    wish = {"receivable_id": "0x" + "2a" * 32, "sandbox": {"milestones": ["DEPARTED"]}}

    assert supplier(sandbox).post("/v1/financings", wish).status_code == 422


def test_strangers_goods_are_not_simulated(sandbox: Trading) -> None:
    sold = sandbox.sell(invoice("AS-2026-8001"))
    body = {"receivable_id": sold["receivable_id"], "milestones": ["DEPARTED"]}

    refused(sandbox.desks["stranger"].post("/v1/sandbox/milestones", body), 404, "receivable-absent")


@pytest.mark.parametrize("named", [{}, {"receivable_id": "0x" + "2a" * 32, "order_id": "0x" + "2a" * 32}])
def test_simulation_is_of_one_thing(sandbox: Trading, named: dict[str, str]) -> None:
    body = {**named, "milestones": ["DEPARTED"]}

    assert supplier(sandbox).post("/v1/sandbox/milestones", body).status_code == 422


def test_strangers_order_is_not_simulated(sandbox: Trading) -> None:
    body = {"order_id": accepted(sandbox, "PO-2026-8001")["id"], "milestones": ["DEPARTED"]}

    refused(sandbox.desks["stranger"].post("/v1/sandbox/milestones", body), 404, "order-absent")


def test_milestone_that_no_policy_knows_is_refused(sandbox: Trading) -> None:
    sold = sandbox.sell(invoice("AS-2026-8002"))
    body = {"receivable_id": sold["receivable_id"], "milestones": ["ACCEPTED"]}

    refused(supplier(sandbox).post("/v1/sandbox/milestones", body), 409, "policy-missing")


def test_too_few_simulated_witnesses_are_told_with_both_numbers() -> None:
    from api.errors import Conflict
    from api.milestones.models import Policy

    strict = Policy(
        milestone=20,
        threshold=3,
        eligible_roles=1 | 4,
        required_roles=1,
        tolerance_bps=0,
        max_age_seconds=1,
        clock_skew_seconds=1,
        dispute_window_seconds=0,
    )
    with pytest.raises(Conflict, match="DEPARTED needs 3 witnesses, 2 simulated ones may vote on it"):
        chosen("DEPARTED", strict)


# Cash in one call


@pytest.fixture(scope="module")
def financed(sandbox: Trading) -> Any:
    sandbox.grant()
    sold = sandbox.sell(invoice("AS-2026-8003"))
    wish = {"invoice_id": sold["id"], "accept": True, "sandbox": {"milestones": ["RECEIVED", "DEPARTED"]}}
    written = supplier(sandbox).write("/v1/financings", wish)
    await_indexer(sandbox.gateway, sandbox.chain)
    return {**written, "sold": sold}


def test_one_call_leads_from_an_invoice_to_cash(sandbox: Trading, financed: Any) -> None:
    now = supplier(sandbox).get(f"/v1/financings/{financed['id']}")

    drawn = sum(int(draw["amount"]["amount"]) for draw in now["draws"])
    assert drawn > 7_900_000
    (balance,) = supplier(sandbox).get("/v1/cash/balances")["balances"]
    assert int(balance["amount"]["amount"]) == drawn
    assert "simulate attestation" in [each["purpose"] for each in financed["transactions"]]
    assert financed["quote"]["state"] == "accepted"


def test_everything_simulated_is_marked_as_such(sandbox: Trading, financed: Any) -> None:
    assert supplier(sandbox).get(f"/v1/financings/{financed['id']}")["simulated"]
    found = supplier(sandbox).get("/v1/milestones", receivable_id=financed["sold"]["receivable_id"])["items"]
    assert [(fact["milestone"], fact["status"], fact["simulated"]) for fact in found] == [
        ("DEPARTED", "final", True),
        ("RECEIVED", "final", True),
    ]
    for vote in (vote for fact in found for vote in fact["votes"]):
        assert (vote["evidence"], vote["simulated"]) == (SIMULATED, True)
        assert vote["organisation_name"].endswith("(sandbox)")


def test_fact_that_stands_is_not_simulated_again(sandbox: Trading, financed: Any) -> None:
    body = {"receivable_id": financed["sold"]["receivable_id"], "milestones": ["DEPARTED"]}

    problem = refused(supplier(sandbox).post("/v1/sandbox/milestones", body), 409, "fact-stands")

    assert (problem["context"]["status"], problem["context"]["count"]) == ("final", 2)


def test_less_than_was_invoiced_can_be_received(sandbox: Trading) -> None:
    sold = sandbox.sell(invoice("AS-2026-8004"))
    body = {"receivable_id": sold["receivable_id"], "milestones": ["RECEIVED"], "quantity_thousandths": "400000"}

    told = supplier(sandbox).write("/v1/sandbox/milestones", body)

    assert (told["simulated"], told["witnesses"][0]) == (True, "Simulated warehouse (sandbox)")
    (fact,) = supplier(sandbox).get("/v1/milestones", receivable_id=sold["receivable_id"])["items"]
    assert (fact["quantity_thousandths"], fact["status"]) == ("400000", "final")


def test_witnesses_are_admitted_once_with_their_own_keys(sandbox: Trading) -> None:
    register = {party["lei"]: party for party in sandbox.operator.get("/v1/participants")["items"]}

    for witness in WITNESSES:
        its = register[witness.lei]
        assert (its["roles"], its["name"], len(its["accounts"])) == ([witness.role.name], witness.name, 1)
    assert len({register[w.lei]["accounts"][0]["address"] for w in WITNESSES}) == len(WITNESSES)
    assert set(register) == {LEIS[name] for name in ADMITTED} | {w.lei for w in WITNESSES} | {"999900PORTOLANOPER17"}


def test_one_call_leads_from_an_order_to_cash_on_its_way(sandbox: Trading) -> None:
    """With a quote, and without one; the rest of its journey is simulated afterwards."""
    ladder = [{"milestone": "DEPARTED", "advance_rate_bps": 6000}]
    facility = sandbox.grant(ladders={"order": ladder}, limit=eur(20_000_000))["id"]
    orders = [accepted(sandbox, f"PO-2026-800{n}")["id"] for n in (2, 3)]
    journey = {"sandbox": {"milestones": ["DEPARTED"]}}

    quoted = supplier(sandbox).write("/v1/financings", {"order_id": orders[0], "accept": True, **journey})
    direct = supplier(sandbox).write("/v1/financings", {"order_id": orders[1], "facility_id": facility, **journey})

    await_indexer(sandbox.gateway, sandbox.chain)
    for opened in (quoted, direct):
        (draw,) = supplier(sandbox).get(f"/v1/financings/{opened['id']}")["draws"]
        assert (draw["base"]["amount"], int(draw["amount"]["amount"]) > 5_900_000) == ("6000000", True)
        assert draw["amount"] == quoted["quote"]["net_payout"]
    told = supplier(sandbox).write("/v1/sandbox/milestones", {"order_id": orders[0], "milestones": ["RECEIVED"]})
    assert (told["simulated"], told["order_id"], told["receivable_id"]) == (True, orders[0], None)
