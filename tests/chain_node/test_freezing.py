"""`portolan node freeze`: the registrar stops an account, and lets it go."""

from __future__ import annotations

import pytest
from eth_account import Account
from support.network import RunningNetwork, lei
from typer.testing import CliRunner, Result

from chain_node.cli import node_app
from chain_node.client import Role

pytestmark = pytest.mark.node


def typed(network: RunningNetwork, *words: str) -> Result:
    place = ["--data-dir", str(network.data_dir), "--rpc-url", network.rpc_url]
    return CliRunner().invoke(node_app, ["freeze", *words, *place], env={"COLUMNS": "200"})


def test_what_is_nobodys_account_is_refused_in_a_sentence(pristine_network: RunningNetwork) -> None:
    stranger = Account.create().address

    for word, why in (("0x12", "0x12 is no account"), (stranger, "is not an account of anybody in this network")):
        result = typed(pristine_network, word, "--send")
        assert (result.exit_code, why in result.output) == (1, True), result.output
        assert "Traceback" not in result.output


def test_account_is_frozen_and_let_go_when_it_is_said_to_be_sent(pristine_network: RunningNetwork) -> None:
    account, registry = Account.create().address, pristine_network.chain.registry
    pristine_network.admit(lei("FREEZETEST"), account, int(Role.CARRIER))

    said = typed(pristine_network, account)
    assert f"To do: freeze the account {account}" in said.output
    assert not registry.membership_of(account).frozen
    assert "It is not frozen." in typed(pristine_network, account, "--lift").output

    assert f"Done: freeze the account {account}" in typed(pristine_network, account.lower(), "--send").output
    assert registry.membership_of(account).frozen
    assert "It is frozen already." in typed(pristine_network, account, "--send").output

    assert "Done: unfreeze" in typed(pristine_network, account, "--lift", "--send").output
    assert registry.is_admitted(account)
