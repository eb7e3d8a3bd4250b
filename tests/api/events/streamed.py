"""Events for those who follow the log of a gateway that is served."""

from served import LEI, Served
from telling_events import tell


def say(served: Served, count: int, *, lei: str = LEI, size: int = 0) -> list[str]:
    """So many events, each with so much text; their ids."""
    told = [{"resource_id": f"0x{number % 3:02x}", "body": {"text": "x" * size}} for number in range(count)]
    return tell(served.gateway.database, told, [lei])
