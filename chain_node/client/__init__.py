"""Typed access to a Portolan network: `Chain.connect(rpc_url, AddressBook.load(path))`.

Reads return frozen dataclasses; writes return a `Call`, which `sign_call` signs and `Chain.send_raw` sends.
"""

from chain_node.client.acceptance import Acceptance, acceptance_digest, acceptance_typed_data
from chain_node.client.addresses import AddressBook
from chain_node.client.attestation import Observation, Vote, attestation_digest, attestation_typed_data
from chain_node.client.chain import Chain
from chain_node.client.contracts.access import AccessManager, Directory, Membership, Organisation, Registry
from chain_node.client.contracts.lending import (
    Collateral,
    Desk,
    Facility,
    FacilityTerms,
    Financing,
    OrderCollateral,
    Owed,
    ReceivableCollateral,
    Step,
)
from chain_node.client.contracts.milestones import Fact, Milestones, Policy, Subject
from chain_node.client.contracts.money import Cash
from chain_node.client.contracts.orders import Order, Orders
from chain_node.client.contracts.pools import Books, Epoch, Held, Pool, Reserve, Vault
from chain_node.client.contracts.receivables import Disputes, Holding, Receivable, Receivables
from chain_node.client.contracts.servicing import (
    Amendment,
    Applications,
    Concentration,
    Health,
    HealthCheck,
    Servicing,
    WriteOffStep,
)
from chain_node.client.node import Node
from chain_node.client.signing import sign_call, sign_transaction
from chain_node.client.values import Block, BlockTag, Call, Event, Log, Receipt, SignedTransaction
from chain_node.vocabulary import (
    ORACLE_ROLES,
    Bound,
    Circulation,
    DayCount,
    DeskActivity,
    Dimension,
    FactStatus,
    FinancingState,
    Milestone,
    Office,
    OrderState,
    PoolActivity,
    ReceivableState,
    Refusal,
    Role,
    Tranche,
)

__all__ = [
    "ORACLE_ROLES",
    "Acceptance",
    "AccessManager",
    "AddressBook",
    "Amendment",
    "Applications",
    "Block",
    "BlockTag",
    "Books",
    "Bound",
    "Call",
    "Cash",
    "Chain",
    "Circulation",
    "Collateral",
    "Concentration",
    "DayCount",
    "Desk",
    "DeskActivity",
    "Dimension",
    "Directory",
    "Disputes",
    "Epoch",
    "Event",
    "Facility",
    "FacilityTerms",
    "Fact",
    "FactStatus",
    "Financing",
    "FinancingState",
    "Health",
    "HealthCheck",
    "Held",
    "Holding",
    "Log",
    "Membership",
    "Milestone",
    "Milestones",
    "Node",
    "Observation",
    "Office",
    "Order",
    "OrderCollateral",
    "OrderState",
    "Orders",
    "Organisation",
    "Owed",
    "Policy",
    "Pool",
    "PoolActivity",
    "Receipt",
    "Receivable",
    "ReceivableCollateral",
    "ReceivableState",
    "Receivables",
    "Refusal",
    "Registry",
    "Reserve",
    "Role",
    "Servicing",
    "SignedTransaction",
    "Step",
    "Subject",
    "Tranche",
    "Vault",
    "Vote",
    "WriteOffStep",
    "acceptance_digest",
    "acceptance_typed_data",
    "attestation_digest",
    "attestation_typed_data",
    "sign_call",
    "sign_transaction",
]
