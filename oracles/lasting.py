"""Threads beside the node's own that must last as long as it: one that ends before is told, and the node not ready."""

from __future__ import annotations

from collections.abc import Callable

import structlog

log = structlog.get_logger("oracles")

Told = Callable[[str], None]


def nobody(_: str) -> None:
    """Where no node stands behind a service."""


def lasting(work: Callable[..., None], stopping: Callable[[], bool], service: str, told: Told) -> Callable[..., None]:
    """The same work, which tells the service's name where it ends, or fails, though nobody stopped it."""

    def run(*arguments: object) -> None:
        try:
            work(*arguments)
        finally:
            if not stopping():
                log.error("service ended", service=service, operator_action_required=True)
                told(service)

    return run
