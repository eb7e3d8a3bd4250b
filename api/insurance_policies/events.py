"""What becomes known of insurance policies: to the insurer, and to the supplier whose financing is insured."""

from collections.abc import Collection, Mapping

from sqlmodel import col, select

from api.events.registry import Kind, at, money, number, tells, whole, word
from api.events.telling import Telling
from api.financings import events as financings
from api.insurance_policies.models import InsurancePolicy


def _rows(telling: Telling, ids: Collection[str]) -> list[InsurancePolicy]:
    chosen = select(InsurancePolicy).where(col(InsurancePolicy.number).in_([int(each) for each in ids]))
    return list(telling.session.exec(chosen))


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    rows = _rows(telling, ids)
    insurers = telling.leis_of_accounts({row.insurer for row in rows})
    suppliers = financings.parties(telling, {str(row.financing) for row in rows})
    return {
        str(row.number): {
            *suppliers.get(str(row.financing), ()),
            *([insurers[row.insurer]] if row.insurer in insurers else ()),
        }
        for row in rows
    }


def _currencies(telling: Telling, ids: Collection[str]) -> Mapping[str, str]:
    rows = _rows(telling, ids)
    lent = financings.currencies(telling, {str(row.financing) for row in rows})
    return {str(row.number): lent[str(row.financing)] for row in rows}


POLICY = Kind("insurance_policy", "insurance:read", number("policy"), _parties, _currencies)
_BOOK = "InsurancePolicies"

tells(
    POLICY,
    _BOOK,
    "PolicyOffered",
    "offered",
    financing_id=whole("financing"),
    cover=word("terms.kind"),
    limit=money("terms.limit"),
    deductible=money("terms.deductible"),
    premium=money("terms.premium"),
    offer_until=at("terms.offerUntil"),
    pay_by=at("terms.payBy"),
    until=at("terms.until"),
)
tells(POLICY, _BOOK, "PolicyAccepted", "accepted")
tells(POLICY, _BOOK, "PolicyBound", "bound", limit=money("limit"))
tells(POLICY, _BOOK, "PremiumPaid", "premium_paid", amount=money("amount"), left=money("left"))
tells(POLICY, _BOOK, "ClaimPaid", "claim_paid", loss_at=at("lossAt"), loss=money("loss"), amount=money("amount"))
tells(POLICY, _BOOK, "RecoveryPaid", "recovered", amount=money("amount"), left=money("left"))
tells(POLICY, _BOOK, "RecoveryWaived", "recovery_waived", amount=money("amount"))
tells(POLICY, _BOOK, "PolicyEnded", "ended", unlocked=money("unlocked"))
