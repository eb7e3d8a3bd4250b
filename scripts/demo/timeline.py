"""What happened, in the order in which a person would tell it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
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
        self.console.print(_line(entry))

    def as_dicts(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]


def _line(entry: Entry) -> Table:
    line = Table.grid(padding=(0, 2))
    for width, justify in ((16, "left"), (22, "left"), (58, "left"), (16, "right"), (9, "right"), (8, "right")):
        line.add_column(width=width, justify=justify)  # type: ignore[arg-type]
    block = f"#{entry.block}" if entry.block is not None else ""
    speed = f"{entry.event_to_cash_ms} ms" if entry.event_to_cash_ms is not None else ""
    line.add_row(
        Text(entry.at, "dim"), Text(entry.who, "bold"), entry.what, Text(entry.amount, "green"), block, Text(speed, "cyan")
    )
    return line
