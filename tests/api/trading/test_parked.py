"""Money that its payee could not take: it waits where it was paid from, is seen, and claimed once it can be."""

import pytest
from mirror import differences
from refusing import refused
from trading import FACE_VALUE, Trading, await_indexer, eur, invoice

from chain_node.client import Call
from chain_node.keys import KeyRing

pytestmark = pytest.mark.node
HALF = {"receivable": [{"milestone": "ACCEPTED", "advance_rate_bps": 5_000}]}
CLAIMS = "/v1/cash/parked-claims"


def by_registrar(trading: Trading, call: Call) -> None:
    trading.send(KeyRing(trading.network.data_dir).account("registrar"), call)


@pytest.fixture(scope="module")
def parked(trading: Trading) -> int:
    """The rest of a payment, for a supplier that was frozen when it came; minor units."""
    trading.network.mine_at_once()
    trading.fund(20_000_000)
    sold, facility = trading.sell(invoice()), trading.grant(ladders=HALF)["id"]
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    financing = trading.desks["supplier"].write("/v1/financings", body)["id"]
    trading.issue("debtor", FACE_VALUE)
    by_registrar(trading, trading.chain.registry.freeze_account(trading.accounts["supplier"]))

    trading.desks["debtor"].write(f"/v1/receivables/{sold['receivable_id']}/payments", {"amount": eur(FACE_VALUE)})

    repaid = trading.operator.get(f"/v1/financings/{financing}")["repayments"][-1]
    return int(repaid["residual"]["amount"])


def test_what_waits_is_seen_by_its_payee_only(trading: Trading, parked: int) -> None:
    seen = trading.desks["supplier"].get("/v1/cash/balances")

    assert seen["parked"] == [{"currency": "EUR", "amount": eur(parked)}]
    assert parked > 0
    assert trading.desks["debtor"].get("/v1/cash/balances")["parked"] == []
    await_indexer(trading.gateway, trading.chain)
    assert differences(trading.gateway.database, trading.chain) == []


def test_who_has_nothing_waiting_claims_nothing(trading: Trading, parked: int) -> None:
    refused(trading.desks["debtor"].post(CLAIMS, {"currency": "EUR"}), 409, "nothing-parked")
    refused(trading.desks["supplier"].post(CLAIMS, {"currency": "USD"}), 409, "nothing-parked")
    refused(trading.desks["supplier"].post(CLAIMS, {"currency": "XXX"}), 422, "currency-unlisted")


def test_payee_claims_it_once_it_is_free_again(trading: Trading, parked: int) -> None:
    desk = trading.desks["supplier"]
    before = desk.get("/v1/cash/balances")["balances"]
    assert desk.post(CLAIMS, {"currency": "EUR"}).status_code == 403
    by_registrar(trading, trading.chain.registry.unfreeze_account(trading.accounts["supplier"]))

    claimed = desk.write(CLAIMS, {"currency": "EUR"})

    assert claimed["parked"] == []
    assert claimed["balances"] == [{"currency": "EUR", "amount": eur(int(before[0]["amount"]["amount"]) + parked)}]
    await_indexer(trading.gateway, trading.chain)
    assert differences(trading.gateway.database, trading.chain) == []
    refused(desk.post(CLAIMS, {"currency": "EUR"}), 409, "nothing-parked")
    (line, *_) = reversed(desk.get("/v1/statements/EUR")["movements"])
    assert (line["kind"], line["amount"], line["counterparty"]["name"]) == (
        "parked_payout",
        eur(parked),
        "Financing desk",
    )
