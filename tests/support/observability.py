"""What the files of network-config/observability name, for tests that compare it with what there is."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from chain_node.compile import ROOT

FOLDER = ROOT / "network-config" / "observability"
RULES = sorted((FOLDER / "rules").glob("*.yml"))
DASHBOARDS = sorted((FOLDER / "grafana").glob("*.json"))
_WORDS = {"and", "or", "unless", "offset", "bool"}
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")


def alerts(file: Path) -> list[dict[str, Any]]:
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression, and where it stands."""
    for file in RULES:
        yield from ((f"{file.name} {rule['alert']}", rule["expr"]) for rule in alerts(file))
    for file in DASHBOARDS:
        for panel in panels(file):
            yield from ((f"{file.name} {panel['title']}", target["expr"]) for target in panel.get("targets", []))


def metrics_in(expression: str) -> set[str]:
    """The metrics that an expression names: every word that is no function, label, duration or keyword."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    words = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)(?!\w*\s*\()", _GROUPING.sub(" ", bare))
    return set(words) - _WORDS


def named() -> set[str]:
    return {name for _, expression in expressions() for name in metrics_in(expression)}


def of_engines() -> set[str]:
    listed = tomllib.loads((FOLDER / "engines.toml").read_text(encoding="utf-8"))
    return {name for engine in listed.values() for name in engine["names"]}


def exposed(registry: CollectorRegistry) -> set[str]:
    """The names that a monitor finds, samples or not."""
    text = generate_latest(registry).decode()
    found = set()
    for family in text_string_to_metric_families(text):
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + end for end in ends}
    return found
