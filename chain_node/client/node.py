"""Speaks JSON-RPC with one node through web3's provider, over connections that stay open, and turns its answers into
values and its refusals into typed errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import ReadTimeoutError
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from chain_node.client.answers import BoundedAdapter
from chain_node.client.dialects import is_block_missing, pool_refusal
from chain_node.client.values import Block, BlockTag, Call, Log, Receipt
from chain_node.errors import AnswerMalformed, BlockMissing, ChainError, NodeUnavailable, RequestRefused
from chain_node.errors.decoding import decode_revert
from chain_node.interface import checksum

_CONNECTIONS: Final = 128
_MOST_IN_BATCH: Final = 100
"""Nodes refuse longer ones, some at a thousand."""
_MOST_LARGE: Final = 16
"""Of those with a whole transaction's calldata or logs: nodes refuse requests of some megabytes."""
_REVERTED: Final = re.compile(r"revert", re.IGNORECASE)


class Node:
    """One node. Safe to share between threads. Proxies named by the environment are not used. An answer has
    `timeout_seconds` as a whole; a long one more, while it arrives."""

    def __init__(self, rpc_url: str, timeout_seconds: float = 10.0) -> None:
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", BoundedAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS))
        session.mount("https://", BoundedAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS))
        self.rpc_url = without_secrets(rpc_url)
        """For messages."""
        settings = {"timeout": timeout_seconds}
        self._provider = HTTPProvider(rpc_url, settings, session=session, exception_retry_configuration=None)

    def request(self, method: str, *params: Any, contract: str | None = None) -> Any:
        """The result of one request. `contract` helps to name a revert's values."""
        try:
            answer = cast(dict[str, Any], self._provider.make_request(RPCEndpoint(method), list(params)))
        except requests.RequestException as error:
            raise NodeUnavailable(self.rpc_url, _why(error)) from error
        except ValueError as error:
            raise AnswerMalformed(
                f"the node at {self.rpc_url} answered {method} with something that is not JSON"
            ) from error
        if not isinstance(answer, dict):
            raise AnswerMalformed(f"the node at {self.rpc_url} answered {method} with what is not an answer to it")
        return self._result(method, answer, contract)

    def batch(self, requests_: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results of many requests sent at once, in their order; raises the first error among them."""
        results = self.try_batch(requests_)
        for result in results:
            if isinstance(result, ChainError):
                raise result
        return results

    def try_batch(self, requests_: Sequence[tuple[str, Sequence[Any]]], contract: str | None = None) -> list[Any]:
        """As `batch`, but each request that was refused has its error in its place."""
        if not requests_:
            return []
        try:
            pairs = [(RPCEndpoint(method), list(params)) for method, params in requests_]
            answers = self._provider.make_batch_request(pairs)
        except requests.RequestException as error:
            raise NodeUnavailable(self.rpc_url, _why(error)) from error
        except (ValueError, TypeError, AttributeError) as error:
            raise AnswerMalformed(f"the node at {self.rpc_url} answered a batch with something that is none") from error
        if not isinstance(answers, list) or len(answers) != len(requests_):
            raise AnswerMalformed(f"the node at {self.rpc_url} did not answer each of {len(requests_)} requests")
        results: list[Any] = []
        for (method, _), answer in zip(requests_, answers, strict=True):
            try:
                results.append(self._result(method, cast(dict[str, Any], answer), contract))
            except ChainError as refusal:
                results.append(refusal)
        return results

    def close(self) -> None:
        session = self._provider._request_session_manager._explicit_session
        if session is not None:
            session.close()

    def chain_id(self) -> int:
        return int(self.request("eth_chainId"), 16)

    def client_version(self) -> str:
        return str(self.request("web3_clientVersion"))

    def block_number(self) -> int:
        return int(self.request("eth_blockNumber"), 16)

    def block(self, block: BlockTag = "latest") -> Block:
        """Raises `AnswerMalformed` where the node has no such block (yet, or any more)."""
        answer = self.request("eth_getBlockByNumber", tag(block), False)
        if answer is None:
            raise AnswerMalformed(f"the node at {self.rpc_url} has no block {block}")
        return read_block(answer)

    def code(self, address: str, block: BlockTag = "latest") -> bytes:
        return _bytes(self.request("eth_getCode", address, tag(block)))

    def transaction_count(self, address: str, block: BlockTag = "latest") -> int:
        return int(self.request("eth_getTransactionCount", address, tag(block)), 16)

    def call(self, to: str, data: bytes, sender: str | None, block: BlockTag, contract: str | None = None) -> bytes:
        """What a call would return; raises the typed revert."""
        message = _message(to, data, sender)
        return _bytes(self.request("eth_call", message, tag(block), contract=contract))

    def calls(self, to: str, datas: Sequence[bytes], block: BlockTag) -> list[bytes]:
        """What many calls of one contract would return, asked at once; raises the first refusal among them."""
        answers: list[bytes] = []
        for start in range(0, len(datas), _MOST_IN_BATCH):
            part = datas[start : start + _MOST_IN_BATCH]
            requests_ = [("eth_call", (_message(to, data, None), tag(block))) for data in part]
            answers += map(_bytes, self.batch(requests_))
        return answers

    def estimate_gas(self, to: str | None, data: bytes, sender: str, contract: str | None = None) -> int:
        return int(self.request("eth_estimateGas", _message(to, data, sender), contract=contract), 16)

    def estimates(self, calls: Sequence[Call], sender: str) -> list[int | ChainError]:
        """As `estimate_gas`, of many at once; in the place of each that was refused its error."""
        found: list[int | ChainError] = []
        for start in range(0, len(calls), _MOST_LARGE):
            for contract, part in groupby(calls[start : start + _MOST_LARGE], lambda its: its.contract):
                asked = [("eth_estimateGas", (_message(its.to, its.data, sender),)) for its in part]
                answers = self.try_batch(asked, contract)
                found += [its if isinstance(its, ChainError) else int(its, 16) for its in answers]
        return found

    def send_raw(self, raw: bytes) -> bytes:
        """Hands a signed transaction over; its hash. Raises why the pool did not take it."""
        return _bytes(self.request("eth_sendRawTransaction", "0x" + raw.hex()))

    def receipt(self, transaction_hash: bytes) -> Receipt | None:
        answer = self.request("eth_getTransactionReceipt", "0x" + transaction_hash.hex())
        return None if answer is None else read_receipt(answer)

    def receipts(self, transaction_hashes: Sequence[bytes]) -> Iterator[Receipt | None]:
        """As `receipt`, of many; asked for as they are taken, so that few are held at a time."""
        for start in range(0, len(transaction_hashes), _MOST_LARGE):
            part = transaction_hashes[start : start + _MOST_LARGE]
            for answer in self.batch([("eth_getTransactionReceipt", ("0x" + its.hex(),)) for its in part]):
                yield None if answer is None else read_receipt(answer)

    def block_receipts(self, number: int) -> list[Receipt]:
        answer = self.request("eth_getBlockReceipts", tag(number))
        if answer is None:
            raise AnswerMalformed(f"the node at {self.rpc_url} has no receipts of block {number}")
        return [read_receipt(item) for item in answer]

    def logs(self, addresses: Sequence[str], from_block: int, to_block: int) -> list[Log]:
        """In order."""
        return read_logs(self.request("eth_getLogs", logs_query(addresses, from_block, to_block)))

    def _result(self, method: str, answer: dict[str, Any], contract: str | None) -> Any:
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        raise _refusal(method, error if isinstance(error, dict) else {"message": str(error)}, contract)


def tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block


def logs_query(addresses: Sequence[str], from_block: int, to_block: int) -> dict[str, Any]:
    return {"address": list(addresses), "fromBlock": tag(from_block), "toBlock": tag(to_block)}


def read_logs(answer: list[dict[str, Any]]) -> list[Log]:
    return sorted(map(read_log, answer), key=lambda log: (log.block_number, log.log_index))


def read_times(answer: list[dict[str, Any]]) -> dict[int, int]:
    """When the blocks were made that logs stand in, by their numbers, as far as the node tells it with the logs."""
    told = {log["blockNumber"]: log.get("blockTimestamp") for log in answer}
    return {int(number, 16): int(time, 16) for number, time in told.items() if time not in (None, "0x0")}


def read_block(answer: dict[str, Any]) -> Block:
    return Block(
        number=int(answer["number"], 16),
        hash=_bytes(answer["hash"]),
        parent_hash=_bytes(answer["parentHash"]),
        timestamp=int(answer["timestamp"], 16),
        transaction_hashes=tuple(_bytes(item) for item in answer["transactions"]),
    )


def read_log(answer: dict[str, Any]) -> Log:
    return Log(
        address=checksum(answer["address"]),
        topics=tuple(_bytes(topic) for topic in answer["topics"]),
        data=_bytes(answer["data"]),
        block_number=int(answer["blockNumber"], 16),
        block_hash=_bytes(answer["blockHash"]),
        transaction_hash=_bytes(answer["transactionHash"]),
        log_index=int(answer["logIndex"], 16),
    )


def read_receipt(answer: dict[str, Any]) -> Receipt:
    to, created = answer.get("to"), answer.get("contractAddress")
    return Receipt(
        transaction_hash=_bytes(answer["transactionHash"]),
        transaction_index=int(answer["transactionIndex"], 16),
        block_number=int(answer["blockNumber"], 16),
        block_hash=_bytes(answer["blockHash"]),
        succeeded=int(answer["status"], 16) == 1,
        gas_used=int(answer["gasUsed"], 16),
        sender=checksum(answer["from"]),
        to=checksum(to) if to else None,
        contract_address=checksum(created) if created else None,
        logs=tuple(read_log(item) for item in answer["logs"]),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _message(to: str | None, data: bytes, sender: str | None) -> dict[str, str]:
    message = {"data": "0x" + data.hex()}
    if to is not None:
        message["to"] = to
    if sender is not None:
        message["from"] = sender
    return message


def _refusal(method: str, error: dict[str, Any], contract: str | None) -> ChainError:
    message, code = str(error.get("message", "")), int(error.get("code", 0))
    if method == "eth_sendRawTransaction":
        return pool_refusal(message)
    data = _revert_data(error.get("data"))
    if data is not None or _REVERTED.search(message):
        return decode_revert(data or b"", contract)
    return BlockMissing(method, code, message) if is_block_missing(message) else RequestRefused(method, code, message)


def _revert_data(data: Any) -> bytes | None:
    """Revert data as nodes carry it: bare, behind the word `Reverted`, or nested one deeper."""
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str):
        return None
    found = re.fullmatch(r"(?:Reverted )?0x([0-9a-fA-F]*)", data)
    return bytes.fromhex(found.group(1)) if found else None


def without_secrets(rpc_url: str) -> str:
    """Where a node is, for logs and errors: an address may hold a password, and its path a hosted node's key."""
    address = urlsplit(rpc_url)
    return urlunsplit((address.scheme, address.netloc.rpartition("@")[2], "", "", ""))


def _why(error: requests.RequestException) -> str:
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return "no connection"
