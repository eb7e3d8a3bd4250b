"""Typed access to a Portolan network: `Chain.connect(rpc_url, AddressBook.load(path))`.

Reads return frozen dataclasses; writes return a `Call`, which `sign_call` signs and `Chain.send_raw` sends.
"""

from chain_node.client.acceptance import Acceptance, acceptance_digest, acceptance_typed_data
from chain_node.client.addresses import AddressBook
from chain_node.client.attestation import Observation, Vote, attestation_digest, attestation_typed_data
from chain_node.client.chain import Chain
from chain_node.client.contracts.access import AccessManager, Directory, Membership, Organisation, Registry
from chain_node.client.contracts.lending import (
    Books,
    Collateral,
    Desk,
    Facility,
    Financing,
    OrderCollateral,
    Owed,
    Pool,
    ReceivableCollateral,
    Step,
    Vault,
)
from chain_node.client.contracts.milestones import Fact, Milestones, Policy, Subject
from chain_node.client.contracts.money import Cash
from chain_node.client.contracts.orders import Order, Orders
from chain_node.client.contracts.receivables import Receivable, Receivables
from chain_node.client.node import Node
from chain_node.client.signing import sign_call, sign_transaction
from chain_node.client.values import Block, BlockTag, Call, Event, Log, Receipt, SignedTransaction
from chain_node.vocabulary import (
    ORACLE_ROLES,
    FactStatus,
    FinancingState,
    Milestone,
    Office,
    OrderState,
    ReceivableState,
    Refusal,
    Role,
)

__all__ = [
    "ORACLE_ROLES",
    "Acceptance",
    "AccessManager",
    "AddressBook",
    "Block",
    "BlockTag",
    "Books",
    "Call",
    "Cash",
    "Chain",
    "Collateral",
    "Desk",
    "Directory",
    "Event",
    "Facility",
    "Fact",
    "FactStatus",
    "Financing",
    "FinancingState",
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
    "Receipt",
    "Receivable",
    "ReceivableCollateral",
    "ReceivableState",
    "Receivables",
    "Refusal",
    "Registry",
    "Role",
    "SignedTransaction",
    "Step",
    "Subject",
    "Vault",
    "Vote",
    "acceptance_digest",
    "acceptance_typed_data",
    "attestation_digest",
    "attestation_typed_data",
    "sign_call",
    "sign_transaction",
]
