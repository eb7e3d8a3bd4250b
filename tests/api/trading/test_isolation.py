"""Every operation with a foreign organisation's token: nothing of others can be seen, changed or even noticed.

The operations are those of the OpenAPI description, so none can be forgotten. One that is not in OPERATIONS is sent its
own example, with the owner's ids in it, and must be refused with 403 or 404, or answer an empty list. A line here says
what else it needs: a body, or that a stranger gets something else. QUERIES are parameters that it cannot do without,
and `places` has what stands in the paths.
"""

from typing import Any

import pytest
from banking import movement, statement
from goods import BUYER, LADDERS, TERMS, Goods
from httpx import Response
from operations import all_operations
from ordering import accepted, order_request
from sqlmodel import Session, select
from trading import FACE_VALUE, LEIS, Desk, Trading, eur, facility_request, invoice

from api.auth.principal import Principal
from api.compliance.cases import service as cases
from api.compliance.cases.service import Finding
from api.receivables.models import Receivable
from api.transactions.models import Transaction
from api.webhooks.models import Delivery, Webhook
from chain_node.client import Milestone

pytestmark = pytest.mark.node

ABSENT, REFUSED = 404, 403
EVIDENCE = "0x" + "e7" * 32
OBJECTION = {"amount": eur(1), "evidence": EVIDENCE}
AMENDMENT = {"maturity_date": "2026-09-30", "document": EVIDENCE, "valid_until": "2026-06-30T00:00:00Z"}
PART = {"receipt_id": "{receipt_id}", "quantity_thousandths": "1"}
COVER = {
    "financing_id": "{pledge_id}",
    "kind": "credit",
    "limit": eur(1_000_000),
    "premium": eur(1_000),
    "offer_until": "2026-05-20T00:00:00Z",
    "pay_by": "2026-06-20T00:00:00Z",
    "until": "2026-07-20T00:00:00Z",
}
NOBODY = "999900NOBODYATALL093"
LOT = {
    "owner_lei": LEIS["supplier"],
    "number": "S-1",
    "subject": EVIDENCE,
    "commodity": "180620",
    "unit": "KGM",
    "quantity_thousandths": "1",
    "place": "USEWR",
    "entered_at": "2026-05-04T08:00:00Z",
    "identifiers": ["1"],
}
OPERATIONS: dict[tuple[str, str], tuple[Any, int | str]] = {
    # (method, path): (body, the status a stranger gets, or what is left of the list it gets)
    ("POST", "/v1/participants"): ({}, REFUSED),
    ("POST", "/v1/participants/{lei}/accounts"): ({"account": "0x" + "ab" * 20}, REFUSED),
    ("GET", "/v1/participants/{lei}/signer"): (None, ABSENT),
    ("POST", "/v1/participants/{lei}/signer"): ({"remote_signer": None}, REFUSED),
    ("GET", "/v1/participants"): (None, "itself"),
    ("GET", "/v1/participants/{lei}"): (None, ABSENT),
    ("POST", "/v1/cash/issues"): ({}, REFUSED),
    ("POST", "/v1/cash/parked-claims"): ({"currency": "EUR"}, 409),
    ("GET", "/v1/cash/balances"): (None, ABSENT),
    ("GET", "/v1/statements/{currency}"): (None, ABSENT),
    ("POST", "/v1/bank-statements"): (b"<Document/>", REFUSED),
    ("GET", "/v1/bank-statements"): (None, REFUSED),
    ("GET", "/v1/bank-entries"): (None, REFUSED),
    ("GET", "/v1/bank-entries/{entry_id}"): (None, REFUSED),
    ("POST", "/v1/bank-entries/{entry_id}/assignment"): ({"lei": "{lei}", "reason": "Theirs."}, REFUSED),
    ("POST", "/v1/bank-entries/{entry_id}/dismissal"): ({"reason": "Nobody's."}, REFUSED),
    ("POST", "/v1/payment-instructions"): (
        {"purpose": "receivable", "target_id": "{receivable_id}", "amount": eur(1)},
        ABSENT,
    ),
    ("GET", "/v1/payment-instructions"): (None, "nothing"),
    ("GET", "/v1/payment-instructions/{instruction_id}"): (None, ABSENT),
    ("GET", "/v1/payment-instructions/{instruction_id}/pain001"): (None, ABSENT),
    ("POST", "/v1/payment-instructions/{instruction_id}/cancellation"): (None, ABSENT),
    ("POST", "/v1/invoices"): (invoice("AS-2026-9001"), REFUSED),
    ("GET", "/v1/invoices"): (None, "nothing"),
    ("GET", "/v1/invoices/{invoice_id}"): (None, ABSENT),
    ("GET", "/v1/receivables"): (None, "nothing"),
    ("GET", "/v1/receivables/{receivable_id}"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/acceptance"): ({"waive_set_off": True}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/payments"): ({"amount": eur(FACE_VALUE)}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/transfers"): ({"to_lei": LEIS["lender"], "amount": eur(1)}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/claims"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/reservations"): (
        {"facility_id": "{facility_id}", "until": "2026-05-06T00:00:00Z"},
        ABSENT,
    ),
    ("POST", "/v1/receivables/{receivable_id}/reservations/termination"): ({"holder_lei": "{lei}"}, REFUSED),
    ("POST", "/v1/receivables/{receivable_id}/credit-notes"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/withdrawal"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/concession"): (OBJECTION, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/disputes/resolution"): (
        {"taken_off": eur(1), "evidence": EVIDENCE},
        REFUSED,
    ),
    ("POST", "/v1/receivables/{receivable_id}/cancellation"): (None, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/cancellation/consent"): ({"given": True}, ABSENT),
    ("POST", "/v1/receivables/{receivable_id}/default"): (None, ABSENT),
    ("POST", "/v1/orders"): (order_request(buyer_lei=LEIS["stranger"]), REFUSED),
    ("GET", "/v1/orders"): (None, "nothing"),
    ("GET", "/v1/orders/{order_id}"): (None, ABSENT),
    ("POST", "/v1/orders/{order_id}/acceptance"): ({"terms_hash": EVIDENCE}, ABSENT),
    ("POST", "/v1/orders/{order_id}/cancellation"): (None, ABSENT),
    ("POST", "/v1/orders/{order_id}/deposits"): ({"amount": eur(1)}, ABSENT),
    ("POST", "/v1/orders/{order_id}/payments"): ({"amount": eur(1)}, ABSENT),
    ("POST", "/v1/orders/{order_id}/settlement"): (None, ABSENT),
    ("POST", "/v1/orders/{order_id}/refund"): (None, ABSENT),
    ("POST", "/v1/orders/{order_id}/refund-claims"): ({"lei": "{lei}"}, ABSENT),
    ("POST", "/v1/orders/{order_id}/disputes"): ({"evidence": EVIDENCE}, ABSENT),
    ("POST", "/v1/orders/{order_id}/disputes/end"): (None, ABSENT),
    ("POST", "/v1/orders/{order_id}/disputes/decision"): ({"to_seller": eur(1), "evidence": EVIDENCE}, REFUSED),
    ("POST", "/v1/orders/{order_id}/splits"): ({"to_seller": eur(1)}, ABSENT),
    ("POST", "/v1/orders/{order_id}/invoices"): ({"receivable_id": "{receivable_id}"}, ABSENT),
    ("POST", "/v1/orders/{order_id}/offers"): (
        {"lot_id": EVIDENCE, "quantity_thousandths": "1", "price": eur(1)},
        ABSENT,
    ),
    ("POST", "/v1/orders/{order_id}/offers/{digest}/delivery"): (None, ABSENT),
    ("POST", "/v1/facilities"): (facility_request(), REFUSED),
    ("POST", "/v1/facilities/{facility_id}/ladders"): (facility_request()["ladders"], REFUSED),
    ("POST", "/v1/facilities/{facility_id}/line"): ({"limit": eur(1)}, REFUSED),
    ("POST", "/v1/facilities/{facility_id}/commitment-fee"): ({"most": eur(1)}, ABSENT),
    ("GET", "/v1/facilities"): (None, "nothing"),
    ("GET", "/v1/facilities/{facility_id}"): (None, ABSENT),
    ("POST", "/v1/financings"): ({"facility_id": "{facility_id}", "receivable_id": "{receivable_id}"}, ABSENT),
    ("POST", "/v1/sandbox/milestones"): ({"receivable_id": "{receivable_id}", "milestones": ["DEPARTED"]}, REFUSED),
    ("GET", "/v1/quotes"): (None, "nothing"),
    ("GET", "/v1/quotes/{quote_id}"): (None, ABSENT),
    ("POST", "/v1/quotes/{quote_id}/acceptance"): (None, ABSENT),
    ("POST", "/v1/quotes/{quote_id}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/poke"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/forward"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/mark-overdue"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/default"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/recourse"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/recourse/closing"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/release"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/handover"): ({"receivable_id": "{receivable_id}"}, ABSENT),
    ("POST", "/v1/financings/{financing_id}/delivery"): ({"digest": "{digest}"}, ABSENT),
    ("POST", "/v1/financings/{financing_id}/purpose"): ({"order_id": "{order_id}", "most": eur(1)}, ABSENT),
    ("GET", "/v1/financings/{financing_id}/amendments"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/amendments/{amendment}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/financings/{financing_id}/amendments"): (AMENDMENT, ABSENT),
    ("POST", "/v1/financings/{financing_id}/impairment"): ({"amount": eur(1)}, REFUSED),
    ("POST", "/v1/financings/{financing_id}/repayments"): ({"amount": eur(1)}, ABSENT),
    ("GET", "/v1/financings/{financing_id}/repayments"): (None, ABSENT),
    ("GET", "/v1/financings/{financing_id}/repayments/{repayment_id}"): (None, ABSENT),
    ("GET", "/v1/financings/{financing_id}/payoff"): (None, ABSENT),
    ("GET", "/v1/financings"): (None, "nothing"),
    ("GET", "/v1/financings/{financing_id}"): (None, ABSENT),
    ("GET", "/v1/pools"): (None, "no names"),
    ("GET", "/v1/pools/{currency}"): (None, "no names"),
    ("GET", "/v1/pools/{currency}/positions"): (None, "nothing"),
    ("GET", "/v1/pools/{currency}/statement"): (None, "no names"),
    ("GET", "/v1/pools/{currency}/concentration"): (None, REFUSED),
    ("GET", "/v1/pools/{currency}/maturities"): (None, "no names"),
    ("POST", "/v1/pools/{currency}/deposits"): ({"tranche": "senior", "amount": eur(1)}, 409),
    ("POST", "/v1/pools/{currency}/redemption-requests"): ({"tranche": "senior"}, 409),
    ("POST", "/v1/pools/{currency}/redemption-claims"): ({"tranche": "senior"}, 409),
    ("POST", "/v1/pools/{currency}/epochs"): (None, 409),
    ("POST", "/v1/pools/{currency}/reserve"): (None, 409),
    ("GET", "/v1/milestones"): (None, ABSENT),
    ("GET", "/v1/events"): (None, "its own"),
    ("GET", "/v1/events/types"): (None, "no names"),
    ("GET", "/v1/events/stream"): (None, "stream"),
    ("GET", "/v1/events/{event_id}"): (None, ABSENT),
    ("POST", "/v1/webhooks"): ({"url": "https://127.0.0.1/", "types": ["*"]}, 422),
    ("GET", "/v1/webhooks"): (None, "nothing"),
    ("POST", "/v1/webhooks/{webhook_id}/replays"): ({"first": "evt_0000000000000001"}, ABSENT),
    ("POST", "/v1/receipts/consignments"): ({"number": "S-1", "warehouse_lei": NOBODY}, ABSENT),
    ("POST", "/v1/receipts/engagements"): ({"warehouse_lei": NOBODY, "engaged": True}, ABSENT),
    ("POST", "/v1/receipts/powers"): ({"given": False}, "accepted"),
    ("POST", "/v1/receipts/announcements"): (LOT, REFUSED),
    ("GET", "/v1/receipts/announcements"): (None, "nothing"),
    ("GET", "/v1/receipts/announcements/{announcement_id}"): (None, ABSENT),
    ("POST", "/v1/receipts/announcements/{announcement_id}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/receipts/announcements/{announcement_id}/minting"): (None, ABSENT),
    ("GET", "/v1/receipts"): (None, "nothing"),
    ("GET", "/v1/receipts/{receipt_id}"): (None, ABSENT),
    ("POST", "/v1/receipts/{receipt_id}/splits"): ({"quantity_thousandths": "1", "identifiers": ["1"]}, ABSENT),
    ("POST", "/v1/receipts/{receipt_id}/mergers"): ({"into": "{receipt_id}"}, ABSENT),
    ("POST", "/v1/receipts/{receipt_id}/transfers"): ({"to_lei": "{lei}", "quantity_thousandths": "1"}, ABSENT),
    ("POST", "/v1/pledges/terms/{facility_id}"): (TERMS, REFUSED),
    ("GET", "/v1/pledges/terms/{facility_id}"): (None, ABSENT),
    ("GET", "/v1/pledges/offers"): (None, "nothing"),
    ("GET", "/v1/pledges/offers/{offer_id}"): (None, ABSENT),
    ("POST", "/v1/pledges/offers/{offer_id}/purchase"): (None, ABSENT),
    ("POST", "/v1/pledges/offers/{offer_id}/withdrawal"): (None, ABSENT),
    ("GET", "/v1/pledges"): (None, "nothing"),
    ("GET", "/v1/pledges/{pledge_id}"): (None, ABSENT),
    ("POST", "/v1/pledges/{pledge_id}/goods"): (PART, ABSENT),
    ("POST", "/v1/pledges/{pledge_id}/substitutions"): (
        {**PART, "offered_receipt_id": "{receipt_id}", "offered_quantity_thousandths": "1"},
        ABSENT,
    ),
    ("POST", "/v1/pledges/{pledge_id}/releases"): ({**PART, "amount": eur(1)}, ABSENT),
    ("POST", "/v1/pledges/{pledge_id}/offers"): (
        {**PART, "price": eur(1), "until": "2026-06-30T00:00:00Z"},
        ABSENT,
    ),
    ("POST", "/v1/pledges/{pledge_id}/drops"): ({"receipt_id": "{receipt_id}"}, ABSENT),
    ("POST", "/v1/margin-calls"): ({"pledge_id": "{pledge_id}"}, ABSENT),
    ("GET", "/v1/margin-calls"): (None, "nothing"),
    ("GET", "/v1/margin-calls/{margin_call_id}"): (None, ABSENT),
    ("POST", "/v1/margin-calls/{margin_call_id}/cure"): ({"amount": eur(1)}, ABSENT),
    ("POST", "/v1/margin-calls/{margin_call_id}/ending"): (None, ABSENT),
    ("POST", "/v1/margin-calls/{margin_call_id}/sale"): (None, ABSENT),
    ("POST", "/v1/margin-calls/{margin_call_id}/bids"): ({**PART, "most": eur(1)}, ABSENT),
    ("POST", "/v1/release-orders"): ({**PART, "deadline": "2026-05-06T00:00:00Z"}, ABSENT),
    ("GET", "/v1/release-orders"): (None, "nothing"),
    ("GET", "/v1/release-orders/{release_order_id}"): (None, ABSENT),
    ("POST", "/v1/release-orders/{release_order_id}/consent"): (None, REFUSED),
    ("POST", "/v1/release-orders/{release_order_id}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/release-orders/{release_order_id}/confirmation"): (None, ABSENT),
    ("POST", "/v1/release-orders/{release_order_id}/declination"): (None, ABSENT),
    ("POST", "/v1/release-orders/{release_order_id}/lapse"): (None, ABSENT),
    ("GET", "/v1/readings/feeds"): (None, "no names"),
    ("GET", "/v1/readings/grades/{subject}"): (None, ABSENT),
    ("POST", "/v1/readings/grades/{subject}/assessment"): (None, ABSENT),
    ("POST", "/v1/readings/grades/{subject}/inspections"): ({"sequence": 1, "grade": 1}, ABSENT),
    ("GET", "/v1/readings"): (None, ABSENT),
    ("GET", "/v1/readings/{reading_id}"): (None, ABSENT),
    ("GET", "/v1/insurance-policies/positions"): (None, "nothing"),
    ("POST", "/v1/insurance-policies/deposits"): ({"amount": eur(1)}, 409),
    ("POST", "/v1/insurance-policies/withdrawals"): ({"amount": eur(1)}, 409),
    ("POST", "/v1/insurance-policies"): (COVER, REFUSED),
    ("GET", "/v1/insurance-policies"): (None, "nothing"),
    ("GET", "/v1/insurance-policies/{policy_id}"): (None, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/withdrawal"): (None, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/acceptance"): (None, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/binding"): (None, REFUSED),
    ("POST", "/v1/insurance-policies/{policy_id}/premiums"): ({"amount": eur(1)}, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/claims"): (None, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/waiver"): (None, ABSENT),
    ("POST", "/v1/insurance-policies/{policy_id}/closing"): (None, ABSENT),
    ("GET", "/v1/documents/{cid}"): (None, ABSENT),
    ("GET", "/v1/documents/{cid}/envelope"): (None, ABSENT),
    ("POST", "/v1/documents/{cid}/readers"): ({"lei": "{lei}"}, ABSENT),
    ("POST", "/v1/documents/{cid}/erasure"): ({"reason": "It is not mine."}, ABSENT),
    ("GET", "/v1/audit/entries"): (None, REFUSED),
    ("GET", "/v1/audit/head"): (None, REFUSED),
    ("GET", "/v1/cases"): (None, REFUSED),
    ("POST", "/v1/cases"): ({"lei": LEIS["supplier"], "title": "Seen", "reason": "Told."}, REFUSED),
    ("GET", "/v1/cases/{case_id}"): (None, REFUSED),
    ("POST", "/v1/cases/{case_id}/assignment"): ({"assignee": "j.holm"}, REFUSED),
    ("POST", "/v1/cases/{case_id}/comments"): ({"text": "Seen."}, REFUSED),
    ("POST", "/v1/cases/{case_id}/closing"): ({"reason": "Nothing."}, REFUSED),
    ("POST", "/v1/cases/{case_id}/reopening"): ({"reason": "Nothing."}, REFUSED),
    ("POST", "/v1/screening/lists/{list_name}/versions"): (b"id,kind,name", REFUSED),
    ("GET", "/v1/screening/lists"): (None, REFUSED),
    ("GET", "/v1/screening/hits"): (None, REFUSED),
    ("GET", "/v1/screening/hits/{hit_id}"): (None, REFUSED),
    ("POST", "/v1/screening/hits/{hit_id}/decision"): ({"decision": "cleared", "reason": "Another."}, REFUSED),
    ("POST", "/v1/applications"): ({}, REFUSED),
    ("GET", "/v1/applications"): (None, REFUSED),
    ("GET", "/v1/applications/{application_id}"): (None, REFUSED),
    ("POST", "/v1/applications/{application_id}/documents"): (b"paper", REFUSED),
    ("POST", "/v1/applications/{application_id}/review"): (None, REFUSED),
    ("POST", "/v1/applications/{application_id}/decision"): ({"decision": "rejected", "reason": "So."}, REFUSED),
    ("POST", "/v1/applications/{application_id}/admission"): (None, REFUSED),
    ("GET", "/v1/expiries"): (None, REFUSED),
    ("GET", "/v1/supervision/viewing-key"): (None, REFUSED),
    ("POST", "/v1/supervision/viewing-key"): ({"document_key": "09" + "00" * 31}, REFUSED),
    ("GET", "/v1/supervision/exports/{what}"): (None, REFUSED),
    ("GET", "/v1/monitoring/rules"): (None, REFUSED),
    ("POST", "/v1/monitoring/runs"): ({"from_block": 0}, REFUSED),
    ("GET", "/v1/participants/{lei}/freezes"): (None, REFUSED),
    ("POST", "/v1/participants/{lei}/freezes"): ({"reason": "Why not."}, REFUSED),
    ("POST", "/v1/participants/{lei}/freezes/lifting"): ({"reason": "Why not."}, REFUSED),
    ("GET", "/v1/usage"): (None, ABSENT),
    ("GET", "/v1/clients"): (None, "its own"),
    ("GET", "/v1/clients/{client_id}"): (None, ABSENT),
    ("POST", "/v1/clients"): ({"lei": "{lei}"}, REFUSED),
    ("POST", "/v1/clients/{client_id}/secrets"): ({}, ABSENT),
    ("POST", "/v1/clients/{client_id}/keys"): ({"jwks": {}}, ABSENT),
    ("POST", "/v1/clients/{client_id}/disabling"): (None, ABSENT),
    ("GET", "/v1/transactions"): (None, "its own"),
    ("POST", "/v1/transactions"): ({"raw": "0x02"}, 422),
    ("GET", "/v1/transactions/{transaction_id}"): (None, ABSENT),
}
QUERIES: dict[tuple[str, str], dict[str, str]] = {
    ("GET", "/v1/events/stream"): {"seconds": "0", "after": "evt_0000000000000000"},
    ("GET", "/v1/cash/balances"): {"lei": "{lei}"},
    ("GET", "/v1/statements/{currency}"): {"lei": "{lei}"},
    ("GET", "/v1/usage"): {"lei": "{lei}"},
    ("GET", "/v1/payment-instructions/{instruction_id}/pain001"): {
        "debtor_iban": "NO9386011117947",
        "debtor_name": "Gannet Trading",
    },
    ("GET", "/v1/milestones"): {"subject": "{subject}"},
    ("GET", "/v1/readings"): {"subject": "{subject}"},
}
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/oauth/token"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/oauth-authorization-server"),
}
DESCRIBED = {(o.method, o.path): o for o in all_operations()}
GUARDED = sorted(set(DESCRIBED) - PUBLIC)


def _webhook(trading: Trading) -> str:
    """One of the supplier's that keeps its events back, so that nobody is called."""
    webhook = Webhook(lei=LEIS["supplier"], url="https://acme.example/", types=["*"], kinds=[], secret=b"", through=0)
    webhook_id, webhook.enabled = webhook.id, False

    def store(session: Session) -> None:
        session.add(webhook)
        session.add(Delivery(webhook_id=webhook_id, number=1, type="webhook.ping", resource="ping:1"))

    trading.gateway.database.run(store)
    return webhook_id


def _bank_entry(trading: Trading) -> str:
    """A movement that nobody has instructed."""
    headers = {**trading.operator.headers, "Content-Type": "application/xml"}
    read = trading.client.post("/v1/bank-statements", content=statement(movement(1_000)), headers=headers)
    assert read.status_code == 200, read.text
    return str(trading.operator.get("/v1/bank-entries")["items"][0]["id"])


@pytest.fixture(scope="module")
def places(trading: Trading) -> dict[str, str]:
    """What stands in the paths: all of it the supplier's."""
    trading.network.mine_at_once()
    trading.fund(15_000_000)
    goods = Goods(trading)
    receipt = goods.store("CT-1")
    announced = goods.desk("store").write(
        "/v1/receipts/announcements", goods.announcement("CT-2", receipt["subject"], sequence=2)
    )
    facility = trading.grant(ladders={**facility_request()["ladders"], **LADDERS}, limit=eur(40_000_000))["id"]
    trading.operator.write(f"/v1/pledges/terms/{facility}", TERMS)
    sold = trading.sell(invoice())
    body = {"facility_id": facility, "receivable_id": sold["receivable_id"]}
    quote = trading.desks["supplier"].write("/v1/financings", {**body, "accept": False})["quote"]
    financing = trading.desks["supplier"].write("/v1/financings", body)["id"]
    trading.attest(sold["subject"], Milestone.DEPARTED, 1_000_000, "carrier", "inspector")
    deposit = {"purpose": "deposit", "amount": eur(1_000)}
    instruction = trading.desks["supplier"].post("/v1/payment-instructions", deposit).json()
    repaid = trading.desks["supplier"].write(f"/v1/financings/{financing}/repayments", {"amount": eur(1_000)})
    return {
        "lei": LEIS["supplier"],
        "invoice_id": sold["id"],
        "receivable_id": sold["receivable_id"],
        "subject": sold["subject"],
        "cid": sold["document_cid"],
        "order_id": accepted(trading, "PO-2026-9001")["id"],
        "digest": EVIDENCE,
        "facility_id": facility,
        "financing_id": financing,
        "repayment_id": repaid["financing"]["repayments"][0]["id"],
        "quote_id": quote["id"],
        "instruction_id": instruction["id"],
        "entry_id": _bank_entry(trading),
        "receipt_id": receipt["id"],
        **pledged(goods, facility, receipt),
        "announcement_id": announced["id"],
        "currency": "EUR",
        "amendment": EVIDENCE,
        "client_id": trading.desks["supplier"].get("/v1/clients")["items"][0]["client_id"],
        "transaction_id": sold["transactions"][0]["id"],
        "webhook_id": _webhook(trading),
        "number": "1",
        "event_id": trading.desks["supplier"].get("/v1/events", type="receivable.registered")["items"][0]["id"],
        **compliance_places(trading),
    }


def compliance_places(trading: Trading) -> dict[str, str]:
    """An applicant that is on a list, a case about it, a supervisor's key."""
    headers = {**trading.operator.headers, "Content-Type": "text/csv"}
    listed = b"id,kind,name\nW-1,organisation,Gannet Trading\n"
    assert trading.client.post("/v1/screening/lists/watched/versions", content=listed, headers=headers).is_success
    applicant = {
        "lei": "999900GANNETTRADIN24",
        "name": "Gannet Trading",
        "jurisdiction": "DE",
        "roles": ["SUPPLIER"],
        "kyc_expires_at": "2027-05-04T00:00:00Z",
    }
    application = trading.operator.post("/v1/applications", applicant)
    assert application.status_code == 200, application.text
    viewing = trading.operator.post("/v1/supervision/viewing-key", {"document_key": "09" + "00" * 31})
    assert viewing.status_code == 200, viewing.text
    finding = Finding("price", applicant["lei"], "a price to look at", ("a fact",))
    (case_id,) = trading.gateway.database.run(lambda session: cases.open_new(session, [finding]))
    return {
        "case_id": case_id,
        "hit_id": application.json()["open_hits"][0],
        "application_id": application.json()["id"],
        "list_name": "watched",
        "what": "receivables",
    }


def pledged(goods: Goods, line: str, receipt: Any) -> dict[str, str]:
    """Goods behind a financing: offered, and called for margin."""
    goods.fresh(receipt["subject"])
    pledge = str(goods.pledge(line, receipt["id"])["id"])
    body: dict[str, Any] = {
        "receipt_id": receipt["id"],
        "quantity_thousandths": "1",
        "price": eur(2),
        "buyer_lei": BUYER,
    }
    offered = {**body, "until": "2026-12-01T00:00:00Z"}
    offer = goods.desk("supplier").write(f"/v1/pledges/{pledge}/offers", offered)["id"]
    goods.fresh(receipt["subject"], warmth=26_000)
    call = goods.desk("supplier").write("/v1/margin-calls", {"pledge_id": pledge})["id"]
    leaving = {**body, "pledged": True, "deadline": "2026-05-20T00:00:00Z"}
    del leaving["price"], leaving["buyer_lei"]
    order = goods.desk("supplier").write("/v1/release-orders", leaving)["id"]
    reading = goods.desk("supplier").get("/v1/readings", subject=receipt["subject"])["items"][0]["id"]
    cover = {**COVER, "financing_id": pledge}
    policy = goods.desk("insurer").write("/v1/insurance-policies", cover)["id"]
    return {
        "policy_id": policy,
        "reading_id": reading,
        "release_order_id": order,
        "pledge_id": pledge,
        "offer_id": offer,
        "margin_call_id": call,
    }


@pytest.fixture(scope="module")
def owners(trading: Trading, places: dict[str, str]) -> set[str]:
    """What is the business of the supplier and its partners: no answer to a stranger may hold any of it."""
    partners = ("supplier", "debtor", "lender", "junior")
    with trading.gateway.database.session() as session:
        sent = session.exec(select(Transaction).where(Transaction.owner_lei != LEIS["stranger"])).all()
        held = session.exec(select(Receivable)).all()
    named = ("invoice_id", "receivable_id", "subject", "cid", "client_id")
    ids = {places[name] for name in named} | {row.id for row in held}
    hashes = {str(row.hash) for row in sent if row.hash} | {row.id for row in sent}
    parties = {LEIS[name] for name in partners} | {trading.accounts[name] for name in partners}
    return {"AS-2026-0042", "Meridian", "Borealis", "Acme"} | ids | hashes | parties


def ask(desk: Desk, operation: tuple[str, str], places: dict[str, str]) -> Response:
    method, path = operation
    body = OPERATIONS[operation][0] if operation in OPERATIONS else DESCRIBED[operation].body(places)
    arguments: dict[str, Any] = {"headers": {**desk.headers}}
    if isinstance(body, bytes):
        arguments |= {"content": body, "headers": {**desk.headers, "Content-Type": "application/xml"}}
    elif body is not None:
        filled = {k: v.format(**places) if isinstance(v, str) else v for k, v in body.items()}
        arguments["json"] = filled
    arguments["params"] = {name: value.format(**places) for name, value in QUERIES.get(operation, {}).items()}
    answer: Response = desk.client.request(method, path.format(**places), **arguments)
    return answer


def without_scopes(trading: Trading, name: str) -> Desk:
    """A party with a token that counts but may do nothing."""
    token = trading.gateway.tokens.issue(Principal("client_narrow", LEIS[name], frozenset()))
    return Desk(trading.client, {"Authorization": f"Bearer {token}"})


def leaked(answer: Response, owners: set[str]) -> set[str]:
    """The owner's data in an answer, save what the caller itself had written into the request."""
    asked = f"{answer.request.url} {answer.request.read().decode('utf-8', 'replace')}".lower()
    told = f"{answer.text} {dict(answer.headers)}".lower()
    return {marker for marker in owners if marker.lower() in told and marker.lower() not in asked}


def test_every_line_is_of_an_operation_and_only_what_must_be_is_public() -> None:
    assert set(OPERATIONS) | set(QUERIES) <= set(GUARDED)
    assert {name for name, operation in DESCRIBED.items() if not operation.scopes} == PUBLIC


def test_owner_is_told_what_strangers_are_not(trading: Trading, places: dict[str, str], owners: set[str]) -> None:
    """So that what is looked for in a stranger's answers is what an answer would hold."""
    desk = trading.desks["supplier"]

    assert places["invoice_id"] in leaked(ask(desk, ("GET", "/v1/invoices"), places), owners)
    assert places["receivable_id"] in leaked(ask(desk, ("GET", "/v1/receivables"), places), owners)
    assert LEIS["debtor"] in leaked(ask(desk, ("GET", "/v1/participants"), places), owners)


@pytest.mark.parametrize("operation", GUARDED, ids=" ".join)
def test_stranger_gets_nothing_of_others(
    operation: tuple[str, str], trading: Trading, places: dict[str, str], owners: set[str]
) -> None:
    expected = OPERATIONS[operation][1] if operation in OPERATIONS else "refused or empty"

    answer = ask(trading.desks["stranger"], operation, places)

    assert not leaked(answer, owners)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Supplier" not in answer.text
        # What is malformed is refused before anybody looks whose it is: that would prove nothing.
        assert answer.json()["error"] != "request-invalid", f"give it a body in OPERATIONS: {answer.text}"
        assert answer.status_code in ((expected,) if isinstance(expected, int) else (REFUSED, ABSENT)), answer.text
        assert isinstance(expected, int) or expected == "refused or empty", answer.text
        return
    if expected == "accepted":
        assert answer.status_code == 202, answer.text
        return
    assert answer.status_code == 200, answer.text
    assert not isinstance(expected, int), answer.text
    if expected == "stream":
        assert answer.text.startswith("id: evt_")
        return
    shown = [item["lei"] for item in answer.json()["items"]] if expected == "itself" else answer.json().get("items")
    if expected == "itself":
        assert shown == [LEIS["stranger"]]
    elif expected == "its own":
        assert shown
    elif expected == "no names":
        assert not any(lei in answer.text for lei in LEIS.values())
    else:
        assert shown == []


def test_stranger_cannot_tell_what_is_hidden_from_what_is_not_there(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["stranger"]
    missing = f"0x{'77' * 32}"

    hidden = desk.client.get(f"/v1/receivables/{places['receivable_id']}", headers=dict(desk.headers)).json()
    absent = desk.client.get(f"/v1/receivables/{missing}", headers=dict(desk.headers)).json()

    assert {**hidden, "detail": "", "context": {}, "instance": ""} == {
        **absent,
        "detail": "",
        "context": {},
        "instance": "",
    }
    assert hidden["detail"].replace(places["receivable_id"], missing) == absent["detail"]


@pytest.mark.parametrize("operation", GUARDED, ids=" ".join)
def test_operation_without_a_token_is_refused(
    operation: tuple[str, str], trading: Trading, places: dict[str, str], owners: set[str]
) -> None:
    answer = ask(Desk(trading.client, {}), operation, places)

    assert (answer.status_code, answer.json()["error"]) == (401, "token-missing")
    assert not leaked(answer, owners)


@pytest.mark.parametrize("name", ["stranger", "supplier"])
@pytest.mark.parametrize("operation", GUARDED, ids=" ".join)
def test_operation_without_its_scope_is_refused(
    operation: tuple[str, str], name: str, trading: Trading, places: dict[str, str], owners: set[str]
) -> None:
    """Even to the owner itself, with a token that holds no scope at all."""
    answer = ask(without_scopes(trading, name), operation, places)

    assert (answer.status_code, answer.json()["error"]) == (403, "scope-missing")
    assert not leaked(answer, owners)


def test_debtor_sees_the_receivable_but_not_how_it_is_financed(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.desks["debtor"]

    assert desk.get(f"/v1/receivables/{places['receivable_id']}")["state"] == "accepted"
    assert desk.get("/v1/financings")["items"] == []
    assert ask(desk, ("GET", "/v1/financings/{financing_id}"), places).status_code == 404


def test_supervisor_sees_all_and_changes_nothing(trading: Trading, places: dict[str, str]) -> None:
    desk = trading.supervisor()

    for operation in GUARDED:
        answer = ask(desk, operation, places)
        assert answer.status_code == (200 if operation[0] == "GET" else 403), (operation, answer.text)


def test_counterparties_see_each_other_in_the_register(trading: Trading, places: dict[str, str]) -> None:
    register = trading.desks["debtor"].get("/v1/participants")["items"]

    assert {party["lei"] for party in register} == {LEIS["debtor"], LEIS["supplier"]}
    (supplier,) = [party for party in register if party["lei"] == LEIS["supplier"]]
    assert supplier["identifiers"] == []
