"""Addresses of several nodes of one network, as settings give them: one, several behind commas, or a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from chain_node.client.node import without_secrets

MOST_ENDPOINTS: Final = 8
_PORTS: Final = {"http": 80, "https": 443}


def split_urls(given: str | Sequence[str]) -> tuple[str, ...]:
    """The addresses, the preferred one first. Raises ValueError with all that is wrong with them; it quotes none, since
    an address may hold a password or a hosted node's key."""
    urls = tuple(url.strip() for url in (given.split(",") if isinstance(given, str) else given))
    problems = [f"address {place}: {problem}" for place, url in enumerate(urls, 1) if (problem := _problem(url))]
    problems += _twice(urls)
    if not urls:
        problems.append("there is no address")
    if len(urls) > MOST_ENDPOINTS:
        problems.append(f"{len(urls)} addresses; at most {MOST_ENDPOINTS} can be used")
    if problems:
        raise ValueError("; ".join(problems))
    return urls


def names_of(urls: Sequence[str]) -> tuple[str, ...]:
    """What to call each in logs and figures: where it is, without secrets, and no two alike."""
    bare = [without_secrets(url) for url in urls]
    return tuple(
        name if bare.count(name) == 1 else f"{name}#{bare[: place + 1].count(name)}" for place, name in enumerate(bare)
    )


def _problem(url: str) -> str | None:
    if not url:
        return "is empty"
    if any(letter.isspace() or letter == "," for letter in url):
        return "must have no spaces and no commas"
    address = _split(url)
    if address is None or address.scheme not in _PORTS or not address.hostname:
        return "must be an http:// or https:// address with a host"
    return None


def _split(url: str) -> SplitResult | None:
    """None where it is none, also where its port is no port."""
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        return None
    return address


def _twice(urls: Sequence[str]) -> list[str]:
    """Two names of one node would vouch for each other."""
    places: dict[object, int] = {}
    found = []
    for place, url in enumerate(urls, 1):
        address = _split(url)
        if address is None or not address.hostname:
            continue
        path = address.path.rstrip("/")
        key = (address.hostname, address.port or _PORTS.get(address.scheme), path, address.query)
        first = places.setdefault(key, place)
        if first != place:
            found.append(f"addresses {first} and {place} are the same node")
    return found
