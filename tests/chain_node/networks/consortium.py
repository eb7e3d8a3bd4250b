"""A network of four organisations, made as its members would make it, but with a cheap scrypt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from eth_account.signers.local import LocalAccount
from support.network import lei

from chain_node.config import CONFIG_ROOT
from chain_node.networks.beginning import Beginning, begin
from chain_node.networks.bundle import agreed_files, load_members, read_inputs, write_bundle
from chain_node.networks.cards import Card
from chain_node.networks.documents import write_whole
from chain_node.networks.member import MemberFolder, NodeWish
from chain_node.networks.state import first_state
from chain_node.networks.terms import Terms, load_terms

OPERATOR = "999900PORTOLANOPER17"
LEIS = tuple(lei(f"MEMBER{letter}") for letter in "ABCDEF")
PASSPHRASE = "correct horse battery"


@dataclass
class Consortium:
    """`folder` is the network's, `home` has one folder for each member."""

    folder: Path
    home: Path
    terms: Terms
    cards: list[Card]

    def member(self, of: int) -> MemberFolder:
        return MemberFolder(self.home / f"member-{of}", scrypt_n=2**10)

    def key(self, of: int) -> LocalAccount:
        return self.member(of).make_key(PASSPHRASE)

    def card(self, of: int, node: str, role: str = "validator", host: str = "") -> Card:
        wish = NodeWish(LEIS[of], f"Member {of}", f"ops@{of}", node, role, host or f"10.0.{of}.1", 30303)  # type: ignore[arg-type]
        return self.member(of).make_node(self.terms, wish, self.key(of))


def beginning(name: str = "harbour", members: int = 4, **changes: object) -> Beginning:
    wish = Beginning(
        name=name,
        engine="besu",
        engine_version="",
        chain_id=77_001,
        organisations=dict.fromkeys(LEIS[:members], 1),
        accounts=["0x" + "ab" * 20],
        shared_hosts=False,
        operator=OPERATOR,
        governance_delay_seconds=3_600,
        template=CONFIG_ROOT / "local",
        participants=CONFIG_ROOT / "local" / "participants.toml",
    )
    return replace(wish, **changes)  # type: ignore[arg-type]


def found(where: Path, name: str = "harbour", members: int = 4, **changes: object) -> Consortium:
    """Terms and cards, and the files that follow from them."""
    folder = where / "network-config" / name
    begin(folder, beginning(name, members, **changes))
    made = Consortium(folder, where / "members", load_terms(folder), [])
    made.cards = [made.card(i, f"validator-{'abcdef'[i]}") for i in range(members)]
    assemble(made)
    return made


def assemble(made: Consortium) -> None:
    for card in made.cards:
        write_whole(made.folder / "cards" / f"{card.body.node}.json", card.file())
    state = first_state(made.terms, made.cards)
    write_bundle(made.folder, agreed_files(made.terms, made.cards, state, read_inputs(made.folder)))
    load_members(made.folder)
