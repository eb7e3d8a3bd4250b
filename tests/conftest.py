"""Fixtures that tests of every package may use, and the order in which tests run."""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are made is the machine's affair. The same ones each time, so that a red run can be repeated and a
# green one stays green; `make fuzz` takes new ones.
settings.register_profile("same", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("new", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest_plugins = ("support.network",)

_MADE_FOR_A_FILE = {"audited", "harbour", "kept", "quality", "run", "sandbox", "trading", "world"}
"""Fixtures of a whole file that take seconds: a network with all its parties, a model's run, a corpus."""
_PARAMETERS = ("kept_database_url", "run")


_FIRST = (
    "test_chaos_deaths",
    "test_chaos_harms",
    "test_chaos_links",
    "test_chaos_strangers",
    "test_soak",
    "test_crash_campaign",
    "test_compile",
    "test_demo_kaia",
    "test_members_run",
    "test_kaia",
    "test_oracles_kills",
    "test_brownie",
    "test_demo",
    "test_deploy",
    "test_every_operation",
    "test_isolation",
    "test_prepare",
    "test_up",
    "test_mirror",
    "test_page_key_loss",
    "test_page_suspected_fraud",
    "test_oracles_faults",
    "test_goods_events",
    "test_statements_at_random",
    "test_lists",
    "test_goods_lists",
    "test_relay_node",
    "test_bank_crashes",
    "test_role_matrix",
    "test_goods_mirror",
)
"""Files of tests, or of groups of tests, that take a minute or more, the longest first: what is begun last is waited
for by workers that have nothing left to do."""


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share what was made for their file run in one worker (`--dist loadgroup`): each worker that has one
    of them makes it anew."""
    places = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    for item in items:
        if isinstance(item, pytest.Function) and _MADE_FOR_A_FILE.intersection(item.fixturenames):
            values = item.callspec.params if hasattr(item, "callspec") else {}
            group = [item.path.stem, *(str(values[name]) for name in _PARAMETERS if name in values)]
            item.add_marker(pytest.mark.xdist_group("-".join(group)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Makes millions of objects and drops hardly any: the collector, which would take a fifth of the time for looking
    for those, does not run meanwhile, and afterwards need not look through what is there to stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
