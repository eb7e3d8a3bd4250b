"""A node's settings: all problems at once, each naming its setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from oracle_fakes import LEI

from chain_node.client import Milestone
from oracles.errors import SettingsInvalid
from oracles.settings import load_settings

GOOD = {
    "name": '"warehouse"',
    "organisation": f'"{LEI}"',
    "rpc_url": '"http://127.0.0.1:8545"',
    "deployments": '"deployments.json"',
    "network_key_file": '"network.key"',
    "keystore": '"key.json"',
    "passphrase_file": '"passphrase"',
    "inbox": '"inbox"',
    "database": '"node.db"',
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name in ("deployments.json", "network.key", "key.json", "passphrase"):
        (tmp_path / name).touch()
    return tmp_path / "node.toml"


def write(config: Path, **changes: str | None) -> Path:
    values = {name: value for name, value in (GOOD | changes).items() if value is not None}
    config.write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
    return config


def problems(config: Path, **options: bool) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(config, **options)
    return str(refused.value)


def test_relative_paths_start_at_the_folder_of_the_file(config):
    settings = load_settings(write(config))

    assert settings.inbox == config.parent / "inbox"
    assert settings.archive == config.parent / "archive"
    assert settings.quarantine == config.parent / "quarantine"


def test_all_problems_are_told_at_once(config):
    text = problems(
        write(config, organisation='"999900SOUNDERSURVY31"', rpc_url='"ftp://x"', inboxx='"a"', database=None)
    )

    assert len(text.splitlines()) == 4
    assert "setting 'organisation': '999900SOUNDERSURVY31' is not an LEI" in text
    assert "setting 'rpc_url'" in text
    assert "setting 'inboxx' is not known" in text
    assert "setting 'database' is missing" in text


def test_missing_files_are_named(config):
    (config.parent / "network.key").unlink()
    (config.parent / "key.json").unlink()

    text = problems(write(config))

    assert f"setting 'network_key_file': there is no file {config.parent / 'network.key'}" in text
    assert "setting 'keystore': there is no file" in text


def test_missing_key_is_a_problem_unless_the_run_is_dry(config):
    write(config, keystore=None, passphrase_file=None)

    assert "setting 'keystore' is missing" in problems(config)
    assert load_settings(config, needs_key=False).keystore is None


def test_file_that_is_not_toml_is_refused_with_its_line(config):
    config.write_text("name = \n")

    assert "is not TOML" in problems(config)
    assert "line 1" in problems(config)


def test_absent_file_is_refused(tmp_path):
    assert "cannot be read" in problems(tmp_path / "none.toml")


def test_inbox_that_is_a_file_is_refused(config):
    (config.parent / "inbox").touch()

    assert "is not a directory" in problems(write(config))


def test_milestones_are_named(config):
    settings = load_settings(write(config, milestones='["LOADED", "DEPARTED"]'))

    assert settings.milestones == {Milestone.LOADED, Milestone.DEPARTED}


@pytest.mark.parametrize("value", ['["SUNK"]', '["ACCEPTED"]', '"LOADED"'])
def test_milestone_that_nobody_attests_is_refused(config, value):
    assert "setting 'milestones" in problems(write(config, milestones=value))
