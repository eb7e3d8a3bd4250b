"""What the guardian stops and the governor resumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chain_node.client import Call, Circulation, DeskActivity, PoolActivity
from model.calendar360 import DAY
from model.run import Attempt, Run


def stop(run: Run) -> Iterator[Attempt]:
    """The guardian stops something at once; the governor announces that it goes on, a day before it does."""
    if run.resumes:
        return
    network, governor = run.chain, run.office("governor")
    pool = network.pool("EUR")
    what: tuple[Any, Any] = run.random.choice(
        [(network.receivables, each) for each in Circulation]
        + [(pool, each) for each in PoolActivity]
        + [(network.desk, DeskActivity.OPENING)]
    )
    yield Attempt(run.office("guardian"), what[0].stop(what[1]))
    resume: Call = what[0].resume(what[1])
    manager = network.access_manager
    yield Attempt(governor, manager.call("schedule", resume.to, resume.data, 0))
    run.resumes.append((run.head + DAY, manager.call("execute", resume.to, resume.data)))


def resume(run: Run) -> Iterator[Attempt]:
    if run.resumes and run.books.now >= run.resumes[0][0]:
        _, call = run.resumes.pop()
        yield Attempt(run.office("governor"), call)
