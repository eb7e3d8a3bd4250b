"""The resources this gateway serves. Loading one makes its tables and its event handlers known."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from fastapi import APIRouter

NAMES: Final = (
    "participants",
    "cash",
    "documents",
    "invoices",
    "receivables",
    "facilities",
    "financings",
    "pools",
    "milestones",
)


def _load(name: str, part: str) -> object | None:
    module = f"api.{name}.{part}"
    return import_module(module) if find_spec(module) is not None else None


def load_tables() -> None:
    """Makes every table known to the metadata, and every handler to the indexer."""
    for name in NAMES:
        for part in ("models", "handlers"):
            _load(name, part)


def load_routers() -> tuple[APIRouter, ...]:
    load_tables()
    modules = [_load(name, "router") for name in NAMES]
    return tuple(cast(APIRouter, vars(module)["router"]) for module in modules if module is not None)
