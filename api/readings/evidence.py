"""What each organisation has signed for a value: it stands in the transaction that reported it, and on chain for good.
The gateway keeps no copy, so that there is only one."""

from typing import Any

from sqlmodel import Session

from api.errors import of_chain
from api.participants import service as participants
from api.readings.models import FeedValue
from api.readings.schemas import EvidenceView
from api.values import moment
from chain_node.client import Chain
from chain_node.errors import ChainError

_NO_SUBJECT = bytes(32)


def of_value(session: Session, chain: Chain, value: FeedValue) -> list[EvidenceView] | None:
    """None where the report did not come to the oracle in a transaction of its own, but through another contract."""
    try:
        sent = chain.feeds.reports_sent(bytes.fromhex(value.transaction_hash[2:]))
    except ChainError as error:
        raise of_chain(error) from error
    report = next((its for its in sent if _is_of(its, value)), None)
    if report is None:
        return None
    parties = participants.parties_by_account(session, {reading["signer"] for reading in report["readings"]})
    return [
        EvidenceView(
            signer=reading["signer"],
            organisation=parties.get(reading["signer"]),
            value=str(reading["value"]),
            observed_at=moment(reading["observedAt"]),
            signature=f"0x{reading['r'].hex()}{reading['vs'].hex()}",
        )
        for reading in report["readings"]
    ]


def _is_of(report: dict[str, Any], value: FeedValue) -> bool:
    subject = bytes.fromhex(value.subject[2:]) if value.subject else _NO_SUBJECT
    policy = bytes.fromhex(value.policy[2:])
    return (report["policyId"], report["subject"], report["round"]) == (policy, subject, value.round)
