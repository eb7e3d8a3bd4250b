"""The table of lists that several nodes vote on: what a relay sends, and what a node signed of a relay's proposal."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlmodel import Field, Session, select

from chain_node.client import Observation, Vote
from oracles.store.models import NodeTable, SubmissionRow


class BundleRow(NodeTable, table=True):
    """The list and the votes on it that a submission carries; JSON, as `packed_list` and `packed_votes` write them.

    `signed_block`: the newest block when the node signed, from which on its vote may be on chain.
    """

    __tablename__ = "bundle"

    id: int | None = Field(default=None, primary_key=True)
    submission_id: int = Field(foreign_key="submission.id", unique=True)
    observations: str
    votes: str
    signed_block: int = 0

    def items(self) -> list[Observation]:
        return [Observation(bytes.fromhex(subject), *rest) for subject, *rest in json.loads(self.observations)]

    def ballots(self) -> list[Vote]:
        return [
            Vote(signer, int(mask, 16), bytes.fromhex(evidence), bytes.fromhex(signature))
            for signer, mask, evidence, signature in json.loads(self.votes)
        ]


def packed_list(observations: Sequence[Observation]) -> str:
    rows = [[o.subject.hex(), int(o.milestone), o.sequence, o.occurred_at, o.quantity] for o in observations]
    return json.dumps(rows)


def packed_votes(votes: Sequence[Vote]) -> str:
    return json.dumps([[v.signer, hex(v.mask), v.evidence.hex(), v.signature.hex()] for v in votes])


def bundle_in(session: Session, submission: SubmissionRow) -> BundleRow | None:
    """What a submission carries of a list; None where it carries something else."""
    return session.exec(select(BundleRow).where(BundleRow.submission_id == submission.id)).first()
