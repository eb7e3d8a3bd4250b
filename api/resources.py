"""The resources this gateway serves. Loading one makes its tables and its event handlers known."""

from importlib import import_module
from typing import Final, cast

from fastapi import APIRouter

_OF_THE_CHAIN: Final = ("participants", "cash", "receivables", "facilities", "financings", "pools", "milestones")
_OF_REQUESTS: Final = ("documents", "invoices")


def load_tables() -> None:
    """Makes every table known to the metadata, and every handler to the indexer."""
    for name in (*_OF_THE_CHAIN, *_OF_REQUESTS):
        import_module(f"api.{name}.models")
    for name in _OF_THE_CHAIN:
        import_module(f"api.{name}.handlers")


def load_routers() -> tuple[APIRouter, ...]:
    load_tables()
    modules = [import_module(f"api.{name}.router") for name in (*_OF_THE_CHAIN, *_OF_REQUESTS)]
    return tuple(cast(APIRouter, module.router) for module in modules)
