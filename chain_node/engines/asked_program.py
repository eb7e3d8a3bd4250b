"""What an engine's program says of itself, such as its version."""

import subprocess
from collections.abc import Mapping
from typing import Final

_ANSWER_SECONDS: Final = 60.0


def said_by(command: list[str], env: Mapping[str, str]) -> str:
    """What a program writes, wherever to. Raises `ValueError` where it does not answer."""
    try:
        done = subprocess.run(  # nosec B603 # a list, no shell
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"{' '.join(command)} did not answer in {_ANSWER_SECONDS:g} s") from None
    return done.stdout.decode("utf-8", "replace")
