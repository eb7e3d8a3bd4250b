"""Whether this gateway's version of lending still lends. After an upgrade of the contracts Directory names another
version's, and what would begin on the old one belongs there: its own gateway is told so, before it asks the chain."""

import time
from typing import Final
from weakref import WeakKeyDictionary

from api.errors import Conflict, of_chain
from chain_node.client import Chain
from chain_node.errors import ChainError

_HOLDS_SECONDS: Final = 10.0
"""How long an answer counts. The contracts themselves refuse from the upgrade on."""
_present: WeakKeyDictionary[Chain, dict[str, tuple[float, str]]] = WeakKeyDictionary()


def require_lending(chain: Chain, module: str = "FinancingDesk") -> None:
    """Conflict where Directory has another contract by the module's name than this gateway works with."""
    ours, present = chain.addresses.address(module), _present_of(chain, module)
    if present != ours:
        detail = (
            f"This gateway serves a version that runs off: what is open on it goes on, and nothing new begins. Here "
            f"{module} is {ours}, but by now it is {present}: ask the gateway of that version."
        )
        raise Conflict("version-runs-off", detail, module=module, ours=ours, present=present)


def _present_of(chain: Chain, module: str) -> str:
    known = _present.setdefault(chain, {})
    asked_at, address = known.get(module, (float("-inf"), ""))
    if time.monotonic() - asked_at >= _HOLDS_SECONDS:
        try:
            address = chain.directory.module_of(module)
        except ChainError as error:
            raise of_chain(error) from error
        known[module] = (time.monotonic(), address)
    return address
