"""A member's own folder, on its own machine: its member keys, the newest and those before it (encrypted keystores), and
a folder for each of its nodes. Nothing in it travels but the cards."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.keys import KeysInvalid, address_of
from chain_node.networks.bundle import CARDS
from chain_node.networks.cards import Card, CardBody, Role, make_card
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import as_document, parse, read_bytes, write_whole
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.terms import Terms

KEYSTORES: Final = re.compile(r"member(?:-([2-9]|[1-9][0-9]{1,2}))?\.json")
"""member.json, and a number behind it for each key that came after."""
LEAST_PASSPHRASE: Final = 12
_SCRYPT_N: Final = 2**17


@dataclass(frozen=True)
class NodeWish:
    """What a member says of a node before it has a key."""

    lei: str
    organisation: str
    contact: str
    node: str
    role: Role
    host: str
    port: int


@dataclass(frozen=True)
class MemberFolder:
    """`path` is readable by its owner alone. `scrypt_n` makes keystores dearer to open (0: as dear as usual)."""

    path: Path
    scrypt_n: int = 0

    @property
    def keystores(self) -> tuple[Path, ...]:
        """All member keys that this member has had here, the newest last."""
        found = ((KEYSTORES.fullmatch(path.name), path) for path in self.path.glob("member*.json"))
        return tuple(path for _, path in sorted((int(its[1] or 1), path) for its, path in found if its is not None))

    def keystore_of(self, keys: Collection[str]) -> Path:
        """Of the key that is one of these (small letters), else the newest. Raises `ChangeRefused` where there is
        none."""
        if not self.keystores:
            raise ChangeRefused(f"{self.path}: there is no member key; `portolan network member init` makes one")
        ours = [path for path in self.keystores if address_of(path).lower() in keys]
        return (ours or self.keystores)[-1]

    def node_folder(self, node: str) -> Path:
        return self.path / "nodes" / node

    def card_path(self, node: str) -> Path:
        return self.path / CARDS / f"{node}.json"

    def open_key(self, passphrase: str, keystore: Path) -> LocalAccount:
        """Raises `KeysInvalid`, never with anything of the key in it."""
        stored: Any = parse(keystore, read_bytes(keystore))
        try:
            key: LocalAccount = Account.from_key(Account.decrypt(stored, passphrase))
        except (ValueError, KeyError, TypeError) as error:
            raise KeysInvalid(f"{keystore}: cannot be opened with this passphrase") from error
        return key

    def make_key(self, passphrase: str, current: Collection[str] = ()) -> LocalAccount:
        """The member key; opened where there is one, for a member has one key for all its nodes. `current` are keys
        that count now, where several are here."""
        for folder in (self.path, self.path / "nodes", self.path / CARDS):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        if self.keystores:
            return self.open_key(passphrase, self.keystore_of(current))
        return self._add_key(passphrase, self.path / "member.json")

    def make_next_key(self, passphrase: str, old: str) -> LocalAccount:
        """The key that shall follow `old`; one that was made for that before is opened again."""
        newest = self.keystores[-1]
        if address_of(newest).lower() != old.lower():
            return self.open_key(passphrase, newest)
        return self._add_key(passphrase, self.path / f"member-{len(self.keystores) + 1}.json")

    def _add_key(self, passphrase: str, keystore: Path) -> LocalAccount:
        if len(passphrase) < LEAST_PASSPHRASE:
            raise KeysInvalid(f"the passphrase is shorter than {LEAST_PASSPHRASE} characters")
        key: LocalAccount = Account.from_key(PrivateKey().secret)
        stored = key.encrypt(passphrase, kdf="scrypt", iterations=self.scrypt_n or _SCRYPT_N)
        write_whole(keystore, (json.dumps(stored) + "\n").encode(), mode=0o600)
        return key

    def make_node(self, terms: Terms, wish: NodeWish, member: LocalAccount) -> Card:
        """A new key for a node, as its engine reads it (0600), and the node's card. Never over a key that is there."""
        folder = self.node_folder(wish.node)
        if re.fullmatch(r"[a-z][a-z0-9-]{0,31}", wish.node) is None:
            raise ChangeRefused(f"{wish.node!r} is no name for a node: small letters, digits, hyphens; at most 32")
        if folder.exists():
            raise ChangeRefused(f"{folder}: this node has a key already; a new key is a new node, with another name")
        secret = PrivateKey()
        card = _card(terms, wish, member, secret)
        folder.mkdir(parents=True, mode=0o700)
        engine = engine_named(terms.engine)
        for name, content in {**engine.own_files(terms), **engine.key_files(secret.secret)}.items():
            write_whole(folder / name, content, mode=0o600)
        write_whole(self.card_path(wish.node), card.file())
        return card


def open_to_others(folder: MemberFolder) -> list[Path]:
    """Files and folders that somebody else on this machine may read."""
    found = (path for path in [folder.path, *folder.path.rglob("*")] if not path.is_symlink())
    secret = (path for path in found if path.name != CARDS and path.parent.name != CARDS)
    return sorted(path for path in secret if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid())


def _card(terms: Terms, wish: NodeWish, member: LocalAccount, secret: PrivateKey) -> Card:
    node: LocalAccount = Account.from_key(secret.secret)
    body = {
        **vars(wish),
        "network": terms.name,
        "terms": terms.hash,
        "member": member.address.lower(),
        "address": node.address.lower(),
        "public_key": secret.public_key.format(compressed=False)[1:].hex(),
    }
    return make_card(as_document(f"the card of {wish.node}", body, CardBody), member, node)
