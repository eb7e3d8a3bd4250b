"""The resources this gateway serves. Loading one makes its tables and its event handlers known."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from fastapi import APIRouter

_OF_THE_CHAIN: Final = (
    "participants",
    "cash",
    "receivables",
    "orders",
    "facilities",
    "financings",
    "pools",
    "milestones",
    "receipts",
    "pledges",
    "margin_calls",
    "release_orders",
    "readings",
    "insurance_policies",
    "compliance.monitoring",
)
_OF_REQUESTS: Final = (
    "documents",
    "invoices",
    "usage",
    "quotes",
    "payments",
    "banking",
    "compliance.audit",
    "compliance.cases",
    "compliance.screening",
    "compliance.onboarding",
    "compliance.freezing",
    "compliance.supervision",
)
_OF_EVENTS: Final = ("events", "webhooks")
_WITHOUT_TABLES: Final = ("clients", "sandbox", "statements")


def load_tables() -> None:
    """Makes every table known to the metadata, every handler and every kind of event to the indexer."""
    for name in (*_OF_THE_CHAIN, *_OF_REQUESTS, *_OF_EVENTS):
        import_module(f"api.{name}.models")
    for name in _OF_THE_CHAIN:
        import_module(f"api.{name}.handlers")
    for name in (*_OF_THE_CHAIN, *_OF_REQUESTS, *_OF_EVENTS):
        if find_spec(f"api.{name}.events") is not None:
            import_module(f"api.{name}.events")


def load_routers() -> tuple[APIRouter, ...]:
    load_tables()
    named = (*_OF_THE_CHAIN, *_OF_REQUESTS, *_OF_EVENTS, *_WITHOUT_TABLES)
    modules = [import_module(f"api.{name}.router") for name in named]
    return tuple(cast(APIRouter, module.router) for module in modules)
