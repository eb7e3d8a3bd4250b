"""InsurancePolicies: insurers' positions, policies on financings, claims. Amounts are minor units."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import CoverKind, PolicyState

_NO_SUBJECT = bytes(32)


@dataclass(frozen=True)
class PolicyTerms:
    """What an insurer offers; see `IInsurancePolicies.Terms`. Moments are Unix seconds, the quantity thousandths."""

    financing: int
    kind: CoverKind
    limit: int
    deductible: int
    premium: int
    offer_until: int
    pay_by: int
    until: int
    waiting_days: int
    claim_days: int
    milestone: int = 0
    sequence: int = 0
    quantity: int = 0
    subject: bytes = _NO_SUBJECT
    deadline: int = 0


@dataclass(frozen=True)
class InsurancePolicy:
    """A policy as the chain has it. `bound_at` 0 and `cash` the zero address before it is bound."""

    terms: PolicyTerms
    state: PolicyState
    insurer: str
    bound_at: int
    premium_paid: int
    cash: str
    paid: int
    recovered: int


@dataclass(frozen=True)
class InsurerPosition:
    """What an insurer has put down: free to take out or to bind, and locked as limits of bound policies."""

    free: int
    locked: int


class Insurance(Contract):
    """Policies on financings."""

    interface_name = "InsurancePolicies"

    def deposit(self, cash: str, amount: int) -> Call:
        """Adds to the caller's position, by allowance. Insurers only."""
        return self.call("deposit", cash, amount)

    def withdraw(self, cash: str, amount: int) -> Call:
        return self.call("withdraw", cash, amount)

    def offer(self, terms: PolicyTerms) -> Call:
        return self.call("offer", astuple(terms))

    def withdraw_offer(self, policy: int) -> Call:
        return self.call("withdrawOffer", policy)

    def accept(self, policy: int, terms_hash: bytes) -> Call:
        """The supplier's word; `terms_hash` as the method of that name has it."""
        return self.call("accept", policy, terms_hash)

    def bind(self, policy: int, terms_hash: bytes) -> Call:
        """The credit officer's word, with which the cover begins."""
        return self.call("bind", policy, terms_hash)

    def pay_premium(self, policy: int, amount: int) -> Call:
        """By allowance; anyone may, so that the cover does not lapse."""
        return self.call("payPremium", policy, amount)

    def claim(self, policy: int) -> Call:
        """Has the insurer pay; anyone may."""
        return self.call("claim", policy)

    def close(self, policy: int) -> Call:
        """Books the end of a policy and unlocks what it held; anyone may."""
        return self.call("close", policy)

    def waive(self, policy: int) -> Call:
        """Gives up what the insurer has not got back. Its insurer only."""
        return self.call("waive", policy)

    def policy(self, policy: int, block: BlockTag = "latest") -> InsurancePolicy:
        """Raises `PolicyUnknown`."""
        (fields,) = self.read("policy", policy, block=block)
        terms, state, *rest = fields.values()
        return InsurancePolicy(PolicyTerms(*terms.values()), state, *rest)

    def policy_count(self, block: BlockTag = "latest") -> int:
        return self._number("policyCount", block=block)

    def terms_hash(self, policy: int, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("termsHash", policy, block=block)[0])

    def policies_of(self, financing: int, block: BlockTag = "latest") -> list[int]:
        """Those that are bound, or paid and not recovered."""
        return [int(policy) for policy in self.read("policiesOf", financing, block=block)[0]]

    def position_of(self, insurer: str, cash: str, block: BlockTag = "latest") -> InsurerPosition:
        return self._struct(InsurerPosition, "positionOf", insurer, cash, block=block)

    def is_in_force(self, policy: int, block: BlockTag = "latest") -> bool:
        return bool(self.read("isInForce", policy, block=block)[0])

    def claimable(self, policy: int, block: BlockTag = "latest") -> int:
        """Raises, saying why, where nothing would be paid."""
        return self._number("claimable", policy, block=block)

    def premium_due(self, financing: int, block: BlockTag = "latest") -> int:
        return self._number("premiumDue", financing, block=block)

    def subrogated_due(self, financing: int, block: BlockTag = "latest") -> int:
        """What insurers have paid for a financing and not got back."""
        return self._number("subrogatedDue", financing, block=block)
