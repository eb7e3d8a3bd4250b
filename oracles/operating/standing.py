"""Whether the network would take this node's word: its admission, its clock, its distance from the newest block."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from chain_node.client import Membership
from oracles.chain import Head, NodeChain
from oracles.operating.health import Health, Trouble

log = structlog.get_logger("oracles")

ADMISSION = (
    Trouble.NOT_ADMITTED,
    Trouble.SUSPENDED,
    Trouble.FROZEN,
    Trouble.ADMISSION_EXPIRED,
    Trouble.OTHER_ORGANISATION,
)


@dataclass
class Standing:
    """Looks at connecting, when the network's rules changed and now and then; business checks use the chain's clock."""

    chain: NodeChain
    health: Health
    account: str | None
    lei: str
    clock_tolerance_seconds: int

    def look(self, head: Head) -> None:
        """Raises ChainError."""
        self._admission(head)
        self._distance()

    def watch(self, head: Head) -> None:
        """For each turn: compares the clocks when a block is new."""
        if not self.health.saw(head) or not self.clock_tolerance_seconds:
            return
        ahead = -(self.health.lag_seconds() or 0)
        if abs(ahead) <= self.clock_tolerance_seconds:
            if self.health.clear(Trouble.CLOCK_OFF):
                log.info("clock agrees again", block=head.number)
            return
        side = "ahead of" if ahead > 0 else "behind"
        detail = f"the newest block's time is {abs(ahead):.0f} seconds {side} this machine's clock"
        if self.health.say(Trouble.CLOCK_OFF, detail):
            log.error("clock off", block=head.number, reason=detail, operator_action_required=True)

    def _admission(self, head: Head) -> None:
        member = self.chain.membership(self.account, self.lei, head.number)
        trouble = _objection(member, head)
        if trouble is None and self.account is not None:
            # The account is admitted: it must be an account of the organisation that the settings name.
            named = self.chain.membership(None, self.lei, head.number).organisation
            if named != member.organisation:
                trouble = Trouble.OTHER_ORGANISATION, f"its account belongs to another organisation than {self.lei}"
        was = {problem.name for problem in self.health.problems()} & set(ADMISSION)
        if trouble is None:
            if self.health.clear(*ADMISSION):
                log.info("admitted", block=head.number, account=self.account)
            return
        self.health.clear(*(kind for kind in ADMISSION if kind is not trouble[0]))
        self.health.say(*trouble)
        if trouble[0] not in was:
            log.error("not admitted", block=head.number, reason=trouble[1], operator_action_required=True)

    def _distance(self) -> None:
        behind = self.chain.blocks_behind()
        self.health.blocks_behind = behind
        if behind:
            self.health.say(Trouble.CHAIN_BEHIND, f"the chain's node is {behind} blocks behind its network")
        else:
            self.health.clear(Trouble.CHAIN_BEHIND)


def _objection(member: Membership, head: Head) -> tuple[Trouble, str] | None:
    """What the registry has against it, by the chain's clock."""
    if not member.organisation:
        return Trouble.NOT_ADMITTED, "the registry knows nothing of this node's account"
    if member.frozen:
        return Trouble.FROZEN, "the registry has frozen this node's account"
    if member.suspended:
        return Trouble.SUSPENDED, "the registry has suspended this organisation"
    if member.expires_at <= head.timestamp:
        moment = datetime.fromtimestamp(member.expires_at, UTC)
        return Trouble.ADMISSION_EXPIRED, f"this organisation's admission ended at {moment:%Y-%m-%dT%H:%M:%SZ}"
    return None
