"""Fixtures that tests of every package may use."""

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are made is the machine's affair.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

pytest_plugins = ("support.network",)

_MADE_FOR_A_FILE = {"audited", "quality", "run", "trading", "world"}
"""Fixtures of a whole file that take seconds: a network with all its parties, a model's run, a corpus."""
_PARAMETERS = ("kept_database_url", "run")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what was made for their file run in one worker (`--dist loadgroup`): each worker that has one
    of them makes it anew."""
    for item in items:
        if isinstance(item, pytest.Function) and _MADE_FOR_A_FILE.intersection(item.fixturenames):
            values = item.callspec.params if hasattr(item, "callspec") else {}
            group = [item.path.stem, *(str(values[name]) for name in _PARAMETERS if name in values)]
            item.add_marker(pytest.mark.xdist_group("-".join(group)))
