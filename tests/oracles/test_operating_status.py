"""How a node says that it is: problems, readiness, metrics and `status`, on a fake network."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from http.client import HTTPConnection

import pytest
from operating_desk import beating, command, still_running
from oracle_bench import Bench
from oracle_fakes import NOON, WAREHOUSE, epcis, epcis_event
from prometheus_client import CollectorRegistry
from support.observability import exposed, named

from chain_node.client import AddressBook, Refusal
from chain_node.client.endpoints import EndpointRules, Watch
from oracles.endpoints import EndpointFigures
from oracles.errors import PortUnusable
from oracles.metrics import Metrics
from oracles.operating.collecting import Collected, HealthCollected
from oracles.operating.health import STALLED_SECONDS, Health, Trouble
from oracles.operating.monitor import monitored
from oracles.operating.status import status_of


def problems(bench: Bench) -> list[str]:
    return [problem.name for problem in bench.node.health.problems()]


def status(bench: Bench, *options: str):
    return command(bench, "status", *options)


def test_node_is_starting_until_it_has_come_round(bench):
    assert problems(bench) == [Trouble.STARTING]

    beating(bench)

    assert problems(bench) == []


def test_loop_that_stands_still_is_told_and_no_longer_alive():
    now = [1000.0]
    health = Health(clock=lambda: now[0])
    health.turned()
    now[0] += STALLED_SECONDS + 1

    assert [problem.name for problem in health.problems()] == [Trouble.LOOP_STOPPED]
    assert not health.is_alive


def test_chain_that_is_away_is_a_problem_until_it_is_back(bench):
    bench.chain.away = True
    beating(bench)
    assert problems(bench) == [Trouble.CHAIN_AWAY]

    bench.chain.away = False
    bench.clock.now += 60
    beating(bench)

    assert problems(bench) == []


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"organisation": 0}, Trouble.NOT_ADMITTED),
        ({"suspended": True}, Trouble.SUSPENDED),
        ({"frozen": True}, Trouble.FROZEN),
        ({"expires_at": int(NOON.timestamp())}, Trouble.ADMISSION_EXPIRED),
    ],
)
def test_node_whose_word_the_registry_would_not_take_is_not_ready(bench, changes, trouble):
    bench.chain.admit(replace(WAREHOUSE, **changes))
    beating(bench)
    assert problems(bench) == [trouble]

    bench.chain.admit(WAREHOUSE)
    bench.clock.now += 1
    beating(bench)

    assert problems(bench) == []


def test_account_of_another_organisation_is_told(bench):
    bench.chain.others[bench.node._signer.address] = replace(WAREHOUSE, organisation=8)

    beating(bench)

    assert problems(bench) == [Trouble.OTHER_ORGANISATION]


def test_chain_node_that_has_yet_to_catch_up_is_told(bench):
    bench.chain.behind = 12

    beating(bench)

    assert problems(bench) == [Trouble.CHAIN_BEHIND]


def test_clock_that_is_off_is_told_while_work_goes_on_by_the_chain(tmp_path):
    bench = Bench(tmp_path, settings_changes={"clock_tolerance_seconds": 60})
    bench.drop("receiving.json", epcis(epcis_event()))

    bench.settle()
    beating(bench)

    assert problems(bench) == [Trouble.CLOCK_OFF]
    assert bench.event.status == "vouched"


def test_disk_without_the_reserve_takes_nothing_in_and_goes_on_by_itself(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settings_changes["disk_reserve_bytes"] = 2**40
    bench.restart()
    beating(bench, 3)
    assert problems(bench) == [Trouble.DISK_FULL]
    assert bench.rows_of_documents() == []

    bench.settings_changes["disk_reserve_bytes"] = 0
    bench.restart()
    beating(bench)

    assert problems(bench) == []
    assert len(bench.rows_of_documents()) == 1


def test_database_that_another_program_holds_is_told_and_waited_for(bench, monkeypatch):
    monkeypatch.setattr("oracles.store.database.BUSY_SECONDS", 0.05)
    bench.restart()
    bench.drop("receiving.json", epcis(epcis_event()))
    with sqlite3.connect(bench.settings.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        beating(bench)
        assert Trouble.DATABASE_LOCKED in problems(bench)
        other.execute("ROLLBACK")

    bench.clock.now += 60
    bench.settle()
    beating(bench)

    assert problems(bench) == []
    assert bench.event.status == "vouched"


# What a monitor sees


def get(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_port_that_is_taken_is_told(bench):
    registry = Metrics().registry
    with (
        monitored(0, registry, bench.node.health) as port,
        pytest.raises(PortUnusable, match=f"setting 'metrics_port': nothing can listen on port {port}"),
        monitored(port, registry, bench.node.health),
    ):
        pass


def test_monitor_tells_readiness_with_its_reasons(bench):
    with monitored(0, bench.node.metrics.registry, bench.node.health) as port:
        status_code, body = get(port, "/ready")
        live, _ = get(port, "/live")
        absent, _ = get(port, "/elsewhere")
        beating(bench)
        ready, well = get(port, "/ready")
        head, nothing = get(port, "/live", "HEAD")

    assert (status_code, json.loads(body)["problems"][0]["name"]) == (503, "starting")
    assert (live, absent, ready, head, nothing) == (200, 404, 200, 200, b"")
    assert json.loads(well) == {"ready": True, "problems": []}


def test_metrics_tell_sources_votes_and_the_outbox(bench):
    registry = bench.node.metrics.registry
    registry.register(Collected(bench.settings, bench.database, bench.node.health))
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.drop("mqtt~00.json", epcis(epcis_event("storing")))
    bench.drop("bad.json", b"[]")
    bench.settle()
    bench.chain.refuse = Refusal.TOO_OLD
    bench.drop("arriving.json", epcis(epcis_event("arriving")))
    bench.settle()
    bench.chain.link("order", "PO-NEXT", b"\x02" * 32)
    bench.chain.refuse = Refusal.NONE
    bench.drop("next.json", epcis(epcis_event(order="PO-NEXT")))
    bench.turn(60)
    beating(bench)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"portolan_oracle_{name}", labels)

    assert value("facts_signed_total") == value("facts_submitted_total") == 4
    assert value("facts_confirmed_total") == 2
    assert value("facts_refused_total", reason="TOO_OLD") == 1
    assert value("outbox_depth") == 1
    assert value("oldest_unsettled_seconds") > 0
    assert value("source_documents_total", source="mqtt") == 1
    assert value("source_documents_total", source="inbox") == 4
    assert value("source_seconds_since_last_document", source="mqtt") >= 0
    assert value("source_event_delay_seconds", source="mqtt") > 0
    assert value("quarantined_files") == 1
    assert value("disk_free_bytes") > 0
    assert value("database_bytes") > 0
    assert value("chain_lag_seconds") is not None
    assert value("ready") == 1
    assert value("problem", problem="disk full") == 0


def test_metrics_of_a_lone_relay_tell_what_keeps_it_from_its_work():
    registry, health = CollectorRegistry(), Health()
    registry.register(HealthCollected(health))

    starting = registry.get_sample_value("portolan_oracle_problem", {"problem": "starting"})
    before = registry.get_sample_value("portolan_oracle_ready")
    health.turned()

    assert (starting, before) == (1, 0)
    assert registry.get_sample_value("portolan_oracle_ready") == 1


def test_whatever_rules_and_dashboards_name_of_oracle_nodes_is_exposed(bench):
    registry = bench.node.metrics.registry
    registry.register(Collected(bench.settings, bench.database, bench.node.health))
    beating(bench)
    bench.node.health.blocks_behind = 0

    watch = Watch(["http://a:1", "http://b:1"], AddressBook("n", 1, 1, {}, {}), EndpointRules(), 1.0)
    registry.register(EndpointFigures(watch))

    wanted = {name for name in named() if name.startswith("portolan_oracle_")}

    assert len(wanted) > 20
    assert wanted - exposed(registry) == set()


# Status


def test_status_of_a_node_that_never_ran_is_not_able_to_work(bench):
    bench.database.close()
    bench.settings.database.unlink()

    result = status(bench)

    assert result.exit_code == 2
    assert "It has not run yet" in result.output


def test_status_of_a_node_that_was_stopped_is_not_able_to_work(bench):
    beating(bench)

    assert status_of(bench.settings).process.state == "stopped"
    assert status(bench).exit_code == 2


def test_status_of_a_healthy_node(bench):
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.settle()
    beating(bench)
    still_running(bench)

    result = status(bench, "--json")

    found = json.loads(result.output)
    assert (result.exit_code, found["verdict"], found["process"]["state"]) == (0, "healthy", "running")
    assert found["votes"] == {"signed": 1, "submitted": 1, "confirmed": 1, "refused": {}}
    assert found["outbox"] == {"depth": 0, "oldest_seconds": 0.0}
    assert found["chain"]["block"] == bench.chain.block
    assert [source["source"] for source in found["sources"]] == ["inbox"]
    assert found["held"] == found["problems"] == []


def test_status_shows_what_waits_and_what_is_held_until_it_is_laid_to_rest(bench):
    bench.drop("first.json", epcis(epcis_event()))
    bench.settle()
    bench.drop("second.json", epcis(epcis_event(quantity=1)))
    bench.drop("third.json", epcis(epcis_event(order="PO-LATER")))
    bench.settle()
    beating(bench)
    still_running(bench)

    result = status(bench)
    (held,) = status_of(bench.settings).held
    rested = command(bench, "held rest", held.name, "--reason", "a typing error", "--who", "Jo")
    again = command(bench, "held rest", held.name, "--reason", "a typing error")

    assert result.exit_code == 1
    assert "1 held, 1 vouched, 1 waiting" in result.output
    assert "To do: compare both papers" in result.output
    assert "no consignment is linked to order PO-LATER" in result.output
    assert (held.file, held.milestone) == ("second.json", "RECEIVED")
    assert rested.exit_code == 0, rested.output
    assert status(bench).exit_code == 0
    assert again.exit_code == 1
    assert "no event of this hash is held" in again.stderr


def test_status_says_what_is_wrong_and_what_to_do(bench):
    bench.chain.admit(replace(WAREHOUSE, suspended=True))
    beating(bench)
    still_running(bench)

    result = status(bench)

    assert result.exit_code == 2
    assert (
        "suspended: the registry has suspended this organisation. To do: ask the network's registrar" in result.output
    )
