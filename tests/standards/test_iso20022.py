"""Payment messages: what a payer's bank is told, and what an account's bank says was booked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from stdnum import iso11649

from standards.iso20022 import (
    Account,
    Iso20022Invalid,
    Transfer,
    creditor_reference,
    found_references,
    read_statement,
    write_transfers,
)
from standards.xml import XmlRefused

NETWORK = Account("Portolan Network", "DE89370400440532013000", "COBADEFFXXX")
BOREALIS = Account("Borealis Retail", "NO9386011117947")
REFERENCE = creditor_reference("PT000042")
NOON = datetime(2026, 7, 2, 12, tzinfo=UTC)


def entry(amount: str = "1000.00", **changes: Any) -> str:
    its = {
        "currency": "EUR",
        "direction": "CRDT",
        "status": "<Sts><Cd>BOOK</Cd></Sts>",
        "own": "<AcctSvcrRef>BANK-77</AcctSvcrRef>",
        "day": "<BookgDt><Dt>2026-07-02</Dt></BookgDt>",
        "details": details(),
        "more": "",
    } | changes
    return (
        f'<Ntry><Amt Ccy="{its["currency"]}">{amount}</Amt><CdtDbtInd>{its["direction"]}</CdtDbtInd>{its["more"]}'
        f"{its['status']}{its['day']}{its['own']}<NtryDtls>{its['details']}</NtryDtls></Ntry>"
    )


def details(remittance: str | None = None, *, refs: str = "", amount: str = "") -> str:
    said = remittance if remittance is not None else f"<Strd><CdtrRefInf><Ref>{REFERENCE}</Ref></CdtrRefInf></Strd>"
    return (
        f"<TxDtls><Refs>{refs}</Refs>{amount}<RltdPties><Dbtr><Pty><Nm>Borealis Retail</Nm></Pty></Dbtr></RltdPties>"
        f"<RmtInf>{said}</RmtInf></TxDtls>"
    )


def message(*entries: str, kind: str = "camt.053", version: str = "08", account: str | None = None) -> bytes:
    inner = {"camt.053": "Stmt", "camt.054": "Ntfctn", "camt.052": "Rpt"}.get(kind, "Stmt")
    iban = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>" if account is None else account
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}.001.{version}"><Bk><GrpHdr><MsgId>M-1</MsgId></GrpHdr>'
        f"<{inner}><Id>S-1</Id>{iban}{''.join(entries)}</{inner}></Bk></Document>"
    ).encode()


# References


@pytest.mark.parametrize("body", ["", "A" * 22, "a1", "Ä1", "A 1"])
def test_what_is_no_body_of_a_reference_is_refused(body):
    with pytest.raises(Iso20022Invalid, match="1 to 21 capital letters and digits"):
        creditor_reference(body)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=21))
def test_reference_is_found_however_people_type_it(body):
    reference = creditor_reference(body)

    assert iso11649.is_valid(reference)
    assert reference in found_references(f"invoice {iso11649.format(reference).lower()}; thank you")


def test_mistyped_reference_is_none():
    wrong = REFERENCE[:2] + f"{(int(REFERENCE[2:4]) + 1) % 100:02d}" + REFERENCE[4:]

    assert found_references(wrong) == []


# What was booked


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<Document/>", "no camt.052, camt.053 or camt.054"),
        (message(kind="pain.001"), "no camt.052, camt.053 or camt.054"),
        (message(entry("0.00")), "Ntry/Amt is missing or zero"),
        (message(entry("-5.00")), "below zero"),
        (message(entry("1.005")), "does not fit into the 2 decimals"),
        (message(entry(currency="XXX")), "no minor unit"),
        (message(entry(direction="IN")), "neither CRDT nor DBIT"),
        (message(entry(day="<BookgDt><Dt>soon</Dt></BookgDt>")), "not a date"),
        (message(entry(more="<RvslInd>perhaps</RvslInd>")), "neither true nor false"),
        (message(entry(), account="<Acct/>"), "nobody knows whose money"),
        (message(entry("9.00", details=details(amount='<Amt Ccy="EUR">4.00</Amt>') * 2)), "sum to 800 minor units"),
        (message(entry("9.00", details=details() * 2)), "no amount of its own"),
    ],
)
def test_what_cannot_be_booked_is_refused_as_a_whole(data, why):
    with pytest.raises(Iso20022Invalid, match=why):
        read_statement(data)


def test_entities_are_refused():
    with pytest.raises(XmlRefused):
        read_statement(b'<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>')


@pytest.mark.parametrize("kind", ["camt.052", "camt.053", "camt.054"])
@pytest.mark.parametrize(("version", "status"), [("02", "<Sts>BOOK</Sts>"), ("08", "<Sts><Cd>BOOK</Cd></Sts>")])
def test_entry_is_read_alike_in_every_version(kind, version, status):
    (statement,) = read_statement(message(entry(status=status), kind=kind, version=version))

    (found,) = statement.entries
    assert (statement.kind, statement.number, statement.iban) == (kind, "S-1", "DE89370400440532013000")
    assert (found.amount, found.currency, found.is_credit, found.is_booked) == (100_000, "EUR", True, True)
    assert (found.bank_reference, found.is_named, found.creditor_references) == ("BANK-77", True, (REFERENCE,))
    assert (found.booked_on, found.debtor_name, found.is_reversal) == (date(2026, 7, 2), "Borealis Retail", False)


def test_entrys_amount_counts_where_its_only_transaction_says_zero():
    (statement,) = read_statement(message(entry("250.00", details=details(amount='<Amt Ccy="EUR">0</Amt>'))))

    assert [found.amount for found in statement.entries] == [25_000]


def test_collective_entry_is_taken_apart():
    parts = details(amount='<Amt Ccy="EUR">4.00</Amt>') + details(
        f"<Ustrd>ref {iso11649.format(REFERENCE)}</Ustrd>",
        refs="<AcctSvcrRef>BANK-78</AcctSvcrRef><EndToEndId>E-9</EndToEndId>",
        amount='<AmtDtls><TxAmt><Amt Ccy="EUR">5.00</Amt></TxAmt></AmtDtls>',
    )

    (statement,) = read_statement(message(entry("9.00", details=parts)))

    first, second = statement.entries
    assert (first.bank_reference, first.amount) == ("BANK-77/1", 400)
    assert (second.bank_reference, second.amount, second.end_to_end_id) == ("BANK-78", 500, "E-9")
    assert second.creditor_references == (REFERENCE,)


def test_entry_without_the_banks_reference_is_named_by_its_place():
    (statement,) = read_statement(message(entry(own=""), entry(own="")))

    assert [(its.bank_reference, its.is_named) for its in statement.entries] == [("S-1/1", False), ("S-1/2", False)]


# What is to be paid


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Account("Borealis", "NO9386011117948"), "no IBAN"),
        (lambda: Account("Borealis", "NO9386011117947", "NOPE"), "no BIC"),
        (lambda: Account("", "NO9386011117947"), "printable characters"),
        (lambda: Transfer("E-1", 0, "EUR", NETWORK, REFERENCE), "not above zero"),
        (lambda: Transfer("E" * 36, 1, "EUR", NETWORK, REFERENCE), "1 to 35"),
        (lambda: write_transfers("M-1", BOREALIS, NOON.date(), [], NOON), "must be transfers"),
        (
            lambda: write_transfers(
                "M-1", BOREALIS, NOON.date(), [Transfer("E-1", 1, "EUR", NETWORK, REFERENCE)] * 2, NOON
            ),
            "EndToEndId of its own",
        ),
    ],
)
def test_payment_that_no_bank_would_take_is_refused(make, why):
    with pytest.raises(Iso20022Invalid, match=why):
        make()


@given(st.lists(st.tuples(st.integers(1, 10**14), st.sampled_from(["EUR", "JPY", "KWD"])), min_size=1, max_size=6))
def test_totals_are_exact_for_every_currency(payments):
    transfers = [Transfer(f"E-{n}", amount, code, NETWORK, REFERENCE) for n, (amount, code) in enumerate(payments)]

    root = etree.fromstring(write_transfers("M-1", BOREALIS, NOON.date(), transfers, NOON))

    names = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    decimals = {"EUR": 2, "JPY": 0, "KWD": 3}
    amounts = root.findall(".//p:InstdAmt", names)
    assert root.findtext(".//p:GrpHdr/p:NbOfTxs", None, names) == str(len(payments))
    assert sorted((its.text.replace(".", "").lstrip("0"), its.get("Ccy")) for its in amounts) == sorted(
        (str(amount), code) for amount, code in payments
    )
    assert all(len(its.text.partition(".")[2]) == decimals[its.get("Ccy")] for its in amounts)
    assert {its.text for its in root.findall(".//p:CdtrRefInf/p:Ref", names)} == {REFERENCE}
