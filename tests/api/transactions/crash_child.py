"""A gateway process that kills itself, as `kill -9` would, at the step that it is told. Run by test_crashes.py.

Arguments: the settings as JSON, the step, and whether to submit first. Steps are named in KILLED_AT.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from token_chain import call_of

from api.gateway import Gateway, build_gateway
from api.indexer.apply import Writer
from api.settings import Settings
from api.transactions import outbox, receipts
from api.transactions.broadcast import Broadcaster
from api.transactions.service import Transactions

LEI = "999900SOUNDERSURVY30"
INTENTS = 5
UNCOMMITTED = "before the intents are committed"
KILLED_AT: dict[str, tuple[Any, str, bool]] = {
    UNCOMMITTED: (Transactions, "submit", True),
    "after the intents are committed": (Transactions, "_committed", False),
    "before nonces are stored": (outbox, "set_next_nonce", False),
    "after nonces are written, before the commit": (outbox, "set_next_nonce", True),
    "before the broadcast": (Broadcaster, "send_all", False),
    "after the broadcast": (Broadcaster, "send_all", True),
    "before it is recorded as sent": (outbox, "mark_sent", False),
    "after it is recorded, before the commit": (outbox, "mark_sent", True),
    "before the receipts are written": (receipts, "record", False),
    "after the receipts are written, before the commit": (receipts, "record", True),
    "after the block is committed": (Writer, "_count", False),
}


def _is_nothing_of_ours(name: str, args: tuple[Any, ...]) -> bool:
    """Blocks without our transactions come at any time, also before there are any intents."""
    if name == "_count":
        return not any(scanned.outcomes for scanned in args[1].blocks)
    return name == "record" and not args[1]


def _die_at(step: str) -> None:
    owner, name, afterwards = KILLED_AT[step]
    original: Callable[..., Any] = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if _is_nothing_of_ours(name, args):
            return original(*args, **kwargs)
        result = original(*args, **kwargs) if afterwards else None
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def _submit(gateway: Gateway) -> None:
    signer = gateway.signers.create_organisation(LEI).name
    with gateway.database.transaction() as session:
        for value in range(1, INTENTS + 1):
            gateway.transactions.submit(
                session, signer=signer, call=call_of(value), owner_lei=LEI, purpose=f"intent {value}"
            )


def main(settings: str, step: str, submit: str) -> None:
    if step:
        _die_at(step)
    gateway = build_gateway(Settings(**json.loads(settings)))
    gateway.start()
    if submit == "submit":
        _submit(gateway)
    # Ends by itself in `step`, or by the test.
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
