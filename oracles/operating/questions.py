"""What a new node must be told, and how each answer is checked; the same whether it is typed or given as an option."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stdnum import lei

from chain_node.client import AddressBook
from chain_node.client.admission import ROLE_NAMES
from chain_node.client.endpoints import split_urls
from chain_node.errors import ChainError
from chain_node.references import NetworkKey, ReferenceInvalid

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PLAIN_PATH: Final = re.compile(r"[\w./@+:=,-]+")
URL: Final = re.compile(r"https?://[^\s/]\S*")


@dataclass(frozen=True)
class Question:
    """`check` turns a text into the answer, or raises ValueError with what is wrong. No default: it must be told."""

    name: str
    asks: str
    check: Callable[[str], Any]
    default: str | None = None

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("letters, digits, - and _, at most 64, beginning with a letter or digit")
    return text


def _lei(text: str) -> str:
    if not lei.is_valid(text):
        raise ValueError(f"{text!r} is not an LEI: 20 characters with ISO 17442 check digits")
    return str(lei.compact(text))


def _legal_name(text: str) -> str:
    cleaned = text.strip()
    if not 0 < len(cleaned) <= 200 or not cleaned.isprintable():
        raise ValueError("1 to 200 printable characters")
    return cleaned


def _jurisdiction(text: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise ValueError(f"{text!r} is not a country code of two letters (ISO 3166-1)")
    return text.upper()


def _roles(text: str) -> tuple[str, ...]:
    asked = [word.upper() for word in re.split(r"[,\s]+", text.strip()) if word]
    unknown = [word for word in asked if word not in ROLE_NAMES]
    if not asked or unknown:
        raise ValueError(f"{unknown[0] if unknown else 'nothing'} is not among {', '.join(ROLE_NAMES)}")
    return tuple(name for name in ROLE_NAMES if name in asked)


def _url(text: str) -> str:
    """One address, or several behind commas."""
    if "," not in text and not URL.fullmatch(text):
        raise ValueError(f"{text!r} is not an address such as http://127.0.0.1:8545")
    return ",".join(split_urls(text))


def _deployments(text: str) -> Path:
    path = Path(text).expanduser()
    try:
        AddressBook.load(path)
    except ChainError as error:
        raise ValueError(str(error)) from error
    return path


def _network_key(text: str) -> Path:
    path = Path(text).expanduser()
    try:
        NetworkKey.load(path)
    except ReferenceInvalid as error:
        raise ValueError(str(error)) from error
    return path


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise ValueError(f"{text!r} is not a port: 1 to 65535")
    return int(text)


def _folder(text: str) -> Path:
    path = Path(text).expanduser().absolute()
    if not PLAIN_PATH.fullmatch(str(path)):
        raise ValueError(f"{path} has characters that a systemd unit would need quoted; choose another")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ValueError(f"{path} is there already and not empty; nothing is overwritten")
    return path


def _system_user(text: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", text):
        raise ValueError(f"{text!r} is not a name of a system's user")
    return text


QUESTIONS: Final = (
    Question("folder", "Folder of the node, which must be new or empty", _folder, "portolan-node"),
    Question("name", "Short name of the node, for its log lines", _name, "node"),
    Question("organisation", "LEI of the firm that runs it", _lei),
    Question("legal_name", "Legal name of the firm", _legal_name),
    Question("jurisdiction", "Its country (ISO 3166-1, two letters)", _jurisdiction),
    Question("roles", f"What it witnesses as: of {', '.join(ROLE_NAMES)}", _roles),
    Question("rpc_url", "The network's node that it asks (JSON-RPC)", _url, "http://127.0.0.1:8545"),
    Question("deployments", "The network's list of contracts", _deployments, "deployments.json"),
    Question("network_key", "The network's key file, from its operator", _network_key, "network.key"),
    Question("metrics_port", "Port for metrics and readiness, on this machine only", _port, "9464"),
    Question("user", "User of this system that the node runs as", _system_user, "portolan"),
)
