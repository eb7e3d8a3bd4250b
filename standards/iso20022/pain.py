"""pain.001.001.09: credit transfers as a payer hands them to its own bank, each with the creditor's reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from lxml import etree
from stdnum import bic, iban
from stdnum.exceptions import ValidationError

from standards.iso20022.errors import Iso20022Invalid
from standards.money import from_minor, total

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_ID: Final = re.compile(r"[0-9A-Za-z/?:().,'+ -]{1,35}", re.ASCII)
_LONGEST_NAME: Final = 140


@dataclass(frozen=True)
class Account:
    """Whose account it is, and where. `bic` may be empty. Raises Iso20022Invalid where the check digits are wrong."""

    name: str
    iban: str
    bic: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= _LONGEST_NAME or not self.name.isprintable():
            raise Iso20022Invalid(f"the name {self.name[:40]!r} must have 1 to {_LONGEST_NAME} printable characters")
        for value, check, what in ((self.iban, iban.validate, "IBAN"), (self.bic, bic.validate, "BIC")):
            try:
                if value or what == "IBAN":
                    check(value)
            except ValidationError:
                raise Iso20022Invalid(f"{value[:40]!r} is no {what}: its form or its check digits are wrong") from None


@dataclass(frozen=True)
class Transfer:
    """One payment. `amount` is in minor units, above zero; ids have up to 35 characters of the SEPA set."""

    end_to_end_id: str
    amount: int
    currency: str
    creditor: Account
    reference: str

    def __post_init__(self) -> None:
        _require_id("EndToEndId", self.end_to_end_id)
        if self.amount <= 0:
            raise Iso20022Invalid(f"the amount of {self.end_to_end_id} is {self.amount} minor units, not above zero")


def write_transfers(
    message_id: str, debtor: Account, execute_on: date, transfers: Sequence[Transfer], created_at: datetime
) -> bytes:
    """One message with one payment information for each currency, in UTF-8. Raises Iso20022Invalid where there is no
    transfer, two have one id, or an id is none."""
    _require_id("MsgId", message_id)
    ids = [transfer.end_to_end_id for transfer in transfers]
    if not ids or len(set(ids)) != len(ids):
        raise Iso20022Invalid("there must be transfers, each with an EndToEndId of its own")
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    message = _below(root, "CstmrCdtTrfInitn")
    header = _below(message, "GrpHdr")
    _below(header, "MsgId", message_id)
    _below(header, "CreDtTm", created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _totals(header, transfers)
    _below(_below(header, "InitgPty"), "Nm", debtor.name)
    for number, currency in enumerate(sorted({transfer.currency for transfer in transfers}), start=1):
        its = [transfer for transfer in transfers if transfer.currency == currency]
        _payment(message, f"{message_id[:31]}-{number}", debtor, execute_on, its)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _payment(
    message: etree._Element, payment_id: str, debtor: Account, execute_on: date, transfers: Sequence[Transfer]
) -> None:
    payment = _below(message, "PmtInf")
    _below(payment, "PmtInfId", payment_id)
    _below(payment, "PmtMtd", "TRF")
    _totals(payment, transfers)
    _below(_below(payment, "ReqdExctnDt"), "Dt", execute_on.isoformat())
    _below(_below(payment, "Dbtr"), "Nm", debtor.name)
    _account(payment, "DbtrAcct", debtor)
    _bank(payment, "DbtrAgt", debtor)
    for transfer in transfers:
        _transfer(payment, transfer)


def _transfer(payment: etree._Element, transfer: Transfer) -> None:
    its = _below(payment, "CdtTrfTxInf")
    _below(_below(its, "PmtId"), "EndToEndId", transfer.end_to_end_id)
    amount = _below(_below(its, "Amt"), "InstdAmt", f"{from_minor(transfer.amount, transfer.currency):f}")
    amount.set("Ccy", transfer.currency)
    if transfer.creditor.bic:
        _bank(its, "CdtrAgt", transfer.creditor)
    _below(_below(its, "Cdtr"), "Nm", transfer.creditor.name)
    _account(its, "CdtrAcct", transfer.creditor)
    reference = _below(_below(_below(its, "RmtInf"), "Strd"), "CdtrRefInf")
    kind = _below(reference, "Tp")
    _below(_below(kind, "CdOrPrtry"), "Cd", "SCOR")
    _below(kind, "Issr", "ISO")
    _below(reference, "Ref", transfer.reference)


def _totals(element: etree._Element, transfers: Sequence[Transfer]) -> None:
    _below(element, "NbOfTxs", str(len(transfers)))
    _below(element, "CtrlSum", f"{total(from_minor(its.amount, its.currency) for its in transfers):f}")


def _account(element: etree._Element, name: str, account: Account) -> None:
    _below(_below(_below(element, name), "Id"), "IBAN", iban.compact(account.iban))


def _bank(element: etree._Element, name: str, account: Account) -> None:
    institution = _below(_below(element, name), "FinInstnId")
    if account.bic:
        _below(institution, "BICFI", bic.compact(account.bic))
    else:
        _below(_below(institution, "Othr"), "Id", "NOTPROVIDED")


def _below(element: etree._Element, name: str, text: str | None = None) -> etree._Element:
    found = etree.SubElement(element, f"{{{NAMESPACE}}}{name}")
    found.text = text
    return found


def _require_id(what: str, value: str) -> None:
    if not _ID.fullmatch(value) or value.startswith("/") or value.endswith("/") or "//" in value:
        raise Iso20022Invalid(f"{what} {value[:50]!r} must have 1 to 35 letters, digits or / - ? : ( ) . , ' +")
