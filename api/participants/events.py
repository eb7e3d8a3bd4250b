"""What becomes known of participants. It concerns them, and those who see them in the register."""

from collections.abc import Collection, Mapping

from api.events.registry import Kind, at, plain, tells
from api.events.telling import Telling
from api.receivables import service as receivables
from chain_node.client import Event


def _of_number(telling: Telling, event: Event) -> str:
    number = event.arguments["organisation"]
    return telling.leis_of_numbers([number])[number]


def _of_account(telling: Telling, event: Event) -> str:
    account: str = event.arguments["account"]
    # Removed since, it is nobody's any more.
    return telling.leis_of_accounts([account]).get(account, account)


def _parties(telling: Telling, ids: Collection[str]) -> Mapping[str, Collection[str]]:
    return {lei: {lei, *receivables.counterparties(telling.session, lei)} for lei in ids if not lei.startswith("0x")}


PARTICIPANT = Kind("participant", "participants:read", _of_number, _parties)
_ACCOUNT = plain("account")

tells(PARTICIPANT, "ParticipantRegistry", "OrganisationRegistered", "admitted", kyc_expires_at=at("kycExpiresAt"))
tells(PARTICIPANT, "ParticipantRegistry", "RolesChanged", "roles_changed")
tells(PARTICIPANT, "ParticipantRegistry", "KycRenewed", "kyc_renewed", kyc_expires_at=at("expiresAt"))
tells(PARTICIPANT, "ParticipantRegistry", "OrganisationSuspended", "suspended")
tells(PARTICIPANT, "ParticipantRegistry", "OrganisationReinstated", "reinstated")
tells(PARTICIPANT, "ParticipantRegistry", "AccountAdmitted", "account_admitted", account=_ACCOUNT)
tells(PARTICIPANT, "ParticipantRegistry", "AccountRemoved", "account_removed", account=_ACCOUNT)
tells(PARTICIPANT, "ParticipantRegistry", "AccountFrozen", "account_frozen", identify=_of_account, account=_ACCOUNT)
tells(PARTICIPANT, "ParticipantRegistry", "AccountUnfrozen", "account_unfrozen", identify=_of_account, account=_ACCOUNT)
