"""One pass of the loop that issues and pays on, which kills itself, as `kill -9` would, at the step that it is told."""

import os
import signal
from typing import Any

from api.banking import repository as movements
from api.banking.issuing import Issuing
from api.building import build_gateway
from api.cash import service as cash
from api.db import Database
from api.gateway import Gateway
from api.payments import repository as instructions
from api.receivables import acts
from api.resources import load_routers
from api.settings import Settings

# By what waits to be done: of which function, at which of its calls, before or after it.
KILLED_AT: dict[str, tuple[str, Any, str, int, bool]] = {
    "before the issue is stored": ("matched", cash, "issue", 1, False),
    "its intent stored, the status not": ("matched", cash, "issue", 1, True),
    "intent and status stored, not committed": ("matched", movements, "move", 1, True),
    "the issue committed": ("matched", Database, "run", 1, True),
    "seen as issued, not committed": ("issuing", movements, "move", 1, True),
    "funded, not committed": ("issuing", instructions, "move", 1, True),
    "funded": ("issuing", Database, "run", 1, True),
    "before the payment is stored": ("issuing", acts, "pay", 1, False),
    "its intents stored, the status not": ("issuing", acts, "pay", 1, True),
    "payment and status stored, not committed": ("issuing", instructions, "move", 2, True),
    "the payment committed": ("issuing", Database, "run", 2, True),
    "seen as paid, not committed": ("paying", instructions, "move", 1, True),
}


def issuing_of(gateway: Gateway) -> Issuing:
    key = gateway.settings.network_key_file
    return Issuing(gateway.database, gateway.link, gateway.transactions, gateway.turns, key)


def _die_at(owner: Any, name: str, call: int, afterwards: bool) -> None:
    original, calls = getattr(owner, name), 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = original(*args, **kwargs) if afterwards or calls < call else None
        if calls >= call:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, dying)


def run(settings: Settings, step: str) -> None:
    """In a process of its own, which it ends."""
    _, *where = KILLED_AT[step]
    load_routers()
    issuing = issuing_of(build_gateway(settings))
    _die_at(*where)
    issuing.step()
