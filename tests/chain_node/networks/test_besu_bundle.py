from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import rlp
import yaml
from by_commands import done
from consortium import LEIS, OPERATOR, Consortium, assemble, beginning, found
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chain_node.config import CONFIG_ROOT, ConfigInvalid
from chain_node.genesis import qbft_extra
from chain_node.networks.beginning import begin
from chain_node.networks.besu import BesuEngine, read_extra_data
from chain_node.networks.bundle import agreed_files, check_bundle, fingerprint, load_members, read_inputs, write_bundle
from chain_node.networks.catalogue import engine_named
from chain_node.networks.cli import network_app
from chain_node.networks.errors import BundleDiffers, EngineUnknown, FileUnusable
from chain_node.networks.state import first_state
from chain_node.networks.terms import load_terms
from chain_node.networks.toml_text import toml_text

runner = CliRunner()


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Consortium:
    return found(tmp_path_factory.mktemp("bundle"))


def files_of(made: Consortium) -> dict[str, bytes]:
    terms, cards, state = load_members(made.folder)
    return dict(agreed_files(terms, cards, state, read_inputs(made.folder)))


# Terms


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"engine": "geth"}, "no engine is named 'geth'"),
        ({"engine_version": "latest"}, "engine_version"),
        ({"organisations": {"999900PORTOLANOPER18": 1}}, "check digits are wrong"),
        ({"organisations": {OPERATOR: 0}}, "at least one validator"),
        ({"engine": "kaia", "organisations": {LEIS[0]: 22}}, "22 validators, and kaia bears no more than 21"),
        ({"accounts": ["0x12"]}, "is not an account"),
        ({"chain_id": 0}, "chain_id"),
    ],
)
def test_terms_that_make_no_network_are_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    with pytest.raises((FileUnusable, EngineUnknown), match=said):
        begin(tmp_path / "n", beginning(**change))  # type: ignore[arg-type]

    assert not (tmp_path / "n").exists()


def new_words(tmp_path: Path, engine: str, *accounts: str) -> list[object]:
    people = CONFIG_ROOT / "local" / "participants.toml"
    terms = ["--org", f"{LEIS[0]}=4", "--operator", OPERATOR, "--participants", people, "--chain-id", 7]
    senders = [word for its in accounts for word in ("--account", its)]
    return ["new", "n", "--engine", engine, *terms, *senders, "--root", tmp_path]


def test_terms_under_which_nobody_can_send_are_refused(tmp_path: Path) -> None:
    said = " ".join(refused(*new_words(tmp_path, "besu")).split())

    assert "no --account: no node of n on besu would take a transaction" in said
    assert "portolan node keys --data-dir build/networks/n" in said
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(("engine", "accounts"), [("besu", ["0x" + "ab" * 20]), ("kaia", [])])
def test_terms_under_which_somebody_can_send_are_written(tmp_path: Path, engine: str, accounts: list[str]) -> None:
    """Kaia's nodes keep no list of accounts."""
    done(*new_words(tmp_path, engine, *accounts))

    assert load_terms(tmp_path / "n").accounts == tuple(accounts)


def test_operator_who_is_no_participant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=f"{LEIS[0]} is not in participants.toml"):
        begin(tmp_path / "n", beginning(operator=LEIS[0]))


def test_terms_are_never_written_over(harbour: Consortium) -> None:
    with pytest.raises(FileUnusable, match="terms never change"):
        begin(harbour.folder, beginning())


def test_changed_configuration_is_found_by_its_hash(tmp_path: Path) -> None:
    made = found(tmp_path)
    with (made.folder / "network.toml").open("a") as file:
        file.write("# one word more\n")

    with pytest.raises(FileUnusable, match=r"network\.toml: is not the file that .*terms\.json names"):
        load_terms(made.folder)


def test_network_toml_is_the_templates_but_for_what_was_agreed(harbour: Consortium) -> None:
    ours = tomllib.loads((harbour.folder / "network.toml").read_text())
    theirs = tomllib.loads((CONFIG_ROOT / "local" / "network.toml").read_text())

    assert ours.pop("engine") == {"kind": "besu", "block_seconds": 1}
    assert (ours.pop("name"), ours.pop("chain_id"), ours.pop("governance")) == (
        "harbour",
        77_001,
        {"delay_seconds": 3_600},
    )
    changed = {"engine", "name", "chain_id", "governance", "sandbox"}
    assert ours == {key: value for key, value in theirs.items() if key not in changed}


plain = st.text(st.characters(blacklist_categories=["Cs"])) | st.integers(-(2**63), 2**63 - 1) | st.booleans()
tables = st.recursive(
    st.dictionaries(
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=5), plain | st.lists(plain, max_size=3), max_size=4
    ),
    lambda inner: st.dictionaries(
        st.text(max_size=5, alphabet="abc-. "), inner | st.lists(inner, min_size=1, max_size=2) | plain, max_size=3
    ),
    max_leaves=8,
)


@given(tables)
def test_toml_that_we_write_is_read_back(values: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(values)) == values


# Genesis


def test_extra_data_is_that_of_the_format(harbour: Consortium) -> None:
    """Written out by hand: a list of 32 zero bytes, two addresses, an empty vote, round zero, no seals."""
    low, high = "11" * 20, "ee" * 20
    written = "f8" + f"{33 + 1 + 42 + 3:02x}" + "a0" + "00" * 32 + "ea" + "94" + low + "94" + high + "c0" + "80" + "c0"

    assert qbft_extra(["0x" + high, "0x" + low]).hex() == written


@given(st.sets(st.binary(min_size=20, max_size=20), min_size=1, max_size=40))
def test_extra_data_names_the_validators_once_in_order(addresses: set[bytes]) -> None:
    data = qbft_extra(["0x" + address.hex() for address in addresses])

    vanity, validators, vote, block_round, seals = rlp.decode(data)
    assert (vanity, validators, vote, block_round, seals) == (bytes(32), sorted(addresses), [], b"", [])
    assert read_extra_data(data) == tuple("0x" + address.hex() for address in sorted(addresses))


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc0", rlp.encode([bytes(31), [], [], b"", []]), rlp.encode([bytes(32), [b"1"], [], b"", []]),
     rlp.encode([bytes(32), [bytes(20)], [], b"\1", []]), rlp.encode([bytes(32), b"", [], b"", []])],
)  # fmt: skip
def test_extra_data_of_no_first_block_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="extraData"):
        read_extra_data(data)


def test_genesis_has_the_measured_figures_and_the_cards_validators(harbour: Consortium) -> None:
    genesis = json.loads((harbour.folder / "genesis.json").read_text())

    config = genesis["config"]
    assert config["chainId"] == 77_001
    assert [config[fork] for fork in ("londonBlock", "shanghaiTime", "cancunTime")] == [0, 0, 0]
    assert config["zeroBaseFee"] is True
    assert config["qbft"] == {"blockperiodseconds": 1, "requesttimeoutseconds": 4, "epochlength": 30_000}
    assert int(genesis["gasLimit"], 16) == 30_000_000
    assert genesis["alloc"] == {}
    validators = rlp.decode(bytes.fromhex(genesis["extraData"][2:]))[1]
    assert [v.hex() for v in validators] == sorted(card.body.address[2:] for card in harbour.cards)


# The other files


def test_lists_name_every_node_at_its_own_place(harbour: Consortium) -> None:
    peers = json.loads((harbour.folder / "permissions/static-nodes.json").read_text())
    allowed = tomllib.loads((harbour.folder / "permissions/nodes-allowlist.toml").read_text())

    bodies = [card.body for card in harbour.cards]
    assert sorted(peers) == sorted(f"enode://{b.public_key}@{b.host}:{b.port}" for b in bodies)
    assert allowed == {"nodes-allowlist": peers}
    own = harbour.member(0).node_folder("validator-a") / "accounts-allowlist.toml"
    assert tomllib.loads(own.read_text()) == {"accounts-allowlist": ["0x" + "ab" * 20]}


def test_node_is_run_with_the_measured_flags_by_compose_and_by_systemd(harbour: Consortium) -> None:
    folder = harbour.folder / "nodes" / "validator-a"
    service = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["validator-a"]
    unit = (folder / "portolan-harbour-validator-a.service").read_text()
    started = re.search(r"^ExecStart=(.*?)\nRestart", unit, re.DOTALL | re.MULTILINE)
    assert started is not None
    words = shlex.split(started.group(1).replace("\\\n", " "))

    assert service["image"] == "hyperledger/besu:26.8.0"
    assert service["network_mode"] == "host"
    assert words[0] == "/opt/besu-26.8.0/bin/besu"
    for flags in (service["command"], words[1:]):
        given = dict(flag.removeprefix("--").split("=", 1) for flag in flags)
        assert len(given) == len(flags)
        assert given["min-gas-price"] == "0"
        assert given["sync-mode"] == "FULL"
        assert given["data-storage-format"] == "BONSAI"
        assert given["tx-pool-max-future-by-sender"] == "20000"
        assert given["rpc-http-host"] == "127.0.0.1"
        assert (given["metrics-enabled"], given["metrics-host"]) == ("true", "127.0.0.1")
        assert not [name for name in given if name.startswith(("rpc-ws", "graphql"))]
        assert given["discovery-enabled"] == "false"
        assert (given["p2p-host"], given["p2p-port"]) == ("10.0.0.1", "30303")
        assert given["permissions-nodes-config-file-enabled"] == "true"
        assert given["permissions-accounts-config-file-enabled"] == "true"
    inside = {flag.split("=")[0]: flag.split("=")[1] for flag in service["command"]}
    for flag in ("--genesis-file", "--static-nodes-file", "--permissions-nodes-config-file"):
        assert (harbour.folder / inside[flag].removeprefix("/network/")).is_file()
    for flag in ("--node-private-key-file", "--permissions-accounts-config-file"):
        assert (harbour.member(0).node_folder("validator-a") / inside[flag].removeprefix("/node/")).is_file()


def test_firewall_opens_the_peer_port_to_the_others_alone(harbour: Consortium) -> None:
    rows = [line for line in (harbour.folder / "firewall.md").read_text().splitlines() if "| validator-b |" in line]

    assert rows == [
        "| validator-b | 10.0.1.1 | tcp | 30303 | 10.0.0.1, 10.0.2.1, 10.0.3.1 |",
        "| validator-b | 127.0.0.1 | tcp | 8545 | the same machine |",
        "| validator-b | 127.0.0.1 | tcp | 9545 | the same machine |",
    ]


@given(st.integers(1, 65_535), st.sampled_from(["besu", "kaia"]))
def test_nodes_that_share_a_machine_have_ports_of_their_own(harbour: Consortium, port: int, kind: str) -> None:
    terms = harbour.terms.model_copy(update={"shared_hosts": True})
    body = harbour.cards[0].body.model_copy(update={"port": port})

    local = engine_named(kind).local_ports(terms, body)

    assert len({port, local.rpc, local.metrics}) == 3
    assert {abs(local.rpc - port), abs(local.metrics - port)} == {10_000, 20_000}
    assert 0 < min(local.rpc, local.metrics) <= max(local.rpc, local.metrics) <= 65_535


def test_peer_at_an_ipv6_address_is_bracketed(harbour: Consortium) -> None:
    body = harbour.cards[0].body.model_copy(update={"host": "fd00::1"})

    assert BesuEngine().peer_url(body).endswith("@[fd00::1]:30303")


def test_other_engines_are_not_known() -> None:
    with pytest.raises(EngineUnknown, match="known are besu"):
        engine_named("carrier-pigeon")


# One agreement on many machines


def test_every_member_makes_the_same_bytes_in_whatever_order_cards_came(harbour: Consortium, tmp_path: Path) -> None:
    terms, cards, _ = load_members(harbour.folder)
    again = agreed_files(terms, cards[::-1], first_state(terms, cards[::-1]), read_inputs(harbour.folder))

    assert again == files_of(harbour)
    assert {name: (harbour.folder / name).read_bytes() for name in again} == again


@pytest.mark.parametrize(
    "victim", ["genesis.json", "firewall.md", "cards/validator-b.json", "nodes/validator-a/compose.yaml"]
)
def test_changed_missing_and_foreign_files_are_named(tmp_path: Path, victim: str) -> None:
    made = found(tmp_path)
    files = files_of(made)
    mark = check_bundle(made.folder, files)
    good = (made.folder / victim).read_bytes()

    (made.folder / victim).write_bytes(good + b" ")
    with pytest.raises(BundleDiffers, match=re.escape(f"{made.folder / victim}: is not what the cards make of it")):
        check_bundle(made.folder, files)
    (made.folder / victim).unlink()
    with pytest.raises(BundleDiffers, match=re.escape(f"{made.folder / victim}: missing")):
        check_bundle(made.folder, files)
    (made.folder / victim).write_bytes(good)
    (made.folder / "nodes" / "extra").write_text("")
    with pytest.raises(BundleDiffers, match="nodes/extra: is no part of the agreement"):
        check_bundle(made.folder, files)
    (made.folder / "nodes" / "extra").unlink()
    (made.folder / "deployments.json").write_text("{}")
    assert check_bundle(made.folder, files) == mark


def test_link_in_place_of_an_agreed_file_is_refused(tmp_path: Path) -> None:
    made = found(tmp_path)
    files = files_of(made)
    (tmp_path / "elsewhere").write_bytes((made.folder / "genesis.json").read_bytes())
    (made.folder / "genesis.json").unlink()
    (made.folder / "genesis.json").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BundleDiffers, match=r"genesis\.json: missing, or a link"):
        check_bundle(made.folder, files)


@given(st.data())
def test_fingerprint_changes_with_any_byte_and_any_name(data: st.DataObject) -> None:
    files = {"a": b"one", "b/c": b"two", "d": b""}
    name = data.draw(st.sampled_from(sorted(files)))
    mark = fingerprint(files)

    assert re.fullmatch(r"([A-Z2-7]{4}-){7}[A-Z2-7]{4}", mark)
    assert fingerprint({**files, name: files[name] + data.draw(st.binary(min_size=1, max_size=3))}) != mark
    assert fingerprint({(name + "x" if key == name else key): value for key, value in files.items()}) != mark
    assert fingerprint(dict(reversed(files.items()))) == mark


def test_writing_again_changes_nothing(harbour: Consortium) -> None:
    assert write_bundle(harbour.folder, files_of(harbour)) == []


# The commands


def run(*arguments: object) -> str:
    result = runner.invoke(network_app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> str:
    result = runner.invoke(network_app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 1, result.output
    return result.output


def test_network_is_made_by_commands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain_node.networks.member._SCRYPT_N", 2**10)
    root = tmp_path / "nets"
    people = CONFIG_ROOT / "local" / "participants.toml"
    terms = ["new", "quay", "--operator", OPERATOR, "--participants", people, "--root", root, "--chain-id", 9]
    terms += ["--account", "0x" + "ab" * 20]
    (tmp_path / "pass").write_text("a long enough passphrase\n")

    assert "run 1" in refused(*terms, "--validators", 4, "--org", LEIS[0])
    assert "named twice" in refused(*terms, "--org", LEIS[0], "--org", LEIS[0])
    run(*terms, "--validators", 2, "--org", f"{LEIS[0]}", "--org", LEIS[1])
    for i in (0, 1):
        member = ["--lei", LEIS[i], "--organisation", f"Firm {i}", "--contact", "ops", "--host", f"10.0.0.{i + 1}"]
        folder = ["--member-dir", tmp_path / f"m{i}", "--passphrase-file", tmp_path / "pass", "--root", root]
        said = run("member", "init", "quay", "--name", f"v{i}", *member, *folder)
        assert "NOT encrypted" in said
    both = tmp_path / "cards"
    both.mkdir()
    for i in (0, 1):
        (both / f"{i}.json").write_bytes((tmp_path / f"m{i}" / "cards" / f"v{i}.json").read_bytes())

    assembled = run("assemble", "quay", "--cards", both, "--root", root)
    assert "2 validators bear no fault" in assembled
    mark = assembled.strip().rpartition(" ")[2]
    assert run("check", "quay", "--root", root).strip() == f"quay: {mark}"
    (root / "quay" / "genesis.json").write_text("{}")
    assert "genesis.json: is not what the cards make of it" in refused("check", "quay", "--root", root)


def test_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    assert "is no name for a network" in refused("check", "../etc", "--root", tmp_path)


def test_assembling_twice_gives_the_same(harbour: Consortium) -> None:
    before = {path: path.read_bytes() for path in harbour.folder.rglob("*") if path.is_file()}

    assemble(harbour)

    assert {path: path.read_bytes() for path in harbour.folder.rglob("*") if path.is_file()} == before
