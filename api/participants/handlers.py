"""The ParticipantRegistry's events as rows."""

from sqlmodel import Session

from api.indexer import handles
from api.participants import repository
from api.participants.models import Account, Organisation, Tenure
from chain_node.client import Block, Event


@handles("ParticipantRegistry", "OrganisationRegistered")
def on_registered(session: Session, event: Event, block: Block) -> None:
    told = event.arguments
    session.add(
        Organisation(
            number=told["organisation"],
            lei=told["lei"],
            group_lei=told["groupLei"],
            jurisdiction=told["jurisdiction"],
            roles=int(told["roles"]),
            kyc_expires_at=told["kycExpiresAt"],
        )
    )


@handles("ParticipantRegistry", "RolesChanged")
def on_roles_changed(session: Session, event: Event, block: Block) -> None:
    _organisation(session, event).roles = int(event.arguments["roles"])


@handles("ParticipantRegistry", "KycRenewed")
def on_kyc_renewed(session: Session, event: Event, block: Block) -> None:
    _organisation(session, event).kyc_expires_at = event.arguments["expiresAt"]


@handles("ParticipantRegistry", "OrganisationSuspended")
def on_suspended(session: Session, event: Event, block: Block) -> None:
    _organisation(session, event).suspended = True


@handles("ParticipantRegistry", "OrganisationReinstated")
def on_reinstated(session: Session, event: Event, block: Block) -> None:
    _organisation(session, event).suspended = False


@handles("ParticipantRegistry", "AccountAdmitted")
def on_account_admitted(session: Session, event: Event, block: Block) -> None:
    account, organisation = event.arguments["account"], event.arguments["organisation"]
    session.add(Account(address=account, organisation=organisation))
    place = {"from_block": event.block_number, "from_log": event.log_index}
    session.add(Tenure(account=account, organisation=organisation, **place))


@handles("ParticipantRegistry", "AccountRemoved")
def on_account_removed(session: Session, event: Event, block: Block) -> None:
    session.delete(session.get_one(Account, event.arguments["account"]))
    tenure = repository.open_tenure(session, event.arguments["account"])
    tenure.until_block, tenure.until_log = event.block_number, event.log_index


@handles("ParticipantRegistry", "AccountFrozen")
def on_account_frozen(session: Session, event: Event, block: Block) -> None:
    session.get_one(Account, event.arguments["account"]).frozen = True


@handles("ParticipantRegistry", "AccountUnfrozen")
def on_account_unfrozen(session: Session, event: Event, block: Block) -> None:
    session.get_one(Account, event.arguments["account"]).frozen = False


def _organisation(session: Session, event: Event) -> Organisation:
    return session.get_one(Organisation, event.arguments["organisation"])
