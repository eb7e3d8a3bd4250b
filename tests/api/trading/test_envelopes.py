"""Documents for readers that keep their own key, and a gateway that comes back."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from mirror import differences, rows
from refusing import refused
from trading import LEIS, Desk, Trading, await_indexer, invoice, token

from api.building import build_gateway
from api.documents.sealing import unseal, unwrap

pytestmark = pytest.mark.node
LEI = "213800WSGIIZCXF1P572"


def admit_with_document_key(trading: Trading, key: str) -> Desk:
    """A buyer that opens its documents itself."""
    body = {
        "lei": LEI,
        "name": "Cautious Buyer",
        "jurisdiction": "GB",
        "roles": ["DEBTOR"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "identifiers": [{"scheme": "0088", "value": "5012345000022"}],
        "document_key": key,
    }
    answer = trading.operator.write("/v1/participants", body)
    return Desk(trading.client, token(trading.client, answer["client_id"], answer["client_secret"]))


def paper_to_cautious_buyer() -> bytes:
    buyer = invoice("AS-2026-77").replace(b"4012345000023", b"5012345000022")
    return buyer.replace(LEIS["debtor"].encode(), LEI.encode()).replace(b"SE556999000401", b"SE556999000419")


def test_reader_with_its_own_key_opens_the_envelope_which_the_gateway_cannot(trading: Trading) -> None:
    trading.network.mine_at_once()
    own = X25519PrivateKey.generate()
    buyer = admit_with_document_key(trading, own.public_key().public_bytes_raw().hex())
    answer = trading.desks["supplier"].upload(paper_to_cautious_buyer())
    assert answer.status_code == 201, answer.text
    cid = answer.json()["document_cid"]

    envelope = buyer.get(f"/v1/documents/{cid}/envelope")
    key = unwrap(base64.b64decode(envelope["wrapped_key"]), own, cid=cid, reader=LEI)
    opened = unseal(base64.b64decode(envelope["sealed"]), key, cid)

    assert opened == paper_to_cautious_buyer()
    answer = buyer.client.get(f"/v1/documents/{cid}", headers=dict(buyer.headers))
    refused(answer, 409, "document-key-elsewhere")


def test_document_key_of_another_shape_is_refused_at_admission(trading: Trading) -> None:
    body = {
        "lei": "529900W18LQJJN6SJ336",
        "name": "Careless Buyer",
        "jurisdiction": "GB",
        "roles": ["DEBTOR"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
        "document_key": "0x1234",
    }

    refused(trading.operator.post("/v1/participants", body), 422, "document-key-invalid")


def test_gateway_that_comes_back_goes_on_where_it_was(trading: Trading, sold: dict[str, str], tmp_path: Path) -> None:
    before = rows(trading.gateway.database)
    settings = trading.network.settings(tmp_path, trading.gateway.settings.database_url)
    returned = build_gateway(settings)

    while returned.follower.step():
        pass

    await_indexer(trading.gateway, trading.chain)
    assert differences(returned.database, trading.chain) == []
    assert rows(returned.database) == before
    returned.database.close()
