"""A node's request for admission, as the registrar reads it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from typer.testing import CliRunner

from chain_node.admissions import carry_out, gateway_body, steps
from chain_node.cli import node_app
from chain_node.client import Role
from chain_node.client.admission import AdmissionInvalid, AdmissionRequest, read_request

NOW = 1_780_000_000
KEY = Account.from_key("0x" + "31" * 32)
REGISTRY = "0x" + "11" * 20
REQUEST = AdmissionRequest(
    network="local",
    chain_id=412346,
    registry=REGISTRY,
    lei="999900SOUNDERSURVY30",
    name="Sounder Survey GmbH",
    jurisdiction="DE",
    roles=("WAREHOUSE", "INSPECTOR"),
    account=KEY.address,
    expires_at=NOW + 100,
)


def written(folder: Path, request: AdmissionRequest = REQUEST, key=KEY, **changes: object) -> Path:
    """A signed request, then altered."""
    table = json.loads(request.text(bytes(key.unsafe_sign_hash(request.digest).signature))) | changes
    path = folder / "request.json"
    path.write_text(json.dumps({name: value for name, value in table.items() if value is not None}))
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"lei": "5299000J2N45DDNE4Y28"},
        {"name": "Another GmbH"},
        {"jurisdiction": "FR"},
        {"roles": ["WAREHOUSE"]},
        {"account": Account.from_key("0x" + "32" * 32).address},
        {"chain_id": 1},
        {"registry": "0x" + "12" * 20},
        {"network": "other"},
        {"expires_at": NOW + 10_000},
    ],
)
def test_request_of_which_any_field_was_altered_is_refused(tmp_path, changes):
    with pytest.raises(AdmissionInvalid, match="its signature is of 0x"):
        read_request(written(tmp_path, **changes), NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lei": "999900SOUNDERSURVY31"}, "is not an LEI"),
        ({"jurisdiction": "Germany"}, "is not a country code"),
        ({"roles": []}, "roles must be among"),
        ({"roles": ["SUPPLIER"]}, "roles must be among"),
        ({"roles": ["WAREHOUSE", "WAREHOUSE"]}, "each once"),
        ({"name": ""}, "the name must have"),
        ({"name": "a\nb"}, "the name must have"),
        ({"name": 7}, "must be text"),
        ({"expires_at": "soon"}, "must be a number"),
        ({"signature": "0x00"}, "its signature is none"),
        ({"signature": "0x" + "00" * 65}, "its signature is none"),
        ({"signature": None}, "is no PortolanAdmissionRequest"),
        ({"type": "Other"}, "is no PortolanAdmissionRequest"),
        ({"version": 2}, "is no PortolanAdmissionRequest"),
        ({"more": 1}, "is no PortolanAdmissionRequest"),
        ({"account": "0x12"}, "is no PortolanAdmissionRequest"),
    ],
)
def test_request_that_is_none_is_refused_with_the_reason(tmp_path, changes, why):
    with pytest.raises(AdmissionInvalid, match=why):
        read_request(written(tmp_path, **changes), NOW)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 70_000])
def test_file_that_is_no_request_is_refused(tmp_path, content):
    (tmp_path / "request.json").write_bytes(content)

    with pytest.raises(AdmissionInvalid):
        read_request(tmp_path / "request.json", NOW)


def test_request_that_has_expired_is_refused(tmp_path):
    with pytest.raises(AdmissionInvalid, match="it expired at"):
        read_request(written(tmp_path), NOW + 100)


def test_request_signed_by_its_account_is_read(tmp_path):
    assert read_request(written(tmp_path), NOW) == REQUEST
    assert REQUEST.role_bits == int(Role.WAREHOUSE | Role.INSPECTOR)


def test_signature_is_what_a_wallet_would_make(tmp_path):
    signed = KEY.sign_message(encode_typed_data(full_message=REQUEST.typed_data))

    assert bytes(signed.signature) == bytes(KEY.unsafe_sign_hash(REQUEST.digest).signature)


# On a network


@pytest.fixture
def asked(pristine_network):
    """A request for the session's network."""
    book = pristine_network.chain.addresses
    registry, until = book.address("ParticipantRegistry"), pristine_network.now() + 1000
    return replace(REQUEST, network=book.network, chain_id=book.chain_id, registry=registry, expires_at=until)


def admit(network, path: Path, *options: str):
    arguments = ["admit", str(path), "--data-dir", str(network.data_dir), "--rpc-url", network.rpc_url, *options]
    return CliRunner().invoke(node_app, arguments)


@pytest.mark.node
def test_request_for_another_network_is_refused(pristine_network, asked, tmp_path):
    path = written(tmp_path, replace(asked, chain_id=asked.chain_id + 1))

    result = admit(pristine_network, path, "--send")

    assert result.exit_code == 1
    assert "is for another network" in result.stderr


@pytest.mark.node
def test_account_of_another_organisation_is_refused(pristine_network, asked, tmp_path):
    pristine_network.admit("5299000J2N45DDNE4Y28", KEY.address, int(Role.CARRIER))

    result = admit(pristine_network, written(tmp_path, asked), "--send")

    assert result.exit_code == 1
    assert "an account of another organisation already" in result.stderr
    assert pristine_network.chain.registry.organisation_of(asked.lei) == 0


@pytest.mark.node
def test_registrar_sees_what_is_to_be_done_and_does_it_once(pristine_network, asked, tmp_path):
    path, registry = written(tmp_path, asked), pristine_network.chain.registry

    looked = admit(pristine_network, path)
    assert not registry.is_admitted(KEY.address)
    done = admit(pristine_network, path, "--send", "--until", "2028-12-31")
    again = admit(pristine_network, path, "--send")

    assert looked.exit_code == done.exit_code == again.exit_code == 0, looked.output + done.output
    assert "To do: register 999900SOUNDERSURVY30" in looked.output
    assert '"account": "' + KEY.address in looked.output
    assert f"Done: admit the account {KEY.address}" in done.output
    assert "All of it is so already." in again.output
    member = registry.membership_of(KEY.address)
    assert (member.roles, member.expires_at) == (asked.role_bits, 1_861_920_000)
    assert registry.organisation(member.organisation).jurisdiction == "DE"


@pytest.mark.node
def test_second_node_of_an_organisation_only_adds_its_account_and_roles(pristine_network, asked):
    other = Account.from_key("0x" + "33" * 32)
    pristine_network.admit(asked.lei, other.address, int(Role.WAREHOUSE | Role.SUPPLIER))
    chain, registrar = pristine_network.chain, pristine_network.keys.account("registrar")

    todo = steps(chain, asked, asked.expires_at)
    carry_out(chain, registrar, todo)

    assert [step.call.function for step in todo] == ["ParticipantRegistry.setRoles", "ParticipantRegistry.admitAccount"]
    roles = chain.registry.membership_of(KEY.address).roles
    assert roles == int(Role.WAREHOUSE | Role.SUPPLIER | Role.INSPECTOR)


def test_gateway_takes_the_same_request():
    body = json.loads(gateway_body(REQUEST, NOW))

    schemas = pytest.importorskip("api.participants.schemas")
    asked = schemas.NewParticipant.model_validate(body)
    assert (asked.lei, asked.account, asked.roles) == (REQUEST.lei, KEY.address, list(REQUEST.roles))
