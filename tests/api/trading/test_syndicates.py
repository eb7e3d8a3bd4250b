"""A facility that a syndicate of pools funds: the address book knows no such source, yet all can be read."""

from typing import Any

import pytest
from refusing import refused
from trading import Trading, await_indexer, await_receipt, eur, invoice

from chain_node.client import Call, FacilityTerms, Milestone, Step
from chain_node.client.signing import sign_transaction
from chain_node.compile import ROOT, compile_contracts
from chain_node.config import load_network
from chain_node.deploy.plan import created_address
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
HALF = 5_000


def create(trading: Trading, contract: str, *arguments: Any) -> str:
    """Past the gateway; the new contract's address."""
    account = KeyRing(trading.network.data_dir).account("governor")
    nonce = trading.chain.transaction_count(account.address)
    signed = sign_transaction(
        account,
        to=None,
        data=compile_contracts()[contract].creation_code(*arguments),
        nonce=nonce,
        gas=15_000_000,
        chain_id=trading.chain.chain_id,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
    )
    trading.chain.send_raw(signed.raw)
    await_receipt(trading.chain, signed.hash)
    return created_address(account.address, nonce)


def syndicate(trading: Trading) -> str:
    """Of the network's pool and another of the same currency; admitted by the governor."""
    at = trading.chain.addresses.address
    ours, desk = at("LendingPool:EUR"), at("FinancingDesk")
    theirs = create(trading, "LendingPool", at("CashToken:EUR"), desk, 500, 1_000, 86_400, at("AccessManager"))
    made = create(trading, "Syndicate", desk, [(pool, HALF, HALF, HALF) for pool in (ours, theirs)])
    govern(trading, trading.chain.desk.list_pool(made, True))
    return made


def govern(trading: Trading, call: Call) -> None:
    """The governor's act, announced and done once its delay is over."""
    governor, manager = KeyRing(trading.network.data_dir).account("governor"), trading.chain.access_manager
    trading.send(governor, manager.schedule(call.to, call.data, 0))
    delay = load_network(ROOT / "network-config" / "local").config.governance.delay_seconds
    trading.network.engine.set_clock(trading.chain.block().timestamp + delay)
    trading.send(governor, call)


@pytest.fixture(scope="module")
def facility(trading: Trading) -> str:
    """Granted past the gateway, which opens facilities on pools only."""
    trading.network.mine_at_once()
    trading.grant()
    officer = KeyRing(trading.network.data_dir).account("credit-officer")
    terms = FacilityTerms(
        supplier=trading.accounts["supplier"],
        pool=syndicate(trading),
        limit=10_000_000,
        discount_rate_bps=900,
        fee_bps=50,
        expires_at=1_788_220_800,
    )
    trading.send(officer, trading.chain.desk.open_facility(terms))
    custodian = trading.chain.addresses.address("ReceivableCollateral")
    trading.send(officer, trading.chain.desk.set_ladder(2, custodian, [Step(Milestone.DEPARTED, 6_000, False)]))
    await_indexer(trading.gateway, trading.chain)
    return "2"


def test_facility_of_a_syndicate_is_in_its_pools_currency(trading: Trading, facility: str) -> None:
    desk = trading.desks["supplier"]

    listed = desk.get("/v1/facilities")["items"]

    assert [(its["id"], its["currency"]) for its in listed] == [("2", "EUR"), ("1", "EUR")]
    assert desk.get(f"/v1/facilities/{facility}")["limit"] == eur(10_000_000)


def test_line_of_a_syndicate_is_changed_in_its_currency_only(trading: Trading, facility: str) -> None:
    path = f"/v1/facilities/{facility}/line"

    refused(trading.operator.post(path, {"limit": {"amount": "1", "currency": "USD"}}), 422, "currency-differs")

    assert trading.operator.write(path, {"limit": eur(11_000_000)})["facility"]["limit"] == eur(11_000_000)


def test_financing_under_a_syndicate_is_opened_and_seen(trading: Trading, facility: str) -> None:
    sold = trading.sell(invoice())
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}

    opened = trading.desks["supplier"].write("/v1/financings", body)["financing"]

    assert (opened["currency"], opened["facility_id"], opened["pledged"]) == ("EUR", facility, eur(10_000_000))
    assert [its["id"] for its in trading.desks["supplier"].get("/v1/financings")["items"]] == [opened["id"]]


def test_step_of_a_milestone_without_a_name_is_shown_by_its_number(trading: Trading, facility: str) -> None:
    """Set past the gateway, which knows the names only."""
    officer = KeyRing(trading.network.data_dir).account("credit-officer")
    orders = trading.chain.addresses.address("OrderCollateral")

    trading.send(officer, trading.chain.desk.set_ladder(int(facility), orders, [Step(3, 6_000, False)]))

    shown = trading.desks["supplier"].get(f"/v1/facilities/{facility}")["ladders"]
    assert shown["order"] == [{"milestone": "3", "advance_rate_bps": 6_000, "measured": False}]
    assert shown["receivable"] == [{"milestone": "DEPARTED", "advance_rate_bps": 6_000, "measured": False}]
