"""ISO 20022: payment instructions that a payer hands its bank (pain.001), and what a bank says was booked (camt)."""

from standards.iso20022.camt import Entry, Statement, read_statement
from standards.iso20022.errors import Iso20022Invalid
from standards.iso20022.pain import Account, Transfer, write_transfers
from standards.iso20022.references import creditor_reference, found_references

__all__ = [
    "Account",
    "Entry",
    "Iso20022Invalid",
    "Statement",
    "Transfer",
    "creditor_reference",
    "found_references",
    "read_statement",
    "write_transfers",
]
