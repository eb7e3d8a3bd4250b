import socket
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formats are pure: a test that opens a socket has found a fetch."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a standards test opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def samples() -> Path:
    if not SAMPLES.is_dir():
        pytest.skip("the official samples (../shared/data) are not beside this checkout")
    return SAMPLES
