"""An upgrade of lending with gateways at work: the old version's serves what is open, the new version's lends anew, for
the same organisations at the same time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mirror import differences
from served import keyed
from sqlalchemy import select
from support.network import lei
from trading import (
    FACE_VALUE,
    Desk,
    Trading,
    await_indexer,
    eur,
    facility_request,
    invoice,
    start_network,
    token,
)
from typer.testing import CliRunner

from api.auth.service import create_client
from api.cli import gateway_app
from api.main import create_app
from api.settings import load_settings
from api.transactions import outbox
from api.transactions.models import Status
from chain_node.cli import node_app
from chain_node.client import AddressBook, Chain, Role
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
DAY = 86_400
PARTIES = ("supplier", "debtor", "lender", "junior")
SECOND_HOLDER = lei("PORTOLANSECOND")
LADDERS = {"receivable": [{"milestone": "ACCEPTED", "advance_rate_bps": 8000}]}
PART = FACE_VALUE // 4


def typed(app: Any, *words: object) -> str:
    answer = CliRunner().invoke(app, [str(word) for word in words])
    assert answer.exit_code == 0, answer.output
    return answer.output


def refused(app: Any, *words: object) -> str:
    answer = CliRunner().invoke(app, [str(word) for word in words])
    assert answer.exit_code == 1, answer.output
    return " ".join(answer.output.split())


class Rehearsal:
    """The folder of a network, with the settings of two gateways."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.network = start_network(home / "network")
        self.clients: dict[str, tuple[str, str]] = {}

    def config(self, name: str, deployments: str, **changes: str) -> Path:
        its = {
            "rpc_url": self.network.engine.rpc_url,
            "deployments": f"network/{deployments}",
            "data_dir": name,
            "keys_dir": "network/keys",
            "network_key_file": "network/network.key",
            "lanes_dir": "lanes",
        }
        file = self.home / f"{name}.toml"
        file.write_text("".join(f'{key} = "{value}"\n' for key, value in {**its, **changes}.items()))
        return file

    @contextmanager
    def gateway(self, config: Path) -> Iterator[Trading]:
        """Serving, with a desk of each party by the client that it has had from the beginning."""
        typed(gateway_app, "migrate", "--config", config)
        settings = load_settings(config)
        chain = Chain.connect(settings.rpc_url, AddressBook.load(settings.deployments))
        app = create_app(settings)
        if "operator" not in self.clients:
            made = app.state.gateway.database.run(lambda session: create_client(session, lei=None, operator=True))
            self.clients["operator"] = (made.client_id, made.client_secret)
        with TestClient(app) as client:
            client.event_hooks = {"request": [keyed]}
            desks = {name: Desk(client, token(client, *known)) for name, known in self.clients.items()}
            at = Trading(replace(self.network, chain=chain), app.state.gateway, client, desks["operator"], desks)
            yield at
        chain.close()

    def admit(self, at: Trading) -> None:
        for name in PARTIES:
            told = at.admit(name)
            self.clients[name] = (told["client_id"], told["client_secret"])
        until = at.chain.block().timestamp + 1000 * DAY
        second = at.chain.registry.register_organisation(SECOND_HOLDER, "", "LU", int(Role.NETWORK), until)
        at.send(KeyRing(self.network.data_dir).account("registrar"), second)

    def upgrade(self, *words: object) -> str:
        return typed(node_app, "upgrade", "--data-dir", self.network.data_dir, *words)

    def scheduled(self) -> None:
        """By the command, and its delay waited out."""
        told = self.upgrade("--schedule", "--module", "FinancingDesk", "--holder", SECOND_HOLDER)
        assert "Nothing uses them yet." in told
        words = ("upgrade", "--data-dir", self.network.data_dir, "--execute")
        assert "not ready before" in refused(node_app, *words)
        self.network.engine.set_clock(self.network.chain.block().timestamp + DAY + 60)


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path)
    made.network.mine_at_once()
    yield made
    made.network.chain.close()
    made.network.engine.stop()


def financed(at: Trading, facility: str, number: str) -> tuple[str, str]:
    """A sold invoice and its financing, each step by the gateway."""
    sold = at.sell(invoice(number))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return sold["receivable_id"], str(at.desks["supplier"].write("/v1/financings", body)["id"])


def paid_in_parts(at: Trading, receivable: str, parts: int) -> None:
    """The operator issues, the debtor pays; only the last is waited for."""
    at.issue("debtor", PART * parts)
    path, part = f"/v1/receivables/{receivable}/payments", {"amount": eur(PART)}
    for _ in range(parts - 1):
        assert at.desks["debtor"].post(path, part).status_code == 202
    at.desks["debtor"].write(path, part)


def test_old_gateway_runs_off_while_the_new_one_lends_for_the_same_organisations(rehearsal: Rehearsal) -> None:
    with rehearsal.gateway(rehearsal.config("old", "deployments.json")) as at:
        rehearsal.admit(at)
        at.fund(20_000_000)
        facility = at.grant(ladders=LADDERS)["id"]
        receivable, financing = financed(at, facility, "AS-2026-0001")
        accepted = at.sell(invoice("AS-2026-0003"))["receivable_id"]
        rehearsal.scheduled()
        at.issue("supplier", 1_000_000)
    rehearsal.upgrade("--execute")
    before = rehearsal.config("old", "deployments-run-off-1.json")
    after = rehearsal.config("new", "deployments.json")
    told = typed(gateway_app, "carry-over", "--config", after, "--from", before)
    assert "participants: 4 carried over" in told

    with ExitStack() as stack:
        old = stack.enter_context(rehearsal.gateway(before))
        new = stack.enter_context(rehearsal.gateway(after))
        nothing_new_begins(old, facility, accepted)
        rehearsal.network.mine_by_the_clock()
        at_once(rehearsal, old, new, receivable, financing)
        rehearsal.network.mine_at_once()

        assert old.desks["supplier"].get(f"/v1/financings/{financing}")["state"] == "repaid"
        old.desks["supplier"].write(f"/v1/financings/{financing}/release")
        for at in (old, new):
            await_indexer(at.gateway, at.chain)
            assert differences(at.gateway.database, at.chain) == []
            assert at.chain.health.check().healthy
        each_intent_had_one_effect(old, new)
        body = {"facility_id": "1", "receivable_id": accepted}
        # What the debtor accepted through the old gateway backs a financing of the new one.
        assert new.desks["supplier"].write("/v1/financings", body)["financing"]["state"] == "open"


def nothing_new_begins(old: Trading, facility: str, accepted: str) -> None:
    """The old gateway says why, and which contracts lend now."""
    present = old.chain.directory.module_of("FinancingDesk")
    asked = {"facility_id": facility, "receivable_id": accepted}
    deposit = {"tranche": "senior", "amount": eur(1)}
    refusals = [
        old.desks["supplier"].post("/v1/financings", asked),
        old.desks["supplier"].post("/v1/financings", {"receivable_id": accepted, "expected": []}),
        old.operator.post("/v1/facilities", {**facility_request(), "ladders": LADDERS}),
        old.desks["lender"].post("/v1/pools/EUR/deposits", deposit),
    ]

    assert [(answer.status_code, answer.json()["error"]) for answer in refusals] == [(409, "version-runs-off")] * 4
    assert refusals[0].json()["context"]["present"] == present != old.chain.desk.address


def at_once(rehearsal: Rehearsal, old: Trading, new: Trading, receivable: str, financing: str) -> None:
    """What is open on the old version is paid, while the new one lends and is paid."""

    def lend_anew() -> None:
        new.fund(20_000_000)
        facility = new.grant(ladders=LADDERS)["id"]
        sold, opened = financed(new, facility, "AS-2026-0002")
        assert (facility, opened) == ("1", financing)  # the new desk's numbers begin again
        paid_in_parts(new, sold, 4)
        assert new.desks["supplier"].get(f"/v1/financings/{opened}")["state"] == "repaid"

    def run_off() -> None:
        paid_in_parts(old, receivable, 2)
        for _ in range(3):
            path = f"/v1/financings/{financing}/repayments"
            old.desks["supplier"].write(path, {"amount": eur(100_000)})
        paid_in_parts(old, receivable, 2)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(lend_anew), threads.submit(run_off)]:
            done.result()


def each_intent_had_one_effect(old: Trading, new: Trading) -> None:
    """All are in blocks, none was sent anew, and an account's nonces are those of both, without a gap."""
    nonces: dict[tuple[str, str], list[int]] = {}
    for at in (old, new):
        with at.gateway.database.engine.connect() as connection:
            assert connection.execute(select(outbox.ATTEMPTS)).all() == []
            for row in connection.execute(select(outbox.T)):
                assert row.status == Status.MINED, (row.function, row.error)
                nonces.setdefault((row.signer, row.sender), []).append(row.nonce)
    assert any(signer.startswith("org:") for signer, _ in nonces)
    for (signer, sender), given in nonces.items():
        count = old.chain.transaction_count(sender)
        assert count == old.chain.transaction_count(sender, "pending")
        assert len(given) == len(set(given))
        if signer.startswith("org:"):  # the offices' keys carried out the upgrade, too
            assert sorted(given) == list(range(count))
