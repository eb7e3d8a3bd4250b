"""What happened, in the order in which a person would tell it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text


@dataclass(frozen=True)
class Entry:
    """`amount` in major units with its currency, as printed; `block` on chain; `event_to_cash_ms` where cash moved."""

    at: str
    who: str
    what: str
    amount: str = ""
    block: int | None = None
    event_to_cash_ms: int | None = None


@dataclass
class Timeline:
    """Prints each entry as it happens and keeps it for the report."""

    console: Console
    entries: list[Entry] = field(default_factory=list)

    def add(
        self,
        at: datetime,
        who: str,
        what: str,
        amount: str = "",
        *,
        block: int | None = None,
        event_to_cash_ms: int | None = None,
    ) -> None:
        entry = Entry(at.strftime("%Y-%m-%d %H:%M"), who, what, amount, block, event_to_cash_ms)
        self.entries.append(entry)
        self.console.print(_line(entry), soft_wrap=True)

    def as_dicts(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]


def _line(entry: Entry) -> Text:
    """Columns of fixed width; a text that is too long pushes the rest to the right rather than being cut."""
    block = "" if entry.block is None else f"#{entry.block}"
    speed = "" if entry.event_to_cash_ms is None else f"{entry.event_to_cash_ms} ms"
    return Text.assemble(
        (f"{entry.at}  ", "dim"),
        (f"{entry.who:<23} ", "bold"),
        f"{entry.what:<65}",
        (f"{entry.amount:>15}", "green"),
        (f"{block:>6}", "dim"),
        (f"{speed:>9}", "cyan"),
    )
