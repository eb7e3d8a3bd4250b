"""By what the list of insurance policies may be filtered and sorted. What is due, paid and claimable is the chain's to
say."""

from api.insurance_policies.models import InsurancePolicy, PolicyState
from api.insurance_policies.schemas import CoverName
from api.lists import COUNT, HEX32, LEI, MOMENT, NUMBER, UNITS, Column, Listing, column, matched, words
from api.participants.listing import is_account_of

_terms = InsurancePolicy.terms


def _amount(name: str, term: str) -> Column:
    its = _terms[term].as_string()
    return column(name, UNITS, its, f"of this {term}, in minor units", nullable=False)


def _moment(name: str, term: str) -> Column:
    return column(name, MOMENT, _terms[term].as_integer(), nullable=False)


POLICIES = Listing(
    column("financing_id", NUMBER, InsurancePolicy.financing),
    column("state", words(PolicyState), InsurancePolicy.state),
    matched("insurer_lei", LEI, is_account_of(InsurancePolicy.insurer)),
    column("kind", words(CoverName), _terms["kind"].as_string(), nullable=False),
    _amount("limit_amount", "limit"),
    _amount("deductible", "deductible"),
    _amount("premium", "premium"),
    _moment("offer_until", "offerUntil"),
    _moment("pay_by", "payBy"),
    _moment("until", "until"),
    column("waiting_days", COUNT, _terms["waitingDays"].as_integer(), nullable=False),
    column("claim_days", COUNT, _terms["claimDays"].as_integer(), nullable=False),
    matched("subject", HEX32, lambda subject: _terms["subject"].as_string() == subject),
    column("loss", UNITS, InsurancePolicy.loss),
    column("waived", UNITS, InsurancePolicy.waived),
    column("loss_at", MOMENT, InsurancePolicy.loss_at),
    column("offered_at", MOMENT, InsurancePolicy.offered_at),
    column("accepted_at", MOMENT, InsurancePolicy.accepted_at),
    column("bound_at", MOMENT, InsurancePolicy.bound_at),
    column("ended_at", MOMENT, InsurancePolicy.ended_at),
    column("transaction_hash", HEX32, InsurancePolicy.transaction_hash),
    column("block_number", NUMBER, InsurancePolicy.block_number),
    key=column("id", NUMBER, InsurancePolicy.number),
)
