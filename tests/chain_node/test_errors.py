from __future__ import annotations

import re
from pathlib import Path

import pytest

from chain_node.client.dialects import DIALECTS
from chain_node.client.node import _refusal
from chain_node.errors import (
    AlreadyKnown,
    BlockMissing,
    ChainError,
    ContractPanicked,
    ContractReverted,
    FundsMissing,
    GasTooLittle,
    GasTooMuch,
    NonceTooHigh,
    NonceTooLow,
    OperatorActionRequired,
    RequirementFailed,
    RetryableError,
    RevertUnknown,
    TransactionRefused,
    UnderpricedReplacement,
    reverts,
)
from chain_node.errors.decoding import decode_revert
from chain_node.errors.messages import TEMPLATES
from chain_node.interface import ErrorType, interfaces
from chain_node.vocabulary import ENUMS

ROOT = Path(__file__).resolve().parents[2]
# OpenZeppelin's internals that no honest caller meets: their own words must do.
UNWORDED = re.compile(r"^(ECDSA|SafeCast|StringTooLong|InvalidShortString|FailedCall|AddressEmpty|InsufficientBalance)")


def all_errors() -> list[tuple[str, ErrorType]]:
    return [(name, error) for name, contract in interfaces().items() for error in contract.errors.values()]


def find(contract: str, name: str) -> ErrorType:
    return next(error for error in interfaces()[contract].errors.values() if error.name == name)


def revert_data(contract: str, name: str, *values: object) -> bytes:
    error = find(contract, name)
    return error.selector + error.inputs.encode(values)


def sample(kind: str) -> object:
    if kind.startswith("("):
        return tuple(sample(part) for part in kind[1:-1].split(","))
    if kind == "address":
        return "0x" + "11" * 20
    if kind == "string":
        return "text"
    if kind.startswith("bytes"):
        return b"\x41" * int(kind.removeprefix("bytes") or 4)
    return True if kind == "bool" else 1


def test_no_error_means_one_choice_here_and_another_there() -> None:
    """Where the contract is not known, the number of a choice would be given the wrong name, or none."""
    choices: dict[bytes, set[tuple[str, ...]]] = {}
    for _, error in all_errors():
        named = tuple(p.internal for p in error.inputs.parameters if p.internal in ENUMS)
        choices.setdefault(error.selector, set()).add(named)

    assert [each for each in choices.values() if len(each) != 1] == []


def test_every_error_of_the_contracts_has_a_class_and_a_message() -> None:
    for contract, error in all_errors():
        data = error.selector + error.inputs.encode(
            [0 if p.internal in ENUMS else sample(p.type) for p in error.inputs.parameters]
        )

        reverted = decode_revert(data, contract)

        assert type(reverted) is getattr(reverts, error.name)
        assert isinstance(reverted, ContractReverted)
        assert set(reverted.values) == {p.name for p in error.inputs.parameters}
        assert "{" not in str(reverted)


def test_every_error_that_is_ours_is_worded() -> None:
    unworded = {
        error.name
        for _, error in all_errors()
        if not any(key.partition("(")[0] == error.name for key in TEMPLATES) and not UNWORDED.match(error.name)
    }

    assert unworded == set()


def test_messages_name_every_value_of_their_error() -> None:
    """Both values that were compared must be in the message, or the refusal cannot be explained."""
    silent = {
        f"{error.name}.{name}"
        for contract, error in all_errors()
        if not UNWORDED.match(error.name)
        for name in _unnamed(contract, error)
    }

    assert silent == set()


def _unnamed(contract: str, error: ErrorType) -> list[str]:
    marks = {p.name: f"{i + 2:02x}" * 20 for i, p in enumerate(error.inputs.parameters) if p.type == "address"}
    values = ["0x" + marks[p.name] if p.name in marks else sample(p.type) for p in error.inputs.parameters]
    message = str(decode_revert(error.selector + error.inputs.encode(values), contract)).lower()
    return [name for name, mark in marks.items() if mark not in message]


@pytest.mark.parametrize(
    ("contract", "name", "values", "ending"),
    [
        ("ReceivableToken", "NotTransferable", (7, 1, 2), "it is registered; this takes one that is accepted"),
        ("OrderEscrow", "OrderValueOutOfRange", (7, 0, 900), "a value of 0 minor units; it must be from 1 to 900"),
        (
            "OrderEscrow",
            "DeliverByOutOfRange",
            (7, 19_999, 20_000, 65_535),
            "delivered by 2024-10-03; it must be from 2024-10-04 to 2149-06-06",
        ),
        (
            "FinancingDesk",
            "FacilityEndInPast",
            ("0x" + "11" * 20, 1_700_000_000, 1_800_000_000),
            "expire at 2023-11-14T22:13:20Z, which is not after now, 2027-01-15T08:00:00Z",
        ),
    ],
)
def test_what_was_found_stands_beside_what_was_needed(
    contract: str, name: str, values: tuple[object, ...], ending: str
) -> None:
    assert str(decode_revert(revert_data(contract, name, *values), contract)).endswith(ending)


def test_one_selector_is_read_by_the_contract_that_was_called() -> None:
    values = (7, "0x" + "11" * 20)

    of_invoice = decode_revert(revert_data("ReceivableToken", "SignatureInvalid", *values), "ReceivableToken")
    of_lot = decode_revert(revert_data("WarehouseReceiptToken", "SignatureInvalid", *values), "WarehouseReceiptToken")

    assert of_invoice.values["id"] == 7
    assert "invoice" in str(of_invoice)
    assert of_lot.values["lot"] == 7
    assert "lot" in str(of_lot)


def test_terms_of_an_invoice_and_of_an_order_differ_in_their_own_words() -> None:
    values = (7, 100, 90, 3, 2, 20_000, 19_999)
    hashes = (7, b"\1" * 32, b"\2" * 32)

    of_invoice = decode_revert(revert_data("ReceivableToken", "AcceptanceDiffers", *values), "ReceivableToken")
    of_order = decode_revert(revert_data("OrderEscrow", "AcceptanceDiffers", *hashes), "OrderEscrow")

    assert of_invoice.values["registeredFaceValue"] == 90
    assert "due 2024-10-03; the acceptance says 100, 3, 2024-10-04" in str(of_invoice)
    assert of_order.values["registered"] == b"\2" * 32
    assert "order" in str(of_order)


def test_error_of_a_contract_further_down_is_found() -> None:
    data = revert_data("ParticipantRegistry", "KycExpired", "0x" + "11" * 20, 1_700_000_000, 1_800_000_000)

    reverted = decode_revert(data, "FinancingDesk")

    assert isinstance(reverted, reverts.KycExpired)
    assert "expired at 2023-11-14T22:13:20Z, it is now 2027-01-15T08:00:00Z" in str(reverted)


def test_roles_are_words() -> None:
    reverted = decode_revert(revert_data("ParticipantRegistry", "RoleMissing", "0x" + "11" * 20, 0b11, 1 << 8))

    assert str(reverted).endswith("needs the role supplier; it holds carrier, warehouse")


def test_plain_text_refusal_keeps_its_text() -> None:
    text = b"stop"
    data = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")

    reverted = decode_revert(data)

    assert isinstance(reverted, RequirementFailed)
    assert str(reverted) == "the contract refused: stop"


def test_panic_is_a_flaw_and_says_which() -> None:
    reverted = decode_revert(bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"))

    assert isinstance(reverted, ContractPanicked)
    assert reverted.values == {"code": 0x11}
    assert "too large or negative" in str(reverted)


@pytest.mark.parametrize("data", [b"", b"\x01\x02", bytes.fromhex("deadbeef") + bytes(32)])
def test_data_that_nobody_knows_are_kept(data: bytes) -> None:
    reverted = decode_revert(data)

    assert isinstance(reverted, RevertUnknown)
    assert reverted.values == {"data": data}


def test_known_selector_with_damaged_data_is_unknown() -> None:
    data = revert_data("ReceivableToken", "ReceivableExists", 5, 2)[:-40]

    assert isinstance(decode_revert(data), RevertUnknown)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("nonce too low", NonceTooLow),
        ("nonce too low: next nonce 5, tx nonce 3", NonceTooLow),
        ("Nonce too low", NonceTooLow),
        ("transaction already imported", AlreadyKnown),
        ("already known", AlreadyKnown),
        ("Known transaction", AlreadyKnown),
        ("replacement transaction underpriced", UnderpricedReplacement),
        ("there is another tx which has the same nonce in the tx pool", UnderpricedReplacement),
        ("Transaction nonce is too distant from current sender nonce", NonceTooHigh),
        ("nonce too high", NonceTooHigh),
        ("intrinsic gas too low", GasTooLittle),
        ("Transaction gas limit exceeds block gas limit", GasTooMuch),
        ("Insufficient funds for gas * price + value", FundsMissing),
        ("Upfront cost exceeds account balance", FundsMissing),
        ("something new", TransactionRefused),
    ],
)
def test_refusals_of_the_pool_are_told_apart(message: str, kind: type[ChainError]) -> None:
    assert type(_refusal("eth_sendRawTransaction", {"code": -32000, "message": message}, None)) is kind


@pytest.mark.parametrize("form", ["{}", "Reverted {}"])
def test_revert_data_are_found_however_a_node_carries_them(form: str) -> None:
    data = form.format("0x" + revert_data("FinancingDesk", "FinancingUnknown", 4).hex())

    for carried in (data, {"data": data}):
        error = _refusal("eth_call", {"code": 3, "message": "execution reverted", "data": carried}, "FinancingDesk")

        assert str(error) == "there is no financing 4"


def test_bases_say_what_a_loop_does() -> None:
    assert issubclass(NonceTooHigh, RetryableError)
    assert issubclass(FundsMissing, OperatorActionRequired)
    assert not issubclass(ContractReverted, RetryableError)


def test_stub_lists_every_class() -> None:
    stub = (ROOT / "chain_node/errors/reverts.pyi").read_text()

    assert set(re.findall(r"^class (\w+)\(ContractReverted\)", stub, re.MULTILINE)) == set(reverts.BY_NAME)


@pytest.mark.parametrize("message", ["header not found", "Unknown block", "BlockOutOfRangeError: block height is 3"])
def test_block_that_a_node_lacks_is_told_apart(message: str) -> None:
    assert type(_refusal("eth_call", {"code": -32000, "message": message}, None)) is BlockMissing


def test_every_engine_words_the_refusals_that_loops_act_on() -> None:
    for dialect in DIALECTS:
        assert {NonceTooLow, AlreadyKnown, UnderpricedReplacement, NonceTooHigh} <= set(dialect.refusals), dialect.name
