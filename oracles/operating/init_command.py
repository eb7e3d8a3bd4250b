"""`portolan oracle init`: asks what a new node must know, and lays it out."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from chain_node.client import AddressBook, Chain
from chain_node.errors import RetryableError
from oracles.operating.founding import CONFIG, REQUEST, Answers, found
from oracles.operating.questions import QUESTIONS, Question
from oracles.refusals import one_sentence

Given = Annotated[str | None, typer.Option(show_default=False)]
NEXT_STEPS = """
{folder} is laid out. Its account is {account}.

Next steps:
  1. Send {folder}/{request} to the network's registrar. It holds no secret. The registrar checks it with
       portolan node admit {request}
     and admits the node with --send.
  2. Keep a copy of key.json and passphrase apart from this machine.
  3. Start the node; it waits until it is admitted:
       portolan oracle run --config {folder}/{config}
     or as a service: see the first lines of {folder}/{unit}.
  4. Ask how it is:
       portolan oracle status --config {folder}/{config}
"""


def init_command(
    folder: Given = None,
    name: Given = None,
    organisation: Given = None,
    legal_name: Given = None,
    jurisdiction: Given = None,
    roles: Given = None,
    rpc_url: Given = None,
    deployments: Given = None,
    network_key: Given = None,
    metrics_port: Given = None,
    user: Given = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take the defaults for what is not given.")] = False,
) -> None:
    """Lay out a new node: settings, key, folders, systemd unit and the request for admission. Overwrites nothing."""
    given: dict[str, str | None] = {
        "folder": folder,
        "name": name,
        "organisation": organisation,
        "legal_name": legal_name,
        "jurisdiction": jurisdiction,
        "roles": roles,
        "rpc_url": rpc_url,
        "deployments": deployments,
        "network_key": network_key,
        "metrics_port": metrics_port,
        "user": user,
    }
    with one_sentence():
        checked = _checked(given, ask=not yes)
        answers = Answers(**checked)
        account = found(answers, _chain_time(answers))
        values = {"folder": answers.folder, "account": account, "unit": answers.unit_name}
        typer.echo(NEXT_STEPS.format(**values, request=REQUEST, config=CONFIG))


def _checked(given: dict[str, str | None], *, ask: bool) -> dict[str, Any]:
    """All answers. What was given is checked before anything is asked; all that is wrong is said at once."""
    answers: dict[str, Any] = {}
    problems = []
    for question in QUESTIONS:
        text = given[question.name] if given[question.name] is not None or ask else question.default
        if text is None:
            if not ask:
                problems.append(f"{question.option} is missing: {question.asks}")
            continue
        try:
            answers[question.name] = question.check(text)
        except ValueError as error:
            problems.append(f"{question.option}: {error}")
    if problems:
        for problem in problems:
            typer.echo(problem, err=True)
        raise typer.Exit(1)
    for question in QUESTIONS:
        if question.name not in answers:
            answers[question.name] = _ask(question)
    return answers


def _ask(question: Question) -> Any:
    """Until the answer is one."""

    def check(text: str) -> Any:
        try:
            return question.check(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error

    return typer.prompt(question.asks, default=question.default, value_proc=check)


def _chain_time(answers: Answers) -> int:
    """The chain's time; this machine's where the chain does not answer now. Raises WrongNetwork."""
    try:
        chain = Chain.connect(answers.rpc_url, AddressBook.load(answers.deployments))
    except RetryableError as error:
        typer.echo(f"The network does not answer now, which is no harm yet: {error}", err=True)
        return int(time.time())
    try:
        return chain.block().timestamp
    finally:
        chain.close()
