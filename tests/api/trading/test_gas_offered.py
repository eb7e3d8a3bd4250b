"""What a transaction is offered is never too little: twice the dearest way through a function that is steady, and the
most that the settings allow for every other."""

from typing import Any

import pytest
from trading import LEIS, Trading

from api.signers import Signers
from api.transactions import repository
from api.transactions.gas import STEADY, offered
from chain_node.client import Call
from chain_node.interface import interfaces

pytestmark = pytest.mark.node
MOST = 3_000_000
LARGE = 2**128 - 1
UNUSED_REFERENCE = b"\xff" * 32


def call_of(function: str) -> Call:
    return Call("0x" + "11" * 20, b"", function)  # type: ignore[arg-type]


def test_functions_that_depend_on_what_there_is_are_offered_the_most() -> None:
    for name, contract in interfaces().items():
        for function in contract.functions.values():
            if f"{name}.{function.name}" not in STEADY:
                assert offered(call_of(f"{name}.{function.name}"), MOST) == MOST


@pytest.mark.parametrize("function", STEADY)
def test_settings_have_the_last_word(function: str) -> None:
    assert offered(call_of(function), 60_000) == 60_000


@pytest.mark.parametrize("function", STEADY)
def test_steady_function_is_one_that_writes(function: str) -> None:
    contract, _, name = function.partition(".")

    assert interfaces()[contract].functions[name].writes


def test_dearest_way_through_each_takes_at_most_half(trading: Trading) -> None:
    chain, cash = trading.chain, trading.chain.cash("EUR")
    signers: Signers = trading.gateway.signers
    holder = trading.accounts["supplier"]
    ways = {
        # Nobody has cash yet: each slot that it writes is made.
        "CashToken.issue": (cash.issue(holder, LARGE, UNUSED_REFERENCE), signers.address("office:cash-issuer")),
        "CashToken.approve": (cash.approve(chain.desk.address, LARGE), holder),
    }
    assert cash.total_supply() == 0
    assert ways.keys() == STEADY.keys()

    for function, (call, sender) in ways.items():
        assert call.function == function
        assert 2 * chain.estimate_gas(call, sender) <= offered(call, MOST), function


def test_intent_is_offered_so_much_and_goes_through(trading: Trading) -> None:
    trading.network.mine_at_once()
    asked: dict[str, Any] = {"lei": LEIS["supplier"], "amount": {"amount": "5", "currency": "EUR"}}

    issued = trading.operator.write("/v1/cash/issues", {**asked, "payment_reference": "gas 1"})

    with trading.gateway.database.session() as session:
        stored = repository.by_id(session, issued["transactions"][0]["id"])
    assert stored is not None
    assert stored.gas == STEADY["CashToken.issue"]
    assert stored.gas_used is not None
    assert 2 * stored.gas_used <= stored.gas
