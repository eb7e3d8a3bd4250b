from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from coincurve import PrivateKey
from consortium import LEIS, PASSPHRASE, Consortium, found
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from chain_node.keys import KeysInvalid
from chain_node.networks.cards import Card, address_of_public_key, load_card, load_cards
from chain_node.networks.documents import as_document, canonical, digest, parse
from chain_node.networks.errors import ChangeRefused, FileUnusable, MembersRefused, SignatureInvalid
from chain_node.networks.member import MemberFolder, open_to_others
from chain_node.networks.signatures import require_signature, sign
from chain_node.networks.state import first_state, warnings

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    return found(tmp_path_factory.mktemp("cards"))


def written(tmp_path: Path, card: Card, **changes: object) -> Path:
    """The card with changes in its body, under its old signatures."""
    value = card.model_dump(mode="json")
    value["body"] |= changes
    path = tmp_path / "card.json"
    path.write_bytes(canonical(value))
    return path


@pytest.mark.parametrize(
    "change", [{"host": "10.9.9.9"}, {"port": 1}, {"contact": "x"}, {"role": "node"}, {"terms": "0" * 64}]
)
def test_card_that_was_changed_is_refused(harbour: Consortium, tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(SignatureInvalid, match=r"card\.json: node_signature: not signed by 0x"):
        load_card(written(tmp_path, harbour.cards[0], **change))


def test_card_for_another_ones_node_key_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    theirs = harbour.cards[1].body

    with pytest.raises(SignatureInvalid, match="node_signature"):
        load_card(written(tmp_path, harbour.cards[0], address=theirs.address, public_key=theirs.public_key))


def test_card_in_the_name_of_another_member_key_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    value = harbour.cards[0].model_dump(mode="json")
    stranger = Account.create()
    body = Card.model_validate_json(canonical(value)).body
    value["member_signature"] = sign(stranger, "member card", body.canonical())
    (tmp_path / "card.json").write_bytes(canonical(value))

    with pytest.raises(SignatureInvalid, match=f"member_signature: not signed by {body.member}"):
        load_card(tmp_path / "card.json")


def test_address_that_is_not_the_keys_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="is not that of public_key"):
        load_card(written(tmp_path, harbour.cards[0], address="0x" + "11" * 20))


@pytest.mark.parametrize("host", ["example.org", ".".join("0000"), "224.0.0.1", "010.0.0.1", "", "10.0.0.1 "])
def test_host_that_is_no_address_of_one_machine_is_refused(harbour: Consortium, tmp_path: Path, host: str) -> None:
    with pytest.raises(FileUnusable, match=r"body\.host"):
        load_card(written(tmp_path, harbour.cards[0], host=host))


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '{"body": 1.5}', '{"a": 1, "a": 2}', '"\\ud800"', "\xff"])
def test_file_that_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_bytes(text.encode("latin-1"))

    with pytest.raises(FileUnusable, match=r"card\.json"):
        load_card(tmp_path / "card.json")


def test_folder_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match="0 cards"):
        load_cards(tmp_path)


@given(st.binary(max_size=40), st.integers(1, ORDER - 1))
def test_signature_has_one_form(content: bytes, secret: int) -> None:
    key = Account.from_key(secret.to_bytes(32, "big"))
    signature = sign(key, "test", content)
    require_signature("here", "test", content, signature, key.address)
    r, s, v = signature[2:66], int(signature[66:130], 16), int(signature[130:], 16)

    twin = f"0x{r}{ORDER - s:064x}{55 - v:02x}"
    for other in (twin, signature.upper(), signature[:-2] + f"{v - 27:02x}", signature + "00", "0x" + "00" * 65):
        with pytest.raises(SignatureInvalid):
            require_signature("here", "test", content, other, key.address)
    with pytest.raises(SignatureInvalid):
        require_signature("here", "test2", content, signature, key.address)


def test_all_that_clashes_is_said_at_once(harbour: Consortium, tmp_path: Path) -> None:
    other = Consortium(harbour.folder, tmp_path, harbour.terms, [])
    cards = [*harbour.cards, harbour.card(0, "validator-z", host="10.0.1.1"), other.card(1, "validator-b")]

    with pytest.raises(MembersRefused) as refused:
        first_state(harbour.terms, cards)

    said = "\n".join(refused.value.problems)
    assert f"validator-b (of {LEIS[1]}) and validator-z (of {LEIS[0]}) have the same host: 10.0.1.1" in said
    assert "have the same node name: validator-b" in said
    assert "have the same host and port: 10.0.1.1 port 30303" in said
    assert "are of one LEI with another member key" in said
    assert f"{LEIS[0]}: 2 validators have cards, the terms say 1" in said


def test_same_node_key_twice_is_refused(harbour: Consortium) -> None:
    with pytest.raises(MembersRefused, match="have the same enode"):
        first_state(harbour.terms, [*harbour.cards, harbour.cards[2]])


def test_missing_and_uninvited_members_are_refused(harbour: Consortium, tmp_path: Path) -> None:
    stranger = harbour.card(5, "validator-f")

    with pytest.raises(MembersRefused) as refused:
        first_state(harbour.terms, [*harbour.cards[:3], stranger])

    assert refused.value.problems == [
        f"{LEIS[3]}: 0 validators have cards, the terms say 1",
        f"{LEIS[5]}: is not among the organisations of the terms",
    ]


def test_card_of_another_network_or_of_other_terms_is_refused(harbour: Consortium, tmp_path: Path) -> None:
    elsewhere = found(tmp_path / "other", name="canal")
    altered = harbour.terms.model_copy(update={"chain_id": 5})

    with pytest.raises(MembersRefused, match="is of the network canal, not of harbour"):
        first_state(harbour.terms, elsewhere.cards)
    with pytest.raises(MembersRefused, match="was made under other terms"):
        first_state(altered, harbour.cards)


def test_key_is_never_made_over_another(harbour: Consortium) -> None:
    with pytest.raises(ChangeRefused, match="has a key already"):
        harbour.card(0, "validator-a")


def test_short_and_wrong_passphrases_are_refused_without_telling_anything(harbour: Consortium, tmp_path: Path) -> None:
    with pytest.raises(KeysInvalid, match="shorter than 12"):
        MemberFolder(tmp_path / "m", scrypt_n=2**10).make_key("short")
    with pytest.raises(KeysInvalid) as refused:
        harbour.member(0).open_key("another passphrase", harbour.member(0).path / "member.json")
    assert "another" not in str(refused.value)


def test_secrets_are_readable_by_their_owner_alone_and_in_no_card(harbour: Consortium) -> None:
    member = harbour.member(0)
    key = member.node_folder("validator-a") / "key"

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(member.keystores[0].stat().st_mode) == 0o600
    assert open_to_others(member) == []
    secret = key.read_text().strip()
    made = PrivateKey.from_hex(secret).public_key.format(compressed=False)[1:].hex()
    assert made == harbour.cards[0].body.public_key
    public = b"".join(path.read_bytes() for path in harbour.folder.rglob("*") if path.is_file())
    assert secret.encode() not in public
    assert key.read_bytes().strip() not in member.card_path("validator-a").read_bytes()
    assert harbour.key(0).key.hex().encode() not in public
    assert PASSPHRASE.encode() not in public


def test_file_that_others_may_read_is_named(tmp_path: Path) -> None:
    member = found(tmp_path).member(0)
    key = member.node_folder("validator-a") / "key"
    key.chmod(0o640)

    assert open_to_others(member) == [key]


def test_address_is_that_of_a_known_key() -> None:
    """The first account of the mnemonic of eleven times `test` and `junk`, known from every development chain."""
    secret = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    public = PrivateKey.from_hex(secret).public_key.format(compressed=False)[1:].hex()

    assert address_of_public_key(public) == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_few_validators_and_strong_members_are_pointed_out(harbour: Consortium, tmp_path: Path) -> None:
    three = found(tmp_path, members=3)

    assert warnings(first_state(harbour.terms, harbour.cards)) == []
    said = warnings(first_state(three.terms, three.cards))
    assert said[0] == "3 validators bear no fault: the chain halts when one stops. Four bear one."
    assert f"{LEIS[0]} runs 1 of 3 validators: it can halt the chain alone (0 may fail)." in said


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(blacklist_categories=["Cs"])), inner, max_size=3)
    ),
)


@given(json_values)
def test_canonical_form_is_read_back_and_does_not_know_an_order(value: object) -> None:
    content = canonical(value)

    assert parse("here", content) == value
    assert canonical(json.loads(json.dumps(value))) == content
    assert digest(value) == digest(json.loads(content))


def test_numbers_with_a_point_have_no_canonical_form(harbour: Consortium) -> None:
    with pytest.raises(FileUnusable, match="must be whole"):
        as_document("here", {"a": [1.0]}, Card)
