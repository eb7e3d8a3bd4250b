"""The papers of a deal on a real chain: who joins reads them, and nobody once they are erased."""

from typing import Any

import pytest
from refusing import refused
from trading import LEIS, Desk, Trading, eur, invoice, until

pytestmark = pytest.mark.node
WHY = {"reason": "The parties agreed to forget it."}


@pytest.fixture(scope="module")
def deal(trading: Trading) -> Any:
    """Financed by the pool, and a part of another receivable sold."""
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    facility = trading.grant()
    financed = trading.sell(invoice("AS-2026-8101"))
    body = {"facility_id": facility["id"], "receivable_id": financed["receivable_id"]}
    trading.desks["supplier"].write("/v1/financings", body)
    return financed


def paper(desk: Desk, cid: str) -> Any:
    return desk.client.get(f"/v1/documents/{cid}", headers=dict(desk.headers))


def test_lenders_read_the_paper_that_their_money_is_lent_on(trading: Trading, deal: Any) -> None:
    cid = deal["document_cid"]

    for name in ("lender", "junior"):
        until(lambda name=name: paper(trading.desks[name], cid).status_code == 200, f"{name} cannot read it")
    assert b"AS-2026-8101" in paper(trading.desks["lender"], cid).content
    refused(paper(trading.desks["stranger"], cid), 404, "document-absent")


def test_buyer_of_a_part_reads_the_paper(trading: Trading, deal: Any) -> None:
    sold = trading.sell(invoice("AS-2026-8102"))
    refused(paper(trading.desks["lender"], sold["document_cid"]), 404, "document-absent")
    given = {"to_lei": LEIS["lender"], "amount": eur(1_000)}

    trading.desks["supplier"].write(f"/v1/receivables/{sold['receivable_id']}/transfers", given)

    until(lambda: paper(trading.desks["lender"], sold["document_cid"]).status_code == 200, "the buyer cannot read it")


def test_party_is_let_in_once_and_a_stranger_never(trading: Trading, deal: Any) -> None:
    path = f"/v1/documents/{deal['document_cid']}/readers"

    refused(trading.operator.post(path, {"lei": LEIS["stranger"]}), 403, "no-party-to-deal")
    refused(trading.desks["debtor"].post(path, {"lei": LEIS["lender"]}), 403, "no-party-to-deal")
    refused(trading.desks["stranger"].post(path, {"lei": LEIS["stranger"]}), 404, "document-absent")
    answer = trading.desks["supplier"].post(path, {"lei": LEIS["debtor"]})
    assert answer.json() == {"cid": deal["document_cid"], "lei": LEIS["debtor"], "granted": False}


def test_paper_behind_a_financing_is_the_operators_to_erase_and_then_nobody_reads_it(
    trading: Trading, deal: Any
) -> None:
    cid = deal["document_cid"]
    path = f"/v1/documents/{cid}/erasure"
    until(lambda: paper(trading.desks["lender"], cid).status_code == 200, "the lender cannot read it")
    refused(trading.desks["debtor"].post(path, WHY), 403, "not-the-uploader")
    refused(trading.desks["supplier"].post(path, WHY), 409, "document-backs-financing")
    refused(trading.operator.post(path, {"reason": ""}), 422, "request-invalid")

    erased = trading.operator.post(path, WHY)

    assert erased.status_code == 200, erased.text
    assert erased.json()["keys_destroyed"] >= 5
    for desk in (trading.operator, *(trading.desks[name] for name in ("supplier", "debtor", "lender"))):
        problem = refused(paper(desk, cid), 410, "document-erased")
        assert problem["context"]["reason"] == WHY["reason"]
    refused(paper(trading.desks["stranger"], cid), 404, "document-absent")
    refused(trading.operator.post(path, WHY), 410, "document-erased")
    assert trading.desks["supplier"].get(f"/v1/invoices/{deal['id']}")["document_cid"] == cid


def test_paper_that_backs_nothing_is_its_uploaders_to_erase(trading: Trading, deal: Any) -> None:
    answer = trading.desks["supplier"].upload(invoice("AS-2026-8103"))
    cid = answer.json()["document_cid"]

    erased = trading.desks["supplier"].post(f"/v1/documents/{cid}/erasure", WHY)

    assert erased.json()["keys_destroyed"] == 3
    refused(paper(trading.desks["supplier"], cid), 410, "document-erased")
