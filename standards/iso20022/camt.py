"""What a bank says was booked: camt.053 (end of day), camt.054 (as it happens) and camt.052 (within the day).

Versions differ in their namespace, in `Sts` (a code, or an element that holds one, from .08 on) and in `BIC`/`BICFI`;
they are read alike. Some banks leave a transaction's own amount at zero where the entry carries it: the entry's counts,
unless an entry holds several transactions, each of which must then say its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from lxml import etree

from standards.iso20022.errors import Iso20022Invalid
from standards.iso20022.references import found_references
from standards.money import MoneyInvalid, decimal, to_minor
from standards.xml import parse

_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.001\.(\d{2})")
_REPORTS: Final = {"camt.052": "Rpt", "camt.053": "Stmt", "camt.054": "Ntfctn"}
BOOKED: Final = "BOOK"


@dataclass(frozen=True)
class Entry:
    """One booked or announced movement. `amount` is in minor units and above zero; `is_credit`: it came in.

    `bank_reference` is the account servicer's and, with the account, names the movement once and for all, in whichever
    message it stands. Where a bank gives none (`is_named` is false) it is made of the statement's number and the place
    in it, so the same movement in another message has another.
    """

    bank_reference: str
    is_named: bool
    amount: int
    currency: str
    is_credit: bool
    is_reversal: bool
    status: str
    booked_on: date
    end_to_end_id: str
    creditor_references: tuple[str, ...]
    debtor_name: str
    debtor_iban: str
    remittance: str
    line: int | None

    @property
    def is_booked(self) -> bool:
        return self.status == BOOKED


@dataclass(frozen=True)
class Statement:
    """One account's part of a message. `number` is the bank's for it."""

    kind: str
    message_id: str
    number: str
    iban: str
    currency: str
    entries: tuple[Entry, ...]


def read_statement(data: bytes) -> list[Statement]:
    """The statements of a message, with every entry in its order. Raises XmlRefused, and Iso20022Invalid with the line
    for what cannot be read: nothing of such a message may be booked."""
    root = parse(data)
    found = _NAMESPACE.fullmatch(etree.QName(root).namespace or "")
    if found is None or etree.QName(root).localname != "Document":
        raise Iso20022Invalid("it is no camt.052, camt.053 or camt.054", _line(root))
    message = _Reader(root, {"c": etree.QName(root).namespace or ""})
    kind = found.group(1)
    message_id = message.required("*/c:GrpHdr/c:MsgId")
    reports = message.all(f"*/c:{_REPORTS[kind]}")
    if not reports:
        raise Iso20022Invalid(f"it holds no {_REPORTS[kind]}", _line(root))
    return [_statement(kind, message_id, report) for report in reports]


@dataclass(frozen=True)
class _Reader:
    element: etree._Element
    names: dict[str, str]

    @property
    def line(self) -> int | None:
        return _line(self.element)

    def all(self, path: str) -> list[_Reader]:
        return [_Reader(found, self.names) for found in self.element.iterfind(path, self.names)]

    def text(self, path: str) -> str:
        """The trimmed text of the first element at `path`; empty where there is none."""
        found = self.element.find(path, self.names)
        return "" if found is None else (found.text or "").strip()

    def first(self, *paths: str) -> str:
        return next((text for path in paths if (text := self.text(path))), "")

    def required(self, path: str) -> str:
        text = self.text(path)
        if not text:
            raise Iso20022Invalid(f"{_plain(path)} is missing or empty", self.line)
        return text

    def amount(self, path: str = "c:Amt") -> tuple[int, str] | None:
        """Minor units and currency; None where there is no amount, or zero."""
        found = self.element.find(path, self.names)
        if found is None:
            return None
        currency = str(found.get("Ccy") or "")
        try:
            value = decimal(found.text or "")
            if value < Decimal(0):
                raise MoneyInvalid("it is below zero")
            return (to_minor(value, currency), currency) if value else None
        except MoneyInvalid as error:
            raise Iso20022Invalid(f"{_plain(path)}: {error}", _line(found)) from error

    def day(self) -> date:
        text = self.first("c:BookgDt/c:Dt", "c:BookgDt/c:DtTm", "c:ValDt/c:Dt", "c:ValDt/c:DtTm")
        try:
            return datetime.fromisoformat(text).date()
        except ValueError:
            raise Iso20022Invalid(f"BookgDt is {text[:40]!r}, not a date", self.line) from None

    def is_true(self, path: str) -> bool:
        text = self.text(path)
        if text not in ("", "true", "false", "1", "0"):
            raise Iso20022Invalid(f"{_plain(path)} is {text[:20]!r}, neither true nor false", self.line)
        return text in ("true", "1")


def _line(element: etree._Element) -> int | None:
    line = element.sourceline
    return line if isinstance(line, int) else None


def _plain(path: str) -> str:
    return path.replace("c:", "").removeprefix("*/")


def _statement(kind: str, message_id: str, report: _Reader) -> Statement:
    number = report.required("c:Id")
    iban = report.first("c:Acct/c:Id/c:IBAN", "c:Acct/c:Id/c:Othr/c:Id").replace(" ", "").upper()
    if not iban:
        raise Iso20022Invalid("Acct/Id is missing: nobody knows whose money it is", report.line)
    entries = list[Entry]()
    for place, entry in enumerate(report.all("c:Ntry"), start=1):
        entries += _entries(f"{number}/{place}", entry)
    return Statement(kind, message_id, number, iban, report.text("c:Acct/c:Ccy"), tuple(entries))


def _entries(fallback: str, entry: _Reader) -> list[Entry]:
    details = entry.all("c:NtryDtls/c:TxDtls")
    whole = entry.amount()
    if whole is None:
        raise Iso20022Invalid("Ntry/Amt is missing or zero", entry.line)
    if len(details) <= 1:
        return [_entry(fallback, entry, details[0] if details else entry, whole, entry.text("c:AcctSvcrRef"))]
    amounts = [detail.amount() or detail.amount("c:AmtDtls/c:TxAmt/c:Amt") for detail in details]
    named = entry.text("c:AcctSvcrRef")
    parts = [
        _entry(f"{fallback}/{n}", entry, detail, amount or (0, whole[1]), f"{named}/{n}" if named else "")
        for n, (detail, amount) in enumerate(zip(details, amounts, strict=True), start=1)
    ]
    if any(not part.amount for part in parts):
        raise Iso20022Invalid("a transaction of a collective entry has no amount of its own", entry.line)
    if any(part.currency != whole[1] for part in parts) or sum(part.amount for part in parts) != whole[0]:
        raise Iso20022Invalid(
            f"the transactions of a collective entry sum to {sum(part.amount for part in parts)} minor units, "
            f"the entry to {whole[0]}",
            entry.line,
        )
    return parts


def _entry(fallback: str, entry: _Reader, detail: _Reader, amount: tuple[int, str], named: str) -> Entry:
    direction = entry.required("c:CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise Iso20022Invalid(f"CdtDbtInd is {direction[:20]!r}, neither CRDT nor DBIT", entry.line)
    said = " ".join(found.element.text or "" for found in detail.all("c:RmtInf/c:Ustrd")).strip()
    structured = [found.element.text or "" for found in detail.all("c:RmtInf/c:Strd/c:CdtrRefInf/c:Ref")]
    own = detail.text("c:Refs/c:AcctSvcrRef")
    end_to_end = detail.text("c:Refs/c:EndToEndId")
    return Entry(
        bank_reference=own or named or fallback,
        is_named=bool(own or named),
        amount=amount[0],
        currency=amount[1],
        is_credit=direction == "CRDT",
        is_reversal=entry.is_true("c:RvslInd"),
        status=entry.first("c:Sts/c:Cd", "c:Sts"),
        booked_on=entry.day(),
        end_to_end_id="" if end_to_end == "NOTPROVIDED" else end_to_end,
        creditor_references=tuple(
            dict.fromkeys(reference for text in (*structured, said, end_to_end) for reference in found_references(text))
        ),
        debtor_name=detail.first("c:RltdPties/c:Dbtr/c:Pty/c:Nm", "c:RltdPties/c:Dbtr/c:Nm"),
        debtor_iban=detail.text("c:RltdPties/c:DbtrAcct/c:Id/c:IBAN").replace(" ", "").upper(),
        remittance=said,
        line=entry.line,
    )
