"""A line whose supplier acts by another account from now on."""

import pytest
from eth_account import Account
from mirror import differences
from trading import LEIS, Trading

from api.facilities.models import Facility
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node


def test_line_follows_the_account_that_took_over(trading: Trading) -> None:
    trading.network.mine_at_once()
    registrar = KeyRing(trading.network.data_dir).account("registrar")
    successor, registry = Account.create(), trading.chain.registry
    number = int(trading.grant(supplier_lei=LEIS["stranger"])["id"])

    trading.send(registrar, registry.admit_account(LEIS["stranger"], successor.address))
    trading.send(registrar, registry.remove_account(trading.accounts["stranger"]))
    trading.send(successor, trading.chain.desk.move_facility(number, successor.address))

    row = trading.gateway.database.run(lambda session: session.get_one(Facility, number).supplier)
    assert row == successor.address == trading.chain.desk.facility(number).terms.supplier
    assert differences(trading.gateway.database, trading.chain) == []
