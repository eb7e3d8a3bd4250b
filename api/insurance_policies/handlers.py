"""The events of InsurancePolicies as rows."""

from sqlmodel import Session

from api.errors import jsonable
from api.indexer import handles
from api.insurance_policies.models import InsurancePolicy, PolicyState
from api.values import hex32
from chain_node.client import Block, Event


@handles("InsurancePolicies", "PolicyOffered")
def on_offered(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    terms = {**told["terms"], "kind": told["terms"]["kind"].name.lower()}
    session.add(
        InsurancePolicy(
            number=told["policy"],
            financing=told["financing"],
            insurer=told["insurer"],
            terms=jsonable(terms),
            offered_at=block.timestamp,
            block_number=event.block_number,
            transaction_hash=hex32(event.transaction_hash),
        )
    )


@handles("InsurancePolicies", "PolicyAccepted")
def on_accepted(session: Session, event: Event, block: Block) -> None:
    policy = _policy(session, event)
    policy.state, policy.accepted_at = PolicyState.ACCEPTED.value, block.timestamp


@handles("InsurancePolicies", "PolicyBound")
def on_bound(session: Session, event: Event, block: Block) -> None:
    policy = _policy(session, event)
    policy.state, policy.bound_at = PolicyState.BOUND.value, block.timestamp


@handles("InsurancePolicies", "ClaimPaid")
def on_claim(session: Session, event: Event, block: Block) -> None:
    policy, told = _policy(session, event), event.arguments
    policy.state = PolicyState.PAID.value
    policy.loss_at, policy.loss = told["lossAt"], told["loss"]


@handles("InsurancePolicies", "RecoveryWaived")
def on_waived(session: Session, event: Event, block: Block) -> None:
    _policy(session, event).waived += event.arguments["amount"]


@handles("InsurancePolicies", "PolicyEnded")
def on_ended(session: Session, event: Event, block: Block) -> None:
    policy = _policy(session, event)
    policy.state, policy.ended_at = PolicyState.ENDED.value, block.timestamp


def _policy(session: Session, event: Event) -> InsurancePolicy:
    return session.get_one(InsurancePolicy, event.arguments["policy"])
