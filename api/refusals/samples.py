"""The values that examples of refusals speak of, by the names that they have in code and in contracts: one trade."""

from typing import Any, Final

from api import examples
from api.values import Amount

_SUPPLIER, _DEBTOR, _LENDER = (party["lei"] for party in (examples.SUPPLIER, examples.DEBTOR, examples.LENDER))


def _eur(units: int) -> Amount:
    return Amount.of(units, "EUR")


NOW: Final = 1_777_885_205
_DAY: Final = 20_637
BY_NAME: Final[dict[str, Any]] = {
    "acceptance": examples.HASH,
    "account": examples.ACCOUNT,
    "advance_rate_bps": 6000,
    "allowance": 0,
    "amendment": examples.HASH,
    "amount": 10_000_001,
    "asked": 10_000_001,
    "available": 4_029_851,
    "away": "The target does not answer; try again later.",
    "balance": 2_500_000,
    "claimable": 250_000,
    "claimant": _SUPPLIER,
    "client_id": "client_1cda2914091c2d075b95",
    "cid": examples.CID,
    "closableAt": NOW + 86_400,
    "content_type": "text/plain",
    "currency": "EUR",
    "cursor_sort": "-due_date",
    "data": 0,
    "deadline": NOW - 3_600,
    "dueDate": _DAY - 1,
    "due_date": "2026-07-03",
    "earliest": _DAY,
    "endsAt": NOW + 86_400,
    "error": "what was sent is not of the form that this takes",
    "etag": '"5d41402abc4b2a76b9719d911017c592"',
    "expiredAt": NOW - 86_400,
    "expiresAt": NOW - 86_400,
    "expires_at": "2026-05-01T00:00:00Z",
    "facility": 1,
    "facility_id": "1",
    "filters": ["due_date", "due_date[gte]", "state"],
    "financing": 1,
    "financing_id": "1",
    "from": NOW + 86_400,
    "graceEndsAt": NOW + 432_000,
    "have": 1,
    "header": "Idempotency-Key",
    "held": 2_500_000,
    "id": examples.RECEIVABLE,
    "if_match": '"7d793037a0760186574b0282f2f435e7"',
    "invoice": "inv_0f3c1a5be2d44c7f9a2b6e10",
    "invoice_id": "inv_0f3c1a5be2d44c7f9a2b6e10",
    "issue": "issue_1f6a",
    "item_id": examples.RECEIVABLE,
    "latest": _DAY + 365,
    "least": 100,
    "lei": _SUPPLIER,
    "limit": 10_000_000,
    "missing": ["receivables:write"],
    "most": 10_000_000,
    "name": "Acme Supplies",
    "need": 2,
    "needed": 10_000_001,
    "detail": "A request may have at most 10000000 bytes.",
    "validUntil": NOW - 3_600,
    "maturityDay": _DAY,
    "fingerprint": examples.RECEIVABLE,
    "itemId": examples.RECEIVABLE,
    "lost": 100_000,
    "due": 500_000,
    "unit": "KGM",
    "now_": NOW,
    "number": "1",
    "others": ["cursor", "limit", "sort"],
    "outstanding": 10_000_000,
    "owed": 6_001_478,
    "owner_lei": _SUPPLIER,
    "paid": 2_500_000,
    "payment_reference": "camt-2026-05-04-77",
    "jurisdiction": "ZZ",
    "paymentReference": examples.HASH,
    "termsHash": examples.HASH,
    "registered": "0x" + "c5" * 32,
    "faceValue": 10_000_001,
    "registeredFaceValue": 10_000_000,
    "quantity": 1_000_000,
    "registeredQuantity": 1_000_000,
    "registeredDueDate": _DAY,
    "assets": 10_000_001,
    "before": NOW - 3_600,
    "buyer": "Borealis Retail",
    "seller": "Acme Supplies",
    "caller": _LENDER,
    "reader": _DEBTOR,
    "principal": 5_911_330,
    "previous": 0,
    "impairment": 5_911_331,
    "path": "/v1/nothing",
    "purpose": "accept invoice",
    "receivable": examples.RECEIVABLE,
    "receivable_id": examples.RECEIVABLE,
    "reference": "container:ZZXU2605127",
    "references": ["container:ZZXU2605127"],
    "scheme": "VAT",
    "seconds": 3,
    "sent_reference": "camt-2026-05-04-77",
    "shares": 5_000_000_000_000,
    "smallest": 1_000_000_000,
    "sort": "colour",
    "sorts": ["due_date", "registered_at"],
    "state": "registered",
    "subject": examples.SUBJECT,
    "supplier_lei": _SUPPLIER,
    "transaction": "tx_1a2027a3139897f126bff35943",
    "transaction_id": "tx_1a2027a3139897f126bff35943",
    "tranche": "senior",
    "units": 10_000_001,
    "unknown": ["colour"],
    "until": NOW + 86_400,
    "value": "DE999999903",
    "wanted": 5_000_000,
    "where": "/query/due_date[gte]",
    "writtenOff": 0,
}


BY_ERROR: Final[dict[str, dict[str, Any]]] = {
    "webhook-secret-overlaps": {"id": "wh_5f2c9d1e0a7b4c3d8e6f1a2b", "until": "2026-05-05T08:00:00Z"},
    "webhook-secret-rotated": {"id": "wh_5f2c9d1e0a7b4c3d8e6f1a2b"},
    "body-too-slow": {"detail": "The body did not come in time."},
    "account-exists": {"account": examples.ACCOUNT},
    "chain-error": {"error": "the chain's node refused eth_call: header not found (code -32000)"},
    "currency-unlisted": {"currency": "JPY", "known": ["EUR", "USD"]},
    "due-date-missing": {},
    "invalid-token": {"error": "The access token has expired; ask for another at /oauth/token."},
    "invoice-invalid": {"shown": ["BR-CO-15", "PEPPOL-EN16931-R001"], "violations": ["BR-CO-15"]},
    "invoice-not-financeable": {"reasons": ["it is a credit note"], "refusals": ["it is a credit note"]},
    "invoice-unreadable": {"why": "it is neither UBL nor CII", "violations": []},
    "form-unknown": {"accept": "image/png", "forms": "application/json, text/csv, application/pdf"},
    "period-before-network": {"last": "2025-12-31", "until": "2025-12-31"},
    "period-in-future": {"last": "2026-07-31", "until": "2026-07-31", "today": "2026-07-02"},
    "period-reversed": {"first": "2026-06-02", "since": "2026-06-02", "last": "2026-06-01", "until": "2026-06-01"},
    "query-invalid": {"name": "due_date[gte]", "meaning": "a day, such as 2026-05-04"},
    "query-unknown": {"unknown": ["colour"], "columns": ["state", "due_date", "face_value"]},
    "reference-malformed": {"error": "a container number has four letters and seven digits"},
    "request-invalid": {"problems": [{"where": "/body/amount/amount", "why": "must be minor units"}]},
    "statement-too-long": {"its.count": 7_213, "movements": 7_213, "most": 5_000},
    "statement-unproven": {"block": 97},
    "sort-unknown": {"each": "colour", "sorts": ["due_date", "registered_at"]},
    "cash-too-low": {"balance": _eur(2_500_000), "needed": _eur(10_000_001), "amount": _eur(10_000_001)},
    "claimable-too-low": {"wanted": _eur(500_000), "most": _eur(250_000), "claimable": _eur(250_000)},
    "commitment-fee-exceeds-most": {"due": _eur(50_001), "fee": _eur(50_001), "most": _eur(50_000)},
    "currency-differs": {
        **dict.fromkeys(("amount.currency", "limit.currency", "asked.amount.currency", "asked.limit.currency"), "USD"),
        "what": "limit",
    },
    "shares-too-low": {"wanted": "5000000 shares are to be redeemed, and", "shares": "5000000", "held": "2500000"},
    "deposit-exceeds-room": {"amount": _eur(120_000_001), "most": _eur(120_000_000)},
    "payment-exceeds-outstanding": {
        "amount": _eur(10_000_001),
        "outstanding": _eur(10_000_000),
        "left": _eur(10_000_000),
    },
    "units-out-of-range": {"units": 10_000_001, "most": 10_000_000, "what": "receivable"},
}
"""Where one refusal means something else by a name."""


def knows(name: str, error: str) -> bool:
    """Whether the name has a value of its own."""
    return name in BY_NAME or name in BY_ERROR.get(error, {})


def sample(*names: str, error: str = "") -> Any:
    """The value of the first of these names that has one; in its place otherwise the name, as words."""
    own = BY_ERROR.get(error, {})
    for known in (own, BY_NAME):
        for name in names:
            if name in known:
                return known[name]
    return names[0].strip("_").replace("_", " ") if names else "…"
