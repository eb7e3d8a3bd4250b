"""Events of the test token: each telling is an event of its account, told to one organisation."""

from collections.abc import Collection, Mapping

from api.events.registry import Kind, tells, whole
from api.events.telling import Telling
from chain_node.client import Event

LEI = "999900SOUNDERSURVY30"
UNTELLABLE = 777
TOKEN = 0xC0FFE


def _account(telling: Telling, event: Event) -> str:
    if event.arguments["value"] == UNTELLABLE:
        raise ValueError("nobody can tell this")
    return str(event.arguments["to"])


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    return {each: [LEI] for each in ids}


TOY = Kind("toy", "receivables:read", _account, _parties)


def _by_the_token(event: Event) -> bool:
    """Other tests' chains have real tokens of that name."""
    return int(event.address, 16) == TOKEN and event.arguments["from"] == event.arguments["to"]


tells(TOY, "CashToken", "Transfer", "told", when=_by_the_token, value=whole("value"))
