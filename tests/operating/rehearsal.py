"""Types a page's commands in one session of a shell, and holds what they print against what the page promises."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pages import PageInvalid, Step, missing_line, read_page
from stand_ins import StandIns

STEP_SECONDS: Final = 900


class PageFails(AssertionError):
    """A command of a page failed, or did not print what the page promises."""


@dataclass
class Rehearsal:
    """`folder` is where the session works and keeps its variables from block to block."""

    folder: Path
    stand_ins: StandIns
    printed: list[str] = field(default_factory=list)

    def page(
        self, name: str, values: Mapping[str, object], before: Mapping[str, Callable[[], object]] | None = None
    ) -> str:
        """Rehearses a whole page with its placeholders filled in; `before` is what happens in the world before the
        section of that heading. Returns all that was printed."""
        page, events = read_page(name), dict(before or {})
        if set(values) != set(page.settings):
            odd = sorted(set(values) ^ set(page.settings))
            raise PageInvalid(f"{name}: its settings and those of the rehearsal differ: {', '.join(odd)}")
        unknown = set(events) - {step.heading for step in page.steps}
        if unknown:
            raise PageInvalid(f"{name} has no commands under {', '.join(sorted(unknown))}")
        self._fill_in(values)
        begun = len(self.printed)
        for step in page.steps:
            if step.heading in events:
                events.pop(step.heading)()
            self._take(name, step)
        return "".join(self.printed[begun:])

    def again(self, name: str, heading: str, values: Mapping[str, object], then: Mapping[str, object]) -> None:
        """Types one section as somebody else would who fills in other values; `then` are the session's own again."""
        self._fill_in(values)
        steps = [step for step in read_page(name).steps if step.heading == heading]
        if not steps:
            raise PageInvalid(f"{name} has no commands under {heading}")
        for step in steps:
            self._take(name, step)
        self._fill_in(then)

    def _fill_in(self, values: Mapping[str, object]) -> None:
        self._type("".join(f"export {key}={shlex.quote(str(value))}\n" for key, value in values.items()))

    def _take(self, name: str, step: Step) -> None:
        code, printed = self._type(step.commands)
        self.printed.append(printed)
        where = f"docs/operating/{name}:{step.line} ({step.heading})"
        if code != step.exit_code:
            raise PageFails(f"{where} ended with {code}, not {step.exit_code}:\n{step.commands}\n---\n{printed}")
        missing = missing_line(step.promised, printed)
        if missing is not None:
            raise PageFails(f"{where} promises\n  {missing}\nbut\n{step.commands}\nprinted\n{printed}")

    def _type(self, commands: str) -> tuple[int, str]:
        state = self.folder / ".session"
        state.touch()
        script = f"set -eua\nsource {state}\n{commands}\ndeclare -px > {state}\n"
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.stand_ins.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            printed, _ = process.communicate(timeout=STEP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            printed = process.communicate()[0] + f"\n(not done in {STEP_SECONDS} seconds)"
        return process.returncode, printed
