"""UBL 2.1 documents of logistics; invoices and orders have packages of their own."""

from standards.ubl.receipt_advice import ReceiptAdvice, ReceiptAdviceInvalid, ReceiptLine, parse_receipt_advice
from standards.ubl.receipt_event import to_epcis

__all__ = ["ReceiptAdvice", "ReceiptAdviceInvalid", "ReceiptLine", "parse_receipt_advice", "to_epcis"]
