"""Where a ceremony stands: what is decided, who still has to act, and what each of them has to run."""

from __future__ import annotations

from typing import Any

from chain_node.networks.ceremony import Ceremony, Proposal
from chain_node.networks.changes import describe, new_accounts


def status_of(ceremony: Ceremony) -> dict[str, Any]:
    state = ceremony.state
    return {
        "network": ceremony.terms.name,
        "entries": len(ceremony.entries),
        "head": ceremony.head,
        "voters": list(state.voters),
        "needed": state.needed,
        "validators": [{"node": n.node, "lei": n.lei, "address": n.address} for n in state.validators],
        "nodes": [{"node": n.node, "lei": n.lei} for n in state.ordered if n.role == "node"],
        "proposals": [_proposal(ceremony, p) for p in ceremony.proposals.values()],
        "to_act": to_act(ceremony),
    }


def to_act(ceremony: Ceremony) -> list[dict[str, Any]]:
    """One line for each thing that somebody has to do, with the command."""
    name = ceremony.terms.name
    found: list[dict[str, Any]] = []
    for proposal in ceremony.proposals.values():
        run = ""
        if proposal.standing == "open":
            who = sorted(set(ceremony.state.voters) - proposal.approvals - proposal.rejections)
            run = f"portolan network approve {name} {proposal.number}  (or: reject)"
        else:
            who = sorted(proposal.waiting_for)
            run = f"portolan network apply {name}"
        found += [{"proposal": proposal.number, "lei": lei, "who": _name(ceremony, lei), "run": run} for lei in who]
    return found


def _proposal(ceremony: Ceremony, proposal: Proposal) -> dict[str, Any]:
    return {
        "number": proposal.number,
        "change": describe(proposal.change),
        "new_accounts": new_accounts(proposal.change),
        "by": proposal.author,
        "why": proposal.why,
        "standing": proposal.standing,
        "approved_by": sorted(proposal.approvals),
        "rejected_by": sorted(proposal.rejections),
        "done_by": sorted(proposal.done),
        "waiting_for": sorted(proposal.waiting_for),
        "complete": proposal.standing == "decided" and not proposal.waiting_for,
    }


def _name(ceremony: Ceremony, lei: str) -> str:
    return ceremony.state.members[lei].organisation
