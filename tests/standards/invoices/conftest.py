from collections.abc import Callable
from pathlib import Path

import pytest

TRADE = Path(__file__).parents[3] / "examples" / "trade"

Edited = Callable[..., bytes]


@pytest.fixture(scope="session")
def ubl() -> str:
    """A valid Peppol invoice."""
    return (TRADE / "invoice.ubl.xml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def cii() -> str:
    """The same invoice in the other syntax."""
    return (TRADE / "invoice.cii.xml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def edited() -> Edited:
    """`edited(text, (old, new), ...)`: bytes with the first occurrence of each `old` replaced; it must occur."""

    def edit(text: str, *changes: tuple[str, str]) -> bytes:
        for old, new in changes:
            assert old in text, f"the document has no {old!r}"
            text = text.replace(old, new, 1)
        return text.encode()

    return edit
