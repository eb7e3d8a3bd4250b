"""A member's own folder, on its own machine: its member key (an encrypted keystore) and a folder for each of its nodes.
Nothing in it travels but the cards."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.keys import KeysInvalid
from chain_node.networks.bundle import CARDS
from chain_node.networks.cards import Card, CardBody, Role, make_card
from chain_node.networks.catalogue import engine_named
from chain_node.networks.documents import as_document, parse, read_bytes, write_whole
from chain_node.networks.errors import ChangeRefused
from chain_node.networks.terms import Terms

KEYSTORE: Final = "member.json"
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
    def keystore(self) -> Path:
        return self.path / KEYSTORE

    def node_folder(self, node: str) -> Path:
        return self.path / "nodes" / node

    def card_path(self, node: str) -> Path:
        return self.path / CARDS / f"{node}.json"

    def open_key(self, passphrase: str) -> LocalAccount:
        """Raises `KeysInvalid`, never with anything of the key in it."""
        stored: Any = parse(self.keystore, read_bytes(self.keystore))
        try:
            key: LocalAccount = Account.from_key(Account.decrypt(stored, passphrase))
        except (ValueError, KeyError, TypeError) as error:
            raise KeysInvalid(f"{self.keystore}: cannot be opened with this passphrase") from error
        return key

    def make_key(self, passphrase: str) -> LocalAccount:
        """The member key; opened where there is one, for a member has one key for all its nodes."""
        for folder in (self.path, self.path / "nodes", self.path / CARDS):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        if self.keystore.exists():
            return self.open_key(passphrase)
        if len(passphrase) < LEAST_PASSPHRASE:
            raise KeysInvalid(f"the passphrase is shorter than {LEAST_PASSPHRASE} characters")
        key: LocalAccount = Account.from_key(PrivateKey().secret)
        stored = key.encrypt(passphrase, kdf="scrypt", iterations=self.scrypt_n or _SCRYPT_N)
        write_whole(self.keystore, (json.dumps(stored) + "\n").encode(), mode=0o600)
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
