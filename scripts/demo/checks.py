"""What the demo promises, each promise by name."""

from dataclasses import dataclass, field

from rich.console import Console


@dataclass
class Checks:
    """A check that fails is printed at once and remembered; the demo goes on as far as it can and then fails."""

    console: Console
    results: dict[str, bool] = field(default_factory=dict)

    def record(self, name: str, holds: bool, seen: str = "") -> bool:
        """A name recorded twice holds only if it held each time."""
        self.results[name] = self.results.get(name, True) and holds
        if not holds:
            self.console.print(f"[bold red]check failed[/] {name}{': ' + seen if seen else ''}")
        return holds

    @property
    def ok(self) -> bool:
        return bool(self.results) and all(self.results.values())
