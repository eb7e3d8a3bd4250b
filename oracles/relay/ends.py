"""What of a relay, and of its users, a node is: where the node's thread and its services meet."""

from __future__ import annotations

from dataclasses import dataclass

from chain_node.client import AddressBook
from oracles.relay.desk import Desk
from oracles.relay.mail import RelayMail
from oracles.settings import NodeSettings


@dataclass(frozen=True)
class RelayEnds:
    """`mail` where the node uses relays, `desk` where it is one. `account` is the node's."""

    mail: RelayMail | None = None
    desk: Desk | None = None
    account: str = ""


def relay_ends(settings: NodeSettings, account: str) -> RelayEnds:
    """As the settings have it. Raises what is wrong with the deployments."""
    return RelayEnds(
        mail=None if settings.bundling is None else RelayMail(),
        desk=None if settings.relay is None else new_desk(AddressBook.load(settings.deployments)),
        account=account,
    )


def new_desk(addresses: AddressBook) -> Desk:
    """For the votes of one network's oracle."""
    return Desk(addresses.chain_id, str(addresses.address("MilestoneOracle")))
