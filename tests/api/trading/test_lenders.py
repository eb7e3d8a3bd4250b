"""The life of lenders' money: two tranches, redemptions by epochs, and what stands before a loss."""

from datetime import datetime
from typing import Any

import pytest
from mirror import differences
from refusing import refused
from trading import LEIS, Trading, await_indexer, eur

pytestmark = pytest.mark.node
PATH = "/v1/pools/EUR"


@pytest.fixture(scope="module")
def funded(trading: Trading) -> Trading:
    trading.network.mine_at_once()
    trading.fund(8_000_000)
    return trading


def position(trading: Trading, name: str) -> Any:
    (its,) = trading.desks[name].get(f"{PATH}/positions")["items"]
    return its


def pool(trading: Trading) -> Any:
    return trading.desks["lender"].get(PATH)


def test_senior_money_beyond_what_junior_carries_is_refused(funded: Trading) -> None:
    room = int(pool(funded)["tranches"]["senior"]["fundable"]["amount"])
    funded.issue("lender", room + 1)

    body = {"tranche": "senior", "amount": eur(room + 1)}
    problem = refused(funded.desks["lender"].post(f"{PATH}/deposits", body), 409, "deposit-exceeds-room")

    assert problem["context"] == {"amount": eur(room + 1), "most": eur(room), "tranche": "senior"}


def test_deposit_without_a_tranche_is_malformed(funded: Trading) -> None:
    answer = funded.desks["lender"].post(f"{PATH}/deposits", {"amount": eur(1)})

    assert answer.status_code == 422


def test_more_shares_than_one_has_cannot_be_handed_in(funded: Trading) -> None:
    body = {"tranche": "senior", "shares": str(10**25)}

    refused(funded.desks["lender"].post(f"{PATH}/redemption-requests", body), 409, "shares-too-low")


def test_shares_of_the_other_tranche_cannot_be_handed_in(funded: Trading) -> None:
    refused(funded.desks["lender"].post(f"{PATH}/redemption-requests", {"tranche": "junior"}), 409, "shares-too-low")


def test_nothing_is_claimed_before_an_epoch_has_paid(funded: Trading) -> None:
    refused(funded.desks["lender"].post(f"{PATH}/redemption-claims", {"tranche": "senior"}), 409, "claimable-too-low")


def test_epoch_is_not_closed_before_its_time(trading: Trading, funded: Trading) -> None:
    closable = datetime.fromisoformat(pool(funded)["closable_at"])
    if funded.chain.block().timestamp >= closable.timestamp():
        funded.operator.write(f"{PATH}/epochs")

    refused(funded.operator.post(f"{PATH}/epochs"), 409, "epoch-not-over")


def test_reserve_without_money_is_not_sent(funded: Trading) -> None:
    refused(funded.operator.post(f"{PATH}/reserve"), 409, "nothing-for-reserve")


def test_pool_shows_both_tranches_and_who_may_lose(funded: Trading) -> None:
    its = pool(funded)

    assert its["tranches"]["senior"]["exit_assets"] == its["senior_claim"]
    assert its["tranches"]["junior"]["exit_assets"] == eur(2_000_000)
    assert (its["gross"], its["net"], its["stopped"]) == (its["lendable"], its["gross"], [])
    assert its["reserve"] == {"held": eur(0), "on_its_way": eur(0), "floor": eur(0)}
    assert (its["senior_rate_bps"], its["subordination_floor_bps"]) == (500, 1000)


def test_lender_hands_shares_in_and_claims_what_the_epoch_paid(funded: Trading) -> None:
    """Half of them; the price is the exit price at the epoch's close."""
    lender, held = funded.desks["lender"], int(position(funded, "lender")["shares"])

    asked = lender.write(f"{PATH}/redemption-requests", {"tranche": "senior", "shares": str(held // 2)})["position"]
    assert int(asked["shares"]) == held - held // 2
    (waiting,) = asked["redemptions"]
    assert (waiting["waiting_shares"], waiting["claimable_shares"]) == (str(held // 2), "0")
    assert pool(funded)["tranches"]["senior"]["waiting_shares"] == str(held // 2)

    funded.network.set_clock(datetime.fromisoformat(pool(funded)["closable_at"]))
    closed = lender.write(f"{PATH}/epochs")["pool"]
    promised = int(closed["set_aside"]["amount"])
    assert 4_000_000 <= promised < 4_002_000
    assert closed["tranches"]["senior"]["waiting_shares"] == "0"

    claimable = position(funded, "lender")
    assert claimable["claimable"] == eur(promised)
    claimed = lender.write(f"{PATH}/redemption-claims", {"tranche": "senior"})["position"]
    assert (claimed["claimable"], claimed["withdrawn"], claimed["redemptions"]) == (eur(0), eur(promised), [])
    await_indexer(funded.gateway, funded.chain)
    assert differences(funded.gateway.database, funded.chain) == []


def test_claim_of_a_part_leaves_the_rest(funded: Trading) -> None:
    junior = funded.desks["junior"]
    spare = str(10**6 * 100_000)
    junior.write(f"{PATH}/redemption-requests", {"tranche": "junior", "shares": spare})
    funded.network.set_clock(datetime.fromisoformat(pool(funded)["closable_at"]))
    funded.operator.write(f"{PATH}/epochs")
    claimable = int(position(funded, "junior")["claimable"]["amount"])

    too_much = {"tranche": "junior", "amount": eur(claimable + 1)}
    refused(junior.post(f"{PATH}/redemption-claims", too_much), 409, "claimable-too-low")
    left = junior.write(f"{PATH}/redemption-claims", {"tranche": "junior", "amount": eur(60)})["position"]

    assert left["claimable"] == eur(claimable - 60)


def test_operator_sees_every_position_by_tranche(funded: Trading) -> None:
    positions = funded.operator.get(f"{PATH}/positions")["items"]

    assert {(its["lei"], its["tranche"]) for its in positions} == {
        (LEIS["lender"], "senior"),
        (LEIS["junior"], "junior"),
    }


def test_positions_of_a_pool_that_is_not_there(funded: Trading) -> None:
    desk = funded.desks["lender"]

    refused(desk.client.get("/v1/pools/JPY/positions", headers=dict(desk.headers)), 404, "pool-absent")
