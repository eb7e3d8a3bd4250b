"""Everything that can go wrong between us and a chain. Two bases say what a loop does about it: try again, or call a
person. `reverts` has one class per custom error of the contracts."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class ChainError(Exception):
    """Base of all errors of this package."""


class RetryableError(ChainError):
    """The same attempt may succeed later, unchanged."""


class OperatorActionRequired(ChainError):
    """Nothing will change until a person does something."""


class NodeUnavailable(RetryableError):
    """The node does not answer, or not in time. Whether it took what was sent is unknown."""

    def __init__(self, rpc_url: str, why: str) -> None:
        super().__init__(f"the chain's node at {rpc_url} does not answer: {why}")
        self.rpc_url, self.why = rpc_url, why


class NoEndpointUsable(NodeUnavailable):
    """Of several nodes none may be read from now: each is away, behind, or not to be trusted."""

    def __init__(self, why: str) -> None:
        RetryableError.__init__(self, f"none of the chain's nodes can be used: {why}")
        self.rpc_url, self.why = "", why


class WrongNetwork(OperatorActionRequired):
    """The node serves another network than the address book describes."""

    def __init__(self, rpc_url: str, why: str) -> None:
        super().__init__(f"the node at {rpc_url} serves another network: {why}")
        self.rpc_url, self.why = rpc_url, why


class DeploymentsInvalid(OperatorActionRequired):
    """The list of deployed contracts is missing or malformed."""


class ContractUnknown(OperatorActionRequired):
    """The network has no contract of that name."""

    def __init__(self, name: str, network: str) -> None:
        super().__init__(f"the network {network} has no contract named {name}")
        self.name, self.network = name, network


class RequestRefused(ChainError):
    """The node understood the request and refused it, for a reason that has no class of its own."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"the node refused {method}: {message} (code {code})")
        self.method, self.code, self.message = method, code, message


class BlockMissing(RequestRefused):
    """The node lacks the block that it was asked about, or that block's state: not yet, or not any more."""


class AnswerMalformed(ChainError):
    """The node's answer is not what the protocol, or the contract's interface, says it is."""


class TransactionRefused(ChainError):
    """The node did not take a transaction into its pool."""

    def __init__(self, message: str) -> None:
        super().__init__(f"the node did not take the transaction: {message}")
        self.message = message


class NonceTooLow(TransactionRefused):
    """Another transaction of this signer already has that number, in a block."""


class NonceTooHigh(TransactionRefused, RetryableError):
    """An earlier transaction of this signer is missing, and the node does not keep later ones."""


class AlreadyKnown(TransactionRefused):
    """The node has this very transaction already: nothing is lost."""


class UnderpricedReplacement(TransactionRefused):
    """Another transaction with that number waits, and this one does not pay enough more to take its place."""


class GasTooLittle(TransactionRefused):
    """The gas is below what the transaction needs before its first step."""


class GasTooMuch(TransactionRefused):
    """The gas is above what one block, or one transaction, may use."""


class FundsMissing(TransactionRefused, OperatorActionRequired):
    """The signer cannot pay for gas; on a zero-price network this says that a gas price was set."""


class PoolFull(TransactionRefused, RetryableError):
    """The node's pool of waiting transactions is full."""


class ContractReverted(ChainError):
    """A contract refused. `values` holds the error's parameters by their Solidity names, `context` the same as JSON."""

    def __init__(self, name: str, values: dict[str, Any], message: str) -> None:
        super().__init__(message)
        self.name, self.values, self.message = name, values, message

    @property
    def context(self) -> dict[str, Any]:
        """The values as JSON can carry them: bytes and numbers beyond 2^53 as 0x-hexadecimal text,
        states by name."""
        return {name: _plain(value) for name, value in self.values.items()}


class RequirementFailed(ContractReverted):
    """A plain-text refusal, `Error(string)`; ours have classes of their own, so this comes from elsewhere."""


class ContractPanicked(ContractReverted):
    """The Solidity compiler's own check failed, `Panic(uint256)`: a flaw in a contract, never a user's mistake."""


class RevertUnknown(ContractReverted):
    """A contract refused with data that no known interface explains, or with none."""


def _plain(value: Any) -> Any:
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) if abs(value) < 2**53 else f"0x{value:064x}"
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
