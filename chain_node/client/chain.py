"""The network as the rest of the code sees it: one node, an address book, and a typed client for each contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property

from eth_typing import ChecksumAddress

from chain_node.client.addresses import AddressBook
from chain_node.client.contracts.access import AccessManager, Directory, Registry
from chain_node.client.contracts.exchange import Conversions, Exchange
from chain_node.client.contracts.feeds import Feeds, Grades
from chain_node.client.contracts.goods import GoodsValuations, InventoryCollateral
from chain_node.client.contracts.insurance import Insurance
from chain_node.client.contracts.inventory import Lots
from chain_node.client.contracts.lending import (
    Desk,
    OrderCollateral,
    PurchaseCollateral,
    Purposes,
    ReceivableCollateral,
)
from chain_node.client.contracts.milestones import Milestones
from chain_node.client.contracts.money import Cash
from chain_node.client.contracts.orders import OrderMatches, Orders
from chain_node.client.contracts.pools import Pool, Reserve, Vault
from chain_node.client.contracts.receivables import Disputes, Receivables
from chain_node.client.contracts.servicing import Applications, Concentration, HealthCheck, Servicing
from chain_node.client.endpoints import EndpointRules, SeveralNodes, Watch, split_urls
from chain_node.client.node import Node, logs_query, read_block, read_logs, read_times, tag
from chain_node.client.replay import replay
from chain_node.client.values import Block, BlockTag, Call, Event, Log, ReadCall, Receipt
from chain_node.client.whole_blocks import WholeBlock, read_whole_blocks
from chain_node.errors import AnswerMalformed, ChainError, ContractReverted, WrongNetwork
from chain_node.interface import EventType, checksum, interfaces
from chain_node.vocabulary import Tranche


class Chain:
    """One network through one node. Safe to share between threads."""

    def __init__(self, node: Node, addresses: AddressBook) -> None:
        self.node, self.addresses = node, addresses
        self._names: dict[str, str] = {address: name for name, address in addresses.addresses.items()}
        self._kinds: dict[tuple[str, bytes], tuple[str, EventType]] = {}
        self._cash = cache(lambda currency: Cash(node, *self._place(f"CashToken:{currency}")))
        self._pools = cache(lambda currency: Pool(node, *self._place(f"LendingPool:{currency}")))
        self._vaults = cache(lambda name: Vault(node, *self._place(name)))
        self._reserves = cache(lambda currency: Reserve(node, *self._place(f"FirstLossReserve:{currency}")))

    @classmethod
    def connect(cls, rpc_url: str | Sequence[str], addresses: AddressBook, timeout_seconds: float = 10.0) -> Chain:
        """By one address or several. Raises `NodeUnavailable`, or `WrongNetwork` where a node's chain is not the one in
        the address book; ValueError where an address is none."""
        urls = split_urls(rpc_url)
        if len(urls) > 1:
            watch = Watch(urls, addresses, EndpointRules(), timeout_seconds)
            several = SeveralNodes(watch, owns_watch=True)
            try:
                watch.check()
            except BaseException:
                several.close()
                raise
            return cls(several, addresses)
        node = Node(urls[0], timeout_seconds)
        found = node.chain_id()
        if found != addresses.chain_id:
            raise WrongNetwork(node.rpc_url, f"its chain id is {found}, {addresses.network} has {addresses.chain_id}")
        for name, address in addresses.addresses.items():
            if not node.code(address):
                raise WrongNetwork(node.rpc_url, f"there is no contract at {address}, where {name} should be")
            break
        return cls(node, addresses)

    def close(self) -> None:
        self.node.close()

    @property
    def chain_id(self) -> int:
        return self.addresses.chain_id

    # Blocks and transactions

    def block_number(self) -> int:
        return self.node.block_number()

    def block(self, number: BlockTag = "latest") -> Block:
        return self.node.block(number)

    def simulate(self, call: Call, sender: str, block: BlockTag = "latest") -> bytes:
        """What the call would return if `sender` made it; raises the typed revert."""
        return self.node.call(call.to, call.data, sender, block, call.contract)

    def estimate_gas(self, call: Call, sender: str) -> int:
        return self.node.estimate_gas(call.to, call.data, sender, call.contract)

    def estimates(self, calls: Sequence[Call], sender: str) -> list[int | ChainError]:
        """As `estimate_gas`, of many at once; in the place of each that was refused its error."""
        return self.node.estimates(calls, sender)

    def transaction_count(self, address: str, block: BlockTag = "latest") -> int:
        return self.node.transaction_count(address, block)

    def send_raw(self, raw: bytes) -> bytes:
        """Hands a signed transaction to the node; its hash. Raises why the node did not take it."""
        return self.node.send_raw(raw)

    def receipt(self, transaction_hash: bytes) -> Receipt | None:
        """None while the transaction is in no block."""
        return self.node.receipt(transaction_hash)

    def receipts(self, transaction_hashes: Sequence[bytes]) -> Iterator[Receipt | None]:
        """As `receipt`, of many; asked for as they are taken, so that few are held at a time."""
        return self.node.receipts(transaction_hashes)

    def block_receipts(self, number: int) -> list[Receipt]:
        return self.node.block_receipts(number)

    def transaction_revert(self, transaction_hash: bytes) -> ContractReverted | None:
        """Why a transaction in a block failed; None where it did not, or is in no block."""
        return replay(self.node, transaction_hash, self.contract_at)

    # Events

    def logs(self, from_block: int, to_block: int) -> list[Log]:
        """What our contracts wrote in these blocks (both included), in order."""
        return self.node.logs(tuple(self.addresses.addresses.values()), from_block, to_block)

    def logs_and_blocks(self, from_block: int, to_block: int) -> tuple[list[Log], list[Block], dict[int, int]]:
        """As `logs`, with the first and the last block, and the times of the logs' blocks by number, as far as the node
        tells them with its logs. All comes from one request: a node that lacks the last block cannot have left out its
        logs. Raises `AnswerMalformed` where it does."""
        query = logs_query(tuple(self.addresses.addresses.values()), from_block, to_block)
        ends = [("eth_getBlockByNumber", (tag(number), False)) for number in (from_block, to_block)]
        logs, *blocks = self.node.batch([("eth_getLogs", (query,)), *ends])
        if None in blocks:
            raise AnswerMalformed(f"the node at {self.node.rpc_url} has no block {to_block}")
        return read_logs(logs), [read_block(block) for block in blocks], read_times(logs)

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Raises `AnswerMalformed` where the node lacks one."""
        answers = self.node.batch([("eth_getBlockByNumber", (tag(number), False)) for number in numbers])
        if None in answers:
            raise AnswerMalformed(f"the node at {self.node.rpc_url} has no block {numbers[answers.index(None)]}")
        return [read_block(answer) for answer in answers]

    def whole_blocks(self, numbers: Sequence[int]) -> list[WholeBlock]:
        """Blocks with their outcomes and our contracts' logs; raises as `read_whole_blocks` does."""
        return read_whole_blocks(self.node, self.addresses.addresses.values(), numbers)

    def named(self, log: Log) -> tuple[str, str] | None:
        """The deployed name of the contract that wrote it, and the event's; None as `decode` has it."""
        found = self._kind(log)
        return None if found is None else (found[0], found[1].name)

    def _kind(self, log: Log) -> tuple[str, EventType] | None:
        if not log.topics:
            return None
        found = self._kinds.get((log.address, log.topics[0]))
        if found is None:
            name, contract = self._names.get(log.address), self.contract_at(log.address)
            kind = interfaces()[contract].events.get(log.topics[0]) if contract else None
            if name is not None and kind is not None:
                found = self._kinds[log.address, log.topics[0]] = name, kind
        return found

    def decode(self, log: Log) -> Event | None:
        """None where another contract wrote it, or where no known interface has such an event."""
        found = self._kind(log)
        if found is None:
            return None
        name, kind = found
        return Event(
            contract=name,
            name=kind.name,
            arguments=kind.decode(log.topics, log.data),
            address=log.address,
            block_number=log.block_number,
            block_hash=log.block_hash,
            transaction_hash=log.transaction_hash,
            log_index=log.log_index,
        )

    def read_call(self, to: str, data: bytes) -> ReadCall | None:
        """What a transaction's data ask of a contract of ours; None for a stranger, or what its interface has not."""
        name = self.contract_at(to)
        kind = interfaces()[name].by_selector.get(data[:4]) if name else None
        if name is None or kind is None:
            return None
        try:
            arguments = kind.inputs.decode(data[4:])
        except ValueError:
            return None
        return ReadCall(Call(checksum(to), data, f"{name}.{kind.name}"), arguments, kind.writes)

    def contract_at(self, address: str | None) -> str | None:
        """The interface of the contract at an address, e.g. `CashToken`; None for a stranger."""
        name = self._names.get(address) if address else None
        contract = self.addresses.contracts[name] if name else None
        return contract if contract in interfaces() else None

    # Contracts

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.node, *self._place("ParticipantRegistry"))

    @cached_property
    def access_manager(self) -> AccessManager:
        return AccessManager(self.node, *self._place("AccessManager"))

    @cached_property
    def directory(self) -> Directory:
        return Directory(self.node, *self._place("Directory"))

    @cached_property
    def receivables(self) -> Receivables:
        return Receivables(self.node, *self._place("ReceivableToken"))

    @cached_property
    def milestones(self) -> Milestones:
        return Milestones(self.node, *self._place("MilestoneOracle"))

    @cached_property
    def feeds(self) -> Feeds:
        return Feeds(self.node, *self._place("FeedOracle"))

    @cached_property
    def grades(self) -> Grades:
        return Grades(self.node, *self._place("ConditionGrades"))

    @cached_property
    def exchange(self) -> Exchange:
        return Exchange(self.node, *self._place("FxQuotes"))

    @cached_property
    def conversions(self) -> Conversions:
        return Conversions(self.node, *self._place("Conversions"))

    @cached_property
    def orders(self) -> Orders:
        return Orders(self.node, *self._place("OrderEscrow"))

    @property
    def order_matches(self) -> OrderMatches:
        return OrderMatches(self.node, *self._place("OrderMatch"))

    @cached_property
    def lots(self) -> Lots:
        return Lots(self.node, *self._place("WarehouseReceiptToken"))

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.node, *self._place("FinancingDesk"))

    @cached_property
    def receivable_collateral(self) -> ReceivableCollateral:
        return ReceivableCollateral(self.node, *self._place("ReceivableCollateral"))

    @cached_property
    def order_collateral(self) -> OrderCollateral:
        return OrderCollateral(self.node, *self._place("OrderCollateral"))

    @cached_property
    def purchase_collateral(self) -> PurchaseCollateral:
        return PurchaseCollateral(self.node, *self._place("PurchaseCollateral"))

    @cached_property
    def purposes(self) -> Purposes:
        return Purposes(self.node, *self._place("DrawPurposes"))

    @cached_property
    def inventory_collateral(self) -> InventoryCollateral:
        return InventoryCollateral(self.node, *self._place("InventoryCollateral"))

    @cached_property
    def valuations(self) -> GoodsValuations:
        return GoodsValuations(self.node, *self._place("GoodsValuation"))

    @cached_property
    def disputes(self) -> Disputes:
        return Disputes(self.node, *self._place("ReceivableDisputes"))

    @cached_property
    def servicing(self) -> Servicing:
        return Servicing(self.node, *self._place("Servicing"))

    @cached_property
    def applications(self) -> Applications:
        return Applications(self.node, *self._place("Applications"))

    @cached_property
    def concentration(self) -> Concentration:
        return Concentration(self.node, *self._place("Concentration"))

    @cached_property
    def insurance(self) -> Insurance:
        return Insurance(self.node, *self._place("InsurancePolicies"))

    @cached_property
    def health(self) -> HealthCheck:
        return HealthCheck(self.node, *self._place("HealthCheck"))

    def cash(self, currency: str) -> Cash:
        """Raises `ContractUnknown` where the network has no such currency; `pool`, `vault` and `reserve` likewise."""
        return self._cash(currency)

    def pool(self, currency: str) -> Pool:
        return self._pools(currency)

    def vault(self, currency: str, tranche: Tranche) -> Vault:
        return self._vaults(f"{tranche.name.title()}Tranche:{currency}")

    def reserve(self, currency: str) -> Reserve:
        return self._reserves(currency)

    def _place(self, name: str) -> tuple[str, ChecksumAddress]:
        return name, self.addresses.address(name)
