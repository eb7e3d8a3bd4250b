"""The simulated witnesses: who they are, how they are admitted, and how they vote."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlmodel import Session

from api.chain_link import ChainLink
from api.clock import indexed_now
from api.db import Database
from api.errors import Conflict, GatewayError
from api.milestones.models import Policy
from api.participants import service as participants
from api.participants.models import Profile
from api.settings import Settings, SettingsInvalid
from api.signers import Signer, Signers
from api.transactions.service import Transactions
from chain_node.client import AddressBook, Chain, Observation, Role, Vote, attestation_digest

log = structlog.get_logger()
REGISTRAR = "office:registrar"
ADMITTED_SECONDS: Final = 5 * 365 * 86_400
_JURISDICTION = "DE"


@dataclass(frozen=True)
class Witness:
    """An organisation that exists on sandboxes only; its name says so."""

    role: Role
    lei: str
    name: str

    @property
    def signer(self) -> str:
        return f"org:{self.lei}"


WITNESSES: Final = (
    Witness(Role.CARRIER, "999900SIMCARRIER0037", "Simulated carrier (sandbox)"),
    Witness(Role.WAREHOUSE, "999900SIMWAREHOUSE74", "Simulated warehouse (sandbox)"),
    Witness(Role.INSPECTOR, "999900SIMINSPECTOR84", "Simulated inspector (sandbox)"),
    Witness(Role.CUSTOMS, "999900SIMCUSTOMS0058", "Simulated customs (sandbox)"),
    Witness(Role.SENSOR, "999900SIMSENSOR00063", "Simulated sensor (sandbox)"),
    Witness(Role.CONSIGNEE, "999900SIMCONSIGNEE54", "Simulated consignee (sandbox)"),
)


def require_sandbox(settings: Settings, addresses: AddressBook) -> None:
    """SettingsInvalid where a gateway is to simulate on a network that is not marked as a sandbox."""
    if settings.sandbox.enabled and not addresses.sandbox:
        problem = (
            f"sandbox.enabled: the network {addresses.network} is not marked as a sandbox (`sandbox = true` in its "
            f"network.toml when it was deployed), so nothing may be simulated on it"
        )
        raise SettingsInvalid(str(settings.deployments), [problem])


class Admission:
    """Admits the simulated witnesses, each with a key that the gateway makes; once, whoever else tries to."""

    def __init__(self, database: Database, link: ChainLink, transactions: Transactions, signers: Signers) -> None:
        self._database, self._link = database, link
        self._transactions, self._signers = transactions, signers
        self._done = False

    def step(self) -> bool:
        """One pass of a loop; never more to do at once. What is refused now is tried again in a while."""
        if not self._done:
            try:
                self._database.run(self._admit)
            except GatewayError as error:
                log.info("sandbox.waits", error=error.error)
            else:
                self._done = True
        return False

    def _admit(self, session: Session) -> None:
        until = indexed_now(session) + ADMITTED_SECONDS
        for witness in WITNESSES:
            if not participants.is_known(session, witness.lei):
                self._admit_one(session, witness, until)

    def _admit_one(self, session: Session, witness: Witness, until: int) -> None:
        """A network that already knows it, from a gateway before this one, gets the new key only."""
        registry, signer = self._link.chain().registry, self._signers.create_organisation(witness.lei)
        registered = None
        if participants.number_of(session, witness.lei) is None:
            call = registry.register_organisation(witness.lei, "", _JURISDICTION, int(witness.role), until)
            registered = self._transactions.submit(
                session, signer=REGISTRAR, call=call, owner_lei=witness.lei, purpose="admit simulated witness"
            )
        admitting = registry.admit_account(witness.lei, signer.address)
        self._transactions.submit(
            session,
            signer=REGISTRAR,
            call=admitting,
            owner_lei=witness.lei,
            purpose="admit simulated witness's account",
            after=registered,
        )
        profile = Profile(lei=witness.lei, name=witness.name, account=signer.address, signer=signer.name)
        participants.add_profile(session, profile, [])


def chosen(milestone: str, policy: Policy | None) -> list[Witness]:
    """Who has to vote so that a fact stands; Conflict where the simulated witnesses are too few."""
    if policy is None:
        raise Conflict("policy-missing", f"The network takes no votes on {milestone}.", milestone=milestone)
    eligible = [witness for witness in WITNESSES if witness.role & policy.eligible_roles]
    required_first = sorted(eligible, key=lambda witness: not witness.role & policy.required_roles)
    voting = required_first[: policy.threshold]
    if len(voting) < policy.threshold:
        detail = f"{milestone} needs {policy.threshold} witnesses, {len(voting)} simulated ones may vote on it."
        raise Conflict("witnesses-too-few", detail, milestone=milestone, found=len(voting), needed=policy.threshold)
    return voting


def votes(
    chain: Chain,
    signers: Signers,
    observations: Sequence[Observation],
    voting: Sequence[Sequence[Witness]],
    evidence: bytes,
) -> list[Vote]:
    """A vote of each witness on those of the observations that it is chosen for."""
    oracle = chain.addresses.address("MilestoneOracle")
    cast = []
    for witness in WITNESSES:
        mask = sum(1 << place for place, its in enumerate(voting) if witness in its)
        if mask:
            digest = attestation_digest(chain.chain_id, oracle, observations, mask, evidence)
            signer = signers.get(witness.signer)
            cast.append(Vote(signer.address, mask, evidence, _signature(signer, digest)))
    return cast


def _signature(signer: Signer, digest: bytes) -> bytes:
    parity, r, s = signer.sign(digest)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + parity])
