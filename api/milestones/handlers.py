"""The MilestoneOracle's events as rows."""

from sqlmodel import Session

from api.indexer import handles
from api.milestones import repository
from api.milestones.models import Consumer, Fact, FactStatus, Policy, Reference, RefusedVote, Subject, Vote
from api.values import hex32
from chain_node.client import Block, Event
from chain_node.client.contracts.milestones import organisations_in


@handles("MilestoneOracle", "PolicySet")
def on_policy_set(session: Session, event: Event, block: Block) -> None:
    told = event.arguments["policy"]
    session.merge(
        Policy(
            milestone=event.arguments["milestone"],
            threshold=told["threshold"],
            eligible_roles=int(told["eligibleRoles"]),
            required_roles=int(told["requiredRoles"]),
            tolerance_bps=told["toleranceBps"],
            max_age_seconds=told["maxAgeSeconds"],
            clock_skew_seconds=told["clockSkewSeconds"],
            dispute_window_seconds=told["disputeWindowSeconds"],
        )
    )


@handles("MilestoneOracle", "SubjectOpened")
def on_opened(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Subject(
            id=hex32(told["subject"]),
            beneficiary=told["beneficiary"],
            opened_by=told["by"],
            opened_at=block.timestamp,
        )
    )


@handles("MilestoneOracle", "ReferenceLinked")
def on_linked(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.merge(Reference(reference=hex32(told["tradeReference"]), subject=hex32(told["subject"])))


@handles("MilestoneOracle", "SubjectWatched")
def on_watched(session: Session, event: Event, block: Block) -> None:
    """A consumer's number is never 0: that says that it has let go."""
    subject, consumer = hex32(event.arguments["subject"]), event.arguments["consumer"]
    if event.arguments["tag"]:
        session.add(Consumer(subject=subject, consumer=consumer))
    else:
        session.delete(session.get_one(Consumer, (subject, consumer)))


@handles("MilestoneOracle", "VotesCounted")
def on_votes(session: Session, event: Event, block: Block) -> None:
    """One row a vote: those of one event say the same, each on evidence of its own."""
    told, key = event.arguments, _key(event)
    organisations = organisations_in(told["organisations"], len(told["evidence"]))
    for organisation, evidence in zip(organisations, told["evidence"], strict=True):
        session.merge(
            Vote(
                subject=key[0],
                milestone=key[1],
                sequence=key[2],
                organisation=organisation,
                occurred_at=told["occurredAt"],
                quantity=told["quantity"],
                evidence=hex32(evidence),
                voted_at=block.timestamp,
                block_number=event.block_number,
                log_index=event.log_index,
                transaction_hash=hex32(event.transaction_hash),
            )
        )
        _tally(session, key, told["occurredAt"], told["quantity"])


@handles("MilestoneOracle", "VoteRefused")
def on_refused(session: Session, event: Event, block: Block) -> None:
    subject, milestone, sequence = _key(event)
    session.add(
        RefusedVote(
            transaction_hash=hex32(event.transaction_hash),
            log_index=event.log_index,
            subject=subject,
            milestone=milestone,
            sequence=sequence,
            signer=event.arguments["signer"],
            reason=event.arguments["reason"].name.lower(),
            block_number=event.block_number,
            refused_at=block.timestamp,
        )
    )


@handles("MilestoneOracle", "FactFinal")
def on_final(session: Session, event: Event, block: Block) -> None:
    """These votes count as others do, and complete the quorum."""
    on_votes(session, event, block)
    fact = session.get_one(Fact, _key(event))
    policy = session.get_one(Policy, fact.milestone)
    fact.status = FactStatus.FINAL.value
    fact.relied_quantity = event.arguments["reliedQuantity"]
    fact.final_at = block.timestamp
    fact.usable_from = block.timestamp + policy.dispute_window_seconds
    fact.final_transaction = hex32(event.transaction_hash)


@handles("MilestoneOracle", "FactMeasured")
def on_measured(session: Session, event: Event, block: Block) -> None:
    session.get_one(Fact, _key(event)).relied_quantity = event.arguments["quantity"]


@handles("MilestoneOracle", "FactInDispute")
def on_dispute(session: Session, event: Event, block: Block) -> None:
    """A vote that did not fit counts, but its moment does not. After a retraction there is none."""
    key = _key(event)
    fact = session.get_one(Fact, key)
    votes = repository.votes_on(session, key)
    if fact.status != FactStatus.FINAL and votes[-1].transaction_hash == hex32(event.transaction_hash):
        fact.occurred_at = max(vote.occurred_at for vote in votes[:-1] if vote.withdrawn_at is None)
    fact.status = FactStatus.DISPUTED.value
    fact.relied_quantity = 0
    fact.least_quantity = event.arguments["leastQuantity"]
    fact.greatest_quantity = event.arguments["greatestQuantity"]


@handles("MilestoneOracle", "VoteRetracted")
@handles("MilestoneOracle", "Equivocated")
def on_withdrawn(session: Session, event: Event, block: Block) -> None:
    """Takes the vote out of a tally that is not final, as `Tallies.without` does: as one that was measured. A final
    fact is in dispute by an event of its own, and may rest on a vote that came too late to be counted."""
    key = _key(event)
    vote = session.get(Vote, (*key, event.arguments["organisation"]))
    if vote is not None:
        vote.withdrawn_at = block.timestamp
    fact = session.get_one(Fact, key)
    if fact.status != FactStatus.GATHERING:
        return
    fact.count -= 1
    fact.measured_by = max(fact.measured_by - 1, 0)
    if fact.count == 0:
        fact.occurred_at = 0
    if fact.measured_by == 0:
        fact.least_quantity = fact.greatest_quantity = 0


def _key(event: Event) -> tuple[str, int, int]:
    told = event.arguments
    return hex32(told["subject"]), int(told["milestone"]), told["sequence"]


def _tally(session: Session, key: tuple[str, int, int], occurred_at: int, quantity: int) -> None:
    """Counts a vote. Whoever gives no quantity only bears witness; the moment of a final fact no longer moves."""
    fact = session.get(Fact, key) or Fact(subject=key[0], milestone=key[1], sequence=key[2])
    fact.count += 1
    if quantity:
        fact.least_quantity = min(fact.least_quantity, quantity) if fact.measured_by else quantity
        fact.greatest_quantity = max(fact.greatest_quantity, quantity)
        fact.measured_by += 1
    if fact.status != FactStatus.FINAL:
        fact.occurred_at = max(fact.occurred_at, occurred_at)
    session.add(fact)
