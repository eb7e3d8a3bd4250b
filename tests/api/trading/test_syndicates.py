"""A facility that a syndicate of pools funds: the address book knows no such source, yet all can be read."""

from typing import Any

import pytest
from ordering import acts
from refusing import refused
from syndicating import HALF, facility_of, govern, syndicate
from trading import LEIS, Trading, await_indexer, eur, invoice, until

from api.facilities.models import Facility
from chain_node.client import Role, Step, Tranche
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def facility(trading: Trading) -> str:
    """Granted past the gateway, which opens facilities on pools only."""
    trading.network.mine_at_once()
    trading.grant()
    made = facility_of(trading, syndicate(trading).syndicate, 2)
    await_indexer(trading.gateway, trading.chain)
    return made


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


@pytest.fixture(scope="module")
def lent(trading: Trading, facility: str) -> Any:
    """An invoice that is financed under the syndicate, whose one known member has lenders."""
    trading.fund(10_000_000)
    sold = trading.sell(invoice("AS-2026-5001"))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    return {**sold, **trading.desks["supplier"].write("/v1/financings", body)}


@pytest.fixture(scope="module")
def listed(trading: Trading, facility: str, lent: Any) -> str:
    """The syndicate's address, once the network's pool has listed it."""
    source = str(trading.gateway.database.run(lambda session: session.get_one(Facility, int(facility)).pool))
    govern(trading, trading.chain.pool("EUR").call("listSyndicate", source))
    return source


def read(trading: Trading, name: str, cid: str) -> int:
    desk = trading.desks[name]
    return int(desk.client.get(f"/v1/documents/{cid}", headers=dict(desk.headers)).status_code)


def joined(trading: Trading, name: str) -> list[Any]:
    found: list[Any] = trading.desks[name].get("/v1/events", type="pool.syndicate_joined")["items"]
    return found


def test_facility_says_who_lends_in_which_shares(trading: Trading, facility: str, lent: Any) -> None:
    ours = trading.chain.addresses.address("LendingPool:EUR")

    alone, shared = (trading.desks["supplier"].get(f"/v1/facilities/{its}")["lenders"] for its in ("1", facility))

    shares = {"funding_bps": HALF, "loss_bps": HALF, "fee_bps": HALF}
    whole = dict.fromkeys(shares, 10_000)
    assert alone == [{"pool": "EUR", "address": ours, **whole, "lends": True}]
    first, second = shared
    assert first == {"pool": "EUR", "address": ours, **shares, "lends": False}
    assert second == {"pool": None, "address": second["address"], **shares, "lends": False}
    assert trading.operator.get("/v1/pools/EUR")["syndicates"] == []


def test_member_that_has_not_listed_the_syndicate_brings_nobody_a_paper(trading: Trading, lent: Any) -> None:
    assert [read(trading, name, lent["document_cid"]) for name in ("supplier", "debtor", "lender", "junior")] == [
        200,
        200,
        404,
        404,
    ]
    naming = trading.desks["supplier"].post(f"/v1/documents/{lent['document_cid']}/readers", {"lei": LEIS["lender"]})
    refused(naming, 403, "no-party-to-deal")


def test_lenders_of_a_member_get_the_papers_when_it_joins(
    trading: Trading, facility: str, lent: Any, listed: str
) -> None:
    cid = lent["document_cid"]

    for name in ("lender", "junior"):
        until(lambda name=name: read(trading, name, cid) == 200, f"{name} still cannot read the paper")
        (told,) = joined(trading, name)
        assert (told["resource"], told["body"]) == ({"kind": "pool", "id": "EUR"}, {"syndicate": listed})
    assert read(trading, "stranger", cid) == read(trading, "carrier", cid) == 404
    assert joined(trading, "stranger") == joined(trading, "debtor") == []
    shown = trading.desks["supplier"].get(f"/v1/facilities/{facility}")["lenders"]
    assert [(its["pool"], its["lends"]) for its in shown] == [("EUR", True), (None, False)]


def test_paper_that_joins_later_is_the_lenders_too(trading: Trading, facility: str, listed: str) -> None:
    sold = trading.sell(invoice("AS-2026-5002"))
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    trading.desks["supplier"].write("/v1/financings", body)

    until(lambda: read(trading, "lender", sold["document_cid"]) == 200, "the lender still cannot read the paper")
    assert read(trading, "stranger", sold["document_cid"]) == 404


def test_who_is_handed_shares_reads_as_who_deposits_and_both_are_told(trading: Trading, lent: Any, listed: str) -> None:
    """The fund that buys had nothing of the pool before; what is made by a deposit is not told as handed on."""
    desk, vault = trading.desks["stranger"], trading.chain.vault("EUR", Tranche.SENIOR)
    registrar = KeyRing(trading.network.data_dir).account("registrar")
    trading.send(registrar, trading.chain.registry.set_roles(LEIS["stranger"], Role.SUPPLIER | Role.LENDER))
    assert read(trading, "stranger", lent["document_cid"]) == 404

    acts(trading, "lender", vault.transfer(trading.accounts["stranger"], 1_000 * 10**6))
    await_indexer(trading.gateway, trading.chain)

    until(lambda: read(trading, "stranger", lent["document_cid"]) == 200, "the buyer still cannot read the paper")
    for name in ("lender", "stranger"):
        (told,) = trading.desks[name].get("/v1/events", type="pool.shares_transferred")["items"]
        assert told["body"] == {"tranche": "senior", "shares": str(1_000 * 10**6)}
    assert trading.desks["junior"].get("/v1/events", type="pool.shares_transferred")["items"] == []
    assert desk.get("/v1/pools/EUR/positions")["items"][0]["shares"] == str(1_000 * 10**6)


def test_pool_says_through_which_syndicates_it_lends_and_of_no_other_contract(trading: Trading, listed: str) -> None:
    """The governor may list what is no syndicate; it lends nothing, and breaks nothing."""
    pool = trading.chain.pool("EUR")
    for strange in (listed, trading.chain.addresses.address("FeedOracle"), "0x" + "00" * 19 + "77"):
        govern(trading, pool.call("listSyndicate", strange))

    (through,) = trading.desks["lender"].get("/v1/pools/EUR")["syndicates"]

    assert through["address"] == listed
    assert (through["funding_bps"], through["principal_out"], through["lost"]) == (HALF, eur(0), eur(0))


def test_step_of_a_milestone_without_a_name_is_shown_by_its_number(trading: Trading, facility: str) -> None:
    """Set past the gateway, which knows the names only."""
    officer = KeyRing(trading.network.data_dir).account("credit-officer")
    orders = trading.chain.addresses.address("OrderCollateral")

    trading.send(officer, trading.chain.desk.set_ladder(int(facility), orders, [Step(3, 6_000, False)]))

    shown = trading.desks["supplier"].get(f"/v1/facilities/{facility}")["ladders"]
    assert shown["order"] == [{"milestone": "3", "advance_rate_bps": 6_000, "measured": False}]
    assert shown["receivable"] == [{"milestone": "DEPARTED", "advance_rate_bps": 6_000, "measured": False}]
