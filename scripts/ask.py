"""`portolan ask`: one question to a gateway from the command line, with login, Idempotency-Key and patience."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from scripts.gateway_client import Credentials, GatewayClient, GatewayRefused

MEDIA_TYPES = {".xml": "application/xml", ".pdf": "application/pdf", ".csv": "text/csv", ".json": "application/json"}


class CannotAsk(Exception):
    """The question was not put; the message says what to mend."""


def ask(
    method: Annotated[str, typer.Argument(metavar="GET|POST")],
    path: Annotated[str, typer.Argument(help="Of the gateway, with its query, e.g. '/v1/participants?limit=5'.")],
    body: Annotated[str | None, typer.Argument(help="JSON, or @FILE for a file's content.")] = None,
    gateway: Annotated[
        str, typer.Option(envvar="PORTOLAN_GATEWAY", help="The gateway's address.")
    ] = "http://127.0.0.1:8000",
    client: Annotated[
        Path | None,
        typer.Option(envvar="PORTOLAN_CLIENT", help="File with client_id and client_secret (JSON), mode 0600."),
    ] = None,
    pick: Annotated[str, typer.Option(help="Print only this of the answer, e.g. items.0.id, as plain text.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Write the answer as it comes into this new file, for its owner alone.")
    ] = None,
) -> None:
    """Ask a gateway one thing as one client; a write waits until the chain has it. Exit code 1: it said no."""
    try:
        if out is not None:
            _keep(out, lambda: _answer(method, path, body, gateway, client))
            return
        told = _answer(method, path, body, gateway, client)
        if pick:
            typer.echo(picked(_parsed(told), pick))
        else:
            typer.echo(_shown(told))
    except GatewayRefused as refused:
        typer.echo(f"The gateway refused: {refused}", err=True)
        for name, value in (refused.problem.get("context") or {}).items():
            if not isinstance(value, list | dict):  # the sentence above has told those
                typer.echo(f"  {name}: {value}", err=True)
        raise typer.Exit(1) from None
    except httpx.HTTPError as error:
        typer.echo(f"{gateway} cannot be reached: {error}", err=True)
        raise typer.Exit(1) from None
    except (CannotAsk, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _answer(method: str, path: str, body: str | None, gateway: str, client: Path | None) -> bytes:
    verb = method.upper()
    if verb not in ("GET", "POST") or (verb == "GET" and body is not None):
        raise CannotAsk("say GET, or POST with a body; the gateway knows no more")
    if client is None:
        raise CannotAsk("say who asks: --client FILE, or PORTOLAN_CLIENT")
    session = GatewayClient(gateway.rstrip("/"), credentials(client))
    try:
        return session.raw(verb, path, *_content(body))
    finally:
        session.close()


def credentials(file: Path) -> Credentials:
    """What `portolan gateway client create` printed, or an admission answered. Raises CannotAsk."""
    try:
        if file.stat().st_mode & 0o077:
            raise CannotAsk(f"{file} can be read by others: chmod 600 {file}")
        told = json.loads(file.read_text(encoding="utf-8"))
        return Credentials(str(told["client_id"]), str(told["client_secret"]))
    except (ValueError, KeyError, TypeError):
        # Not the error itself, whose text may quote the file.
        raise CannotAsk(f"{file} must be a JSON object with client_id and client_secret") from None


def _content(body: str | None) -> tuple[bytes, str]:
    """What is sent, and its media type. A file's follows from its name."""
    if body is None or not body.startswith("@"):
        text = body or ""
        try:
            json.loads(text or "{}")
        except ValueError as error:
            raise CannotAsk(f"the body is not JSON: {error}") from None
        return text.encode(), "application/json"
    file = Path(body[1:])
    return file.read_bytes(), MEDIA_TYPES.get(file.suffix, "application/octet-stream")


def _parsed(told: bytes) -> Any:
    try:
        return json.loads(told)
    except ValueError:
        raise CannotAsk("the answer is not JSON: --pick finds nothing in it") from None


def picked(told: Any, name: str) -> str:
    """The part called `items.0.id`. Raises CannotAsk, with what there is instead."""
    part = told
    for word in name.split("."):
        try:
            part = part[int(word)] if isinstance(part, list) else part[word]
        except (KeyError, IndexError, ValueError, TypeError):
            there = ", ".join(part) if isinstance(part, dict) else f"{len(part)} rows" if isinstance(part, list) else ""
            raise CannotAsk(f"the answer has no {name}: at {word} there is {there or 'nothing'}") from None
    return part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)


def _shown(told: bytes) -> str:
    try:
        return json.dumps(json.loads(told), ensure_ascii=False, indent=2)
    except ValueError:
        return told.decode("utf-8", "replace").rstrip("\n")


def _keep(out: Path, answer: Callable[[], bytes]) -> None:
    """The file is made before anything is asked: a secret that is shown once must have a place."""
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        told = answer()
    except BaseException:
        os.close(descriptor)
        out.unlink()
        raise
    with os.fdopen(descriptor, "wb") as file:
        file.write(told)
    typer.echo(f"{len(told)} bytes in {out}")
