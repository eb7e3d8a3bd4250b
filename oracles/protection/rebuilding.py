"""Where a protection store was lost: what the node's database and the network still know of its signatures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import Session, col, select

from chain_node.client import Chain, Observation
from oracles.measuring import key_of
from oracles.network import MOST_BLOCKS, ORACLE, VOTE_EVENTS, organisations
from oracles.protection.places import Place
from oracles.protection.statements import SignedStatement, Statement, reading_statement, vote_statements
from oracles.store.bundles import BundleRow
from oracles.store.models import ObservationRow, ObservationStatus, ReadingRow, SubmissionRow
from oracles.voting import observation_of

UNKNOWN_SIGNER: Final = "0x" + "00" * 20
"""The organisation has signed; by which of its accounts, nothing tells any more."""

NEVER_SIGNED: Final = (ObservationStatus.DECIDED, ObservationStatus.WITHDRAWN)

VoidAfter = Callable[[ReadingRow], int | None]


def in_database(session: Session, place: Place, void_after: VoidAfter | None = None) -> Iterator[SignedStatement]:
    """Every signature that the database knows of. `void_after` tells of readings of which the database does not."""
    now = int(time.time())
    signers = {row.id: row.signer for row in session.exec(select(SubmissionRow))}
    # What was signed and withdrawn before it was sent counts too.
    were_signed = col(ObservationRow.status).not_in(NEVER_SIGNED) | col(ObservationRow.signed_at).is_not(None)
    listed = list(_on_lists(session, place, now))
    yield from listed
    lists = set(session.exec(select(BundleRow.submission_id)))
    keys = {its.statement.key for its in listed}
    for row in session.exec(select(ObservationRow).where(were_signed)):
        (statement,) = vote_statements(place.chain_id, place.oracle, [observation_of(row)])
        if statement.key in keys and (row.submission_id is None or row.submission_id in lists):
            # Its own figures were not signed, but the list's.
            continue
        signer = signers.get(row.submission_id, UNKNOWN_SIGNER)
        yield SignedStatement(statement, signer, now if row.signed_at is None else row.signed_at)
    # Of several readings of one round the earlier ones could no longer count when the last was signed.
    last = dict[object, SignedStatement]()
    signed = select(ReadingRow).where(ReadingRow.signature != "").order_by(col(ReadingRow.observed_at))
    for reading in session.exec(signed):
        its = _reading(reading, place, void_after)
        kept = last.get(its.statement.key)
        if kept is None or kept.signed_at <= its.signed_at:
            last[its.statement.key] = its
    yield from last.values()


def _on_lists(session: Session, place: Place, now: int) -> Iterator[SignedStatement]:
    """What this node signed of relays' lists: their figures may differ from its papers' within what the rules allow."""
    its = select(BundleRow, SubmissionRow).join(SubmissionRow, col(SubmissionRow.id) == BundleRow.submission_id)
    for bundle, submission in session.exec(its):
        # Of a bundle that it sent as a relay nothing is marked: those are votes of others, or its own of another row.
        mask = int(submission.mask, 16)
        marked = [item for position, item in enumerate(bundle.items()) if mask >> position & 1]
        for statement in vote_statements(place.chain_id, place.oracle, marked):
            yield SignedStatement(statement, submission.signer, now)


def on_chain(chain: Chain, place: Place, organisation: int) -> Iterator[SignedStatement]:
    """Every vote of the organisation that the network has counted, from its first block on."""
    oracle, now = chain.addresses.address(ORACLE), int(time.time())
    last = chain.block_number()
    for first in range(chain.addresses.first_block, last + 1, MOST_BLOCKS):
        for log in chain.logs(first, min(first + MOST_BLOCKS - 1, last)):
            event = chain.decode(log) if log.address == oracle else None
            if event is None or event.name not in VOTE_EVENTS:
                continue
            its = event.arguments
            if organisation in organisations(int(its["organisations"])):
                item = Observation(
                    bytes(its["subject"]),
                    int(its["milestone"]),
                    int(its["sequence"]),
                    int(its["occurredAt"]),
                    int(its["quantity"]),
                )
                for statement in vote_statements(place.chain_id, place.oracle, [item]):
                    yield SignedStatement(statement, UNKNOWN_SIGNER, now)


def _reading(row: ReadingRow, place: Place, void_after: VoidAfter | None) -> SignedStatement:
    assert row.round is not None
    assert row.version is not None
    until = row.void_after
    if until is None and void_after is not None:
        until = void_after(row)
    statement: Statement = reading_statement(
        place.chain_id,
        place.feed_oracle,
        feed=key_of(row).feed,
        round=row.round,
        version=row.version,
        value=int(row.signed_value),
        at=row.observed_at,
        void_after=until,
        late=row.late,
    )
    return SignedStatement(statement, row.signer, row.signed_at if row.signed_at is not None else row.observed_at)
