"""Fixtures that tests of every package may use."""

pytest_plugins = ("support.network",)
