"""The files for Prometheus and Grafana: parsed by promtool, true to the components, and leading to what to do."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import debian
from support.observability import DASHBOARDS, FOLDER, RULES, alerts, expressions, metrics_in, named, of_engines, panels

import api.metrics
import oracles.metrics
from chain_node.compile import ROOT
from chain_node.config import CONFIG_ROOT, load_network
from chain_node.networks.catalogue import engine_named

TRIED = ROOT / "tests" / "observability" / "alerts.yml"
OURS = re.compile(r"portolan_\w+")
ALERTS = [pytest.param(file, rule, id=rule["alert"]) for file in RULES for rule in alerts(file)]
BOARDS = [pytest.param(file, id=file.stem) for file in DASHBOARDS]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = debian.promtool()
    command = [tool.path, *arguments]
    return subprocess.run(command, env=tool.environment, capture_output=True, text=True, timeout=600, check=False)


def anchors() -> set[str]:
    """Of the headings of docs/operating.md, as pages of repositories make them."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('sum by (status) (rate(a_total{x="b", y!="c"}[5m])) / 2e9 > 0.5', {"a_total"}),
        ("max(changes(a[2m]) or changes(b[2m])) == 0 and on () max(c offset 10m) > 1", {"a", "b", "c"}),
        ("count(up == 0) or vector(0)", {"up"}),
    ],
)
def test_names_are_read_from_an_expression(expression: str, found: set[str]) -> None:
    assert metrics_in(expression) == found


def test_promtool_refuses_what_is_no_expression(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: 'sum by (x) (up'}]}]")

    refused = promtool("check", "rules", tmp_path / "rules.yml")

    assert refused.returncode != 0
    assert "could not parse expression" in refused.stderr


def test_configuration_and_rules_are_parsed() -> None:
    checked = promtool("check", "config", FOLDER / "prometheus.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("rules found") == len(RULES)


def test_every_expression_of_the_dashboards_is_parsed(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expr} for number, (_, expr) in enumerate(expressions())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    checked = promtool("check", "rules", tmp_path / "panels.yml")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_rules_fire_and_keep_quiet_when_they_should(tmp_path: Path) -> None:
    for file in RULES:
        stripped = yaml.safe_load(file.read_text(encoding="utf-8"))
        for group in stripped["groups"]:
            for rule in group["rules"]:
                del rule["annotations"]
        (tmp_path / file.name).write_text(yaml.safe_dump(stripped))
    (tmp_path / TRIED.name).write_bytes(TRIED.read_bytes())

    tried = promtool("test", "rules", tmp_path / TRIED.name)

    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_every_alert_has_been_made_to_fire() -> None:
    tried = yaml.safe_load(TRIED.read_text(encoding="utf-8"))["tests"]
    fired = {each["alertname"] for test in tried for each in test["alert_rule_test"] if each.get("exp_alerts")}

    assert {rule["alert"] for file in RULES for rule in alerts(file)} - fired == set()


def test_counts_that_an_alert_waits_for_are_told_before_the_first() -> None:
    told = {"api": api.metrics.Metrics().registry, "oracles": oracles.metrics.Metrics().registry}

    assert told["api"].get_sample_value("portolan_transactions_settled_total", {"status": "reverted"}) == 0
    assert told["api"].get_sample_value("portolan_webhook_deliveries_total", {"what": "dead"}) == 0
    for reason in ("away", "no list", "not on chain"):
        assert told["oracles"].get_sample_value("portolan_oracle_relay_fallbacks_total", {"reason": reason}) == 0


def test_what_is_not_ours_is_listed_with_its_source() -> None:
    """What is ours is compared with what gateway and oracle nodes expose, beside their own tests."""
    foreign = {name for name in named() if OURS.fullmatch(name) is None}

    assert foreign == of_engines()


@pytest.mark.parametrize(("file", "rule"), ALERTS)
def test_alert_says_how_bad_it_is_what_to_do_and_where_to_read_on(file: Path, rule: dict[str, Any]) -> None:
    runbook = rule["annotations"]["runbook_url"]

    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert re.search(r"[:,] \S", rule["annotations"]["summary"]), "what is so, and what to do"
    assert runbook == f"docs/operating.md#{rule['alert'].lower()}"
    assert runbook.partition("#")[2] in anchors()


def test_alerts_and_their_paragraphs_are_one_to_one() -> None:
    names = [rule["alert"] for file in RULES for rule in alerts(file)]
    told = re.findall(
        r"^### (\w+)$", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").partition("\n## Alerts\n")[2], re.M
    )

    assert len(set(names)) == len(names)
    assert sorted(told) == sorted(names)


def test_no_two_alerts_are_of_the_same_thing() -> None:
    asked = [" ".join(rule["expr"].split()) for file in RULES for rule in alerts(file)]

    assert [expression for expression in asked if asked.count(expression) > 1] == []


@pytest.mark.parametrize("file", BOARDS)
def test_dashboard_can_be_provisioned(file: Path) -> None:
    board = json.loads(file.read_text(encoding="utf-8"))
    found = panels(file)
    places = [(p["gridPos"]["x"] + x, p["gridPos"]["y"] + y) for p in found for x, y in _cells(p["gridPos"])]

    assert board["uid"] == f"portolan-{file.stem}"
    assert [variable["type"] for variable in board["templating"]["list"]] == ["datasource"]
    assert len({panel["id"] for panel in found}) == len(found)
    assert len(set(places)) == len(places), "two panels in one place"
    assert all(0 <= x < 24 for x, _ in places)
    shown = [panel for panel in found if panel["type"] != "row"]
    assert all(target["datasource"]["uid"] == "${source}" for panel in shown for target in panel["targets"])
    assert all(panel["targets"] for panel in shown)


def _cells(place: dict[str, int]) -> list[tuple[int, int]]:
    return [(x, y) for x in range(place["w"]) for y in range(place["h"])]


@pytest.mark.parametrize("kind", ["besu", "kaia"])
def test_nodes_are_scraped_where_members_units_and_this_machines_validators_tell(kind: str) -> None:
    members, here = scraped()[kind]

    assert members == [f"127.0.0.1:{engine_named(kind).metrics_port}"]
    engine = load_network(CONFIG_ROOT / kind).config.engine
    assert here == [f"127.0.0.1:{engine.metrics_port + i}" for i in range(engine.validators_here)]


def test_embedded_chain_is_scraped_where_its_network_has_it_told() -> None:
    engine = load_network(CONFIG_ROOT / "local").config.engine

    assert scraped()["embedded"] == [[f"127.0.0.1:{engine.metrics_port}"]]


def scraped() -> dict[str, list[list[str]]]:
    """The targets of each job."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    return {job["job_name"]: [its["targets"] for its in job["static_configs"]] for job in config["scrape_configs"]}


def test_everything_that_is_scraped_listens_on_loopback() -> None:
    targets = [target for job in scraped().values() for each in job for target in each]

    assert {target.partition(":")[0] for target in targets} == {"127.0.0.1"}
    assert len(set(targets)) == len(targets)
