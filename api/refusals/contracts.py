"""Which errors of the contracts a caller meets, by the call of the typed client that it takes; and what they say."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from api import examples
from api.errors import GatewayError, of_revert
from api.refusals.samples import sample
from api.refusals.sources import attributes, reached
from chain_node.client import Role
from chain_node.errors.decoding import decode_revert
from chain_node.interface import Parameter, interfaces

WHO_MAY_ACT: Final = ("NotAdmitted", "AccountIsFrozen", "OrganisationIsSuspended", "KycExpired", "RoleMissing")
"""Of any call: the registry is asked first."""
BY_CALL: Final[dict[str, tuple[str, ...]]] = {
    "accept": ("NotDebtorOf", "ReceivableStateWrong", "AcceptanceDiffers"),
    "pay": ("PaymentExceedsOutstanding", "ReceivableStateWrong", "ERC20InsufficientBalance"),
    "safe_transfer_from": ("NotTransferable", "AlreadyEncumbered", "PartTooSmall", "TierTooDeep", "SetOffKept"),
    "claim": ("NothingToClaim",),
    "register": ("ReceivableExists", "DebtorIsSupplier", "DueDateOutOfRange", "FaceValueOutOfRange"),
    "consent_to_cancellation": ("NotDebtorOf", "ReceivableStateWrong"),
    "cancel": ("NotSupplierOf", "ReceivableStateWrong"),
    "cancel_by_consent": ("ConsentMissing", "NotCancellable"),
    "mark_defaulted": ("NotOverdue", "ReceivableStateWrong"),
    "credit_note": ("NotSupplierOf", "DilutionExceedsOutstanding", "DisputeAmountOutOfRange", "TooManyDilutions"),
    "open_dispute": ("NotDebtorOf", "SetOffIsWaived", "DisputeTooLate", "DisputeAmountOutOfRange"),
    "withdraw_dispute": ("NotDebtorOf", "NoDispute"),
    "concede": ("NotSupplierOf", "NoDispute", "DisputeAmountOutOfRange"),
    "resolve": ("NoDispute", "DisputeAmountOutOfRange"),
    "reserve": ("ItemReserved", "ReservationOutOfRange", "NothingToReserve"),
    "end_reservation": ("NotReserved",),
    "open_financing": (
        "ItemNotFinanceable",
        "UnitsOutOfRange",
        "LadderMissing",
        "FacilityExpired",
        "AlreadyEncumbered",
    ),
    "open_facility": ("RateTooHigh",),
    "set_ladder": ("LadderInvalid",),
    "repay": ("RepaymentZero", "ERC20InsufficientBalance"),
    "release": ("StillOwed", "PledgeUnknown"),
    "poke": ("FinancingStateWrong", "RecourseIsOpen"),
    "set_impairment": ("ImpairmentTooLarge", "FinancingStateWrong"),
    "mark_overdue": ("NothingToWriteOff",),
    "declare_default": ("GraceNotOver", "NothingOwed"),
    "call_recourse": ("NoRecourse", "StillCovered"),
    "close_recourse": ("NotCovered", "RecourseNotOpen"),
    "forward": ("PledgeUnknown",),
    "agree": ("NotSupplierOf", "MaturityNotLater", "AmendmentStale", "AmendmentExpired"),
    "withdraw_agreement": ("AmendmentSpent",),
    "pay_commitment_fee": ("NothingDue", "ERC20InsufficientBalance"),
    "issue": ("PaymentReferenceUsed", "CurrencyUnlisted"),
    "register_organisation": ("OrganisationExists", "LeiInvalid", "JurisdictionInvalid", "KycInPast"),
    "admit_account": ("AccountExists", "AccountsFull"),
    "open_subject": ("SubjectExists",),
    "deposit": ("ERC20InsufficientBalance",),
    "request_redeem": ("RequestTooSmall", "RequestsFull", "SharesZero"),
    "withdraw": ("ClaimableAssetsTooLow",),
    "redeem": ("ClaimableSharesTooLow",),
    "close_epoch": ("EpochNotOver",),
    "send_reserve": ("NothingForReserve",),
}

_OWN: Final[dict[str, dict[str, Any]]] = {
    "RoleMissing": {"held": int(Role.SUPPLIER), "needed": int(Role.DEBTOR)},
}


def known_errors() -> set[str]:
    """The names of all custom errors of our contracts."""
    return {error.name for interface in interfaces().values() for error in interface.errors.values()}


def met_by(module: str, endpoint: str) -> Iterator[str]:
    """The errors that an endpoint's calls may be refused with; none where it calls no contract."""
    calls = {name for function in reached(module, endpoint) for name in attributes(function)}
    if "submit" in calls or "_submit" in calls:
        yield from WHO_MAY_ACT
        for call, names in BY_CALL.items():
            if call in calls:
                yield from names


@cache
def example(name: str) -> GatewayError:
    """The refusal as the gateway tells it, with the values of the example trade: encoded as the contract would, and
    decoded again."""
    # Where orders and invoices have errors of one name, the invoice's is shown.
    faces = sorted(interfaces().items(), key=lambda named: named[0] != "ReceivableToken")
    contract, error = next((face, its) for face, it in faces for its in it.errors.values() if its.name == name)
    own = _OWN.get(name, {})
    values = [own[its.name] if its.name in own else _value(its) for its in error.inputs.parameters]
    return of_revert(decode_revert(error.selector + error.inputs.encode(values), contract))


def _value(parameter: Parameter) -> Any:
    known = sample(parameter.name)
    if parameter.type.startswith("uint"):
        return _number(known, 2 ** int(parameter.type.removeprefix("uint")))
    if parameter.type.startswith("bytes"):
        size = int(parameter.type.removeprefix("bytes") or 32)
        raw = bytes.fromhex(known[2:]) if str(known).startswith("0x") else str(known).encode()
        return raw[:size].ljust(size, b"\0")
    plain = {"address": examples.ACCOUNT, "bool": True}
    return plain.get(parameter.type, str(known))


def _number(known: Any, above: int) -> int:
    number = int(known, 16) if str(known).startswith("0x") else known
    return number if isinstance(number, int) and number < above else 1
