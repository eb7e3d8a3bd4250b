"""A member's own folder, on its own machine: its member keys, the newest and those before it (encrypted keystores), and
a folder for each of its nodes. Nothing in it travels but the cards."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.keys import KeysInvalid, address_of
from chain_node.networks.bundle import CARDS
from chain_node.networks.cards import Card, CardBody, Role, load_card, make_card
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
        that count now, where several are here. A passphrase that is refused leaves nothing behind."""
        if not self.keystores:
            return self._add_key(passphrase, self.path / "member.json")
        key = self.open_key(passphrase, self.keystore_of(current))
        self._make_folders()
        return key

    def make_next_key(self, passphrase: str, old: str) -> LocalAccount:
        """The key that shall follow `old`; one that was made for that before is opened again."""
        newest = self.keystores[-1]
        if address_of(newest).lower() != old.lower():
            return self.open_key(passphrase, newest)
        return self._add_key(passphrase, self.path / f"member-{len(self.keystores) + 1}.json")

    def _add_key(self, passphrase: str, keystore: Path) -> LocalAccount:
        if len(passphrase) < LEAST_PASSPHRASE:
            raise KeysInvalid(f"the passphrase is shorter than {LEAST_PASSPHRASE} characters")
        self._make_folders()
        key: LocalAccount = Account.from_key(PrivateKey().secret)
        stored = key.encrypt(passphrase, kdf="scrypt", iterations=self.scrypt_n or _SCRYPT_N)
        write_whole(keystore, (json.dumps(stored) + "\n").encode(), mode=0o600)
        return key

    def _make_folders(self) -> None:
        for folder in (self.path, self.path / "nodes", self.path / CARDS):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)

    def require_possible(self, terms: Terms, wish: NodeWish, members: Mapping[str, str] | None = None) -> None:
        """Raises where the wish cannot become a node of this folder, with nothing changed: before a key is asked for or
        made. `members` are the LEIs of the network's members by their keys (small letters), where it began already."""
        _require_name(wish.node)
        folder = self.node_folder(wish.node)
        if folder.exists():
            raise ChangeRefused(f"{folder}: this node has a key already; a new key is a new node, with another name")
        engine_named(terms.engine).require_role(wish.node, wish.role)
        throwaway = PrivateKey()  # everything else of the card is as it will be
        _card_body(terms, wish, _address(throwaway), throwaway)
        self._require_lei(wish.lei, members or {})

    def _require_lei(self, lei: str, members: Mapping[str, str]) -> None:
        """A member's folder, and with it the member key, is one organisation's."""
        for path in sorted((self.path / CARDS).glob("*.json")):
            theirs = load_card(path).body.lei
            if theirs != lei:
                self._refuse_second(lei, theirs, f"as {path} says")
        for keystore in self.keystores:
            theirs = members.get(address_of(keystore).lower(), lei)
            if theirs != lei:
                self._refuse_second(lei, theirs, f"whose member key is {keystore}")

    def _refuse_second(self, lei: str, theirs: str, why: str) -> NoReturn:
        raise ChangeRefused(
            f"{self.path}: is the folder of {theirs}, {why}, and no node of {lei} can be made in it: a member key"
            f" speaks for one organisation. Give {lei} a folder of its own (--member-dir)"
        )

    def make_node(self, terms: Terms, wish: NodeWish, member: LocalAccount) -> Card:
        """A new key for a node, as its engine reads it (0600), and the node's card. Never over a key that is there."""
        self.require_possible(terms, wish)
        folder, secret = self.node_folder(wish.node), PrivateKey()
        node: LocalAccount = Account.from_key(secret.secret)
        card = make_card(_card_body(terms, wish, member.address, secret), member, node)
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


def _require_name(node: str) -> None:
    if re.fullmatch(r"[a-z][a-z0-9-]{0,31}", node) is None:
        raise ChangeRefused(f"{node!r} is no name for a node: small letters, digits, hyphens; at most 32")


def _address(secret: PrivateKey) -> str:
    key: LocalAccount = Account.from_key(secret.secret)
    return key.address


def _card_body(terms: Terms, wish: NodeWish, member: str, secret: PrivateKey) -> CardBody:
    """What the card will say, `member` being the account of the member key. Raises `FileUnusable` with all that cannot
    stand in one."""
    body = {
        **vars(wish),
        "network": terms.name,
        "terms": terms.hash,
        "member": member.lower(),
        "address": _address(secret).lower(),
        "public_key": secret.public_key.format(compressed=False)[1:].hex(),
    }
    return as_document(f"the card of {wish.node}", body, CardBody)
